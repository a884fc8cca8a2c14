"""Bend the time of a piece: along a curve, or from beats as played to steady ones."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.notes.columns import lie_within
from solferino.notes.editing import retimed
from solferino.notes.sequence import SETTINGS, NoteSequence
from solferino.notes.settings import SAME_MOMENT_S, remove_redundant
from solferino.notes.timing import TempoMap, beat_times_s

Floats = NDArray[np.float64]
TimeFunction = Callable[[Floats], ArrayLike]

ROUNDING_NOISE_BEATS = 1e-6
"""A piece that begins this little before a beat begins with it."""


def adjust_times(notes: NoteSequence, adjustment: TimeFunction | ArrayLike) -> NoteSequence:
    """Move the moments of a piece, each by an amount of its own.

    Parameters
    ----------
    notes : NoteSequence
    adjustment : callable or array_like of float, shape (n_pairs, 2)
        A function from an array of times to their new times, both in seconds; or pairs of
        an old and a new time with straight lines between them, and everything before the
        first and after the last pair moved as far as that pair.

    Returns
    -------
    NoteSequence
        Everything moves, and no note disappears, though it may lose all its length. The
        tempi follow, so that a quarter note stays one: exactly for pairs, from beat to
        beat for a function.

    Raises
    ------
    ValueError
        If a later moment would come before an earlier one, or any before 0, or `adjustment`
        is no function and no pairs.
    """
    moments_s = _moments_s(notes)
    if callable(adjustment):
        move, knots_s = _checked(adjustment), beat_times_s(notes)
    else:
        pairs = _pairs(adjustment)
        knots_s = np.append(pairs[:, 0], max(pairs[-1, 0], moments_s[-1]) + 1.0)
        move = _checked(lambda times_s: _along(pairs, times_s))
    moved_s = move(moments_s)
    if not lie_within(moved_s, 0) or (np.diff(moved_s) < 0).any():
        raise ValueError(
            "adjusted times must be 0 or later and in the order of the old ones, got "
            f"{np.min(moved_s):g} to {np.max(moved_s):g}; use pairs or a function that never falls"
        )
    tempos = _tempos_along(notes, np.append(knots_s, [0.0, notes.total_time_s]), move)
    return remove_redundant(retimed(notes, move).replace(tempos=tempos))


def rectify_beats(notes: NoteSequence, beat_times_s: ArrayLike, qpm: float) -> NoteSequence:
    """Turn a piece played to annotated beats into one in a steady tempo.

    Parameters
    ----------
    notes : NoteSequence
    beat_times_s : array_like of float >= 0, shape (n_beats,), n_beats >= 2
        The beats as played, in seconds, increasing.
    qpm : float > 0
        The steady tempo, of which every beat becomes a quarter note.

    Returns
    -------
    NoteSequence
        Beats fall on whole quarter notes of `qpm`, and everything between keeps its place
        between them. What comes before the first beat and after the last is taken at the
        speed of the beat next to it; the first beat falls on the earliest quarter note
        that leaves room for what precedes it. There is one tempo and no meter, because
        beats do not tell where bars begin.

    Raises
    ------
    ValueError
        If there are fewer than two beats, they do not increase from 0 on, or `qpm` is not
        above 0.
    """
    beats_s = np.asarray(beat_times_s, np.float64)
    is_sound = beats_s.ndim == 1 and len(beats_s) >= 2 and lie_within(beats_s, 0)
    if not (is_sound and (np.diff(beats_s) > 0).all()):
        raise ValueError(
            "beat_times_s must be two or more times from 0 on, each later than the one before, "
            f"got {np.array2string(beats_s, threshold=6, precision=3)}"
        )
    if not 0 < qpm < math.inf:
        raise ValueError(f"qpm must be above 0 quarter notes a minute, got {qpm:g}")
    beats_before = beats_s[0] / (beats_s[1] - beats_s[0])
    first_beat = math.ceil(beats_before - ROUNDING_NOISE_BEATS)
    knots_s, beats = beats_s, first_beat + np.arange(len(beats_s), dtype=np.float64)
    if beats_s[0] > 0:
        knots_s = np.append(0.0, knots_s)
        beats = np.append(max(first_beat - beats_before, 0.0), beats)
    if notes.total_time_s > beats_s[-1]:
        beats_after = (notes.total_time_s - beats_s[-1]) / (beats_s[-1] - beats_s[-2])
        knots_s, beats = (
            np.append(knots_s, notes.total_time_s),
            np.append(beats, beats[-1] + beats_after),
        )
    pairs = np.stack([knots_s, beats * 60.0 / qpm], axis=1)
    return adjust_times(notes, pairs).replace(tempos=[(0.0, qpm)], meters=())


def _checked(function: TimeFunction) -> Callable[[Floats], Floats]:
    """Let a function give as many times as it is given."""

    def move(times_s: Floats) -> Floats:
        moved_s = np.asarray(function(times_s), np.float64)
        if moved_s.shape != times_s.shape:
            raise ValueError(
                f"adjustment must give {times_s.shape} times for as many, got {moved_s.shape}; "
                "write it with NumPy functions"
            )
        return moved_s

    return move


def _pairs(adjustment: ArrayLike) -> Floats:
    """Read pairs of an old and a new time."""
    pairs = np.asarray(adjustment, np.float64)
    if pairs.ndim != 2 or pairs.shape[1:] != (2,) or not len(pairs):
        raise ValueError(
            f"adjustment must be a function or pairs of (from_s, to_s), got shape {pairs.shape}"
        )
    old_s, new_s = pairs.T
    if not (
        np.isfinite(pairs).all() and (np.diff(old_s) > 0).all() and (np.diff(new_s) >= 0).all()
    ):
        raise ValueError(
            "pairs of (from_s, to_s) must increase in from_s and never fall in to_s, got "
            f"{np.array2string(pairs, threshold=8, precision=3, separator=', ')}".replace("\n", "")
        )
    return pairs


def _along(pairs: Floats, times_s: Floats) -> Floats:
    """Follow straight lines between pairs of times, and one at full speed outside."""
    old_s, new_s = pairs.T
    outside_s = np.minimum(times_s - old_s[0], 0) + np.maximum(times_s - old_s[-1], 0)
    return np.asarray(np.interp(times_s, old_s, new_s) + outside_s)


def _moments_s(notes: NoteSequence) -> Floats:
    """Every time in a piece, in order, in seconds."""
    ends_s = np.array([0.0, notes.total_time_s])
    columns: list[Floats] = [notes.notes["onset_s"], notes.notes["release_s"], ends_s]
    columns += [getattr(notes, name)["time_s"] for name in SETTINGS]
    columns.append(np.array([text.time_s for text in notes.texts], np.float64))
    times_s = np.sort(np.concatenate(columns), kind="stable")
    return np.asarray(times_s[np.append(True, np.diff(times_s) > 0)])


def _tempos_along(
    notes: NoteSequence, knots_s: Floats, move: Callable[[Floats], Floats]
) -> list[tuple[float, float]]:
    """State the tempi with which a quarter note stays one, from knot to knot."""
    tempo_map = TempoMap.from_sequence(notes)
    knots_s = np.union1d(knots_s[knots_s >= 0], tempo_map.change_s)
    moved_s = move(knots_s)
    lengths_s, quarters = np.diff(moved_s), np.diff(tempo_map.seconds_to_quarters(knots_s))
    lasts = lengths_s > SAME_MOMENT_S
    qpm, starts_s = 60.0 * quarters[lasts] / lengths_s[lasts], moved_s[:-1][lasts]
    if not len(qpm):
        return list(zip(moved_s.tolist(), tempo_map.qpm_at(knots_s).tolist(), strict=True))
    is_new = np.append(True, np.abs(np.diff(qpm)) > 1e-9 * qpm[1:])
    return list(zip(starts_s[is_new].tolist(), qpm[is_new].tolist(), strict=True))
