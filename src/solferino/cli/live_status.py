"""What the terminal shows of a live session: one line."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from solferino.live.session import Session, Status

SAME_TEMPO = 0.05
"""A tempo that differs by less than this share is no news: that of a followed clock wavers."""


def show(session: "Session", has_ended: Callable[[], bool]) -> None:
    """Show how a session stands until it ends, and do what it is asked for meanwhile.

    On a terminal one line is kept up to date; elsewhere a line is printed when the state, the
    bundle, the tempo or the misses change, or an error comes.

    Parameters
    ----------
    session : Session
    has_ended : function
        Waits a little, and tells whether it is over.
    """
    if sys.stdout.isatty():
        _show_line(session, has_ended)
    else:
        _print_changes(session, has_ended)


def status_line(status: "Status") -> str:
    """Return the status of a session in one line."""
    place = f"{status.bar:>4}.{status.beat}" if status.is_running else "  waits"
    who = " | ".join(f"{name} {state.name.lower()}" for name, state in status.states)
    line = (
        f"{place}  {who}  {status.qpm:.1f} qpm  {status.notes_in} notes in  "
        f"{status.answers} answers, {status.misses} missed  "
        f"{status.lateness.short_words}"
    )
    return f"{line}  ! {status.trouble}" if status.trouble else line


def ending(session: "Session") -> list[str]:
    """Tell in a few lines what happened."""
    status = session.status()
    line = (
        f"{status.notes_in} notes in, {status.answers} answers, {status.misses} missed; "
        f"{status.lateness.words}"
    )
    return [line] if session.plan.path is None else [line, str(session.plan.path)]


def _show_line(session: "Session", has_ended: Callable[[], bool]) -> None:
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with Live(auto_refresh=False, transient=True) as live:
        while not has_ended():
            session.save_if_asked()
            text = Text(status_line(session.status()), no_wrap=True, overflow="ellipsis")
            live.update(text, refresh=True)


def _print_changes(session: "Session", has_ended: Callable[[], bool]) -> None:
    shown: object = None
    shown_qpm = 0.0
    while not has_ended():
        session.save_if_asked()
        status = session.status()
        news = (status.states, status.is_running, status.misses, status.trouble)
        if news != shown or abs(status.qpm / shown_qpm - 1) > SAME_TEMPO:
            shown, shown_qpm = news, status.qpm
            typer.echo(status_line(status))
            sys.stdout.flush()
