"""Witnesses: they tell a recording what was played to a partner, and what it answered."""

from collections.abc import Iterable
from typing import final

from mido import Message

from solferino.live.capture import Capture
from solferino.live.player import Event, Source
from solferino.live.recording import Recording


@final
class AnswerWitness:
    """A source as it is; what it plays is recorded.

    Parameters
    ----------
    source : Source
    recording : Recording
    part : int
        Its part in the recording.
    """

    def __init__(self, source: Source, recording: Recording, part: int) -> None:
        self._source = source
        self._recording = recording
        self._part = part

    def between(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:
        """Return what the source plays in a stretch of the music."""
        events = tuple(self._source.between(start_quarters, end_quarters))
        notes = [event for event in events if event.duration_quarters > 0]
        self._recording.add(self._part, notes, end_quarters)
        return events

    def interrupted(self) -> None:
        """Take note that the music stopped or jumped."""
        self._source.interrupted()


@final
class CallWitness:
    """A source that plays nothing; what a capture hears is recorded.

    Parameters
    ----------
    capture : Capture
        One of its own, which is emptied.
    recording : Recording
    part : int
        Its part in the recording.
    """

    def __init__(self, capture: Capture, recording: Recording, part: int) -> None:
        self.capture = capture
        self._recording = recording
        self._part = part

    def between(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:  # noqa: ARG002
        """Record the notes that have ended; nothing is played."""
        self.capture.settle()
        notes = [
            Event(
                note.onset_quarters,
                Message("note_on", note=note.pitch, velocity=note.velocity),
                duration_quarters=note.end_quarters - note.onset_quarters,
            )
            for note in self.capture.take_ended()
        ]
        if notes:
            self._recording.add(self._part, notes, start_quarters)
        return ()

    def interrupted(self) -> None:
        """Forget what sounds: the music stopped or jumped."""
        self.capture.clear()
