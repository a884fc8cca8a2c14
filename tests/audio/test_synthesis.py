"""Notes sound in tune, in time, and without clipping."""

import numpy as np
import pytest

from solferino.audio import synthesis
from solferino.audio.synthesis import PEAK, TAIL_S, resampled, soundfont_path, synthesize
from solferino.audio.waveform import Waveform
from solferino.errors import SynthesisError
from solferino.notes.sequence import Instrument, NoteSequence

ORGAN = (Instrument(19),)


def pitch_hz(sound: Waveform, low_hz: float, high_hz: float) -> float:
    """Find the strongest frequency between two."""
    samples = sound.mono().samples[:, 0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 2**20))
    frequencies = np.fft.rfftfreq(2**20, 1 / sound.sample_rate_hz)
    spectrum[(frequencies < low_hz) | (frequencies > high_hz)] = 0
    return float(frequencies[spectrum.argmax()])


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize(("pitch", "expected_hz"), [(69, 440.0), (57, 220.0)])
def test_a_note_is_in_tune(pitch, expected_hz, sample_rate_hz):
    # the recorded piano itself is 5 cents sharp on A3
    piece = NoteSequence.from_columns([pitch], [0.0], [1.5])
    sound = synthesize(piece, sample_rate_hz=sample_rate_hz)
    found_hz = pitch_hz(sound, expected_hz * 0.8, expected_hz * 1.2)
    assert abs(1200 * np.log2(found_hz / expected_hz)) < 6  # cents


def test_a_piece_is_as_long_as_its_notes_and_their_tail():
    sound = synthesize(NoteSequence.from_columns([60], [0.5], [1.0], instruments=ORGAN))
    assert len(sound) == round((1.0 + TAIL_S) * 44_100)
    loudness = np.abs(sound.samples).max(axis=1)
    begin_s = np.flatnonzero(loudness > 0.05)[0] / 44_100
    assert 0.5 <= begin_s < 0.55
    assert loudness[-4410:].max() < 0.02  # the tail has faded


def test_the_loudest_sample_is_one_decibel_below_full_scale():
    piece = NoteSequence.from_columns(np.arange(40, 90), np.zeros(50), np.ones(50), 127)
    assert synthesize(piece).peak == pytest.approx(PEAK, rel=1e-6)


def test_very_many_notes_do_not_clip():
    piece = NoteSequence.from_columns(
        40 + np.arange(64), np.zeros(64), np.full(64, 0.3), 127, instruments=(Instrument(81),)
    )
    sound = synthesize(piece, peak=None)
    assert sound.peak > 1  # more than 16 bits hold, and not cut off
    assert np.mean(np.abs(sound.samples) > 0.99 * sound.peak) < 1e-3


def test_every_instrument_of_many_is_heard():
    onsets_s = np.arange(24) * 0.25
    piece = NoteSequence.from_columns(
        np.full(24, 60), onsets_s, onsets_s + 0.2, 100, np.arange(24),
        instruments=[Instrument(19, is_drum=k == 3) for k in range(24)],
    )  # fmt: skip
    sound = synthesize(piece, sample_rate_hz=16_000)
    for onset_s in onsets_s:
        start = int(onset_s * 16_000)
        assert np.abs(sound.samples[start : start + 3200]).max() > 0.02


@pytest.mark.parametrize("piece", [NoteSequence(), NoteSequence(total_time_s=1.5)])
def test_nothing_is_silence(piece):
    sound = synthesize(piece)
    assert sound.peak == 0
    assert sound.length_s == pytest.approx(piece.total_time_s + TAIL_S)


def test_resampling_keeps_a_tone():
    times = np.arange(48_000) / 48_000
    tone = np.sin(2 * np.pi * 1000 * times)[:, np.newaxis].astype(np.float32)
    slower = resampled(tone, 48_000, 44_100)
    expected = np.sin(2 * np.pi * 1000 * np.arange(44_100) / 44_100)
    np.testing.assert_allclose(slower[:, 0], expected, atol=1e-4)
    assert resampled(tone, 48_000, 48_000) is tone


def test_the_soundfont_is_the_argument_or_the_variable_or_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("SOLFERINO_SOUNDFONT", raising=False)
    assert soundfont_path().name == "TimGM6mb.sf2"
    monkeypatch.setenv("SOLFERINO_SOUNDFONT", str(tmp_path / "mine.sf2"))
    assert soundfont_path().name == "mine.sf2"
    assert soundfont_path("other.sf2").name == "other.sf2"


def test_no_soundfont(monkeypatch, tmp_path):
    monkeypatch.delenv("SOLFERINO_SOUNDFONT", raising=False)
    with pytest.raises(SynthesisError, match=r"no SoundFont: .*none.sf2 does not exist"):
        synthesize(NoteSequence(), soundfont=tmp_path / "none.sf2")
    (tmp_path / "bad.sf2").write_text("words")
    with pytest.raises(SynthesisError, match=r"bad.sf2 is not a SoundFont 2; name a .sf2 file"):
        synthesize(NoteSequence(), soundfont=tmp_path / "bad.sf2")
    monkeypatch.setattr(synthesis.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SynthesisError, match=r"no SoundFont: TimGM6mb.sf2 comes with"):
        soundfont_path()


def test_a_damaged_soundfont(tmp_path):
    (tmp_path / "bad.sf2").write_bytes(b"RIFF\0\0\0\0sfbk and no more")
    piece = NoteSequence.from_columns([60], [0.0], [1.0])
    with pytest.raises(SynthesisError, match=r"the synthesizer failed: .*; try another SoundFont"):
        synthesize(piece, soundfont=tmp_path / "bad.sf2")


def test_a_piece_of_hours_is_refused():
    with pytest.raises(SynthesisError, match="lasts 9000 s and at most 3600 s are played; trim"):
        synthesize(NoteSequence(total_time_s=9000))
