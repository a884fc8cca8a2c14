"""Join pieces: one after the other, at the same time, again and again, section by section."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table, stacked
from solferino.notes.editing import trim
from solferino.notes.sequence import DEFAULT_QPM, SETTINGS, Instrument, NoteSequence, Text
from solferino.notes.settings import remove_redundant, with_row_at_0
from solferino.notes.splitting import split_at

Floats = NDArray[np.float64]

ROUNDING_NOISE = 1e-9
"""A duration this little above a whole number of repeats needs no further one."""


def concatenate(pieces: Iterable[NoteSequence]) -> NoteSequence:
    """Play pieces one after the other.

    Parameters
    ----------
    pieces : iterable of NoteSequence
        Each lasts for its ``total_time_s``.

    Returns
    -------
    NoteSequence
        Each piece's tempo and meter are stated where it begins. Equal instruments become
        one, but two equal ones of the same piece stay two. Title, source and resolution
        are those of the first piece.
    """
    pieces = list(pieces)
    if not pieces:
        return NoteSequence()
    starts_s = np.cumsum([0.0] + [piece.total_time_s for piece in pieces])
    together = _together(pieces, starts_s[:-1], [_self_contained(piece) for piece in pieces])
    return pieces[0].replace(total_time_s=float(starts_s[-1]), **together)


def merge(pieces: Iterable[NoteSequence]) -> NoteSequence:
    """Play pieces at the same time.

    Parameters
    ----------
    pieces : iterable of NoteSequence

    Returns
    -------
    NoteSequence
        Notes, controllers, bends and texts of all. One piece has one tempo at a time, so
        tempi are those of the first piece that states any, and likewise meters and keys.
        Equal instruments become one, but two equal ones of the same piece stay two.
        Title, source and resolution are those of the first piece.
    """
    pieces = list(pieces)
    if not pieces:
        return NoteSequence()
    names = ("notes", "control_changes", "pitch_bends")
    tables = [{name: getattr(piece, name) for name in names} for piece in pieces]
    stated = {
        name: next((t for piece in pieces if len(t := getattr(piece, name))), ())
        for name in ("tempos", "meters", "keys")
    }
    return pieces[0].replace(
        total_time_s=max(piece.total_time_s for piece in pieces),
        **_together(pieces, np.zeros(len(pieces)), tables),
        **stated,
    )


def repeat_to_duration(notes: NoteSequence, duration_s: float) -> NoteSequence:
    """Play a piece again and again until a time is up.

    Parameters
    ----------
    notes : NoteSequence
        Lasts for its ``total_time_s``.
    duration_s : float >= 0
        Length of the result in seconds; the last repeat is cut there.

    Returns
    -------
    NoteSequence
        Settings are stated again where a repeat changes them.

    Raises
    ------
    ValueError
        If `duration_s` is negative or not finite, or the piece lasts no time at all.
    """
    if not 0 <= duration_s < math.inf:
        raise ValueError(f"duration_s must be 0 or more seconds, got {duration_s:g}")
    if not notes.total_time_s > 0:
        raise ValueError(
            "a piece that lasts 0 s cannot fill a duration by repeats; "
            "give it a length with replace(total_time_s=...)"
        )
    n_repeats = max(1, math.ceil(duration_s / notes.total_time_s - ROUNDING_NOISE))
    whole = trim(concatenate([notes] * n_repeats), 0.0, duration_s)
    return remove_redundant(whole.replace(total_time_s=duration_s))


def expand_sections(notes: NoteSequence, sections: Iterable[tuple[float, float]]) -> NoteSequence:
    """Play the sections of a piece in a given order, as a score's repeat signs ask.

    Parameters
    ----------
    notes : NoteSequence
        The piece as written, each section once.
    sections : iterable of (start_s, end_s)
        Sections in the order in which they are played, in seconds in `notes`; a
        section that stands there twice is played twice.

    Returns
    -------
    NoteSequence
        A note belongs to the section in which it begins and is cut at its end. Each
        section begins in its own tempo, meter and key.

    Raises
    ------
    ValueError
        If a section does not lie inside the piece or lasts no time.

    Examples
    --------
    A song with a repeated first half: ``expand_sections(song, [(0, 8), (0, 8), (8, 16)])``.
    """
    order = [(float(start_s), float(end_s)) for start_s, end_s in sections]
    for start_s, end_s in order:
        if not 0 <= start_s < end_s <= notes.total_time_s:
            raise ValueError(
                f"sections must be (start_s, end_s) inside 0..{notes.total_time_s:g}, "
                f"got {start_s:g} to {end_s:g}"
            )
    if not order:
        return notes.replace(notes=(), texts=(), total_time_s=0.0, **dict.fromkeys(SETTINGS, ()))
    parts = {span_s: _section(notes, *span_s) for span_s in set(order)}
    return remove_redundant(concatenate(parts[span_s] for span_s in order))


def _section(notes: NoteSequence, start_s: float, end_s: float) -> NoteSequence:
    """Take a section with the notes that begin in it."""
    parts = split_at(notes, [start_s, end_s])
    return parts[1 if start_s > 0 else 0]


def _self_contained(piece: NoteSequence) -> dict[str, Table]:
    """State a piece's tempo and meter at 0 and end its settings with it."""
    tables = {name: getattr(piece, name) for name in SETTINGS}
    tables["tempos"] = with_row_at_0(tables["tempos"], (0.0, DEFAULT_QPM))
    tables["meters"] = with_row_at_0(tables["meters"], (0.0, 4, 4))
    tables = {name: _until(table, piece.total_time_s) for name, table in tables.items()}
    return {"notes": piece.notes, **tables}


