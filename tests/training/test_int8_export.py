"""A bundle of int8 plays almost what the model would, and the same alone and in a batch."""

import numpy as np
import onnx
import pytest
import torch

from solferino.bundles import session as session_module
from solferino.bundles.bundle import open_bundle
from solferino.bundles.int8_weights import to_float16, to_int8
from solferino.bundles.session import StepSession
from solferino.errors import TrainingError
from solferino.generation.generator import Section
from solferino.generation.opening import open_generator
from solferino.models.lstm import EventLstm, LstmConfig
from solferino.models.registry import build_model
from solferino.notes.sequence import NoteSequence
from solferino.training import export
from solferino.training.evaluation import evaluate
from solferino.training.export import export_bundle, rounded_weights
from solferino.training.fine_tuning import check_start
from solferino.training.loop import FitOptions
from solferino.training.run import load_weights, train
from solferino.training.step_graph import step_graph

MODELS = {
    "plain": ("lstm", {"rnn_layer_sizes": [40, 33]}),
    "attention": ("lstm", {"rnn_layer_sizes": [40, 40], "attn_length": 4}),
    "residual": ("lstm", {"rnn_layer_sizes": [40, 40, 33], "residual_connections": True}),
    "attention around all": ("attention_stack", {"rnn_layer_sizes": [40, 33], "attn_length": 4}),
    "nade": ("rnn_nade", {"rnn_layer_sizes": [40, 33], "nade_units": 20}),
}
NUM_CLASSES = 30


def model_of(kind, seed=0):
    torch.manual_seed(seed)
    name, config = MODELS[kind]
    model = build_model(name, {"input_size": NUM_CLASSES, "num_classes": NUM_CLASSES, **config})
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def int8_session(model):
    """The session of a model, which gets the weights that the session has."""
    weights = to_int8(rounded_weights(model))
    load_weights(model, to_float16(weights))
    return StepSession(step_graph(model, weights), weights)


def events(batch, steps, seed=0):
    """One-hot inputs, shape (steps, batch, NUM_CLASSES)."""
    chosen = np.random.default_rng(seed).integers(0, NUM_CLASSES, (steps, batch))
    return np.eye(NUM_CLASSES, dtype=np.float32)[chosen]


def play(session, inputs):
    """Logits and states of every step."""
    state, played = session.initial_state(inputs.shape[1]), []
    for x in inputs:
        logits, state = session.step(np.ascontiguousarray(x), state)
        played.append([logits, *state])
    return played


@pytest.mark.parametrize("kind", list(MODELS))
def test_a_row_is_the_same_alone_and_beside_any_others(kind):
    session = int8_session(model_of(kind))
    inputs = events(10, 12)
    loud = inputs.copy()
    loud[:, 1:] *= np.linspace(-300, 300, 9, dtype=np.float32)[:, None]
    alone, together, beside = (play(session, x) for x in (inputs[:, :1], inputs, loud))
    for step in zip(alone, together, beside, strict=True):
        for a, b, c in zip(*step, strict=True):
            np.testing.assert_array_equal(a[0], b[0])
            np.testing.assert_array_equal(a[0], c[0])


def test_the_number_of_threads_does_not_matter(monkeypatch):
    torch.manual_seed(0)
    model = EventLstm(LstmConfig(NUM_CLASSES, NUM_CLASSES, [256]))
    one, plain = int8_session(model), session_module._session_options

    def of_four_threads():
        options = plain()
        options.intra_op_num_threads = 4
        return options

    monkeypatch.setattr(session_module, "_session_options", of_four_threads)
    four = int8_session(model)
    for a, b in zip(play(one, events(10, 5)), play(four, events(10, 5)), strict=True):
        assert [x.tolist() for x in a] == [x.tolist() for x in b]


@pytest.mark.parametrize("kind", list(MODELS))
def test_what_is_played_is_close_to_the_model_with_the_same_weights(kind):
    model = model_of(kind)
    session, inputs = int8_session(model), events(3, 12)
    with torch.no_grad():
        expected = model(torch.from_numpy(inputs.swapaxes(0, 1).copy()))[0].numpy()
    played = np.stack([step[0] for step in play(session, inputs)], axis=1)
    is_possible = expected > -1e3
    difference, expected = (played - expected)[is_possible], expected[is_possible]
    assert 0 < np.sqrt(np.mean(difference**2)) < 0.05 * expected.std()


