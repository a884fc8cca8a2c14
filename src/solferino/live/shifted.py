"""A source that plays earlier or later than it would."""

from collections.abc import Iterator
from dataclasses import replace
from typing import final

from solferino.live.player import Event, Source
from solferino.live.transport import Transport


@final
class Shifted:
    """Lets a source play some time off, for an instrument that is slow to sound.

    Parameters
    ----------
    source : Source
        Is asked, and makes up its mind, so much earlier or later, too.
    transport : Transport
    offset_s : float
        In seconds; below 0 is earlier.
    """

    def __init__(self, source: Source, transport: Transport, offset_s: float) -> None:
        self._source = source
        self._transport = transport
        self._offset_s = offset_s
        self._reached_quarters: float | None = None

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:
        """Yield what is to be played in a stretch of the music."""
        shift = self._offset_s * self._transport.line.qpm / 60
        if self._reached_quarters is None:
            self._reached_quarters = start_quarters - shift
        start, end = self._reached_quarters, end_quarters - shift
        if start >= end:
            return
        self._reached_quarters = end
        for event in self._source.between(start, end):
            yield replace(event, quarters=event.quarters + shift)

    def interrupted(self) -> None:
        """Take note that the music stopped or jumped."""
        self._reached_quarters = None
        self._source.interrupted()
