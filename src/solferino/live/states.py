"""What a partner in call and response does, and what it has done."""

from enum import IntEnum
from typing import NamedTuple, final


@final
class State(IntEnum):
    """What a partner does; the values are those of the state control."""

    IDLE = 0
    LISTENING = 1
    RESPONDING = 2


@final
class Tally(NamedTuple):
    """What happened so far.

    Parameters
    ----------
    calls : int
        Calls that ended.
    answers : int
        Answers that began, repetitions not counted.
    misses : int
        Answers that were not ready on the bar line, so that another phrase was played.
    """

    calls: int = 0
    answers: int = 0
    misses: int = 0
