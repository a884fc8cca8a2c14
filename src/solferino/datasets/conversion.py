"""A folder of music files to one notes file: read every piece, list every failure."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

from solferino.datasets.parquet import RowWriter, beside
from solferino.datasets.tables import Piece, notes_schema, to_record_batch
from solferino.datasets.workers import default_workers, in_order
from solferino.errors import DatasetError, SolferinoError
from solferino.notes.sequence import NoteSequence

if TYPE_CHECKING:
    import pyarrow as pa

SECONDS_PER_MB_OF_MIDI = 0.25
"""About how long reading takes on one core."""
SECONDS_PER_MB_OF_TEXT = 8.0
CHUNK_S = 0.25
CHUNK_FILES = 64
SMALL_CORPUS_S = 1.5
"""Below this, other processes would hardly have started before the work is done."""

Progress = Callable[[int, int], None]
"""Is told how many items are done, and how many there are."""


class MusicFile(NamedTuple):
    """A file of a corpus.

    Parameters
    ----------
    path : str
        Where it is.
    piece_id : str
        Its path inside the corpus, with ``/``.
    expected_s : float
        About how long it takes to read, in seconds.
    """

    path: str
    piece_id: str
    expected_s: float


class Failure(NamedTuple):
    """A file, or a tune of a book, that could not be read, and why."""

    piece_id: str
    reason: str


class Chunk(NamedTuple):
    """What came out of some files: rows of pieces, and failures of files and of tunes."""

    rows: "pa.RecordBatch"
    failures: tuple[Failure, ...]
    tune_failures: tuple[Failure, ...]
    num_files: int


@final
@dataclass(frozen=True)
class Conversion:
    """What `convert` did.

    Parameters
    ----------
    path : Path
        The notes file.
    num_files, num_pieces, num_notes : int
        Music files found, pieces written (a tune book holds many), and their notes.
    failures : tuple of Failure
        Files that could not be read.
    tune_failures : tuple of Failure
        Tunes that could not be read, of books that could.
    skipped : mapping of str to int
        How many files of each other suffix were passed by.
    """

    path: Path
    num_files: int
    num_pieces: int
    num_notes: int
    failures: tuple[Failure, ...]
    tune_failures: tuple[Failure, ...]
    skipped: Mapping[str, int]


def convert(
    sources: Iterable[str | Path],
    output: str | Path,
    *,
    recursive: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Conversion:
    """Read music files into one notes file, one row a piece.

    A file that cannot be read is listed in the result and the others go on. The notes file
    is written beside and renamed.

    Parameters
    ----------
    sources : paths
        Music files, and folders of them.
    output : path
        The Parquet file to write.
    recursive : bool
        Whether folders inside folders are read too.
    workers : int, optional
        Number of processes; by default one a core, or none where the corpus is small.
    progress : callable, optional
        Called after every few files; see `Progress`.

    Raises
    ------
    DatasetError
        If there is no music file, none can be read, or `output` cannot be written.
    """
    files, skipped = find_music([Path(source) for source in sources], recursive=recursive)
    failures: list[Failure] = []
    tune_failures: list[Failure] = []
    num_pieces = num_notes = num_done = 0
    with beside(Path(output)) as temporary, _row_writer(temporary) as writer:
        for chunk in read_chunks(files, workers):
            if chunk.rows.num_rows:
                writer.write(chunk.rows)
            failures += chunk.failures
            tune_failures += chunk.tune_failures
            num_pieces += chunk.rows.num_rows
            num_notes += len(chunk.rows.column("notes").values)
            num_done += chunk.num_files
            if progress:
                progress(num_done, len(files))
        if not num_pieces:
            raise DatasetError(
                f"None of the {len(files)} files could be read, so {output} was not written. "
                f"The first one, {failures[0].piece_id}: {failures[0].reason}"
            )
    return Conversion(
        Path(output),
        len(files),
        num_pieces,
        num_notes,
        tuple(failures),
        tuple(tune_failures),
        skipped,
    )


def find_music(
    sources: Sequence[Path], *, recursive: bool = True
) -> tuple[list[MusicFile], dict[str, int]]:
    """List the music files of some folders, in order of their names.

    Parameters
    ----------
    sources : sequence of Path
        Files are taken whatever their suffix; from folders, those with a known one.
    recursive : bool
        Whether folders inside folders are searched too.

    Returns
    -------
    list of MusicFile
        Each named by its path inside the folder, or, where there are several sources,
        inside the folder that holds them all.
    dict of str to int
        How many files of each other suffix were passed by.

    Raises
    ------
    DatasetError
        If a source does not exist, or there is no music.
    """
    from solferino.notes.files import SUFFIXES  # noqa: PLC0415

    skipped: Counter[str] = Counter()
    found: dict[Path, None] = {}
    for source in sources:
        if source.is_dir():
            paths = sorted(p for p in _walk(source, recursive) if not p.name.startswith("."))
            for path in paths:
                if path.suffix.lower() in SUFFIXES:
                    found[path] = None
                else:
                    skipped[path.suffix.lower()] += 1
        elif source.exists():
            found[source] = None
        else:
            raise DatasetError(f"{source} does not exist. Name a music file or a folder of them.")
    if not found:
        names = ", ".join(str(source) for source in sources) or "no folder"
        raise DatasetError(
            f"There is no music in {names}. Files are known by their suffix: {', '.join(SUFFIXES)}."
        )
    root = _root(sources)
    files = [MusicFile(str(path), _piece_id(path, root), _expected_s(path)) for path in found]
    return files, dict(skipped)


def read_chunks(files: Sequence[MusicFile], workers: int | None = None) -> Iterator[Chunk]:
    """Read files, some at a time, in other processes where the corpus is large.

    Parameters
    ----------
    files : sequence of MusicFile
    workers : int, optional
        Number of processes; by default as many as pay off.
    """
    workers = workers or workers_for(sum(file.expected_s for file in files))
    yield from in_order(read_chunk, music_chunks(files), workers, crashed)


def workers_for(expected_s: float) -> int:
    """Return how many processes pay off for a task of so many seconds on one core."""
    return 1 if expected_s < SMALL_CORPUS_S else default_workers()


def read_chunk(files: Sequence[MusicFile]) -> Chunk:
    """Read files into rows; a file that fails becomes a `Failure`."""
    from solferino.notes.files import load_book  # noqa: PLC0415

    pieces: list[Piece] = []
    failures: list[Failure] = []
    tune_failures: list[Failure] = []
    for file in files:
        try:
            book = load_book(file.path)
        except SolferinoError as error:
            failures.append(Failure(file.piece_id, str(error)))
        except Exception as error:  # a fault of ours must not cost the user the other files
            reason = f"{type(error).__name__}: {error}. Please report this file."
            failures.append(Failure(file.piece_id, reason))
        else:
            pieces += _named(file.piece_id, book.tunes)
            tune_failures += (Failure(f"{file.piece_id} X:{n}", why) for n, _, why in book.errors)
    return Chunk(to_record_batch(pieces), tuple(failures), tuple(tune_failures), len(files))


def _named(piece_id: str, music: Sequence[NoteSequence]) -> list[Piece]:
    if len(music) == 1:
        return [Piece(piece_id, music[0])]
    return [Piece(f"{piece_id}#{number}", notes) for number, notes in enumerate(music, 1)]


def crashed(file: MusicFile) -> Chunk:
    """Return what a file gives that killed its process."""
    failure = Failure(file.piece_id, "the reader crashed on it; please report this file")
    return Chunk(to_record_batch([]), (failure,), (), 1)


def music_chunks(files: Sequence[MusicFile]) -> Iterator[list[MusicFile]]:
    """Cut a corpus into a few files at a time."""
    chunk: list[MusicFile] = []
    expected_s = 0.0
    for file in files:
        chunk.append(file)
        expected_s += file.expected_s
        if expected_s >= CHUNK_S or len(chunk) >= CHUNK_FILES:
            yield chunk
            chunk, expected_s = [], 0.0
    if chunk:
        yield chunk


def _walk(folder: Path, recursive: bool) -> Iterator[Path]:
    paths = folder.rglob("*") if recursive else folder.iterdir()
    return (path for path in paths if path.is_file())


def _root(sources: Sequence[Path]) -> Path:
    if len(sources) == 1 and sources[0].is_dir():
        return sources[0].absolute()
    return Path(os.path.commonpath([source.absolute().parent for source in sources]))


def _expected_s(path: Path) -> float:
    is_text = path.suffix.lower() == ".abc"
    rate = SECONDS_PER_MB_OF_TEXT if is_text else SECONDS_PER_MB_OF_MIDI
    return rate * path.stat().st_size / 2**20


def _piece_id(path: Path, root: Path) -> str:
    return path.absolute().relative_to(root).as_posix()


@contextmanager
def _row_writer(path: Path) -> Iterator[RowWriter]:
    writer = RowWriter(path, notes_schema(), dictionary=[])
    try:
        yield writer
    finally:
        writer.close()
