"""``solferino track``: loops that are written while they play."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from typer import Option

from solferino.cli.loopers import DEFAULT_LOOPERS, LoopSettings, parts_of
from solferino.cli.playing import (
    BackingChords,
    ClockName,
    ClockSource,
    MeterText,
    Qpm,
    SendClock,
    check_place,
    meter_of,
    names_of,
)
from solferino.errors import LiveError

if TYPE_CHECKING:
    from solferino.live.parts import Part
    from solferino.live.transport import Transport


class Files(NamedTuple):
    """What is written, and with which instruments."""

    sound: Path
    notes: Path | None
    soundfont: Path | None


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
Key = Annotated[str, Option(help='Only notes of a key, such as "D dorian"; "C chromatic" for all.')]
Scale = Annotated[str | None, Option(help="Another scale on the key's tonic: major, blues.")]
Temperature = Annotated[float, Option(help="Above 1 more daring, below 1 more ordinary.")]
Seed = Annotated[
    int | None, Option(min=0, help="The same seed makes the same loops; drawn if not given.")
]
OutputPorts = Annotated[
    list[str] | None,
    Option(
        metavar="NAME,...",
        help="MIDI ports to play to, the first looper to the first, and so on; "
        "without it solferino_out is made.",
    ),
]
InputPort = Annotated[
    str | None,
    Option(
        "--input-port",
        "--input-ports",
        help="MIDI port that --clock midi listens to; without it solferino_in is made.",
    ),
]
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
    import numpy as np  # noqa: PLC0415

    from solferino.audio.waveform import Waveform  # noqa: PLC0415
    from solferino.live.transport import Transport  # noqa: PLC0415

    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    settings = LoopSettings(key, scale, temperature, backing_chords, seed)
    transport = Transport(qpm, meter_of(meter))
    ports = names_of(output_ports)
    parts = parts_of(looper or DEFAULT_LOOPERS, settings, ports)
    if save:
        check_place(save)
    if render:
        for_ports = (output_ports, input_port, clock is not ClockSource.INTERNAL, send_clock)
        if any((*for_ports, osc_port is not None)):
            raise typer.BadParameter(
                "nothing is played to ports or told by OSC; leave out their options, and --clock",
                param_hint="--render",
            )
        check_place(render, Waveform(np.zeros((0, 1), np.float32), 44_100))
    typer.echo(f"seed {seed}")
    if render:
        _render(parts, transport, bars or DEFAULT_BARS, Files(render, save, soundfont))
        return
    from solferino.cli.track_performance import TrackOptions, perform  # noqa: PLC0415

    is_plain = plain or not (sys.stdin.isatty() and sys.stdout.isatty())
    options = TrackOptions(ports, input_port, clock, send_clock, osc_port, osc_host, is_plain)
    perform(parts, transport, options, bars=bars, save=save)


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
