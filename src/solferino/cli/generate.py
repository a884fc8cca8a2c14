"""``solferino generate``: new music from a bundle."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from solferino.cli import requests
from solferino.errors import GenerationError

if TYPE_CHECKING:
    from solferino.bundles.fingerprints import Fingerprints
    from solferino.generation.generator import Output
    from solferino.generation.request import GenerationRequest

WITH_AGAIN = {
    *("again", "bundle", "bundle_file", "output", "render_chords", "wav", "plot", "soundfont"),
    "check_originality",
}

Bundle = Annotated[
    str | None, typer.Argument(metavar="BUNDLE", help="Name of a bundle, or path of its file.")
]
BundleFile = Annotated[str | None, Option("--bundle-file", help="The same as BUNDLE.")]
Folder = Annotated[
    Path,
    Option("-o", "--output", "--output-dir", help="Folder for BUNDLE_SEED_NUMBER.mid and others."),
]
NumOutputs = Annotated[int, Option(min=1, help="How many pieces, made as one batch.")]
NumSteps = Annotated[
    int | None,
    Option(min=1, help="Steps of each piece, the primer included; 128, 3000 of a performance."),
]
NewBars = Annotated[
    int | None, Option(min=1, help="Instead: bars to add after the bar that the primer ends in.")
]
PrimerMelody = Annotated[
    str | None,
    Option(help='One number a step: pitch, -1 stop, -2 go on; "[60, -2, 62, -2]".'),
]
PrimerDrums = Annotated[
    str | None,
    Option(help='The drums hit at each step; "[(36, 42), (), (42,), ()]".'),
]
PrimerPitches = Annotated[
    str | None, Option(help='Notes that sound together at the start; "[60, 64, 67]".')
]
InjectPrimer = Annotated[
    bool,
    Option(
        "--inject-primer-during-generation",
        help="Play with the primer instead of after it: harmonise a melody.",
    ),
]
BackingChords = Annotated[str | None, Option(help='Chords to improvise over; "C G Am F C G F C".')]
StepsPerChord = Annotated[int, Option(min=1, help="How long each of them lasts.")]
RenderChords = Annotated[bool, Option("--render-chords", help="Play the chords too.")]
NotesPerSecond = Annotated[
    str | None, Option(help="Ask for so many notes, or for several densities: [2, 8].")
]
PitchClassHistogram = Annotated[
    str | None, Option(help="Ask for pitch classes: 12 weights from C to B, or several such.")
]
DisableConditioning = Annotated[
    str | None, Option(help="Where to ask for neither: true, or a list of true and false.")
]
PrimerMidi = Annotated[Path | None, Option(help="A music file to continue.")]
Qpm = Annotated[float | None, Option(help="Quarter notes a minute; the primer's, or 120.")]
Temperature = Annotated[float, Option(help="Above 1 more daring, below 1 more ordinary.")]
TopK = Annotated[int, Option(help="Choose among so many likeliest; 0 among all.")]
TopP = Annotated[float, Option(help="Choose among the likeliest with this share in all.")]
BeamSize = Annotated[int, Option(help="How many sequences go on; 1 is no beam search.")]
BranchFactor = Annotated[int, Option(help="How many ways each of them is continued.")]
StepsPerIteration = Annotated[int, Option(help="Events from one pruning to the next.")]
Seed = Annotated[
    int | None, Option(min=0, help="The same seed makes the same music; drawn if not given.")
]
Key = Annotated[str | None, Option(help='Only notes of a key, such as "D major".')]
Scale = Annotated[str | None, Option(help="Another scale on the key's tonic: dorian, blues.")]
PitchRange = Annotated[
    tuple[int, int] | None, Option(metavar="LOW HIGH", help="Only pitches from LOW to HIGH.")
]
DrumPitches = Annotated[
    str | None, Option("--drums", metavar="PITCH,...", help="Only these drums, such as 36,38,42.")
]
Keep = Annotated[Path | None, Option(help="A music file whose notes come out as they are.")]
Wav = Annotated[bool, Option("--wav", help="Also write sound.")]
Plot = Annotated[bool, Option("--plot", help="Also write a picture.")]
SoundFont = Annotated[Path | None, Option("--soundfont", help="Instruments for --wav.")]
CheckOriginality = Annotated[
    bool,
    Option("--check-originality", help="Say how much of the new notes the bundle had learnt."),
]
Again = Annotated[
    Path | None, Option(help="Make a generated MIDI file again, from what it says of itself.")
]


def generate(
    context: typer.Context,
    bundle: Bundle = None,
    *,
    bundle_file: BundleFile = None,
    output: Folder = Path("generated"),
    num_outputs: NumOutputs = 10,
    num_steps: NumSteps = None,
    new_bars: NewBars = None,
    primer_melody: PrimerMelody = None,
    primer_drums: PrimerDrums = None,
    primer_pitches: PrimerPitches = None,
    primer_midi: PrimerMidi = None,
    is_injected: InjectPrimer = False,
    backing_chords: BackingChords = None,
    steps_per_chord: StepsPerChord = 16,
    render_chords: RenderChords = False,
    notes_per_second: NotesPerSecond = None,
    pitch_class_histogram: PitchClassHistogram = None,
    disable_conditioning: DisableConditioning = None,
    qpm: Qpm = None,
    temperature: Temperature = 1.0,
    top_k: TopK = 0,
    top_p: TopP = 1.0,
    beam_size: BeamSize = 1,
    branch_factor: BranchFactor = 1,
    steps_per_iteration: StepsPerIteration = 1,
    seed: Seed = None,
    key: Key = None,
    scale: Scale = None,
    pitch_range: PitchRange = None,
    drums: DrumPitches = None,
    keep: Keep = None,
    wav: Wav = False,
    plot: Plot = False,
    soundfont: SoundFont = None,
    check_originality: CheckOriginality = False,
    again: Again = None,
) -> None:
    """Generate music: MIDI files, each of which says how to make it again."""
    _check_output(output, soundfont, wav=wav)
    if again:
        request, names = _request_again(context, again), [again.name]
    else:
        request = requests.request_of(
            _one_bundle(bundle, bundle_file),
            primers=requests.Primers(
                primer_melody, primer_drums, primer_pitches, primer_midi, is_injected
            ),
            chords=requests.Chords(backing_chords, steps_per_chord),
            lengths=requests.Lengths(num_outputs, num_steps, new_bars),
            rules=requests.Rules(key, scale, pitch_range, keep, drums),
            wishes=requests.Wishes(notes_per_second, pitch_class_histogram, disable_conditioning),
            choosing=(temperature, top_k, top_p, beam_size, branch_factor, steps_per_iteration),
            qpm=qpm,
            seed=seed,
        )
        names = _names(request)
    learnt = _learnt(bundle or bundle_file or request.bundle) if check_originality else None
    outputs, duration_s = _run(request, bundle or bundle_file)
    originality = _originality(outputs, names, learnt) if learnt else []
    if render_chords:
        outputs = _with_chords(outputs)
    _write(outputs, [output / name for name in names], wav=wav, plot=plot, soundfont=soundfont)
    for line in originality:
        typer.echo(line)
    if again:
        _compare(again, outputs[0])
    _report(request.seed, outputs, duration_s)


def _one_bundle(bundle: str | None, bundle_file: str | None) -> str:
    if (bundle is None) == (bundle_file is None):
        raise typer.BadParameter(
            "name one bundle; `solferino bundles` lists them", param_hint="BUNDLE"
        )
    return str(bundle_file if bundle is None else bundle)


def _only_with_again(context: typer.Context) -> None:
    """Refuse options that a file which is made again decides itself."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in WITH_AGAIN and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                "the file of --again says it all; leave this out",
                param_hint=f"--{name.replace('_', '-')}",
            )


