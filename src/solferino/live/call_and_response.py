"""Call and response: listens to a call, and answers it on the next bar line."""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum, auto
from math import ceil, floor
from typing import Any, final

from mido import Message

from solferino.errors import LiveError
from solferino.live.answer import Answer, latest, stand_in
from solferino.live.capture import EARLY_QUARTERS, Capture
from solferino.live.clock import Clock
from solferino.live.composing import Composer, Order
from solferino.live.output import DRUM_CHANNEL
from solferino.live.partner import PartnerSettings, Responder, State, Tally
from solferino.live.phrases import Phrase
from solferino.live.prefetch import Prefetch
from solferino.live.source import Event
from solferino.live.transport import Transport

SHORTEST_LEAD_QUARTERS = 0.25
"""An answer is ordered so long ahead at least, and a bar at most."""

LEAD = 2.0
"""It is ordered so many times longer ahead than it may take, so that it can be ordered again."""

MAX_PAST_BARS = 32
"""An answer continues so much of a call at most."""


@final
class Cue(Enum):
    """Why music is due."""

    CALL = auto()
    MUTATION = auto()


@final
class CallAndResponse:
    """A partner: listens to what a capture hears, and plays the answers of its bundles.

    A call begins with the bar of its first note. It ends on a bar line: after a bar of silence,
    after as many bars as are listened to at most, or when it is told to. The answer begins on
    that bar line. It is ordered before, as early as past answers took long, and again when
    notes come after that and there is time. When it is not ready, or has no notes, the answer
    before is played with its bars moved round, or the call is echoed: always in time.

    Parameters
    ----------
    capture : Capture
    transport : Transport
    clock : Clock
    composer : Composer
    responders : sequence of Responder
        At least one; one answers at a time.
    settings : PartnerSettings
    output : str
        Name of the player's output; empty for the first.
    playback_channel : int in [0, 15], optional
        Where answers go; by default to the channel of the call, drums to theirs.
    state_control : int in [0, 127], optional
        A control change tells the state on it whenever it changes.
    seed : int
        The same seed answers the same calls with the same music.

    Attributes
    ----------
    tally : Tally
        What happened so far.
    state : State

    Raises
    ------
    LiveError
        If there is no responder.
    """

    def __init__(
        self,
        capture: Capture,
        transport: Transport,
        clock: Clock,
        composer: Composer,
        *,
        responders: Sequence[Responder],
        settings: PartnerSettings | None = None,
        output: str = "",
        playback_channel: int | None = None,
        state_control: int | None = None,
        seed: int = 0,
    ) -> None:
        if not responders:
            raise LiveError("nobody answers: name a bundle, such as attention_rnn")
        self.capture = capture
        self.prefetch = Prefetch(composer, clock)
        self.tally = Tally()
        self._transport = transport
        self._responders = tuple(responders)
        self._settings = settings or PartnerSettings()
        self._lock = threading.Lock()
        self._selected = 0
        self._output = output
        self._playback_channel = playback_channel
        self._state_control = state_control
        self._told_state = State.IDLE
        self._seed = seed
        self._requests: deque[str] = deque(maxlen=64)
        self._is_ending = False
        self._is_to_mutate = False
        self._last_answer: Phrase | None = None
        self._bar_quarters = self._bar_line = 0.0
        self._listen_from = -1.0
        self._call_start: float | None = None
        self._answer: Answer | None = None

    @property
    def settings(self) -> PartnerSettings:
        """How it listens and answers."""
        return self._settings

    @property
    def responder(self) -> Responder:
        """The bundle that answers."""
        return self._responders[self._selected]

    @property
    def state(self) -> State:
        """What it does."""
        if self._answer is not None:
            return State.RESPONDING
        return State.IDLE if self._call_start is None else State.LISTENING

    def change(self, **settings: Any) -> None:
        """Listen and answer by other settings from now on; from any thread.

        Parameters
        ----------
        **settings
            Fields of `PartnerSettings`.

        Raises
        ------
        LiveError
            If a value is out of its range.
        """
        with self._lock:
            self._settings = replace(self._settings, **settings)

    def select(self, number: int) -> None:
        """Let another bundle answer: they are counted from 0, and again from the first."""
        self._selected = number % len(self._responders)

    def end_call(self) -> None:
        """End the call on the next bar line; from any thread."""
        self._requests.append("end_call")

    def mutate(self) -> None:
        """Make a new answer out of the last one, from any thread."""
        self._requests.append("mutate")

    def reset(self) -> None:
        """Drop the call and the answer; from any thread."""
        self._requests.append("reset")

    def between(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:
        """Return the notes of the answer in a stretch of the music, and news of the state."""
        self.capture.settle()
        self._do_requests()
        bar_quarters = self._transport.meter.bar_quarters
        if bar_quarters != self._bar_quarters:
            self._bar_quarters = bar_quarters
            self._bar_line = ceil(start_quarters / bar_quarters) * bar_quarters
        self._notice_call()
        events: list[Event] = []
        while self._bar_line < end_quarters:
            events += self._notes(start_quarters, self._bar_line)
            self._turn(self._bar_line)
            start_quarters = max(start_quarters, self._bar_line)
            self._bar_line += bar_quarters
        self._prepare(end_quarters)
        events += self._notes(start_quarters, end_quarters)
        return (*self._news(start_quarters), *events)

    def interrupted(self) -> None:
        """Drop the call and the answer: the music stopped or jumped."""
        self.capture.clear()
        self._forget()

    def _forget(self) -> None:
        self.prefetch.drop()
        self._bar_quarters = 0.0
        self._listen_from = -1.0
        self._call_start = self._answer = None
        self._is_ending = self._is_to_mutate = False

    def _do_requests(self) -> None:
        while self._requests:
            request = self._requests.popleft()
            if request == "end_call":
                self._is_ending = self._call_start is not None
            elif request == "mutate":
                self._is_to_mutate = self._last_answer is not None
            else:
                self.interrupted()

    def _notice_call(self) -> None:
        """Begin a call with its first note; a note ends an answer that loops."""
        if self._call_start is not None:
            return
        is_free = self._answer is None or self._settings.allows_overlap or self._settings.is_looping
        onset = self.capture.first_onset(self._listen_from) if is_free else None
        if onset is None:
            return
        self._call_start = floor((onset + EARLY_QUARTERS) / self._bar_quarters) * self._bar_quarters
        self._is_ending = self._is_to_mutate = False
        self.prefetch.drop()
        if not self._settings.allows_overlap:
            self._answer = None

    def _cue(self, bar_line: float) -> Cue | None:
        """Why music is due on a bar line, if nothing more is played before it."""
        if self._call_start is not None:
            return Cue.CALL if self._is_call_over(self._call_start, bar_line) else None
        if self._answer is None:
            return Cue.MUTATION if self._is_to_mutate else None
        if bar_line < self._answer.end_quarters:
            return None
        is_mutating = self._settings.is_looping and self._settings.is_mutating
        return Cue.MUTATION if self._is_to_mutate or is_mutating else None

    def _is_call_over(self, start: float, bar_line: float) -> bool:
        num_bars = round((bar_line - start) / self._bar_quarters)
        if num_bars < 1:
            return False
        if self._is_ending or num_bars >= (self._settings.max_listen_bars or num_bars + 1):
            return True
        last_bar = bar_line - self._bar_quarters
        grace = self._transport.meter.beat_quarters
        return num_bars >= self._settings.min_listen_bars and self.capture.is_silent(
            last_bar, bar_line, grace
        )

    def _prepare(self, position: float) -> None:
        """Order what is due next, if it is time to."""
        due, longest_quarters = self._next_due()
        cue = self._cue(due)
        if cue is None:
            self.prefetch.drop()
            return
        quarter_s = 60 / self._transport.line.qpm
        left_s, longest_s = (due - position) * quarter_s, longest_quarters * quarter_s
        expected_s = self._expected_s(cue, due)
        lead_s = max(min(LEAD * expected_s, longest_s), SHORTEST_LEAD_QUARTERS * quarter_s)
        reason = self._reason(cue)
        if left_s <= lead_s and self.prefetch.wants(reason, left_s, expected_s):
            self.prefetch.order(reason, self._order(cue, due))

    def _next_due(self) -> tuple[float, float]:
        """Return the bar line on which music may be due next, and how long ahead to order it."""
        bar_quarters = self._bar_quarters
        if self._answer is None or self._call_start is not None:
            return self._bar_line, bar_quarters
        end = ceil(self._answer.end_quarters / bar_quarters) * bar_quarters
        return max(end, self._bar_line), self._answer.phrase.length_quarters

    def _expected_s(self, cue: Cue, due: float) -> float:
        if cue is Cue.CALL and self._call_start is not None:
            past_quarters = due - self._call_start
        else:
            past_quarters = self._last_answer.length_quarters if self._last_answer else 0.0
        length_quarters = self._settings.response_bars * self._bar_quarters or past_quarters
        return self.prefetch.expected_s(self.responder.bundle, past_quarters + length_quarters)

    def _reason(self, cue: Cue) -> object:
        """All that an order depends on, but for the tempo, which never stands quite still."""
        heard = self.capture.num_heard if cue is Cue.CALL else self.tally.answers
        return cue, heard, self._settings, self.responder, self._bar_quarters

    def _order(self, cue: Cue, bar_line: float) -> Order:
        past = self._call(bar_line) if cue is Cue.CALL else self._last_answer or Phrase(0.0)
        bar_quarters, settings, responder = self._bar_quarters, self._settings, self.responder
        length_quarters = settings.response_bars * bar_quarters or past.length_quarters
        bar, num_bars = round(bar_line / bar_quarters), ceil(length_quarters / bar_quarters)
        return Order(
            responder.bundle,
            latest(past, MAX_PAST_BARS * bar_quarters),
            length_quarters,
            self._transport.line.qpm,
            self._transport.meter,
            settings.controls_for(responder),
            self._seed + self.tally.answers,
            settings.chords_for(responder, bar, num_bars),
        )

    def _call(self, bar_line: float) -> Phrase:
        grace = self._transport.meter.beat_quarters
        start, is_drum = self._call_start or 0.0, self.responder.is_drum
        return self.capture.call(start, bar_line, self._bar_quarters, grace, is_drum=is_drum)

    def _turn(self, bar_line: float) -> None:
        """Do what a bar line asks for."""
        cue = self._cue(bar_line)
        if cue is Cue.CALL:
            self._answer_call(bar_line)
        elif cue is Cue.MUTATION and (phrase := self.prefetch.take_done()):
            self._is_to_mutate = False
            self._play(phrase, bar_line, hears_on=self._answer is not None)
        elif self._answer and bar_line >= self._answer.end_quarters:
            self._repeat_or_rest(self._answer, bar_line, is_late=cue is Cue.MUTATION)

    def _answer_call(self, bar_line: float) -> None:
        if not self.prefetch.is_begun:
            self.prefetch.order(None, self._order(Cue.CALL, bar_line))
        phrase = self.prefetch.take()
        self.tally = self.tally._replace(misses=self.tally.misses + (phrase is None))
        if phrase is None or not len(phrase):
            call = self._call(bar_line)
            length_quarters = self._settings.response_bars * self._bar_quarters
            length_quarters = length_quarters or call.length_quarters
            phrase = stand_in(call, self._last_answer, length_quarters, self._bar_quarters)
        self.tally = self.tally._replace(calls=self.tally.calls + 1)
        self._call_start, self._is_ending = None, False
        self._play(phrase, bar_line)

    def _repeat_or_rest(self, answer: Answer, bar_line: float, *, is_late: bool) -> None:
        if self._settings.is_looping and self._call_start is None:
            self._answer = replace(answer, start_quarters=bar_line)
            self.tally = self.tally._replace(misses=self.tally.misses + is_late)
        else:
            self._answer = None

    def _play(self, phrase: Phrase, bar_line: float, *, hears_on: bool = False) -> None:
        channel = DRUM_CHANNEL if phrase.is_drum else self.capture.last_channel
        channel = channel if self._playback_channel is None else self._playback_channel
        self._answer = Answer(phrase, bar_line, channel)
        self._last_answer = phrase
        if not hears_on:
            listens_at_once = self._settings.allows_overlap
            from_quarters = bar_line if listens_at_once else self._answer.end_quarters
            self._listen_from = from_quarters - EARLY_QUARTERS
        self.capture.forget_before(bar_line - self._bar_quarters)
        self.tally = self.tally._replace(answers=self.tally.answers + 1)

    def _notes(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:
        if self._answer is None:
            return ()
        return tuple(self._answer.events(start_quarters, end_quarters, self._output))

    def _news(self, quarters: float) -> Iterable[Event]:
        """Tell the state, if it is another than the one told last."""
        state = self.state
        if state is self._told_state or self._state_control is None:
            return ()
        self._told_state = state
        message = Message("control_change", control=self._state_control, value=int(state))
        return (Event(quarters, message, self._output),)
