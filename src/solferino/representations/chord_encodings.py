"""Chords as numbers on a grid, and as what a model sees of them.

Number 0 is no chord; ``1 + root + 12 * shape`` is a chord on a root in 0..11, with a shape that
does not change when the chord is transposed. What a shape says is up to the encoding.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConditionError
from solferino.notes.chords import Chord, Triad, parse_chord
from solferino.notes.quantization import QuantizedSequence

Numbers = NDArray[np.int64]

NO_CHORD_NUMBER = 0
_TRIADS: tuple[Triad, ...] = ("maj", "min", "aug", "dim")
_SHAPES_PER_BASS = 2**11  # which of the 11 semitones above the root are in the chord
_SEMITONES = np.arange(12)
_parsed = lru_cache(4096)(parse_chord)


@final
@dataclass(frozen=True)
class ChordEncoding:
    """What of a chord is written down, and how a model sees it.

    Parameters
    ----------
    size : int
        Width of what a model sees.
    shape : callable
        Shape of a chord that has a root.
    rows : callable
        From numbers, shape (n,), to what a model sees, float32, shape (n, size).
    """

    size: int
    shape: Callable[[Chord], int]
    rows: Callable[[Numbers], NDArray[np.float32]]

    def number(self, symbol: str) -> int:
        """Return the number of a chord symbol.

        Raises
        ------
        ConditionError
            If the symbol cannot be read; see `parse_chord`.
        """
        try:
            chord = _parsed(symbol)
        except ValueError as error:
            raise ConditionError(str(error)) from error
        root = chord.root_pitch_class
        return NO_CHORD_NUMBER if root is None else 1 + root + 12 * self.shape(chord)

    def on_grid(self, quantized: QuantizedSequence, start_step: int, end_step: int) -> Numbers:
        """Find the chord at each step of a part of a piece.

        Parameters
        ----------
        quantized : QuantizedSequence
            Its chords are the texts of kind "chord"; each sounds until the next or the end.
        start_step, end_step : int
            First step, and the step after the last. Before the piece its first step counts.

        Returns
        -------
        ndarray of int64, shape (end_step - start_step,)
            No chord before the first symbol.

        Raises
        ------
        ConditionError
            If a symbol cannot be read.
        """
        texts = [text for text in quantized.texts if text.kind == "chord"]
        known = {symbol: self.number(symbol) for symbol in {text.text for text in texts}}
        numbers = np.array([NO_CHORD_NUMBER, *(known[text.text] for text in texts)], np.int64)
        changes = [text.step for text in texts]
        steps = np.maximum(np.arange(start_step, end_step), 0)
        return numbers[np.searchsorted(changes, steps, side="right")]


def transposed(numbers: Numbers, semitones: int) -> Numbers:
    """Transpose chords; no chord stays what it is.

    Parameters
    ----------
    numbers : ndarray of int64, any shape
    semitones : int
    """
    roots = (numbers - 1) % 12
    moved = numbers - roots + (roots + semitones) % 12
    return np.where(numbers == NO_CHORD_NUMBER, NO_CHORD_NUMBER, moved)


def _triad_shape(chord: Chord) -> int:
    """Place of a chord's triad; where it is none of the four, a minor third alone means minor."""
    triad = chord.triad
    if triad == "other":
        intervals = chord.intervals()
        triad = "min" if 3 in intervals and 4 not in intervals else "maj"
    return _TRIADS.index(triad)


def _triad_rows(numbers: Numbers) -> NDArray[np.float32]:
    return np.eye(1 + 12 * len(_TRIADS), dtype=np.float32)[numbers]


def _pitch_shape(chord: Chord) -> int:
    """Bass above the root, and a bit for each semitone of the octave above the root."""
    bits = sum(1 << semitones for semitones in {n % 12 for n in chord.intervals()})
    bass = (chord.bass_pitch_class or 0) - (chord.root_pitch_class or 0)
    return bass % 12 * _SHAPES_PER_BASS + bits // 2


def _pitch_rows(numbers: Numbers) -> NDArray[np.float32]:
    is_chord = numbers != NO_CHORD_NUMBER
    shapes, roots = np.divmod(numbers - 1, 12)
    basses, bits = np.divmod(shapes, _SHAPES_PER_BASS)
    above = (_SEMITONES - roots[:, None]) % 12
    tones = (2 * bits + 1)[:, None] >> above & 1
    columns = (
        roots[:, None] == _SEMITONES,
        tones,
        (roots + basses)[:, None] % 12 == _SEMITONES,
    )
    rows = np.concatenate(columns, axis=1) * is_chord[:, None]
    return np.concatenate([~is_chord[:, None], rows], axis=1).astype(np.float32)


CHORD_ENCODINGS: Mapping[str, ChordEncoding] = MappingProxyType(
    {
        "triads": ChordEncoding(49, _triad_shape, _triad_rows),
        "pitches": ChordEncoding(37, _pitch_shape, _pitch_rows),
    }
)
"""``"triads"``: one-hot no chord, then 12 roots each of major, minor, augmented and diminished;
chords that have none of these triads count as minor if they have a minor third and no major
one (m#5), and as major otherwise (sus4, sus2, 5, 7b5, 7alt). ``"pitches"``: no chord, one-hot
root, the pitch classes of the chord, one-hot bass."""
