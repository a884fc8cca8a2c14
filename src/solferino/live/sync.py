"""Sync: how the transport comes to where another clock says that the music is."""

from dataclasses import replace
from typing import final

from solferino.live.transport import MAX_QPM, MIN_QPM, Line, Transport

CATCH_UP_S = 0.1
"""In this time most of a small difference is made up, by going a little faster or slower."""

JUMP_QUARTERS = 0.25
"""A larger difference than this is no error of measurement: the music jumps."""


def converging(here: Line, there: Line, now_s: float) -> Line:
    """Line that begins where the music is and runs to where it should be.

    Positions never go back and are never skipped; only the tempo bends, at most to half or twice.

    Parameters
    ----------
    here, there : Line
        Where the music is, and where it should be; both running.
    now_s : float
        Moment of the clock, in seconds.

    Returns
    -------
    Line
    """
    at = here.quarters_at(now_s)
    quarters = there.quarters_at(now_s + CATCH_UP_S) - at
    qpm = min(max(quarters / CATCH_UP_S * 60, there.qpm / 2), there.qpm * 2)
    return Line(now_s, at, min(max(qpm, MIN_QPM), MAX_QPM), is_running=True)


def follow(transport: Transport, there: Line, now_s: float) -> None:
    """Bring a transport to where the music should be: bent where it is near, else with a jump.

    Parameters
    ----------
    transport : Transport
        Nothing but its tempo changes while it stands.
    there : Line
        Where the music should be, running.
    now_s : float
        Moment of the clock, in seconds.
    """
    here = transport.line
    target = there.quarters_at(now_s)
    if not here.is_running:
        if here.qpm != there.qpm:
            transport.follow(there)
    elif abs(target - here.quarters_at(now_s)) > JUMP_QUARTERS:
        transport.locate(max(target, 0.0), now_s)
        transport.follow(replace(there, anchor_s=now_s, anchor_quarters=max(target, 0.0)))
    else:
        transport.follow(converging(here, there, now_s))


@final
class BarClock:
    """Makes a transport follow bar lines; two of them tell the tempo.

    A small difference is made up by the next bar line, so that no position is skipped.

    Parameters
    ----------
    transport : Transport
        Starts with the second bar line, on a bar line.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._last_s: float | None = None

    def tick(self, time_s: float) -> None:
        """Take a bar line that came at a moment of the clock, in seconds."""
        last_s, self._last_s = self._last_s, time_s
        if last_s is None or time_s <= last_s:
            return
        line, bar_quarters = self._transport.line, self._transport.meter.bar_quarters
        passed = (time_s - last_s) * line.qpm / 60 / bar_quarters
        num_bars = max(round(passed), 1) if line.is_running else 1
        qpm = num_bars * bar_quarters * 60 / (time_s - last_s)
        if not MIN_QPM <= qpm <= MAX_QPM:
            return
        if not line.is_running:
            self._transport.set_tempo(qpm, time_s)
            self._transport.start(time_s)
            return
        at = line.quarters_at(time_s)
        bar_line = max(round(at / bar_quarters), 0) * bar_quarters
        if abs(at - bar_line) > JUMP_QUARTERS:
            self._transport.locate(bar_line, time_s)
            at = bar_line
        next_s = bar_quarters * 60 / qpm
        to_next_qpm = (bar_line + bar_quarters - at) * 60 / next_s
        self._transport.follow(Line(time_s, at, to_next_qpm, is_running=True))
