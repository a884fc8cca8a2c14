"""The track: loopers on one bar clock, and a recording of what they play."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from typing import final

from solferino.errors import LiveError
from solferino.live.composing import Composer, InlineComposer
from solferino.live.looper import Looper
from solferino.live.parts import Part
from solferino.live.recording import Recording
from solferino.live.source import Event
from solferino.live.transport import Transport
from solferino.notes.disk import PathOrText
from solferino.notes.files import save
from solferino.notes.sequence import NoteSequence


@final
class Track:
    """Plays several parts, each in a loop of its own; a source for a player.

    Parameters
    ----------
    parts : sequence of Part
        At least one, with different names.
    transport : Transport, optional
        By default 4/4 at 120 quarter notes a minute.
    composer : Composer, optional
        By default one that writes at once, for music that is not played live.

    Attributes
    ----------
    loopers : dict of str to Looper
        By the names of the parts, in their order.
    end_quarters : float
        Position from which on nothing is played.

    Raises
    ------
    LiveError
        If there are no parts, or two of one name.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        transport: Transport | None = None,
        composer: Composer | None = None,
    ) -> None:
        names = [part.name for part in parts]
        if not names or len(set(names)) < len(names):
            found = ", ".join(names) or "none"
            raise LiveError(f"a track needs loopers of different names, and has {found}")
        self.parts = tuple(parts)
        self.transport = transport or Transport()
        self.composer = composer or InlineComposer()
        self.end_quarters = math.inf
        self.recording = Recording(self.parts, self.transport)
        self.loopers = {p.name: Looper(p, self.transport, self.composer) for p in self.parts}

    def __getitem__(self, name: str) -> Looper:
        """Return the looper of a name.

        Raises
        ------
        LiveError
            If there is none.
        """
        if name not in self.loopers:
            raise LiveError(f"no looper is called {name!r}: there are {', '.join(self.loopers)}")
        return self.loopers[name]

    def __iter__(self) -> Iterator[Looper]:
        """Go through the loopers."""
        return iter(self.loopers.values())

    @property
    def misses(self) -> int:
        """How many passes repeated a loop because the new one was not done in time."""
        return sum(looper.misses for looper in self)

    def prepare(self, timeout_s: float) -> bool:
        """Wait until the first loops are written, so that the music begins with music.

        Returns
        -------
        bool
            Whether all are.
        """
        ordered = [looper.ordered for looper in self if looper.ordered]
        return not wait(ordered, timeout_s).not_done

    def between(self, start_quarters: float, end_quarters: float) -> list[Event]:
        """Return the notes of a stretch of the music; see `solferino.live.player.Source`."""
        events: list[Event] = []
        end_quarters = min(end_quarters, self.end_quarters)
        for number, looper in enumerate(self):
            played = looper.between(start_quarters, end_quarters)
            self.recording.add(number, played, end_quarters)
            events.extend(played)
        return events

    def interrupted(self) -> None:
        """Take note that the music stopped or jumped."""
        for looper in self:
            looper.interrupted()

    def to_notes(self) -> NoteSequence:
        """Return what was played so far, with one instrument a looper, its tempi and meters."""
        return self.recording.to_notes()

    def save(self, path: PathOrText) -> None:
        """Write what was played so far to a music file, one track a looper; at any time.

        Raises
        ------
        MusicFileError
            If the file cannot be written, or its suffix is unknown.
        """
        save(self.to_notes(), path)