def _request_again(context: typer.Context, path: Path) -> "GenerationRequest":
    """Read the request that a file was made by."""
    from solferino.generation.request import read_provenance  # noqa: PLC0415
    from solferino.notes.files import load  # noqa: PLC0415

    _only_with_again(context)
    try:
        return read_provenance(load(path))
    except GenerationError as error:
        raise GenerationError(f"{path}: {error}") from error


def _check_output(folder: Path, soundfont: Path | None, *, wav: bool) -> None:
    """Refuse what cannot be written as asked before any work is done."""
    if soundfont and not wav:
        raise typer.BadParameter("it is for sound; add --wav", param_hint="--soundfont")
    if folder.exists() and not folder.is_dir():
        raise GenerationError(f"{folder} is a file; -o names a folder for the outputs")


def _run(request: "GenerationRequest", bundle: str | None) -> "tuple[list[Output], float]":
    from solferino.generation.opening import open_generator  # noqa: PLC0415
    from solferino.generation.request import run  # noqa: PLC0415

    generator = open_generator(bundle or request.bundle)
    start_s = time.perf_counter()
    outputs = run(request, generator)
    return outputs, time.perf_counter() - start_s


def _learnt(bundle: str) -> "Fingerprints":
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415
    from solferino.bundles.fingerprints import fingerprints_of  # noqa: PLC0415

    return fingerprints_of(open_bundle(bundle))


