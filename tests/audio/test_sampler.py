"""Recorded sounds play notes: in tune, in time, as loud as asked, and without aliases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.audio.pitch import estimate_pitch
from solferino.audio.sample import Sample
from solferino.audio.sampler import RELEASE_S, SampleInstrument, play_samples, repitched
from solferino.audio.synthesis import PEAK
from solferino.audio.waveform import Waveform, write_wav
from solferino.errors import SynthesisError
from solferino.notes.sequence import NoteSequence

RATE_HZ = 16_000


def tone(hz: float, length_s: float = 0.5, rate_hz: int = RATE_HZ) -> Waveform:
    times_s = np.arange(round(rate_hz * length_s)) / rate_hz
    return Waveform(0.5 * np.sin(2 * np.pi * hz * times_s), rate_hz)


A4 = SampleInstrument((Sample(tone(440.0), 69),))
SAW = np.sin(np.outer(np.arange(8000), 2 * np.pi * 441 * np.arange(1, 18) / RATE_HZ)).sum(axis=1)


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 48_000])
@pytest.mark.parametrize("pitch", [33, 57, 60, 68, 69, 70, 81, 90])
def test_a_note_is_in_tune_to_a_cent_at_any_rate(pitch, rate_hz):
    sound = play_samples(NoteSequence.from_columns([pitch], [0], [0.4]), A4, sample_rate_hz=rate_hz)
    found = estimate_pitch(sound.samples, rate_hz)
    assert found.midi == pytest.approx(pitch, abs=0.01)


@pytest.mark.parametrize("pitch", [45, 60, 62, 64, 65, 67, 69, 71, 72, 90])
def test_the_cat_is_transposed_by_the_ratio_asked_for(pitch):
    cat = SampleInstrument.open("cat")
    sample = cat.samples[0]
    ratio = 2 ** ((pitch - sample.root_pitch) / 12)
    piece = NoteSequence.from_columns([pitch], [0], [5])
    sound = play_samples(piece, cat, sample_rate_hz=48_000)
    meow = sound.samples[: round(sample.sound.length_s / ratio * 48_000)]
    assert np.abs(sound.samples[len(meow) + 9 :]).max() == 0  # as much shorter as higher
    found = estimate_pitch(meow, round(48_000 / ratio))  # heard as it was recorded
    assert found.midi == pytest.approx(sample.root_pitch, abs=0.05)


@pytest.mark.parametrize("length_s", [0.125, 0.25, 0.5])
@pytest.mark.parametrize("pitch", [60, 67, 72, 79])
def test_the_cat_sings_even_short_notes_within_a_quarter_tone(pitch, length_s):
    piece = NoteSequence.from_columns([pitch], [0], [length_s])
    sound = play_samples(piece, SampleInstrument.open("cat"))
    assert estimate_pitch(sound.samples, 44_100, lowest_hz=80).midi == pytest.approx(pitch, abs=0.5)


def test_resampling_makes_no_aliases():
    for ratio in (0.3, 0.84, 1.0, 1.7, 4.0):
        out = repitched(SAW.astype(np.float32)[:, np.newaxis], RATE_HZ, ratio, 44_100)
        assert len(out) == pytest.approx(8000 / ratio * 44_100 / RATE_HZ, abs=2)
        spectrum = np.abs(np.fft.rfft(out[:, 0] * np.blackman(len(out)))) ** 2
        hz = np.fft.rfftfreq(len(out), 1 / 44_100)
        harmonics = ratio * 441 * np.arange(1, 18)
        away = np.abs(hz[:, np.newaxis] - harmonics).min(axis=1) > ratio * 100
        assert spectrum[away].sum() < 1e-4 * spectrum.sum()


def test_a_note_begins_and_ends_in_time():
    flat = SampleInstrument((Sample(Waveform(np.ones(RATE_HZ), RATE_HZ), 60),))
    sound = play_samples(
        NoteSequence.from_columns([60], [0.25], [0.5], 127), flat, sample_rate_hz=RATE_HZ, peak=None
    )
    amplitude = sound.samples[:, 0]
    begin, release = RATE_HZ // 4, RATE_HZ // 2
    assert len(amplitude) == release + round(RELEASE_S * RATE_HZ)
    assert not amplitude[:begin].any()
    np.testing.assert_allclose(amplitude[begin:release], 1)
    assert (np.diff(amplitude[release:]) < 0).all()  # it fades
    assert amplitude[-1] == 0


def test_a_cut_note_fades_even_when_it_is_played_a_hundred_times_faster():
    flat = SampleInstrument((Sample(Waveform(np.ones(48_000 * 10), 48_000), 0),))
    for pitch in (80, 81, 82):
        piece = NoteSequence.from_columns([pitch], [0], [0.01], 127)
        sound = play_samples(piece, flat, sample_rate_hz=8000, peak=None)
        assert len(sound) == 80 + 240
        assert sound.samples[-1, 0] == 0
        assert sound.samples[40, 0] == pytest.approx(1, abs=0.01)


def test_a_note_longer_than_its_sound_ends_with_it():
    sound = play_samples(NoteSequence.from_columns([81], [0], [3]), A4, sample_rate_hz=RATE_HZ)
    assert sound.length_s == 3
    assert np.abs(sound.samples[: RATE_HZ // 4]).max() == pytest.approx(PEAK)
    assert np.abs(sound.samples[RATE_HZ // 4 + 2 :]).max() == 0  # half as long, an octave up


@given(st.integers(1, 127))
def test_amplitude_is_the_square_of_the_velocity(velocity):
    piece = NoteSequence.from_columns([69], [0], [0.1], velocity)
    sound = play_samples(piece, A4, sample_rate_hz=RATE_HZ, peak=None)
    assert sound.peak == pytest.approx((velocity / 127) ** 2, rel=2e-3)


notes = st.tuples(st.integers(40, 90), st.integers(0, 9), st.integers(0, 9), st.integers(0, 127))


@settings(max_examples=25)
@given(st.lists(notes, min_size=2, max_size=6))
def test_a_chord_is_the_sum_of_its_notes(rows):
    def played(some):
        pitch, onset, length, velocity = np.array(some).T
        onset_s = onset / 10
        piece = NoteSequence.from_columns(pitch, onset_s, onset_s + length / 10, velocity)
        return play_samples(piece, A4, sample_rate_hz=RATE_HZ, peak=None).samples[:, 0]

    expected = np.zeros(60_000)
    for row in rows:
        alone = played([row])
        expected[: len(alone)] += alone
    together = played(rows)
    np.testing.assert_allclose(together, expected[: len(together)], atol=2e-3)
    assert not expected[len(together) :].any()


def test_many_loud_notes_are_not_cut_off():
    piece = NoteSequence.from_columns([69] * 20, [0] * 20, [0.3] * 20, 127)
    raw = play_samples(piece, A4, peak=None)
    assert raw.peak == pytest.approx(20, rel=0.01)
    assert play_samples(piece, A4).peak == pytest.approx(PEAK)


def test_a_note_takes_the_nearest_root():
    low, high = Sample(tone(220.0), 57), Sample(tone(880.0), 81)
    instrument = SampleInstrument((low, high))
    assert [instrument.sample_for(pitch) for pitch in (0, 68, 70, 127)] == [low, low, high, high]
    both = SampleInstrument((low, Sample(tone(300.0), 57)))
    assert both.sample_for(57) is low


def test_drums_sound_as_recorded_to_their_end_whatever_the_key(tmp_path):
    rng = np.random.default_rng(0)
    hits = [rng.uniform(-1, 1, n).astype(np.float32) for n in (1000, 2000, 3000)]
    for name, hit in zip("abc", hits, strict=True):
        write_wav(Waveform(hit, RATE_HZ), tmp_path / f"{name}.wav", as_float=True)
    kit = SampleInstrument.open(tmp_path)
    for pitch, which in ((36, 0), (37, 1), (38, 2), (39, 0), (35, 2), (42, 0)):
        piece = NoteSequence.from_columns([pitch], [0], [0.01], 127)
        sound = play_samples(piece, kit, sample_rate_hz=RATE_HZ, peak=None)
        np.testing.assert_allclose(sound.samples[:, 0] * kit.peak, hits[which], atol=1e-6)


def test_stereo_stays_stereo_and_mono_is_heard_on_both_sides():
    left_only = np.stack([tone(440.0).samples[:, 0], np.zeros(RATE_HZ // 2)], axis=1)
    instrument = SampleInstrument(
        (Sample(Waveform(left_only, RATE_HZ), 69), Sample(tone(880.0), 81))
    )
    piece = NoteSequence.from_columns([69, 81], [0, 1], [0.4, 1.4])
    left, right = play_samples(piece, instrument, sample_rate_hz=RATE_HZ).samples.T
    assert not right[:RATE_HZ].any()
    assert np.array_equal(left[RATE_HZ:], right[RATE_HZ:])
    assert left[:RATE_HZ].any()
    assert right[RATE_HZ:].any()
    assert play_samples(piece, A4).n_channels == 1


@pytest.mark.parametrize("length_s", [0.0, 1.5])
def test_no_notes_are_silence(length_s):
    sound = play_samples(NoteSequence(total_time_s=length_s), A4)
    assert (sound.length_s, sound.peak) == (length_s, 0)


def test_a_lone_wav_is_opened_with_its_root(tmp_path):
    write_wav(tone(440.0), tmp_path / "cat")
    assert SampleInstrument.open(tmp_path / "cat").samples[0].root_pitch == pytest.approx(69, 0.01)
    assert SampleInstrument.open("cat", root_pitch=60).samples[0].root_pitch == 60


def test_the_lowest_and_the_highest_note_of_the_highest_and_the_lowest_sound():
    for root, pitch in ((0, 127), (127, 0)):
        instrument = SampleInstrument((Sample(tone(1000.0), root),))
        piece = NoteSequence.from_columns([pitch], [0], [0.5])
        sound = play_samples(piece, instrument, sample_rate_hz=8000)
        assert np.isfinite(sound.samples).all()
        assert 0.5 <= sound.length_s < 0.6


def test_what_cannot_be_played_is_refused():
    with pytest.raises(SynthesisError, match="an instrument needs a sample; name a WAV or a"):
        SampleInstrument(())
    with pytest.raises(SynthesisError, match="lasts 9000 s and at most 3600 s are played; trim"):
        play_samples(NoteSequence(total_time_s=9000), A4)
