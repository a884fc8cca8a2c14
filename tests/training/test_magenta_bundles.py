"""Magenta's bundles play with the probabilities of Magenta's graph, or say why they do not."""

import numpy as np
import pytest

from solferino.bundles.bundle import open_bundle
from solferino.bundles.session import StepSession
from solferino.errors import BundleError, RecipeError, TrainingError
from solferino.representations.registry import build_representation
from solferino.training.magenta_bundles import CONFIGURATIONS, SAME_NETWORKS, import_bundle
from solferino.training.recipe import read_recipe, recipe_names
from solferino.training.run import load_weights
from tests.bundles.tensorflow_files import first_format, magenta_bundle, second_format
from tests.training import bundles_of_magenta as golden
from tests.training.magenta_networks import (
    Network,
    log_probabilities_of_frames,
    nade_variables,
    named_as_in,
    variables,
)

STEPS = {"global_step": np.array(4711, np.int64)}


def played(path, inputs):
    """Probabilities of the classes after each input, as the bundle plays them."""
    bundle = open_bundle(path)
    session = StepSession(bundle.part("step.onnx"), bundle.weights())
    state, found = session.initial_state(1), []
    for x in inputs:
        logits, state = session.step(np.array([x], np.float32), state)
        found.append(np.exp(logits[0] - logits.max()) / np.exp(logits[0] - logits.max()).sum())
    return np.array(found)


def imported(folder, generator, tensors, **options):
    (folder / "a.mag").write_bytes(magenta_bundle(generator, first_format({**tensors, **STEPS})))
    return import_bundle(folder / "a.mag", folder / "a.solferino", **options)


def some_inputs(size, n_steps=40, seed=1):
    return np.random.default_rng(seed).integers(-1, 2, (n_steps, size)).astype(float)


@pytest.mark.parametrize(
    ("bundle", "inputs", "silence"),
    [
        (golden.AROUND_LAYER, golden.INPUTS_AROUND_LAYER, golden.SILENCE_AROUND_LAYER),
        (golden.AROUND_STACK, golden.INPUTS_AROUND_STACK, golden.SILENCE_AROUND_STACK),
    ],
    ids=["around layer", "around stack"],
)
def test_a_bundle_that_magenta_made_has_the_probabilities_of_its_graph(
    tmp_path, bundle, inputs, silence
):
    (tmp_path / "a.mag").write_bytes(bundle)
    card = import_bundle(tmp_path / "a.mag", tmp_path / "b", hparams="attn_length=3")
    assert (card.name, card.makes) == ("one_drum", "drums")
    assert card.model["config"]["rnn_layer_sizes"] == [3, 4]
    np.testing.assert_allclose(played(tmp_path / "b", inputs)[:, 0], silence, atol=5e-4)


@pytest.mark.parametrize("version", ["0.11", "1.0", "1.2"])
@pytest.mark.parametrize(
    ("attends", "residual"),
    [("", False), ("layer", False), ("stack", False), ("", True), ("layer", True)],
)
def test_the_probabilities_are_those_of_the_formulas(tmp_path, version, attends, residual):
    tensors = variables(74, 40, (6, 6, 9), attends=attends, residual=residual)
    renamed = {named_as_in(version, name): array for name, array in tensors.items()}
    options = {"hparams": "attn_length=5" if attends else ""}
    card = imported(tmp_path, "attention_rnn", renamed, **options)
    inputs = some_inputs(74)
    expected = Network(tensors, 5).probabilities(inputs)
    np.testing.assert_allclose(played(tmp_path / "a.solferino", inputs), expected, atol=1e-5)
    assert np.abs(expected - expected[0]).max() > 0.02  # and they say something
    assert card.steps == 4711
    assert card.model["config"]["residual_connections"] == residual
    assert card.model["config"]["attn_length"] == (5 if attends else 0)


def test_the_cells_of_cudnn_add_no_1_to_the_forget_gate(tmp_path):
    tensors = {
        name.replace("rnn/", "cudnn_lstm/rnn/", 1): array
        for name, array in variables(38, 38, (6, 6), cell="cudnn_compatible_lstm_cell").items()
    }
    imported(tmp_path, "basic_rnn", tensors)
    expected = Network(tensors, forget_bias=0.0).probabilities(some_inputs(38))
    found = played(tmp_path / "a.solferino", some_inputs(38))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("name", "attends"), [("rnn-nade", ""), ("rnn-nade_attn", "layer")])
