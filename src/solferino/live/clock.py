"""Clocks: what time it is, in seconds that only go forward."""

import time
from typing import Protocol, final


class Clock(Protocol):
    """Tells the time."""

    def now_s(self) -> float:
        """Seconds since some moment of its own; never less than before."""


@final
class MonotonicClock:
    """The computer's steady clock, which no change of date or summer time moves."""

    def now_s(self) -> float:
        """Seconds since some moment of its own."""
        return time.perf_counter()
