"""A live session at work: its ports, its clock, its end, and what the terminal shows."""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from solferino.cli.live_status import ending, show
from solferino.cli.track import ClockSource
from solferino.errors import LiveError, SolferinoError

if TYPE_CHECKING:
    from mido import Message

    from solferino.live.controls import Assignment, Learning
    from solferino.live.plans import SessionPlan
    from solferino.live.session import Session

LOOK_EVERY_S = 0.1
ENTER = "enter"


def listing() -> list[str]:
    """Name the ports that are there.

    Raises
    ------
    PortError
        If the computer has no MIDI.
    """
    from solferino.live.ports import input_names, output_names  # noqa: PLC0415

    lines = []
    for kind, names in (("input", input_names()), ("output", output_names())):
        lines += [f"{kind}   {name}" for name in names] or [f"{kind}   none; see solferino doctor"]
    return lines


def perform(plan: "SessionPlan", clock: ClockSource, *, sends_clock: bool) -> None:
    """Play until the musician, or the system, ends it.

    Parameters
    ----------
    plan : SessionPlan
    clock : ClockSource
    sends_clock : bool
        Whether to lead other machines.

    Raises
    ------
    PortError
        If a port cannot be opened.
    MissingExtraError
        If a package is not installed.
    SolferinoError
        If a bundle cannot be opened, or the recording cannot be written.
    """
    from solferino.live.clock import MonotonicClock  # noqa: PLC0415
    from solferino.live.composing import ProcessComposer  # noqa: PLC0415
    from solferino.live.manners import responder_of  # noqa: PLC0415
    from solferino.live.port_watch import PortWatch  # noqa: PLC0415
    from solferino.live.ports import midi_system  # noqa: PLC0415
    from solferino.live.session import Session  # noqa: PLC0415

    bundles = [bundle for partner in plan.partners for bundle in partner.bundles]
    for bundle in bundles:
        responder_of(bundle)  # refuses one that cannot be opened
    if plan.path is not None:
        _check_place(plan.path)
    sessions: list[Session] = []
    with ExitStack() as stack:
        end = stack.enter_context(_told_to_end())
        watch = PortWatch(midi_system(), partial(_lost, sessions), partial(_found, sessions))
        stack.callback(watch.close)
        composer = ProcessComposer(bundles, num_workers=min(len(plan.partners), 2))
        stack.callback(composer.close)
        session = Session(plan, watch, composer, MonotonicClock())
        sessions.append(session)
        _join_clock(session, clock, stack, sends_clock=sends_clock)
        watch.start()
        typer.echo(_welcome(session))
        with session:
            show(session, lambda: end.wait(LOOK_EVERY_S))
    session.write()
    for line in ending(session):
        typer.echo(line)


def _check_place(path: Path) -> None:
    """Refuse a path that could not be written to at the end, when all is played."""
    from solferino.notes.files import save  # noqa: PLC0415
    from solferino.notes.sequence import NoteSequence  # noqa: PLC0415

    if path.is_dir():
        raise LiveError(f"{path} is a folder: name a file in it, such as {path / 'session.mid'}")
    probe = path.with_name(f".{path.stem}.trial{path.suffix}")
    try:
        save(NoteSequence(), probe)
    except SolferinoError as error:
        raise type(error)(str(error).replace(str(probe), str(path))) from error
    probe.unlink()


def _lost(sessions: "list[Session]", port: object) -> None:
    for session in sessions:
        session.lost(port)


def _found(sessions: "list[Session]", port: object) -> None:
    for session in sessions:
        session.found(port)


def _join_clock(
    session: "Session", clock: ClockSource, stack: ExitStack, *, sends_clock: bool
) -> None:
    """Follow another clock, or lead others."""
    from solferino.live.midi_clock import MidiClock, MidiClockFollower  # noqa: PLC0415

    if clock is ClockSource.MIDI:
        follower = MidiClockFollower(session.transport)
        session.player.add(follower)
        session.follow(follower.receive)
    elif clock is ClockSource.LINK:
        from solferino.live.link import LinkSession  # noqa: PLC0415

        stack.enter_context(LinkSession(session.transport, session.clock))
    if sends_clock:
        session.player.add(MidiClock(session.player))


def _welcome(session: "Session") -> str:
    inputs = ", ".join(port.name for port in session.inputs)
    outputs = ", ".join(port.name for port in session.outputs)
    names = ", ".join(name for name, _ in session.status().states)
    return f"{names} listens to {inputs} and plays to {outputs}; Ctrl-C ends"


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Give an event that is set by Ctrl-C, or when the system ends this process."""
    end = threading.Event()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before: dict[str, Any] = {
        name: signal.signal(getattr(signal, name), lambda *_: end.set()) for name in names
    }
    try:
        yield end
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def certified(seconds: float, bundles: Sequence[str]) -> int:
    """Measure how punctual this computer is, and print it.

    Parameters
    ----------
    seconds : float
        For how long.
    bundles : sequence of str
        What writes meanwhile; if none is named, those of the certificate.

    Returns
    -------
    int
        Exit status: 1 if it is not punctual.
    """
    from solferino.live.certificate import (  # noqa: PLC0415
        CERTIFIED_BUNDLES,
        certify,
        report_lines,
    )

    certificate = certify(seconds, bundles or CERTIFIED_BUNDLES)
    for line in report_lines(certificate):
        typer.echo(line)
    return 0 if certificate.is_passed else 1


def learn(inputs: Sequence[str | None], path: Path) -> "Assignment":
    """Let the musician move a knob for each control, and write the file.

    Parameters
    ----------
    inputs : sequence of str or None
        Ports to listen to.
    path : Path
        Where the file goes.
    """
    from solferino.live.clock import MonotonicClock  # noqa: PLC0415
    from solferino.live.controls import Learning  # noqa: PLC0415
    from solferino.live.ports import open_input  # noqa: PLC0415

    heard: queue.SimpleQueue[Message | str] = queue.SimpleQueue()
    learning = Learning()
    with ExitStack() as stack:
        for name in inputs:
            port = open_input(name, lambda message, _: heard.put(message), MonotonicClock())
            stack.callback(port.close)
        threading.Thread(target=_tell_enter, args=(heard,), daemon=True).start()
        learn_from(learning, heard.get)
    assignment = learning.learnt
    path.write_text(assignment.to_toml(), encoding="utf-8")
    typer.echo(f"{path}: {len(assignment.numbers)} controls; --controls {path} takes them again")
    return assignment


def learn_from(learning: "Learning", heard: "Callable[[], Message | str]") -> None:
    """Ask for each control until all have their knob, or none.

    Parameters
    ----------
    learning : Learning
    heard : function
        Waits for a message, or for `ENTER`, which leaves a control without a knob.
    """
    while (control := learning.current) is not None:
        typer.echo(f"{control.name}: {control.does}. Move its control, or press Enter for none.")
        while learning.current is control:
            message = heard()
            if isinstance(message, str):
                learning.skip()
            elif learning.hear(message):
                typer.echo(f"  control change {message.control}")


def _tell_enter(heard: "queue.SimpleQueue[Any]") -> None:
    """Tell of every line that is typed; past Python's own reading, which would hold up the end."""
    try:
        while os.read(sys.stdin.fileno(), 1024):
            heard.put(ENTER)
    except (AttributeError, OSError, ValueError):
        return  # nobody can type
