"""Lateness: how long after its time each event went out."""

from typing import NamedTuple, final

import numpy as np

KEPT = 8192
"""The percentiles are of so many events, the latest ones."""


@final
class LatenessReport(NamedTuple):
    """How punctual a player was.

    Parameters
    ----------
    events : int
        Events that went out.
    dropped : int
        Notes that were left out because they were far too late.
    median_ms, p99_ms, max_ms : float
        How late they went out: of the latest `KEPT`, but the maximum of all.
    """

    events: int
    dropped: int
    median_ms: float
    p99_ms: float
    max_ms: float

    @property
    def short_words(self) -> str:
        """How late, in a few words."""
        return f"late {self.median_ms:.2f} ms, p99 {self.p99_ms:.2f} ms"

    @property
    def words(self) -> str:
        """All of it, in a line."""
        return (
            f"{self.events} events out, {self.short_words}, at most {self.max_ms:.2f} ms; "
            f"{self.dropped} left out"
        )


@final
class Lateness:
    """Keeps count of how late events go out, in a memory that does not grow."""

    def __init__(self) -> None:
        self._late_s = np.zeros(KEPT)
        self._count = 0
        self._max_s = 0.0
        self.dropped = 0

    def add(self, late_s: float) -> None:
        """Count an event that went out so late, in seconds."""
        self._late_s[self._count % KEPT] = late_s
        self._count += 1
        self._max_s = max(self._max_s, late_s)

    def report(self) -> LatenessReport:
        """Tell how punctual it was so far."""
        kept = self._late_s[: min(self._count, KEPT)]
        median_s, p99_s = np.percentile(kept, [50, 99]).tolist() if len(kept) else (0.0, 0.0)
        return LatenessReport(
            self._count, self.dropped, median_s * 1e3, p99_s * 1e3, self._max_s * 1e3
        )
