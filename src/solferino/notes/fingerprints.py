"""Fingerprints: stretches of ten notes as numbers that neither key nor tempo changes.

A voice is a line of *moments*: the onsets of one instrument, each with the highest of the
pitches that begin there. Drums have no highest note, so there all pitches of a moment count.
A stretch of ten moments is ten pitches seen as nine intervals, and ten onsets seen as the
eight ratios of one gap to the gap before.

Not every stretch is kept. A stretch counts where the smallest of its seven inner pieces, of
three or four moments each, is the first or the last of them. That depends on the stretch
alone, not on what is around it, so two pieces that share a stretch keep it or leave it
together; it keeps two stretches in seven, and never leaves out more than five in a row
(closed syncmers; Edgar, "Syncmers are more sensitive than minimizers for selecting conserved
k-mers in biological sequences", PeerJ 9, 2021). So 15 notes in a row always hold a kept one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.sequence import NoteSequence

STRETCH_NOTES = 10
INNER_STEPS = 2
INNER_PIECES = STRETCH_NOTES - 1 - INNER_STEPS
CHORD_S = 0.03
"""Onsets that follow one another faster than this are one moment: a chord, played by hand."""
MAX_OCTAVES = 3
"""Longer and shorter gaps than 8 : 1 and 1 : 8 of the gap before count as these."""

Codes = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Line(NamedTuple):
    """The moments of one instrument, in order of time.

    Parameters
    ----------
    onset_s : ndarray of float64, shape (n_moments,)
        When the first note of each moment begins.
    release_s : ndarray of float64, shape (n_moments,)
        When its last note ends.
    pitch : ndarray of int64, shape (n_moments,)
        Its highest pitch.
    hits : ndarray of uint64, shape (n_moments,)
        A number for the set of its pitches.
    """

    onset_s: NDArray[np.float64]
    release_s: NDArray[np.float64]
    pitch: NDArray[np.int64]
    hits: Codes


class Stretches(NamedTuple):
    """The kept stretches of one instrument.

    Parameters
    ----------
    line : Line
    first : ndarray of int64, shape (n_stretches,)
        Moment with which each begins, rising.
    codes : ndarray of uint64, shape (n_stretches,)
        Their fingerprints.
    """

    line: Line
    first: NDArray[np.int64]
    codes: Codes


def stretches(notes: NoteSequence, ratios_per_octave: int = 2) -> list[Stretches]:
    """Return the kept stretches of every instrument of a piece.

    Parameters
    ----------
    notes : NoteSequence
    ratios_per_octave : int > 0
        How finely durations are compared: 2 tells 3 : 2 from 2 : 1 and from 1 : 1, as written
        music needs it; 1 forgives the freedom of a performance.
    """
    found = []
    for index, instrument in enumerate(notes.instruments):
        line = line_of(notes.notes[notes.notes["instrument"] == index], CHORD_S)
        steps = _hit_pairs(line) if instrument.is_drum else _mixed(np.diff(line.pitch))
        ratios = duration_ratios(line.onset_s, ratios_per_octave)
        found.append(Stretches(line, *_kept(steps, _mixed(ratios))))
    return found


def line_of(notes: NDArray[np.void], chord_s: float = 0.0) -> Line:
    """Put the notes of one instrument into a line of moments.

    Parameters
    ----------
    notes : structured array of NOTE_DTYPE, shape (n_notes,)
    chord_s : float >= 0
        Onsets that are no further apart than this are one moment.
    """
    notes = notes[np.lexsort((notes["pitch"], notes["onset_s"]))]
    begins = np.append(True, np.diff(notes["onset_s"]) > chord_s)[: len(notes)]
    (starts,) = np.nonzero(begins)
    if not len(starts):
        return Line(*(np.empty(0, kind) for kind in (float, float, np.int64, np.uint64)))
    pitch = notes["pitch"].astype(np.int64)
    moment = np.cumsum(begins) - 1
    hits = np.unique(moment * 128 + pitch)
    ends = np.searchsorted(hits, np.arange(len(starts)) * 128)
    return Line(
        notes["onset_s"][starts],
        np.maximum.reduceat(notes["release_s"], starts),
        np.maximum.reduceat(pitch, starts),
        np.add.reduceat(_mixed(hits % 128), ends),
    )


def duration_ratios(onset_s: NDArray[np.float64], per_octave: int) -> NDArray[np.int64]:
    """Compare each gap between onsets with the one before.

    Parameters
    ----------
    onset_s : ndarray of float64, shape (n,)
        Rising.
    per_octave : int > 0
        Steps from a gap to one twice as long.

    Returns
    -------
    ndarray of int64, shape (max(n - 2, 0),)
        In [0, 2 * MAX_OCTAVES * per_octave]; equal gaps are in the middle.
    """
    gaps_s = np.diff(onset_s)
    ratios = np.rint(per_octave * np.log2(gaps_s[1:] / gaps_s[:-1])).astype(np.int64)
    most = MAX_OCTAVES * per_octave
    return np.asarray(np.clip(ratios, -most, most) + most, np.int64)


def _kept(steps: Codes, ratios: Codes) -> tuple[NDArray[np.int64], Codes]:
    """Code every stretch, and choose: the first moment and the code of each that is kept."""
    if len(steps) < STRETCH_NOTES - 1:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    tokens = _mixed(steps[:-1] * _GOLDEN + ratios)
    inner = _mixed(_windowed(tokens, INNER_STEPS))
    smallest = np.lib.stride_tricks.sliding_window_view(inner, INNER_PIECES).argmin(axis=1)
    (first,) = np.nonzero((smallest == 0) | (smallest == INNER_PIECES - 1))
    codes = _mixed(_windowed(tokens, STRETCH_NOTES - 2) + steps[STRETCH_NOTES - 2 :])
    return first, codes[first]


def _windowed(tokens: Codes, length: int) -> Codes:
    """Make one number of every `length` tokens in a row, in their order."""
    powers = np.cumprod(np.full(length, _GOLDEN))
    windows = np.lib.stride_tricks.sliding_window_view(tokens, length)
    return np.asarray(windows @ powers, np.uint64)


def _hit_pairs(line: Line) -> Codes:
    """From each moment of a drum to the next: a number for both sets of hits."""
    return _mixed(line.hits[:-1] * _GOLDEN + line.hits[1:])


def _mixed(values: NDArray[np.integer]) -> Codes:
    """Scatter whole numbers over 64 bits, the same on every machine (SplitMix64)."""
    x = values.astype(np.uint64) + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)
