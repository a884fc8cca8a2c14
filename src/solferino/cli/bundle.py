"""``solferino bundle``: a training run to one file that plays."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from solferino.cli.bundles import quality_of
from solferino.cli.extras import needing
from solferino.cli.runs import bundle_before, examples_of
from solferino.errors import TrainingError

if TYPE_CHECKING:
    from solferino.bundles.bundle import Bundle

CHECKPOINTS = ("best", "last")

RunDir = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="Folder of the training run; or a bundle, to add the fingerprints of its examples.",
    ),
]
Output = Annotated[Path, Option("-o", "--output", "--bundle-file", help="The file to write.")]
ExamplesFolder = Annotated[
    Path | None, Option(help="Examples to measure on; by default those of the run.")
]
Checkpoint = Annotated[str, Option(help="best, of the validations, or last.")]
Name = Annotated[str | None, Option(help="Name of the bundle; by default the recipe's.")]
Licence = Annotated[str, Option(help="Terms of the bundle, such as CC-BY-4.0.")]
Int8 = Annotated[
    bool,
    Option(
        "--int8",
        help="Store matrices in one byte a number: half the size, and large models play faster. "
        "Refused where held-out music becomes 0.5 % less likely.",
    ),
]


def bundle(
    run_dir: RunDir,
    *,
    output: Output,
    examples: ExamplesFolder = None,
    checkpoint: Checkpoint = "best",
    name: Name = None,
    licence: Licence = "",
    int8: Int8 = False,
) -> None:
    """Write the bundle of a run, measured on held-out music beside a 5-gram."""
    from solferino.bundles.card import FLOAT16, INT8  # noqa: PLC0415
    from solferino.datasets.examples import read_examples  # noqa: PLC0415

    if run_dir.is_file():
        if int8:
            raise typer.BadParameter(
                f"{run_dir} is a bundle; name the folder of its training run", param_hint="--int8"
            )
        _add_fingerprints(run_dir, output, examples)
        return
    if checkpoint not in CHECKPOINTS:
        raise typer.BadParameter(
            f"{checkpoint!r} is neither {' nor '.join(CHECKPOINTS)}", param_hint="--checkpoint"
        )
    path = _checkpoint(run_dir, checkpoint)
    music = read_examples(examples or examples_of(run_dir))
    with needing("train"):
        from solferino.training.export import export_bundle  # noqa: PLC0415
    card = export_bundle(
        path,
        output,
        name=name,
        licence=licence,
        examples=music,
        before=_before(run_dir),
        precision=INT8 if int8 else FLOAT16,
    )
    quality = quality_of(dict(card.held_out)) or "not measured: there are no evaluation examples"
    size = f"{output.stat().st_size} bytes of {card.precision}"
    typer.echo(f"{output}: {card.name}, {card.steps} steps, {size}")
    typer.echo(quality)
    if int8:
        typer.echo(f"float16 has {card.held_out['float16_nats_per_step']:.3f} nats a step")


def _add_fingerprints(path: Path, output: Path, examples: Path | None) -> None:
    """Write a bundle again with the fingerprints of examples, everything else as it was."""
    from solferino.bundles.bundle import open_bundle, write_bundle  # noqa: PLC0415
    from solferino.bundles.fingerprints import FINGERPRINTS  # noqa: PLC0415
    from solferino.datasets.examples import check_same_events, read_examples  # noqa: PLC0415
    from solferino.generation.opening import representation_of  # noqa: PLC0415
    from solferino.generation.originality import fingerprints_of_examples  # noqa: PLC0415

    if examples is None:
        raise typer.BadParameter(
            "a bundle does not hold the music it learnt from; name it here", param_hint="--examples"
        )
    old, music = open_bundle(path), read_examples(examples)
    check_same_events(music, representation_of(old), "the bundle")
    learnt = fingerprints_of_examples(music).to_bytes()
    write_bundle(output, old.card, {**old.parts, FINGERPRINTS: learnt})
    typer.echo(f"{output}: {old.card.name}, with {len(learnt)} bytes of fingerprints")


def _before(run_dir: Path) -> "Bundle | None":
    """Return the bundle that a run started from, if it did."""
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415

    name = bundle_before(run_dir)
    return open_bundle(name) if name else None


def _checkpoint(run_dir: Path, name: str) -> Path:
    path = run_dir / f"{name}.pt"
    if not path.exists():
        if (run_dir / "last.pt").exists():
            raise TrainingError(
                f"{run_dir} has no {name}.pt, because no validation of it gave a number; "
                "take --checkpoint last"
            )
        raise TrainingError(
            f"{run_dir} has no {name}.pt, so it is no run; train with "
            f"`solferino train RECIPE EXAMPLES --run-dir {run_dir}`"
        )
    return path
