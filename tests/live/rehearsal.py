"""A partner on a stage, somebody who plays to it, and composers that are told when to finish."""

from concurrent.futures import Future

from mido import Message

from solferino.live.call_and_response import CallAndResponse
from solferino.live.capture import Capture
from solferino.live.composing import Order
from solferino.live.manners import Manners, Responder
from solferino.live.phrases import Phrase
from tests.live.fakes import Stage

START_S = 100.0
PIANO = Responder("piano", "piano")
DRUMS = Responder("drums", "drums", is_drum=True)
IMPROVISER = Responder("improviser", "improviser", takes_chords=True)


class QuarterNotes:
    """Writes quarter notes at once, from one pitch up."""

    def __init__(self, pitch: int = 72) -> None:
        self.pitch = pitch
        self.orders: list[Order] = []

    def submit(self, order: Order) -> Future[Phrase]:
        self.orders.append(order)
        done: Future[Phrase] = Future()
        done.set_result(quarters(order.length_quarters, self.pitch, is_drum=order.past.is_drum))
        return done

    def close(self) -> None:
        pass


class SlowComposer:
    """Finishes an order when it is told to."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.futures: list[Future[Phrase]] = []

    def submit(self, order: Order) -> Future[Phrase]:
        self.orders.append(order)
        self.futures.append(Future())
        return self.futures[-1]

    def finish(self, pitch: int = 72, number: int = -1) -> None:
        order = self.orders[number]
        self.futures[number].set_result(quarters(order.length_quarters, pitch))

    def close(self) -> None:
        pass


class Rehearsal:
    """Plays notes into a partner, given in quarter notes, and tells what came out."""

    def __init__(
        self, composer, manners=None, *, qpm=120.0, meter=None, responders=(PIANO,), **more
    ):
        self.stage = Stage(qpm)
        self.transport = self.stage.transport
        if meter:
            self.transport.set_meter(meter)
        self.composer = composer
        self.capture = Capture(self.transport, more.pop("channels", None))
        self.partner = CallAndResponse(
            self.capture,
            self.transport,
            self.stage.clock,
            composer,
            responders=responders,
            manners=manners or Manners(),
            **more,
        )
        self.stage.player.add(self.partner)
        self.transport.start(START_S)

    @property
    def position(self) -> float:
        return self.transport.line.quarters_at(self.stage.clock.now_s())

    def run_until(self, quarters: float) -> None:
        self.stage.run_until(self.transport.line.time_at_s(quarters))

    def tell(self, quarters: float, message: Message) -> None:
        self.run_until(quarters)
        self.capture.receive(message, self.stage.clock.now_s())

    def play(self, *notes: tuple[float, int, float], channel: int = 0) -> None:
        """Play notes, each (onset_quarters, pitch, duration_quarters)."""
        moments = []
        for onset, pitch, duration in notes:
            on = Message("note_on", channel=channel, note=pitch, velocity=80)
            off = Message("note_off", channel=channel, note=pitch)
            moments += [(onset, 1, on), (onset + duration, 0, off)]
        for quarters_, _, message in sorted(moments, key=lambda m: m[:2]):
            self.tell(quarters_, message)

    def heard(self) -> list[tuple[float, int]]:
        """Notes that came out: (quarters at 120 qpm, pitch)."""
        return [
            (round((time_s - START_S) * 2, 6), message.note)
            for time_s, message in self.stage.port.sent
            if message.type == "note_on" and message.velocity > 0
        ]

    def states(self) -> list[tuple[float, int]]:
        """States that were told: (quarters at 120 qpm, state)."""
        return [
            (round((time_s - START_S) * 2, 6), message.value)
            for time_s, message in self.stage.port.sent
            if message.type == "control_change"
        ]


def quarters(length_quarters: float, pitch: int, *, is_drum: bool = False) -> Phrase:
    """Quarter notes going up."""
    onsets = [float(k) for k in range(int(-(-length_quarters // 1)))]
    return Phrase.from_columns(
        length_quarters,
        pitch=[(pitch + k) % 128 for k in range(len(onsets))],
        onset_quarters=onsets,
        duration_quarters=1.0,
        is_drum=is_drum,
    )
