"""``solferino convert``: music files to one notes file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

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
    resume: Annotated[
        bool, typer.Option(help="Go on where an interrupted run of the same command stopped.")
    ] = True,
    repeats: Annotated[
        bool, typer.Option(help="Play the repeats of scores and tunes, or read every bar once.")
    ] = True,
) -> None:
    """Read music files of any known format into one notes file (Parquet, one row a piece)."""
    from solferino.datasets.conversion import convert as convert_files  # noqa: PLC0415
    from solferino.datasets.unfinished import unfinished_folder  # noqa: PLC0415

    options: dict[str, Any] = {
        "recursive": recursive,
        "workers": workers,
        "resume": resume,
        "repeats": repeats,
    }
    try:
        with progress_bar("reading") as progress:
            result = convert_files(sources, output, progress=progress, **options)
    except KeyboardInterrupt:
        if unfinished_folder(output).exists():
            typer.echo(
                f"{unfinished_folder(output)} keeps what was read; the same command goes on there",
                err=True,
            )
        raise
    if result.num_files_before:
        typer.echo(f"{result.num_files_before} files had been read before and were not read again")
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
