"""Notes to sound, with recorded sounds."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.audio.sample import BUILTIN_SAMPLES, Sample, builtin_sample, read_samples, sample_of
from solferino.audio.synthesis import MAX_LENGTH_S, PEAK, resampled
from solferino.audio.waveform import Waveform
from solferino.errors import SynthesisError
from solferino.notes.columns import Table
from solferino.notes.disk import PathOrText
from solferino.notes.sequence import NoteSequence

RELEASE_S = 0.03
"""How long a sound fades when its note is released."""

_RATIO_ERROR = 2e-5  # 0.03 cents
_MARGIN = 512  # samples of silence around a sound, so that its end does not ring into its start


@final
@dataclass(frozen=True, eq=False)
class SampleInstrument:
    """An instrument that plays recorded sounds.

    The rules of `open`:

    - A lone WAV plays every note, resampled from its pitch, which is given, or in its name
      (``cat_F#3.wav``), or heard. Without a pitch the recording is its C4.
    - In a folder, a name with a pitch (``C4.wav``, ``cat_F#3.wav``; ``060.wav`` or ``cat_60.wav``
      if all are numbered so, from 21 to 108) says the root of its sound. Sounds without one get
      the pitch that is heard, if all of them have a clear one. Otherwise they all are drums.
    - Each note takes the sound with the nearest root (the first by name of two), resampled.
    - Drums lie in order of name on one key each, chromatically from C2 (36), and sound as they
      were recorded, to their end. A folder of nothing but drums begins again above its last key
      and below C2, so that every note is heard.

    Parameters
    ----------
    samples : tuple of Sample
        At least one.

    Raises
    ------
    SynthesisError
        If there is none.
    """

    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        """Check that there is something to play."""
        object.__setattr__(self, "samples", tuple(self.samples))
        if not self.samples:
            raise SynthesisError("an instrument needs a sample; name a WAV or a folder of them")

    @classmethod
    def open(cls, name_or_path: PathOrText, root_pitch: float | None = None) -> Self:
        """Take a sound of the package, a WAV file or a folder of WAV files as an instrument.

        Parameters
        ----------
        name_or_path : str or path
            ``"cat"``, or a file or folder (``"./cat"`` if it has that name).
        root_pitch : float in [0, 127], optional
            MIDI number of the pitch of a lone sound; without it, it is found.

        Raises
        ------
        SynthesisError
            If there is no such sound, or it cannot be played.
        """
        if name_or_path in BUILTIN_SAMPLES:
            name = str(name_or_path)
            return cls((sample_of(builtin_sample(name), root_pitch, name),))
        return cls(read_samples(name_or_path, root_pitch))

    @property
    def n_channels(self) -> int:
        """Two if any of its sounds has two channels."""
        return max(sample.sound.n_channels for sample in self.samples)

    @property
    def peak(self) -> float:
        """Largest amplitude of its sounds; a note of full velocity is played at 1 / peak."""
        return max(sample.sound.peak for sample in self.samples)

    def sample_for(self, pitch: int) -> Sample:
        """Return the sound that plays a key.

        Parameters
        ----------
        pitch : int in [0, 127]
            MIDI number of the key.
        """
        drums = [sample for sample in self.samples if sample.is_one_shot]
        tuned = [sample for sample in self.samples if not sample.is_one_shot]
        for drum in drums:
            if drum.root_pitch == pitch:
                return drum
        if tuned:
            return min(tuned, key=lambda sample: abs(sample.root_pitch - pitch))
        return drums[int(pitch - drums[0].root_pitch) % len(drums)]


def play_samples(
    notes: NoteSequence,
    instrument: SampleInstrument,
    *,
    sample_rate_hz: int = 44_100,
    peak: float | None = PEAK,
) -> Waveform:
    """Play a piece with recorded sounds.

    A note shorter than its sound fades within `RELEASE_S` after its release; a longer one ends
    with the sound; a drum sounds to its end. Amplitude grows with the square of the velocity.
    All instruments of the piece are played, without control changes and pitch bends.

    Parameters
    ----------
    notes : NoteSequence
        The piece.
    instrument : SampleInstrument
        What plays it.
    sample_rate_hz : int > 0
        Samples a second.
    peak : float in (0, 1], optional
        Amplitude of the loudest sample; None leaves the sum of the notes, in which the loudest
        sound at velocity 127 has amplitude 1.

    Returns
    -------
    Waveform
        As many channels as the instrument. It lasts as long as the piece, and longer if a sound
        does.

    Raises
    ------
    SynthesisError
        If the piece lasts more than an hour.
    """
    if notes.total_time_s > MAX_LENGTH_S:
        raise SynthesisError(
            f"the piece lasts {notes.total_time_s:.0f} s and at most "
            f"{MAX_LENGTH_S:.0f} s are played; trim it first"
        )
    rows = notes.notes
    keys = [_key(rows[rows["pitch"] == pitch], instrument, sample_rate_hz)
            for pitch in np.unique(rows["pitch"])]  # fmt: skip
    ends = [max(start + len(clip) for start, clip in key) for key in keys]
    n_samples = max([round(notes.total_time_s * sample_rate_hz), *ends])
    total = np.zeros((n_samples, instrument.n_channels), np.float32)
    for key in keys:
        for start, clip in key:
            total[start : start + len(clip)] += clip
    waveform = Waveform(total, sample_rate_hz)
    return waveform if peak is None else waveform.normalised(peak)


def repitched(
    samples: NDArray[np.float32], sample_rate_hz: int, ratio: float, to_hz: int
) -> NDArray[np.float32]:
    """Play a sound faster or slower, without aliases.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, n_channels)
        Amplitudes.
    sample_rate_hz : int > 0
        Sample rate they have.
    ratio : float > 0
        How many times faster: 2 is an octave higher and half as long.
    to_hz : int > 0
        Sample rate to return.

    Returns
    -------
    ndarray of float32, shape (n_samples / ratio * to_hz / sample_rate_hz, n_channels)
        Rounded up to a whole number of samples. The pitch is exact to 0.05 cents.
    """
    step = _fraction(ratio * sample_rate_hz / to_hz)
    silence = ((0, _MARGIN + ceil(step)), (0, 0))
    padded = resampled(np.pad(samples, silence), step.numerator, step.denominator)
    return padded[: ceil(len(samples) / step)]


def _fraction(value: float) -> Fraction:
    """Return a fraction of small numbers that is near enough."""
    largest = 16
    while True:
        near = Fraction(value).limit_denominator(largest)
        if abs(near - Fraction(value)) <= _RATIO_ERROR * value:
            return near
        largest *= 2


def _key(
    rows: Table, instrument: SampleInstrument, sample_rate_hz: int
) -> list[tuple[int, NDArray[np.float32]]]:
    """Return start and sound of each note on one key, in samples."""
    sample = instrument.sample_for(int(rows["pitch"][0]))
    lengths_s = rows["release_s"] - rows["onset_s"]
    sound = _sounding(sample, int(rows["pitch"][0]), float(lengths_s.max()), sample_rate_hz)
    gains = (rows["velocity"] / 127.0) ** 2 / instrument.peak
    return [
        (
            round(onset_s * sample_rate_hz),
            gain * (sound if sample.is_one_shot else _released(sound, length_s, sample_rate_hz)),
        )
        for onset_s, length_s, gain in zip(
            rows["onset_s"].tolist(), lengths_s.tolist(), gains.astype(np.float32), strict=True
        )
    ]


def _sounding(
    sample: Sample, pitch: int, longest_s: float, sample_rate_hz: int
) -> NDArray[np.float32]:
    """Return a sound at a pitch, as much of it as the longest note needs."""
    samples, from_hz = sample.sound.samples, sample.sound.sample_rate_hz
    if sample.is_one_shot:
        return repitched(samples, from_hz, 1.0, sample_rate_hz)
    ratio = 2.0 ** ((pitch - sample.root_pitch) / 12.0)
    step = ratio * from_hz / sample_rate_hz
    needed = ceil((longest_s + RELEASE_S) * ratio * from_hz + 2 * step) + _MARGIN
    return repitched(samples[:needed], from_hz, ratio, sample_rate_hz)


def _released(
    sound: NDArray[np.float32], length_s: float, sample_rate_hz: int
) -> NDArray[np.float32]:
    """Return the part of a sound that a note plays, faded if it is cut."""
    begin = round(length_s * sample_rate_hz)
    n_fading = max(1, round(RELEASE_S * sample_rate_hz))
    if begin + n_fading >= len(sound):
        return sound
    played = sound[: begin + n_fading].copy()
    slope = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_fading + 1) / n_fading)
    played[begin:] *= slope[:, np.newaxis].astype(np.float32)
    return played
