"""Tables of numbers that keep to their columns and cannot be written."""

from collections.abc import Iterable, Sequence
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        table = rows if is_ours else rows.copy()
    elif isinstance(rows, np.ndarray) and rows.dtype.names:
        table = table_of_columns([rows[name] for name in names], dtype)
    else:
        listed = [tuple(row) for row in rows]
        if any(len(row) != len(names) for row in listed):
            raise ValueError(f"each row needs {', '.join(names)}: {len(names)} numbers")
        columns = zip(*listed, strict=True) if listed else ((),) * len(names)
        table = table_of_columns(columns, dtype)
    if len(table) > 1 and np.any(np.diff(table[order]) < 0):
        table = table[np.argsort(table[order], kind="stable")]
    table.flags.writeable = False
    return table


def lie_within(values: ArrayLike, low: float, high: float = float(np.finfo(float).max)) -> bool:
    """Tell whether every value lies in [low, high]; NaN and infinity do not."""
    array = np.asarray(values)
    return bool(((array >= low) & (array <= high)).all())


def have_equal_fields(one: _Dataclass, other: _Dataclass) -> bool:
    """Tell whether two dataclasses hold the same values, arrays compared by value."""
    pairs = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return all(
        bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b) for a, b in pairs
    )
