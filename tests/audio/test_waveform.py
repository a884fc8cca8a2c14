"""Sound survives a WAV file."""

import struct
import wave

import numpy as np
import pytest

from solferino.audio.waveform import Waveform, decode_wav, read_wav, write_wav
from solferino.errors import MusicFileError

RATE_HZ = 8000


def noise(n_channels: int = 2) -> Waveform:
    """Return a tenth of a second of noise."""
    rng = np.random.default_rng(1)
    return Waveform(rng.uniform(-1, 1, (800, n_channels)), RATE_HZ)


@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_16_bits_keep_a_sound_to_half_a_step(tmp_path, n_channels):
    sound = noise(n_channels)
    write_wav(sound, tmp_path / "a.wav")
    back = read_wav(tmp_path / "a.wav")
    assert back.sample_rate_hz == RATE_HZ
    np.testing.assert_allclose(back.samples, sound.samples, atol=0.51 / 32767)
    write_wav(back, tmp_path / "b.wav")
    assert read_wav(tmp_path / "b.wav") == back


def test_floats_keep_a_sound_exactly(tmp_path):
    sound = Waveform(noise().samples * 3, RATE_HZ)
    write_wav(sound, tmp_path / "a.wav", as_float=True)
    assert read_wav(tmp_path / "a.wav") == sound


def test_other_programs_read_our_files(tmp_path):
    write_wav(Waveform([0.0, 1.0, -1.0, 2.0], RATE_HZ), tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:4] == (1, 2, RATE_HZ, 4)
        samples = np.frombuffer(file.readframes(4), "<i2")
    assert samples.tolist() == [0, 32767, -32767, 32767]  # beyond full scale is clipped


def wav_of(tag: int, bits: int, data: bytes, *, extended: bool = False) -> bytes:
    """Return a WAV file of one channel."""
    form = struct.pack("<HHIIHH", 0xFFFE if extended else tag, 1, RATE_HZ, 0, bits // 8, bits)
    if extended:
        form += struct.pack("<HHIH", 22, bits, 0, tag) + b"\0" * 14
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # odd chunks are padded
    for name, content in ((b"fmt ", form), (b"data", data)):
        chunks += name + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("tag", "bits", "data"),
    [
        (1, 8, bytes([128, 192, 0])),
        (1, 16, struct.pack("<3h", 0, 16384, -32768)),
        (1, 24, bytes([0, 0, 0, 0, 0, 0x40, 0, 0, 0x80])),
        (1, 32, struct.pack("<3i", 0, 2**30, -(2**31))),
        (3, 32, struct.pack("<3f", 0, 0.5, -1)),
        (3, 64, struct.pack("<3d", 0, 0.5, -1)),
    ],
)
@pytest.mark.parametrize("extended", [False, True])
def test_usual_formats_are_read(tag, bits, data, extended):
    sound = decode_wav(wav_of(tag, bits, data, extended=extended))
    np.testing.assert_allclose(sound.samples[:, 0], [0, 0.5, -1], atol=1e-4)


def test_a_file_that_was_cut_off_gives_what_is_there():
    data = noise().wav_bytes()
    assert len(decode_wav(data[: len(data) // 2 + 1])) == 394


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"OggS", "is not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "it has no format or no data"),
        (wav_of(2, 4, b""), "its format 2 with 4 bits is not read"),
        (wav_of(1, 48, b""), "its format 1 with 48 bits is not read"),
        (wav_of(3, 32, struct.pack("<f", float("nan"))), "samples must be finite"),
        (b"RIFF\0\0\0\0WAVEfmt \2\0\0\0ab", "unpack_from requires"),
    ],
)
def test_damage_is_named(data, message):
    with pytest.raises(MusicFileError, match=f"^the WAV data .*{message}.*; export it as"):
        decode_wav(data)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "message"),
    [
        (np.zeros((2, 2, 2)), 8000, "samples must be"),
        ([np.inf], 8000, "samples must be finite"),
        ([0.0], 0, "sample_rate_hz must be in 1"),
    ],
)
def test_a_waveform_checks_itself(samples, rate_hz, message):
    with pytest.raises(ValueError, match=message):
        Waveform(samples, rate_hz)


def test_normalising_reaches_the_peak_and_leaves_silence_alone():
    assert Waveform([0.1, -0.2], RATE_HZ).normalised(0.5).peak == pytest.approx(0.5)
    assert Waveform([0.0], RATE_HZ).normalised().peak == 0
    with pytest.raises(ValueError, match="peak must be above 0 and at most 1, not 2"):
        noise().normalised(2)


def test_a_waveform_cannot_be_written():
    sound = noise()
    with pytest.raises(ValueError, match="read-only"):
        sound.samples[0] = 1
    assert sound != noise(1)
    assert sound != "sound"


def test_mono_is_the_mean():
    assert Waveform([[0.0, 1.0], [0.5, 0.5]], RATE_HZ).mono().samples.tolist() == [[0.5], [0.5]]


def test_a_waveform_says_how_long_it_is():
    assert repr(noise()) == "<Waveform: 0.10 s, 2 channels, 8000 Hz>"
    assert (noise().length_s, noise().n_channels) == (0.1, 2)
