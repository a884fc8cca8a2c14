"""``solferino convert``: music files to one notes file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from solferino.cli.progress import progress_bar


def convert(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="MUSIC...", help="Music files, and folders of them."),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", "--output-file", help="The notes file to write."),
    ] = Path("notes.parquet"),
    recursive: Annotated[bool, typer.Option(help="Also read the folders inside folders.")] = True,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of processes; chosen by the size if not given."),
    ] = None,
) -> None:
    """Read music files of any known format into one notes file (Parquet, one row a piece)."""
    from solferino.datasets.conversion import convert as convert_files  # noqa: PLC0415

    with progress_bar("reading") as progress:
        result = convert_files(
            sources, output, recursive=recursive, workers=workers, progress=progress
        )
    for failure in (*result.failures, *result.tune_failures):
        typer.echo(f"cannot read {failure.piece_id}: {failure.reason}", err=True)
    typer.echo(
        f"{result.path}: {result.num_pieces} pieces with {result.num_notes} notes "
        f"from {result.num_files - len(result.failures)} of {result.num_files} files"
    )
    if result.skipped:
        typer.echo(f"passed by, not known as music: {_counted(result.skipped)}")


def _counted(skipped: Mapping[str, int]) -> str:
    counts = sorted(skipped.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} {suffix or 'without suffix'}" for suffix, count in counts)
