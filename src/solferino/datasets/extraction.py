"""Pieces to examples: extract, group, split, and account for everything that was dropped."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from solferino.datasets.conversion import Failure, Progress, read_chunk, workers_for
from solferino.datasets.examples import Examples, ExampleSet
from solferino.datasets.explanation import Dropped, explain_nothing, statistics_of
from solferino.datasets.music_files import MusicFile, find_music, music_chunks
from solferino.datasets.near_duplicates import (
    Phrases,
    group_near_duplicates,
    phrases,
    split_by_group,
)
from solferino.datasets.sources import Origin, count_sources
from solferino.datasets.tables import Piece, from_record_batch, read_batches, size_of
from solferino.datasets.workers import in_order
from solferino.errors import DatasetError, RecipeError, SolferinoError
from solferino.notes.sequence import NoteSequence
from solferino.representations.registry import build_representation
from solferino.representations.representation import Drop, EventSequence, Representation

if TYPE_CHECKING:
    import pyarrow as pa

PIECES_AT_ONCE = 64
SECONDS_PER_NOTE = 3e-6
"""About how long extraction takes on one core."""


@final
@dataclass(frozen=True)
class ExtractionPlan:
    """What is made of each piece.

    Parameters
    ----------
    representation_name : str
        Name in the registry of representations.
    representation_options, rules : mapping
        Arguments of the representation, and of its extraction; JSON values.
    """

    representation_name: str
    representation_options: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Representation:
        """Build the representation, and try the rules on a piece without notes.

        Raises
        ------
        RecipeError
            If the name, an option or a rule is unknown or out of range.
        """
        representation = build_representation(self.representation_name, self.representation_options)
        representation.extract(NoteSequence(), self.rules)
        return representation


class ExtractedPiece(NamedTuple):
    """What came out of a piece."""

    piece_id: str
    sequences: tuple[EventSequence, ...]
    drops: tuple[Drop, ...]
    phrases: Phrases


class Extracted(NamedTuple):
    """What came out of some pieces, and the files and tunes that could not be read."""

    pieces: tuple[ExtractedPiece, ...]
    failures: tuple[Failure, ...]
    num_done: int


@final
@dataclass(frozen=True)
class Extraction:
    """What came out of a whole corpus.

    Parameters
    ----------
    pieces : tuple of ExtractedPiece
        In the order of the corpus.
    failures : tuple of Failure
        Files and tunes that could not be read, where the corpus was music, no notes file.
    """

    pieces: tuple[ExtractedPiece, ...]
    failures: tuple[Failure, ...]

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Pieces and parts of pieces that a rule kept out."""
        return tuple(Dropped(p.piece_id, *drop) for p in self.pieces for drop in p.drops)


