"""The lines of a tune book in ABC notation: which tune they belong to, and where they go on."""

import re
from collections.abc import Iterable, Iterator

FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)")
"""A line that is a field: its letter, and its words."""

_COMMENT = re.compile(r"(?<!\\)%.*")


def split_into_tunes(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Split a book into its tunes.

    Parameters
    ----------
    text : str
        The content of a file.

    Yields
    ------
    tuple of list of str
        The lines before the first tune, which count for all, and the lines of a tune.
    """
    header: list[str] = []
    lines: list[str] | None = None
    for line in text.splitlines():
        if re.match(r"X:\s*\d*", line):
            if lines is not None:
                yield header, lines
            lines = [line]
        elif lines is None:
            header.append(line)
        else:
            lines.append(line)
    if lines is not None:
        yield header, lines


def joined_lines(lines: Iterable[str]) -> Iterator[str]:
    """Take comments off, and join the lines that go on in the next one.

    Parameters
    ----------
    lines : iterable of str
        Of a tune. Those that end with a backslash go on in the next line of music, and fields
        in lines that begin with ``+:``.

    Yields
    ------
    str
        A field, a line of music, or a line for MIDI players, which begins with ``%%``.
    """
    begun: list[str] = []
    for line in _continued(lines):
        if begun and FIELD.match(line):
            yield "".join(begun)
            begun = []
        if line.startswith("%") and not line.startswith("%%MIDI"):
            continue
        text = line if line.startswith("%%") else _COMMENT.sub("", line)
        if text.rstrip().endswith("\\"):
            begun.append(text.rstrip()[:-1])
        else:
            yield "".join([*begun, text])
            begun = []
    if begun:
        yield "".join(begun)


def _continued(lines: Iterable[str]) -> Iterator[str]:
    """Join fields to the lines in which they go on."""
    waiting: str | None = None
    for line in lines:
        if line.startswith("+:") and waiting is not None and FIELD.match(waiting):
            waiting = f"{waiting} {line[2:].strip()}"
            continue
        if waiting is not None:
            yield waiting
        waiting = line
    if waiting is not None:
        yield waiting
