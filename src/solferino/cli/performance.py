"""A track that is played live: ports, clock, messages, and what the terminal shows."""

import gc
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from solferino.cli.extras import needing
from solferino.cli.track import ClockSource
from solferino.errors import MissingExtraError, PortError

if TYPE_CHECKING:
    from solferino.live.clock import Clock
    from solferino.live.commands import Desk
    from solferino.live.output import Output
    from solferino.live.parts import Part
    from solferino.live.player import Player
    from solferino.live.port_watch import PortWatch
    from solferino.live.transport import Transport

PREPARE_S = 20.0
LOOK_EVERY_S = 0.05
WAY_OUT = "without a port, solferino track --render track.wav makes sound"


class Wishes(NamedTuple):
    """How a track is played."""

    output_ports: Sequence[str]
    input_port: str | None
    clock: ClockSource
    sends_clock: bool
    osc_port: int | None
    osc_host: str
    is_plain: bool


def perform(
    parts: "Sequence[Part]",
    transport: "Transport",
    wishes: Wishes,
    *,
    bars: int | None,
    save: Path | None,
) -> None:
    """Play a track until the performer, or the number of bars, ends it.

    Parameters
    ----------
    parts : sequence of Part
    transport : Transport
    wishes : Wishes
    bars : int, optional
        After how many it ends.
    save : Path, optional
        Where it is saved at the end.

    Raises
    ------
    PortError
        If there is no port to play to.
    MissingExtraError
        If the packages for it are not installed.
    """
    from solferino.live.clock import MonotonicClock  # noqa: PLC0415
    from solferino.live.commands import Desk  # noqa: PLC0415
    from solferino.live.composing import ProcessComposer  # noqa: PLC0415
    from solferino.live.midi_clock import MidiClock  # noqa: PLC0415
    from solferino.live.player import Player  # noqa: PLC0415
    from solferino.live.track import Track  # noqa: PLC0415

    clock = MonotonicClock()
    with ExitStack() as stack:
        watch, outputs = stack.enter_context(_ports(wishes.output_ports, clock))
        typer.echo("the first loops are being written")
        composer = ProcessComposer(part.bundle for part in parts)
        stack.callback(composer.close)
        track = Track(parts, transport, composer)
        player = Player(clock, transport, outputs)
        player.add(track)
        if wishes.sends_clock:
            for name in outputs:
                player.add(MidiClock(player, name))
        desk = Desk(track, player, save or Path("track.mid"))
        if save:
            stack.callback(track.save, save)
        more_words = stack.enter_context(_remote(desk, wishes))
        track.prepare(PREPARE_S)
        stack.enter_context(_told_to_end())
        stack.enter_context(player)
        stack.enter_context(_followed(wishes, player, watch))
        stack.callback(gc.unfreeze)
        begin = partial(_begin, desk, bars, starts=wishes.clock is not ClockSource.MIDI)
        _show(desk, begin, more_words, is_plain=wishes.is_plain)
        typer.echo(_ending(desk))


@contextmanager
def _ports(names: Sequence[str], clock: "Clock") -> "Iterator[tuple[PortWatch, dict[str, Output]]]":
    """Open the outputs, or one of our own, and keep watch over them."""
    from solferino.live.output import Output  # noqa: PLC0415
    from solferino.live.port_watch import PortWatch, WatchedPort  # noqa: PLC0415
    from solferino.live.ports import midi_system  # noqa: PLC0415

    outputs: dict[str, Output] = {}
    opened: list[tuple[WatchedPort, Output]] = []

    def silence(found: WatchedPort) -> None:
        for port, output in opened:
            if port is found:
                output.panic()

    wanted: list[str | None] = [*dict.fromkeys(names)] or [None]
    with ExitStack() as stack:
        try:
            watch = PortWatch(midi_system(), on_found=silence)
            stack.callback(watch.close)
            for name in wanted:
                port = watch.open_output(name)
                output = outputs[name or port.name] = Output(port, clock)
                opened.append((port, output))
        except (PortError, MissingExtraError) as error:
            raise type(error)(f"{error}; {WAY_OUT}") from error
        watch.start()
        yield watch, outputs


@contextmanager
def _followed(wishes: Wishes, player: "Player", watch: "PortWatch") -> Iterator[None]:
    """Follow the clock of another machine or program, if that is wished for."""
    if wishes.clock is ClockSource.MIDI:
        from solferino.live.midi_clock import MidiClockFollower  # noqa: PLC0415

        follower = MidiClockFollower(player.transport)
        player.add(follower)
        watch.open_input(wishes.input_port, follower.receive, player.clock)
    if wishes.clock is ClockSource.LINK:
        from solferino.live.link import LinkSession  # noqa: PLC0415

        with LinkSession(player.transport, player.clock):
            yield
    else:
        yield


@contextmanager
def _remote(desk: "Desk", wishes: Wishes) -> Iterator[Callable[[], str]]:
    """Take messages too, if they are wished for; give a function that tells of them."""
    if wishes.osc_port is None:
        yield str
        return
    with needing("live"):
        from solferino.live.osc import OscRemote, OscServer  # noqa: PLC0415
    remote = OscRemote(desk)
    with OscServer(remote, wishes.osc_port, wishes.osc_host) as server:
        yield lambda: f"OSC on port {server.port} · {remote.words}"


@contextmanager
def _told_to_end() -> Iterator[None]:
    """End as by Ctrl-C when the system ends this process, so that no note is left sounding."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = [n for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _begin(desk: "Desk", bars: int | None, *, starts: bool) -> None:
    """Begin, after what would hold up the player: to look through all that is in memory."""
    gc.collect()
    gc.freeze()
    desk.begin(bars, starts=starts)


def _show(
    desk: "Desk", begin: Callable[[], None], more_words: Callable[[], str], *, is_plain: bool
) -> None:
    if is_plain:
        begin()
        _print_bars(desk)
        return
    with needing("live"):
        from solferino.live.view import TrackView  # noqa: PLC0415
    TrackView(desk, begin, more_words).run()


def _ending(desk: "Desk") -> str:
    late, misses = desk.player.lateness.report(), desk.track.misses
    return (
        f"{late.events} events, late {late.median_ms:.2f} ms at the median, {late.p99_ms:.2f} ms "
        f"at p99, {late.max_ms:.2f} ms at most; {late.dropped} left out; "
        f"{misses} {'pass' if misses == 1 else 'passes'} repeated because the next was not written"
    )


def _print_bars(desk: "Desk") -> None:
    """Print a line a bar until the end."""
    from solferino.live.loop_pictures import looper_words, position_words  # noqa: PLC0415

    transport, clock = desk.player.transport, desk.player.clock
    shown = -1.0
    while not desk.has_ended:
        quarters = transport.line.quarters_at(clock.now_s())
        bar = quarters // transport.meter.bar_quarters
        if bar != shown:
            shown = bar
            typer.echo(position_words(transport.line, transport.meter, clock.now_s()))
            for looper in desk.track:
                typer.echo(f"  {looper_words(looper)}")
        time.sleep(LOOK_EVERY_S)