def last_layer(weight):
    """A session whose logits are a matrix times the hidden state, nearly 1 in every unit."""
    rows, units = weight.shape
    model = EventLstm(LstmConfig(1, rows, [units]))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.layers[0].bias.fill_(20.0)  # gates open, so h becomes tanh of how many steps passed
        model.to_logits.weight.copy_(torch.from_numpy(weight))
    return int8_session(model)


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_of_the_largest_numbers_are_exact(sign):
    session = last_layer(np.full((5, 600), sign, np.float32))
    *_, (logits, *_) = play(session, np.zeros((20, 1, 1), np.float32))
    np.testing.assert_allclose(logits, sign * 600, rtol=1e-6)


def test_silence_is_no_number_but_nought():
    model = model_of("plain")
    with torch.no_grad():
        model.to_logits.bias.copy_(torch.arange(NUM_CLASSES))
        for layer in model.layers:
            layer.bias.fill_(0)
    session = int8_session(model)
    logits, _ = session.step(np.zeros((2, NUM_CLASSES), np.float32), session.initial_state(2))
    assert logits.tolist() == [list(range(NUM_CLASSES))] * 2


def test_the_graph_is_of_the_standard_operators_and_holds_no_weights():
    model = model_of("attention")
    weights = to_int8(rounded_weights(model))
    graph = onnx.load_from_string(step_graph(model, weights))
    assert {opset.domain for opset in graph.opset_import} == {""}
    onnx.shape_inference.infer_shapes(graph, check_type=True, strict_mode=True)
    parts = graph.graph.initializer
    outside = {part.name for part in parts if part.data_location == onnx.TensorProto.EXTERNAL}
    assert outside == set(weights)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A trained run of three tunes, its recipe and its examples."""
    from solferino.datasets.examples import Examples
    from solferino.training.recipe import recipe_from
    from tests.training.conftest import RECIPE, tunes

    folder, recipe = tmp_path_factory.mktemp("run"), recipe_from(RECIPE)
    representation = RECIPE["representation"]
    examples = Examples(representation["name"], representation["options"], tunes(4), tunes(1))
    train(recipe, examples, folder, FitOptions(3, device="cpu", tensorboard=False))
    return folder / "best.pt", recipe, examples


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "tiny.solferino"
    export_bundle(run[0], path, examples=run[2], precision="int8")
    return open_bundle(path)


def test_the_card_says_how_well_the_weights_of_one_byte_play(run, exported):
    generator = open_generator(exported)
    measured = evaluate(generator.session, run[2].eval, generator.representation)
    held_out = exported.card.held_out
    assert exported.card.precision == "int8"
    assert held_out["nats_per_step"] == measured["nats_per_step"]
    assert held_out["float16_nats_per_step"] != held_out["nats_per_step"]
    assert held_out["float16_nats_per_step"] == pytest.approx(held_out["nats_per_step"], rel=0.005)
    assert held_out["baseline"] == "5-gram"


def test_an_output_is_the_same_alone_and_in_a_batch(exported):
    generator = open_generator(exported)
    section = Section(0.0, 8.0)
    together = generator.generate_batch(NoteSequence(), section, seed=4, num_outputs=10)
    for k in (0, 7):
        (alone,) = generator.generate_batch(NoteSequence(), section, seed=4, first_output=k)
        assert alone.notes == together[k].notes
        assert alone.log_likelihood == together[k].log_likelihood


def test_a_bundle_of_int8_can_be_trained_on(run, exported, tmp_path):
    _, recipe, examples = run
    check_start(exported, recipe)
    assert {array.dtype for array in exported.weights().values()} == {np.dtype(np.float16)}
    options = FitOptions(1, device="cpu", tensorboard=False)
    train(recipe, examples, tmp_path, options, weights=exported.weights())
    assert export_bundle(tmp_path / "last.pt", tmp_path / "a").precision == "float16"


def test_a_model_that_int8_makes_worse_is_not_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "INT8_TOLERANCE", 1e-9)
    with pytest.raises(TrainingError, match=r"moves held-out nats .*: leave it in float16"):
        export_bundle(run[0], tmp_path / "a", examples=run[2], precision="int8")
    assert not (tmp_path / "a").exists()


def test_int8_without_music_to_measure_it_on_is_refused(run, tmp_path):
    with pytest.raises(TrainingError, match=r"int8 has to be measured .* --eval-ratio"):
        export_bundle(run[0], tmp_path / "a", precision="int8")


def test_another_precision_is_refused(run, tmp_path):
    with pytest.raises(ValueError, match="no precision 'int3'; use float16 or int8"):
        export_bundle(run[0], tmp_path / "a", precision="int3")
