"""The transport: where the music is at each moment, how fast it goes, and whether it runs."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple, final

from solferino.errors import LiveError
from solferino.notes.sequence import DEFAULT_QPM
from solferino.notes.timing import quarters_per_bar

MIN_QPM, MAX_QPM = 1.0, 1000.0


@final
@dataclass(frozen=True)
class Line:
    """Musical time against the clock: a straight line, or a point while the music stands.

    Parameters
    ----------
    anchor_s : float
        A moment of the clock, in seconds.
    anchor_quarters : float
        Position at that moment, in quarter notes from the start of the music.
    qpm : float
        Tempo, in quarter notes a minute.
    is_running : bool
        Whether the music moves on.
    """

    anchor_s: float
    anchor_quarters: float = 0.0
    qpm: float = DEFAULT_QPM
    is_running: bool = False

    def quarters_at(self, time_s: float) -> float:
        """Position at a moment of the clock, in quarter notes."""
        if not self.is_running:
            return self.anchor_quarters
        return self.anchor_quarters + (time_s - self.anchor_s) * self.qpm / 60

    def time_at_s(self, quarters: float) -> float:
        """Moment of the clock at which a position is reached; infinite while the music stands."""
        if not self.is_running:
            return math.inf
        return self.anchor_s + (quarters - self.anchor_quarters) * 60 / self.qpm


@final
@dataclass(frozen=True)
class Meter:
    """A time signature.

    Parameters
    ----------
    numerator, denominator : int > 0
        7 and 8 are seven eighth notes a bar.

    Raises
    ------
    LiveError
        If a number is out of range, or the denominator no power of two.
    """

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        """Check the ranges."""
        is_power = self.denominator > 0 and self.denominator & (self.denominator - 1) == 0
        if not (1 <= self.numerator <= 64 and is_power and self.denominator <= 64):
            raise LiveError(
                f"no meter is {self.numerator}/{self.denominator}: give 1 to 64 beats of a "
                "power of two up to 64, such as 4/4, 3/4 or 7/8"
            )

    @property
    def bar_quarters(self) -> float:
        """Length of a bar, in quarter notes."""
        return quarters_per_bar(self.numerator, self.denominator)

    @property
    def beat_quarters(self) -> float:
        """Length of a beat as the denominator says, in quarter notes."""
        return 4 / self.denominator

    def place(self, quarters: float) -> tuple[int, int]:
        """Bar and beat of a position, counted from 1."""
        bar = math.floor(quarters / self.bar_quarters)
        beat = math.floor((quarters - bar * self.bar_quarters) / self.beat_quarters)
        return bar + 1, beat + 1


FOUR_FOUR = Meter()
"""The meter where none is said."""


@final
class Change(Enum):
    """What happened to a transport."""

    START = auto()
    STOP = auto()
    RESUME = auto()
    LOCATE = auto()
    TEMPO = auto()
    METER = auto()


Listener = Callable[[Change, Line], None]


@final
class Jump(NamedTuple):
    """The last time that the music stopped, started or jumped.

    Parameters
    ----------
    number : int
        How often it has done so.
    quarters : float
        The position that it then had.
    """

    number: int
    quarters: float


@final
class Moment(NamedTuple):
    """What holds at one moment: the line, and the jump that it goes back to.

    Parameters
    ----------
    line : Line
    last_jump : Jump
    """

    line: Line
    last_jump: Jump


@final
class Transport:
    """Keeps position, tempo and meter; any thread may ask it and change it.

    Listeners are called without its lock, so they may ask and change it too.

    Parameters
    ----------
    qpm : float
        Tempo to begin with, in quarter notes a minute.
    meter : Meter
        Meter to begin with; bars are counted from position 0.

    Raises
    ------
    LiveError
        If the tempo is out of range.
    """

    def __init__(self, qpm: float = DEFAULT_QPM, meter: Meter = FOUR_FOUR) -> None:
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._moment = Moment(Line(0.0, qpm=_checked_qpm(qpm)), Jump(0, 0.0))
        self._meter = meter

    @property
    def moment(self) -> Moment:
        """The line and the last jump, which belong together."""
        return self._moment

    @property
    def line(self) -> Line:
        """Musical time against the clock, as it is now."""
        return self._moment.line

    @property
    def meter(self) -> Meter:
        """Time signature."""
        return self._meter

    @property
    def last_jump(self) -> Jump:
        """The last stop or jump; what was planned before it holds no longer."""
        return self._moment.last_jump

    def subscribe(self, listener: Listener) -> None:
        """Call a function after every change, on the thread that made it; it must not wait."""
        self._listeners.append(listener)

    def start(self, now_s: float) -> None:
        """Run from the start of the music."""
        with self._lock:
            self._jump(Line(now_s, 0.0, self.line.qpm, is_running=True))
        self._tell(Change.START)

    def stop(self, now_s: float) -> None:
        """Stand still where the music is now."""
        with self._lock:
            at = max(self.line.quarters_at(now_s), 0.0)
            self._jump(Line(now_s, at, self.line.qpm, is_running=False))
        self._tell(Change.STOP)

    def resume(self, now_s: float) -> None:
        """Run on from where the music stands; nothing if it runs."""
        with self._lock:
            if self.line.is_running:
                return
            self._jump(replace(self.line, anchor_s=now_s, is_running=True))
        self._tell(Change.RESUME)

    def locate(self, quarters: float, now_s: float) -> None:
        """Jump to a position, running or not.

        Raises
        ------
        LiveError
            If it is before the start.
        """
        if not 0 <= quarters < math.inf:
            raise LiveError(f"no position is {quarters} quarter notes: give 0 or more")
        with self._lock:
            self._jump(replace(self.line, anchor_s=now_s, anchor_quarters=quarters))
        self._tell(Change.LOCATE)

    def set_tempo(self, qpm: float, now_s: float) -> None:
        """Go on from here at another tempo, in quarter notes a minute.

        Raises
        ------
        LiveError
            If it is out of range.
        """
        _checked_qpm(qpm)
        with self._lock:
            at = self.line.quarters_at(now_s)
            self._run_on(Line(now_s, at, qpm, self.line.is_running))
        self._tell(Change.TEMPO)

    def follow(self, line: Line) -> None:
        """Take over the line of another clock, which runs on nearly as this one does.

        For small corrections: nothing is cut off. `locate` is for jumps. While the music
        stands only the tempo is taken over.
        """
        with self._lock:
            here = self.line
            self._run_on(line if here.is_running else replace(here, qpm=line.qpm))
        self._tell(Change.TEMPO)

    def set_meter(self, meter: Meter) -> None:
        """Count bars in another meter, from position 0."""
        with self._lock:
            self._meter = meter
        self._tell(Change.METER)

    def _jump(self, line: Line) -> None:
        self._moment = Moment(line, Jump(self.last_jump.number + 1, line.anchor_quarters))

    def _run_on(self, line: Line) -> None:
        self._moment = self._moment._replace(line=line)

    def _tell(self, change: Change) -> None:
        line = self.line
        for listener in tuple(self._listeners):
            listener(change, line)


def _checked_qpm(qpm: float) -> float:
    if not MIN_QPM <= qpm <= MAX_QPM:
        raise LiveError(
            f"no tempo is {qpm} quarter notes a minute: give {MIN_QPM:g} to {MAX_QPM:g}"
        )
    return qpm
