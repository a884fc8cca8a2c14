"""Cut, move, transpose and stretch pieces; each gives a new piece."""

import math
from bisect import bisect_left
from collections.abc import Callable
from itertools import islice
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table, copied, taken
from solferino.notes.harmony import transpose_chord_symbol, transpose_key_signature
from solferino.notes.sequence import DEFAULT_QPM, SETTINGS, TABLES, NoteSequence, Text
from solferino.notes.settings import SAME_MOMENT_S, settings_between, with_row_at_0

Floats = NDArray[np.float64]


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
    return notes.replace(
        notes=_cut(_sounding_between(notes, start_s, end_s), start_s, end_s),
        total_time_s=min(notes.total_time_s, end_s),
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
    _check_span(start_s, end_s)
    return as_own_piece(notes, _sounding_between(notes, start_s, end_s), start_s, end_s)


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
    return retimed(notes, lambda times_s: times_s + by_s)


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
    table, is_drum = copied(notes.notes), notes.is_drum
    pitch = table["pitch"].astype(np.int64) + np.where(is_drum, 0, semitones)
    fits = is_drum | ((pitch >= max(min_pitch, 0)) & (pitch <= min(max_pitch, 127)))
    table["pitch"] = np.where(fits, pitch, 0)
    keys = copied(notes.keys)
    keys["sharps"] = transpose_key_signature(keys["sharps"], semitones)
    symbols = {text.text for text in notes.texts if text.kind == "chord"}
    moved = {symbol: transpose_chord_symbol(symbol, semitones) for symbol in symbols}
    texts = tuple(
        Text(time_s, moved[words], kind, instrument)
        if kind == "chord"
        else Text(time_s, words, kind, instrument)
        for time_s, words, kind, instrument in notes.texts
    )
    return notes.replace(notes=table if fits.all() else taken(table, fits), keys=keys, texts=texts)


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
    tempos = copied(with_row_at_0(notes.tempos, (0.0, DEFAULT_QPM)))
    tempos["qpm"] /= factor
    return retimed(notes.replace(tempos=tempos), lambda times_s: times_s * factor)


def _sounding_between(notes: NoteSequence, start_s: float, end_s: float) -> Table:
    """Take the notes that sound in a span."""
    onset_s, release_s = notes.notes["onset_s"], notes.notes["release_s"]
    sounds = (onset_s < end_s) & ((release_s > start_s) | (onset_s >= start_s))
    return taken(notes.notes, sounds)


def _cut(table: Table, start_s: float, end_s: float, origin_s: float = 0.0) -> Table:
    """Cut notes off at the edges of a span, and count their times from an origin."""
    inside = copied(table)
    onset_s = np.maximum(table["onset_s"], start_s)
    inside["onset_s"] = onset_s - origin_s
    inside["release_s"] = np.minimum(np.maximum(table["release_s"], onset_s), end_s) - origin_s
    return inside


def retimed(notes: NoteSequence, move: Callable[[Floats], Floats]) -> NoteSequence:
    """Move every moment of a piece, and state its tempi as they stand.

    Parameters
    ----------
    notes : NoteSequence
    move : callable
        Gives the new times of an array of times, both in seconds, of the same shape.
    """
    tables = {name: copied(t) for name in TABLES if len(t := getattr(notes, name))}
    for table in tables.values():
        for column in table.dtype.names or ():
            if column.endswith("_s"):
                table[column] = move(np.ascontiguousarray(table[column]))
        table.flags.writeable = False
    texts_s = move(np.array([text.time_s for text in notes.texts], np.float64)).tolist()
    return notes.replace(
        texts=tuple(
            Text(time_s, words, kind, instrument)
            for time_s, (_, words, kind, instrument) in zip(texts_s, notes.texts, strict=True)
        ),
        total_time_s=float(move(np.array([notes.total_time_s]))[0]),
        **tables,
    )


def as_own_piece(notes: NoteSequence, table: Table, start_s: float, end_s: float) -> NoteSequence:
    """Make a piece of its own of notes, cut to a span.

    Parameters
    ----------
    notes : NoteSequence
        The whole piece.
    table : structured array, shape (n_notes,), dtype NOTE_DTYPE
        Notes of it, in order, that do not end before the span nor begin after it.
    start_s, end_s : float
        The span in seconds; what is at `start_s` comes to 0, where the settings in force
        are stated.
    """
    stated = {name: getattr(notes, name) for name in SETTINGS if not _holds_throughout(notes, name)}
    tables = {name: settings_between(table, start_s, end_s) for name, table in stated.items()}
    for settings in tables.values():
        settings["time_s"] -= start_s
        settings.flags.writeable = False
    moved = _cut(table, start_s, end_s, start_s)
    moved.flags.writeable = False
    return notes._derived(
        notes=moved,
        texts=_texts_between(notes.texts, start_s, end_s),
        total_time_s=min(max(notes.total_time_s, start_s), end_s) - start_s,
        **tables,
    )


def _holds_throughout(notes: NoteSequence, name: str) -> bool:
    """Tell whether a table is the same in every part of a piece."""
    table = getattr(notes, name)
    return len(table) == 0 or (len(table) == 1 and table["time_s"][0] == 0)


def _texts_between(texts: tuple[Text, ...], start_s: float, end_s: float) -> tuple[Text, ...]:
    """Words inside a span, after the chord symbol in force when it begins, from its start."""
    first = bisect_left(texts, start_s, key=attrgetter("time_s"))
    stop = bisect_left(texts, end_s, lo=first, key=attrgetter("time_s"))
    inside = texts[first:stop]
    chords = (text for text in inside if text.kind == "chord")
    if not any(text.time_s <= start_s + SAME_MOMENT_S for text in chords):
        earlier = (text for text in reversed(texts[:first]) if text.kind == "chord")
        inside = (*(text._replace(time_s=start_s) for text in islice(earlier, 1)), *inside)
    return tuple(Text(time_s - start_s, words, kind, k) for time_s, words, kind, k in inside)


def _check_span(start_s: float, end_s: float) -> None:
    """Raise unless a span begins at 0 or later and ends no sooner than it begins."""
    if not 0 <= start_s <= end_s or start_s == math.inf:
        raise ValueError(
            f"start_s must be 0 or more and end_s no less than it, got {start_s:g} to {end_s:g}"
        )
