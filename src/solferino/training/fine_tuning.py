"""Fine-tuning: a bundle goes on learning from a little music of somebody's own."""

import json
from dataclasses import asdict, replace
from typing import Any

from solferino.bundles.bundle import Bundle
from solferino.datasets.examples import Examples
from solferino.errors import TrainingError
from solferino.representations.registry import build_representation
from solferino.training.evaluation import evaluate
from solferino.training.recipe import Recipe
from solferino.training.run import load_weights, new_model

BATCH_SIZE = 16
LEARNING_RATE = 2e-4
KEEP_PROB = 0.9
WARMUP_STEPS = 10
MOST_STEPS = 2000
MOST_MINUTES = 15.0
PATIENCE = 4


def gentle(recipe: Recipe) -> Recipe:
    """Return a recipe with the settings that suit a few dozen pieces and a trained model.

    Small batches, little dropout and small steps of constant size after a short warmup, so
    that what the model knows already is changed and not lost.

    Parameters
    ----------
    recipe : Recipe
    """
    settings = replace(
        recipe.training,
        batch_size=min(recipe.training.batch_size, BATCH_SIZE),
        learning_rate=min(recipe.training.learning_rate, LEARNING_RATE),
        dropout_keep_prob=KEEP_PROB,
        learning_rate_decay=1.0,
        warmup_steps=WARMUP_STEPS,
    )
    return replace(recipe, training=settings)


def sized_like(bundle: Bundle, recipe: Recipe) -> Recipe:
    """Return a recipe with the sizes of a bundle's model, if it is of the same kind.

    Parameters
    ----------
    bundle : Bundle
    recipe : Recipe
        Its other settings stay.
    """
    model = bundle.card.model
    if model.get("name") != recipe.model["name"]:
        return recipe
    config = {
        name: model["config"].get(name, value) for name, value in recipe.model["config"].items()
    }
    return replace(recipe, model={**recipe.model, "config": config})


def gentle_limits(num_sequences: int, batch_size: int) -> dict[str, Any]:
    """Say when to measure and when to stop, as arguments of `FitOptions`.

    Parameters
    ----------
    num_sequences : int
        Of the training examples; the held-out ones are measured about once an epoch.
    batch_size : int > 0
    """
    return {
        "num_training_steps": MOST_STEPS,
        "eval_every": max(10, -(-num_sequences // batch_size)),
        "eval_at_start": True,
        "patience": PATIENCE,
        "minutes": MOST_MINUTES,
    }


def check_start(bundle: Bundle, recipe: Recipe) -> None:
    """Refuse a bundle whose weights are not those of a recipe's model.

    Raises
    ------
    TrainingError
        It names the recipe that the bundle was made with.
    """
    representation = build_representation(**recipe.representation)
    fits = bundle.card.representation["name"] == representation.name
    try:
        load_weights(new_model(recipe, representation, seed=0), bundle.weights())
    except TrainingError:
        fits = False
    if not fits:
        made_with = bundle.card.recipe.get("name", bundle.card.name)
        raise TrainingError(
            f"recipe {recipe.name} has another model than {bundle.path}, which was made with "
            f"recipe {made_with} and {_hparams_of(bundle, recipe)}; train that, or start from "
            "another bundle"
        )


def _hparams_of(bundle: Bundle, recipe: Recipe) -> str:
    """Write down what a bundle's model has otherwise than a recipe's, as it is typed."""
    config = bundle.card.model.get("config", {})
    others = [
        f"{name}={json.dumps(config[name], separators=(',', ':'))}"
        for name, value in recipe.model["config"].items()
        if name in config and config[name] != value
    ]
    is_same = bundle.card.recipe.get("name") == recipe.name
    return f'--hparams "{",".join(others)}"' if is_same and others else "its --hparams"


def with_sources_of(bundle: Bundle, examples: Examples) -> Examples:
    """Return examples that also name the music that the bundle learnt from before."""
    before = [asdict(source) for source in bundle.card.learnt_from]
    before = [source for source in before if source not in examples.learnt_from]
    return replace(examples, learnt_from=[*before, *examples.learnt_from])


def nats_before(bundle: Bundle, recipe: Recipe, examples: Examples) -> float:
    """Measure a bundle on held-out examples before it learns from the others.

    Parameters
    ----------
    bundle : Bundle
        One that `check_start` lets pass.
    recipe : Recipe
    examples : Examples
        With at least one sequence for evaluation.

    Returns
    -------
    float
        Nats a step.
    """
    representation = build_representation(**recipe.representation)
    model = new_model(recipe, representation, seed=0)
    load_weights(model, bundle.weights())
    return evaluate(model, examples.eval, representation)["nats_per_step"]
