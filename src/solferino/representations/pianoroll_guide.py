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
    must_sound, must_rest = _forced(kept, pitches, after.transposition, before, steps)
    if (must_sound & must_rest).any():
        step, place = np.argwhere(must_sound & must_rest)[0].tolist()
        raise ConstraintError(
            f"the kept note {as_they_sound[place]} is struck at step {steps.start + step} while it "
            "sounds, but a piano roll only says what sounds: let it rest for a step before"
        )
    return FrameRules(may_sound & ~must_rest | must_sound, must_sound, True)


def _forced(
    kept: RollNotes, pitches: range, transposition: int, before: NDArray[np.int64], steps: range
) -> tuple[Mask, Mask]:
    """Where each pitch must sound, and where it must not, given what sounded just before."""
    must_sound, must_rest = np.zeros((2, len(steps), len(pitches)), np.bool_)
    for onset, end, pitch in zip(*(column.tolist() for column in kept), strict=True):
        place = pitch + transposition - pitches.start
        must_sound[max(onset - steps.start, 0) : max(end - steps.start, 0), place] = True
        goes_on = pitch + transposition in before
        if onset > steps.start:
            must_rest[onset - 1 - steps.start, place] = True
        if end < steps.stop and (end > steps.start or goes_on):
            must_rest[end - steps.start, place] = True
        if onset == steps.start and goes_on:
            must_rest[0, place] = True
    return must_sound, must_rest
