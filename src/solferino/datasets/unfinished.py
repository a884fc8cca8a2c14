"""What an interrupted conversion had already read, kept beside its output.

The folder ``notes.parquet.unfinished`` holds a journal, to which what came out of a few files
is added at a time, and the notes file in the making. A frame of the journal is three lengths
and a checksum, JSON (a key, a number of rows and remarks for each file), and the rows; a frame
that was cut short, or damaged, ends it.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, final

from solferino.errors import DatasetError
from solferino.notes.disk import reason

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".unfinished"
_JOURNAL = "files_read"
_FRAME = struct.Struct("<QQQI")
_CODEC = "zstd"

Key = tuple[str | int, ...]
"""What tells a file from every other and from itself after a change."""


class Entry(NamedTuple):
    """A file that was read: how many rows it gave, and what was said of it."""

    key: Key
    num_rows: int
    remarks: Sequence[Sequence[str]]


class _Place(NamedTuple):
    """Where in the journal the rows of a file are."""

    offset: int
    first_row: int
    num_rows: int
    remarks: Sequence[Sequence[str]]


@final
class Unfinished:
    """The files that were read before, by their keys; see `unfinished`.

    Parameters
    ----------
    folder : Path
        Where the journal is, or shall be.
    schema : pyarrow.Schema
        The columns of the rows.
    resume : bool
        Whether what is in the journal counts.
    """

    def __init__(self, folder: Path, schema: "pa.Schema", *, resume: bool) -> None:
        """Read the journal, or begin one."""
        self.temporary = folder / folder.name.removesuffix(SUFFIX)
        self._schema = schema
        self._places: dict[Key, _Place] = {}
        self._rows: tuple[int, Any] = (-1, None)
        (folder / _JOURNAL).touch()
        self._file = (folder / _JOURNAL).open("r+b")
        try:
            _lock(self._file, folder)
            self._begin(resume=resume)
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        """Return how many files were read."""
        return len(self._places)

    def __contains__(self, key: Key) -> bool:
        """Say whether a file was read, and is as it was then."""
        return key in self._places

    def rows_of(self, key: Key) -> "pa.RecordBatch":
        """Return the rows that a file gave."""
        place = self._places[key]
        if self._rows[0] != place.offset:
            self._file.seek(place.offset)
            self._rows = (place.offset, self._rows_of(_next_frame(self._file)))
        return self._rows[1].slice(place.first_row, place.num_rows)

    def remarks_on(self, key: Key) -> Sequence[Sequence[str]]:
        """Return what was said of a file."""
        return self._places[key].remarks

    def add(self, entries: Sequence[Entry], rows: "pa.RecordBatch") -> None:
        """Add files to the journal, with the rows of all of them one after another."""
        import pyarrow as pa  # noqa: PLC0415

        offset = self._file.seek(0, os.SEEK_END)
        plain = rows.serialize()
        body = pa.compress(plain, _CODEC, asbytes=True)
        self._write(json.dumps(entries).encode(), body, plain.size)
        self._remember(offset, entries)

    def close(self) -> None:
        """Close the journal."""
        self._file.close()

    def _begin(self, *, resume: bool) -> None:
        """Take in every whole frame and cut off what follows; a journal of others ends at once."""
        stamp = json.dumps([version("solferino"), self._schema.to_string()]).encode()
        end = 0
        frame = _next_frame(self._file)
        if resume and frame and frame.head == stamp:
            end = self._file.tell()
            while frame := _next_frame(self._file):
                entries = [Entry(tuple(key), *rest) for key, *rest in json.loads(frame.head)]
                self._remember(end, entries)
                end = self._file.tell()
        self._file.truncate(end)
        if not end:
            self._file.seek(0)
            self._write(stamp, b"", 0)

    def _remember(self, offset: int, entries: Iterable[Entry]) -> None:
        first_row = 0
        for entry in entries:
            self._places[entry.key] = _Place(offset, first_row, entry.num_rows, entry.remarks)
            first_row += entry.num_rows

    def _rows_of(self, frame: "_Frame | None") -> "pa.RecordBatch":
        import pyarrow as pa  # noqa: PLC0415

        if frame is None:
            raise DatasetError(
                f"{self._file.name} changed while it was read. Delete it and start again."
            )
        plain = pa.decompress(frame.body, frame.num_bytes, _CODEC)
        return pa.ipc.read_record_batch(plain, self._schema)

    def _write(self, head: bytes, body: bytes, num_bytes: int) -> None:
        check = zlib.crc32(body, zlib.crc32(head))
        self._file.write(_FRAME.pack(len(head), len(body), num_bytes, check) + head + body)
        self._file.flush()


class _Frame(NamedTuple):
    head: bytes
    body: bytes
    num_bytes: int


@contextmanager
def unfinished(output: Path, schema: "pa.Schema", *, resume: bool) -> Iterator[Unfinished]:
    """Lend a name for a file in the making, rename it at the end, and keep a journal until then.

    Parameters
    ----------
    output : Path
        The file to write. One of that name from before stays as it was until the end.
    schema : pyarrow.Schema
        The columns of its rows.
    resume : bool
        Whether what an interrupted run has read counts.

    Yields
    ------
    Unfinished
        ``temporary`` is the name to write to.

    Raises
    ------
    DatasetError
        If the output is a folder, another process is writing it, or it cannot be written.
    """
    try:
        if output.is_dir():
            raise DatasetError(f"{output} is a folder; name a file to write")
        folder = _prepared_folder(output)
        journal = Unfinished(folder, schema, resume=resume)
        is_done = False
        try:
            yield journal
            journal.temporary.replace(output)
            is_done = True
        finally:
            journal.close()
            journal.temporary.unlink(missing_ok=True)
            if is_done or not len(journal):
                (folder / _JOURNAL).unlink(missing_ok=True)
                with suppress(OSError):  # somebody has put something else there
                    folder.rmdir()
    except (OSError, UnicodeError) as error:
        raise DatasetError(
            f"{output} cannot be written ({reason(error)}); choose another place"
        ) from error


def unfinished_folder(output: Path) -> Path:
    """Return the folder in which an output is in the making."""
    return output.with_name(output.name + SUFFIX)


def is_unfinished(folder: Path) -> bool:
    """Whether something is in the making in a folder, which is not just called so."""
    return folder.suffix == SUFFIX and (folder / _JOURNAL).is_file()


def _prepared_folder(output: Path) -> Path:
    """Make the folder for a journal, or find one; a folder of others is left alone."""
    folder = unfinished_folder(output)
    folder.mkdir(parents=True, exist_ok=True)
    if not is_unfinished(folder) and any(folder.iterdir()):
        raise DatasetError(
            f"{folder} is needed for what is unfinished, but holds other files. "
            "Rename it, or name another output."
        )
    return folder


def _next_frame(file: IO[bytes]) -> _Frame | None:
    """Read a frame; None at the end, and where the rest is not whole."""
    lengths = file.read(_FRAME.size)
    if len(lengths) < _FRAME.size:
        return None
    num_head, num_body, num_bytes, check = _FRAME.unpack(lengths)
    if num_head + num_body > os.fstat(file.fileno()).st_size - file.tell():
        return None
    head, body = file.read(num_head), file.read(num_body)
    return _Frame(head, body, num_bytes) if zlib.crc32(body, zlib.crc32(head)) == check else None


def _lock(file: IO[bytes], folder: Path) -> None:
    """Keep other processes from the journal for as long as it is open, where the system can."""
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DatasetError(
            f"{folder} is being written by another process. Wait for it, or name another output."
        ) from error