def test_chords_of_an_rnn_nade_are_as_likely_as_by_the_formulas(tmp_path, name, attends):
    tensors = nade_variables(88, (4, 4), 3, attends)
    card = imported(tmp_path, name, tensors, hparams="attn_length=4" if attends else "")
    assert (card.model["name"], card.model["config"]["nade_units"]) == ("rnn_nade", 3)
    frames = np.random.default_rng(2).random((8, 88)) < 0.05
    start, end, lowest = 1, 0, 2  # the events of a frame: its pitches, then its end
    events = [start, *(k for f in frames for k in (*np.flatnonzero(f) + lowest, end))]
    logs = np.log(played(tmp_path / "a.solferino", np.eye(90)[events[:-1]]))
    chosen = logs[np.arange(len(events) - 1), events[1:]]
    last = np.flatnonzero(np.array(events[1:]) == end)
    found = np.diff(np.cumsum(chosen)[last], prepend=0)
    expected = log_probabilities_of_frames(tensors, frames.astype(float), 4)
    np.testing.assert_allclose(found, expected, atol=2e-3, rtol=1e-4)


def test_format_2_and_the_name_of_a_configuration_are_enough(tmp_path):
    tensors = variables(38, 38, (6, 6))
    optimizer = {f"{name}/Adam": array for name, array in tensors.items()}
    second_format(tmp_path / "model.ckpt", {**tensors, **optimizer, **STEPS})
    card = import_bundle(tmp_path / "model.ckpt", tmp_path / "b", config="basic_rnn", name="mine")
    assert (card.name, card.makes, card.steps) == ("mine", "melodies", 4711)
    expected = Network(tensors).probabilities(some_inputs(38))
    np.testing.assert_allclose(played(tmp_path / "b", some_inputs(38)), expected, atol=1e-5)


@pytest.mark.parametrize("name", sorted(set(CONFIGURATIONS) & set(recipe_names())))
def test_every_configuration_with_a_recipe_is_imported(tmp_path, name):
    recipe = read_recipe(name)
    representation = build_representation(**recipe.representation)
    attends = "layer" if recipe.model["config"].get("attn_length") else ""
    sizes = representation.input_size, representation.num_classes, (4, 4, 4)
    if recipe.model["name"] == "rnn_nade":
        tensors = nade_variables(sizes[0] - 2, sizes[2], 3, attends)
    else:
        tensors = variables(*sizes, attends=attends)
    card = imported(tmp_path, name, tensors)
    assert card.name == SAME_NETWORKS.get(name, name)
    assert card.model["config"]["attn_length"] == recipe.model["config"].get("attn_length", 0)
    assert card.makes == recipe.makes
    again = build_representation(**card.representation)
    assert (again.input_size, again.num_classes) == sizes[:2]


def test_melodies_that_magenta_learnt_are_encoded_as_magenta_did(tmp_path):
    card = imported(tmp_path, "attention_rnn", variables(74, 40, (4, 4), attends="layer"))
    assert card.representation["options"]["encoding"] == "magenta_key"
    assert card.recipe["representation"] == card.representation


def test_an_imported_bundle_can_be_trained_on(tmp_path):
    from solferino.models.registry import build_model

    tensors = variables(74, 40, (4, 4), attends="stack")
    card = imported(tmp_path, "attention_rnn", tensors)
    model = build_model(**card.model)
    load_weights(model, open_bundle(tmp_path / "a.solferino").weights())
    assert (
        build_model(
            card.recipe["model"]["name"],
            {"input_size": 74, "num_classes": 40, **card.recipe["model"]["config"]},
        )
        .state_dict()
        .keys()
        == model.state_dict().keys()
    )


SMALL = variables(38, 38, (4, 6))
CELL_0, CELL_1 = (f"rnn/multi_rnn_cell/cell_{k}/basic_lstm_cell/kernel" for k in (0, 1))


def without(name):
    return {key: array for key, array in SMALL.items() if key != name}


