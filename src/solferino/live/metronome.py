"""The metronome: a beat, and an accent on the bar."""

import math
from collections.abc import Iterator
from typing import final

from mido import Message

from solferino.live.output import DRUM_CHANNEL
from solferino.live.source import Event
from solferino.live.transport import Transport

HIGH_WOOD_BLOCK, LOW_WOOD_BLOCK = 76, 77
BAR_VELOCITY, BEAT_VELOCITY = 100, 64
CLICK_QUARTERS = 0.1


@final
class Metronome:
    """A source that clicks, in any meter.

    Parameters
    ----------
    transport : Transport
        Says the meter.
    channel : int in [0, 15]
        By default that of the drums.
    bar_pitch, beat_pitch : int in [0, 127]
        By default wood blocks, a high and a low one.
    output : str
        Name of the output; empty for the first.

    Attributes
    ----------
    is_on : bool
        Whether it clicks; any thread may change it.
    """

    def __init__(
        self,
        transport: Transport,
        channel: int = DRUM_CHANNEL,
        *,
        bar_pitch: int = HIGH_WOOD_BLOCK,
        beat_pitch: int = LOW_WOOD_BLOCK,
        output: str = "",
        is_on: bool = True,
    ) -> None:
        self._transport = transport
        self._channel = channel
        self._pitches = (bar_pitch, beat_pitch)
        self._output = output
        self.is_on = is_on

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:
        """Clicks of a stretch of the music."""
        meter = self._transport.meter
        beat_quarters = meter.beat_quarters
        number = math.ceil(start_quarters / beat_quarters)
        number += number * beat_quarters < start_quarters  # the division was rounded
        while self.is_on and number * beat_quarters < end_quarters:
            yield self._click(number * beat_quarters, is_bar=number % meter.numerator == 0)
            number += 1

    def interrupted(self) -> None:
        """Nothing is planned beyond a click."""

    def _click(self, quarters: float, *, is_bar: bool) -> Event:
        message = Message(
            "note_on",
            channel=self._channel,
            note=self._pitches[0 if is_bar else 1],
            velocity=BAR_VELOCITY if is_bar else BEAT_VELOCITY,
        )
        return Event(quarters, message, self._output, CLICK_QUARTERS)
