"""A live session at work: its ports, its clock, its end, and what the terminal shows."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from solferino.cli.live_status import ending, show
from solferino.cli.playing import ClockSource, check_place, joined_clock, told_to_end

if TYPE_CHECKING:
    from mido import Message

    from solferino.live.controls import Assignment, Learning
    from solferino.live.session import Session
    from solferino.live.session_plan import SessionPlan

LOOK_EVERY_S = 0.1
ENTER = "enter"


def listing() -> list[str]:
    """Name the ports that are there.

    Raises
    ------
    PortError
        If the computer has no MIDI.
    """
    from solferino.live.ports import midi_system  # noqa: PLC0415

    lines, system = [], midi_system()
    for kind, names in (("input", system.input_names()), ("output", system.output_names())):
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
    from solferino.live.midi_clock import MidiClock  # noqa: PLC0415
    from solferino.live.partner import responder_of  # noqa: PLC0415
    from solferino.live.port_watch import PortWatch  # noqa: PLC0415
    from solferino.live.ports import midi_system  # noqa: PLC0415
    from solferino.live.session import Session  # noqa: PLC0415

    bundles = [bundle for partner in plan.partners for bundle in partner.bundles]
    for bundle in bundles:
        responder_of(bundle)  # refuses one that cannot be opened
    if plan.path is not None:
        check_place(plan.path)
    with ExitStack() as stack:
        end = threading.Event()
        stack.enter_context(told_to_end(end.set))
        watch = PortWatch(midi_system())
        stack.callback(watch.close)
        composer = ProcessComposer(bundles, num_workers=min(len(plan.partners), 2))
        stack.callback(composer.close)
        session = Session(plan, watch, composer, MonotonicClock())
        stack.callback(session.write)
        session.follow(stack.enter_context(joined_clock(clock, session.player)))
        if sends_clock:
            session.player.add(MidiClock(session.player))
        watch.start()
        typer.echo(_welcome(session))
        with session:
            show(session, lambda: end.wait(LOOK_EVERY_S))
    for line in ending(session):
        typer.echo(line)


def _welcome(session: "Session") -> str:
    inputs = ", ".join(port.name for port in session.inputs)
    outputs = ", ".join(port.name for port in session.outputs)
    names = ", ".join(name for name, _ in session.status().states)
    return f"{names} listens to {inputs} and plays to {outputs}; Ctrl-C ends"


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
    from solferino.live.ports import midi_system  # noqa: PLC0415

    heard: queue.SimpleQueue[Message | str] = queue.SimpleQueue()
    learning = Learning()

    def hear(message: "Message", _time_s: float) -> None:
        heard.put(message)

    with ExitStack() as stack:
        for name in inputs:
            port = midi_system().open_input(name, hear, MonotonicClock())
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
