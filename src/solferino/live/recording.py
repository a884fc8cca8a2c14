"""A recording: what the parts of a track played, in quarter notes."""

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar, final

import numpy as np
from mido import Message

from solferino.live.capture import Capture
from solferino.live.parts import Part
from solferino.live.phrases import SAME_MOMENT_QUARTERS
from solferino.live.source import Event, Source
from solferino.live.transport import Change, Line, Transport
from solferino.notes.sequence import METER_DTYPE, TEMPO_DTYPE, Instrument, NoteSequence
from solferino.notes.timing import TempoMap

STEADY_QUARTERS = 2.0
"""Tempi that follow each other more closely, as with a clock that is followed, are averaged."""

SAME_TEMPO = 0.005
"""Tempi that differ by less than this share are one."""

_Change = TypeVar("_Change", bound=tuple[Any, ...])


class _Moment(NamedTuple):
    """A change of tempo: when in the recording, in both measures, and to which."""

    quarters: float
    time_s: float
    qpm: float


class _Note(NamedTuple):
    onset_quarters: float
    duration_quarters: float
    pitch: int
    velocity: int
    part: int


class _Stretch(NamedTuple):
    """Music between two jumps: where it begins, in itself and in the recording, and its notes."""

    start_quarters: float
    recorded_quarters: float
    notes: tuple[_Note, ...] = ()
    end_quarters: float = math.inf

    def recorded_at(self, quarters: float) -> float:
        """Where in the recording a position of the music is."""
        return self.recorded_quarters + max(0.0, quarters - self.start_quarters)

    def recorded_notes(self) -> Iterator[_Note]:
        """Yield its notes, cut at its end, at their times in the recording."""
        for note in self.notes:
            if self.start_quarters <= note.onset_quarters < self.end_quarters:
                left_quarters = self.end_quarters - note.onset_quarters
                yield note._replace(
                    onset_quarters=self.recorded_at(note.onset_quarters),
                    duration_quarters=min(note.duration_quarters, left_quarters),
                )


