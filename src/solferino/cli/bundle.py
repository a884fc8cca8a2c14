"""``solferino bundle``: a training run to one file that plays."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from solferino.cli.bundles import quality_of
from solferino.cli.extras import needing
from solferino.cli.runs import examples_of
from solferino.errors import TrainingError

CHECKPOINTS = ("best", "last")

RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the training run.")]
Output = Annotated[Path, Option("-o", "--output", "--bundle-file", help="The file to write.")]
ExamplesFolder = Annotated[
    Path | None, Option(help="Examples to measure on; by default those of the run.")
]
Checkpoint = Annotated[str, Option(help="best, of the validations, or last.")]
Name = Annotated[str | None, Option(help="Name of the bundle; by default the recipe's.")]
Licence = Annotated[str, Option(help="Terms of the bundle, such as CC-BY-4.0.")]


def bundle(
    run_dir: RunDir,
    *,
    output: Output,
    examples: ExamplesFolder = None,
    checkpoint: Checkpoint = "best",
    name: Name = None,
    licence: Licence = "",
) -> None:
    """Write the bundle of a run, measured on held-out music beside a 5-gram."""
    from solferino.datasets.examples import read_examples  # noqa: PLC0415

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
    )
    quality = quality_of(dict(card.held_out)) or "not measured: there are no evaluation examples"
    typer.echo(f"{output}: {card.name}, {card.steps} steps, {output.stat().st_size} bytes")
    typer.echo(quality)


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
