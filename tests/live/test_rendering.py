"""A track is rendered without ports, always the same."""

import numpy as np
import pytest

from solferino.audio.waveform import Waveform, write_wav
from solferino.errors import LiveError
from solferino.live.composing import InlineComposer
from solferino.live.parts import Action, Part
from solferino.live.rendering import LEVEL, levelled, render, sound_of
from solferino.live.track import Track
from solferino.live.transport import Meter, Transport
from tests.live.composers import CountingComposer, phrase

PARTS = (
    Part(name="drums", bundle="drum_kit", bars=2, channel=10, seed=1),
    Part(name="melody", bundle="basic_rnn", bars=4, seed=2),
)


def test_the_same_parts_render_to_the_same_notes():
    first, second = (render(Track(PARTS, composer=InlineComposer()), 6) for _ in range(2))
    assert first == second
    assert len(first) > 20
    assert first.total_time_s == 12.0
    assert set(first.notes["instrument"]) == {0, 1}


def test_another_seed_renders_to_other_notes():
    other = [Part(name="drums", bundle="drum_kit", bars=2, channel=10, seed=3)]
    assert render(Track(PARTS[:1]), 2) != render(Track(other), 2)


def test_notes_stay_on_the_grid_of_sixteenths():
    onsets = render(Track(PARTS, Transport(90.0)), 4).notes["onset_s"] * 90 / 60 * 4
    assert np.abs(onsets - np.rint(onsets)).max() < 1e-6


def test_drums_play_drums_and_nothing_lasts_into_the_next_pass():
    notes = render(Track(PARTS), 8)
    assert notes.is_drum[notes.notes["instrument"] == 0].all()
    melody = notes.notes[notes.notes["instrument"] == 1]
    pass_ends = (np.floor(melody["onset_s"] / 8 + 1e-9) + 1) * 8
    assert (melody["release_s"] <= pass_ends + 1e-9).all()


def test_rendering_goes_on_where_it_stood_with_what_was_asked_for_between():
    track = Track(
        [Part(name="melody", bundle="toy", bars=2, action=Action.GENERATE_ONCE)],
        composer=CountingComposer(),
    )
    render(track, 4)
    track["melody"].act(Action.RESET_GENERATE)
    notes = render(track, 4)
    assert notes.notes[["onset_s", "pitch"]].tolist() == [(0, 60), (4, 60), (8, 61), (12, 61)]


def test_rendering_bar_by_bar_is_rendering_at_once():
    part = Part(name="melody", bundle="toy", bars=1)
    onsets = []
    for pieces in ([24], [1] * 24):
        track = Track([part], Transport(97.0, Meter(7, 8)), CountingComposer())
        for bars in pieces:
            notes = render(track, bars)
        onsets.append(notes.notes["onset_s"])
    np.testing.assert_allclose(onsets[0], onsets[1], atol=1e-9)
    assert len(onsets[0]) == 24


def test_rendering_in_three_four_counts_its_bars():
    track = Track(PARTS[:1], Transport(120.0, Meter(3, 4)))
    notes = render(track, 4)
    assert notes.total_time_s == 6.0
    assert notes.meters.tolist() == [(0.0, 3, 4)]


def test_a_track_that_is_played_is_not_rendered():
    track = Track(PARTS[:1], composer=CountingComposer())
    track.transport.start(0.0)
    with pytest.raises(LiveError, match="is being played: stop it"):
        render(track, 1)


def sine(length_s, amplitude=0.5, rate=44_100):
    samples = amplitude * np.sin(2 * np.pi * 440 * np.arange(round(length_s * rate)) / rate)
    return Waveform(samples, rate)


def looping(name, **changes):
    return Part(
        name=name,
        bundle="toy",
        bars=1,
        action=Action.LOOP,
        primer=phrase(0.0, 2.0, pitch=69, duration=1.0, length=4.0),
        **changes,
    )


def test_a_part_with_a_sample_is_heard_with_it(tmp_path):
    write_wav(sine(2.0), tmp_path / "tone_A4.wav")
    track = Track([looping("tone", sample=str(tmp_path / "tone_A4.wav"))])
    render(track, 1)
    sound = sound_of(track)
    spectrum = np.abs(np.fft.rfft(sound.mono().samples[:, 0]))
    assert spectrum.argmax() / sound.length_s == pytest.approx(440, abs=2)


def test_sound_begins_with_the_notes_and_does_not_clip():
    track = Track([looping("cat", sample="cat"), looping("piano", channel=2)])
    render(track, 2)
    sound = sound_of(track)
    assert sound.peak == pytest.approx(10 ** (-1 / 20), rel=1e-3)
    amplitudes = np.abs(sound.samples).max(axis=1)
    for onset_s in (0.0, 1.0, 2.0, 3.0):
        start = round(onset_s * sound.sample_rate_hz)
        assert amplitudes[start : start + 4410].max() > 0.05
    assert sound.length_s >= 4.0


def test_loud_and_soft_parts_are_levelled():
    loud, soft = (levelled(sine(1.0, amplitude)) for amplitude in (0.9, 0.01))
    assert loud.peak == pytest.approx(soft.peak, rel=1e-3)
    assert np.sqrt(np.mean(soft.samples**2)) == pytest.approx(LEVEL, rel=0.02)


def test_what_fades_between_the_notes_makes_them_no_louder():
    loud = sine(1.0, 0.5)
    fading = Waveform(np.concatenate([loud.samples, sine(1.0, 0.05).samples]), 44_100)
    assert levelled(fading).peak == pytest.approx(levelled(loud).peak, rel=0.01)


def test_a_silent_part_stays_silent():
    silence = Waveform(np.zeros(44_100, np.float32), 44_100)
    assert levelled(silence).peak == 0
    track = Track([Part(name="cat", bundle="toy", sample="cat", action=Action.LOOP)])
    render(track, 1)
    assert sound_of(track).peak == 0
