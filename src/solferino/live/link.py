"""Ableton Link: one tempo, one bar and one start for all programs on a network."""

import asyncio
import importlib
import threading
from typing import Any, Protocol, Self, final

from solferino.errors import LiveError, MissingExtraError
from solferino.live.clock import Clock
from solferino.live.sync import follow
from solferino.live.transport import MAX_QPM, MIN_QPM, Change, Jump, Line, Transport

POLL_EVERY_S = 0.02
IN_STEP_S = 1e-4
SAME_QPM = 1e-6
READINGS = 3


class LinkPeer(Protocol):
    """What is used of `aalink.Link`."""

    tempo: float
    quantum: float
    playing: bool

    @property
    def beat(self) -> float:
        """Beats of the session at this moment, in quarter notes."""

    @property
    def num_peers(self) -> int:
        """How many other programs take part."""


@final
class LinkFollower:
    """Keeps a transport and a Link session in step, in both directions.

    A new tempo, a start or a stop on either side is taken over by the other. Music that starts
    here or there begins with the next bar of the session; music that goes on, or jumps, takes the
    place in the bar that the session has, in the nearest bar. The length of the bar is the
    quantum. What the music plays is bent or jumps as `sync` says.

    Parameters
    ----------
    transport : Transport
        Its meter says how long a bar is.
    clock : Clock
        The clock of the transport.
    link : LinkPeer
    """

    def __init__(self, transport: Transport, clock: Clock, link: LinkPeer) -> None:
        self._transport = transport
        self._clock = clock
        self._link = link
        self._qpm = link.tempo
        self._new_qpm: float | None = None
        self._is_playing = link.playing
        self._last_jump: Jump | None = None
        self._own_thread: int | None = None
        transport.subscribe(self._on_change)

    @property
    def num_peers(self) -> int:
        """How many other programs take part."""
        return self._link.num_peers

    def poll(self) -> None:
        """Take over what changed on either side; call it some fifty times a second."""
        self._own_thread = threading.get_ident()
        try:
            self._link.quantum = self._transport.meter.bar_quarters
            self._agree_on_tempo()
            self._agree_on_playing()
            if self._transport.line.is_running:
                self._keep_step()
        finally:
            self._own_thread = None

    def _on_change(self, change: Change, line: Line) -> None:
        if change is Change.TEMPO and self._own_thread != threading.get_ident():
            self._new_qpm = line.qpm

    def _agree_on_tempo(self) -> None:
        wanted, self._new_qpm = self._new_qpm, None
        there = self._link.tempo
        if abs(there - self._qpm) > SAME_QPM:
            self._qpm = min(max(there, MIN_QPM), MAX_QPM)
        elif wanted is not None and abs(wanted - self._qpm) > SAME_QPM:
            self._link.tempo = wanted
            self._qpm = self._link.tempo
        if not self._transport.line.is_running and self._transport.line.qpm != self._qpm:
            self._transport.set_tempo(self._qpm, self._clock.now_s())

    def _agree_on_playing(self) -> None:
        there, here = self._link.playing, self._transport.line.is_running
        if there != self._is_playing:
            self._is_playing = there
            if there and not here:
                self._transport.start(self._clock.now_s())
            elif here and not there:
                self._transport.stop(self._clock.now_s())
        elif here != self._is_playing:
            self._is_playing = self._link.playing = here

    def _keep_step(self) -> None:
        now_s, beat = self._read()
        line, jump = self._transport.moment
        bar = self._transport.meter.bar_quarters
        if jump != self._last_jump and jump.quarters == 0.0:
            self._begin_with_bar(now_s, -beat % bar)
        else:
            at = line.quarters_at(now_s)
            target = beat - round((beat - at) / bar) * bar
            self._come_to(Line(now_s, target, self._qpm, is_running=True), line)
        self._last_jump = self._transport.last_jump

    def _begin_with_bar(self, now_s: float, left_quarters: float) -> None:
        self._transport.start(now_s + left_quarters * 60 / self._qpm)
        line = self._transport.line
        self._transport.follow(Line(line.anchor_s, 0.0, self._qpm, is_running=True))

    def _come_to(self, there: Line, here: Line) -> None:
        now_s = there.anchor_s
        at = here.quarters_at(now_s)
        if abs(there.anchor_quarters - at) * 60 / there.qpm > IN_STEP_S:
            follow(self._transport, there, now_s)
        elif here.qpm != there.qpm:
            self._transport.follow(Line(now_s, at, there.qpm, is_running=True))

    def _read(self) -> tuple[float, float]:
        """Read the beat, and when it was read; the quickest of a few readings is the surest."""
        readings = []
        for _ in range(READINGS):
            before_s = self._clock.now_s()
            beat = self._link.beat
            after_s = self._clock.now_s()
            readings.append((after_s - before_s, (before_s + after_s) / 2, beat))
        _, time_s, beat = min(readings)
        return time_s, beat


@final
class LinkSession:
    """Takes part in the Link session of the network, on a thread of its own.

    Parameters
    ----------
    transport : Transport
    clock : Clock
        The clock of the transport.

    Raises
    ------
    MissingExtraError
        If aalink is not installed.
    LiveError
        If it cannot use the network.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._aalink = _aalink()
        self._transport = transport
        self._clock = clock
        self._is_closing = threading.Event()
        self._is_open = threading.Event()
        self._follower: LinkFollower | None = None
        self._failure: RuntimeError | None = None
        self._thread = threading.Thread(target=self._run, name="solferino link", daemon=True)
        self._thread.start()
        self._is_open.wait()
        if self._failure:
            raise LiveError(
                f"Ableton Link cannot be joined ({self._failure}): check the network, or play "
                "without it"
            )

    @property
    def num_peers(self) -> int:
        """How many other programs take part."""
        return self._follower.num_peers if self._follower else 0

    def close(self) -> None:
        """Leave the session; the music runs on."""
        self._is_closing.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """Take part."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the session."""
        self.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except RuntimeError as error:  # what aalink raises for errors of the network
            self._failure = error
        finally:
            self._is_open.set()

    async def _serve(self) -> None:
        link = self._aalink.Link(self._transport.line.qpm)
        link.start_stop_sync_enabled = True
        link.enabled = True
        self._follower = LinkFollower(self._transport, self._clock, link)
        self._is_open.set()
        while not self._is_closing.is_set():
            self._follower.poll()
            await asyncio.sleep(POLL_EVERY_S)
        link.enabled = False


def _aalink() -> Any:
    try:
        return importlib.import_module("aalink")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Ableton Link needs aalink, which is not installed: pip install 'solferino[link]'"
        ) from error
