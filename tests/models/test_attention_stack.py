"""Attention around a stack of cells: it looks only back, and playing equals reading."""

import numpy as np
import pytest
import torch

from solferino.models.attention_stack import AttentionStackConfig, AttentionStackLstm

CONFIG = AttentionStackConfig(5, 4, [6, 7], attn_length=3)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = AttentionStackLstm(CONFIG)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(model, xs):
    """One example through the formulas, step by step."""
    w = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    states = [np.zeros(n) for n in (6, 6, 7, 7)]
    context, window = np.zeros(7), np.zeros((3, 7))
    for x in xs:
        y = w["stack.mix.weight"] @ np.concatenate([x, context]) + w["stack.mix.bias"]
        for k in range(2):
            c, h = states[2 * k : 2 * k + 2]
            cell = f"stack.cells.{k}."
            gates = w[f"{cell}weight_ih"] @ y + w[f"{cell}weight_hh"] @ h + w[f"{cell}bias"]
            i, f, g, o = np.split(gates, 4)
            c = c * sigmoid(f) + sigmoid(i) * np.tanh(g)
            y = np.tanh(c) * sigmoid(o)
            states[2 * k : 2 * k + 2] = c, y
        query = w["stack.query.weight"] @ np.concatenate(states) + w["stack.query.bias"]
        weights = np.exp(np.tanh(window @ w["stack.keys"].T + query) @ w["stack.score"])
        context = weights / weights.sum() @ window
        y = w["stack.join.weight"] @ np.concatenate([y, context]) + w["stack.join.bias"]
        window = np.vstack([window[1:], y])
        yield w["to_logits.weight"] @ y + w["to_logits.bias"]


def test_it_computes_its_formulas(model):
    inputs = torch.randn(1, 9, 5)
    logits, _ = model(inputs)
    expected = np.array(list(by_hand(model, inputs[0].double().numpy())))
    np.testing.assert_allclose(logits[0].detach().numpy(), expected, rtol=1e-3, atol=1e-4)


def test_a_logit_depends_on_no_later_event(model):
    inputs = torch.randn(2, 8, 5, requires_grad=True)
    model(inputs)[0][:, 4].sum().backward()
    assert inputs.grad[:, 5:].abs().max() == 0
    assert (inputs.grad[:, :5].abs().amax(dim=(0, 2)) > 0).all()


def test_playing_event_by_event_equals_reading_the_whole_phrase(model):
    inputs = torch.randn(2, 8, 5)
    whole, ended = model(inputs)
    state, played = None, []
    for t in range(8):
        logits, state = model(inputs[:, t : t + 1], state)
        played.append(logits)
    torch.testing.assert_close(torch.cat(played, dim=1), whole)
    for part, other in zip(state, ended, strict=True):
        torch.testing.assert_close(part, other)


def test_the_state_has_the_shapes_it_says(model):
    _, state = model(torch.randn(3, 2, 5))
    assert [tuple(part.shape[1:]) for part in state] == list(model.state_shapes())


def test_a_new_cell_remembers():
    fresh = AttentionStackLstm(CONFIG)
    for cell, units in zip(fresh.stack.cells, (6, 7), strict=True):
        bias = cell.bias.detach()
        assert bias[units : 2 * units].tolist() == [1] * units
        assert bias.sum() == units


def test_dropout_is_only_for_training(model):
    inputs = torch.randn(2, 6, 5)
    torch.testing.assert_close(model(inputs)[0], model(inputs, keep_prob=1.0)[0])
    assert not torch.equal(model(inputs)[0], model(inputs, keep_prob=0.5)[0])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"rnn_layer_sizes": []}, r"at least one layer .* got \(5, 4, 40\)"),
        ({"attn_length": 0}, r"sizes of 1 or more, got \(5, 4, 128, 128, 0\)"),
        ({"residual_connections": True}, "has no residual connections; leave them out"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        AttentionStackConfig(5, 4, **sizes)
