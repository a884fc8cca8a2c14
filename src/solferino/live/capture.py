"""Capture: what is played into the ports, as it falls on the music's own time."""

from collections import deque
from collections.abc import Collection
from math import ceil, floor
from typing import final

from mido import Message

from solferino.live.note_log import LoggedNote, NoteLog
from solferino.live.phrases import Phrase
from solferino.live.transport import Transport

EARLY_QUARTERS = 1 / 8
"""A note so short before a bar line is meant for the bar after it."""

MAX_NOTES = 2048
MAX_WAITING = 4096
HEARD = frozenset({"note_on", "note_off", "control_change"})


@final
class Capture:
    """Collects notes.

    `receive` is for the threads of the ports: it never waits. All the rest is for one other
    thread, which calls `settle` before it asks.

    Parameters
    ----------
    transport : Transport
        Its line says where in the music a message came; while it stands, nothing is heard.
    channels : collection of int in [0, 15], optional
        Listen to these only; by default to all.
    is_mono : bool
        Whether a note ends the one before it.

    Attributes
    ----------
    num_heard : int
        How many notes began so far.
    last_channel : int
        Channel of the latest note.
    """

    def __init__(
        self,
        transport: Transport,
        channels: Collection[int] | None = None,
        *,
        is_mono: bool = False,
    ) -> None:
        self._transport = transport
        self._channels = None if channels is None else frozenset(channels)
        self._waiting: deque[tuple[int, float, Message, str]] = deque(maxlen=MAX_WAITING)
        self._jump = transport.last_jump.number
        self._log = NoteLog(MAX_NOTES, is_mono=is_mono)
        self.num_heard = 0
        self.last_channel = 0

    def receive(self, message: Message, time_s: float, port: str = "") -> None:
        """Take a message that came at a moment of the clock."""
        if message.type not in HEARD:
            return
        if self._channels is not None and message.channel not in self._channels:
            return
        line, jump = self._transport.moment
        if line.is_running:
            self._waiting.append((jump.number, line.quarters_at(time_s), message, port))

    def settle(self) -> None:
        """Log what came since; what came after a jump waits until `clear` knows of it."""
        while self._waiting and self._waiting[0][0] <= self._jump:
            jump, quarters, message, port = self._waiting.popleft()
            if jump == self._jump and self._log.add(quarters, message, port):
                self.num_heard += 1
                self.last_channel = message.channel

    def first_onset(self, from_quarters: float) -> float | None:
        """Return where the first note from a position on begins; None if none does."""
        first = None
        for note in self._log:
            if note.onset_quarters < from_quarters:
                break
            first = note.onset_quarters
        return first

    def is_silent(
        self, start_quarters: float, end_quarters: float, grace_quarters: float = 0.0
    ) -> bool:
        """Whether nothing sounds in a stretch of the music.

        Parameters
        ----------
        start_quarters, end_quarters : float
            Half-open, in quarter notes.
        grace_quarters : float >= 0
            What sounds on from before may do so for so long.
        """
        return not any(
            start_quarters - EARLY_QUARTERS <= note.onset_quarters < end_quarters
            or (
                note.onset_quarters < start_quarters
                and note.end_quarters > start_quarters + grace_quarters
            )
            for note in self._log
        )

    def phrase(
        self, start_quarters: float, end_quarters: float, *, is_drum: bool = False
    ) -> Phrase:
        """Return what was played in a stretch of the music.

        Notes a little early for it are put on its start, and notes a little early for what
        follows are left out.

        Parameters
        ----------
        start_quarters, end_quarters : float
            In quarter notes.
        is_drum : bool
            Whether the pitches are drums.
        """
        return self._log.phrase(
            start_quarters, end_quarters, is_drum=is_drum, early_quarters=EARLY_QUARTERS
        )

    def call(
        self,
        start_quarters: float,
        end_quarters: float,
        bar_quarters: float,
        grace_quarters: float,
        *,
        is_drum: bool = False,
    ) -> Phrase:
        """Return what was played in a stretch of the music, without the silent bars at its end.

        Parameters
        ----------
        start_quarters, end_quarters, bar_quarters : float
            In quarter notes; whole bars.
        grace_quarters : float >= 0
            What sounds on into a bar for so long leaves it silent.
        is_drum : bool
            Whether the pitches are drums.
        """
        whole = self.phrase(start_quarters, end_quarters, is_drum=is_drum).notes
        ends = whole["onset_quarters"] + whole["duration_quarters"] - grace_quarters
        num_sounding = ceil(ends.max(initial=0.0) / bar_quarters)
        num_begun = floor(whole["onset_quarters"].max(initial=0.0) / bar_quarters) + 1
        end = start_quarters + max(num_sounding, num_begun) * bar_quarters
        return self.phrase(start_quarters, min(end, end_quarters), is_drum=is_drum)

    def take_ended(self) -> list[LoggedNote]:
        """Return the notes that have ended, and forget them."""
        return self._log.take_ended()

    def forget_before(self, quarters: float) -> None:
        """Forget notes that ended before a position."""
        self._log.forget_before(quarters)

    def clear(self) -> None:
        """Forget everything that came before the last jump of the transport."""
        jump = self._transport.last_jump.number
        if jump == self._jump:
            self._waiting.clear()
        self._jump = jump
        self._log.clear()

    def __len__(self) -> int:
        """Return the number of notes in memory."""
        return len(self._log)
