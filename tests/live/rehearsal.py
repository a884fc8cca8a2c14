"""A partner on a stage, and somebody who plays to it."""

from mido import Message

from solferino.live.call_and_response import CallAndResponse
from solferino.live.capture import Capture
from solferino.live.partner import PartnerSettings, Responder
from tests.live.fakes import Stage

START_S = 100.0
PIANO = Responder("piano", "piano")
DRUMS = Responder("drums", "drums", is_drum=True)
IMPROVISER = Responder("improviser", "improviser", takes_chords=True)


class Rehearsal:
    """Plays notes into a partner, given in quarter notes, and tells what came out."""

    def __init__(
        self, composer, settings=None, *, qpm=120.0, meter=None, responders=(PIANO,), **more
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
            settings=settings or PartnerSettings(),
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
