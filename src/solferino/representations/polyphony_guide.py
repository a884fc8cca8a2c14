"""Which polyphonic events may come next: the grammar of the events, and the constraints."""

from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.constraints import Constraints, allowed_pitches
from solferino.representations.kept_notes import (
    check_kept_onsets,
    check_kept_pitches,
    kept_notes,
)
from solferino.representations.polyphony_events import (
    FIRST_CONTINUED,
    FIRST_NEW,
    NUM_EVENTS,
    STEP_END,
    pitches_of,
    read_roll,
)
from solferino.representations.representation import EventSequence, Ids
from solferino.representations.rolls import NUM_PITCHES, notes_of

_ABOVE_ALL = NUM_PITCHES
_PITCHES = np.arange(NUM_PITCHES)
_BELOW = np.tri(NUM_PITCHES + 1, NUM_PITCHES, -1, np.bool_)  # row p: the pitches below p

Mask = NDArray[np.bool_]


class StepRules(NamedTuple):
    """What each pitch may do at each step.

    Parameters
    ----------
    may_begin, may_go_on, must_sound : ndarray of bool, shape (n_steps, 128)
        Where a pitch must sound, exactly one of the others is true.
    keeps_notes : bool
        Whether a pitch must sound somewhere.
    """

    may_begin: Mask
    may_go_on: Mask
    must_sound: Mask
    keeps_notes: bool


class _State(NamedTuple):
    """Where each of a batch of sequences is."""

    step: NDArray[np.intp]  # (batch,)
    last_pitch: NDArray[np.intp]  # (batch,) of this step, above all before its first
    before: Mask  # (batch, 128): what sounded in the step before
    now: Mask  # (batch, 128): what sounds in this step so far


@final
class PolyphonyGuide:
    """Keeps to the order of the events, and to the rules of each step.

    Within a step the pitches go down, each at most once; a pitch goes on only if it sounded
    in the step before; and no step ends before all has sounded that must.

    Parameters
    ----------
    rules : StepRules
        Of the steps to fill.
    after : ndarray of int16, shape (n_events,)
        The events before; the last step of them may have begun and not ended.
    releases : bool
        Whether what sounds at the end of them ends there.
    """

    def __init__(self, rules: StepRules, after: Ids, *, releases: bool) -> None:
        ends = np.flatnonzero(after == STEP_END)
        last_step = after[ends[-1] + 1 if len(ends) else 0 :]
        begun = pitches_of(last_step[last_step >= FIRST_NEW])
        before, now = np.zeros((2, 1, NUM_PITCHES), np.bool_)
        now[0, begun] = True
        if len(ends) and not releases:
            before[0] = read_roll(after).sounding[-1]
        last_pitch = np.array([begun.min(initial=_ABOVE_ALL)])
        self._rules = rules
        self._state = _State(np.zeros(1, np.intp), last_pitch, before, now)

    def allowed(self) -> Mask:
        """Which events may come next; see `Guide.allowed`."""
        rules, state = self._rules, self._state
        step = np.minimum(state.step, len(rules.may_begin) - 1)
        mask = np.zeros((len(step), NUM_EVENTS), np.bool_)
        open_pitches = _BELOW[state.last_pitch]
        mask[:, STEP_END] = True
        if rules.keeps_notes:
            must = rules.must_sound[step] & open_pitches
            next_kept = np.where(must.any(axis=1), NUM_PITCHES - 1 - must[:, ::-1].argmax(1), -1)
            open_pitches &= next_kept[:, None] <= _PITCHES
            mask[:, STEP_END] = (next_kept < 0) | self.is_full()
        mask[:, FIRST_NEW:FIRST_CONTINUED] = open_pitches & rules.may_begin[step]
        mask[:, FIRST_CONTINUED:] = open_pitches & state.before & rules.may_go_on[step]
        return mask

    def feed(self, ids: Ids) -> None:
        """Take in the event that was chosen for every sequence; see `Guide.feed`."""
        step, last_pitch, before, now = self._state
        (notes,) = (ids >= FIRST_NEW).nonzero()
        pitches = pitches_of(ids[notes])
        now[notes, pitches] = True
        last_pitch[notes] = pitches
        (ended,) = (ids == STEP_END).nonzero()
        if len(ended):
            step[ended] += 1
            last_pitch[ended] = _ABOVE_ALL
            before[ended] = now[ended]
            now[ended] = False

    def is_full(self) -> Mask:
        """Which sequences have all their steps; see `Guide.is_full`."""
        return np.asarray(self._state.step >= len(self._rules.may_begin))

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a guide whose row k continues row ``rows[k]``; see `Guide.select`."""
        chosen = object.__new__(type(self))
        chosen._rules = self._rules
        step, last_pitch, before, now = self._state
        chosen._state = _State(step[rows], last_pitch[rows], before[rows], now[rows])
        return chosen


def step_rules(
    constraints: Constraints,
    after: EventSequence,
    steps: range,
    steps_per_quarter: int,
    *,
    releases: bool,
) -> StepRules:
    """Say what each pitch may do at each step.

    A kept note is forced: it begins, goes on while it lasts, and does not go on after. A note
    of its pitch before it may sound up to it. No other note outside the key or the range
    begins; one that sounds already may go on.

    Parameters
    ----------
    constraints : Constraints
    after : EventSequence
        What comes before; pitches are meant with its transposition taken off.
    steps : range
        The steps to fill, counted from the start of the piece.
    steps_per_quarter : int
        Resolution of the grid.
    releases : bool
        Whether what sounds at the end of `after` ends there.

    Returns
    -------
    StepRules

    Raises
    ------
    ConstraintError
        If no pitch is left, or the kept notes cannot be written down after `after`.
    """
    shape = (len(steps), NUM_PITCHES)
    allowed = allowed_pitches(constraints, _PITCHES - after.transposition)
    may_begin, may_go_on = np.broadcast_to(allowed, shape), np.broadcast_to(True, shape)
    if constraints.keep is None:
        return StepRules(may_begin, may_go_on, np.broadcast_to(False, shape), False)
    past = notes_of(read_roll(after.ids), after.start_step)
    kept = kept_notes(constraints.keep, steps, steps_per_quarter)
    check_kept_pitches(kept, range(NUM_PITCHES), after.transposition)
    check_kept_onsets(kept, past, steps.start, after.transposition, releases=releases)
    rules = StepRules(may_begin.copy(), may_go_on.copy(), np.zeros(shape, np.bool_), True)
    for onset, end, pitch in zip(*(column.tolist() for column in kept), strict=True):
        _force(rules, onset - steps.start, end - steps.start, pitch + after.transposition)
    return rules


def _force(rules: StepRules, onset: int, end: int, pitch: int) -> None:
    """Let a pitch begin at a row, go on, and stop at another row."""
    here = slice(max(onset, 0), end)
    rules.must_sound[here, pitch] = True
    rules.may_begin[here, pitch] = False
    if onset >= 0:
        rules.may_begin[onset, pitch] = True
        rules.may_go_on[onset, pitch] = False
    if end < len(rules.may_go_on):
        rules.may_go_on[end, pitch] = False
