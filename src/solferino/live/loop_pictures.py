"""Pictures of a track while it plays, made of characters: each loop, and where it is."""

from typing import final

from rich.text import Text

from solferino.live.looper import Looper, Pass
from solferino.live.phrases import Phrase
from solferino.live.transport import Line, Meter
from solferino.notes.terminal_roll import (
    COARSEST_COLUMNS_PER_QUARTER,
    FINEST_COLUMNS_PER_QUARTER,
    UNICODE_SIGNS,
    terminal_roll,
)

NARROWEST = 40
SILENCE = "(silence)"
PLAYHEAD_STYLE = "reverse"


@final
class LoopPicture:
    """Draws the loop of one looper; it is drawn anew only when the loop has changed.

    Parameters
    ----------
    looper : Looper
    """

    def __init__(self, looper: Looper) -> None:
        self.looper = looper
        self._drawn: tuple[Phrase, int, float] | None = None
        self._lines: list[str] = []
        self._columns_per_quarter = COARSEST_COLUMNS_PER_QUARTER

    def roll(self, quarters: float, width: int) -> Text:
        """Draw the loop, with the place that sounds at a position of the music.

        Parameters
        ----------
        quarters : float >= 0
            Position of the music.
        width : int
            In characters.
        """
        here = Pass.at(quarters, self.looper.length_quarters)
        self._draw(width, here.length_quarters)
        edge = self._lines[0].find(UNICODE_SIGNS.edge)
        since_quarters = quarters - here.start_quarters
        column = edge + 1 + int(since_quarters * self._columns_per_quarter)
        picture = Text("\n".join(line.ljust(column + 1) for line in self._lines), no_wrap=True)
        start = 0
        for line in self._lines:
            picture.stylize(PLAYHEAD_STYLE, start + column, start + column + 1)
            start += max(len(line), column + 1) + 1
        return picture

    def _draw(self, width: int, length_quarters: float) -> None:
        loop = self.looper.loop
        if self._drawn == (loop, width, length_quarters):
            return
        self._drawn = (loop, width, length_quarters)
        meter = self.looper.meter
        lines = terminal_roll(loop.to_notes(60.0, (meter.numerator, meter.denominator)), width)
        self._lines = lines[:-1] or [f"{'':4}{UNICODE_SIGNS.edge}{SILENCE}"]
        room = max(width, NARROWEST) - self._lines[0].find(UNICODE_SIGNS.edge) - 1
        self._columns_per_quarter = FINEST_COLUMNS_PER_QUARTER
        while (
            self._columns_per_quarter > COARSEST_COLUMNS_PER_QUARTER
            and length_quarters * self._columns_per_quarter > room
        ):
            self._columns_per_quarter //= 2


def looper_words(looper: Looper) -> str:
    """Say in one line what a looper is and does."""
    part = looper.part
    words = [f"{part.name}: {looper.action.value.replace('_', ' ')}"]
    if looper.ordered:
        words[0] += " (next one ready)" if looper.ordered.done() else " (writing)"
    if looper.is_muted:
        words.append("muted")
    words.append(f"{part.bundle}, {_counted(part.bars, 'bar')}, channel {part.channel}")
    words.append(f"temperature {looper.temperature:g}")
    if looper.misses:
        words.append(_counted(looper.misses, "miss", "misses"))
    if looper.fault:
        words.append(f"not written: {looper.fault}")
    return " · ".join(words)


def position_words(line: Line, meter: Meter, now_s: float) -> str:
    """Say in a few words where the music is and how fast it goes."""
    bar, beat = meter.place(line.quarters_at(now_s))
    state = "playing" if line.is_running else "stopped"
    return (
        f"bar {bar}.{beat} · {line.qpm:.4g} qpm · {meter.numerator}/{meter.denominator} · {state}"
    )


def _counted(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"
