"""A live session: ports, clock, metronome, partners, controls and a recording, put together."""

import itertools
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, Self, final

from mido import Message

from solferino.errors import SolferinoError
from solferino.live.call_and_response import CallAndResponse
from solferino.live.capture import Capture
from solferino.live.clock import Clock
from solferino.live.composing import Composer
from solferino.live.lateness import LatenessReport
from solferino.live.metronome import Metronome
from solferino.live.output import ALL_NOTES_OFF, DRUM_CHANNEL, NUM_CHANNELS, Output
from solferino.live.partner import State, responder_of
from solferino.live.parts import Part
from solferino.live.player import Player
from solferino.live.port_watch import (
    PortWatch,
    ReconnectingIn,
    ReconnectingOut,
    WatchedPort,
    gone_words,
)
from solferino.live.ports import Receiver
from solferino.live.recording import RecordedCapture, RecordedSource, Recording
from solferino.live.session_plan import PartnerPlan, SessionPlan
from solferino.live.source import OffsetSource, Source
from solferino.live.sync import BarClock
from solferino.live.transport import MAX_QPM, MIN_QPM, Transport
from solferino.notes.files import save
from solferino.notes.sequence import NoteSequence

PASSED_THROUGH = frozenset(
    {"note_on", "note_off", "polytouch", "control_change", "program_change", "aftertouch"}
    | {"pitchwheel"}
)


TIMING = frozenset({"clock", "start", "stop", "continue", "songpos"})


@final
class Status(NamedTuple):
    """A session at one moment.

    Parameters
    ----------
    bar, beat : int
        Counted from 1.
    is_running : bool
    qpm : float
    states : tuple of (str, State)
        Of each partner: the bundle that answers, and what it does.
    notes_in : int
        How many notes were played in.
    answers, misses : int
        How many answers began, and how many of them were not ready in time.
    lateness : LatenessReport
    trouble : str
        The last error, in words; empty if none.
    """

    bar: int
    beat: int
    is_running: bool
    qpm: float
    states: tuple[tuple[str, State], ...]
    notes_in: int
    answers: int
    misses: int
    lateness: LatenessReport
    trouble: str


