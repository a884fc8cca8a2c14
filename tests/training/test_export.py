"""A bundle plays exactly what the trained model would."""

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch

from solferino.bundles.bundle import open_bundle
from solferino.bundles.session import StepSession
from solferino.errors import TrainingError
from solferino.models.attention_stack import AttentionStackConfig, AttentionStackLstm
from solferino.models.lstm import EventLstm, LstmConfig
from solferino.training.evaluation import evaluate
from solferino.training.export import TOLERANCE, export_bundle, prove_equal, rounded_weights
from solferino.training.loop import FitOptions
from solferino.training.run import load_weights, train
from solferino.training.step_graph import step_graph

SIZES = {
    "plain": LstmConfig(5, 4, [6, 7]),
    "attention": LstmConfig(5, 4, [6, 7], attn_length=3),
    "residual": LstmConfig(5, 4, [6, 6, 7], residual_connections=True),
    "attention and residual": LstmConfig(5, 4, [6, 6], attn_length=4, residual_connections=True),
}


def rounded(config, seed=0):
    torch.manual_seed(seed)
    return shaken(EventLstm(config))


def shaken(model, amount=0.3):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(amount * torch.randn_like(parameter))
    weights = rounded_weights(model)
    load_weights(model, weights)
    return model, weights


@pytest.mark.parametrize("size", list(SIZES))
def test_the_graph_computes_what_the_model_computes(size):
    model, weights = rounded(SIZES[size])
    graph = step_graph(model, weights)
    onnx.shape_inference.infer_shapes(
        onnx.load_from_string(graph), check_type=True, strict_mode=True
    )
    assert prove_equal(model, StepSession(graph, weights)) < TOLERANCE


def test_the_graph_of_attention_around_a_stack_computes_what_the_model_computes():
    config = AttentionStackConfig(5, 4, [6, 7], attn_length=3)
    model, weights = shaken(AttentionStackLstm(config))
    graph = step_graph(model, weights)
    assert prove_equal(model, StepSession(graph, weights)) < TOLERANCE


class Chaos:
    """A model and its session: x becomes 1 - 1.99 x x, so that differences double every step."""

    config = SimpleNamespace(input_size=1)

    def __init__(self, error=0.0):
        self.error = error

    def __call__(self, inputs, state=None):
        x, found = torch.zeros(len(inputs), 1) if state is None else state[0], []
        for _ in range(inputs.shape[1]):
            x = 1 - 1.99 * x * x
            found.append(x)
        return torch.stack(found, dim=1), (x,)

    def initial_state(self, batch):
        return (np.zeros((batch, 1), np.float32),)

    def step(self, inputs, state):
        x = (1 - 1.99 * state[0] * state[0] + self.error).astype(np.float32)
        return x, (x,)


def test_where_small_differences_grow_single_steps_are_compared():
    model, session = Chaos(), Chaos(error=1e-6)
    state, played = session.initial_state(1), []
    for _ in range(100):
        logits, state = session.step(None, state)
        played.append(logits[0])
    assert np.abs(played - model(torch.zeros(1, 100, 1))[0].numpy()[0]).max() > 0.5
    assert prove_equal(model, session) < 1e-5
    with pytest.raises(TrainingError, match=r"differs from the model by 0\.001"):
        prove_equal(model, Chaos(error=1e-3))


def test_a_model_that_gives_no_number_is_refused():
    with pytest.raises(TrainingError, match="differs from the model by nan"):
        prove_equal(Chaos(), Chaos(error=np.nan))


def test_the_graph_holds_no_weights():
    model, weights = rounded(SIZES["attention"])
    parts = onnx.load_from_string(step_graph(model, weights)).graph.initializer
    outside = {part.name for part in parts if part.data_location == onnx.TensorProto.EXTERNAL}
    assert outside == set(weights)
    assert sum(len(part.raw_data) for part in parts) < 100  # a few constants remain


def test_the_graph_is_the_same_each_time():
    model, weights = rounded(SIZES["attention"])
    assert step_graph(model, weights) == step_graph(model, weights)


def test_a_bundle_is_refused_unless_it_equals_the_model():
    model, weights = rounded(SIZES["plain"])
    graph = step_graph(model, weights)
    changed = {**weights, "to_logits.bias": weights["to_logits.bias"] + np.float16(0.01)}
    with pytest.raises(TrainingError, match=r"differs from the model by 0\.01, more than 0\.0001"):
        prove_equal(model, StepSession(graph, changed))


def test_a_weight_too_large_for_float16_is_named():
    model, _ = rounded(SIZES["plain"])
    with torch.no_grad():
        model.to_logits.bias[0] = 1e6
    with pytest.raises(TrainingError, match=r"to_logits\.bias does not fit into float16"):
        rounded_weights(model)


def test_a_trained_run_becomes_a_bundle_that_says_what_it_is(recipe, examples, tmp_path):
    train(recipe, examples, tmp_path, FitOptions(3, seed=4, device="cpu", tensorboard=False))
    path = tmp_path / "tiny.solferino"
    card = export_bundle(
        tmp_path / "best.pt",
        path,
        licence="CC0-1.0",
        examples=examples,
    )
    bundle = open_bundle(path)
    assert bundle.card == card
    assert (card.name, card.makes, card.steps, card.seed) == ("tiny", "tunes", 3, 4)
    assert card.learnt_from[0].name == "Three tunes"
    assert card.recipe["training"]["batch_size"] == 4
    assert card.model["config"]["input_size"] == 14 * 3 + 7
    assert card.held_out["baseline"] == "5-gram"
    assert {array.dtype for array in bundle.weights().values()} == {np.dtype(np.float16)}

    from solferino.representations.registry import build_representation

    representation = build_representation(**card.representation)
    session = StepSession(bundle.part("step.onnx"), bundle.weights())
    measured = evaluate(session, examples.eval, representation)
    assert measured["nats_per_step"] == pytest.approx(card.held_out["nats_per_step"], abs=1e-5)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    from solferino.training.checkpoints import write_checkpoint

    write_checkpoint(tmp_path / "other.pt", {"step": 1})
    with pytest.raises(TrainingError, match="does not say which model it holds"):
        export_bundle(tmp_path / "other.pt", tmp_path / "other.solferino")
    assert not (tmp_path / "other.solferino").exists()
