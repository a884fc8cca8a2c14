"""A loop from an output back to an input, which notes when each message left and came back."""

import queue
import threading
from collections import defaultdict, deque
from typing import final

import numpy as np
from mido import Message
from numpy.typing import NDArray

from solferino.live.clock import Clock
from solferino.live.output import MessageSink

Floats = NDArray[np.float64]


@final
class Cable:
    """A port that leads to a function on a thread of its own, as a driver would.

    Parameters
    ----------
    loop : Loopback
        Is told what comes out at the other end.
    """

    def __init__(self, loop: "Loopback") -> None:
        self._loop = loop
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="solferino cable", daemon=True)
        self._thread.start()

    def send(self, message: Message) -> None:
        """Put a message in."""
        self._queue.put(message)

    def close(self) -> None:
        """Let everything come out, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while message := self._queue.get():
            self._loop.receive(message, self._loop.clock.now_s())


@final
class Loopback:
    """Sends to a port and compares with what comes back.

    Of messages that are alike the first to come back is taken for the first that was sent. Only
    beginnings of notes are timed, because ticks are all alike and some may be lost.

    Parameters
    ----------
    clock : Clock

    Attributes
    ----------
    port : MessageSink
        Where messages are sent to; set it before the first.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.port: MessageSink | None = None
        self._under_way: defaultdict[tuple[int, ...], deque[float]] = defaultdict(deque)
        self._trips_s: list[float] = []
        self._num_back = 0
        self._sounding: set[tuple[int, int]] = set()
        self.num_sent = 0
        self.num_strange = 0

    def send(self, message: Message) -> None:
        """Note when a message leaves, and send it.

        Raises
        ------
        PortError
            If the port is gone.
        """
        self._under_way[tuple(message.bytes())].append(self.clock.now_s())
        self.num_sent += 1
        if self.port:
            self.port.send(message)

    def receive(self, message: Message, time_s: float) -> None:
        """Note when a message came back."""
        under_way = self._under_way.get(tuple(message.bytes()))
        if not under_way:
            self.num_strange += 1
            return
        sent_s = under_way.popleft()
        self._num_back += 1
        if message.type == "note_on" and message.velocity:
            self._trips_s.append(time_s - sent_s)
            self._sounding.add((message.channel, message.note))
        elif message.type in ("note_on", "note_off"):
            self._sounding.discard((message.channel, message.note))

    @property
    def num_under_way(self) -> int:
        """Messages that have not come back."""
        return self.num_sent - self._num_back

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """What sounds at the far end: (channel, pitch)."""
        return frozenset(self._sounding)

    def trips_s(self) -> Floats:
        """How long each beginning of a note took to come back, shape (n_notes,)."""
        return np.array(self._trips_s)
