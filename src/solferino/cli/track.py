"""``solferino track``: loops that are written while they play."""

import os
import re
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from typer import Option

from solferino.cli.loopers import DEFAULT_LOOPERS, Playing, parts_of
from solferino.errors import LiveError

if TYPE_CHECKING:
    from solferino.live.parts import Part
    from solferino.live.transport import Meter, Transport


class Files(NamedTuple):
    """What is written, and with which instruments."""

    sound: Path
    notes: Path | None
    soundfont: Path | None


class ClockSource(Enum):
    """Who gives the time."""

    INTERNAL = "internal"
    MIDI = "midi"
    LINK = "link"


DEFAULT_BARS = 32
DEFAULT_KEY = "A minor"

Looper = Annotated[
    list[str] | None,
    Option(
        "--looper",
        metavar="NAME=BUNDLE[:BARS[:CHANNEL[:INSTRUMENT]]]",
        help="A voice; again for more. Instead of "
        + ", ".join(DEFAULT_LOOPERS)
        + ". INSTRUMENT: of General MIDI, by name or number, or cat, a WAV or a folder of WAVs.",
    ),
]
Qpm = Annotated[float, Option(help="Quarter notes a minute.")]
MeterText = Annotated[str, Option("--meter", help="Such as 3/4.")]
Key = Annotated[str, Option(help='Only notes of a key, such as "D dorian"; "C chromatic" for all.')]
Scale = Annotated[str | None, Option(help="Another scale on the key's tonic: major, blues.")]
Temperature = Annotated[float, Option(help="Above 1 more daring, below 1 more ordinary.")]
BackingChords = Annotated[
    str | None, Option(help='Chords, one a bar, for bundles that improvise; "C G Am F".')
]
Seed = Annotated[
    int | None, Option(min=0, help="The same seed makes the same loops; drawn if not given.")
]
OutputPorts = Annotated[
    str | None,
    Option(
        metavar="NAME,...",
        help="MIDI ports to play to, the first looper to the first, and so on; "
        "without it solferino_out is made.",
    ),
]
InputPort = Annotated[
    str | None,
    Option(help="MIDI port that --clock midi listens to; without it solferino_in is made."),
]
ClockName = Annotated[
    ClockSource, Option(help="Who gives the time: this computer, MIDI clock, or Ableton Link.")
]
SendClock = Annotated[bool, Option("--send-clock", help="Send MIDI clock to the ports.")]
OscPort = Annotated[
    int | None, Option(min=0, max=65535, help="Take commands by OSC on this UDP port.")
]
OscHost = Annotated[str, Option(help="Address to take them on; 0.0.0.0 hears other computers.")]
Plain = Annotated[bool, Option("--plain", help="Print lines instead of the view.")]
Render = Annotated[Path | None, Option(help="Write a WAV file instead of playing; needs no port.")]
Bars = Annotated[int | None, Option(min=1, help="Stop after so many bars; 32 with --render.")]
Save = Annotated[Path | None, Option(help="Write what was played to a music file.")]
SoundFont = Annotated[Path | None, Option("--soundfont", help="Instruments for --render.")]


def track(
    *,
    looper: Looper = None,
    qpm: Qpm = 120.0,
    meter: MeterText = "4/4",
    key: Key = DEFAULT_KEY,
    scale: Scale = None,
    temperature: Temperature = 1.0,
    backing_chords: BackingChords = None,
    seed: Seed = None,
    output_ports: OutputPorts = None,
    input_port: InputPort = None,
    clock: ClockName = ClockSource.INTERNAL,
    send_clock: SendClock = False,
    osc_port: OscPort = None,
    osc_host: OscHost = "127.0.0.1",
    plain: Plain = False,
    render: Render = None,
    bars: Bars = None,
    save: Save = None,
    soundfont: SoundFont = None,
) -> None:
    """Play loops that are written while they play: drums, a melody, and a cat on top."""
    from solferino.live.transport import Transport  # noqa: PLC0415

    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    playing = Playing(key, scale, temperature, backing_chords, seed)
    transport = Transport(qpm, meter_of(meter))
    ports = [name.strip() for name in (output_ports or "").split(",") if name.strip()]
    parts = parts_of(looper or DEFAULT_LOOPERS, playing, ports)
    typer.echo(f"seed {seed}")
    if render:
        _render(parts, transport, bars or DEFAULT_BARS, Files(render, save, soundfont))
        return
    from solferino.cli.performance import Wishes, perform  # noqa: PLC0415

    is_plain = plain or not (sys.stdin.isatty() and sys.stdout.isatty())
    wishes = Wishes(ports, input_port, clock, send_clock, osc_port, osc_host, is_plain)
    perform(parts, transport, wishes, bars=bars, save=save)


def _render(parts: "list[Part]", transport: "Transport", bars: int, files: Files) -> None:
    from solferino.live.rendering import render, sound_of  # noqa: PLC0415
    from solferino.live.track import Track  # noqa: PLC0415
    from solferino.notes.files import save  # noqa: PLC0415

    track = Track(parts, transport)
    render(track, bars)
    faults = [f"{looper.part.name}: {looper.fault}" for looper in track if looper.fault]
    if faults:
        raise LiveError(f"loops could not be written: {'; '.join(faults)}")
    if files.notes:
        track.save(files.notes)
        typer.echo(files.notes)
    save(sound_of(track, files.soundfont), files.sound)
    typer.echo(files.sound)


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
