"""Magenta's bundles to ours: find the recipe, fit the weights, prove and write."""

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from solferino.bundles.bundle import write_bundle
from solferino.bundles.card import Card
from solferino.bundles.generator_bundle import GeneratorBundle, read_generator_bundle
from solferino.errors import BundleError
from solferino.models.registry import model_config
from solferino.representations.registry import build_representation
from solferino.representations.representation import Representation
from solferino.training.export import proven_parts
from solferino.training.magenta_weights import MagentaWeights, Network, is_of_the_network
from solferino.training.recipe import Recipe, read_recipe, recipe_names

CONFIGURATIONS: Final = (
    "basic_rnn",
    "mono_rnn",
    "lookback_rnn",
    "attention_rnn",
    "one_drum",
    "drum_kit",
    "basic_improv",
    "attention_improv",
    "chord_pitches_improv",
    "polyphony",
    "performance",
    "performance_with_dynamics",
    "performance_with_dynamics_compact",
    "performance_with_dynamics_and_modulo_encoding",
    "density_conditioned_performance_with_dynamics",
    "pitch_conditioned_performance_with_dynamics",
    "multiconditioned_performance_with_dynamics",
    "optional_multiconditioned_performance_with_dynamics",
    "rnn-nade",
    "rnn-nade_attn",
)
"""The event models of Magenta; each has a recipe of its name."""

SAME_NETWORKS: Final = {"performance_with_dynamics_compact": "performance_with_dynamics"}
"""Configurations that only hand their inputs over in another form."""

OTHER_NETWORK: Final = "performance_with_dynamics_and_note_encoding"
"""Magenta predicts the parts of a note all at once; the model of this name here, in turn."""


def import_bundle(
    path: str | Path,
    output: str | Path,
    *,
    config: str = "",
    hparams: str = "",
    name: str = "",
    licence: str = "",
) -> Card:
    """Turn a bundle of Magenta, or a checkpoint of one of its models, into one of ours.

    Parameters
    ----------
    path : path
        See `solferino.bundles.generator_bundle.read_generator_bundle`.
    output : path
        The bundle to write.
    config : str
        One of ``CONFIGURATIONS``; needed where the file does not say it.
    hparams : str
        What was not as in the recipe when the model was trained and no weight tells:
        ``"attn_length=20"``.
    name : str
        Name of the bundle; by default that of the configuration.
    licence : str
        Terms of the bundle.

    Returns
    -------
    Card
        As written.

    Raises
    ------
    BundleError
        If the file cannot be read, is damaged, or is not what it says.
    RecipeError
        If `hparams` are not valid.
    TrainingError
        If a weight does not fit into float16.
    """
    bundle = read_generator_bundle(path, is_of_the_network)
    recipe = _recipe(bundle, config)
    recipe = _as_magenta_encodes(recipe.with_hparams(hparams) if hparams else recipe)
    representation = build_representation(**recipe.representation)
    weights = MagentaWeights(bundle.tensors, str(bundle.path))
    _check_sizes(bundle, recipe, representation, weights.network)
    model = weights.model(_attn_length(bundle, recipe, weights.network))
    parts = proven_parts(model)
    sizes = model_config(model)
    kept = {key: sizes[key] for key in recipe.model["config"] if key in sizes}
    recipe = replace(recipe, model={"name": weights.network.model_name, "config": kept})
    card = Card(
        name=name or recipe.name,
        makes=recipe.makes,
        description=bundle.description or recipe.description,
        representation={
            "name": representation.name,
            "options": dict(representation.options),
        },
        model={**recipe.model, "config": sizes},
        licence=licence,
        steps=weights.steps,
        recipe=recipe.to_json(),
    )
    return write_bundle(output, card, parts)


def _recipe(bundle: GeneratorBundle, config: str) -> Recipe:
    """Find the recipe of a bundle, whose own word counts more than what was asked for."""
    said, asked = (SAME_NETWORKS.get(name, name) for name in (bundle.generator, config))
    if not said and not asked:
        raise BundleError(
            f"{bundle.path} does not say which configuration it is; add --config NAME, for "
            "example --config attention_rnn"
        )
    if said and asked and said != asked:
        raise BundleError(f"{bundle.path} is {bundle.generator}, not {config}; leave --config out")
    name = said or asked
    if name == OTHER_NETWORK:
        raise BundleError(
            f"{bundle.path} is {name}, whose model predicts a whole note at once, and the one "
            "here predicts part after part: train it with `solferino train`"
        )
    if name not in CONFIGURATIONS:
        near = get_close_matches(name, CONFIGURATIONS, n=1)
        hint = f"did you mean {near[0]!r}? There" if near else "there"
        raise BundleError(
            f"{bundle.path}: {name!r} is no event model of Magenta; {hint} are "
            f"{', '.join(CONFIGURATIONS)}"
        )
    if name not in recipe_names():
        raise BundleError(
            f"{bundle.path} is {name}, for which there is no recipe in this version; upgrade "
            "with pip install --upgrade solferino"
        )
    return read_recipe(name)


def _as_magenta_encodes(recipe: Recipe) -> Recipe:
    """Show the network the input it was trained on, where ours differs."""
    options = {
        key: "magenta_key" if value == "key" and key.endswith("encoding") else value
        for key, value in recipe.representation["options"].items()
    }
    return replace(recipe, representation={**recipe.representation, "options": options})


def _check_sizes(
    bundle: GeneratorBundle, recipe: Recipe, representation: Representation, network: Network
) -> None:
    expected = representation.input_size, representation.num_classes
    found = network.input_size, network.num_classes
    if found != expected:
        raise BundleError(
            f"{bundle.path} is no {recipe.name}: that takes {expected[0]} inputs and has "
            f"{expected[1]} classes, and here are {found[0]} and {found[1]}; "
            "name the right configuration"
        )


def _attn_length(bundle: GeneratorBundle, recipe: Recipe, network: Network) -> int:
    length = int(recipe.model["config"].get("attn_length", 0))
    if network.attends and not length:
        raise BundleError(
            f"{bundle.path} has an attention, and a {recipe.name} has none; say how long it is, "
            "for example --hparams attn_length=40"
        )
    return length