def _originality(outputs: "list[Output]", names: list[str], learnt: "Fingerprints") -> list[str]:
    """Say of the new notes of each output how much of them was learnt."""
    from solferino.generation.originality import originality, report  # noqa: PLC0415

    found = [originality(made.notes, learnt, from_s=made.start_s) for made in outputs]
    return [
        f"{name}: {line}"
        for name, each in zip(names, found, strict=True)
        for line in report(each, learnt)
    ]


def _with_chords(outputs: "list[Output]") -> "list[Output]":
    """Let an instrument play the chord symbols."""
    from solferino.notes.chords import render_chords  # noqa: PLC0415

    return [replace(made, notes=render_chords(made.notes)) for made in outputs]


def _names(request: "GenerationRequest") -> list[str]:
    """Name each output after the bundle, the seed and its number, counted from 0."""
    name, width = Path(request.bundle).stem, len(str(request.num_outputs - 1))
    numbers = range(request.num_outputs)
    return [f"{name}_{request.seed}_{number:0{width}d}.mid" for number in numbers]


def _write(
    outputs: "list[Output]",
    paths: list[Path],
    *,
    wav: bool,
    plot: bool,
    soundfont: Path | None,
) -> None:
    """Write the files and say which; nothing where one of them cannot be MIDI.

    Sound comes first, because it is what can fail then.
    """
    from solferino.notes.files import save  # noqa: PLC0415
    from solferino.notes.midi import midi_bytes  # noqa: PLC0415

    for made in outputs:
        midi_bytes(made.notes)
    for made, path in zip(outputs, paths, strict=True):
        written = [path]
        if wav:
            from solferino.audio.synthesis import synthesize  # noqa: PLC0415

            written.append(path.with_suffix(".wav"))
            save(synthesize(made.notes, soundfont), written[-1])
        if plot:
            from solferino.notes.plotting import plot as draw  # noqa: PLC0415

            written.append(path.with_suffix(".png"))
            draw(made.notes, written[-1], title=path.stem, new_from_s=made.start_s)
        save(made.notes, path)
        names = " ".join(map(str, written))
        typer.echo(f"{names}  log-likelihood {made.log_likelihood:.2f}")


def _report(seed: int, outputs: "list[Output]", duration_s: float) -> None:
    num_events = sum(made.num_events for made in outputs)
    speed = f"{num_events / duration_s:.0f} events a second"
    typer.echo(f"seed {seed}: {num_events} events in {duration_s:.2f} s, {speed}")


def _compare(again: Path, made: "Output") -> None:
    from solferino.notes.midi import midi_bytes  # noqa: PLC0415

    same = midi_bytes(made.notes) == again.read_bytes()
    typer.echo(f"{'the same as' if same else 'not the same as'} {again}")
