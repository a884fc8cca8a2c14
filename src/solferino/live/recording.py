"""A recording: what the parts of a track played, in quarter notes."""

import math
import threading
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar, final

import numpy as np

from solferino.live.parts import Part
from solferino.live.phrases import SAME_MOMENT_QUARTERS
from solferino.live.player import Event
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


@final
class Recording:
    """Remembers what is played: stretches of music between jumps, one after the other.

    Time runs on only while the music does, so the bars stay whole through a stop.

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
        self._kept: list[_Note] = []
        self._fresh: list[_Note] = []
        self._stretch_quarters = self._line.anchor_quarters
        self._offset_quarters = 0.0
        self._reached_quarters = self._stretch_quarters
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
                self._fresh.append(row)

    def to_notes(self) -> NoteSequence:
        """Return what was played so far as a piece, with one instrument a part.

        A note that still sounds ends where the recording does.
        """
        with self._lock:
            rows = [*self._kept, *self._moved(self._reached_quarters)]
            length_quarters = self._recorded_at(self._reached_quarters)
            tempos, meters = self._averaged_tempos(length_quarters), tuple(self._meters)
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
                at_quarters = self._recorded_at(max(at_quarters, self._reached_quarters))
                _put(self._meters, (at_quarters, self._transport.meter))
                return
            if change is not Change.TEMPO:
                self._end_stretch(at_quarters, line, was_running=was_running)
            self._change_tempo(line)

    def _change_tempo(self, line: Line) -> None:
        since_s = line.anchor_s - self._stretch_s if line.is_running else 0.0
        quarters = self._recorded_at(line.anchor_quarters)
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
        self._kept.extend(self._moved(at_quarters))
        self._fresh.clear()
        self._offset_quarters = self._recorded_at(at_quarters)
        self._stretch_quarters = self._reached_quarters = line.anchor_quarters

    def _moved(self, end_quarters: float) -> list[_Note]:
        """Return the notes of this stretch, cut at a position, at their times in the recording."""
        return [
            note._replace(
                onset_quarters=self._recorded_at(note.onset_quarters),
                duration_quarters=min(note.duration_quarters, end_quarters - note.onset_quarters),
            )
            for note in self._fresh
            if self._stretch_quarters <= note.onset_quarters < end_quarters
        ]

    def _recorded_at(self, quarters: float) -> float:
        since_quarters = quarters - self._stretch_quarters
        return self._offset_quarters + max(0.0, since_quarters)


def _put(changes: list[_Change], change: _Change) -> None:
    """Note a change, whose first field is its moment; of two at one moment the later one counts."""
    while changes and changes[-1][0] >= change[0]:
        changes.pop()
    changes.append(change)
