"""The LSTM: what its cells compute, that it looks only back, that playing equals reading."""

import numpy as np
import pytest
import torch

from solferino.models.lstm import AttentionCell, EventLstm, LstmCell, LstmConfig

SIZES = {
    "plain": LstmConfig(5, 4, [6, 7]),
    "attention": LstmConfig(5, 4, [6, 7], attn_length=3),
    "residual": LstmConfig(5, 4, [6, 6, 7], residual_connections=True),
    "attention and residual": LstmConfig(5, 4, [6, 6], attn_length=4, residual_connections=True),
}


@pytest.fixture(params=list(SIZES))
def model(request):
    torch.manual_seed(0)
    return shaken(EventLstm(SIZES[request.param]))


def shaken(model):
    """Weights of ordinary size everywhere, so that no term hides behind a zero."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def basic_lstm(cell, x, c, h):
    """The cell as TensorFlow's documentation states it, one example, one step."""
    w = {name: value.detach().double().numpy() for name, value in cell.named_parameters()}
    i, f, j, o = np.split(w["weight_ih"] @ x + w["weight_hh"] @ h + w["bias"], 4)
    c = c * sigmoid(f) + sigmoid(i) * np.tanh(j)
    return c, np.tanh(c) * sigmoid(o)


def attention_by_hand(layer, xs):
    """One example through the formulas of AttentionCellWrapper, step by step."""
    w = {name: value.detach().double().numpy() for name, value in layer.named_parameters()}
    units = len(w["score"])
    c = h = context = np.zeros(units)
    window = [np.zeros(units)] * layer.attn_length
    for x in xs:
        mixed = w["mix.weight"] @ np.concatenate([x, context]) + w["mix.bias"]
        c, h = basic_lstm(layer.cell, mixed, c, h)
        query = w["query.weight"] @ np.concatenate([c, h]) + w["query.bias"]
        scores = np.array([w["score"] @ np.tanh(w["keys"] @ past + query) for past in window])
        weights = np.exp(scores) / np.exp(scores).sum()
        context = sum(weight * past for weight, past in zip(weights, window, strict=True))
        output = w["join.weight"] @ np.concatenate([h, context]) + w["join.bias"]
        window = [*window[1:], output]
        yield output


def test_attention_computes_its_formulas():
    torch.manual_seed(1)
    layer = shaken(AttentionCell(5, 6, attn_length=3))
    x = torch.randn(9, 2, 5)  # nine steps: the window fills and slides
    state = tuple(torch.zeros(2, *shape) for shape in [(6,), (6,), (6,), (3, 6), (3, 6)])
    outputs, _ = layer(x, state)
    for row in range(2):
        expected = np.array(list(attention_by_hand(layer, x[:, row].double().numpy())))
        np.testing.assert_allclose(outputs[:, row].detach().numpy(), expected, atol=2e-5)


def test_a_plain_layer_computes_its_formulas():
    torch.manual_seed(1)
    cell = shaken(LstmCell(5, 6))
    x = torch.randn(4, 1, 5)
    outputs, (c, _) = cell(x, (torch.zeros(1, 6), torch.zeros(1, 6)))
    by_hand_c = by_hand_h = np.zeros(6)
    for t in range(4):
        by_hand_c, by_hand_h = basic_lstm(cell, x[t, 0].double().numpy(), by_hand_c, by_hand_h)
        np.testing.assert_allclose(outputs[t, 0].detach().numpy(), by_hand_h, atol=1e-5)
    np.testing.assert_allclose(c[0].detach().numpy(), by_hand_c, atol=1e-5)


@pytest.mark.parametrize("length", [1, 3, 20])  # shorter and longer than the phrase
def test_the_gradient_of_attention_is_that_of_its_loss(length):
    torch.manual_seed(2)
    layer = shaken(AttentionCell(3, 4, attn_length=length)).double()
    x = torch.randn(7, 2, 3, dtype=torch.float64)
    shapes = [(4,), (4,), (4,), (length, 4), (length, 4)]
    state = [torch.randn(2, *shape).double() for shape in shapes]
    goal = torch.randn(7, 2, 4).double()

    def loss(*_):
        return (scan_in_float64(layer, x, state) * goal).sum()

    assert torch.autograd.gradcheck(loss, tuple(layer.parameters()), atol=1e-6)


