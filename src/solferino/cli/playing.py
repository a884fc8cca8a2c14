"""What ``solferino live`` and ``solferino track`` share: options, another clock, the end."""

import re
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from solferino.errors import LiveError, SolferinoError

if TYPE_CHECKING:
    from solferino.audio.waveform import Waveform
    from solferino.live.player import Player
    from solferino.live.ports import Receiver
    from solferino.live.transport import Meter
    from solferino.notes.sequence import NoteSequence


class ClockSource(Enum):
    """Who gives the time."""

    INTERNAL = "internal"
    MIDI = "midi"
    LINK = "link"


Qpm = Annotated[float, Option(help="Quarter notes a minute.")]
MeterText = Annotated[str, Option("--meter", help="Such as 3/4.")]
ClockName = Annotated[
    ClockSource, Option(help="Who gives the time: this computer, MIDI clock, or Ableton Link.")
]
SendClock = Annotated[bool, Option("--send-clock", help="Send MIDI clock to the outputs.")]
BackingChords = Annotated[
    str | None, Option(help='Chords, one a bar, for bundles that improvise; "C G Am F".')
]


def meter_of(text: str) -> "Meter":
    """Read a meter.

    Raises
    ------
    typer.BadParameter
        If it is none.
    LiveError
        If its numbers are out of range.
    """
    from solferino.live.transport import Meter  # noqa: PLC0415

    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if not found:
        raise typer.BadParameter(f"{text!r} is no meter; write 4/4 or 7/8", param_hint="--meter")
    return Meter(int(found[1]), int(found[2]))


def chords_of(text: str | None) -> tuple[str, ...]:
    """Read backing chords; without any, take those by default.

    Raises
    ------
    typer.BadParameter
        If one is none, or there is none.
    """
    from solferino.live.partner import DEFAULT_CHORDS  # noqa: PLC0415
    from solferino.notes.chords import parse_chord  # noqa: PLC0415

    symbols = DEFAULT_CHORDS if text is None else tuple(text.split())
    if not symbols:
        raise typer.BadParameter(
            f"{text!r} names no chord; write symbols, such as {' '.join(DEFAULT_CHORDS)!r}",
            param_hint="--backing-chords",
        )
    for symbol in symbols:
        try:
            parse_chord(symbol)
        except (SolferinoError, ValueError) as error:
            raise typer.BadParameter(str(error), param_hint="--backing-chords") from error
    return symbols


def names_of(texts: Iterable[str] | None) -> tuple[str, ...]:
    """Read names: an option given several times, with commas or without."""
    names = [name.strip() for text in texts or () for name in text.split(",")]
    return tuple(name for name in names if name)


def check_place(path: Path, music: "NoteSequence | Waveform | None" = None) -> None:
    """Refuse a path that could not be written to at the end, when all is played.

    Parameters
    ----------
    path : Path
        Where notes, or music of this kind, are to be written.
    music : NoteSequence or Waveform, optional

    Raises
    ------
    LiveError
        If it is a folder.
    SolferinoError
        If nothing can be written there, or its suffix is unknown.
    """
    from solferino.notes.files import save  # noqa: PLC0415
    from solferino.notes.sequence import NoteSequence  # noqa: PLC0415

    if path.is_dir():
        example = path / ("session.mid" if music is None else "track.wav")
        raise LiveError(f"{path} is a folder: name a file in it, such as {example}")
    probe = path.with_name(f".{path.stem}.trial{path.suffix}")
    try:
        save(NoteSequence() if music is None else music, probe)
    except SolferinoError as error:
        raise type(error)(str(error).replace(str(probe), str(path))) from error
    probe.unlink()


@contextmanager
def joined_clock(source: ClockSource, player: "Player") -> "Iterator[Receiver | None]":
    """Follow another clock, if asked to; give what is to receive a MIDI clock."""
    if source is ClockSource.MIDI:
        from solferino.live.midi_clock import MidiClockFollower  # noqa: PLC0415

        follower = MidiClockFollower(player.transport)
        player.add(follower)
        yield follower.receive
    elif source is ClockSource.LINK:
        from solferino.live.link import LinkSession  # noqa: PLC0415

        with LinkSession(player.transport, player.clock):
            yield None
    else:
        yield None


@contextmanager
def told_to_end(stop: Callable[[], object]) -> Iterator[None]:
    """Call a function on Ctrl-C, and when the system ends this process."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before: dict[str, Any] = {
        name: signal.signal(getattr(signal, name), lambda *_: stop()) for name in names
    }
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
