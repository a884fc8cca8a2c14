"""A log of what was played: the beginnings of notes and their ends, put together."""

import math
from collections import deque
from collections.abc import Iterator
from typing import final

from mido import Message

from solferino.live.output import ALL_NOTES_OFF, ALL_SOUND_OFF, PEDAL_DOWN, SUSTAIN
from solferino.live.phrases import Phrase

SHORTEST_QUARTERS = 1 / 64
"""A note lasts so long at least, in quarter notes."""

Hand = tuple[str, int]
"""Who plays: port and channel."""


@final
class LoggedNote:
    """One note; it sounds until its end is known.

    Parameters
    ----------
    onset_quarters : float
        Where it begins.
    hand : tuple of str and int
        Port and channel.
    pitch, velocity : int
    """

    __slots__ = ("end_quarters", "hand", "onset_quarters", "pitch", "velocity")

    def __init__(self, onset_quarters: float, hand: Hand, pitch: int, velocity: int) -> None:
        self.onset_quarters = onset_quarters
        self.end_quarters = math.inf
        self.hand = hand
        self.pitch = pitch
        self.velocity = velocity


@final
class NoteLog:
    """Keeps the latest notes of each port and channel; one thread at a time.

    A pitch that is struck while it sounds is ended first. A note that is let go while the
    sustain pedal is down sounds until the pedal is lifted.

    Parameters
    ----------
    max_notes : int > 0
        The oldest are forgotten.
    is_mono : bool
        Whether a note ends the one before it.
    """

    def __init__(self, max_notes: int, *, is_mono: bool = False) -> None:
        self._notes: deque[LoggedNote] = deque(maxlen=max_notes)
        self._down: dict[tuple[Hand, int], LoggedNote] = {}
        self._ringing: dict[tuple[Hand, int], LoggedNote] = {}
        self._pedals: set[Hand] = set()
        self._is_mono = is_mono

    def add(self, quarters: float, message: Message, port: str = "") -> bool:
        """Take in a message.

        Parameters
        ----------
        quarters : float
            When it came, in quarter notes.
        message : mido.Message
        port : str
            Where it came from.

        Returns
        -------
        bool
            Whether a note began.
        """
        if message.type == "note_on" and message.velocity > 0:
            self._begin(quarters, (port, message.channel), message.note, message.velocity)
            return True
        if message.type in ("note_on", "note_off"):
            self._let_go(quarters, (port, message.channel), message.note)
        elif message.type == "control_change":
            self._control(quarters, (port, message.channel), message.control, message.value)
        return False

    def phrase(
        self,
        start_quarters: float,
        end_quarters: float,
        *,
        is_drum: bool = False,
        early_quarters: float = 0.0,
    ) -> Phrase:
        """Return what began in a stretch; what sounds on is cut at its end.

        Parameters
        ----------
        start_quarters, end_quarters : float
            Half-open, in quarter notes.
        is_drum : bool
            Whether the pitches are drums.
        early_quarters : float >= 0
            Notes so little before the stretch are put on its start, and notes so little before
            what follows are left out.
        """
        inside = [
            note
            for note in self._notes
            if start_quarters <= note.onset_quarters + early_quarters < end_quarters
        ]
        onsets = [max(note.onset_quarters, start_quarters) for note in inside]
        ends = [min(note.end_quarters, end_quarters) for note in inside]
        return Phrase.from_columns(
            end_quarters - start_quarters,
            pitch=[note.pitch for note in inside],
            onset_quarters=[onset - start_quarters for onset in onsets],
            duration_quarters=[
                max(end - onset, SHORTEST_QUARTERS) for onset, end in zip(onsets, ends, strict=True)
            ],
            velocity=[note.velocity for note in inside],
            is_drum=is_drum,
        )

    def end_all(self, quarters: float) -> None:
        """End what sounds, and lift the pedals."""
        for note in (*self._down.values(), *self._ringing.values()):
            _end(note, quarters)
        self._down.clear()
        self._ringing.clear()
        self._pedals.clear()

    def take_ended(self) -> list[LoggedNote]:
        """Return the notes that have ended, and forget them."""
        ended = [note for note in self._notes if note.end_quarters < math.inf]
        if ended:
            sounding = [note for note in self._notes if note.end_quarters == math.inf]
            self._notes.clear()
            self._notes.extend(sounding)
        return ended

    def forget_before(self, quarters: float) -> None:
        """Forget the oldest notes as far as they ended before a position."""
        while self._notes and self._notes[0].end_quarters < quarters:
            self._notes.popleft()

    def clear(self) -> None:
        """Forget everything."""
        self.end_all(0)
        self._notes.clear()

    def __iter__(self) -> Iterator[LoggedNote]:
        """Iterate over the notes, the latest first."""
        return reversed(self._notes)

    def __len__(self) -> int:
        """Return the number of notes."""
        return len(self._notes)

    def _begin(self, quarters: float, hand: Hand, pitch: int, velocity: int) -> None:
        for key in [k for k in (*self._down, *self._ringing) if self._gives_way(k, hand, pitch)]:
            for sounding in (self._down, self._ringing):
                if key in sounding:
                    _end(sounding.pop(key), quarters)
        note = self._down[hand, pitch] = LoggedNote(quarters, hand, pitch, velocity)
        self._notes.append(note)

    def _gives_way(self, key: tuple[Hand, int], hand: Hand, pitch: int) -> bool:
        return key[0] == hand and (self._is_mono or key[1] == pitch)

    def _let_go(self, quarters: float, hand: Hand, pitch: int) -> None:
        note = self._down.pop((hand, pitch), None)
        if note is None:
            return
        if hand in self._pedals:
            self._ringing[hand, pitch] = note
        else:
            _end(note, quarters)

    def _control(self, quarters: float, hand: Hand, number: int, value: int) -> None:
        if number == SUSTAIN and value >= PEDAL_DOWN:
            self._pedals.add(hand)
        elif number == SUSTAIN:
            self._pedals.discard(hand)
            self._end_of(self._ringing, hand, quarters)
        elif number in (ALL_NOTES_OFF, ALL_SOUND_OFF):
            self._end_of(self._down, hand, quarters)
            self._end_of(self._ringing, hand, quarters)

    def _end_of(
        self, sounding: dict[tuple[Hand, int], LoggedNote], hand: Hand, quarters: float
    ) -> None:
        for key in [key for key in sounding if key[0] == hand]:
            _end(sounding.pop(key), quarters)


def _end(note: LoggedNote, quarters: float) -> None:
    note.end_quarters = max(quarters, note.onset_quarters + SHORTEST_QUARTERS)
