"""Tempi, meters, keys, controllers and bends: rows that hold until the next one like them."""

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table, copied, stacked, taken
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import meter_changes

SAME_MOMENT_S = 1e-6
"""A note this little before a cut begins with what comes after it."""

LASTING_CONTROLLERS = np.setdiff1d(np.arange(120), [6, 38, *range(96, 102)])
"""Controllers whose value lasts; the others are orders, and each counts."""

_LASTS = np.isin(np.arange(128), LASTING_CONTROLLERS)


def remove_redundant(notes: NoteSequence) -> NoteSequence:
    """Leave out settings that say what holds already.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    NoteSequence
        Sounds the same, with the same bars and beats. Gone are tempi, keys, bends and
        controller values equal to the one before; meters stated again on a bar line; and
        tempi, meters and keys overridden at the same moment. The first of each kind
        stays, whatever it says. So do all meters off the bar line, which begin a bar, and
        controllers that are orders rather than settings, such as data entry.
    """
    lasts = _LASTS[notes.control_changes["number"]]
    return notes.replace(
        tempos=_without_restated(notes.tempos),
        meters=_without_restated_meters(notes),
        keys=_without_restated(notes.keys),
        control_changes=_taken(
            notes.control_changes, ~lasts | ~_is_restated(notes.control_changes)
        ),
        pitch_bends=_taken(notes.pitch_bends, ~_is_restated(notes.pitch_bends)),
    )


def settings_between(table: Table, start_s: float, end_s: float) -> Table:
    """Find the settings that matter in a span of time.

    Parameters
    ----------
    table : structured array, shape (n_rows,)
        One of the `SETTINGS` of a piece, in order of ``time_s``.
    start_s, end_s : float
        The span in seconds; `end_s` itself is outside.

    Returns
    -------
    structured array, shape (n_rows_kept,)
        Those in force when the span begins, moved to its start, then those inside.
    """
    if not len(table):
        return table
    time_s = table["time_s"]
    first, stop = time_s.searchsorted((start_s, end_s)).tolist()
    if start_s == end_s:
        stop = int(time_s.searchsorted(end_s, side="right"))
    if first == 0:
        return copied(table[:stop])
    at_start = int(time_s.searchsorted(start_s + SAME_MOMENT_S, side="right"))
    stated = table[first : min(at_start, stop)]
    if "instrument" in (table.dtype.names or ()):
        in_force = _last_of_each_kind(table[:first], stated)
        settings = stacked([taken(table, in_force), table[first:stop]])
    else:
        settings = copied(table[first if len(stated) else first - 1 : stop])
    settings["time_s"] = np.maximum(settings["time_s"], start_s)
    return np.asarray(settings)


def with_row_at_0(table: Table, row: tuple[float, ...]) -> Table:
    """Put a row in front of a table that has none at 0.

    Parameters
    ----------
    table : structured array, shape (n_rows,)
        One of the `SETTINGS` of a piece, in order of ``time_s``.
    row : tuple
        What holds at 0 where the table does not say.
    """
    if len(table) and table["time_s"][0] == 0:
        return table
    return stacked([np.array([row], table.dtype), table])


def _kinds_of_setting(table: Table) -> NDArray[np.int64]:
    """Give equal numbers to rows of which the later one overrides the earlier."""
    names = table.dtype.names or ()
    if "instrument" not in names:
        return np.zeros(len(table), np.int64)
    kinds = table["instrument"].astype(np.int64)
    return kinds * 128 + table["number"] if "number" in names else kinds


def _last_of_each_kind(earlier: Table, stated: Table) -> NDArray[np.int64]:
    """Find the rows that hold at the end of a table, but for kinds that are stated anew."""
    kinds = _kinds_of_setting(earlier)
    last = np.full(int(kinds.max()) + 1, -1)
    last[kinds] = np.arange(len(kinds))
    if len(stated):
        kinds_stated = _kinds_of_setting(stated)
        last[kinds_stated[kinds_stated < len(last)]] = -1
    return np.sort(last[last >= 0])


def _taken(table: Table, is_kept: NDArray[np.bool_]) -> Table:
    return table if is_kept.all() else taken(table, is_kept)


def _without_restated(table: Table) -> Table:
    """Leave the last row of each moment, if it differs from the one before."""
    latest = _taken(table, ~_is_overridden(table))
    return _taken(latest, ~_is_restated(latest))


def _without_restated_meters(notes: NoteSequence) -> Table:
    """Leave the last meter of each moment, if it differs or begins a bar off the bar line."""
    meters = _taken(notes.meters, ~_is_overridden(notes.meters))
    is_restated = _is_restated(meters)
    if is_restated.any():
        is_restated &= ~np.isin(meters["time_s"], meter_changes(notes)["time_s"])
    return _taken(meters, ~is_restated)


def _is_overridden(table: Table) -> NDArray[np.bool_]:
    """Tell which rows another one follows at the same moment."""
    is_overridden = np.zeros(len(table), np.bool_)
    is_overridden[:-1] = table["time_s"][1:] == table["time_s"][:-1]
    return is_overridden


def _is_restated(table: Table) -> NDArray[np.bool_]:
    """Tell which rows say the same as the one of their kind before them."""
    is_restated = np.zeros(len(table), np.bool_)
    if len(table) > 1:
        kinds = _kinds_of_setting(table)
        order = np.argsort(kinds, kind="stable")
        columns = [kinds, *(table[name] for name in _columns_of_value(table))]
        ordered = [column[order] for column in columns]
        is_same = np.logical_and.reduce([column[1:] == column[:-1] for column in ordered])
        is_restated[order[1:]] = is_same
    return is_restated


def _columns_of_value(table: Table) -> list[str]:
    names = table.dtype.names or ()
    return [name for name in names if name not in ("time_s", "instrument", "number")]
