"""A folder of music files to one notes file: read every piece, list every failure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

from solferino.datasets.music_files import MusicFile, find_music, music_chunks
from solferino.datasets.parquet import RowWriter
from solferino.datasets.tables import Piece, notes_schema, to_record_batch
from solferino.datasets.unfinished import Entry, Unfinished, unfinished
from solferino.datasets.workers import default_workers, in_order
from solferino.errors import DatasetError, SolferinoError
from solferino.notes.sequence import NoteSequence

if TYPE_CHECKING:
    import pyarrow as pa

SMALL_CORPUS_S = 1.5
"""Below this, other processes would hardly have started before the work is done."""

Progress = Callable[[int, int], None]
"""Is told how many items are done, and how many there are."""


class Failure(NamedTuple):
    """A file, or a tune of a book, that could not be read, and why."""

    piece_id: str
    reason: str


class Outcome(NamedTuple):
    """What came of a file.

    Parameters
    ----------
    file : MusicFile
        The file.
    num_pieces : int
        How many rows it gave.
    reason : str
        Why it could not be read; empty if it could.
    tune_failures : tuple of Failure
        Tunes in it that could not be read.
    """

    file: MusicFile
    num_pieces: int
    reason: str = ""
    tune_failures: tuple[Failure, ...] = ()


class Chunk(NamedTuple):
    """What came out of some files: the rows of their pieces, and an outcome for each."""

    rows: "pa.RecordBatch"
    outcomes: tuple[Outcome, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The files that could not be read."""
        return tuple(Failure(o.file.piece_id, o.reason) for o in self.outcomes if o.reason)

    @property
    def tune_failures(self) -> tuple[Failure, ...]:
        """The tunes that could not be read, of files that could."""
        return tuple(failure for outcome in self.outcomes for failure in outcome.tune_failures)

    @property
    def num_files(self) -> int:
        """How many files they are."""
        return len(self.outcomes)


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
    num_files_before : int
        Files that an interrupted run had read already.
    """

    path: Path
    num_files: int
    num_pieces: int
    num_notes: int
    failures: tuple[Failure, ...]
    tune_failures: tuple[Failure, ...]
    skipped: Mapping[str, int]
    num_files_before: int = 0


def convert(
    sources: Iterable[str | Path],
    output: str | Path,
    *,
    recursive: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
    resume: bool = True,
    repeats: bool = True,
) -> Conversion:
    """Read music files into one notes file, one row a piece.

    A file that cannot be read is listed in the result and the others go on. The notes file
    is written beside and renamed. What was read is kept beside it until then, so that the same
    call after an interruption reads only what is left, what has changed and what had failed,
    and writes the same bytes as if it had not been interrupted.

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
    resume : bool
        Whether what an interrupted run has read counts; otherwise all is read again.
    repeats : bool
        Whether the repeats of scores and tunes are played, or every bar once.

    Raises
    ------
    DatasetError
        If there is no music file, none can be read, or `output` cannot be written or has the
        name of a music file.
    """
    _check_output(Path(output))
    found, skipped = find_music([Path(source) for source in sources], recursive=recursive)
    files = [file._replace(repeats=repeats) for file in found]
    outcomes: list[Outcome] = []
    num_notes = 0
    with unfinished(Path(output), notes_schema(), resume=resume) as journal:
        num_before = sum(file.key in journal for file in files)
        with _row_writer(journal.temporary) as writer:
            for chunk in _read_what_is_left(files, journal, workers):
                if chunk.rows.num_rows:
                    writer.write(chunk.rows)
                outcomes += chunk.outcomes
                num_notes += len(chunk.rows.column("notes").flatten())
                if progress:
                    progress(len(outcomes), len(files))
        whole = Chunk(to_record_batch([]), tuple(outcomes))
        if len(whole.failures) == len(files):
            raise DatasetError(
                f"None of the {len(files)} files could be read, so {output} was not written. "
                f"The first one, {whole.failures[0].piece_id}: {whole.failures[0].reason}"
            )
    return Conversion(
        Path(output),
        len(files),
        sum(outcome.num_pieces for outcome in outcomes),
        num_notes,
        whole.failures,
        whole.tune_failures,
        skipped,
        num_before,
    )


def _check_output(output: Path) -> None:
    """Refuse to write a table over music, or under a name that promises music."""
    from solferino.notes.files import SUFFIXES  # noqa: PLC0415

    if output.suffix.lower() in SUFFIXES:
        raise DatasetError(
            f"{output} would be a music file, and a table of notes is written. Name it "
            f"{output.with_suffix('.parquet').name}, or write one piece with solferino.save."
        )


def _read_what_is_left(
    files: Sequence[MusicFile], journal: Unfinished, workers: int | None
) -> Iterator[Chunk]:
    """Read the files that are not in the journal, add them to it, and yield all in order."""
    chunks = list(music_chunks(files))
    left = [[file for file in chunk if file.key not in journal] for chunk in chunks]
    fresh = read_chunks([chunk for chunk in left if chunk], workers)
    nothing = Chunk(to_record_batch([]), ())
    for chunk, missing in zip(chunks, left, strict=True):
        new = _next_files(fresh, len(missing)) if missing else nothing
        read = [outcome for outcome in new.outcomes if not outcome.reason]
        if read:
            entries = [Entry(o.file.key, o.num_pieces, o.tune_failures) for o in read]
            journal.add(entries, new.rows)
        yield new if len(missing) == len(chunk) else _with_journal(chunk, new, journal)


def _next_files(chunks: Iterator[Chunk], num_files: int) -> Chunk:
    """Take the results of a chunk, which come file by file where its process was killed."""
    parts = [next(chunks)]
    while sum(part.num_files for part in parts) < num_files:
        parts.append(next(chunks))
    outcomes = tuple(outcome for part in parts for outcome in part.outcomes)
    return parts[0] if len(parts) == 1 else Chunk(_joined([p.rows for p in parts]), outcomes)


def _with_journal(files: Sequence[MusicFile], new: Chunk, journal: Unfinished) -> Chunk:
    """Put what was read now and what was read before into the order of the files."""
    parts: list[pa.RecordBatch] = []
    outcomes: list[Outcome] = []
    fresh = {outcome.file: outcome for outcome in new.outcomes}
    num_used = 0
    for file in files:
        if file in fresh:
            outcome = fresh[file]
            parts.append(new.rows.slice(num_used, outcome.num_pieces))
            num_used += outcome.num_pieces
        else:
            parts.append(journal.rows_of(file.key))
            lost = tuple(Failure(*remark) for remark in journal.remarks_on(file.key))
            outcome = Outcome(file, parts[-1].num_rows, "", lost)
        outcomes.append(outcome)
    return Chunk(_joined(parts), tuple(outcomes))


def _joined(parts: "Sequence[pa.RecordBatch]") -> "pa.RecordBatch":
    import pyarrow as pa  # noqa: PLC0415

    joined = pa.Table.from_batches(parts, notes_schema()).combine_chunks().to_batches()
    return joined[0] if joined else to_record_batch([])


def read_chunks(
    chunks: Sequence[Sequence[MusicFile]], workers: int | None = None
) -> Iterator[Chunk]:
    """Read files, some at a time, in other processes where the corpus is large.

    Parameters
    ----------
    chunks : sequence of sequences of MusicFile
        See `music_chunks`. A file that kills its process gives a chunk of its own.
    workers : int, optional
        Number of processes; by default as many as pay off.
    """
    workers = workers or workers_for(sum(file.expected_s for chunk in chunks for file in chunk))
    yield from in_order(read_chunk, chunks, workers, crashed)


def workers_for(expected_s: float) -> int:
    """Return how many processes pay off for a task of so many seconds on one core."""
    return 1 if expected_s < SMALL_CORPUS_S else default_workers()


def read_chunk(files: Sequence[MusicFile]) -> Chunk:
    """Read files into rows; a file that fails becomes a `Failure`."""
    from solferino.notes.files import load_book  # noqa: PLC0415

    pieces: list[Piece] = []
    outcomes: list[Outcome] = []
    for file in files:
        try:
            book = load_book(file.path, repeats=file.repeats)
        except SolferinoError as error:
            outcomes.append(Outcome(file, 0, str(error)))
        except Exception as error:  # a fault of ours must not cost the user the other files
            reason = f"{type(error).__name__}: {error}. Please report this file."
            outcomes.append(Outcome(file, 0, reason))
        else:
            pieces += _named(file.piece_id, book.tunes)
            lost = tuple(Failure(f"{file.piece_id} X:{n}", why) for n, _, why in book.errors)
            outcomes.append(Outcome(file, len(book.tunes), "", lost))
    return Chunk(to_record_batch(pieces), tuple(outcomes))


def _named(piece_id: str, music: Sequence[NoteSequence]) -> list[Piece]:
    if len(music) == 1:
        return [Piece(piece_id, music[0])]
    return [Piece(f"{piece_id}#{number}", notes) for number, notes in enumerate(music, 1)]


def crashed(file: MusicFile) -> Chunk:
    """Return what a file gives that killed its process."""
    reason = "the reader crashed on it; please report this file"
    return Chunk(to_record_batch([]), (Outcome(file, 0, reason),))


@contextmanager
def _row_writer(path: Path) -> Iterator[RowWriter]:
    writer = RowWriter(path, notes_schema(), dictionary=[])
    try:
        yield writer
    finally:
        writer.close()
