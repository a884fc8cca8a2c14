"""Sources: what a player plays, asked for a stretch of the music at a time."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, final

import numpy as np
from mido import Message

from solferino.live.phrases import Phrase
from solferino.live.transport import Transport


@final
@dataclass(frozen=True)
class Event:
    """Something to send at a position of the music.

    Parameters
    ----------
    quarters : float
        When, in quarter notes from the start of the music.
    message : mido.Message
        What.
    output : str
        Name of the output; empty for the first.
    duration_quarters : float >= 0
        Of a ``note_on``: after how long the note ends; its end needs no event of its own.
    """

    quarters: float
    message: Message
    output: str = ""
    duration_quarters: float = 0.0


class Source(Protocol):
    """Knows what is to be played."""

    def between(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:
        """Events of a stretch of the music, half-open, a little ahead of time.

        Stretches follow each other without gaps while the music runs. This runs on the
        player's thread: it must be quick, and never wait.
        """

    def interrupted(self) -> None:
        """Take note that the music stopped or jumped: what sounded was ended.

        Also called at the end, when the player closes.
        """


@final
class OffsetSource:
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


def phrase_events(
    phrase: Phrase,
    at_quarters: float,
    length_quarters: float,
    *,
    between: tuple[float, float],
    channel: int,
    output: str = "",
) -> Iterator[Event]:
    """Yield the notes of a phrase that begin in a stretch of the music.

    Parameters
    ----------
    phrase : Phrase
    at_quarters : float
        Where the phrase begins.
    length_quarters : float
        For so long it plays: later notes are left out, and none sounds on.
    between : tuple of two floats
        The stretch, half-open, in quarter notes.
    channel : int in [0, 15]
    output : str
        Name of the output; empty for the first.
    """
    start_quarters, end_quarters = between
    if start_quarters >= at_quarters + length_quarters:
        return
    if end_quarters >= at_quarters + length_quarters:
        end_quarters = math.inf  # also for a note that rounding puts on the very end
    notes = phrase.notes[phrase.notes["onset_quarters"] < length_quarters]
    onsets = at_quarters + notes["onset_quarters"]
    first, last = np.searchsorted(onsets, [start_quarters, end_quarters]).tolist()
    for note, onset in zip(notes[first:last], onsets[first:last], strict=True):
        message = Message(
            "note_on",
            channel=channel,
            note=int(note["pitch"]),
            velocity=max(int(note["velocity"]), 1),
        )
        left_quarters = length_quarters - float(note["onset_quarters"])
        duration_quarters = min(float(note["duration_quarters"]), left_quarters)
        yield Event(float(onset), message, output, duration_quarters)