@final
class Session:
    """Plays, until it is closed; a context manager.

    Parameters
    ----------
    plan : SessionPlan
    ports : PortWatch
        Opens the ports, and from now on tells this session when one is lost or found.
    composer : Composer
        Is not closed.
    clock : Clock

    Raises
    ------
    SolferinoError
        If a port or a bundle cannot be opened.
    """

    def __init__(
        self, plan: SessionPlan, ports: PortWatch, composer: Composer, clock: Clock
    ) -> None:
        self.plan = plan
        self.clock = clock
        self.transport = Transport(plan.qpm, plan.meter)
        self.notes_in = 0
        self._bar_clock = BarClock(self.transport)
        self._wants_save = threading.Event()
        self._trouble = ""
        self._is_open = True
        self._follower: Receiver | None = None
        self._clock_port: str | None = None
        with ExitStack() as opened:
            self.outputs = [ports.open_output(name) for name in plan.output_ports]
            for port in self.outputs:
                opened.callback(port.close)
            self.output = Output(_Everywhere(self.outputs))
            self.player = Player(clock, self.transport, {"main": self.output})
            self._make_sources(composer)
            self.inputs: list[ReconnectingIn] = []
            for number, name in enumerate(plan.input_ports):
                self.inputs.append(ports.open_input(name, self._receiver(number), clock))
                opened.callback(self.inputs[-1].close)
            opened.pop_all()
        ports.on_lost, ports.on_found = self.lost, self.found

    def _make_sources(self, composer: Composer) -> None:
        plan = self.plan
        channel = plan.metronome_channel - 1
        self.metronome = Metronome(self.transport, channel, is_on=plan.has_metronome)
        self.player.add(self.metronome)
        self.partners = [self._partner(each, composer) for each in plan.partners]
        self.recording = Recording(
            [part for number in range(len(self.partners)) for part in self._parts(number)],
            self.transport,
        )
        self._captures = [partner.capture for partner in self.partners]
        for number, (partner, each) in enumerate(zip(self.partners, plan.partners, strict=True)):
            capture = Capture(self.transport, _from_0(each.channels))
            self._captures.append(capture)
            self.player.add(RecordedCapture(capture, self.recording, 2 * number))
            source: Source = RecordedSource(partner, self.recording, 2 * number + 1)
            if plan.playback_offset_s:
                source = OffsetSource(source, self.transport, plan.playback_offset_s)
            self.player.add(source)

    def _partner(self, partner: PartnerPlan, composer: Composer) -> CallAndResponse:
        playback_channel = partner.playback_channel
        return CallAndResponse(
            Capture(self.transport, _from_0(partner.channels), is_mono=self.plan.is_mono),
            self.transport,
            self.clock,
            composer,
            responders=[responder_of(bundle) for bundle in partner.bundles],
            settings=self.plan.settings,
            playback_channel=None if playback_channel is None else playback_channel - 1,
            state_control=self.plan.controls.numbers.get("state"),
            seed=self.plan.seed,
        )

    def _parts(self, number: int) -> tuple[Part, Part]:
        """Tracks of the recording: a call, and its answer."""
        partner, plan = self.partners[number], self.plan.partners[number]
        is_drum = partner.responder.is_drum
        call_channel = DRUM_CHANNEL + 1 if is_drum else min(plan.channels or {1})
        answer_channel = plan.playback_channel or call_channel
        suffix = "" if len(self.partners) == 1 else f"_{number + 1}"
        bundle = partner.responder.bundle
        return (
            Part(name=f"call{suffix}", bundle=bundle, channel=call_channel),
            Part(name=f"answer{suffix}", bundle=bundle, channel=answer_channel),
        )

    def follow(self, follower: Receiver | None) -> None:
        """Tell a function the clock and transport messages of the first port that sends them."""
        self._follower = follower

    def _receiver(self, number: int) -> Receiver:
        return lambda message, time_s: self.receive(message, time_s, str(number))

    def receive(self, message: Message, time_s: float, port: str = "") -> None:
        """Take a message that came in at a moment of the clock; it never waits.

        Parameters
        ----------
        message : mido.Message
        time_s : float
            In seconds.
        port : str
            Keeps apart what comes from several ports.
        """
        if not self._is_open:
            return
        if message.type in TIMING:
            self._tell_follower(message, time_s, port)
            return
        try:
            if self.plan.controls.act(self, message, time_s):
                return
        except SolferinoError as error:
            self._trouble = str(error)
            return
        self.notes_in += message.type == "note_on" and message.velocity > 0
        for capture in self._captures:
            capture.receive(message, time_s, port)
        if self.plan.passes_through and message.type in PASSED_THROUGH:
            channel = self.plan.passthrough_channel
            self.output.send(message if channel is None else message.copy(channel=channel - 1))

    def _tell_follower(self, message: Message, time_s: float, port: str) -> None:
        self._clock_port = port if self._clock_port is None else self._clock_port
        if self._follower is not None and port == self._clock_port:
            self._follower(message, time_s)

    def lost(self, port: WatchedPort) -> None:
        """Take note that a port is gone: what sounds ends, and keys that were held are let go."""
        self._trouble = gone_words(port.name)
        self.output.release_all()
        now_s = self.clock.now_s()
        for number, each in enumerate(self.inputs):
            if each is port:
                for channel in range(NUM_CHANNELS):
                    message = Message("control_change", channel=channel, control=ALL_NOTES_OFF)
                    for capture in self._captures:
                        capture.receive(message, now_s, str(number))

    def found(self, port: WatchedPort) -> None:
        """Take note that a port is back; what it may have been left with is silenced."""
        self._trouble = ""
        if any(each is port for each in self.outputs):
            self.output.panic()

    # What controls act on.

    def change(self, **settings: Any) -> None:
        """Set fields of `PartnerSettings`, of all partners."""
        for partner in self.partners:
            partner.change(**settings)

    def end_call(self) -> None:
        """End the calls on the next bar line."""
        for partner in self.partners:
            partner.end_call()

    def mutate(self) -> None:
        """Make new answers out of the last ones."""
        for partner in self.partners:
            partner.mutate()

    def select(self, number: int) -> None:
        """Let another bundle answer, of each partner that has several."""
        for partner in self.partners:
            partner.select(number)

    def panic(self) -> None:
        """Silence everything, and drop calls and answers."""
        for partner in self.partners:
            partner.reset()
        self.player.panic()

    def set_tempo(self, qpm: float) -> None:
        """Go on at another tempo, in quarter notes a minute."""
        self.transport.set_tempo(min(max(qpm, MIN_QPM), MAX_QPM), self.clock.now_s())

    def set_metronome(self, *, is_on: bool) -> None:
        """Let the metronome click or not."""
        self.metronome.is_on = is_on

    def clock_tick(self, time_s: float) -> None:
        """Take a bar line of another clock."""
        self._bar_clock.tick(time_s)

    def save(self) -> None:
        """Write what was played so far, soon."""
        self._wants_save.set()

    # What its owner does.

    def save_if_asked(self) -> None:
        """Write what was played so far if a control asked for it; to be called now and then."""
        if self._wants_save.is_set():
            self._wants_save.clear()
            try:
                self.write()
            except SolferinoError as error:
                self._trouble = str(error)

    def write(self) -> None:
        """Write what was played so far to the path of the plan; nothing if it has none."""
        if self.plan.path is not None:
            save(self.to_notes(), self.plan.path)

    def to_notes(self) -> NoteSequence:
        """Return what was played so far: a track of each call, and one of each answer."""
        return self.recording.to_notes()

    def status(self) -> Status:
        """Tell how it stands."""
        line, meter = self.transport.line, self.transport.meter
        bar, beat = meter.place(line.quarters_at(self.clock.now_s()))
        tallies = [partner.tally for partner in self.partners]
        errors = [partner.prefetch.last_error for partner in self.partners]
        faults = [str(fault) or type(fault).__name__ for fault in self.player.faults]
        troubles = itertools.chain([self._trouble], faults, errors)
        return Status(
            bar=bar,
            beat=beat,
            is_running=line.is_running,
            qpm=line.qpm,
            states=tuple((partner.responder.name, partner.state) for partner in self.partners),
            notes_in=self.notes_in,
            answers=sum(tally.answers for tally in tallies),
            misses=sum(tally.misses for tally in tallies),
            lateness=self.player.lateness.report(),
            trouble=next(filter(None, troubles), ""),
        )

    def start(self) -> None:
        """Begin to play."""
        self.player.start()
        if self.plan.starts:
            self.transport.start(self.clock.now_s())

    def close(self) -> None:
        """End every note that sounds, and let go of the ports."""
        self._is_open = False
        with ExitStack() as last_first:
            for port in self.outputs:
                last_first.callback(port.close)
            last_first.callback(self.player.close)
            for each in self.inputs:
                last_first.callback(each.close)

    def __enter__(self) -> Self:
        """Begin to play."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, whatever happened."""
        self.close()


def _from_0(channels: frozenset[int] | None) -> frozenset[int] | None:
    """Count channels as messages do."""
    return None if channels is None else frozenset(channel - 1 for channel in channels)


@final
class _Everywhere:
    """Several outputs as one."""

    def __init__(self, ports: Sequence[ReconnectingOut]) -> None:
        self._ports = tuple(ports)

    def send(self, message: Message) -> None:
        for port in self._ports:
            port.send(message)
