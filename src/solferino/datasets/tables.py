"""Pieces as rows of a table, and back, without losing anything.

One row is one piece. The tables of a `NoteSequence` become columns of lists of structs, so
that any engine that reads Parquet can query a corpus without this package.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from solferino.datasets.parquet import column_of, numbers_of, offsets_of
from solferino.errors import DatasetError
from solferino.notes.columns import Table
from solferino.notes.disk import reason
from solferino.notes.sequence import TABLES, Instrument, NoteSequence, Text

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SCALARS = {
    "piece_id": "string",
    "title": "string",
    "source": "string",
    "total_time_s": "float64",
    "ticks_per_quarter": "int32",
}
INSTRUMENT_FIELDS = {"program": "uint8", "is_drum": "bool", "name": "string"}
TEXT_FIELDS = {"time_s": "float64", "text": "string", "kind": "string", "instrument": "int16"}


class Piece(NamedTuple):
    """A piece of a corpus: its name there, and its music.

    Parameters
    ----------
    piece_id : str
        Path of its file inside the corpus; ``"book.abc#3"`` for the third tune of a book.
    notes : NoteSequence
        The music.
    """

    piece_id: str
    notes: NoteSequence


def notes_schema() -> "pa.Schema":
    """Return the columns of a notes file, one row a piece."""
    import pyarrow as pa  # noqa: PLC0415

    fields = [pa.field(name, pa.type_for_alias(kind)) for name, kind in SCALARS.items()]
    structs: dict[str, Any] = {name: _struct_type(d) for name, d in TABLES.items()}
    for name, members in (("instruments", INSTRUMENT_FIELDS), ("texts", TEXT_FIELDS)):
        structs[name] = pa.struct([(key, pa.type_for_alias(a)) for key, a in members.items()])
    fields += [pa.field(name, pa.list_(struct)) for name, struct in structs.items()]
    return pa.schema(fields)


def to_record_batch(pieces: Sequence[Piece]) -> "pa.RecordBatch":
    """Put pieces into the rows of a table.

    Parameters
    ----------
    pieces : sequence of Piece

    Returns
    -------
    pyarrow.RecordBatch, ``len(pieces)`` rows, columns of `notes_schema`
    """
    import pyarrow as pa  # noqa: PLC0415

    schema = notes_schema()
    music = [piece.notes for piece in pieces]
    columns = [column_of([piece.piece_id for piece in pieces], schema.field("piece_id").type)]
    columns += [
        column_of([getattr(notes, name) for notes in music], schema.field(name).type)
        for name in list(SCALARS)[1:]
    ]
    for name, dtype in TABLES.items():
        tables = [getattr(notes, name) for notes in music]
        columns.append(_list_of_structs(tables, dtype, schema.field(name).type))
    for name in ("instruments", "texts"):
        tuples = [getattr(notes, name) for notes in music]
        columns.append(_list_of_tuples(tuples, schema.field(name).type))
    return pa.record_batch(columns, schema=schema)


def from_record_batch(batch: "pa.RecordBatch") -> list[Piece]:
    """Take the pieces out of the rows of a table.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Columns of `notes_schema`, as written by `to_record_batch`.

    Raises
    ------
    DatasetError
        If a row is no music, such as a pitch of 200.
    """
    columns: dict[str, Sequence[Any]] = {n: batch.column(n).to_pylist() for n in SCALARS}
    for name, dtype in TABLES.items():
        columns[name] = _tables_of(batch.column(name), dtype)
    columns["instruments"] = _tuples_of(batch.column("instruments"), Instrument, INSTRUMENT_FIELDS)
    columns["texts"] = _tuples_of(batch.column("texts"), Text, TEXT_FIELDS)
    piece_ids = columns.pop("piece_id")
    rows = zip(*columns.values(), strict=True)
    return [
        Piece(piece_id, _music(piece_id, dict(zip(columns, row, strict=True))))
        for piece_id, row in zip(piece_ids, rows, strict=True)
    ]


def read_pieces(path: str | Path) -> Iterator[Piece]:
    """Read a notes file, a row group at a time.

    Parameters
    ----------
    path : path
        A Parquet file that `solferino convert` wrote.

    Raises
    ------
    DatasetError
        If it is missing or no notes file.
    """
    for batch in read_batches(path):
        yield from from_record_batch(batch)


def read_batches(path: str | Path) -> "Iterator[pa.RecordBatch]":
    """Read the rows of a notes file, a row group at a time; see `read_pieces`."""
    schema = notes_schema()
    with _opened(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).select(schema.names)
            if not table.schema.equals(schema):
                table = table.cast(schema)
            yield from table.combine_chunks().to_batches()


def size_of(path: str | Path) -> tuple[int, int]:
    """Count the pieces of a notes file and all their notes, without reading them.

    Raises
    ------
    DatasetError
        If it is missing or no notes file.
    """
    with _opened(path) as file:
        groups = [file.metadata.row_group(k) for k in range(file.num_row_groups)]
        columns = (group.column(k) for group in groups for k in range(group.num_columns))
        pitches = (c for c in columns if c.path_in_schema == "notes.list.element.pitch")
        return file.metadata.num_rows, sum(column.num_values for column in pitches)


@contextmanager
def _opened(path: str | Path) -> "Iterator[pq.ParquetFile]":
    """Open a notes file, and say in one line what is wrong with it, now or later."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    remedy = "Make one with `solferino convert`."
    if not Path(path).exists():
        raise DatasetError(f"{path} does not exist. {remedy}")
    try:
        with pq.ParquetFile(path) as file:
            known = file.schema_arrow.names
            missing = [name for name in notes_schema().names if name not in known]
            if missing:
                raise DatasetError(
                    f"{path} has no column {missing[0]!r}, so it holds no notes. {remedy}"
                )
            yield file
    except (OSError, pa.ArrowException) as error:
        words = reason(error)[:200]
        raise DatasetError(f"{path} is no Parquet file of notes ({words}). {remedy}") from error


