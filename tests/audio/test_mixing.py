"""Sounds are added up as on a mixing desk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.audio.mixing import mixed
from solferino.audio.waveform import Waveform

sounds = st.lists(
    st.lists(st.floats(-1, 1, width=32), min_size=0, max_size=20).map(
        lambda samples: Waveform(samples, 8000)
    ),
    min_size=1,
    max_size=4,
)


@given(sounds)
def test_a_mix_is_the_sum_and_lasts_as_long_as_the_longest(parts):
    total = mixed(parts)
    assert len(total) == max(map(len, parts))
    for k in range(len(total)):
        expected = sum(float(part.samples[k, 0]) for part in parts if k < len(part))
        assert total.samples[k, 0] == pytest.approx(expected, abs=1e-5)


def test_twenty_decibels_are_ten_times_and_minus_infinity_is_silence():
    one = Waveform([0.05, 0.1], 8000)
    total = mixed([one, one], [20.0, -np.inf])
    np.testing.assert_allclose(total.samples[:, 0], [0.5, 1.0], rtol=1e-6)


def test_a_mix_may_exceed_full_scale():
    loud = Waveform(np.ones(10), 8000)
    assert mixed([loud, loud, loud]).peak == 3


def test_mono_is_heard_on_both_sides():
    total = mixed([Waveform([[0.5, -0.5]], 8000), Waveform([0.25], 8000)])
    assert total.samples.tolist() == [[0.75, -0.25]]


def test_a_tone_keeps_its_pitch_and_length_at_the_highest_rate():
    low, high = 16_000, 48_000
    tone = Waveform(0.5 * np.sin(2 * np.pi * 1000 * np.arange(low) / low), low)
    total = mixed([tone, Waveform(np.zeros(100), high)])
    assert (total.sample_rate_hz, len(total)) == (high, high)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(high) / high)
    np.testing.assert_allclose(total.samples[:, 0], expected, atol=1e-3)


def test_what_does_not_fit_is_refused():
    one = Waveform([0.0], 8000)
    with pytest.raises(ValueError, match="1 sounds and 2 gains: give one gain each"):
        mixed([one], [0.0, 0.0])
    with pytest.raises(ValueError, match="0 sounds and 0 gains"):
        mixed([])
    with pytest.raises(ValueError, match="sounds must have 3 channels or one"):
        mixed([Waveform(np.zeros((1, 2)), 8000), Waveform(np.zeros((1, 3)), 8000)])
