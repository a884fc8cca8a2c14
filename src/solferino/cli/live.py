"""``solferino live``: play, and be answered in time."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from solferino.cli.live_options import (
    Listening,
    Numbers,
    Playing,
    Routing,
    plan_of,
)
from solferino.cli.playing import (
    BackingChords,
    ClockName,
    ClockSource,
    MeterText,
    Qpm,
    SendClock,
    names_of,
)

CONTROLS_FILE = Path("controls.toml")

Bundle = Annotated[
    list[str] | None,
    Option(
        "--bundle",
        "--bundle-files",
        metavar="BUNDLE,...",
        help="Who answers: a name or a file, attention_rnn by default; several to select from.",
    ),
]
Partner = Annotated[
    list[str] | None,
    Option(
        "--partner",
        metavar="IN[:OUT]=BUNDLE,...",
        help="Instead: a partner for each channel, such as 1=attention_rnn and 10=drum_kit.",
    ),
]
InputPorts = Annotated[
    list[str] | None,
    Option(metavar="NAME,...", help="Ports to listen to; without it solferino_in is made."),
]
OutputPorts = Annotated[
    list[str] | None,
    Option(metavar="NAME,...", help="Ports to play to; without it solferino_out is made."),
]
ListPorts = Annotated[bool, Option("--list", "--list-ports", help="List the ports.")]
MinListenBars = Annotated[int, Option(min=0, max=127, help="Listen so many bars at least.")]
MaxListenBars = Annotated[int, Option(min=0, max=127, help="And at most; 0 is no limit.")]
ResponseBars = Annotated[int, Option(min=0, max=127, help="Length of answers; 0: as the call.")]
Temperature = Annotated[float, Option(help="0.1 to 2: above 1 more daring, below more ordinary.")]
Loop = Annotated[bool, Option("--loop", help="Repeat the answer until you play.")]
Mutate = Annotated[bool, Option("--mutate", help="With --loop: vary it each time.")]
AllowOverlap = Annotated[
    bool, Option("--allow-overlap", help="Listen to the next call while the answer plays.")
]
HasMetronome = Annotated[
    bool,
    Option("--metronome/--no-metronome", "--enable-metronome/--noenable-metronome", help="Click."),
]
MetronomeChannel = Annotated[int, Option(min=1, max=16, help="On which channel.")]
Passthrough = Annotated[
    bool,
    Option("--passthrough/--no-passthrough", " /--nopassthrough", help="Send on what you play."),
]
PassthroughChannel = Annotated[
    int | None, Option(min=1, max=16, help="On this channel, instead of its own.")
]
Channel = Annotated[
    list[int] | None, Option(min=1, max=16, help="Listen to this channel only; several times.")
]
PlaybackChannel = Annotated[
    int | None, Option(min=1, max=16, help="Answer on this channel; by default that of the call.")
]
PlaybackOffset = Annotated[
    float, Option(help="Answer later by so many seconds, or earlier: -0.05.")
]
Mono = Annotated[bool, Option("--mono", help="A note that you play ends the one before it.")]
Key = Annotated[str | None, Option(help='Answer with notes of a key only, such as "D major".')]
Scale = Annotated[str | None, Option(help="Another scale on the key's tonic: dorian, blues.")]
PitchRange = Annotated[
    tuple[int, int] | None, Option(metavar="LOW HIGH", help="Answer from LOW to HIGH only.")
]
Seed = Annotated[int, Option(min=0, help="The same seed answers the same calls alike.")]
Controls = Annotated[Path | None, Option(help="A file that says which control does what.")]
LearnControls = Annotated[
    bool, Option("--learn-controls", help="Press a control for each, and write that file.")
]
Save = Annotated[Path | None, Option(help="Write calls and answers to a MIDI file at the end.")]
Certify = Annotated[bool, Option("--certify", help="Measure how punctual this computer is.")]
Seconds = Annotated[float, Option(min=1, help="For so long, with --certify.")]


def _number(*names: str) -> Any:
    """Make an option of the number of a control change."""
    options = [f"--{name}-control-number" for name in names]
    return Option(*options, metavar="0-127", help=f"Control change for {names[0]}.")


def live(
    *,
    bundle: Bundle = None,
    partner: Partner = None,
    input_ports: InputPorts = None,
    output_ports: OutputPorts = None,
    list_ports: ListPorts = False,
    qpm: Qpm = 120.0,
    meter: MeterText = "4/4",
    clock: ClockName = ClockSource.INTERNAL,
    send_clock: SendClock = False,
    min_listen_bars: MinListenBars = 1,
    max_listen_bars: MaxListenBars = 0,
    response_bars: ResponseBars = 0,
    temperature: Temperature = 1.0,
    loop: Loop = False,
    mutate: Mutate = False,
    allow_overlap: AllowOverlap = False,
    metronome: HasMetronome = True,
    metronome_channel: MetronomeChannel = 10,
    passthrough: Passthrough = True,
    passthrough_channel: PassthroughChannel = None,
    channel: Channel = None,
    playback_channel: PlaybackChannel = None,
    playback_offset: PlaybackOffset = 0.0,
    mono: Mono = False,
    key: Key = None,
    scale: Scale = None,
    pitch_range: PitchRange = None,
    backing_chords: BackingChords = None,
    seed: Seed = 0,
    controls: Controls = None,
    learn_controls: LearnControls = False,
    clock_number: Annotated[int | None, _number("clock")] = None,
    end_call_number: Annotated[int | None, _number("end-call")] = None,
    panic_number: Annotated[int | None, _number("panic")] = None,
    mutate_number: Annotated[int | None, _number("mutate")] = None,
    min_number: Annotated[int | None, _number("min-listen-bars", "min-listen-ticks")] = None,
    max_number: Annotated[int | None, _number("max-listen-bars", "max-listen-ticks")] = None,
    response_number: Annotated[int | None, _number("response-bars", "response-ticks")] = None,
    tempo_number: Annotated[int | None, _number("tempo")] = None,
    temperature_number: Annotated[int | None, _number("temperature")] = None,
    loop_number: Annotated[int | None, _number("loop")] = None,
    select_number: Annotated[int | None, _number("select", "generator-select")] = None,
    metronome_number: Annotated[int | None, _number("metronome")] = None,
    save_number: Annotated[int | None, _number("save")] = None,
    state_number: Annotated[int | None, _number("state")] = None,
    save: Save = None,
    certify: Certify = False,
    seconds: Seconds = 10.0,
) -> int:
    """Play, and be answered on the next bar line; Ctrl-C ends it."""
    from solferino.cli.live_performance import (  # noqa: PLC0415
        certified,
        learn,
        listing,
        perform,
    )

    if list_ports:
        for line in listing():
            typer.echo(line)
        return 0
    if certify:
        return certified(seconds, names_of(bundle))
    inputs = names_of(input_ports) or (None,)
    numbers = Numbers(
        clock_number, end_call_number, panic_number, mutate_number, min_number, max_number,
        response_number, tempo_number, temperature_number, loop_number, select_number,
        metronome_number, save_number, state_number,
    )  # fmt: skip
    path = controls or CONTROLS_FILE
    assignment = learn(inputs, path) if learn_controls else numbers.assignment(controls)
    plan = plan_of(
        Playing(bundle, partner, qpm, meter, clock, metronome, metronome_channel, seed, save),
        Routing(
            inputs, names_of(output_ports) or (None,), frozenset(channel or ()) or None,
            playback_channel, playback_offset, passthrough, passthrough_channel,
        ),
        Listening(
            min_listen_bars, max_listen_bars, response_bars, temperature, loop, mutate,
            allow_overlap, mono,
        ),
        rules=(key, scale, pitch_range, backing_chords),
        controls=assignment,
    )  # fmt: skip
    perform(plan, clock, sends_clock=send_clock)
    return 0
