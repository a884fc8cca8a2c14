"""Tables of numbers that keep to their columns and cannot be written."""

from collections.abc import Iterable, Sequence
from dataclasses import Field, fields
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_FLOAT = float(np.finfo(float).max)

Table = NDArray[np.void]
Rows = Table | Iterable[Sequence[Any]]


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def _fitting(name: str, values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the values as `dtype`, or raise where one would not survive that."""
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numbers that fit {dtype}, got {values.dtype}")
    with np.errstate(invalid="ignore", over="ignore"):
        cast: NDArray[Any] = values.astype(dtype)
    if dtype.kind != "f" and not np.array_equal(cast, values):
        wrong = values[cast != values][0]
        raise ValueError(f"{name} must be whole numbers that fit {dtype}, got {wrong}")
    return cast


def table_of_columns(columns: Iterable[ArrayLike], dtype: np.dtype[np.void]) -> Table:
    """Put columns into a new table.

    Parameters
    ----------
    columns : iterable of array_like, shape (n_rows,)
        One for each column of `dtype`, in that order; scalars are broadcast.
    dtype : numpy dtype
        Columns of the table.

    Returns
    -------
    structured array, shape (n_rows,)

    Raises
    ------
    ValueError
        If a number does not fit its column: a fraction, or 300 in eight bits.
    """
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(column)) for column in columns))
    table = np.empty(arrays[0].shape, dtype)
    for name, values in zip(dtype.names or (), arrays, strict=True):
        table[name] = _fitting(name, values, dtype[name])
    return table


def copied(table: Table) -> Table:
    """Copy a table.

    NumPy copies, takes and joins structured arrays column by column; here whole rows are
    moved, which is many times faster.
    """
    copy = np.empty(len(table), table.dtype)
    _opaque(copy)[:] = _opaque(table)
    return copy


def taken(table: Table, rows: NDArray[Any]) -> Table:
    """Take rows of a table into a new one.

    Parameters
    ----------
    table : structured array, shape (n_rows,)
    rows : ndarray of bool, shape (n_rows,), or of int
        Which; in their order.
    """
    opaque = _opaque(table)
    found = opaque[rows] if rows.dtype == np.bool_ else np.take(opaque, rows)
    return np.asarray(found.view(table.dtype))


def stacked(tables: Sequence[Table]) -> Table:
    """Put tables with the same columns one after the other into a new one."""
    return np.asarray(np.concatenate([_opaque(table) for table in tables]).view(tables[0].dtype))


def _opaque(table: Table) -> NDArray[np.void]:
    """Look at a table as rows of bytes."""
    return table.view(_bytes_of_row(table.dtype.itemsize))


@lru_cache(maxsize=64)
def _bytes_of_row(n_bytes: int) -> np.dtype[np.void]:
    return np.dtype((np.void, n_bytes))


def frozen_table(rows: Rows, dtype: np.dtype[np.void], order: str) -> Table:
    """Copy rows into a table of their own that cannot be written.

    Parameters
    ----------
    rows : structured array or iterable of rows
        Each row has one number for each column of `dtype`, in that order.
    dtype : numpy dtype
        Columns of the table.
    order : str
        Column to sort by; equal rows stay in the order in which they came.

    Returns
    -------
    structured array, shape (n_rows,)

    Raises
    ------
    ValueError
        If a number does not fit its column, or a row has too few or too many.
    """
    names = dtype.names or ()
    if isinstance(rows, np.ndarray) and rows.dtype == dtype:
        is_ours = rows.flags.owndata and not rows.flags.writeable
        table = rows if is_ours else copied(rows)
    elif isinstance(rows, np.ndarray) and rows.dtype.names:
        table = table_of_columns([rows[name] for name in names], dtype)
    else:
        listed = [tuple(row) for row in rows]
        if any(len(row) != len(names) for row in listed):
            raise ValueError(f"each row needs {', '.join(names)}: {len(names)} numbers")
        columns = zip(*listed, strict=True) if listed else ((),) * len(names)
        table = table_of_columns(columns, dtype)
    if len(table) > 1:
        values = np.ascontiguousarray(table[order])
        if not (values[1:] >= values[:-1]).all():
            table = taken(table, np.argsort(values, kind="stable"))
    table.flags.writeable = False
    return table


def lie_within(values: ArrayLike, low: float, high: float = MAX_FLOAT) -> bool:
    """Tell whether every value lies in [low, high]; NaN and infinity do not."""
    array = np.asarray(values)
    return not array.size or bool(array.min() >= low and array.max() <= high)


def have_equal_fields(one: _Dataclass, other: _Dataclass) -> bool:
    """Tell whether two dataclasses hold the same values, arrays compared by value."""
    pairs = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return all(
        bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b) for a, b in pairs
    )