@pytest.mark.parametrize(
    ("generator", "tensors", "options", "message"),
    [
        (
            "basic_rn",
            SMALL,
            {},
            "'basic_rn' is no event model of Magenta; did you mean 'basic_rnn'",
        ),
        (
            "performance_with_dynamics_and_note_encoding",
            SMALL,
            {},
            "note_encoding, whose model predicts a whole note at once, and the one here predicts",
        ),
        ("xyz", SMALL, {}, "'xyz' is no event model of Magenta; there are basic_rnn, mono_rnn"),
        ("", SMALL, {}, "does not say which configuration it is; add --config NAME"),
        ("mono_rnn", SMALL, {"config": "basic_rnn"}, "is mono_rnn, not basic_rnn; leave --config"),
        (
            "mono_rnn",
            SMALL,
            {},
            "is no mono_rnn: that takes 130 inputs and has 130 classes, and",
        ),
        ("basic_rnn", {}, {}, "has no variables of an event model"),
        ("basic_rnn", without(CELL_0), {}, "no variable .*cell_0/basic_lstm_cell/kernel"),
        ("basic_rnn", without("fully_connected/biases"), {}, "no variable fully_connected/bias"),
        (
            "basic_rnn",
            {**SMALL, CELL_0: SMALL[CELL_1], CELL_1: SMALL[CELL_0]},
            {},
            r"cell_0/basic_lstm_cell/kernel has shape \(10, 24\) and does not fit a bias of \(",
        ),
        (
            "basic_rnn",
            {**SMALL, CELL_1: np.zeros((9, 24), np.float32)},
            {},
            r"its layers.1.weight_ih has shape \(24, 3\) and needs \(24, 4\)",
        ),
        (
            "basic_rnn",
            {**SMALL, CELL_1: SMALL[CELL_1].ravel()},
            {},
            "kernel has shape .* no matrix",
        ),
        (
            "basic_rnn",
            {**SMALL, "rnn/multi_rnn_cell/cell_0/gamma": np.zeros(4, np.float32)},
            {},
            "has the variable rnn/multi_rnn_cell/cell_0/gamma, which no event model",
        ),
        (
            "basic_rnn",
            variables(38, 38, (4, 4), attends="layer"),
            {},
            "has an attention, and a basic_rnn has none; say how long it is",
        ),
    ],
)
def test_what_is_not_as_it_says_is_refused_in_one_line(
    tmp_path, generator, tensors, options, message
):
    with pytest.raises(BundleError, match=message) as caught:
        imported(tmp_path, generator, tensors, **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.solferino").exists()


def test_a_count_of_steps_that_is_no_whole_number_is_refused(tmp_path):
    data = first_format({**SMALL, "global_step": np.array(np.nan, np.float32)})
    (tmp_path / "a.mag").write_bytes(magenta_bundle("basic_rnn", data))
    with pytest.raises(BundleError, match="its global_step is no whole number"):
        import_bundle(tmp_path / "a.mag", tmp_path / "b")


def test_a_nade_of_another_shape_is_refused(tmp_path):
    tensors = nade_variables(88, (4, 4), 3)
    tensors["nade/w_dec_t"] = tensors["nade/w_dec_t"].reshape(88, 3)
    with pytest.raises(BundleError, match=r"nade/w_dec_t has shape \(88, 3\) and is no matrix"):
        imported(tmp_path, "rnn-nade", tensors)


def test_a_configuration_without_a_recipe_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("solferino.training.magenta_bundles.recipe_names", lambda: ())
    with pytest.raises(BundleError, match="is basic_rnn, for which there is no recipe in this"):
        imported(tmp_path, "basic_rnn", SMALL)


def test_hparams_are_checked(tmp_path):
    with pytest.raises(RecipeError, match="unknown hparam 'attn_lenth'"):
        imported(tmp_path, "basic_rnn", SMALL, hparams="attn_lenth=3")


def test_a_weight_that_is_not_a_number_is_named(tmp_path):
    tensors = {**SMALL, "fully_connected/biases": np.full(38, np.nan, np.float32)}
    with pytest.raises(TrainingError, match=r"to_logits\.bias"):
        imported(tmp_path, "basic_rnn", tensors)
