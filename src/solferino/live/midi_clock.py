"""MIDI clock: to lead other machines, or to follow one."""

import math
from collections.abc import Iterator
from typing import final

from mido import Message

from solferino.live.player import Player
from solferino.live.source import Event
from solferino.live.sync import follow
from solferino.live.tempo_tracking import TICKS_PER_QUARTER, TempoTracker
from solferino.live.transport import Line, Transport

SIXTEENTHS_PER_QUARTER = 4
TICKS_PER_SIXTEENTH = TICKS_PER_QUARTER // SIXTEENTHS_PER_QUARTER
NUM_SONG_POSITIONS = 1 << 14

LOST_S, LOST_TICKS = 0.5, 8
"""The clock is lost when it is silent for so long and for so many ticks that were due."""

SAME_TICK = 1e-6
NEW_TEMPO = 0.005


@final
class MidiClock:
    """Leads: sends MIDI clock, start, stop, continue and song position; a source of a player.

    The music starts with ``start`` at its beginning, and with the song position and ``continue``
    elsewhere. MIDI can name sixteenths only, and 16384 of them: between two sixteenths the others
    go on at the next one, and later ones are named modulo 16384.

    Parameters
    ----------
    player : Player
        Add this to it.
    output : str
        Name of the output; empty for the first.
    """

    def __init__(self, player: Player, output: str = "") -> None:
        self._player = player
        self._output = output
        self._next_tick: int | None = None

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:
        """Ticks of a stretch of the music, and before the first what tells where it is."""
        if self._next_tick is None:
            sixteenth = _next_sixteenth(start_quarters)
            self._next_tick = sixteenth * TICKS_PER_SIXTEENTH
            begin = sixteenth / SIXTEENTHS_PER_QUARTER
            if sixteenth:
                yield self._event(start_quarters, _song_position(sixteenth))
            yield self._event(begin, Message("continue" if sixteenth else "start"))
        while self._next_tick < end_quarters * TICKS_PER_QUARTER:
            yield self._event(self._next_tick / TICKS_PER_QUARTER, Message("clock"))
            self._next_tick += 1

    def interrupted(self) -> None:
        """Stop the others; while the music stands tell them where."""
        if self._next_tick is not None:
            self._next_tick = None
            self._player.send_now(Message("stop"), self._output)
        line, jump = self._player.transport.moment
        if not line.is_running:
            self._player.send_now(_song_position(_next_sixteenth(jump.quarters)), self._output)

    def _event(self, quarters: float, message: Message) -> Event:
        return Event(quarters, message, self._output)


@final
class MidiClockFollower:
    """Follows: leads a transport along MIDI clock that comes in.

    Position is counted in ticks, so that it never drifts; tempo and phase are those of a
    `TempoTracker` through the latest ticks. The transport comes to that line without going back or
    skipping anything, as `sync` says, and jumps where the other machine does.

    The music starts at the first tick after ``start`` or ``continue``; before one of them was
    heard, ticks give the tempo alone, whether or not music runs here. When no tick has come for
    half a second and eight ticks were due, the clock is lost: the music stops, stands where the
    next tick belongs, and goes on with it. Music that was stopped here, and not by the other
    machine, stays stopped until that starts anew or it is resumed here; it is then where the
    other machine is.

    Parameters
    ----------
    transport : Transport
        Is led.

    Attributes
    ----------
    lost_ticks : int
        Ticks that did not arrive, and were counted all the same.
    losses : int
        How often the clock was lost.

    Notes
    -----
    Call `receive` from one thread, and add this to a player as a source: so it notices that ticks
    stay away.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._ticks = TempoTracker(transport.line.qpm)
        self._last_s = -math.inf
        self._next_tick = 0
        self._is_rolling = False
        self._is_to_place = False
        self.lost_ticks = 0
        self.losses = 0

    @property
    def qpm(self) -> float:
        """Tempo of the other machine, in quarter notes a minute."""
        fit = self._ticks.fit
        return fit.qpm if fit else self._transport.line.qpm

    def receive(self, message: Message, time_s: float) -> None:
        """Take a message; what is no clock is ignored.

        Parameters
        ----------
        message : mido.Message
        time_s : float
            When it came, on the clock of the player.
        """
        if message.type == "clock":
            self._tick(time_s)
        elif message.type == "songpos":
            self._locate(message.pos * TICKS_PER_SIXTEENTH, time_s)
        elif message.type == "stop":
            self._is_rolling = self._is_to_place = False
            self._transport.stop(time_s)
        elif message.type in ("start", "continue"):
            self._is_rolling = self._is_to_place = True
            if message.type == "start":
                self._next_tick = 0

    def between(self, start_quarters: float, end_quarters: float) -> tuple[()]:  # noqa: ARG002
        """Play nothing; notice whether ticks stay away."""
        now_s = self._transport.line.time_at_s(start_quarters)
        if self._is_rolling and not self._is_to_place and self._is_silent(now_s):
            self._is_to_place = True
            self.losses += 1
            self._transport.stop(now_s)
            self._transport.locate(self._next_tick / TICKS_PER_QUARTER, now_s)
        return ()

    def interrupted(self) -> None:
        """Nothing was planned."""

    def _is_silent(self, now_s: float) -> bool:
        """Tell whether the clock is lost."""
        due_s = LOST_TICKS * 60 / TICKS_PER_QUARTER / self.qpm
        return now_s - self._last_s > max(LOST_S, due_s)

    def _locate(self, tick: int, time_s: float) -> None:
        self._next_tick = tick
        if self._transport.line.is_running:
            self._is_to_place = self._is_rolling
        else:
            self._transport.locate(tick / TICKS_PER_QUARTER, time_s)

    def _tick(self, time_s: float) -> None:
        if self._is_silent(time_s):
            self._ticks.forget()
        self._last_s = time_s
        went_on = self._ticks.add(time_s)
        self.lost_ticks += went_on - 1
        if self._is_rolling:
            self._next_tick += went_on
            self._lead(time_s)
        elif self._ticks.is_steady:
            self._take_tempo(time_s)

    def _lead(self, time_s: float) -> None:
        """Bring the transport to where the latest tick says that the music is."""
        at = (self._next_tick - 1) / TICKS_PER_QUARTER
        if self._is_to_place:
            self._is_to_place = False
            self._place(at, time_s)
        elif (fit := self._ticks.fit) and not self._ticks.is_in_doubt:
            follow(self._transport, Line(fit.time_s, at, fit.qpm, is_running=True), time_s)

    def _place(self, quarters: float, time_s: float) -> None:
        """Start the music at a position, or jump there."""
        if self._ticks.is_settled:
            self._take_tempo(time_s)
        if self._transport.line.anchor_quarters != quarters or self._transport.line.is_running:
            self._transport.locate(quarters, time_s)
        self._transport.resume(time_s)

    def _take_tempo(self, time_s: float) -> None:
        if abs(self.qpm / self._transport.line.qpm - 1) > NEW_TEMPO:
            self._transport.set_tempo(self.qpm, time_s)


def _next_sixteenth(quarters: float) -> int:
    """Find the first sixteenth that is not before a position."""
    tick = quarters * TICKS_PER_QUARTER
    near = round(tick)
    tick = near if abs(tick - near) < SAME_TICK else tick
    return math.ceil(tick / TICKS_PER_SIXTEENTH)


def _song_position(sixteenth: int) -> Message:
    return Message("songpos", pos=sixteenth % NUM_SONG_POSITIONS)