def _music(piece_id: str, columns: dict[str, Any]) -> NoteSequence:
    try:
        return NoteSequence(**columns)
    except ValueError as error:
        raise DatasetError(
            f"The piece {piece_id!r} cannot be: {error}. Make the table with `solferino convert`."
        ) from error


def _struct_type(dtype: "np.dtype[np.void]") -> "pa.StructType":
    import pyarrow as pa  # noqa: PLC0415

    return pa.struct([(name, pa.from_numpy_dtype(dtype[name])) for name in dtype.names or ()])


def _list_of(members: list[Any], lengths: list[int], kind: Any) -> Any:
    """Build a column of lists of structs from the columns of the structs."""
    import pyarrow as pa  # noqa: PLC0415

    struct = pa.StructArray.from_arrays(members, fields=list(kind.value_type))
    return pa.ListArray.from_arrays(column_of(offsets_of(lengths), pa.int32()), struct, type=kind)


def _list_of_structs(tables: list[Table], dtype: "np.dtype[np.void]", kind: Any) -> Any:
    """Build a list column from structured arrays, column by column."""
    lengths = [len(table) for table in tables]
    tables = [np.empty(0, dtype), *(table for table in tables if len(table))]
    members = [
        column_of(np.concatenate([table[field.name] for table in tables]), field.type)
        for field in kind.value_type
    ]
    return _list_of(members, lengths, kind)


def _list_of_tuples(rows: list[tuple[tuple[Any, ...], ...]], kind: Any) -> Any:
    """Build a list column from named tuples."""
    flat = [value for row in rows for value in row]
    fields = enumerate(kind.value_type)
    members = [column_of([value[k] for value in flat], field.type) for k, field in fields]
    return _list_of(members, [len(row) for row in rows], kind)


def _bounds(column: Any) -> Iterator[tuple[int, int]]:
    """First and last row of each list of a column."""
    return pairwise(numbers_of(column.offsets).tolist())


def _tables_of(column: Any, dtype: "np.dtype[np.void]") -> list[Table]:
    """Take structured arrays out of a list column."""
    struct = column.values
    rows = np.empty(len(struct), dtype)
    for name in dtype.names or ():
        rows[name] = numbers_of(struct.field(name))
    return [rows[first:last] for first, last in _bounds(column)]


def _tuples_of(column: Any, make: Any, fields: dict[str, str]) -> list[tuple[Any, ...]]:
    """Take named tuples out of a list column."""
    members = [column.values.field(name).to_pylist() for name in fields]
    values = [make(*value) for value in zip(*members, strict=True)]
    return [tuple(values[first:last]) for first, last in _bounds(column)]
