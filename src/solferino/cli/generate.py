"""``solferino generate``: new music from a bundle."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from solferino.errors import GenerationError

if TYPE_CHECKING:
    from solferino.generation.generator import Output
    from solferino.generation.request import GenerationRequest
    from solferino.notes.sequence import NoteSequence

DEFAULT_NUM_STEPS = 128
WITH_AGAIN = {"again", "bundle", "bundle_file", "output", "wav", "plot", "soundfont"}

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
    int | None, Option(min=1, help="Steps of each piece, the primer included; 128.")
]
NewBars = Annotated[
    int | None, Option(min=1, help="Instead: bars to add after the bar that the primer ends in.")
]
PrimerMelody = Annotated[
    str | None,
    Option(help='One number a step: pitch, -1 stop, -2 go on; "[60, -2, 62, -2]".'),
]
PrimerMidi = Annotated[Path | None, Option(help="A music file to continue.")]
Qpm = Annotated[float | None, Option(help="Quarter notes a minute; the primer's, or 120.")]
Temperature = Annotated[float, Option(help="Above 1 more daring, below 1 more ordinary.")]
TopK = Annotated[int, Option(help="Choose among so many likeliest; 0 among all.")]
TopP = Annotated[float, Option(help="Choose among the likeliest with this share in all.")]
BeamSize = Annotated[int, Option(help="How many sequences go on; 1 is no beam search.")]
BranchFactor = Annotated[int, Option(help="How many ways each of them is continued.")]
StepsPerIteration = Annotated[int, Option(help="Steps from one pruning to the next.")]
Seed = Annotated[
    int | None, Option(min=0, help="The same seed makes the same music; drawn if not given.")
]
Key = Annotated[str | None, Option(help='Only notes of a key, such as "D major".')]
Scale = Annotated[str | None, Option(help="Another scale on the key's tonic: dorian, blues.")]
PitchRange = Annotated[
    tuple[int, int] | None, Option(metavar="LOW HIGH", help="Only pitches from LOW to HIGH.")
]
Keep = Annotated[Path | None, Option(help="A music file whose notes come out as they are.")]
Wav = Annotated[bool, Option("--wav", help="Also write sound.")]
Plot = Annotated[bool, Option("--plot", help="Also write a picture.")]
SoundFont = Annotated[Path | None, Option("--soundfont", help="Instruments for --wav.")]
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
    primer_midi: PrimerMidi = None,
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
    keep: Keep = None,
    wav: Wav = False,
    plot: Plot = False,
    soundfont: SoundFont = None,
    again: Again = None,
) -> None:
    """Generate music: MIDI files, each of which says how to make it again."""
    _check_output(output, soundfont, wav=wav)
    if again:
        _only_with_again(context)
        request, names = _request_again(again), [again.name]
    else:
        request = _request(
            bundle=_one_bundle(bundle, bundle_file),
            primer=(primer_melody, primer_midi),
            qpm=qpm,
            lengths=(num_outputs, num_steps, new_bars),
            sampling=(temperature, top_k, top_p),
            beam=(beam_size, branch_factor, steps_per_iteration),
            constraints=(key, scale, pitch_range, keep),
            seed=seed,
        )
        names = _names(request)
    outputs, duration_s = _run(request, bundle or bundle_file)
    _write(outputs, [output / name for name in names], wav=wav, plot=plot, soundfont=soundfont)
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


def _request_again(path: Path) -> "GenerationRequest":
    from solferino.generation.request import read_provenance  # noqa: PLC0415
    from solferino.notes.files import load  # noqa: PLC0415

    try:
        return read_provenance(load(path))
    except GenerationError as error:
        raise GenerationError(f"{path}: {error}") from error


def _request(
    *,
    bundle: str,
    primer: tuple[str | None, Path | None],
    qpm: float | None,
    lengths: tuple[int, int | None, int | None],
    sampling: tuple[float, int, float],
    beam: tuple[int, int, int],
    constraints: tuple[str | None, str | None, tuple[int, int] | None, Path | None],
    seed: int | None,
) -> "GenerationRequest":
    """Collect the options in one value."""
    from solferino.cli.primers import constraints_of  # noqa: PLC0415
    from solferino.generation.generator import EventControls  # noqa: PLC0415
    from solferino.generation.request import GenerationRequest  # noqa: PLC0415

    if lengths[1] and lengths[2]:
        raise typer.BadParameter("it says another length than --num-steps", param_hint="--new-bars")
    obeyed = constraints_of(*constraints)
    return GenerationRequest(
        bundle=bundle,
        primer=_primer(*primer, qpm, bundle, obeyed.keep),
        qpm=qpm,
        num_outputs=lengths[0],
        num_steps=lengths[1] or DEFAULT_NUM_STEPS,
        new_bars=lengths[2],
        controls=EventControls(*sampling, *beam, obeyed),
        seed=int.from_bytes(os.urandom(4), "big") if seed is None else seed,
    )


def _primer(
    melody: str | None,
    midi: Path | None,
    qpm: float | None,
    bundle: str,
    keep: "NoteSequence | None",
) -> "NoteSequence | None":
    """Read the primer; without one, notes to keep set the tempo and meter from the start."""
    from solferino.cli.primers import melody_primer  # noqa: PLC0415
    from solferino.notes.files import load  # noqa: PLC0415

    if melody and midi:
        raise typer.BadParameter("give one primer, a melody or a file", param_hint="--primer-midi")
    if melody:
        return melody_primer(melody, qpm, _steps_per_quarter(bundle))
    if midi:
        return load(midi)
    return keep and type(keep)(tempos=keep.tempos, meters=keep.meters)


def _check_output(folder: Path, soundfont: Path | None, *, wav: bool) -> None:
    """Refuse what cannot be written as asked before any work is done."""
    if soundfont and not wav:
        raise typer.BadParameter("it is for sound; add --wav", param_hint="--soundfont")
    if folder.exists() and not folder.is_dir():
        raise GenerationError(f"{folder} is a file; -o names a folder for the outputs")


def _steps_per_quarter(bundle: str) -> int:
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415

    options = open_bundle(bundle).card.representation.get("options", {})
    return int(options.get("steps_per_quarter", 4))


def _run(request: "GenerationRequest", bundle: str | None) -> "tuple[list[Output], float]":
    from solferino.generation.opening import open_generator  # noqa: PLC0415
    from solferino.generation.request import run  # noqa: PLC0415

    generator = open_generator(bundle or request.bundle)
    start_s = time.perf_counter()
    outputs = run(request, generator)
    return outputs, time.perf_counter() - start_s


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
    """Write the files and say which; sound first, because it is what can fail."""
    from solferino.notes.files import save  # noqa: PLC0415

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
