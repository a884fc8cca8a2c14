"""Tempi, meters, keys, controllers and bends: rows that hold until the next one like them."""

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import meter_changes

SAME_MOMENT_S = 1e-6
"""A note this little before a cut begins with what comes after it."""

LASTING_CONTROLLERS = np.setdiff1d(np.arange(120), [6, 38, *range(96, 102)])
"""Controllers whose value lasts; the others are orders, and each counts."""


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
    meters = _without_overridden(notes.meters)
    changes_s = meter_changes(notes)["time_s"]
    begins_bar = np.isin(meters["time_s"], changes_s)
    begins_bar[:1] = True
    lasting = np.isin(notes.control_changes["number"], LASTING_CONTROLLERS)
    return notes.replace(
        tempos=_without_restated(_without_overridden(notes.tempos)),
        meters=meters[begins_bar],
        keys=_without_restated(_without_overridden(notes.keys)),
        control_changes=np.concatenate(
            [_without_restated(notes.control_changes[lasting]), notes.control_changes[~lasting]]
        ),
        pitch_bends=_without_restated(notes.pitch_bends),
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
    first, stop = np.searchsorted(table["time_s"], [start_s, end_s]).tolist()
    if start_s == end_s:
        stop = int(np.searchsorted(table["time_s"], end_s, side="right"))
    if first == 0:
        return table[:stop].copy()
    at_start = int(np.searchsorted(table["time_s"], start_s + SAME_MOMENT_S, side="right"))
    stated = table[first : min(at_start, stop)]
    if "instrument" in (table.dtype.names or ()):
        in_force = _last_of_each_kind(table[:first], stated)
        settings = np.concatenate([table[in_force], table[first:stop]])
    else:
        settings = table[first if len(stated) else first - 1 : stop].copy()
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
    return np.concatenate([np.array([row], table.dtype), table])


def _kinds_of_setting(table: Table) -> NDArray[np.int64]:
    """Give equal numbers to rows of which the later one overrides the earlier."""
    kinds = np.zeros(len(table), np.int64)
    for column, n_values in (("instrument", 1), ("number", 128)):
        if column in (table.dtype.names or ()):
            kinds = kinds * n_values + table[column]
    return kinds


def _last_of_each_kind(earlier: Table, stated: Table) -> NDArray[np.int64]:
    """Find the rows that hold at the end of a table, but for kinds that are stated anew."""
    kinds, kinds_stated = _kinds_of_setting(earlier), _kinds_of_setting(stated)
    last = np.full(int(kinds.max()) + 1, -1)
    last[kinds] = np.arange(len(kinds))
    last[kinds_stated[kinds_stated < len(last)]] = -1
    return np.sort(last[last >= 0])


def _without_overridden(table: Table) -> Table:
    """Leave the last row of each moment."""
    is_last = np.ones(len(table), np.bool_)
    is_last[:-1] = np.diff(table["time_s"]) > 0
    return np.asarray(table[is_last])


def _without_restated(table: Table) -> Table:
    """Leave the rows that differ from the one of their kind before them."""
    order = np.argsort(_kinds_of_setting(table), kind="stable")
    ordered = table[order]
    differs = np.zeros(len(table), np.bool_)
    differs[:1] = True
    for column in (table.dtype.names or ())[1:]:
        differs[1:] |= ordered[column][1:] != ordered[column][:-1]
    return table[np.sort(order[differs])]
