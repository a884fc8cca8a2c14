"""The RNN-NADE: that its chances are chances, and that playing equals reading."""

from itertools import chain, combinations

import numpy as np
import pytest
import torch

from solferino.errors import RecipeError
from solferino.models.registry import build_model, model_config
from solferino.models.rnn_nade import IMPOSSIBLE, Nade, RnnNadeConfig

FRAME_END, START, FIRST_PITCH = 0, 1, 2
SIZES = {
    "plain": {},
    "attention": {"rnn_layer_sizes": [6, 7], "attn_length": 3},
    "residual": {"rnn_layer_sizes": [6, 6], "residual_connections": True},
}


def rnn_nade(num_pitches=5, **sizes):
    """A small model with weights of ordinary size everywhere."""
    torch.manual_seed(0)
    n = FIRST_PITCH + num_pitches
    config = {"input_size": n, "num_classes": n, "rnn_layer_sizes": [6], "nade_units": 4} | sizes
    model = build_model("rnn_nade", config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return model


@pytest.fixture(params=list(SIZES))
def model(request):
    return rnn_nade(**SIZES[request.param])


def events_of(frames):
    """Ids of START and of frames, each a list of pitches."""
    in_frames = ([FIRST_PITCH + pitch for pitch in frame] + [FRAME_END] for frame in frames)
    return [START, *chain.from_iterable(in_frames)]


def one_hot(sequences, num_classes=7):
    """Sequences of ids side by side, zeros after their ends: (batch, time, classes)."""
    inputs = torch.zeros(len(sequences), max(map(len, sequences)), num_classes)
    for row, ids in enumerate(sequences):
        inputs[row, range(len(ids)), ids] = 1.0
    return inputs


def log_probability(model, frames):
    """Of frames after START, in nats."""
    ids = events_of(frames)
    with torch.no_grad():
        logits = model(one_hot([ids]).to(model.nade.encode.dtype))[0][0]
    return sum(float(logits[place, event]) for place, event in enumerate(ids[1:]))


def subsets(n):
    return chain.from_iterable(combinations(range(n), size) for size in range(n + 1))


SONGS = [
    events_of([[0, 2], [0, 2], [], [1, 3, 4]]),
    events_of([[4], [3], [2, 3], [0, 1, 2, 3, 4], []]),
    events_of([[], [], [1]]),
]


def test_the_chances_of_all_frames_sum_to_1(model):
    chances = [np.exp(log_probability(model, [[0, 3], s])) for s in subsets(5)]
    first = np.exp(log_probability(model, [[0, 3]]))
    assert sum(chances) == pytest.approx(first, rel=1e-4)
    assert first < 0.9


def test_the_chances_of_what_comes_next_sum_to_1(model):
    logits, _ = model(one_hot(SONGS))
    total = logits.exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total))


def test_a_frame_is_as_likely_as_its_chain_of_yes_and_no():
    """The conditionals of Larochelle and Murray, pitch by pitch, biases from the frame before."""
    model = rnn_nade().double()
    w = {name: value.detach().numpy() for name, value in model.nade.named_parameters()}
    with torch.no_grad():
        frame_before = torch.zeros(1, 2, 5, dtype=torch.float64)
        frame_before[0, 1, [1, 4]] = 1.0
        biases = model.rnn(frame_before)[0][0, 1].numpy()  # after START, and after the frame
    hidden, expected = biases[5:].copy(), 0.0
    for pitch in range(5):
        sounds = pitch in {0, 3}
        squashed = 1 / (1 + np.exp(-hidden))
        chance = 1 / (1 + np.exp(-(biases[pitch] + w["decode"][pitch] @ squashed)))
        expected += np.log(chance if sounds else 1 - chance)
        hidden += w["encode"][pitch] * sounds
    found = log_probability(model, [[1, 4], [0, 3]]) - log_probability(model, [[1, 4]])
    assert found == pytest.approx(expected)


