"""Columns of a table, and Parquet files that appear whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import DatasetError, MusicFileError
from solferino.notes import disk

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP_BYTES = 32 << 20


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Lend a temporary name and rename it at the end; see `solferino.notes.disk.beside`.

    Raises
    ------
    DatasetError
        If `path` is a folder, or it cannot be written.
    """
    try:
        with disk.beside(path) as temporary:
            yield temporary
    except MusicFileError as error:
        raise DatasetError(str(error)) from error


@final
class RowWriter:
    """Collects rows and writes them as row groups of about 32 MB.

    Parameters
    ----------
    path : Path
        The file to write; see `beside`.
    schema : pyarrow.Schema
        Its columns.
    dictionary : list of str
        Columns of few different values, stored as a dictionary.
    """

    def __init__(self, path: Path, schema: "pa.Schema", dictionary: list[str]) -> None:
        """Open the file."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._waiting: list[pa.RecordBatch] = []
        self._schema = schema
        self._file = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=dictionary)

    def write(self, batch: "pa.RecordBatch") -> None:
        """Add rows."""
        self._waiting.append(batch)
        if sum(batch.nbytes for batch in self._waiting) >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is left and finish the file."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415

        if self._waiting:
            self._file.write_table(pa.Table.from_batches(self._waiting, self._schema))
            self._waiting.clear()


def offsets_of(lengths: Sequence[int]) -> NDArray[np.int32]:
    """Where lists of these lengths start and end in one flat column, shape (n + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int32)


def column_of(values: Sequence[Any] | NDArray[Any], kind: Any) -> Any:
    """Build a column from its buffers: ``pyarrow.array`` would import pandas to look at them."""
    import pyarrow as pa  # noqa: PLC0415

    if kind == pa.string():
        encoded = [text.encode("utf-8", "replace") for text in values]
        offsets = offsets_of([len(text) for text in encoded])
        parts = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    elif kind == pa.bool_():
        bits = np.packbits(np.asarray(values, np.bool_), bitorder="little")
        parts = [None, pa.py_buffer(bits)]
    else:
        numbers = np.ascontiguousarray(values, kind.to_pandas_dtype())
        parts = [None, pa.py_buffer(numbers)]
    return pa.Array.from_buffers(kind, len(values), parts)


def numbers_of(column: Any) -> NDArray[Any]:
    """Look at the buffer of a column; its own ``to_numpy`` would import pandas."""
    import pyarrow as pa  # noqa: PLC0415

    rows = slice(column.offset, column.offset + len(column))
    buffer = column.buffers()[1] or b""
    if column.type == pa.bool_():
        bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
        return bits[rows].view(np.bool_)
    numbers: NDArray[Any] = np.frombuffer(buffer, column.type.to_pandas_dtype())[rows]
    return numbers
