"""A looper: plays a loop in time with the bars, while the next one is being written."""

import math
import threading
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import NamedTuple, Self, final

import numpy as np

from solferino.live.composing import Composer, Order
from solferino.live.parts import Action, Part
from solferino.live.phrases import Phrase
from solferino.live.source import Event, phrase_events
from solferino.live.transport import Meter, Transport


@final
class Pass(NamedTuple):
    """One time through the loop.

    Parameters
    ----------
    number : int
        Counted from 0 at the start of the music.
    length_quarters : float
        In quarter notes.
    """

    number: int
    length_quarters: float

    @classmethod
    def at(cls, quarters: float, length_quarters: float) -> Self:
        """Find the pass that a position belongs to."""
        number = math.floor(quarters / length_quarters)
        number += (number + 1) * length_quarters <= quarters  # the quotient is rounded
        number -= number * length_quarters > quarters
        return cls(number, length_quarters)

    @property
    def start_quarters(self) -> float:
        """Where it starts."""
        return self.number * self.length_quarters

    @property
    def end_quarters(self) -> float:
        """Where the next one starts."""
        return (self.number + 1) * self.length_quarters

    @property
    def following(self) -> "Pass":
        """The next one."""
        return self._replace(number=self.number + 1)


@final
class Looper:
    """Plays the loop of a part, and has the next one written while it plays.

    What is needed at the end of a pass is ordered at its start, or as soon as a performer asks
    for it. If it is not done in time, the loop plays once more, and what was ordered is played
    after that. Any thread may ask it and change it.

    Parameters
    ----------
    part : Part
    transport : Transport
        Says how long a bar is, and how fast it goes.
    composer : Composer
        Writes the loops.

    Attributes
    ----------
    is_muted : bool
        Whether it keeps silent; it loops on all the same.
    misses : int
        How many passes repeated a loop because the new one was not done in time.
    fault : str
        Why the last loop that was ordered could not be written; empty if it could.
    """

    def __init__(self, part: Part, transport: Transport, composer: Composer) -> None:
        self.part = part
        self.is_muted = False
        self.misses = 0
        self.fault = ""
        self._transport = transport
        self._composer = composer
        self._lock = threading.RLock()
        self._controls = part.controls
        self._action = part.action
        self._loop = part.primer
        self._pass: Pass | None = None
        self._has_jumped = True
        self._ordered: Future[Phrase] | None = None
        self._order()

    @property
    def action(self) -> Action:
        """What it does at the end of this pass."""
        return self._action

    @property
    def loop(self) -> Phrase:
        """What it plays."""
        return self._loop

    @property
    def length_quarters(self) -> float:
        """Length of a pass, in quarter notes."""
        return self.part.bars * self.meter.bar_quarters

    @property
    def meter(self) -> Meter:
        """Time signature that it counts its bars in."""
        return self._transport.meter

    @property
    def temperature(self) -> float:
        """How daring the next loop that is ordered will be."""
        return self._controls.temperature

    @property
    def ordered(self) -> Future[Phrase] | None:
        """The next loop, as far as it is written; None if none was ordered."""
        return self._ordered

    def act(self, action: Action) -> None:
        """Do something else at the end of this pass, and order at once what it needs."""
        with self._lock:
            needs_other = (action is Action.RESET_GENERATE) != (
                self._action is Action.RESET_GENERATE
            )
            if needs_other or not action.composes:
                self._drop_order()
            self._action = action
            self._order()

    def set_temperature(self, temperature: float) -> None:
        """Write more daring loops above 1, and more ordinary ones below, from the next order on.

        Raises
        ------
        GenerationError
            If it is below 0 or infinite.
        """
        with self._lock:
            self._controls = replace(self._controls, temperature=temperature)

    def between(self, start_quarters: float, end_quarters: float) -> list[Event]:
        """Return the notes of a stretch of the music; see `solferino.live.player.Source`."""
        events: list[Event] = []
        with self._lock:
            while start_quarters < end_quarters:
                here = Pass.at(start_quarters, self.length_quarters)
                if here != self._pass:
                    self._enter(here)
                self._has_jumped = False
                stop_quarters = min(here.end_quarters, end_quarters)
                if not self.is_muted:
                    events += phrase_events(
                        self._loop,
                        here.start_quarters,
                        here.length_quarters,
                        between=(start_quarters, stop_quarters),
                        channel=self.part.channel - 1,
                        output=self.part.output,
                    )
                start_quarters = stop_quarters
        return events

    def interrupted(self) -> None:
        """Take note that the music stopped or jumped."""
        self._has_jumped = True

    def _enter(self, here: Pass) -> None:
        """Begin a pass, with what was ordered for it if that is done."""
        is_due = not self._has_jumped and self._pass is not None and here == self._pass.following
        self._pass = here
        if self._action is Action.RESET_ONCE:
            self._loop = self.part.primer
            self._action = Action.LOOP
        elif self._ordered and self._ordered.done():
            self._take(self._ordered)
        elif self._ordered and is_due:
            self.misses += 1
        self._order()

    def _take(self, ordered: Future[Phrase]) -> None:
        """Play what was ordered, or the loop again if it could not be written."""
        self._ordered = None
        error = CancelledError() if ordered.cancelled() else ordered.exception()
        self.fault = str(error) or type(error).__name__ if error else ""
        if not error:
            self._loop = ordered.result()
        if self._action is not Action.GENERATE:
            self._action = Action.LOOP

    def _order(self) -> None:
        """Have written what the end of this pass needs."""
        if self._ordered or not self._action.composes:
            return
        number = max(0, self._pass.number + 1) if self._pass else 0
        begins_anew = self._action is Action.RESET_GENERATE or not len(self._loop)
        order = Order(
            self.part.bundle,
            past=self.part.primer if begins_anew else self._loop,
            length_quarters=self.length_quarters,
            qpm=self._transport.line.qpm,
            meter=self.meter,
            controls=self._controls,
            seed=derived_seed(self.part.seed, number),
            chords=self._chords_of(number),
        )
        self._ordered = self._composer.submit(order)

    def _drop_order(self) -> None:
        if self._ordered:
            self._ordered.cancel()
            self._ordered = None

    def _chords_of(self, number: int) -> tuple[str, ...]:
        """Chord symbols of a pass; the first bar of the music has the first."""
        chords, bars = self.part.chords, self.part.bars
        if not chords:
            return ()
        return tuple(chords[(number * bars + bar) % len(chords)] for bar in range(bars))


def derived_seed(seed: int, number: int) -> int:
    """Return another seed for every number.

    Parameters
    ----------
    seed : int >= 0
    number : int >= 0
        Of a pass, or of a part.
    """
    return int(np.random.SeedSequence((seed, number)).generate_state(1, np.uint64)[0])
