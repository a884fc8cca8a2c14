"""Open Sound Control: the commands of a performer as messages over the network."""

import socket
import threading
from collections.abc import Sequence
from typing import Self, final

from pythonosc.osc_packet import OscPacket, ParseError

from solferino.errors import LiveError, SolferinoError
from solferino.live.commands import Desk

PREFIX = "solferino"
LOCALHOST = "127.0.0.1"
MAX_DATAGRAM_BYTES = 65_536


@final
class OscRemote:
    """Carries out messages.

    ``/solferino/drums/generate`` is a command of a looper, ``/solferino/tempo 96`` one of the
    track; the words are those of `solferino.live.commands.COMMANDS`.

    Parameters
    ----------
    desk : Desk

    Attributes
    ----------
    num_done, num_refused : int
        How many messages were carried out, and how many were not.
    last_refusal : str
        Why the last one was not; empty if all were.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.num_done = 0
        self.num_refused = 0
        self.last_refusal = ""

    @property
    def words(self) -> str:
        """What became of the messages, in a line."""
        why = f" ({self.last_refusal})" if self.last_refusal else ""
        return f"{self.num_done} done, {self.num_refused} refused{why}"

    def receive_datagram(self, datagram: bytes) -> None:
        """Carry out what came over the network: a message, or a bundle of them, at once."""
        try:
            messages = [timed.message for timed in OscPacket(datagram).messages]
        except (ParseError, ValueError, IndexError, RecursionError) as error:
            self._refuse(f"{len(datagram)} bytes are no OSC message ({error})")
            return
        for message in messages:
            self.receive(message.address, message.params)

    def receive(self, address: str, arguments: Sequence[object] = ()) -> None:
        """Carry out one message; one that cannot be is counted.

        Parameters
        ----------
        address : str
            Such as ``/solferino/drums/mute``.
        arguments : sequence
            At most one number or string.
        """
        try:
            self._carry_out(address, arguments)
        except (SolferinoError, OSError) as error:
            self._refuse(str(error))
        else:
            self.num_done += 1

    def _carry_out(self, address: str, arguments: Sequence[object]) -> None:
        match address.split("/"):
            case ["", str(prefix), name] if prefix == PREFIX:
                looper = ""
            case ["", str(prefix), looper, name] if prefix == PREFIX:
                pass
            case _:
                raise LiveError(
                    f"no address is {address!r}: write /{PREFIX}/COMMAND, or "
                    f"/{PREFIX}/LOOPER/COMMAND"
                )
        value = arguments[0] if arguments else None
        if len(arguments) > 1 or not isinstance(value, float | int | str | None):
            raise LiveError(f"{address} came with {list(arguments)!r}: send one number or string")
        self._desk.do(name, looper, value)

    def _refuse(self, why: str) -> None:
        self.num_refused += 1
        self.last_refusal = why


@final
class OscServer:
    """Listens for messages on a UDP port, on a thread of its own.

    Parameters
    ----------
    remote : OscRemote
    port : int in [0, 65535]
        0 takes one that is free.
    host : str
        Address of this computer to listen on; by default only its own programs are heard.

    Raises
    ------
    LiveError
        If the port cannot be had.
    """

    def __init__(self, remote: OscRemote, port: int, host: str = LOCALHOST) -> None:
        self._remote = remote
        self._is_closing = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise LiveError(
                f"OSC cannot be received on {host}:{port} ({error}): choose another port"
            ) from error
        self._thread = threading.Thread(target=self._run, name="solferino osc", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The UDP port that it listens on."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        self._is_closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            host = self._socket.getsockname()[0]
            waker.sendto(b"", (LOCALHOST if host == "0.0.0.0" else host, self.port))  # noqa: S104
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        """Listen already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self.close()

    def _run(self) -> None:
        while not self._is_closing:
            try:
                datagram = self._socket.recv(MAX_DATAGRAM_BYTES)
            except OSError:
                continue  # a sender that is gone
            if not self._is_closing:
                self._remote.receive_datagram(datagram)
