"""Waveform: sound in memory, and WAV files."""

import struct
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import MusicFileError
from solferino.notes.disk import PathOrText, read_bytes, write_beside

MAX_WAV_BYTES = 2**30
MAX_SAMPLE_RATE_HZ = 768_000

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FULL_SCALE_16 = 32_767.0


@final
@dataclass(frozen=True, eq=False)
class Waveform:
    """Sound as samples that cannot be written.

    Parameters
    ----------
    samples : array_like of float32, shape (n_samples, n_channels) or (n_samples,)
        Amplitudes; full scale is [-1, 1]. One dimension means one channel.
    sample_rate_hz : int > 0
        Samples a second.

    Raises
    ------
    ValueError
        If the shape, the rate or a sample cannot be.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int

    def __post_init__(self) -> None:
        """Keep a copy of two dimensions that cannot be written, and check it."""
        samples = np.array(self.samples, np.float32)
        if samples.ndim == 1:
            samples = samples[:, np.newaxis]
        if samples.ndim != 2 or samples.shape[1] < 1:
            raise ValueError(f"samples must be (n_samples, n_channels), not {samples.shape}")
        if not np.isfinite(samples).all():
            raise ValueError("samples must be finite")
        if not 0 < self.sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
            raise ValueError(f"sample_rate_hz must be in 1..{MAX_SAMPLE_RATE_HZ}")
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz

    @property
    def peak(self) -> float:
        """Largest absolute amplitude; 0 for silence."""
        return float(np.abs(self.samples).max(initial=0.0))

    def normalised(self, peak: float = 1.0) -> Self:
        """Return it with its largest amplitude at `peak`; silence stays silence.

        Parameters
        ----------
        peak : float in (0, 1]
            Amplitude to reach; ``10 ** (-1 / 20)`` is 1 dB below full scale.
        """
        if not 0 < peak <= 1:
            raise ValueError(f"peak must be above 0 and at most 1, not {peak}")
        factor = np.float32(peak / self.peak) if self.peak else np.float32(1.0)
        return type(self)(self.samples * factor, self.sample_rate_hz)

    def mono(self) -> Self:
        """Return the mean of its channels as one channel."""
        return type(self)(self.samples.mean(axis=1), self.sample_rate_hz)

    def wav_bytes(self, *, as_float: bool = False) -> bytes:
        """Return the content of a WAV file.

        Parameters
        ----------
        as_float : bool
            32-bit floats, exact, instead of 16-bit integers, which every player reads and
            which clip beyond full scale.
        """
        tag, width = (_FLOAT, 4) if as_float else (_PCM, 2)
        if as_float:
            data = self.samples.astype("<f4").tobytes()
        else:
            clipped = np.clip(self.samples, -1.0, 1.0) * _FULL_SCALE_16
            data = np.rint(clipped).astype("<i2").tobytes()
        frame = width * self.n_channels
        rate = self.sample_rate_hz
        chunk = struct.pack("<HHIIHH", tag, self.n_channels, rate, rate * frame, frame, width * 8)
        head = b"WAVEfmt " + struct.pack("<I", len(chunk)) + chunk
        head += b"data" + struct.pack("<I", len(data))
        return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data

    def __len__(self) -> int:
        """Return the number of samples of each channel."""
        return len(self.samples)

    def __eq__(self, other: object) -> bool:
        """Equal when rate, shape and all samples are."""
        if not isinstance(other, Waveform):
            return NotImplemented
        same_rate = self.sample_rate_hz == other.sample_rate_hz
        return same_rate and np.array_equal(self.samples, other.samples)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how long it is."""
        return (
            f"<Waveform: {self.length_s:.2f} s, {self.n_channels} channels, "
            f"{self.sample_rate_hz} Hz>"
        )


def write_wav(sound: Waveform, path: PathOrText, *, as_float: bool = False) -> None:
    """Write a WAV file; it is there whole or not at all.

    Parameters
    ----------
    sound : Waveform
        The sound.
    path : str or path
        Where.
    as_float : bool
        As in `Waveform.wav_bytes`.

    Raises
    ------
    MusicFileError
        If the file cannot be written.
    """
    write_beside(path, sound.wav_bytes(as_float=as_float))


def read_wav(path: PathOrText, max_bytes: int = MAX_WAV_BYTES) -> Waveform:
    """Read a WAV file of 8, 16, 24 or 32-bit integers or of 32 or 64-bit floats.

    Parameters
    ----------
    path : str or path
        The file.
    max_bytes : int
        Largest size that is read.

    Raises
    ------
    MusicFileError
        If it is no such file, or damaged.
    """
    return decode_wav(read_bytes(path, max_bytes), str(path))


def decode_wav(data: bytes, name: str = "the WAV data") -> Waveform:
    """Read the content of a WAV file; see `read_wav`.

    Parameters
    ----------
    data : bytes
        The content.
    name : str
        What to call it in errors.

    Raises
    ------
    MusicFileError
        If it is no such file, or damaged.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise MusicFileError(f"{name} is not a WAV file (no RIFF header); export it as WAV")
    try:
        return _decoded(_chunks(data))
    except (ValueError, KeyError, struct.error) as error:
        words = "it has no format or no data" if isinstance(error, KeyError) else str(error)
        raise MusicFileError(
            f"{name} is damaged or of another kind: {words}; export it as 16-bit WAV"
        ) from error


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Split a RIFF file into its chunks; the last may be cut off."""
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        chunks.setdefault(name, data[position + 8 : position + 8 + size])
        position += 8 + size + size % 2
    return chunks


def _decoded(chunks: dict[bytes, bytes]) -> Waveform:
    form = chunks[b"fmt "]
    tag, n_channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE:
        (tag,) = struct.unpack_from("<H", form, 24)
    if tag not in (_PCM, _FLOAT) or not n_channels or bits % 8 or not bits:
        raise ValueError(f"its format {tag} with {bits} bits is not read")
    frame = n_channels * bits // 8
    data = chunks[b"data"]
    samples = _amplitudes(data[: len(data) // frame * frame], tag, bits)
    return Waveform(samples.reshape(-1, n_channels), rate)


def _amplitudes(data: bytes, tag: int, bits: int) -> NDArray[np.floating]:
    """Read raw samples as amplitudes; the divisors are those that `wav_bytes` uses."""
    if tag == _FLOAT and bits in (32, 64):
        return np.frombuffer(data, f"<f{bits // 8}")
    if tag == _PCM and bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / 128.0
    if tag == _PCM and bits == 16:
        return np.maximum(np.frombuffer(data, "<i2") / np.float32(_FULL_SCALE_16), -1.0)
    if tag == _PCM and bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0] / 2.0**31
    if tag == _PCM and bits == 32:
        return np.frombuffer(data, "<i4") / 2.0**31
    raise ValueError(f"its format {tag} with {bits} bits is not read")
