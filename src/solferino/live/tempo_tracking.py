"""The line through ticks: tempo and phase of a clock whose ticks come early, late or not at all."""

import math
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from solferino.live.transport import MAX_QPM, MIN_QPM

TICKS_PER_QUARTER = 24
LONGEST = 48
"""The line is fitted through so many ticks at most."""

SETTLED = 8
"""After so many ticks the tempo is known well enough to wonder about one that is not in time."""

BENT_TICKS, BENT = 16, 4.0
"""Through so many ticks a bend is seen, if it is so many standard errors large."""

STRANGE_TICKS = 0.5
"""A tick farther than this from where it was expected, in ticks, is not explained by jitter."""

AGREEING, SAME_TICKS = 3, 0.25
"""So many strange ticks are believed if they are as late as each other, in ticks."""

MOST_STRANGE = 6
Floats = NDArray[np.float64]

SLOWEST_S = 60 / TICKS_PER_QUARTER / MIN_QPM
FASTEST_S = 60 / TICKS_PER_QUARTER / MAX_QPM


@final
class TickFit(NamedTuple):
    """What ticks say.

    Parameters
    ----------
    time_s : float
        When the latest tick should have come.
    period_s : float
        Time from tick to tick.
    """

    time_s: float
    period_s: float

    @property
    def qpm(self) -> float:
        """Tempo, in quarter notes a minute."""
        return 60 / TICKS_PER_QUARTER / self.period_s


@final
class TempoTracker:
    """Fits a straight line through the latest ticks.

    The line goes through the latest `LONGEST` ticks, and bends where the tempo glides. A tick far
    from where it was expected is not believed at once: when `AGREEING` are late by the same whole
    number of ticks, so many were lost on the way, and are counted; when each is later than the
    one before, the tempo changed, and the line begins anew; else one was merely delayed.

    Parameters
    ----------
    qpm : float
        Tempo until two ticks have come, in quarter notes a minute.
    """

    def __init__(self, qpm: float) -> None:
        self._period_s = 60 / TICKS_PER_QUARTER / qpm
        self._index = -1
        self._ticks: list[tuple[int, float]] = []
        self._strange: list[tuple[float, float]] = []
        self._late_before = 0.0
        self._fit: TickFit | None = None

    def add(self, time_s: float) -> int:
        """Take a tick.

        Parameters
        ----------
        time_s : float
            When it came.

        Returns
        -------
        int
            How many ticks the music went on: 1, and those that were found to be lost.
        """
        self._index += 1
        late = self._late_ticks(time_s)
        if abs(late) <= STRANGE_TICKS:
            self._late_before = late
            self._strange.clear()
            self._take([(self._index, time_s)])
            return 1
        self._strange.append((late, time_s))
        return 1 + self._judge()

    def forget(self) -> None:
        """Begin anew, after a pause; the tempo is remembered."""
        self._ticks.clear()
        self._strange.clear()
        self._late_before = 0.0
        self._fit = None

    @property
    def is_settled(self) -> bool:
        """Whether enough ticks came to know the tempo."""
        return len(self._ticks) >= SETTLED

    @property
    def is_steady(self) -> bool:
        """Whether the tempo has been the same for a quarter note."""
        return len(self._ticks) >= TICKS_PER_QUARTER

    @property
    def is_in_doubt(self) -> bool:
        """Whether the latest tick was strange, and is not judged yet."""
        return bool(self._strange)

    @property
    def fit(self) -> TickFit | None:
        """When the latest tick should have come, and the period; None before the first tick."""
        if self._fit is None:
            return None
        ahead = self._index - self._ticks[-1][0]
        return self._fit._replace(time_s=self._fit.time_s + ahead * self._fit.period_s)

    def _late_ticks(self, time_s: float) -> float:
        """How late a tick is, in ticks; 0 while nothing certain is expected."""
        fit = self.fit
        if fit is None or not self.is_settled:
            return 0.0
        return (time_s - fit.time_s) / fit.period_s

    def _judge(self) -> int:
        """Decide what the strange ticks are, once there are enough; returns the lost ones."""
        latest = [late for late, _ in self._strange[-AGREEING:]]
        is_catching_up = latest[0] - SAME_TICKS > latest[-1] > 0
        if len(latest) < AGREEING or is_catching_up:
            return 0
        lost = round(sum(latest) / AGREEING)
        is_whole = all(abs(late - lost) < SAME_TICKS for late in latest)
        if not (lost > 0 and is_whole and abs(self._late_before) < SAME_TICKS):
            if len(self._strange) < MOST_STRANGE and not _is_growing(latest):
                return 0
            lost = 0
            self._ticks.clear()
        times_s = [time_s for _, time_s in self._strange[-AGREEING:]]
        self._strange.clear()
        self._index += lost
        first = self._index - len(times_s) + 1
        self._take([(first + number, time_s) for number, time_s in enumerate(times_s)])
        return lost

    def _take(self, ticks: list[tuple[int, float]]) -> None:
        self._ticks = [*self._ticks, *ticks][-LONGEST:]
        table = np.array(self._ticks)
        late_s, period_s = _fitted(*(table - table[-1]).T)
        if len(table) > 1:
            self._period_s = min(max(period_s, FASTEST_S), SLOWEST_S)
        self._fit = TickFit(float(table[-1, 1]) + late_s, self._period_s)


def _is_growing(lates: list[float]) -> bool:
    """Tell whether each tick is later, or earlier, than the one before by about the same."""
    steps = np.diff(lates)
    return bool(abs(steps.mean()) > SAME_TICKS and np.ptp(steps) < SAME_TICKS)


def _fitted(steps: Floats, times_s: Floats) -> tuple[float, float]:
    """Fit a line through ticks, bent if they are; returns time and slope at step 0, the latest."""
    spread = steps - steps.mean()
    slope = float(spread @ times_s / (float(spread @ spread) or 1.0))
    late_s = float((times_s - steps * slope).mean())
    if len(steps) < BENT_TICKS:
        return late_s, slope
    square = spread * spread
    skew = float(square @ spread / (spread @ spread))
    bend = square - square.mean() - spread * skew
    size = float(bend @ bend)
    off_s = times_s - steps * slope - late_s
    curve = float(bend @ off_s) / size
    if abs(curve) * math.sqrt(size) < BENT * float((off_s - curve * bend).std()):
        return late_s, slope
    return late_s + curve * float(bend[-1]), slope + curve * (2 * float(spread[-1]) - skew)
