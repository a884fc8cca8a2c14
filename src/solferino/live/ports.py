"""MIDI ports: those of other programs and devices, and our own that others connect to."""

import atexit
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, final

from mido import Message

from solferino.errors import PortError
from solferino.live.clock import Clock
from solferino.live.midi_api import JACK, WINDOWS, abandon, find_api, jack_session, load_rtmidi
from solferino.live.port_client import Event, PortClient
from solferino.live.port_names import find_port

VIRTUAL_IN = "solferino_in"
VIRTUAL_OUT = "solferino_out"
CLIENT = "solferino"

Receiver = Callable[[Message, float], None]
"""Is told a message and when it came, in seconds of a clock, on the driver's thread."""


_MOST_WAITING = 2**16
_POLL_S = 0.001
"""How often to look for what JACK has brought: its own thread must not wait for Python, or
it comes too late for the period and all that the period brought is lost."""


@final
class MidiSystem:
    """The computer's MIDI, by one of its ways.

    Parameters
    ----------
    api : str, optional
        alsa, jack, core or winmm; None takes the one that works here.

    Raises
    ------
    PortError
        If there is none.
    MissingExtraError
        If python-rtmidi is not installed.
    """

    def __init__(self, api: str | None = None) -> None:
        self._rtmidi = load_rtmidi()
        self.api: str = api or find_api(self._has_jack)
        self._number: int = self._rtmidi.get_compiled_api_by_name(self.api)
        self._listing: tuple[Any, Any, frozenset[str]] | None = None

    @property
    def has_virtual_ports(self) -> bool:
        """Whether programs can make ports of their own that others connect to."""
        return self.api != WINDOWS

    def input_names(self) -> list[str]:
        """List the ports that can be listened to; raise PortError if the system is gone."""
        return self._names(0)

    def output_names(self) -> list[str]:
        """List the ports that can be played to; raise PortError if the system is gone."""
        return self._names(1)

    def open_input(self, name: str | None, receive: Receiver, clock: Clock) -> "InPort":
        """Listen to a port.

        Active sensing is left out; clock, transport and system exclusive messages come through.

        Parameters
        ----------
        name : str, optional
            The name of a port, or a part of one name only. None makes the virtual port
            ``solferino_in``, which other programs send to.
        receive : function of Message and float
            Is called on the driver's thread with each message and the time it came, in seconds
            of the clock; it has to be quick.
        clock : Clock

        Raises
        ------
        PortError
            If there is no such port, or it cannot be opened.
        """
        found = None if name is None else find_port(name, self.input_names(), "input")
        return InPort(self, found, receive, clock)

    def open_output(self, name: str | None) -> PortClient:
        """Open a port to play to.

        Parameters
        ----------
        name : str, optional
            The name of a port, or a part of one name only. None makes the virtual port
            ``solferino_out``, which other programs listen to.

        Raises
        ------
        PortError
            If there is no such port, or it cannot be opened.
        """
        found = None if name is None else find_port(name, self.output_names(), "output")
        return PortClient(self.new_output, self.session, VIRTUAL_OUT, found)

    def session(self) -> frozenset[str]:
        """Tell whether the system was started anew: then this changes, and ports are lost."""
        return jack_session() if self.api == JACK else frozenset()

    def close(self) -> None:
        """Let go of what lists ports: JACK waits seconds for a client whose program has ended."""
        listing, self._listing = self._listing, None
        if listing is not None and listing[2] == self.session():
            for client in listing[:2]:
                client.delete()

    def new_input(self, name: str = CLIENT) -> Any:
        """Make a ``MidiIn`` of python-rtmidi; raise PortError if the system refuses."""
        client = self._new("MidiIn", name, queue_size_limit=_MOST_WAITING)
        client.ignore_types(sysex=False, timing=False, active_sense=True)
        return client

    def new_output(self, name: str = CLIENT) -> Any:
        """Make a ``MidiOut`` of python-rtmidi; raise PortError if the system refuses."""
        return self._new("MidiOut", name)

    def _new(self, kind: str, name: str, **options: int) -> Any:
        try:
            return getattr(self._rtmidi, kind)(self._number, name=name, **options)
        except self._rtmidi.RtMidiError as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> PortError:
        remedy = "start jackd" if self.api == JACK else "see `solferino doctor`"
        return PortError(f"the MIDI system {self.api} cannot be used ({error}): {remedy}")

    def _names(self, side: Literal[0, 1]) -> list[str]:
        try:
            return list(self._listed()[side].get_ports())
        except self._rtmidi.RtMidiError as error:
            raise self._refused(error) from error

    def _listed(self) -> tuple[Any, Any, frozenset[str]]:
        """Clients that only list ports; they stay, because to make them takes JACK 40 ms."""
        session = self.session()
        if self._listing is None or self._listing[2] != session:
            name = f"{CLIENT}_ports" if self.api == JACK else CLIENT  # ALSA's first is that of all
            for stale in self._listing[:2] if self._listing else ():
                abandon(stale)
            self._listing = None
            self._listing = (self.new_input(name), self.new_output(name), session)
        return self._listing

    def _has_jack(self) -> bool:
        number = self._rtmidi.get_compiled_api_by_name(JACK)
        try:
            self._rtmidi.MidiIn(number, name=CLIENT).delete()
        except self._rtmidi.RtMidiError:
            return False
        return True


@cache
def midi_system() -> MidiSystem:
    """Return the computer's MIDI; it is looked for again until it is there.

    Raises
    ------
    PortError
        If there is none.
    MissingExtraError
        If python-rtmidi is not installed.
    """
    system = MidiSystem()
    atexit.register(system.close)
    return system


@final
class InPort:
    """A port that is listened to; `MidiSystem.open_input` opens it."""

    def __init__(
        self, system: MidiSystem, name: str | None, receive: Receiver, clock: Clock
    ) -> None:
        self._receive = receive
        self._clock = clock
        listen = None if system.api == JACK else self._arrived
        self._client = PortClient(system.new_input, system.session, VIRTUAL_IN, name, listen)
        self._closing = threading.Event()
        self._poll: threading.Thread | None = None
        if listen is None:
            self._poll = threading.Thread(target=self._take, name=self.name, daemon=True)
            self._poll.start()

    @property
    def name(self) -> str:
        """What the system calls the port at the other end, or the virtual port."""
        return self._client.name

    @property
    def is_virtual(self) -> bool:
        """Whether it is a port of our own that others connect to."""
        return self._client.is_virtual

    def reconnect(self, name: str) -> None:
        """Connect to a port that has come back; `name` is its whole name.

        Raises
        ------
        PortError
            If it is not there, or cannot be opened.
        """
        self._client.reconnect(name)

    def close(self) -> None:
        """Receive nothing any more."""
        self._closing.set()
        if self._poll is not None and self._poll is not threading.current_thread():
            self._poll.join()
        self._client.close()

    def _take(self) -> None:
        while not self._closing.wait(_POLL_S):
            for event in self._client.waiting():
                self._arrived(event)

    def _arrived(self, event: Event, _data: object = None) -> None:
        time_s = self._clock.now_s()
        try:
            message = Message.from_bytes(event[0])
        except ValueError:
            return  # no MIDI message: bytes that MIDI leaves undefined
        self._receive(message, time_s)
