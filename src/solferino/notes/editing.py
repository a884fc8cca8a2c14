"""Cut, move, join, transpose and stretch pieces; each gives a new piece."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table
from solferino.notes.harmony import transpose_chord_symbol, transpose_key_signature
from solferino.notes.sequence import DEFAULT_QPM, SETTINGS, Instrument, NoteSequence
from solferino.notes.timing import TempoMap, meter_changes

SAME_MOMENT_S = 1e-6
"""A note this little before a cut begins with what comes after it."""


def extract(notes: NoteSequence, start_s: float, end_s: float = math.inf) -> NoteSequence:
    """Take the notes that sound in a span of time, and leave them in their place.

    Parameters
    ----------
    notes : NoteSequence
    start_s, end_s : float
        The span in seconds; `end_s` itself is outside.

    Returns
    -------
    NoteSequence
        Notes are cut at both edges. Tempi, meters, keys, controllers, bends and texts
        stay as they are, so that bars and beats do too.

    Raises
    ------
    ValueError
        If `start_s` is negative or after `end_s`.
    """
    _check_span(start_s, end_s)
    table = notes.notes
    onset_s, release_s = table["onset_s"], table["release_s"]
    sounds = (onset_s < end_s) & ((release_s > start_s) | (onset_s >= start_s))
    return notes.replace(
        notes=_cut(table[sounds], start_s, end_s), total_time_s=min(notes.total_time_s, end_s)
    )


def trim(notes: NoteSequence, start_s: float, end_s: float = math.inf) -> NoteSequence:
    """Take a span of time as a piece of its own.

    Parameters
    ----------
    notes : NoteSequence
    start_s, end_s : float
        The span in seconds; `end_s` itself is outside.

    Returns
    -------
    NoteSequence
        Notes are cut at both edges, and everything moves so that `start_s` becomes 0.
        The tempo, meter, key, chord symbol, controllers and bends in force at `start_s`
        are stated at 0. Bars count from there.

    Raises
    ------
    ValueError
        If `start_s` is negative or after `end_s`.
    """
    return _moved_to_0(extract(notes, start_s, end_s), start_s, end_s)


def shift(notes: NoteSequence, by_s: float) -> NoteSequence:
    """Move a whole piece in time.

    Parameters
    ----------
    notes : NoteSequence
    by_s : float
        How many seconds later; below 0 earlier, which may take away silence at the
        start but no note.

    Returns
    -------
    NoteSequence
        Tempi and meters move with the notes, so silence put in front is in 4/4 at 120;
        settings made before a new start are stated there.

    Raises
    ------
    ValueError
        If a note would begin before 0.
    """
    first_onset_s = float(notes.notes["onset_s"][0]) if len(notes) else math.inf
    if not -first_onset_s <= by_s < math.inf:
        raise ValueError(
            f"by_s must be -{first_onset_s:g} or more, because the first note begins at "
            f"{first_onset_s:g} s, got {by_s:g}; trim cuts notes away"
        )
    if by_s < 0:
        return trim(notes, -by_s)
    return _retimed(notes, 1.0, by_s)


def transpose(
    notes: NoteSequence, semitones: int, min_pitch: int = 0, max_pitch: int = 127
) -> NoteSequence:
    """Move the pitches of a piece up or down.

    Parameters
    ----------
    notes : NoteSequence
    semitones : int
        How far up.
    min_pitch, max_pitch : int in [0, 127]
        Notes that would leave this range are dropped: ``len`` before and after tells
        how many.

    Returns
    -------
    NoteSequence
        Drums stay as they are; key signatures and chord symbols move with the notes.
    """
    table, is_drum = notes.notes.copy(), notes.is_drum
    pitch = table["pitch"].astype(np.int64) + np.where(is_drum, 0, semitones)
    fits = is_drum | ((pitch >= max(min_pitch, 0)) & (pitch <= min(max_pitch, 127)))
    table["pitch"] = np.where(fits, pitch, 0)
    keys = notes.keys.copy()
    keys["sharps"] = transpose_key_signature(keys["sharps"], semitones)
    texts = tuple(
        text._replace(text=transpose_chord_symbol(text.text, semitones))
        if text.kind == "chord"
        else text
        for text in notes.texts
    )
    return notes.replace(notes=table[fits], keys=keys, texts=texts)


def stretch(notes: NoteSequence, factor: float) -> NoteSequence:
    """Play a piece slower or faster.

    Parameters
    ----------
    notes : NoteSequence
    factor : float > 0
        2 makes it last twice as long.

    Returns
    -------
    NoteSequence
        Its tempi change along, so that a quarter note stays one.

    Raises
    ------
    ValueError
        If `factor` is not above 0.
    """
    if not 0 < factor < math.inf:
        raise ValueError(f"factor must be above 0, got {factor:g}; 2 lasts twice as long")
    tempos = _with_row_at_0(notes.tempos, (0.0, DEFAULT_QPM)).copy()
    tempos["qpm"] /= factor
    return _retimed(notes.replace(tempos=tempos), factor, 0.0)


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
    instruments, places = _merged_instruments([piece.instruments for piece in pieces])
    starts_s = np.cumsum([0.0] + [piece.total_time_s for piece in pieces])
    moved = [
        _retimed(_self_contained(piece, place, instruments), 1.0, float(start_s))
        for piece, place, start_s in zip(pieces, places, starts_s[:-1], strict=True)
    ]
    tables = {
        name: np.concatenate([getattr(piece, name) for piece in moved])
        for name in ("notes", *SETTINGS)
    }
    return pieces[0].replace(
        instruments=instruments,
        texts=tuple(text for piece in moved for text in piece.texts),
        total_time_s=float(starts_s[-1]),
        **tables,
    )


def split_at_changes(notes: NoteSequence) -> list[NoteSequence]:
    """Split a piece wherever its tempo or meter changes.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    list of NoteSequence
        One after the other they last as long as the piece. Each has one tempo and one
        meter, stated at 0. A note belongs to the piece in which it begins and is cut at
        its end, so that no note is struck twice.
    """
    tempo_map, meters = TempoMap.from_sequence(notes), meter_changes(notes)
    changes_s = np.union1d(tempo_map.change_s, meters["time_s"])
    changes_s = changes_s[np.append(True, np.diff(changes_s) > SAME_MOMENT_S)]
    changes_s = changes_s[(changes_s < notes.total_time_s - SAME_MOMENT_S) | (changes_s == 0)]
    edges_s = np.append(changes_s, math.inf)
    rows = np.searchsorted(notes.notes["onset_s"], edges_s - SAME_MOMENT_S)
    qpm = tempo_map.qpm_at(changes_s + SAME_MOMENT_S)
    meter_rows = np.searchsorted(meters["time_s"], changes_s + SAME_MOMENT_S) - 1
    pieces = []
    for k, (start_s, end_s) in enumerate(pairwise(edges_s.tolist())):
        kept = _cut(notes.notes[rows[k] : rows[k + 1]], start_s, end_s)
        meter = meters[meter_rows[k]]
        part = notes.replace(
            notes=kept,
            tempos=[(start_s, qpm[k])],
            meters=[(start_s, meter["numerator"], meter["denominator"])],
            total_time_s=min(notes.total_time_s, end_s),
        )
        pieces.append(_moved_to_0(part, start_s, end_s))
    return pieces


def _check_span(start_s: float, end_s: float) -> None:
    """Raise unless a span begins at 0 or later and ends no sooner than it begins."""
    if not 0 <= start_s <= end_s or start_s == math.inf:
        raise ValueError(
            f"start_s must be 0 or more and end_s no less than it, got {start_s:g} to {end_s:g}"
        )


def _cut(table: Table, start_s: float, end_s: float) -> Table:
    """Cut the notes of a table off at the edges of a span."""
    cut = table.copy()
    cut["onset_s"] = np.maximum(table["onset_s"], start_s)
    cut["release_s"] = np.clip(table["release_s"], cut["onset_s"], end_s)
    return cut


def _retimed(notes: NoteSequence, factor: float, by_s: float) -> NoteSequence:
    """Multiply all times of a piece, then move them."""
    tables = {name: getattr(notes, name).copy() for name in ("notes", *SETTINGS)}
    for table in tables.values():
        for column in {"onset_s", "release_s", "time_s"}.intersection(table.dtype.names or ()):
            table[column] = table[column] * factor + by_s
    return notes.replace(
        texts=tuple(text._replace(time_s=text.time_s * factor + by_s) for text in notes.texts),
        total_time_s=notes.total_time_s * factor + by_s,
        **tables,
    )


def _moved_to_0(part: NoteSequence, start_s: float, end_s: float) -> NoteSequence:
    """Move the span of a piece whose notes are cut already, with the settings in force."""
    tables = {name: _settings_between(getattr(part, name), start_s, end_s) for name in SETTINGS}
    inside = [text for text in part.texts if start_s <= text.time_s < end_s]
    chords = [text for text in part.texts if text.kind == "chord"]
    earlier = [text._replace(time_s=start_s) for text in chords if text.time_s < start_s]
    if not any(text.time_s <= start_s + SAME_MOMENT_S for text in inside if text.kind == "chord"):
        inside = earlier[-1:] + inside
    total_time_s = max(part.total_time_s, start_s)
    whole = part.replace(texts=tuple(inside), total_time_s=total_time_s, **tables)
    return _retimed(whole, 1.0, -start_s)


def _settings_between(table: Table, start_s: float, end_s: float) -> Table:
    """Rows inside a span, after those in force when it begins, which move to its start."""
    time_s = table["time_s"]
    earlier = table[time_s < start_s]
    inside = table[(time_s == start_s) | (time_s > start_s) & (time_s < end_s)]
    kinds = _kinds_of_setting(earlier)
    _, from_the_back = np.unique(kinds[::-1], return_index=True)
    last = np.sort(len(kinds) - 1 - from_the_back)
    stated = _kinds_of_setting(inside[inside["time_s"] <= start_s + SAME_MOMENT_S])
    in_force = earlier[last[~np.isin(kinds[last], stated)]]
    in_force["time_s"] = start_s
    return np.concatenate([in_force, inside])


def _kinds_of_setting(table: Table) -> NDArray[np.int64]:
    """Give equal numbers to rows of which the later one overrides the earlier."""
    kinds = np.zeros(len(table), np.int64)
    for column, n_values in (("instrument", 1), ("number", 128)):
        if column in (table.dtype.names or ()):
            kinds = kinds * n_values + table[column]
    return kinds


def _with_row_at_0(table: Table, row: tuple[float, ...]) -> Table:
    """Put a row in front of a table that has none at 0."""
    if len(table) and table["time_s"][0] == 0:
        return table
    return np.concatenate([np.array([row], table.dtype), table])


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


def _self_contained(
    piece: NoteSequence, place: NDArray[np.int16], instruments: tuple[Instrument, ...]
) -> NoteSequence:
    """State a piece's tempo and meter at 0, end its settings with it, renumber its voices."""
    tables = {name: getattr(piece, name) for name in SETTINGS}
    tables["tempos"] = _with_row_at_0(tables["tempos"], (0.0, DEFAULT_QPM))
    tables["meters"] = _with_row_at_0(tables["meters"], (0.0, 4, 4))
    tables = {name: t[t["time_s"] <= piece.total_time_s] for name, t in tables.items()}
    tables["notes"] = piece.notes.copy()
    for name in ("notes", "control_changes", "pitch_bends"):
        tables[name]["instrument"] = place[tables[name]["instrument"]]
    texts = tuple(
        text if text.instrument < 0 else text._replace(instrument=int(place[text.instrument]))
        for text in piece.texts
    )
    return piece.replace(instruments=instruments, texts=texts, **tables)