def scan_in_float64(layer, x, state):
    from solferino.models.lstm import _AttentionScan

    return _AttentionScan.apply(*layer._folded(x), layer.score, *state)[0]


def test_a_logit_depends_on_no_later_event(model):
    inputs = torch.randn(2, 8, 5, requires_grad=True)
    logits, _ = model(inputs)
    for t in range(8):
        (gradient,) = torch.autograd.grad(logits[:, t].sum(), inputs, retain_graph=True)
        assert gradient[:, : t + 1].abs().sum(dim=(0, 2)).min() > 0
        assert gradient[:, t + 1 :].abs().max() == 0 if t < 7 else True


def test_playing_event_by_event_equals_reading_the_whole_phrase(model):
    inputs = torch.randn(2, 9, 5)
    whole, last = model(inputs)
    state, played = None, []
    for t in range(9):
        logits, state = model(inputs[:, t : t + 1], state)
        played.append(logits)
    torch.testing.assert_close(torch.cat(played, dim=1), whole, atol=1e-5, rtol=1e-4)
    for one, other in zip(state, last, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_the_state_has_the_shapes_it_says(model):
    _, state = model(torch.randn(3, 2, 5))
    assert [tuple(part.shape[1:]) for part in state] == list(model.state_shapes())
    assert all(part.abs().sum() == 0 for part in model.initial_state(3))


def test_a_new_cell_remembers():
    bias = LstmCell(5, 6).bias
    assert bias.tolist() == [0.0] * 6 + [1.0] * 6 + [0.0] * 12  # the forget gate starts open


def test_weights_start_glorot_uniform():
    # one matrix of (10 + 30) by 120: the bound is sqrt(6 / 160)
    cell = LstmCell(10, 30)
    bound = (6 / 160) ** 0.5
    weights = torch.cat([cell.weight_ih, cell.weight_hh], dim=1)
    assert 0.98 * bound < weights.abs().max() <= bound


def test_a_new_model_already_tells_one_event_from_another():
    torch.manual_seed(0)
    model = EventLstm(LstmConfig(400, 400, (64, 64)))
    one_hot = torch.eye(400)[:20].unsqueeze(1)
    between_events = model(one_hot)[0].std(0).mean()
    assert between_events > 0.05 * model(one_hot)[0].std()


def test_attention_starts_as_little_more_than_its_cell():
    torch.manual_seed(4)
    layer = AttentionCell(12, 16, 8, is_sparse=True)
    x = torch.nn.functional.one_hot(torch.randint(12, (20, 3)), 12).float()
    zeros = torch.zeros(3, 16)
    alone, _ = layer.cell(x, (zeros, zeros))
    with_attention, _ = layer(x, (zeros, zeros, zeros, *[torch.zeros(3, 8, 16)] * 2))
    assert (with_attention - alone).abs().max() < 0.1 * alone.abs().max()
    assert (with_attention - alone).abs().max() > 0


def test_dropout_keeps_its_share_and_its_mean():
    from solferino.models.lstm import _dropout

    torch.manual_seed(0)
    kept = _dropout(torch.ones(1001, 99), 0.8)
    assert (kept != 0).float().mean().item() == pytest.approx(0.8, abs=0.01)
    assert kept.mean().item() == pytest.approx(1.0, abs=0.01)


def test_dropout_is_only_for_training(model):
    inputs = torch.randn(2, 4, 5)
    assert torch.equal(model(inputs)[0], model(inputs)[0])
    assert not torch.equal(model(inputs, keep_prob=0.5)[0], model(inputs)[0])


def test_residual_connections_add_what_came_in():
    model = EventLstm(LstmConfig(5, 4, [6], residual_connections=True))
    with torch.no_grad():
        for parameter in model.layers.parameters():
            parameter.zero_()  # the layer says nothing, its input remains
    inputs = torch.randn(1, 3, 5)
    expected = model.to_logits(model.projections["0"](inputs))
    torch.testing.assert_close(model(inputs)[0], expected)


def test_a_model_without_layers_is_refused():
    with pytest.raises(ValueError, match="at least one layer"):
        LstmConfig(5, 4, [])