@final
class Recording:
    """Remembers what is played: stretches of music between jumps, one after the other.

    Time runs on only while the music does, so the bars stay whole through a stop. Its lock is
    held for moments only, because the player waits for it.

    Parameters
    ----------
    parts : sequence of Part
        Whose notes they are.
    transport : Transport
    """

    def __init__(self, parts: Sequence[Part], transport: Transport) -> None:
        self._parts = tuple(parts)
        self._lock = threading.Lock()
        self._transport = transport
        self._line = transport.line
        self._ended: list[_Stretch] = []
        self._stretch = _Stretch(self._line.anchor_quarters, 0.0)
        self._notes: list[_Note] = []
        self._reached_quarters = self._line.anchor_quarters
        self._stretch_s, self._offset_s = self._line.anchor_s, 0.0
        self._is_bending = False
        self._tempos = [_Moment(0.0, 0.0, self._line.qpm)]
        self._meters = [(0.0, transport.meter)]
        transport.subscribe(self._on_change)

    def add(self, part: int, events: Iterable[Event], end_quarters: float) -> None:
        """Write down the notes of a part up to a position of the music."""
        with self._lock:
            self._reached_quarters = max(self._reached_quarters, end_quarters)
            for event in events:
                note, velocity = event.message.note, event.message.velocity
                row = _Note(event.quarters, event.duration_quarters, note, velocity, part)
                self._notes.append(row)

    def to_notes(self) -> NoteSequence:
        """Return what was played so far as a piece, with one instrument a part.

        A note that still sounds ends where the recording does.
        """
        with self._lock:
            stretches = [*self._ended, self._ended_at(self._reached_quarters)]
            length_quarters = self._stretch.recorded_at(self._reached_quarters)
            tempos, meters = self._averaged_tempos(length_quarters), tuple(self._meters)
        rows = [note for stretch in stretches for note in stretch.recorded_notes()]
        onset, duration, pitch, velocity, part = np.array(rows, np.float64).reshape(-1, 5).T
        tempo_map = TempoMap.from_quarters(*zip(*tempos, strict=True))
        tempo_times_s = tempo_map.quarters_to_seconds([at for at, _ in tempos])
        meter_times_s = tempo_map.quarters_to_seconds([at for at, _ in meters])
        return NoteSequence.from_columns(
            pitch,
            tempo_map.quarters_to_seconds(onset),
            tempo_map.quarters_to_seconds(onset + duration),
            velocity,
            part,
            instruments=tuple(Instrument(p.program or 0, p.is_drum, p.name) for p in self._parts),
            tempos=np.array(
                [(at_s, qpm) for at_s, (_, qpm) in zip(tempo_times_s, tempos, strict=True)],
                TEMPO_DTYPE,
            ),
            meters=np.array(
                [
                    (at_s, meter.numerator, meter.denominator)
                    for at_s, (_, meter) in zip(meter_times_s, meters, strict=True)
                ],
                METER_DTYPE,
            ),
            total_time_s=float(tempo_map.quarters_to_seconds(length_quarters)),
        )

    def _on_change(self, change: Change, line: Line) -> None:
        with self._lock:
            at_quarters = self._line.quarters_at(line.anchor_s)
            was_running, self._line = self._line.is_running, line
            if change is Change.METER:
                at_quarters = self._stretch.recorded_at(max(at_quarters, self._reached_quarters))
                _put(self._meters, (at_quarters, self._transport.meter))
                return
            if change is not Change.TEMPO:
                self._end_stretch(at_quarters, line, was_running=was_running)
            self._change_tempo(line)

    def _change_tempo(self, line: Line) -> None:
        since_s = line.anchor_s - self._stretch_s if line.is_running else 0.0
        quarters = self._stretch.recorded_at(line.anchor_quarters)
        self._is_bending = False
        while len(self._tempos) > 1 and quarters - self._tempos[-2].quarters < STEADY_QUARTERS:
            self._tempos.pop()
            self._is_bending = True
        _put(self._tempos, _Moment(quarters, self._offset_s + since_s, line.qpm))

    def _averaged_tempos(self, end_quarters: float) -> list[tuple[float, float]]:
        """Return where each tempo begins, in quarter notes, and what it was on the average."""
        tempos: list[tuple[float, float]] = []
        for this, following in zip_longest(self._tempos, self._tempos[1:]):
            qpm = this.qpm
            if following and following.time_s > this.time_s:
                per_s = (following.quarters - this.quarters) / (following.time_s - this.time_s)
                qpm = qpm if math.isclose(per_s * 60, qpm, rel_tol=1e-6) else per_s * 60
            elif tempos and self._is_bending and end_quarters - this.quarters < STEADY_QUARTERS:
                break
            if not tempos or abs(qpm / tempos[-1][1] - 1) > SAME_TEMPO:
                tempos.append((this.quarters, qpm))
        return tempos

    def _end_stretch(self, at_quarters: float, line: Line, *, was_running: bool) -> None:
        """Keep what was played up to a jump; what would have sounded later was cut off."""
        if was_running:
            self._offset_s += line.anchor_s - self._stretch_s
        self._stretch_s = line.anchor_s
        if abs(at_quarters - self._reached_quarters) < SAME_MOMENT_QUARTERS:
            at_quarters = self._reached_quarters
        if self._notes:
            self._ended.append(self._ended_at(at_quarters))
            self._notes.clear()
        recorded_quarters = self._stretch.recorded_at(at_quarters)
        self._stretch = _Stretch(line.anchor_quarters, recorded_quarters)
        self._reached_quarters = line.anchor_quarters

    def _ended_at(self, quarters: float) -> _Stretch:
        return self._stretch._replace(notes=tuple(self._notes), end_quarters=quarters)


def _put(changes: list[_Change], change: _Change) -> None:
    """Note a change, whose first field is its moment; of two at one moment the later one counts."""
    while changes and changes[-1][0] >= change[0]:
        changes.pop()
    changes.append(change)


@final
class RecordedSource:
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
class RecordedCapture:
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
