"""Sample: a recorded sound and the pitch at which it sounds as it was recorded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import final

from solferino.audio.pitch import CLEAR, estimate_pitch
from solferino.audio.waveform import Waveform, decode_wav, read_wav
from solferino.errors import MusicFileError, SynthesisError
from solferino.notes.disk import PathOrText, reason

BUILTIN_SAMPLES = ("cat",)

MAX_SAMPLE_BYTES = 32 * 2**20
MAX_SAMPLE_LENGTH_S = 120.0
MAX_SAMPLES = 128

FIRST_DRUM_PITCH = 36
"""C2, where General MIDI has its bass drum."""

MIDDLE_C = 60
"""C4: the root of a lone sound without a pitch."""

_LONE_CLARITY = 0.5  # a doubtful pitch is still a better root than any other
_SILENCE = 1e-5
_SUFFIXES = (".wav", ".wave")
_LETTER = re.compile(r"(?<![0-9A-Za-z])([A-Ga-g])([#♯b♭]?)([0-9])(?![0-9A-Za-z])")
_NUMBER = re.compile(r"(?:^|[_\- ])([0-9]{2,3})$")
_KEYBOARD = range(21, 109)
_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ALTERATIONS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


@final
@dataclass(frozen=True, eq=False)
class Sample:
    """One recorded sound of an instrument.

    Parameters
    ----------
    sound : Waveform
        One or two channels, at most two minutes.
    root_pitch : float in [0, 127]
        MIDI number of the pitch that the recording has; it may lie between two keys.
    is_one_shot : bool
        Whether it is struck like a drum: played as recorded, to its end, by one key.
    name : str
        What to call it in errors.

    Raises
    ------
    SynthesisError
        If nothing can be played with it.
    """

    sound: Waveform
    root_pitch: float
    is_one_shot: bool = False
    name: str = "the sample"

    def __post_init__(self) -> None:
        """Check that it can be heard."""
        if not 0 <= self.root_pitch <= 127:
            raise SynthesisError(
                f"{self.name} has the root pitch {self.root_pitch:g}; give one in 0..127"
            )
        if self.sound.n_channels > 2:
            raise SynthesisError(
                f"{self.name} has {self.sound.n_channels} channels; mix it down to one or two"
            )
        if self.sound.length_s > MAX_SAMPLE_LENGTH_S:
            raise SynthesisError(
                f"{self.name} lasts {self.sound.length_s:.0f} s and a sample at most "
                f"{MAX_SAMPLE_LENGTH_S:.0f} s; cut out one sound"
            )
        if self.sound.peak < _SILENCE:
            raise SynthesisError(f"{self.name} is silent; record or export it again")


def builtin_sample(name: str) -> Waveform:
    """Return a recorded sound that comes with the package.

    Parameters
    ----------
    name : str
        One of `BUILTIN_SAMPLES`.

    Raises
    ------
    SynthesisError
        If there is no such sound.
    """
    if name not in BUILTIN_SAMPLES:
        raise SynthesisError(
            f"there is no built-in sample {name!r}; there is {', '.join(BUILTIN_SAMPLES)}"
        )
    file = files("solferino.audio").joinpath("samples", f"{name}.wav")
    return decode_wav(file.read_bytes(), f"{name}.wav")


def sample_of(sound: Waveform, root_pitch: float | None = None, name: str = "the sample") -> Sample:
    """Make a sample of a sound.

    Parameters
    ----------
    sound : Waveform
        The sound.
    root_pitch : float in [0, 127], optional
        Its pitch; without it the pitch that is heard, and C4 if there is none.
    name : str
        What to call it in errors.

    Raises
    ------
    SynthesisError
        As `Sample`.
    """
    if root_pitch is None:
        sample = Sample(sound, MIDDLE_C, name=name)  # checked before it is listened to
        heard = _heard_pitch(sound, _LONE_CLARITY)
        return sample if heard is None else Sample(sound, heard, name=name)
    return Sample(sound, root_pitch, name=name)


def read_samples(path: PathOrText, root_pitch: float | None = None) -> tuple[Sample, ...]:
    """Read the samples of an instrument from a WAV file, or from a folder of them.

    Parameters
    ----------
    path : str or path
        The file, or the folder, of which hidden files and subfolders are left out.
    root_pitch : float in [0, 127], optional
        Pitch of a lone WAV.

    Returns
    -------
    tuple of Sample
        By the rules that `solferino.audio.sampler.SampleInstrument` states.

    Raises
    ------
    SynthesisError
        If there is no WAV, or one cannot be read or played.
    """
    place = Path(path)
    paths = _wavs_in(place) if place.is_dir() else [place]
    if len(paths) > 1 and root_pitch is not None:
        raise SynthesisError(
            f"{place} has {len(paths)} WAVs and root_pitch is for one; "
            "write the pitches into their names, like C4.wav"
        )
    sounds = [_read_sound(wav) for wav in paths]
    if len(paths) == 1:
        named = _pitch_of_letter(paths[0].stem) if root_pitch is None else root_pitch
        return (sample_of(sounds[0], named, str(paths[0])),)
    return _arranged(paths, sounds)


def pitches_in_names(names: Sequence[str]) -> list[int | None]:
    """Read the pitches that the names of sounds carry.

    Parameters
    ----------
    names : sequence of str
        Names without suffix: ``C4``, ``cat_F#3``, ``060``, ``cat_60``.

    Returns
    -------
    list of int or None
        MIDI numbers; C4 is 60. Numbers count only if every name without a letter ends in
        one, all differ, and all lie on a piano (21 to 108), because others are mere counts.
    """
    pitches = [_pitch_of_letter(name) for name in names]
    others = [k for k, pitch in enumerate(pitches) if pitch is None]
    matches = [_NUMBER.search(names[k]) for k in others]
    numbers = [int(match[1]) if match else -1 for match in matches]
    if len(set(numbers)) == len(numbers) and all(number in _KEYBOARD for number in numbers):
        for k, number in zip(others, numbers, strict=True):
            pitches[k] = number
    return pitches


def _wavs_in(folder: Path) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES]
    except OSError as error:
        raise SynthesisError(f"{folder} cannot be read ({reason(error)}); check it") from error
    wavs = sorted(path for path in paths if not path.name.startswith("."))
    if not wavs:
        raise SynthesisError(f"{folder} has no WAV file; put sounds there, or name another folder")
    if len(wavs) > MAX_SAMPLES:
        raise SynthesisError(
            f"{folder} has {len(wavs)} WAVs and an instrument at most {MAX_SAMPLES}; remove some"
        )
    return wavs


def _read_sound(path: Path) -> Waveform:
    try:
        return read_wav(path, MAX_SAMPLE_BYTES)
    except MusicFileError as error:
        raise SynthesisError(f"no sample: {error}") from error


def _arranged(paths: Sequence[Path], sounds: Sequence[Waveform]) -> tuple[Sample, ...]:
    """Give each sound of a folder its root."""
    roots: list[float | None] = list(pitches_in_names([path.stem for path in paths]))
    for path, sound in zip(paths, sounds, strict=True):
        Sample(sound, MIDDLE_C, name=str(path))  # checked before it is listened to
    nameless = [k for k, root in enumerate(roots) if root is None]
    heard = [_heard_pitch(sounds[k], CLEAR) for k in nameless]
    are_drums = any(pitch is None for pitch in heard)
    for place, (k, pitch) in enumerate(zip(nameless, heard, strict=True)):
        roots[k] = FIRST_DRUM_PITCH + place if are_drums else pitch
    return tuple(
        Sample(
            sound, root if root is not None else MIDDLE_C, are_drums and k in nameless, str(path)
        )
        for k, (path, sound, root) in enumerate(zip(paths, sounds, roots, strict=True))
    )


def _heard_pitch(sound: Waveform, least_clarity: float) -> float | None:
    pitch = estimate_pitch(sound.samples, sound.sample_rate_hz)
    return min(max(pitch.midi, 0.0), 127.0) if pitch.clarity >= least_clarity else None


def _pitch_of_letter(name: str) -> int | None:
    matches = _LETTER.findall(name)
    if not matches:
        return None
    letter, alteration, octave = matches[-1]
    pitch = 12 * (int(octave) + 1) + _SEMITONES[letter.lower()] + _ALTERATIONS[alteration]
    return pitch if pitch <= 127 else None
