"""An output remembers what sounds, on every channel, so that nothing is left sounding."""

import threading
from functools import cache
from typing import Protocol, final

from mido import Message

from solferino.errors import PortError

SUSTAIN = 64
HOLDING_PEDALS = frozenset((SUSTAIN, 66, 69))
"""Sustain, sostenuto and hold 2: notes sound on under them when their keys are released."""

ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123
NUM_CHANNELS = 16
DRUM_CHANNEL = 9
"""As messages count, from 0; musicians say 10."""

PEDAL_DOWN = 64
"""From this value on a pedal is down."""


class MessageSink(Protocol):
    """Where messages go: an output port."""

    def send(self, message: Message) -> None:
        """Send a message, without waiting.

        Raises
        ------
        PortError
            If the port is gone.
        """


@final
class Voice:
    """One note that was begun, and can be ended once."""

    __slots__ = ("channel", "pitch")

    def __init__(self, channel: int, pitch: int) -> None:
        self.channel = channel
        self.pitch = pitch


@final
class Output:
    """Sends to one port; any thread may.

    A pitch that is struck while it sounds on its channel is ended first, and the end that was
    meant for it then does not cut the new note.

    Parameters
    ----------
    port : MessageSink

    Attributes
    ----------
    lost : int
        Messages that went nowhere, because the port was gone.
    """

    def __init__(self, port: MessageSink) -> None:
        self._port = port
        self._lock = threading.RLock()
        self._voices: dict[tuple[int, int], Voice] = {}
        self._pedals: set[tuple[int, int]] = set()
        self.lost = 0

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """What sounds: (channel, pitch)."""
        with self._lock:
            return frozenset(self._voices)

    def begin(self, channel: int, pitch: int, velocity: int) -> Voice:
        """Begin a note; `end` ends it.

        Parameters
        ----------
        channel : int in [0, 15]
        pitch : int in [0, 127]
        velocity : int in [1, 127]
        """
        with self._lock:
            self._end_key(channel, pitch)
            voice = self._voices[channel, pitch] = Voice(channel, pitch)
            self._send(Message("note_on", channel=channel, note=pitch, velocity=velocity))
            return voice

    def end(self, voice: Voice) -> None:
        """End a note, unless it has ended or was struck again since."""
        with self._lock:
            if self._voices.get((voice.channel, voice.pitch)) is voice:
                self._end_key(voice.channel, voice.pitch)

    def send(self, message: Message) -> None:
        """Send any message; notes and pedals are remembered."""
        with self._lock:
            if message.type == "note_on" and message.velocity > 0:
                self.begin(message.channel, message.note, message.velocity)
            elif message.type in ("note_on", "note_off"):
                self._voices.pop((message.channel, message.note), None)
                self._send(message)
            else:
                self._watch_pedal(message)
                self._send(message)

    def release_all(self) -> None:
        """End every note that sounds and lift every pedal, on all channels."""
        with self._lock:
            for channel, pedal in tuple(self._pedals):
                self.send(_control(channel, pedal, 0))
            for channel, pitch in tuple(self._voices):
                self._end_key(channel, pitch)

    def panic(self) -> None:
        """Silence the instruments, also of notes that others began."""
        with self._lock:
            self.release_all()
            for message in _silencing():
                self._send(message)

    def _watch_pedal(self, message: Message) -> None:
        if message.type == "control_change" and message.control in HOLDING_PEDALS:
            change = self._pedals.add if message.value >= PEDAL_DOWN else self._pedals.discard
            change((message.channel, message.control))

    def _end_key(self, channel: int, pitch: int) -> None:
        if self._voices.pop((channel, pitch), None):
            self._send(Message("note_off", channel=channel, note=pitch, velocity=0))

    def _send(self, message: Message) -> None:
        try:
            self._port.send(message)
        except PortError:
            self.lost += 1


def _control(channel: int, number: int, value: int) -> Message:
    return Message("control_change", channel=channel, control=number, value=value)


@cache
def _silencing() -> tuple[Message, ...]:
    numbers = (*sorted(HOLDING_PEDALS), ALL_NOTES_OFF, ALL_SOUND_OFF)
    return tuple(
        _control(channel, number, 0) for channel in range(NUM_CHANNELS) for number in numbers
    )
