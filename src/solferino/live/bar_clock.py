"""A clock that tells its bar lines, one control change each."""

from typing import final

from solferino.live.transport import MAX_QPM, MIN_QPM, Line, Transport

JUMP_QUARTERS = 0.25
"""A bar line that is farther off than this is jumped to."""


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
