import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from solferino.generation.generator import EventControls
from solferino.generation.sampling import (
    UniformNumbers,
    class_weights,
    draw,
    event_probabilities,
    relative_probabilities,
)

LAST_UNIFORM = 1 - 2.0**-53
LOGITS = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32))


def shares(logits, mask=None, **controls):
    weights = class_weights(logits, EventControls(**controls), mask)
    return (weights / weights.sum(axis=1, keepdims=True)).round(4).tolist()


def _numbers(seed, output, count):
    uniforms = UniformNumbers(seed, [output])
    return np.array([uniforms.of_event(k)[0] for k in range(count)])


def test_each_output_has_its_own_numbers_whatever_the_others_do():
    together = UniformNumbers(5, [3, 4], width=2)
    alone = UniformNumbers(5, [4], width=2)
    for event in (0, 1, 300):
        assert together.of_event(event)[2:].tolist() == alone.of_event(event).tolist()


def test_random_numbers_never_change():
    numbers = _numbers(7, 2, 3)
    assert numbers.tolist() == [0.36654848046680033, 0.39989196903035706, 0.8479983815736046]


def test_a_longer_run_begins_like_a_shorter_one():
    assert _numbers(1, 0, 9)[:4].tolist() == _numbers(1, 0, 4).tolist()


def test_seed_and_output_are_not_exchangeable():
    assert _numbers(1, 2, 4).tolist() != _numbers(2, 1, 4).tolist()


def test_random_numbers_are_uniform_and_below_one():
    numbers = _numbers(2**64 - 1, 0, 10_000)
    counts, _ = np.histogram(numbers, 10, (0, 1))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert (abs(counts - 1000) < 150).all()


def test_temperature_1_gives_the_models_own_probabilities():
    assert shares(LOGITS) == [[0.5, 0.3, 0.15, 0.05]]


def test_temperature_divides_the_logits():
    squares = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    assert shares(LOGITS, temperature=0.5) == [(squares / squares.sum()).round(4).tolist()]


def test_temperature_0_takes_the_likeliest_and_of_equals_the_first():
    assert shares(np.array([[1, 2, 2], [3, 0, 1]], np.float32), temperature=0) == [
        [0, 1, 0],
        [1, 0, 0],
    ]


def test_a_very_low_temperature_does_not_overflow():
    logits = np.array([[1e4, -1e4, 9.999e3]], np.float32)
    assert shares(logits, temperature=1e-3) == [[1, 0, 0]]


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ({"top_k": 1}, [1, 0, 0, 0]),
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_k": 9}, [0.5, 0.3, 0.15, 0.05]),
        ({"top_p": 0.5}, [1, 0, 0, 0]),
        ({"top_p": 0.51}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.9}, [0.5263, 0.3158, 0.1579, 0]),
        ({"top_k": 2, "top_p": 0.6}, [1, 0, 0, 0]),  # 0.625 of what the two hold
    ],
)
def test_only_the_likeliest_stay(controls, expected):
    assert shares(LOGITS, **controls) == [expected]


def test_top_k_of_equals_keeps_the_first():
    assert shares(np.zeros((1, 4), np.float32), top_k=3) == [[0.3333, 0.3333, 0.3333, 0]]


def test_a_mask_comes_before_top_k():
    mask = np.array([[False, True, True, False]])
    assert shares(LOGITS, mask, top_k=1) == [[0, 1, 0, 0]]


def test_a_mask_holds_however_unlikely_the_rest_is():
    logits = np.array([[0, -2000, -1000]], np.float32)
    mask = np.array([[False, True, True]])
    assert shares(logits, mask) == [[0, 0, 1]]


@given(
    arrays.arrays(np.float32, (3, 6), elements=st.floats(-1e4, 1e4, width=32)),
    arrays.arrays(np.bool_, (3, 6)),
    st.sampled_from([0.0, 0.01, 0.7, 1.0, 5.0]),
    st.integers(0, 6),
    st.sampled_from([0.01, 0.5, 1.0]),
    st.sampled_from([0.0, 0.3, LAST_UNIFORM]),
)
def test_no_draw_ever_leaves_the_mask(logits, mask, temperature, top_k, top_p, uniform):
    mask[:, 2] |= ~mask.any(axis=1)
    controls = EventControls(temperature=temperature, top_k=top_k, top_p=top_p)
    classes = draw(class_weights(logits, controls, mask), np.full(3, uniform))
    assert mask[np.arange(3), classes].all()


@pytest.mark.parametrize(
    ("uniform", "expected"),
    [(0.0, 1), (0.2499, 1), (0.25, 3), (0.9999, 3), (LAST_UNIFORM, 3)],
)
def test_draws_invert_the_cumulative_distribution(uniform, expected):
    weights = np.array([[0.0, 1.0, 0.0, 3.0, 0.0]])
    assert draw(weights, np.array([uniform])).tolist() == [expected]


def test_draws_follow_the_probabilities():
    uniforms = _numbers(0, 0, 20_000)
    weights = np.broadcast_to(class_weights(LOGITS, EventControls()), (20_000, 4))
    counts = np.bincount(draw(weights, uniforms), minlength=4)
    np.testing.assert_allclose(counts / 20_000, [0.5, 0.3, 0.15, 0.05], atol=0.01)


def test_the_probability_of_an_event_sums_all_classes_that_mean_it():
    class_events = np.array([[4, 7, 4, 9]], np.int16)  # class 2 repeats event 4
    probability = event_probabilities(
        relative_probabilities(LOGITS), class_events, np.array([4], np.int16)
    )
    assert probability.round(4).tolist() == [0.65]
