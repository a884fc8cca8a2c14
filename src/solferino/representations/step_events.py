"""What representations share that have exactly one event for each step of their grid."""

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConditionError
from solferino.representations.conditions import Conditions
from solferino.representations.representation import EventSequence, Ids


@final
class StepGuide:
    """A guide whose rows all have the same choice at each step, known from the start.

    Parameters
    ----------
    mask : ndarray of bool, shape (num_steps, num_events)
        The events that may stand at each step, at least one.
    """

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self._mask = mask
        self._is_free = [bool(row.all()) for row in mask]
        self._step = 0
        self._is_full = np.zeros(1, np.bool_)

    def allowed(self) -> NDArray[np.bool_] | None:
        """Which events may come next; see `Guide.allowed`."""
        step = self._step
        return None if self._is_free[step] else self._mask[step : step + 1]

    def feed(self, ids: Ids) -> None:
        """Go one step on; see `Guide.feed`."""
        self._step += 1
        if self._step == len(self._mask):
            self._is_full = np.ones(len(ids), np.bool_)

    def is_full(self) -> NDArray[np.bool_]:
        """Whether all steps have their event; see `Guide.is_full`."""
        return self._is_full

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a guide of ``len(rows)`` sequences; see `Guide.select`."""
        chosen = type(self)(self._mask)
        chosen._step = self._step
        chosen._is_full = np.full(len(rows), self._step == len(self._mask))
        return chosen


def opening_of(
    default: EventSequence, default_event: int, start_step: int, steps_per_bar: int
) -> EventSequence:
    """Let the default primer sound at the start of the bar before a section.

    Parameters
    ----------
    default : EventSequence
        The default primer.
    default_event : int
        Fills the rest of the time.
    start_step : int
        Where the section begins.
    steps_per_bar : int
        Length of the bars, which are counted from step 0.

    Returns
    -------
    EventSequence
    """
    num_events = steps_per_bar + start_step % steps_per_bar
    ids = np.full(num_events, default_event, np.int16)
    ids[: len(default)] = default.ids[:num_events]
    return EventSequence(ids, start_step - num_events, steps_per_bar)


def check_no_conditions(conditions: Conditions, name: str) -> None:
    """Refuse wishes that a representation has no ear for.

    Parameters
    ----------
    conditions : Conditions
    name : str
        Name of the representation, for the message.

    Raises
    ------
    ConditionError
        Naming the first wish.
    """
    if conditions.given:
        raise ConditionError(
            f"this {name} model cannot be told {conditions.given[0]}: leave it out, or take a "
            "bundle that was trained with it, such as multiconditioned_performance_with_dynamics"
        )
