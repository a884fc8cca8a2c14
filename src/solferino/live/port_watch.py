"""Ports that are unplugged and plugged in again while music plays."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from mido import Message

from solferino.errors import PortError
from solferino.live.clock import Clock
from solferino.live.port_client import PortClient
from solferino.live.port_names import returned_port
from solferino.live.ports import InPort, MidiSystem, Receiver

PERIOD_S = 0.5


P = TypeVar("P", bound=InPort | PortClient)


@final
class ReconnectingPort(Generic[P]):
    """A port that may be used whether or not it is there; `PortWatch` makes it.

    Attributes
    ----------
    is_lost : bool
        Whether the port is gone.
    is_closed : bool
        Whether it is not wanted any more.
    num_dropped : int
        Messages that were sent while it was gone.
    """

    def __init__(self, port: P) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._joining = threading.Lock()
        self.is_lost = False
        self.is_closed = False
        self.num_dropped = 0

    @property
    def name(self) -> str:
        """What the system calls the port at the other end, or the virtual port."""
        return self._port.name

    @property
    def is_virtual(self) -> bool:
        """Whether it is a port of our own, which goes only when the system ends."""
        return self._port.is_virtual

    def send(self: "ReconnectingOut", message: Message) -> None:
        """Send a message; where the port is gone, count it."""
        with self._lock:
            if not self.is_lost:
                try:
                    self._port.send(message)
                except PortError:
                    self.is_lost = True
                else:
                    return
            self.num_dropped += 1

    def lose(self) -> None:
        """Send nothing until the port is found again."""
        with self._lock:
            self.is_lost = True

    def reconnect(self, name: str) -> None:
        """Join the port that has come back; raise PortError if it went again.

        Who sends meanwhile does not wait, because the port still counts as lost.
        """
        with self._joining:
            if self.is_closed:
                raise PortError(f"{name} is closed: open it again")
            self._port.reconnect(name)
            with self._lock:
                self.is_lost = False

    def close(self) -> None:
        """Send and receive nothing any more."""
        self.lose()
        with self._joining:
            self.is_closed = True
            self._port.close()


ReconnectingIn = ReconnectingPort[InPort]
ReconnectingOut = ReconnectingPort[PortClient]
WatchedPort = ReconnectingIn | ReconnectingOut
Listener = Callable[[WatchedPort], None]


@final
@dataclass
class _Watched:
    """A port, whether its loss was told, and the names that were there before it was lost."""

    port: WatchedPort
    is_input: bool
    was_lost: bool = False
    others: frozenset[str] = frozenset()


@final
@dataclass(frozen=True)
class _Sight:
    """What was there at one look; no lists where there is no MIDI at all."""

    session: object = None
    inputs: list[str] | None = None
    outputs: list[str] | None = None


@final
class PortWatch:
    """Opens ports, and twice a second looks whether they are still there.

    A port that goes and comes back between two looks is not missed, and not joined again; on
    most systems a device takes longer than that. Virtual ports go only when the system ends.

    Parameters
    ----------
    system : MidiSystem
    on_lost, on_found : function of a port, optional
        Are called on the watch's thread when a port is gone, and when it is joined again.
    """

    def __init__(
        self,
        system: MidiSystem,
        on_lost: Listener = lambda _: None,
        on_found: Listener = lambda _: None,
    ) -> None:
        self._system = system
        self.on_lost = on_lost
        self.on_found = on_found
        self._lock = threading.Lock()
        self._watched: list[_Watched] = []
        self._before = self._sight()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open_input(self, name: str | None, receive: Receiver, clock: Clock) -> ReconnectingIn:
        """Listen to a port, or make the virtual one: see `MidiSystem.open_input`."""
        port = ReconnectingPort(self._system.open_input(name, receive, clock))
        self._add(port, is_input=True)
        return port

    def open_output(self, name: str | None) -> ReconnectingOut:
        """Open a port to play to, or make one: see `MidiSystem.open_output`."""
        port = ReconnectingPort(self._system.open_output(name))
        self._add(port, is_input=False)
        return port

    @property
    def words(self) -> str:
        """Which ports are gone, for people; empty if none is."""
        with self._lock:
            gone = [each.port.name for each in self._watched if each.port.is_lost]
        return " · ".join(map(gone_words, gone))

    def look(self) -> None:
        """See which ports are gone and which are back, and tell it."""
        now, before = self._sight(), self._before
        with self._lock:
            self._watched = [each for each in self._watched if not each.port.is_closed]
            watched = list(self._watched)
        for each in watched:
            if not each.was_lost and _is_gone(each, now, before):
                each.was_lost, each.others = True, frozenset(_names(each, before) or ())
                each.others |= {other.port.name for other in watched}
                each.port.lose()
                self.on_lost(each.port)
            if each.was_lost and _is_back(each, now, self._system.api):
                each.was_lost = False
                self.on_found(each.port)
        self._before = now

    def start(self) -> None:
        """Begin to look, on a thread of its own."""
        self.look()
        self._thread = threading.Thread(target=self._run, name="port watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watch and close all its ports."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            watched, self._watched = self._watched, []
        for each in watched:
            each.port.close()

    def __enter__(self) -> "PortWatch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closing.wait(PERIOD_S):
            self.look()

    def _add(self, port: WatchedPort, *, is_input: bool) -> None:
        with self._lock:
            self._watched.append(_Watched(port, is_input))

    def _sight(self) -> _Sight:
        session = self._system.session()
        try:
            return _Sight(session, self._system.input_names(), self._system.output_names())
        except PortError:
            return _Sight(session)


def _names(each: _Watched, sight: _Sight) -> list[str] | None:
    return sight.inputs if each.is_input else sight.outputs


def _is_gone(each: _Watched, now: _Sight, before: _Sight) -> bool:
    names, port = _names(each, now), each.port
    if names is None or now.session != before.session or port.is_lost:
        return True
    return not port.is_virtual and port.name not in names


def _is_back(each: _Watched, now: _Sight, api: str) -> bool:
    """Join a port again if it is there."""
    names = _names(each, now)
    if names is None:
        return False
    name = each.port.name
    if not each.port.is_virtual:
        returned = returned_port(name, names, each.others, api)
        if returned is None:
            return False
        name = returned
    try:
        each.port.reconnect(name)
    except PortError:
        return False  # gone again, or not ready yet
    return True


def gone_words(name: str) -> str:
    """Say to people that a port of this name is gone."""
    return f"{name} is gone; waiting for it"