def _until(table: Table, end_s: float) -> Table:
    """Leave the settings made up to a time."""
    return table[: np.searchsorted(table["time_s"], end_s, side="right")]


def _together(
    pieces: Sequence[NoteSequence], starts_s: Floats, tables: Sequence[Mapping[str, Table]]
) -> dict[str, Any]:
    """Fields of a piece that holds the tables of several, each moved to its start."""
    instruments, places = _merged_instruments([piece.instruments for piece in pieces])
    joined = {name: _stacked([own[name] for own in tables], starts_s, places) for name in tables[0]}
    texts = [
        text
        for piece, start_s, place in zip(pieces, starts_s.tolist(), places, strict=True)
        for text in _moved_texts(piece.texts, start_s, place.tolist())
    ]
    return {"instruments": instruments, "texts": tuple(texts), **joined}


def _moved_texts(texts: Sequence[Text], start_s: float, place: list[int]) -> Sequence[Text]:
    if start_s == 0 and place == list(range(len(place))):
        return texts
    return [
        Text(time_s + start_s, words, kind, -1 if k < 0 else place[k])
        for time_s, words, kind, k in texts
    ]


def _stacked(
    tables: Sequence[Table], starts_s: Floats, places: Sequence[NDArray[np.int16]]
) -> Table:
    """Put tables of several pieces into one, in their times and with their instruments."""
    table = stacked(tables)
    ends = np.cumsum([len(own) for own in tables]).tolist()
    for first, end, start_s, place in zip(
        [0, *ends], ends, starts_s.tolist(), places, strict=False
    ):
        for column in table.dtype.names or ():
            if column.endswith("_s") and start_s:
                table[column][first:end] += start_s
            elif column == "instrument" and (place != np.arange(len(place))).any():
                table[column][first:end] = place[table[column][first:end]]
    table.flags.writeable = False
    return table


def _merged_instruments(
    groups: Sequence[Sequence[Instrument]],
) -> tuple[tuple[Instrument, ...], list[NDArray[np.int16]]]:
    """List the different instruments of several pieces, and where each one's went."""
    merged: dict[tuple[Instrument, int], int] = {}
    places = []
    for instruments in groups:
        n_seen: dict[Instrument, int] = {}
        place = []
        for instrument in instruments:
            n_seen[instrument] = n_seen.get(instrument, 0) + 1
            place.append(merged.setdefault((instrument, n_seen[instrument]), len(merged)))
        places.append(np.array(place, np.int16))
    return tuple(instrument for instrument, _ in merged), places
