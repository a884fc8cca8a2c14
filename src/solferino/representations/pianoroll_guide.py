"""Which piano roll events may come next: the order of the events, and the constraints."""

from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError
from solferino.representations.constraints import Constraints, allowed_pitches
from solferino.representations.kept_notes import (
    check_kept_onsets,
    check_kept_pitches,
    kept_notes,
)
from solferino.representations.pianoroll_events import FIRST_PITCH, STEP_END
from solferino.representations.representation import EventSequence, Ids
from solferino.representations.rolls import RollNotes

Mask = NDArray[np.bool_]


class FrameRules(NamedTuple):
    """What sounds at each step.

    Parameters
    ----------
    may_sound, must_sound : ndarray of bool, shape (n_steps, n_pitches)
        What must sound also may.
    keeps_notes : bool
        Whether a pitch must sound somewhere.
    """

    may_sound: Mask
    must_sound: Mask
    keeps_notes: bool


@final
class PianorollGuide:
    """Lets pitches go up within a step, and no step end before all has sounded that must.

    Parameters
    ----------
    rules : FrameRules
        Of the steps to fill.
    after : ndarray of int16, shape (n_events,)
        The events before; the last step of them may have begun and not ended.
    """

    def __init__(self, rules: FrameRules, after: Ids) -> None:
        n_pitches = rules.may_sound.shape[1]
        # row 0 is all pitches, row p the pitches above event FIRST_PITCH + p - 1
        self._above = ~np.tri(n_pitches + 1, n_pitches, -1, np.bool_)
        self._rules = rules
        self._step = np.zeros(1, np.intp)
        self._row = _row_of(after[-1:].astype(np.intp))

    def allowed(self) -> Mask:
        """Which events may come next; see `Guide.allowed`."""
        rules, n_pitches = self._rules, self._above.shape[1]
        step = np.minimum(self._step, len(rules.may_sound) - 1)
        mask = np.zeros((len(step), FIRST_PITCH + n_pitches), np.bool_)
        mask[:, STEP_END] = True
        is_open = self._above[self._row]
        if rules.keeps_notes:
            must = rules.must_sound[step] & is_open
            next_kept = np.where(must.any(axis=1), must.argmax(axis=1), n_pitches)
            is_open &= np.arange(n_pitches) <= next_kept[:, None]
            mask[:, STEP_END] = (next_kept == n_pitches) | self.is_full()
        mask[:, FIRST_PITCH:] = is_open & rules.may_sound[step]
        return mask

    def feed(self, ids: Ids) -> None:
        """Take in the event that was chosen for every sequence; see `Guide.feed`."""
        self._row = _row_of(ids.astype(np.intp))
        self._step = self._step + (ids == STEP_END)

    def is_full(self) -> Mask:
        """Which sequences have all their steps; see `Guide.is_full`."""
        return np.asarray(self._step >= len(self._rules.may_sound))

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a guide whose row k continues row ``rows[k]``; see `Guide.select`."""
        chosen = object.__new__(type(self))
        chosen._above, chosen._rules = self._above, self._rules
        chosen._step, chosen._row = self._step[rows], self._row[rows]
        return chosen


def _row_of(events: NDArray[np.intp]) -> NDArray[np.intp]:
    """Count the pitches of the step that such events have passed."""
    return np.maximum(events - (FIRST_PITCH - 1), 0)


def frame_rules(
    constraints: Constraints,
    pitches: range,
    after: EventSequence,
    past: RollNotes,
    steps: range,
    *,
    steps_per_quarter: int,
    releases: bool,
) -> FrameRules:
    """Say what may sound, and must, at each step.

    A kept note is forced: its pitch sounds while it lasts, and neither just before nor just
    after. Nothing else sounds outside the key or the range.

    Parameters
    ----------
    constraints : Constraints
    pitches : range
        What can be written down.
    after : EventSequence
        What comes before; pitches are meant with its transposition taken off.
    past : RollNotes
        Its notes, as written.
    steps : range
        The steps to fill, counted from the start of the piece.
    steps_per_quarter : int
        Resolution of the grid.
    releases : bool
        Whether what sounds at the end of `after` ends there.

    Returns
    -------
    FrameRules

    Raises
    ------
    ConstraintError
        If no pitch is left, or the kept notes cannot be written down after `after`.
    """
    shape = (len(steps), len(pitches))
    as_they_sound = np.arange(pitches.start, pitches.stop) - after.transposition
    may_sound = np.broadcast_to(allowed_pitches(constraints, as_they_sound), shape)
    if constraints.keep is None:
        return FrameRules(may_sound, np.broadcast_to(False, shape), False)
    kept = kept_notes(constraints.keep, steps, steps_per_quarter)
    check_kept_pitches(kept, pitches, after.transposition)
    check_kept_onsets(kept, past, steps.start, after.transposition, releases=releases)
    before = past.pitches[(past.ends_steps == steps.start) & (not releases)]
    before -= after.transposition
    _check_rests(kept, before, steps.start)
    must_sound, must_rest = _forced(kept, pitches.start - after.transposition, shape, steps.start)
    going_on = before[np.isin(before, kept.pitches[kept.ends_steps == steps.start])]
    must_rest[0, going_on + after.transposition - pitches.start] = True
    return FrameRules(may_sound & ~must_rest | must_sound, must_sound, True)


def _check_rests(kept: RollNotes, before: NDArray[np.int64], first_step: int) -> None:
    """Refuse a kept note whose pitch sounds up to it."""
    ends = {(pitch, first_step) for pitch in before.tolist()}
    for end, pitch in zip(kept.ends_steps.tolist(), kept.pitches.tolist(), strict=True):
        if end > first_step:
            ends.add((pitch, end))
    for onset, pitch in zip(kept.onsets_steps.tolist(), kept.pitches.tolist(), strict=True):
        if (pitch, onset) in ends:
            raise ConstraintError(
                f"the kept note {pitch} is struck at step {onset} while its pitch sounds, but a "
                "piano roll only says what sounds: let it rest for a step before, or take a "
                "polyphony bundle"
            )


def _forced(
    kept: RollNotes, lowest_pitch: int, shape: tuple[int, int], first_step: int
) -> tuple[Mask, Mask]:
    """Where each pitch must sound, and where it must not: just before a note and after it."""
    must_sound, must_rest = np.zeros((2, *shape), np.bool_)
    for onset, end, pitch in zip(*(column.tolist() for column in kept), strict=True):
        row, end_row, place = onset - first_step, end - first_step, pitch - lowest_pitch
        must_sound[max(row, 0) : max(end_row, 0), place] = True
        if row > 0:
            must_rest[row - 1, place] = True
        if 0 < end_row < len(must_rest):
            must_rest[end_row, place] = True
    return must_sound, must_rest
