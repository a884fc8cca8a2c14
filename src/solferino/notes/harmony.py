"""Keys, scales and chord symbols."""

import difflib
import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

SCALES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "major": (0, 2, 4, 5, 7, 9, 11),
        "minor": (0, 2, 3, 5, 7, 8, 10),
        "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
        "melodic minor": (0, 2, 3, 5, 7, 9, 11),
        "dorian": (0, 2, 3, 5, 7, 9, 10),
        "phrygian": (0, 1, 3, 5, 7, 8, 10),
        "lydian": (0, 2, 4, 6, 7, 9, 11),
        "mixolydian": (0, 2, 4, 5, 7, 9, 10),
        "locrian": (0, 1, 3, 5, 6, 8, 10),
        "major pentatonic": (0, 2, 4, 7, 9),
        "minor pentatonic": (0, 3, 5, 7, 10),
        "blues": (0, 3, 5, 6, 7, 10),
        "whole tone": (0, 2, 4, 6, 8, 10),
        "chromatic": tuple(range(12)),
    }
)
"""Semitones above the tonic of each scale, going up."""

PITCH_CLASS_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""How each pitch class is spelled when nothing else decides it."""

LETTER_PITCH_CLASSES: Mapping[str, int] = MappingProxyType(
    {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
)
"""Pitch class of each letter."""

_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1, "##": 2, "bb": -2}
_TONICS = tuple(
    letter + accidental for letter in LETTER_PITCH_CLASSES for accidental in ("", "#", "b")
)
_MODES = {"": "major", "M": "major", "maj": "major", "m": "minor", "min": "minor"}
_KEY = re.compile(r"\s*([A-Ga-g])(##|bb|[#b♯♭]?)[\s_-]*([A-Za-z _-]*?)\s*")
_CHORD_NOTE = re.compile(r"(?:^|(?<=/))([A-G])(##|bb|[#b♯♭]?)")

_IN_MAJOR_KEY = np.array(
    [[(pitch - tonic) % 12 in SCALES["major"] for pitch in range(12)] for tonic in range(12)]
)


def parse_key(name: str) -> tuple[int, str]:
    """Read the name of a key.

    Parameters
    ----------
    name : str
        A tonic, and a mode that is major unless it says otherwise: ``"D major"``,
        ``"F# minor"``, ``"Bb"``, ``"c minor"``, ``"Am"``, ``"E dorian"``. Any name in
        `SCALES` is a mode, and capitals matter only between ``"DM"`` and ``"Dm"``.

    Returns
    -------
    tonic : int in [0, 11]
        Pitch class, 0 is C.
    mode : str
        A name in `SCALES`.

    Raises
    ------
    ValueError
        If there is no such key; the message names the nearest.
    """
    match = _KEY.fullmatch(name)
    if match:
        letter, accidental, mode = match.groups()
        mode = _MODES.get(mode) or " ".join(re.split(r"[\s_-]+", mode.lower()))
        mode = _MODES.get(mode, mode)
        if mode in SCALES:
            return (LETTER_PITCH_CLASSES[letter.upper()] + _ACCIDENTALS[accidental]) % 12, mode
    every_name = [f"{tonic} {scale}" for tonic in _TONICS for scale in SCALES]
    raise ValueError(f"no key is called {name!r}; the nearest is {_nearest(name, every_name)!r}")


def scale_pitch_classes(tonic: int, scale: str = "major") -> frozenset[int]:
    """List the pitch classes of a scale.

    Parameters
    ----------
    tonic : int
        Pitch class on which the scale begins, 0 is C.
    scale : str
        A name in `SCALES`.

    Returns
    -------
    frozenset of int in [0, 11]

    Raises
    ------
    ValueError
        If there is no such scale; the message names the nearest.
    """
    if scale not in SCALES:
        nearest = _nearest(scale, list(SCALES))
        raise ValueError(f"no scale is called {scale!r}; the nearest is {nearest!r}")
    return frozenset((tonic + semitones) % 12 for semitones in SCALES[scale])


def major_key_histogram(pitches: ArrayLike) -> NDArray[np.int64]:
    """Count how many notes lie in each major key.

    Parameters
    ----------
    pitches : array_like of int, shape (n_notes,)
        MIDI pitches.

    Returns
    -------
    ndarray of int64, shape (12,)
        Entry k is the number of notes that belong to the major key on pitch class k.

    References
    ----------
    Magenta's ``get_major_key_histogram``, ``note_seq/melodies_lib.py``.
    """
    pitch_classes = np.mod(np.asarray(pitches, np.int64), 12)
    return np.asarray(_IN_MAJOR_KEY @ np.bincount(pitch_classes, minlength=12))


def estimate_major_key(pitches: ArrayLike) -> int:
    """Find the major key that holds the most notes.

    Parameters
    ----------
    pitches : array_like of int, shape (n_notes,)
        MIDI pitches.

    Returns
    -------
    int in [0, 11]
        Pitch class of the tonic, 0 is C; the lowest of several that hold equally many.
    """
    return int(np.argmax(major_key_histogram(pitches)))


def transpose_key_signature(sharps: ArrayLike, semitones: int) -> NDArray[np.int8]:
    """Move key signatures up or down.

    Parameters
    ----------
    sharps : array_like of int in [-7, 7], shape (n_keys,)
        Number of sharps; negative numbers count flats.
    semitones : int
        How far up the music moves.

    Returns
    -------
    ndarray of int8, shape (n_keys,)
        In [-5, 6], or unchanged where the music moves by whole octaves.
    """
    before = np.asarray(sharps, np.int64)
    moved = np.mod(before + 7 * semitones + 5, 12) - 5
    return np.asarray((before if semitones % 12 == 0 else moved).astype(np.int8))


def transpose_chord_symbol(symbol: str, semitones: int) -> str:
    """Move a chord symbol up or down.

    Parameters
    ----------
    symbol : str
        For instance ``"F#m7b5/C"``. The root and the bass after a slash move; a symbol
        without a root, such as ``"N.C."``, stays as it is.
    semitones : int
        How far up the music moves.

    Returns
    -------
    str
        The roots spelled as in `PITCH_CLASS_NAMES`, or unchanged where the music moves
        by whole octaves.
    """
    if semitones % 12 == 0:
        return symbol
    return _CHORD_NOTE.sub(lambda note: _moved_name(note[1], note[2], semitones), symbol)


def _moved_name(letter: str, accidental: str, semitones: int) -> str:
    return PITCH_CLASS_NAMES[
        (LETTER_PITCH_CLASSES[letter] + _ACCIDENTALS[accidental] + semitones) % 12
    ]


def _nearest(name: str, known: list[str]) -> str:
    """Find the known name that looks most like a name, whatever its capitals."""
    return max(
        known, key=lambda other: difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
    )
