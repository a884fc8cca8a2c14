"""A track that is played live: ports, clock, messages, and what the terminal shows."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from solferino.cli.extras import needing
from solferino.cli.playing import ClockSource, joined_clock, told_to_end
from solferino.errors import MissingExtraError, PortError

if TYPE_CHECKING:
    from solferino.live.commands import Desk
    from solferino.live.output import Output
    from solferino.live.parts import Part
    from solferino.live.port_watch import PortWatch
    from solferino.live.transport import Transport

PREPARE_S = 20.0
LOOK_EVERY_S = 0.05
WAY_OUT = "without a port, solferino track --render track.wav makes sound"


class TrackOptions(NamedTuple):
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
    options: TrackOptions,
    *,
    bars: int | None,
    save: Path | None,
) -> None:
    """Play a track until the performer, or the number of bars, ends it.

    Parameters
    ----------
    parts : sequence of Part
    transport : Transport
    options : TrackOptions
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
        watch, outputs = stack.enter_context(_ports(options.output_ports))
        typer.echo(f"plays to {', '.join(outputs)}; the first loops are being written")
        composer = ProcessComposer(part.bundle for part in parts)
        stack.callback(composer.close)
        track = Track(parts, transport, composer)
        player = Player(clock, transport, outputs)
        player.add(track)
        if options.sends_clock:
            for name in outputs:
                player.add(MidiClock(player, name))
        desk = Desk(track, player, save or Path("track.mid"))
        if save:
            stack.callback(track.save, save)
        remote_words = stack.enter_context(_remote(desk, options))
        track.prepare(PREPARE_S)
        stack.enter_context(told_to_end(desk.end))
        stack.callback(player.close)
        receive = stack.enter_context(joined_clock(options.clock, player))
        if receive:
            watch.open_input(options.input_port, receive, clock)
        begin = partial(_begin, desk, bars, starts=options.clock is not ClockSource.MIDI)
        words = partial(_news, watch, remote_words)
        _show(desk, begin, words, is_plain=options.is_plain)
        typer.echo(_ending(desk))


@contextmanager
def _ports(names: Sequence[str]) -> "Iterator[tuple[PortWatch, dict[str, Output]]]":
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
                output = outputs[name or port.name] = Output(port)
                opened.append((port, output))
        except (PortError, MissingExtraError) as error:
            raise type(error)(f"{error}; {WAY_OUT}") from error
        watch.start()
        yield watch, outputs


@contextmanager
def _remote(desk: "Desk", options: TrackOptions) -> Iterator[Callable[[], str]]:
    """Take OSC messages too, if asked to; give a function that tells of them."""
    if options.osc_port is None:
        yield str
        return
    with needing("live"):
        from solferino.live.osc import OscRemote, OscServer  # noqa: PLC0415
    remote = OscRemote(desk)
    with OscServer(remote, options.osc_port, options.osc_host) as server:
        yield lambda: f"OSC on port {server.port} · {remote.words}"


def _news(watch: "PortWatch", remote_words: Callable[[], str]) -> str:
    """Tell of what goes on beside the music: ports that are gone, messages that came."""
    return " · ".join(filter(None, (watch.words, remote_words())))


def _begin(desk: "Desk", bars: int | None, *, starts: bool) -> None:
    """Begin, when all that takes long is done."""
    desk.player.start()
    desk.begin(bars, starts=starts)


def _show(
    desk: "Desk", begin: Callable[[], None], more_words: Callable[[], str], *, is_plain: bool
) -> None:
    if is_plain:
        begin()
        _print_bars(desk, more_words)
        return
    with needing("live"):
        from solferino.live.view import TrackView  # noqa: PLC0415
    TrackView(desk, begin, more_words).run()


def _ending(desk: "Desk") -> str:
    misses = desk.track.misses
    passes = "pass" if misses == 1 else "passes"
    late = desk.player.lateness.report().words
    return f"{late}; {misses} {passes} repeated because the next was not written"


def _print_bars(desk: "Desk", more_words: Callable[[], str]) -> None:
    """Print a few lines a bar until the end."""
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
            if more_words():
                typer.echo(f"  {more_words()}")
        time.sleep(LOOK_EVERY_S)