def test_playing_event_by_event_equals_reading_whole_sequences(model):
    inputs = one_hot(SONGS)
    whole, no_state = model(inputs)
    state, played = model.initial_state(len(SONGS)), []
    for event in inputs.split(1, dim=1):
        logits, state = model(event, state)
        played.append(logits)
    played = torch.cat(played, dim=1)
    for row, ids in enumerate(SONGS):
        torch.testing.assert_close(whole[row, : len(ids)], played[row, : len(ids)])
    assert no_state == ()
    torch.testing.assert_close(model(inputs[:, :1])[0], whole[:, :1])


def test_several_events_may_follow_a_state(model):
    inputs = one_hot(SONGS[:1])
    _, state = model(inputs[:, :1])
    later, _ = model(inputs[:, 1:], state)
    torch.testing.assert_close(later, model(inputs)[0][:, 1:])


def test_a_sequence_in_a_batch_is_read_as_it_is_alone(model):
    together, _ = model(one_hot(SONGS))
    for row, ids in enumerate(SONGS):
        torch.testing.assert_close(together[row, : len(ids)], model(one_hot([ids]))[0][0])


def test_it_looks_only_back(model):
    inputs = one_hot(SONGS[:1]).requires_grad_()
    model(inputs)[0][0, 4].exp().sum().backward()
    model(inputs)[0][0, 4, FRAME_END].backward()
    assert inputs.grad[0, :5].abs().sum() > 0
    assert inputs.grad[0, 5:].abs().sum() == 0


def test_only_pitches_above_the_last_may_come():
    logits, _ = rnn_nade()(one_hot([events_of([[1, 3], [0]])]))
    possible = (logits[0] > IMPOSSIBLE).int().tolist()
    assert possible == [
        [1, 0, 1, 1, 1, 1, 1],  # after START: the end of a silent frame, or any pitch
        [1, 0, 0, 0, 1, 1, 1],  # after pitch 1
        [1, 0, 0, 0, 0, 0, 1],  # after pitch 3
        [1, 0, 1, 1, 1, 1, 1],  # after the frame
        [1, 0, 0, 1, 1, 1, 1],
        [1, 0, 1, 1, 1, 1, 1],
    ]


def test_dropout_is_of_training_only():
    model, inputs = rnn_nade(), one_hot(SONGS)
    torch.testing.assert_close(model(inputs)[0], model(inputs)[0])
    assert not torch.equal(model(inputs, keep_prob=0.5)[0], model(inputs)[0])


def test_a_nade_knows_what_sounds_below():
    torch.manual_seed(0)
    nade = Nade(3, 4)
    bias, is_open = torch.zeros(3), torch.tensor([False, True, True])
    silent = nade(torch.zeros(4), bias, is_open)
    after_lowest = nade(nade.encode[0] * 3, bias, is_open)
    assert not torch.allclose(silent, after_lowest)


def test_its_sizes_are_those_of_the_published_models():
    sizes = {"input_size": 90, "num_classes": 90, "nade_units": 128}
    plain = build_model("rnn_nade", {**sizes, "rnn_layer_sizes": [128, 128, 128]})
    assert (plain.rnn.config.input_size, plain.rnn.config.num_classes) == (88, 88 + 128)
    assert plain.nade.encode.shape == plain.nade.decode.shape == (88, 128)
    attending = build_model("rnn_nade", {**sizes, "rnn_layer_sizes": [128, 128], "attn_length": 32})
    assert attending.rnn.layers[0].attn_length == 32


def test_it_is_built_again_from_its_configuration():
    config = model_config(rnn_nade(attn_length=2))
    assert config == {
        "input_size": 7,
        "num_classes": 7,
        "rnn_layer_sizes": [6],
        "attn_length": 2,
        "residual_connections": False,
        "nade_units": 4,
    }
    assert model_config(build_model("rnn_nade", config)) == config


@pytest.mark.parametrize(
    "sizes", [{"num_classes": 8}, {"nade_units": 0}, {"input_size": 2, "num_classes": 2}]
)
def test_sizes_that_do_not_fit_are_refused(sizes):
    config = {"input_size": 7, "num_classes": 7} | sizes
    with pytest.raises(ValueError, match="RNN-NADE sees the classes that it predicts"):
        RnnNadeConfig(**config)
    with pytest.raises(RecipeError, match="configuration of model 'rnn_nade' is not valid"):
        build_model("rnn_nade", config)
