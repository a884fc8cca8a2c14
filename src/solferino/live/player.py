"""The player: one thread that sends events at their time, and never waits for a model."""

import atexit
import contextlib
import gc
import heapq
import itertools
import math
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self, final

from mido import Message

from solferino.errors import PortError
from solferino.live.clock import Clock
from solferino.live.lateness import Lateness
from solferino.live.output import Output, Voice
from solferino.live.source import Event, Source
from solferino.live.transport import Change, Jump, Line, Transport

LOOKAHEAD_S = 0.03
"""How far ahead of time the sources are asked what to play."""

PULL_EVERY_S = 0.01
"""How much of that is asked for at once."""

TOO_LATE_S = 0.25
"""A note that is later than this, after a computer slept for instance, is left out."""

REALTIME_PRIORITY = 5
"""Above all ordinary threads, below those that make sound and serve devices."""

SWITCH_INTERVAL_S = 0.0005
"""How long another thread of this process may keep the interpreter while an event is due."""


@final
class _Due(NamedTuple):
    """An entry of the queue: of one moment, ends come first, then events as they were put."""

    quarters: float
    is_event: bool
    serial: int
    output: Output
    event: Event | None
    voice: Voice | None


@final
class Player:
    """Plays sources on outputs, in time.

    Parameters
    ----------
    clock : Clock
    transport : Transport
    outputs : mapping of str to Output
        At least one; the first is the default.

    Raises
    ------
    PortError
        If there is no output.

    Attributes
    ----------
    lateness : Lateness
        How punctual it is.
    faults : list of Exception
        What sources failed with; such a source is not asked again.
    is_realtime : bool
        Whether its thread runs before all ordinary ones, as `raise_priority` says.
    """

    def __init__(self, clock: Clock, transport: Transport, outputs: Mapping[str, Output]) -> None:
        if not outputs:
            raise PortError("a player needs an output: open one first")
        self.clock = clock
        self.transport = transport
        self.outputs = {"": next(iter(outputs.values())), **outputs}
        self.lateness = Lateness()
        self.faults: list[Exception] = []
        self.is_realtime = False
        self._sources: list[Source] = []
        self._queue: list[_Due] = []
        self._serials = itertools.count()
        line, self._last_jump = transport.moment
        self._pulled_quarters = line.quarters_at(clock.now_s())
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._is_closing = False
        self._is_to_panic = False
        self._thread: threading.Thread | None = None
        transport.subscribe(self._on_change)

    def add(self, source: Source) -> None:
        """Ask a source too, from the next stretch on."""
        with self._lock:
            self._sources.append(source)

    def remove(self, source: Source) -> None:
        """Ask a source no more, if it is asked; notes that sound end in time."""
        with self._lock, contextlib.suppress(ValueError):
            self._sources.remove(source)

    def send_now(self, message: Message, output: str = "") -> None:
        """Send a message at once, past the queue; what it begins ends if the player is closed."""
        self.outputs[output].send(message)
        if self._is_closing:
            self.outputs[output].release_all()

    def panic(self) -> None:
        """Drop what is queued and silence every output; the music runs on."""
        self._is_to_panic = True
        if self._thread and self._thread.is_alive():
            self._wake.set()  # a thread of less priority would hold up the player
        else:
            self._panic()

    def play_due(self) -> float:
        """Send what is due, and look ahead.

        Returns
        -------
        float
            Moment of the clock, in seconds, at which there is something to do again; infinite
            if the music stands.
        """
        with self._lock:
            self._panic()
            line, jump = self.transport.moment
            if jump != self._last_jump:
                self._interrupt(jump)
            if not line.is_running:
                return math.inf
            self._send_due(line)
            self._pull(line)
            self._send_due(line)
            pull_s = line.time_at_s(self._pulled_quarters) - LOOKAHEAD_S + PULL_EVERY_S
            next_s = line.time_at_s(self._queue[0].quarters) if self._queue else math.inf
            return min(pull_s, next_s)

    def start(self) -> None:
        """Play on a thread of its own until `close`."""
        self._thread = threading.Thread(target=self._run, name="solferino player", daemon=True)
        atexit.register(self.close)
        gc.collect()
        gc.freeze()  # a collection that goes through all that was imported takes 50 ms
        self._thread.start()

    def close(self) -> None:
        """Stop, and end every note on every channel of every output."""
        self._is_closing = True
        self._wake.set()
        atexit.unregister(self.close)
        try:
            if self._thread and self._thread is not threading.current_thread():
                self._thread.join()
        finally:
            gc.unfreeze()
            self._panic()
            with self._lock:
                self._interrupt(self.transport.last_jump)

    def __enter__(self) -> Self:
        """Start playing."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop playing, whatever happened."""
        self.close()

    def _run(self) -> None:
        self.is_realtime = raise_priority()
        switch_interval_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        try:
            while True:
                self._wake.clear()
                if self._is_closing:
                    return
                left_s = self.play_due() - self.clock.now_s()
                if left_s > 0:
                    self._wake.wait(None if math.isinf(left_s) else left_s)
        finally:
            sys.setswitchinterval(switch_interval_s)
            self._release_all()

    def _on_change(self, change: Change, line: Line) -> None:  # noqa: ARG002
        self._wake.set()

    def _panic(self) -> None:
        """Silence everything, if that is asked for."""
        with self._lock:
            if self._is_to_panic:
                self._is_to_panic = False
                self._queue.clear()
                for output in self._each_output():
                    output.panic()

    def _interrupt(self, jump: Jump) -> None:
        """Take note of a stop or a jump: end what sounds, and plan anew from there."""
        self._last_jump = jump
        self._queue.clear()
        self._release_all()
        self._pulled_quarters = jump.quarters
        for source in tuple(self._sources):
            try:
                source.interrupted()
            except Exception as error:
                self._give_up(source, error)

    def _pull(self, line: Line) -> None:
        """Ask the sources for the next stretch."""
        horizon = line.quarters_at(self.clock.now_s() + LOOKAHEAD_S)
        if horizon <= self._pulled_quarters:
            return
        start, self._pulled_quarters = self._pulled_quarters, horizon
        for source in tuple(self._sources):
            try:
                for event in source.between(start, horizon):
                    self._put(event.quarters, self.outputs[event.output], event=event)
            except Exception as error:
                self._give_up(source, error)

    def _give_up(self, source: Source, error: Exception) -> None:
        """Ask a source that failed no more; the others play on."""
        self.faults.append(error)
        self.remove(source)

    def _put(
        self,
        quarters: float,
        output: Output,
        *,
        event: Event | None = None,
        voice: Voice | None = None,
    ) -> None:
        due = _Due(quarters, event is not None, next(self._serials), output, event, voice)
        heapq.heappush(self._queue, due)

    def _send_due(self, line: Line) -> None:
        """Send what has come due, in order."""
        while self._queue:
            due = self._queue[0]
            late_s = self.clock.now_s() - line.time_at_s(due.quarters)
            if late_s < 0:
                return
            heapq.heappop(self._queue)
            if due.voice:
                due.output.end(due.voice)
            if due.event and late_s > TOO_LATE_S and _begins_note(due.event.message):
                self.lateness.dropped += 1
            elif due.event:
                self._send(due.event, due.output)
                self.lateness.add(self.clock.now_s() - line.time_at_s(due.quarters))

    def _send(self, event: Event, output: Output) -> None:
        message = event.message
        if _begins_note(message) and event.duration_quarters > 0:
            voice = output.begin(message.channel, message.note, message.velocity)
            self._put(event.quarters + event.duration_quarters, output, voice=voice)
        else:
            output.send(message)

    def _release_all(self) -> None:
        for output in self._each_output():
            output.release_all()

    def _each_output(self) -> Sequence[Output]:
        return tuple(dict.fromkeys(self.outputs.values()))


def _begins_note(message: Message) -> bool:
    return bool(message.type == "note_on" and message.velocity)


def raise_priority() -> bool:
    """Let the calling thread run as soon as it wants to, where the system permits it.

    Threads and processes that it starts do not inherit this.

    Returns
    -------
    bool
        Whether it is permitted. On Linux users need the right to real-time priority, which
        membership of the group ``audio`` gives where sound software is set up; elsewhere ordinary
        priority has to do.
    """
    if sys.platform != "linux":
        return False
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(REALTIME_PRIORITY))
    except OSError:
        return False
    return True
