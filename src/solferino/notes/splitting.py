"""Split pieces: at changes, at silence, at given times; each part is a piece of its own."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.notes.columns import lie_within
from solferino.notes.editing import as_own_piece
from solferino.notes.sequence import NoteSequence
from solferino.notes.settings import SAME_MOMENT_S
from solferino.notes.timing import TempoMap, meter_changes

Floats = NDArray[np.float64]


def split_at_changes(notes: NoteSequence) -> list[NoteSequence]:
    """Split a piece wherever its tempo or meter changes.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    list of NoteSequence
        One after the other they last as long as the piece. Each has one tempo and one
        meter, stated at 0. A note belongs to the piece in which it begins and is cut at
        its end, so that no note is struck twice.
    """
    tempo_map, meters = TempoMap.from_sequence(notes), meter_changes(notes)
    changes_s = _before_the_end(notes, np.union1d(tempo_map.change_s, meters["time_s"]))
    qpm = tempo_map.qpm_at(changes_s + SAME_MOMENT_S)
    meter = meters[np.searchsorted(meters["time_s"], changes_s + SAME_MOMENT_S) - 1]
    parts = _parts_from(notes, changes_s)
    return [
        part.replace(
            tempos=[(0.0, qpm[k])],
            meters=[(0.0, meter["numerator"][k], meter["denominator"][k])],
        )
        for k, part in enumerate(parts)
    ]


def split_at(
    notes: NoteSequence, times_s: ArrayLike, *, cut_notes: bool = True
) -> list[NoteSequence]:
    """Split a piece at given times.

    Parameters
    ----------
    notes : NoteSequence
    times_s : array_like of float >= 0, shape (n_times,)
        Where, in seconds, in any order; times at 0 or after the end split nothing.
    cut_notes : bool
        Whether to split where a note sounds. Without it such times are passed over.

    Returns
    -------
    list of NoteSequence
        One after the other they last as long as the piece. A note belongs to the part in
        which it begins and is cut at its end, so that no note is struck twice. What is in
        force where a part begins is stated at its 0.

    Raises
    ------
    ValueError
        If a time is negative or not finite.
    """
    times = np.unique(np.asarray(times_s, np.float64))
    if not lie_within(times, 0):
        raise ValueError(f"times_s must be 0 or more seconds, got {times.tolist()}")
    if not cut_notes:
        times = times[~_fall_inside_notes(notes, times)]
    return _parts_from(notes, _before_the_end(notes, np.append(0.0, times[times > 0])))


def split_every(
    notes: NoteSequence, length_s: float, *, cut_notes: bool = True
) -> list[NoteSequence]:
    """Split a piece into parts of equal length.

    Parameters
    ----------
    notes : NoteSequence
    length_s : float > 0
        Length of a part in seconds; the last one may be shorter.
    cut_notes : bool
        Whether to split where a note sounds. Without it such a part goes on for another
        `length_s`, until no note is cut.

    Returns
    -------
    list of NoteSequence
        As by `split_at`.

    Raises
    ------
    ValueError
        If `length_s` is not above 0.
    """
    if not 0 < length_s < math.inf:
        raise ValueError(f"length_s must be above 0 seconds, got {length_s:g}")
    n_parts = math.ceil(notes.total_time_s / length_s)
    return split_at(notes, length_s * np.arange(n_parts), cut_notes=cut_notes)


def split_at_silence(notes: NoteSequence, gap_s: float = 3.0) -> list[NoteSequence]:
    """Split a piece where nothing sounds for long.

    Parameters
    ----------
    notes : NoteSequence
    gap_s : float >= 0
        The longest silence, in seconds, that stays part of the music.

    Returns
    -------
    list of NoteSequence
        Each begins with its first note and ends with its last. Only longer silences are
        left out, so shorter ones before the first note and after the last remain; a piece
        without notes has no parts.

    Raises
    ------
    ValueError
        If `gap_s` is negative.
    """
    if not gap_s >= 0:
        raise ValueError(f"gap_s must be 0 or more seconds, got {gap_s:g}")
    if not len(notes):
        return []
    onset_s = notes.notes["onset_s"]
    sounds_until_s = np.maximum.accumulate(notes.notes["release_s"])
    first = np.append(0, 1 + np.flatnonzero(onset_s[1:] - sounds_until_s[:-1] > gap_s))
    starts_s, ends_s = onset_s[first], sounds_until_s[np.append(first[1:], len(notes)) - 1]
    if starts_s[0] <= gap_s:
        starts_s[0] = 0.0
    if notes.total_time_s - ends_s[-1] <= gap_s:
        ends_s[-1] = notes.total_time_s
    rows = np.append(first, len(notes)).tolist()
    spans_s = zip(pairwise(rows), starts_s.tolist(), ends_s.tolist(), strict=True)
    return [as_own_piece(notes, notes.notes[i:j], start_s, end) for (i, j), start_s, end in spans_s]


def _before_the_end(notes: NoteSequence, times_s: Floats) -> Floats:
    """Leave one of several times at the same moment, and none but 0 at or after the end."""
    times_s = times_s[np.append(True, np.diff(times_s) > SAME_MOMENT_S)]
    is_inside = (times_s < notes.total_time_s - SAME_MOMENT_S) | (times_s == 0)
    return np.asarray(times_s[is_inside])


def _parts_from(notes: NoteSequence, starts_s: Floats) -> list[NoteSequence]:
    """Make a piece of each span from a start to the next, the last to the end."""
    edges_s = np.append(starts_s, math.inf)
    rows = np.searchsorted(notes.notes["onset_s"], edges_s - SAME_MOMENT_S).tolist()
    return [
        as_own_piece(notes, notes.notes[i:j], start_s, end_s)
        for (i, j), (start_s, end_s) in zip(pairwise(rows), pairwise(edges_s.tolist()), strict=True)
    ]


def _fall_inside_notes(notes: NoteSequence, times_s: Floats) -> NDArray[np.bool_]:
    """Tell which times have a note begun before them and not yet released."""
    table = notes.notes
    sounding = table[table["release_s"] - table["onset_s"] > 2 * SAME_MOMENT_S]
    n_begun = np.searchsorted(sounding["onset_s"], times_s - SAME_MOMENT_S)
    releases_s = np.sort(sounding["release_s"])
    n_released = np.searchsorted(releases_s, times_s + SAME_MOMENT_S, side="right")
    return np.asarray(n_begun > n_released)
