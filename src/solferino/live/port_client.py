"""A client of the system's MIDI with one port: how it is opened, joined anew and closed."""

import threading
import time
from collections.abc import Callable
from typing import Any, final

from mido import Message

from solferino.errors import PortError
from solferino.live.midi_api import abandon, load_rtmidi

_CALLBACK_END_S = 0.005
"""Longer than a callback that has begun."""


Event = tuple[list[int], float]
Listener = Callable[[Event, object], None]


@final
class PortClient:
    """One port, joined to the port of another program or device, or open to all of them.

    Parameters
    ----------
    make : function without arguments
        Makes a ``MidiIn`` or ``MidiOut`` of python-rtmidi.
    session : function without arguments
        Tells of the system that runs now; where it changes, the client is of no more use.
    own_name : str
        What the port is called where others see it.
    name : str, optional
        The whole name of the other port; None makes a virtual port.
    listen : function of an event and None, optional
        Is called by the driver of an input with the bytes of a message and the seconds since
        the one before. Without it, an input keeps what arrives for `waiting`.

    Raises
    ------
    PortError
        If the other port is not there, or the system refuses.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        session: Callable[[], object],
        own_name: str,
        name: str | None,
        listen: Listener | None = None,
    ) -> None:
        self.is_virtual = name is None
        self.name = name or own_name
        self._make = make
        self._session = session
        self._made_in = session()
        self._own_name = own_name
        self._listen = listen
        self._lock = threading.RLock()
        self._failure: type[Exception] = load_rtmidi().RtMidiError
        self._client: Any = None
        self._open()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises
        ------
        PortError
            If the port is closed, or its driver says that it is gone.
        """
        with self._lock:
            if self._client is None:
                raise PortError(f"{self.name} is closed: open it again")
            try:
                self._client.send_message(message.bytes())
            except self._failure as error:
                raise PortError(f"{self.name} takes no messages ({error}): plug it in") from error

    def waiting(self) -> list[Event]:
        """Take the events that have come since this was last called."""
        with self._lock:
            if self._client is None:
                return []
            return list(iter(self._client.get_message, None))

    def reconnect(self, name: str) -> None:
        """Join another port, or the same one again; `name` is its whole name.

        The client stays if it can: to make one takes JACK 40 ms, in which Python stands still.

        Raises
        ------
        PortError
            If the other port is not there, or the system refuses.
        """
        with self._lock:
            self.name = name
            if self._client is None or self._session() != self._made_in:
                self.close()
                self._open()
                return
            try:
                self._client.close_port()
                self._join()
            except (self._failure, PortError):
                self.close()
                raise

    def close(self) -> None:
        """Close the port, and send and receive nothing any more."""
        with self._lock:
            client, self._client = self._client, None
        if client is None:
            return
        if self._session() != self._made_in:
            abandon(client)
            return
        if self._listen is not None:
            client.cancel_callback()
            time.sleep(_CALLBACK_END_S)  # one that has begun needs the interpreter to end
        client.close_port()
        client.delete()

    def _open(self) -> None:
        self._made_in = self._session()
        self._client = self._make()
        try:
            if self._listen is not None:
                self._client.set_callback(self._listen)
            self._join()
        except PortError:
            self.close()
            raise

    def _join(self) -> None:
        try:
            if self.is_virtual:
                self._client.open_virtual_port(self._own_name)
                return
            names = self._client.get_ports()
            if self.name in names:
                self._client.open_port(names.index(self.name), name=self._own_name)
                return
        except self._failure as error:
            remedy = "name a port" if self.is_virtual else "close the program that uses it"
            raise PortError(f"{self.name} cannot be opened ({error}): {remedy}") from error
        raise PortError(f"{self.name} is not there any more: plug it in or start it")
