"""What a corpus consists of: names, licences and whom to thank, by folder.

A sources file, in TOML or JSON, has one table for each path prefix of the corpus::

    ["nottingham/"]
    name = "Nottingham Music Database"
    licence = "GPL-3.0"
    attribution = "E. Foxley, cleaned by Jukedeck"
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from solferino.errors import DatasetError

FIELDS = ("name", "licence", "attribution")


class Origin(NamedTuple):
    """A collection that pieces come from.

    Parameters
    ----------
    name, licence, attribution : str
        As they shall stand on the card of a bundle.
    """

    name: str
    licence: str = ""
    attribution: str = ""


def read_sources(path: str | Path) -> dict[str, Origin]:
    """Read a sources file.

    Parameters
    ----------
    path : path
        TOML, or JSON where the suffix is ``.json``.

    Returns
    -------
    dict of str to Origin
        Origin of each path prefix.

    Raises
    ------
    DatasetError
        If it cannot be read, or an entry has a wrong or missing field.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        tables = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise DatasetError(
            f"The sources file {path} cannot be read ({error.strerror}). Check the path."
        ) from error
    except ValueError as error:
        raise DatasetError(
            f"The sources file {path} is neither TOML nor JSON ({error}). Correct it there."
        ) from error
    if not isinstance(tables, dict):
        raise DatasetError(f"The sources file {path} must hold one table for each path prefix.")
    return {prefix: _origin(prefix, table, path) for prefix, table in tables.items()}


def count_sources(
    piece_ids: Iterable[str], sources: Mapping[str, Origin], otherwise: str
) -> list[dict[str, Any]]:
    """Count the pieces of each origin, the most frequent first.

    Parameters
    ----------
    piece_ids : iterable of str
        Pieces, each once.
    sources : mapping of str to Origin
        Origin of each path prefix; the longest that fits counts.
    otherwise : str
        Name for the pieces that no prefix fits.

    Returns
    -------
    list of dict
        ``name``, ``licence``, ``attribution``, ``pieces``.
    """
    prefixes = sorted(sources, key=len, reverse=True)
    counts: Counter[Origin] = Counter()
    for piece_id in piece_ids:
        prefix = next((p for p in prefixes if piece_id.startswith(p)), None)
        counts[Origin(otherwise) if prefix is None else sources[prefix]] += 1
    return [{**origin._asdict(), "pieces": n} for origin, n in counts.most_common()]


def _origin(prefix: str, table: Any, path: Path) -> Origin:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise DatasetError(
            f"The entry {prefix!r} of {path} needs a name; it has the fields {', '.join(FIELDS)}."
        )
    wrong = [key for key, value in table.items() if key not in FIELDS or not isinstance(value, str)]
    if wrong:
        raise DatasetError(
            f"The entry {prefix!r} of {path} has {wrong[0]!r}, which is no text field; "
            f"the fields are {', '.join(FIELDS)}."
        )
    return Origin(**table)
