"""Notes to sound, with a SoundFont."""

import importlib.util
import os
from functools import lru_cache
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from solferino.audio.waveform import Waveform, decode_wav
from solferino.errors import MusicFileError, SynthesisError
from solferino.notes.disk import PathOrText, read_bytes, reason
from solferino.notes.midi import midi_bytes
from solferino.notes.sequence import NoteSequence

SOUNDFONT_VARIABLE = "SOLFERINO_SOUNDFONT"
DEFAULT_SOUNDFONT = "TimGM6mb.sf2"
MAX_SOUNDFONT_BYTES = 2**30
MAX_LENGTH_S = 3600.0

TAIL_S = 2.0
"""Time for the last notes to fade away."""

PEAK = 10 ** (-1 / 20)
"""1 dB below full scale."""

_INSTRUMENTS_AT_ONCE = 9  # one channel each, below the drum channel
_CLIPPED = 1.0 - 2.0**-14


def synthesize(
    notes: NoteSequence,
    soundfont: PathOrText | None = None,
    sample_rate_hz: int = 44_100,
    peak: float | None = PEAK,
) -> Waveform:
    """Play a piece with a General MIDI SoundFont.

    Nine instruments are played at a time and added up; among nine, at most 64 voices sound
    at once and the oldest gives way.

    Parameters
    ----------
    notes : NoteSequence
        The piece; programs, drums, control changes and pitch bends are heard.
    soundfont : str or path, optional
        A SoundFont 2 file (``.sf2``). Without it the file that the environment variable
        ``SOLFERINO_SOUNDFONT`` names; without that TimGM6mb.
    sample_rate_hz : int > 0
        Samples a second.
    peak : float in (0, 1], optional
        Amplitude of the loudest sample; None leaves the loudness as it comes, which is low.

    Returns
    -------
    Waveform
        Two channels. It lasts as long as the piece and `TAIL_S`; silence if there are no notes.

    Raises
    ------
    SynthesisError
        If the SoundFont is missing or no SoundFont 2, or the piece lasts more than an hour.
    """
    if notes.total_time_s > MAX_LENGTH_S:
        raise SynthesisError(
            f"the piece lasts {notes.total_time_s:.0f} s and at most "
            f"{MAX_LENGTH_S:.0f} s are played; trim it first"
        )
    font = _soundfont_bytes(soundfont_path(soundfont))
    n_samples = round((notes.total_time_s + TAIL_S) * sample_rate_hz)
    total = np.zeros((n_samples, 2), np.float32)
    for part in _parts(notes):
        sound = _rendered(part, font)
        samples = resampled(sound.samples, sound.sample_rate_hz, sample_rate_hz)[:n_samples]
        total[: len(samples)] += samples
    waveform = Waveform(total, sample_rate_hz)
    return waveform if peak is None else waveform.normalised(peak)


def soundfont_path(soundfont: PathOrText | None = None) -> Path:
    """Return the SoundFont that `synthesize` would play.

    Parameters
    ----------
    soundfont : str or path, optional
        A file; without it the environment, and then the default, decide.

    Raises
    ------
    SynthesisError
        If none is given and the default is not installed.
    """
    chosen = soundfont or os.environ.get(SOUNDFONT_VARIABLE)
    if chosen:
        return Path(chosen)
    package = importlib.util.find_spec("pretty_midi")
    for folder in (package.submodule_search_locations or []) if package else []:
        path = Path(folder) / DEFAULT_SOUNDFONT
        if path.is_file():
            return path
    raise SynthesisError(
        f"no SoundFont: {DEFAULT_SOUNDFONT} comes with the package pretty_midi; install that, "
        f"or name a .sf2 file in {SOUNDFONT_VARIABLE}"
    )


def resampled(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Change the sample rate by cutting or filling the spectrum; no aliases.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, n_channels)
        Amplitudes.
    from_hz, to_hz : int > 0
        Sample rates.

    Returns
    -------
    ndarray of float32, shape (n_samples * to_hz / from_hz, n_channels)
        Rounded up to a whole number of samples.
    """
    if from_hz == to_hz or not len(samples):
        return samples
    divisor = gcd(from_hz, to_hz)
    block_in, block_out = from_hz // divisor, to_hz // divisor
    n_blocks = _smooth(-(-len(samples) // block_in))
    n_in, n_out = n_blocks * block_in, n_blocks * block_out
    spectrum = np.fft.rfft(samples, n=n_in, axis=0)[: n_out // 2 + 1]
    out = np.fft.irfft(spectrum, n=n_out, axis=0) * (n_out / n_in)
    return out[: -(-len(samples) * to_hz // from_hz)].astype(np.float32)


def _smooth(least: int) -> int:
    """Return the next number without prime factors above 5, the lengths that an FFT is fast at."""
    found = 1 << max(least - 1, 0).bit_length()
    fives = 1
    while fives < found:
        odd = fives
        while odd < found:
            power = max(-(-least // odd) - 1, 0).bit_length()
            found = min(found, odd << power)
            odd *= 3
        fives *= 5
    return found


@lru_cache(maxsize=1)
def _soundfont_bytes(path: Path) -> bytes:
    try:
        font = read_bytes(path, MAX_SOUNDFONT_BYTES)
    except MusicFileError as error:
        raise SynthesisError(f"no SoundFont: {error}") from error
    if font[:4] != b"RIFF" or font[8:12] != b"sfbk":
        raise SynthesisError(f"{path} is not a SoundFont 2; name a .sf2 file")
    return font


def _parts(notes: NoteSequence) -> list[NoteSequence]:
    """Split a piece so that each instrument has a channel of its own; drums share theirs."""
    used = np.unique(notes.notes["instrument"])
    groups = np.split(used, range(_INSTRUMENTS_AT_ONCE, len(used), _INSTRUMENTS_AT_ONCE))
    return [
        notes.replace(
            notes=notes.notes[np.isin(notes.notes["instrument"], group)],
            texts=(),
            total_time_s=notes.total_time_s + TAIL_S,
        )
        for group in groups
        if len(group)
    ]


def _rendered(part: NoteSequence, font: bytes) -> Waveform:
    """Play a part; where so much sounds at once that it clips, play its halves and add them."""
    sound = _played(midi_bytes(part), font)
    if sound.peak < _CLIPPED or len(part) < 2:
        return sound
    first, second = (_rendered(part.with_notes(part.notes[k::2]), font) for k in (0, 1))
    n_samples = min(len(first), len(second))
    return Waveform(first.samples[:n_samples] + second.samples[:n_samples], sound.sample_rate_hz)


def _played(midi: bytes, font: bytes) -> Waveform:
    from midirenderer import render_wave_from  # noqa: PLC0415

    try:
        return decode_wav(render_wave_from(font, midi))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # its panics are no Exceptions
        words = reason(error)
        raise SynthesisError(f"the synthesizer failed: {words}; try another SoundFont") from error
