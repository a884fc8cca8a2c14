"""The certificate: how punctual this computer plays while models write, measured through a loop."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from time import sleep
from typing import NamedTuple, final

import numpy as np
from mido import Message

from solferino.errors import MissingExtraError, PortError
from solferino.live.clock import Clock, MonotonicClock
from solferino.live.composing import Composer, InlineComposer, Order, ProcessComposer
from solferino.live.lateness import LatenessReport
from solferino.live.loopback import Cable, Loopback
from solferino.live.midi_clock import MidiClock
from solferino.live.output import Output
from solferino.live.phrases import Phrase
from solferino.live.player import Player
from solferino.live.source import Event
from solferino.live.transport import Transport

MEDIAN_LIMIT_MS, P99_LIMIT_MS = 1.0, 5.0
CERTIFIED_BUNDLES = ("attention_rnn", "drum_kit")
INSIDE = "inside this program"

QPM = 120.0
NOTES_A_QUARTER = 16
STREAM_CHANNELS = 4
ORDER_QUARTERS = 16.0
LAST_MESSAGES_S = 1.0


@final
class Trips(NamedTuple):
    """How messages came back through a loop.

    Parameters
    ----------
    median_ms, p99_ms : float
        From when the beginning of a note was sent to when it came back.
    jitter_ms : float
        Standard deviation of that.
    dropped : int
        Messages that never came back.
    hung : int
        Notes that were sounding at the far end when all was over.
    """

    median_ms: float
    p99_ms: float
    jitter_ms: float
    dropped: int
    hung: int


@final
class Passage(NamedTuple):
    """What was measured along one way.

    Parameters
    ----------
    way : str
    late : LatenessReport
        How late notes and ticks were sent.
    trips : Trips
    is_realtime : bool
        Whether the player's thread ran before all ordinary ones.
    """

    way: str
    late: LatenessReport
    trips: Trips
    is_realtime: bool

    @property
    def is_punctual(self) -> bool:
        """Whether notes are in time, and none is dropped or hangs."""
        return (
            self.late.median_ms <= MEDIAN_LIMIT_MS
            and self.late.p99_ms <= P99_LIMIT_MS
            and not (self.late.dropped or self.trips.dropped or self.trips.hung)
        )


@final
class Composing(NamedTuple):
    """What was written meanwhile.

    Parameters
    ----------
    orders : int
        Orders that were answered.
    failed : int
        Those that were answered with an error.
    missed : int
        Those that took longer than the music that they ordered.
    slowest_s : float
        The longest that one took.
    """

    orders: int = 0
    failed: int = 0
    missed: int = 0
    slowest_s: float = 0.0


@final
@dataclass(frozen=True)
class Certificate:
    """What was measured.

    Parameters
    ----------
    seconds : float
        Length of each passage.
    bundles : tuple of str
        Bundles that wrote without pause.
    passages : tuple of Passage
        The first within this program; the second through ports, where there are any.
    composing : Composing
    no_ports : str
        Why there is no second passage; empty if there is.
    """

    seconds: float
    bundles: tuple[str, ...]
    passages: tuple[Passage, ...]
    composing: Composing
    no_ports: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether every passage was punctual."""
        return all(passage.is_punctual for passage in self.passages)


def certify(seconds: float = 10.0, bundles: Sequence[str] = CERTIFIED_BUNDLES) -> Certificate:
    """Play 32 notes a second on four channels and MIDI clock, while bundles write without pause.

    Parameters
    ----------
    seconds : float > 0
        Length of each passage: one within this program, and one through a virtual port and back
        where the system has them.
    bundles : sequence of str
        Names of bundles or paths of bundle files; may be empty.

    Returns
    -------
    Certificate

    Raises
    ------
    SolferinoError
        If a bundle cannot be opened.
    """
    clock = MonotonicClock()
    composer = ProcessComposer(bundles, len(bundles)) if bundles else InlineComposer()
    work = _Work(clock, composer, tuple(bundles))
    no_ports = ""
    try:
        work.write_once()
        passages = [_passage(INSIDE, _cable, clock, seconds, work)]
        try:
            passages.append(_passage("through a virtual port", _ports, clock, seconds, work))
        except (PortError, MissingExtraError) as error:
            no_ports = str(error)
    finally:
        composer.close()
    return Certificate(seconds, tuple(bundles), tuple(passages), work.report(), no_ports)


def report_lines(certificate: Certificate) -> list[str]:
    """Tell a certificate in words, a line each."""
    writing = " and ".join(certificate.bundles) or "no bundle"
    lines = [f"{certificate.seconds:g} s of 32 notes a second and MIDI clock, {writing} writing"]
    for passage in certificate.passages:
        lines += _passage_lines(passage)
    if certificate.no_ports:
        lines.append(f"through ports: not measured, {certificate.no_ports}")
    done = certificate.composing
    if done.orders:
        lines.append(
            f"written: {done.orders} times {ORDER_QUARTERS:g} quarter notes, {done.failed} failed, "
            f"{done.missed} too late, the slowest in {done.slowest_s:.2f} s"
        )
    verdict = "passed" if certificate.is_passed else "not passed"
    limits = f"median at most {MEDIAN_LIMIT_MS:g} ms, p99 at most {P99_LIMIT_MS:g} ms, none lost"
    return [*lines, f"{verdict} ({limits})"]


