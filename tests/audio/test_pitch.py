"""The pitch of a sound is heard, and noise has none."""

import numpy as np
import pytest

from solferino.audio.pitch import CLEAR, Pitch, estimate_pitch, pitch_contour
from solferino.audio.synthesis import synthesize
from solferino.notes.sequence import Instrument, NoteSequence


def cents(found_hz: float, expected_hz: float) -> float:
    return 1200 * np.log2(found_hz / expected_hz)


def tone(hz, amplitudes, rate_hz=44_100, length_s=0.5):
    """Return a sum of harmonics; the first amplitude is the fundamental's."""
    times_s = np.arange(round(length_s * rate_hz)) / rate_hz
    return sum(
        a * np.sin(2 * np.pi * k * hz * times_s + k)
        for k, a in enumerate(amplitudes, 1)
        if k * hz < rate_hz / 2
    )


@pytest.mark.parametrize("rate_hz", [8000, 44_100, 96_000])
@pytest.mark.parametrize("hz", [30.0, 110.0, 440.0, 987.77, 1975.5])
def test_a_sine_is_found_to_two_cents(hz, rate_hz):
    pitch = estimate_pitch(tone(hz, [1.0], rate_hz), rate_hz)
    assert abs(cents(pitch.hz, hz)) < 2
    assert pitch.clarity > 0.99


@pytest.mark.parametrize("midi", range(24, 109, 7))
def test_a_sawtooth_is_found_over_the_keyboard(midi):
    hz = 440 * 2 ** ((midi - 69) / 12)
    pitch = estimate_pitch(tone(hz, 1 / np.arange(1, 60)), 44_100)
    assert pitch.midi == pytest.approx(midi, abs=0.03)
    assert pitch.is_clear


def test_a_missing_fundamental_is_heard():
    pitch = estimate_pitch(tone(200.0, [0, 0, 1, 1, 1]), 44_100)
    assert abs(cents(pitch.hz, 200.0)) < 2
    assert pitch.is_clear


@pytest.mark.parametrize("n_samples", [2000, 8000, 44_100])
def test_noise_is_not_clear(n_samples):
    noise = np.random.default_rng(3).normal(size=n_samples)
    assert estimate_pitch(noise, 44_100).clarity < 0.3
    assert estimate_pitch(np.cumsum(noise), 44_100).clarity < CLEAR


def test_a_tone_in_the_last_tenth_of_noise_does_not_make_it_clear():
    sound = np.random.default_rng(3).normal(size=44_100)
    sound[40_000:] = tone(440.0, [1.0])[:4100]
    assert not estimate_pitch(sound, 44_100).is_clear


@pytest.mark.parametrize("midi", [21, 33, 48, 60, 77, 96, 108])
def test_a_piano_is_heard_to_twenty_cents(midi):
    sound = synthesize(NoteSequence.from_columns([midi], [0.0], [1.0]))
    pitch = estimate_pitch(sound.samples[:44_100], 44_100)
    assert pitch.midi == pytest.approx(midi, abs=0.2)
    assert pitch.is_clear


def test_loudness_and_silence_around_a_tone_do_not_matter():
    sound = np.concatenate([np.zeros(9000), 1e-20 * tone(330.0, [1, 0.5]), np.zeros(30_000)])
    assert abs(cents(estimate_pitch(sound, 44_100).hz, 330.0)) < 2
    assert estimate_pitch(1e30 * sound, 44_100) == estimate_pitch(sound, 44_100)


def test_a_glide_has_its_middle_as_pitch_and_its_course_as_contour():
    times_s = np.arange(44_100) / 44_100
    glide_hz = 400 * 2**times_s  # an octave in a second
    sound = np.sin(2 * np.pi * np.cumsum(glide_hz) / 44_100)
    pitch = estimate_pitch(sound, 44_100)
    assert abs(cents(pitch.hz, 400 * 2**0.5)) < 30
    contour = pitch_contour(sound, 44_100, lowest_hz=75)
    assert np.abs(1200 * np.log2(contour.hz / (400 * 2**contour.time_s))).max() < 10
    np.testing.assert_allclose(contour.amplitude, 0.5**0.5, rtol=0.02)


def test_stereo_is_heard_as_its_mean():
    left = tone(262.0, [1, 0.3])
    both = np.stack([left, 0.2 * left], axis=1)
    assert abs(cents(estimate_pitch(both, 44_100).hz, 262.0)) < 2


@pytest.mark.parametrize("sound", [[], [0.5], np.zeros(4000), np.ones(4000), np.zeros((0, 2))])
def test_nothing_has_no_pitch(sound):
    pitch = estimate_pitch(sound, 44_100)
    assert pitch == Pitch(0.0, 0.0)
    assert pitch.midi == -np.inf
    assert not pitch.is_clear


def test_what_is_no_sound_is_refused():
    with pytest.raises(ValueError, match=r"samples must be .*, not \(1, 2, 3\)"):
        estimate_pitch(np.zeros((1, 2, 3)), 44_100)
    with pytest.raises(ValueError, match="lowest_hz and highest_hz are no range: 500 to 100"):
        pitch_contour(np.zeros(100), 44_100, 500, 100)


def test_a_bass_drum_and_a_hihat_are_not_clear():
    for key in (36, 42):
        piece = NoteSequence.from_columns([key], [0], [0.3], instruments=[Instrument(0, True)])
        sound = synthesize(piece)
        assert not estimate_pitch(sound.samples, sound.sample_rate_hz).is_clear