def extract_pieces(
    corpus: str | Path,
    plan: ExtractionPlan,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Extraction:
    """Extract the event sequences of a corpus.

    Parameters
    ----------
    corpus : path
        A notes file, a music file, or a folder of music.
    plan : ExtractionPlan
        Representation and rules.
    workers : int, optional
        Number of processes; by default one a core, or none where the corpus is small.
    progress : callable, optional
        Called after every few pieces with how many are done, and how many there are.

    Raises
    ------
    DatasetError
        If the corpus cannot be read.
    RecipeError
        If the plan makes no sense.
    """
    plan.build()
    pieces: list[ExtractedPiece] = []
    failures: list[Failure] = []
    num_done = 0
    for extracted, num_items in _extracted(Path(corpus), plan, workers):
        pieces += extracted.pieces
        failures += extracted.failures
        num_done += extracted.num_done
        if progress:
            progress(num_done, num_items)
    return Extraction(tuple(pieces), tuple(failures))


def make_dataset(
    extraction: Extraction,
    plan: ExtractionPlan,
    *,
    eval_ratio: float = 0.1,
    seed: int = 0,
    held_out: Sequence[str] | None = None,
    sources: Mapping[str, Origin] | None = None,
    corpus: str = "unknown",
) -> Examples:
    """Divide extracted sequences for training and evaluation, and account for all pieces.

    Parameters
    ----------
    extraction : Extraction
        From `extract_pieces`.
    plan : ExtractionPlan
        What it was made with.
    eval_ratio : float in [0, 1)
        Part of the pieces that is kept for evaluation. Variants of a tune stay together.
    seed : int
        Fixes the division.
    held_out : sequence of str, optional
        Instead of the ratio: ids of the pieces to keep for evaluation, or what these ids
        begin with, as a published split has it.
    sources : mapping of str to Origin, optional
        Origin of each path prefix of the corpus; see `read_sources`.
    corpus : str
        Name for what comes from elsewhere.

    Raises
    ------
    DatasetError
        If there is no sequence; the message names the rule that dropped most and the
        setting that would keep it.
    """
    if not 0 <= eval_ratio < 1:
        raise DatasetError(f"eval_ratio is {eval_ratio}; it must be at least 0 and below 1.")
    pieces, dropped = extraction.pieces, extraction.dropped
    useful = sorted((piece for piece in pieces if piece.sequences), key=lambda p: p.piece_id)
    if not useful:
        raise DatasetError(explain_nothing(len(pieces), dropped, extraction.failures))
    if held_out is None:
        train, evaluation, split = _divide(useful, eval_ratio, seed)
    else:
        train, evaluation, split = _divide_as_told(useful, held_out)
    representation = plan.build()
    sets = _example_set(train), _example_set(evaluation)
    statistics = {
        "rules": dict(plan.rules),
        "pieces": len(pieces),
        "pieces_with_examples": len(useful),
        "unreadable": len(extraction.failures),
        "split": split,
        **statistics_of(*sets, dropped, plan.rules, representation),
    }
    return Examples(
        plan.representation_name,
        dict(representation.options),
        *sets,
        learnt_from=count_sources((p.piece_id for p in train), sources or {}, corpus),
        statistics=statistics,
    )


def _divide(
    pieces: Sequence[ExtractedPiece], eval_ratio: float, seed: int
) -> tuple[list[ExtractedPiece], list[ExtractedPiece], dict[str, Any]]:
    """Divide pieces so that no variants are on both sides, and say how it came out."""
    groups = group_near_duplicates([piece.phrases for piece in pieces])
    split = split_by_group(groups, eval_ratio, seed)
    sides: tuple[list[ExtractedPiece], list[ExtractedPiece]] = ([], [])
    for piece, is_eval in zip(pieces, split.is_eval.tolist(), strict=True):
        sides[is_eval].append(piece)
    summary = {
        "eval_ratio": eval_ratio,
        "seed": seed,
        "train_pieces": len(sides[0]),
        "eval_pieces": len(sides[1]),
        "groups": split.num_groups,
        "groups_by_size": {str(size): n for size, n in split.group_sizes.items()},
    }
    return *sides, summary


def _divide_as_told(
    pieces: Sequence[ExtractedPiece], held_out: Sequence[str]
) -> tuple[list[ExtractedPiece], list[ExtractedPiece], dict[str, Any]]:
    """Divide pieces as a list says, and count the groups of variants that it parts."""
    prefixes = tuple(held_out)
    sides: tuple[list[ExtractedPiece], list[ExtractedPiece]] = ([], [])
    for piece in pieces:
        sides[piece.piece_id.startswith(prefixes)].append(piece)
    if not sides[1]:
        raise DatasetError(
            f"None of the {len(prefixes)} pieces to keep for evaluation gave an example; their "
            f"names begin like {pieces[0].piece_id!r}."
        )
    groups = group_near_duplicates([piece.phrases for side in sides for piece in side]).tolist()
    parted = set(groups[: len(sides[0])]) & set(groups[len(sides[0]) :])
    sizes = Counter(Counter(groups).values())
    summary = {
        "train_pieces": len(sides[0]),
        "eval_pieces": len(sides[1]),
        "groups": len(set(groups)),
        "groups_by_size": {str(size): n for size, n in sorted(sizes.items())},
        "parted_groups": len(parted),
    }
    return *sides, summary


def _extracted(
    corpus: Path, plan: ExtractionPlan, workers: int | None
) -> Iterator[tuple[Extracted, int]]:
    if corpus.is_dir() or (corpus.exists() and corpus.suffix.lower() not in {".parquet", ".pq"}):
        files, _ = find_music([corpus])
        workers = workers or workers_for(sum(file.expected_s for file in files))
        from_files = partial(_extract_files, plan)
        results = in_order(from_files, music_chunks(files), workers, crashed_file)
        yield from ((extracted, len(files)) for extracted in results)
    else:
        num_pieces, num_notes = size_of(corpus)
        workers = workers or workers_for(num_notes * SECONDS_PER_NOTE)
        slices = _slices(read_batches(corpus), serialised=workers > 1)
        results = in_order(partial(_extract_slices, plan), slices, workers, crashed_slice)
        yield from ((extracted, num_pieces) for extracted in results)


def _extract_files(plan: ExtractionPlan, files: Sequence[MusicFile]) -> Extracted:
    chunk = read_chunk(files)
    pieces = _extract(plan, from_record_batch(chunk.rows))
    return Extracted(pieces, chunk.failures + chunk.tune_failures, chunk.num_files)


def _extract_slices(plan: ExtractionPlan, slices: Sequence[Any]) -> Extracted:
    import pyarrow as pa  # noqa: PLC0415

    batches = (
        rows if isinstance(rows, pa.RecordBatch) else pa.ipc.open_stream(rows).read_next_batch()
        for rows in slices
    )
    pieces = tuple(p for rows in batches for p in _extract(plan, from_record_batch(rows)))
    return Extracted(pieces, (), len(pieces))


def _extract(plan: ExtractionPlan, pieces: Iterable[Piece]) -> tuple[ExtractedPiece, ...]:
    representation = plan.build()
    return tuple(extract_piece(representation, plan.rules, piece) for piece in pieces)


def extract_piece(
    representation: Representation, rules: Mapping[str, Any], piece: Piece
) -> ExtractedPiece:
    """Extract the sequences of one piece; what goes wrong becomes a drop."""
    try:
        sequences, drops = representation.extract(piece.notes, rules)
    except RecipeError:
        raise
    except SolferinoError as error:
        sequences, drops = (), (Drop("not_extractable", str(error), ""),)
    if not sequences and not drops:
        drops = (Drop("nothing_found", f"{len(piece.notes)} notes", ""),)
    kin = phrases(piece.notes if sequences else NoteSequence())
    return ExtractedPiece(piece.piece_id, sequences, drops, kin)


def crashed_file(file: MusicFile) -> Extracted:
    """Return what a file gives that killed its process."""
    failure = Failure(file.piece_id, "the reader crashed on it; please report this file")
    return Extracted((), (failure,), 1)


def crashed_slice(rows: Any) -> Extracted:  # noqa: ARG001
    """Return what pieces give that killed their process."""
    failure = Failure("some pieces", "extraction crashed on them; please report it")
    return Extracted((), (failure,), PIECES_AT_ONCE)


def _slices(batches: "Iterable[pa.RecordBatch]", *, serialised: bool) -> Iterator[list[Any]]:
    """Cut row groups into few pieces each, as bytes where they go to other processes."""
    import pyarrow as pa  # noqa: PLC0415

    for batch in batches:
        for first in range(0, batch.num_rows, PIECES_AT_ONCE):
            rows = batch.slice(first, PIECES_AT_ONCE)
            if serialised:
                sink = pa.BufferOutputStream()
                with pa.ipc.new_stream(sink, rows.schema) as stream:
                    stream.write_batch(rows)
                yield [sink.getvalue().to_pybytes()]
            else:
                yield [rows]


def _example_set(pieces: Iterable[ExtractedPiece]) -> ExampleSet:
    return ExampleSet.from_sequences(
        (piece.piece_id, sequence) for piece in pieces for sequence in piece.sequences
    )
