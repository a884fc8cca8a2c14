"""``solferino dataset``: a notes file to training examples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from solferino.cli.progress import progress_bar
from solferino.cli.settings import parse_settings
from solferino.errors import DatasetError

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="Name of a recipe, or path of a TOML file.")
]
Corpus = Annotated[Path, typer.Argument(metavar="NOTES", help="A notes file, or folder of music.")]
Output = Annotated[Path, Option("-o", "--output", "--output-dir", help="The folder to write.")]
EvalRatio = Annotated[float, Option(help="Part of the pieces that is kept for evaluation.")]
EvalPieces = Annotated[
    Path | None,
    Option(help="Instead: a text file that names these pieces or their folders, one a line."),
]
Seed = Annotated[int, Option(min=0, help="Fixes which pieces these are.")]
Rules = Annotated[
    list[str] | None,
    Option(metavar="NAME=VALUE,...", help="Other rules than the recipe's, such as min_bars=5."),
]
Sources = Annotated[
    Path | None,
    Option(help="TOML or JSON: name, licence and attribution of each path prefix."),
]
Explain = Annotated[bool, Option("--explain", help="List every drop, with what would keep it.")]
Workers = Annotated[
    int | None, Option(min=1, help="Number of processes; chosen by the size if not given.")
]


def dataset(
    recipe: RecipeName,
    corpus: Corpus,
    *,
    output: Output = Path("examples"),
    eval_ratio: EvalRatio = 0.1,
    eval_pieces: EvalPieces = None,
    seed: Seed = 0,
    rules: Rules = None,
    sources: Sources = None,
    explain: Explain = False,
    workers: Workers = None,
) -> None:
    """Extract training and evaluation examples; variants of a tune never stand on both sides."""
    from solferino.datasets.examples import write_examples  # noqa: PLC0415
    from solferino.datasets.explanation import explain as lines_of  # noqa: PLC0415
    from solferino.datasets.extraction import (  # noqa: PLC0415
        ExtractionPlan,
        extract_pieces,
        make_dataset,
    )
    from solferino.datasets.sources import read_sources  # noqa: PLC0415
    from solferino.training.recipe import read_recipe  # noqa: PLC0415

    chosen = read_recipe(recipe)
    plan = ExtractionPlan(
        chosen.representation["name"],
        chosen.representation["options"],
        {**chosen.rules, **parse_settings(rules or [])},
    )
    origins = read_sources(sources) if sources else {}
    with progress_bar("extracting") as progress:
        extraction = extract_pieces(corpus, plan, workers=workers, progress=progress)
    for failure in extraction.failures:
        typer.echo(f"cannot read {failure.piece_id}: {failure.reason}", err=True)
    if explain:
        for line in lines_of(extraction.dropped):
            typer.echo(line)
    examples = make_dataset(
        extraction,
        plan,
        eval_ratio=eval_ratio,
        seed=seed,
        held_out=_lines(eval_pieces) if eval_pieces else None,
        sources=origins,
        corpus=corpus.stem,
    )
    write_examples(examples, output)
    _report(output, examples.statistics)


def _lines(path: Path) -> list[str]:
    """Read the lines of a text file that are not empty."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); name a text file") from error
    return [line.strip() for line in lines if line.strip()]


def _report(output: Path, statistics: Mapping[str, Any]) -> None:
    """Say what was made and what was dropped."""
    split = statistics["split"]
    for part in ("train", "eval"):
        typer.echo(
            f"{output / part}.parquet: {statistics[f'{part}_examples']} examples, "
            f"{statistics[f'{part}_events']} events from {split[f'{part}_pieces']} pieces"
        )
    groups = sum(n for size, n in split["groups_by_size"].items() if int(size) > 1)
    largest = max(map(int, split["groups_by_size"]))
    parted = split.get("parted_groups", 0)
    typer.echo(
        f"near-duplicates: {groups} groups, the largest of {largest} pieces"
        + (f"; {parted} of them stand on both sides" if parted else "")
    )
    lengths = ", ".join(f"{bars}: {n}" for bars, n in statistics["lengths_bars"].items())
    typer.echo(f"lengths in bars: {lengths}")
    drops = ", ".join(f"{rule} {n}" for rule, n in statistics["drops"].items()) or "nothing"
    without = statistics["pieces"] - statistics["pieces_with_examples"]
    typer.echo(
        f"dropped or shortened: {drops}; {without} of {statistics['pieces']} pieces gave no "
        "example (--explain lists all)"
    )
    if not statistics["eval_examples"]:
        typer.echo("no evaluation examples: all pieces are of one group, or eval_ratio is 0")