def _passage_lines(passage: Passage) -> list[str]:
    way, late, trips, is_realtime = passage
    return [
        f"{way}, {'real-time' if is_realtime else 'ordinary'} priority:",
        (
            f"  late: median {late.median_ms:.2f} ms, p99 {late.p99_ms:.2f} ms, "
            f"most {late.max_ms:.2f} ms, of {late.events} messages"
        ),
        (
            f"  back: median {trips.median_ms:.2f} ms, p99 {trips.p99_ms:.2f} ms, "
            f"jitter {trips.jitter_ms:.2f} ms"
        ),
        f"  left out {late.dropped}, dropped {trips.dropped}, left sounding {trips.hung}",
    ]


@final
class _Stream:
    """Notes in pairs, four channels in turn; pitches come back often, so that some overlap."""

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:
        first, last = np.ceil(np.array([start_quarters, end_quarters]) * NOTES_A_QUARTER / 2)
        for pair in range(int(first), int(last)):
            for number in (2 * pair, 2 * pair + 1):
                message = Message(
                    "note_on",
                    channel=number % STREAM_CHANNELS,
                    note=36 + number * 7 % 48,
                    velocity=1 + number % 127,
                )
                yield Event(2 * pair / NOTES_A_QUARTER, message, "", 0.05 + number % 5 * 0.2)

    def interrupted(self) -> None:
        """Nothing was planned."""


@final
class _Work:
    """Keeps bundles writing, one order of each at a time."""

    def __init__(self, clock: Clock, composer: Composer, bundles: tuple[str, ...]) -> None:
        self._clock = clock
        self._composer = composer
        self._bundles = bundles
        self._under_way: dict[Future[Phrase], tuple[str, float]] = {}
        self._took_s: list[float] = []
        self._failed = 0

    def write_once(self) -> None:
        """Let every bundle write, so that an error is seen and nothing is opened later."""
        for bundle in self._bundles:
            self._composer.submit(self._order(bundle)).result()
            self._submit(bundle)

    def go_on_until(self, end_s: float) -> None:
        """Answer every order that is done with another, until a moment of the clock."""
        while (left_s := end_s - self._clock.now_s()) > 0:
            if not self._under_way:
                sleep(left_s)
                return
            for future in wait(self._under_way, left_s, FIRST_COMPLETED).done:
                bundle, since_s = self._under_way.pop(future)
                self._took_s.append(self._clock.now_s() - since_s)
                self._failed += future.exception() is not None
                self._submit(bundle)

    def report(self) -> Composing:
        """Tell what was written."""
        length_s = ORDER_QUARTERS * 60 / QPM
        missed = sum(took_s > length_s for took_s in self._took_s)
        return Composing(len(self._took_s), self._failed, missed, max(self._took_s, default=0.0))

    def _submit(self, bundle: str) -> None:
        future = self._composer.submit(self._order(bundle))
        self._under_way[future] = bundle, self._clock.now_s()

    def _order(self, bundle: str) -> Order:
        return Order(bundle, Phrase(0.0), ORDER_QUARTERS, QPM, seed=len(self._took_s))


def _passage(
    way: str,
    opened: Callable[[Loopback], contextlib.AbstractContextManager[None]],
    clock: Clock,
    seconds: float,
    work: _Work,
) -> Passage:
    loop, transport = Loopback(clock), Transport(QPM)
    with opened(loop):
        output = Output(loop)
        with Player(clock, transport, {"": output}) as player:
            player.add(MidiClock(player))
            player.add(_Stream())
            transport.start(clock.now_s())
            work.go_on_until(clock.now_s() + seconds)
            transport.stop(clock.now_s())
        _await_last(loop, clock)
    trips_ms = loop.trips_s() * 1e3
    median_ms, p99_ms = np.percentile(trips_ms, [50, 99]).tolist() if len(trips_ms) else (0.0, 0.0)
    jitter_ms = float(trips_ms.std()) if len(trips_ms) else 0.0
    trips = Trips(median_ms, p99_ms, jitter_ms, loop.num_under_way, len(loop.sounding))
    return Passage(way, player.lateness.report(), trips, player.is_realtime)


def _await_last(loop: Loopback, clock: Clock) -> None:
    end_s = clock.now_s() + LAST_MESSAGES_S
    while loop.num_under_way and clock.now_s() < end_s:
        sleep(0.01)


@contextlib.contextmanager
def _cable(loop: Loopback) -> Iterator[None]:
    cable = Cable(loop)
    loop.port = cable
    try:
        yield
    finally:
        cable.close()


@contextlib.contextmanager
def _ports(loop: Loopback) -> Iterator[None]:
    from solferino.live.ports import midi_system  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        system = midi_system()
        out = system.open_output(None)
        stack.callback(out.close)
        back = system.open_input(out.name, loop.receive, loop.clock)
        stack.callback(back.close)
        loop.port = out
        yield
