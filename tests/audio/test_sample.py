"""Recorded sounds become samples with a root, or say why not."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.audio.sample import (
    MAX_SAMPLE_BYTES,
    Sample,
    builtin_sample,
    pitches_in_names,
    read_samples,
    sample_of,
)
from solferino.audio.waveform import Waveform, write_wav
from solferino.errors import SynthesisError

RATE_HZ = 16_000
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def tone(midi: float, length_s: float = 0.3) -> Waveform:
    hz = 440 * 2 ** ((midi - 69) / 12)
    times_s = np.arange(round(RATE_HZ * length_s)) / RATE_HZ
    return Waveform(0.5 * np.sin(2 * np.pi * hz * times_s), RATE_HZ)


def hiss(seed: int = 0) -> Waveform:
    return Waveform(np.random.default_rng(seed).uniform(-0.5, 0.5, 2000), RATE_HZ)


def roots(samples):
    return [round(float(sample.root_pitch), 1) for sample in samples]


@given(st.integers(12, 127), st.sampled_from(["{}", "cat_{}", "412017__cat {}", "{}_loud"]))
def test_a_letter_and_an_octave_in_a_name_are_a_pitch(pitch, pattern):
    letter, octave = SHARPS[pitch % 12], pitch // 12 - 1
    for name in (f"{letter}{octave}", f"{letter.lower()}{octave}"):
        assert pitches_in_names([pattern.format(name)]) == [pitch]


@pytest.mark.parametrize(
    ("names", "pitches"),
    [
        (["Bb2", "bb2", "B♭2", "A#2", "cat_F♯3"], [46, 46, 46, 46, 54]),
        (["060", "072"], [60, 72]),
        (["cat_60", "cat-61", "cat 62"], [60, 61, 62]),
        (["C4", "cat_65"], [60, 65]),
        (["snare_01", "snare_02"], [None, None]),  # a count, not pitches
        (["hit_20", "hit_21", "hit_22"], [None, None, None]),
        (["a_60", "b_60"], [None, None]),
        (["kick", "C4"], [None, 60]),
        (["sub2", "take10", "mp3", "G9", "G#9"], [None, None, None, 127, None]),
    ],
)
def test_names_carry_pitches_or_do_not(names, pitches):
    assert pitches_in_names(names) == pitches


def test_a_lone_sound_has_the_pitch_that_is_heard(tmp_path):
    write_wav(tone(64.3), tmp_path / "meow.wav")
    for path in (tmp_path, tmp_path / "meow.wav"):
        assert roots(read_samples(path)) == [64.3]
        assert roots(read_samples(path, root_pitch=50)) == [50]


def test_a_lone_sound_has_the_pitch_of_its_name_or_else_middle_c(tmp_path):
    write_wav(tone(64.3), tmp_path / "meow_D5.wav")
    assert roots(read_samples(tmp_path)) == [74]
    (sample,) = (sample_of(hiss()),)
    assert (sample.root_pitch, sample.is_one_shot) == (60, False)


def test_a_folder_of_tones_has_the_pitches_of_names_and_ears(tmp_path):
    for name, midi in (("a_low", 50.0), ("C4", 61.0), ("z", 76.0)):
        write_wav(tone(midi), tmp_path / f"{name}.WAV")
    (tmp_path / "._z.wav").write_bytes(b"left by a copy")
    (tmp_path / "notes.txt").write_text("no sound")
    samples = read_samples(tmp_path)
    assert roots(samples) == [60, 50, 76]  # in order of name: C4, a_low, z
    assert not any(sample.is_one_shot for sample in samples)


def test_a_folder_with_an_unclear_sound_is_a_drum_kit_from_the_kick_up(tmp_path):
    for name, sound in (("a kick", tone(40)), ("b snare", hiss(1)), ("c hat", hiss(2))):
        write_wav(sound, tmp_path / f"{name}.wav")
    samples = read_samples(tmp_path)
    assert roots(samples) == [36, 37, 38]
    assert all(sample.is_one_shot for sample in samples)
    write_wav(tone(50), tmp_path / "C5.wav")
    assert [(s.root_pitch, s.is_one_shot) for s in read_samples(tmp_path)] == [
        (72, False), (36, True), (37, True), (38, True),
    ]  # fmt: skip


def wav_bytes(tag, bits, n_channels, rate_hz, data):
    frame = n_channels * bits // 8
    form = struct.pack("<HHIIHH", tag, n_channels, rate_hz, rate_hz * frame, frame, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 44_100, 96_000])
@pytest.mark.parametrize(("tag", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
def test_every_kind_of_wav_is_a_sample(tmp_path, tag, bits, rate_hz, n_channels):
    wave = 0.5 * np.sin(2 * np.pi * 500 * np.arange(rate_hz // 4) / rate_hz)
    wave = np.repeat(wave[:, np.newaxis], n_channels, axis=1)
    if tag == 3:
        data = wave.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = np.rint(wave * 128 + 128).astype(np.uint8).tobytes()
    else:
        whole = np.rint(wave * 2.0 ** (bits - 1)).astype("<i4").reshape(-1, 1)
        data = whole.view(np.uint8)[:, : bits // 8].tobytes()
    (tmp_path / "a.wav").write_bytes(wav_bytes(tag, bits, n_channels, rate_hz, data))
    (sample,) = read_samples(tmp_path / "a.wav")
    assert sample.sound.n_channels == n_channels
    assert sample.sound.peak == pytest.approx(0.5, abs=0.01)
    assert 440 * 2 ** ((sample.root_pitch - 69) / 12) == pytest.approx(500, rel=0.002)


def test_the_cat_is_a_short_loud_meow_without_silence_around_it():
    cat = builtin_sample("cat")
    assert (cat.n_channels, cat.sample_rate_hz) == (1, 24_000)
    assert cat.length_s == pytest.approx(0.6)
    assert cat.peak == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    amplitude = np.abs(cat.samples[:, 0])
    assert amplitude[:480].max() > 0.02  # it begins in its first 20 ms
    assert amplitude[-960:].max() > 0.002  # and lasts to its last 40
    assert sample_of(cat).root_pitch == pytest.approx(74.7, abs=0.1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"these are words, not a sound", r"no sample: .*a.wav is not a WAV file .*; export it"),
        (b"", r"no sample: .*a.wav is empty \(0 bytes\)"),
        (wav_bytes(1, 16, 1, 8000, b""), r"a.wav .*(silent|damaged)"),
        (wav_bytes(1, 16, 1, 8000, bytes(2000)), r"a.wav is silent; record or export it again"),
        (wav_bytes(1, 16, 3, 8000, b"\1\2" * 99), r"a.wav has 3 channels; mix it down to one or"),
        (wav_bytes(1, 16, 1, 8, b"\1\2" * 999), r"a.wav lasts 125 s and a sample at most 120 s"),
        (wav_bytes(3, 32, 1, 8000, b"\xff" * 400), r"a.wav is damaged .*samples must be finite"),
    ],
)
def test_what_is_no_sound_is_refused_in_one_line(tmp_path, data, message):
    (tmp_path / "a.wav").write_bytes(data)
    (tmp_path / "folder").mkdir()
    write_wav(tone(60), tmp_path / "folder" / "C4.wav")
    (tmp_path / "folder" / "a.wav").write_bytes(data)
    for path in (tmp_path / "a.wav", tmp_path / "folder"):
        with pytest.raises(SynthesisError, match=message) as error:
            read_samples(path)
        assert "\n" not in str(error.value)


def test_a_huge_wav_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(MAX_SAMPLE_BYTES + 2**20)
    with pytest.raises(SynthesisError, match=r"no sample: .*a.wav has 33 MB and at most 32 MB"):
        read_samples(tmp_path / "a.wav")


def test_a_folder_that_is_no_instrument(tmp_path):
    with pytest.raises(SynthesisError, match="has no WAV file; put sounds there, or name another"):
        read_samples(tmp_path)
    for k in range(129):
        (tmp_path / f"{k}.wav").touch()
    with pytest.raises(SynthesisError, match="has 129 WAVs and an instrument at most 128; remove"):
        read_samples(tmp_path)
    with pytest.raises(SynthesisError, match=r"no sample: .*none.wav does not exist; check the"):
        read_samples(tmp_path / "none.wav")


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    with pytest.raises(SynthesisError, match=r"cannot be read \(Permission denied\); check it"):
        read_samples(tmp_path)


def test_a_root_is_for_one_sound_and_on_the_keyboard(tmp_path):
    for name in ("a", "b"):
        write_wav(tone(60), tmp_path / f"{name}.wav")
    with pytest.raises(SynthesisError, match="has 2 WAVs and root_pitch is for one; write the"):
        read_samples(tmp_path, root_pitch=60)
    with pytest.raises(SynthesisError, match=r"the sample has the root pitch 128; give one in 0"):
        Sample(tone(60), 128)


def test_an_unknown_builtin_sample():
    with pytest.raises(SynthesisError, match="there is no built-in sample 'dog'; there is cat"):
        builtin_sample("dog")
