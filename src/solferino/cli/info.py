"""``solferino info``: what is in a music file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from solferino.errors import MusicFileError

if TYPE_CHECKING:
    from solferino.notes.abc_notation import TuneBook

PLAIN = str.maketrans({"♯": "#", "♭": "b", "\u2013": "-", "…": "..."})


def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A music file, or a tune book.")],
    *,
    tune: Annotated[
        int | None, typer.Option(min=1, help="Which tune of a tune book, counted from 1.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
    is_ascii: Annotated[
        bool, typer.Option("--ascii", help="Draw with plain characters only.")
    ] = False,
) -> None:
    """Show what is in a music file: instruments, tempi, meters, keys, chords, a piano roll."""
    from solferino.cli.description import book_lines, lost_lines, piece_lines  # noqa: PLC0415
    from solferino.notes.files import load_book  # noqa: PLC0415

    book = load_book(file)
    is_ascii = is_ascii or not _has_signs(sys.stdout.encoding)
    number = tune or 1
    if number > len(book.tunes):
        tunes = "1 tune" if len(book.tunes) == 1 else f"{len(book.tunes)} tunes"
        raise MusicFileError(
            f"{file} has {tunes}, got --tune {number}; choose a number up to {len(book.tunes)}"
        )
    if as_json:
        is_book = tune is None and len(book.tunes) + len(book.errors) > 1
        facts = _book_facts(book) if is_book else _tune_facts(book, number)
        typer.echo(json.dumps({"file": str(file), **facts}, indent=1, ensure_ascii=is_ascii))
        return
    if tune is None and len(book.tunes) > 1:
        lines = [*book_lines(book, file.name)]
    else:
        lines = [*piece_lines(book.tunes[number - 1], file.name, is_ascii=is_ascii)]
        lines += ["", *lost_lines(book)] if tune is None and book.errors else []
    text = "\n".join(lines)
    typer.echo(text.translate(PLAIN) if is_ascii else text)


def _has_signs(encoding: str | None) -> bool:
    """Whether piano rolls can be drawn in an encoding."""
    from solferino.notes.terminal_roll import UNICODE_SIGNS  # noqa: PLC0415

    try:
        "".join(UNICODE_SIGNS).encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _tune_facts(book: "TuneBook", number: int) -> dict[str, Any]:
    from solferino.notes.summary import summarize  # noqa: PLC0415

    return {"tune": number, **summarize(book.tunes[number - 1]).as_json()}


def _book_facts(book: "TuneBook") -> dict[str, Any]:
    return {
        "num_tunes": len(book.tunes),
        "tunes": [_tune_facts(book, number) for number in range(1, len(book.tunes) + 1)],
        "errors": [error._asdict() for error in book.errors],
    }
