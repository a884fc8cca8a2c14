"""Example sets: the event sequences that a model learns from, in memory and on disk.

A folder of examples holds ``train.parquet`` and ``eval.parquet``, one row a sequence, and
``dataset.json``, which says what the ids mean, what they were made from and what was dropped.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.datasets.parquet import RowWriter, beside, column_of, numbers_of
from solferino.errors import DatasetError
from solferino.representations.registry import build_representation
from solferino.representations.representation import (
    NO_CONTEXT,
    Context,
    EventSequence,
    Ids,
    Representation,
)

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_VERSION = 2
CARD_NAME = "dataset.json"
ROWS_AT_ONCE = 4096


@final
@dataclass(frozen=True, eq=False)
class ExampleSet:
    """Event sequences in one flat column.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
        Event ids of all sequences, one after the other; not writeable.
    offsets : ndarray of int64, shape (n_sequences + 1,)
        Sequence k is ``ids[offsets[k]:offsets[k + 1]]``.
    steps_per_bar, start_step, transposition : ndarray of int64, shape (n_sequences,)
        As in `EventSequence`.
    piece_ids : tuple of str
        The piece that each sequence came from.
    context : ndarray of float32, shape (n_events, context_size)
        As in `EventSequence`, a row for each event; no rows where there is none.

    Raises
    ------
    ValueError
        If the lengths do not fit together.
    """

    ids: Ids
    offsets: NDArray[np.int64]
    steps_per_bar: NDArray[np.int64]
    start_step: NDArray[np.int64]
    transposition: NDArray[np.int64]
    piece_ids: tuple[str, ...]
    context: Context = field(default_factory=lambda: NO_CONTEXT)

    def __post_init__(self) -> None:
        """Freeze the columns and check that they fit together."""
        columns = {"ids": np.int16, "context": np.float32} | dict.fromkeys(
            ("offsets", "steps_per_bar", "start_step", "transposition"), np.int64
        )
        for name, dtype in columns.items():
            column = np.array(getattr(self, name), dtype)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        n = len(self.piece_ids)
        fits = len(self.offsets) == n + 1 and self.offsets[-1] == len(self.ids)
        fits &= len(self.context) in (0, len(self.ids))
        if not fits or any(len(getattr(self, name)) != n for name in list(columns)[3:]):
            raise ValueError(
                f"{n} piece ids need {n + 1} offsets that end at the number of ids, a row of "
                f"context for each id or none, and {n} values in each of the other columns"
            )

    @classmethod
    def from_sequences(cls, sequences: Iterable[tuple[str, EventSequence]]) -> Self:
        """Put sequences, each with the id of its piece, one after the other."""
        pairs = list(sequences)
        events = [sequence for _, sequence in pairs]
        contexts = [e.context for e in events if len(e.context)]
        return cls(
            ids=np.concatenate([np.empty(0, np.int16), *(e.ids for e in events)]),
            offsets=np.cumsum([0, *(len(e) for e in events)]),
            steps_per_bar=np.array([e.steps_per_bar for e in events], np.int64),
            start_step=np.array([e.start_step for e in events], np.int64),
            transposition=np.array([e.transposition for e in events], np.int64),
            piece_ids=tuple(piece_id for piece_id, _ in pairs),
            context=np.concatenate(contexts) if contexts else NO_CONTEXT,
        )

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.piece_ids)

    def __getitem__(self, index: int) -> EventSequence:
        """Return one sequence."""
        row = range(len(self))[index]
        events = slice(self.offsets[row], self.offsets[row + 1])
        return EventSequence(
            ids=self.ids[events],
            start_step=int(self.start_step[row]),
            steps_per_bar=int(self.steps_per_bar[row]),
            transposition=int(self.transposition[row]),
            context=self.context[events] if len(self.context) else NO_CONTEXT,
        )

    def __iter__(self) -> Iterator[EventSequence]:
        """Walk through the sequences."""
        return (self[row] for row in range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of events of each sequence, shape (n_sequences,)."""
        return np.diff(self.offsets)


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """Everything a model can be trained and measured on.

    Parameters
    ----------
    representation_name : str
        Name in the registry of representations.
    representation_options : mapping
        Its arguments, as JSON values.
    train, eval : ExampleSet
        Divided so that no piece of one is a variant of a piece of the other.
    learnt_from : list of dict
        Sources: ``name``, ``licence``, ``attribution`` and ``pieces``, the number of pieces
        that gave an example.
    statistics : mapping
        Counters, histograms, and how the split was made; JSON values.
    """

    representation_name: str
    representation_options: Mapping[str, Any]
    train: ExampleSet
    eval: ExampleSet
    learnt_from: Sequence[Mapping[str, Any]] = ()
    statistics: Mapping[str, Any] = field(default_factory=dict)


def check_same_events(examples: Examples, representation: Representation, owner: str) -> None:
    """Refuse examples whose ids mean other events than a representation's.

    Parameters
    ----------
    examples : Examples
    representation : Representation
        It may show the same events to its model in another encoding.
    owner : str
        Whose it is, for the message: ``"the bundle"``.

    Raises
    ------
    DatasetError
        If vocabulary, grid or key differ.
    """
    other = build_representation(examples.representation_name, examples.representation_options)
    wanted, found = _events_of(representation), _events_of(other)
    if wanted != found:
        raise DatasetError(
            f"{owner}'s events are {wanted}, the examples' {found}; "
            "make examples with a recipe that has the same events"
        )


def _events_of(representation: Representation) -> str:
    """Say what the ids of a representation mean: all its options but the encodings."""
    options = {
        name: value
        for name, value in representation.options.items()
        if not name.endswith("encoding")
    }
    return f"{representation.name} ({', '.join(f'{n}={v}' for n, v in sorted(options.items()))})"


def write_examples(examples: Examples, folder: str | Path) -> None:
    """Write a folder of examples.

    Parameters
    ----------
    examples : Examples
    folder : path
        Made if it is missing. Examples that it held are replaced.

    Raises
    ------
    DatasetError
        If the folder cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is a file; examples need a folder, named with -o.")
    card = {
        "format_version": FORMAT_VERSION,
        "representation": {
            "name": examples.representation_name,
            "options": dict(examples.representation_options),
        },
        "learnt_from": [dict(source) for source in examples.learnt_from],
        "statistics": dict(examples.statistics),
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    with (
        beside(folder / CARD_NAME) as card_path,
        beside(folder / "eval.parquet") as evaluation,
        beside(folder / "train.parquet") as train,
    ):
        _write_set(examples.train, train)
        _write_set(examples.eval, evaluation)
        card_path.write_text(text, encoding="utf-8")


def read_examples(folder: str | Path) -> Examples:
    """Read a folder of examples.

    Parameters
    ----------
    folder : path
        Written by `write_examples`.

    Raises
    ------
    DatasetError
        If a file is missing, damaged or of another version.
    """
    folder = Path(folder)
    remedy = "Make it with `solferino dataset RECIPE NOTES -o FOLDER`."
    try:
        card = json.loads((folder / CARD_NAME).read_text(encoding="utf-8"))
        version = card["format_version"]
        representation = card["representation"]
        name, options = representation["name"], representation["options"]
        learnt_from, statistics = card["learnt_from"], card["statistics"]
    except OSError as error:
        raise DatasetError(f"{folder} has no {CARD_NAME}, so it holds no examples. {remedy}") from (
            error
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{folder / CARD_NAME} is damaged. {remedy}") from error
    if version != FORMAT_VERSION:
        raise DatasetError(
            f"{folder} has examples of version {version} and this program reads version "
            f"{FORMAT_VERSION}. {remedy}"
        )
    train, evaluation = (_read_set(folder / f"{part}.parquet") for part in ("train", "eval"))
    return Examples(name, options, train, evaluation, learnt_from, statistics)


_COLUMNS = {
    "piece_id": "piece_ids",
    "start_step": "start_step",
    "steps_per_bar": "steps_per_bar",
    "transposition": "transposition",
}


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415

    kinds = (pa.string(), pa.int64(), pa.int64(), pa.int64())
    events = [("ids", pa.list_(pa.int16())), ("context", pa.list_(pa.float32()))]
    return pa.schema([*zip(_COLUMNS, kinds, strict=True), *events])


def _write_set(examples: ExampleSet, path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415

    schema = _schema()
    coded = ["piece_id", "steps_per_bar", "ids.list.element", "context.list.element"]
    writer = RowWriter(path, schema, dictionary=coded)
    for first in range(0, len(examples), ROWS_AT_ONCE):
        rows = slice(first, min(first + ROWS_AT_ONCE, len(examples)))
        offsets = examples.offsets[rows.start : rows.stop + 1]
        width = examples.context.size // max(len(examples.ids), 1)
        context = examples.context.reshape(-1)
        columns = [
            column_of(getattr(examples, column)[rows], schema.field(name).type)
            for name, column in _COLUMNS.items()
        ]
        columns.append(_lists_of(examples.ids, offsets, pa.int16()))
        columns.append(_lists_of(context, offsets * width, pa.float32()))
        writer.write(pa.record_batch(columns, schema=schema))
    writer.close()


def _lists_of(values: NDArray[Any], offsets: NDArray[np.int64], kind: "pa.DataType") -> Any:
    """Cut a column into one list a row."""
    import pyarrow as pa  # noqa: PLC0415

    starts = column_of(offsets - offsets[0], pa.int32())
    return pa.ListArray.from_arrays(starts, column_of(values[offsets[0] : offsets[-1]], kind))


def _read_set(path: Path) -> ExampleSet:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            table = file.read().cast(_schema())
        columns = {name: table.column(name).combine_chunks() for name in table.column_names}
        lists = columns.pop("ids")
        context = numbers_of(columns.pop("context").values)
        piece_ids = tuple(columns.pop("piece_id").to_pylist())
        numbers = {name: numbers_of(column) for name, column in columns.items()}
        ids, offsets = numbers_of(lists.values), numbers_of(lists.offsets)
        width = len(context) // max(len(ids), 1)
        context = context.reshape(len(ids), width) if width else NO_CONTEXT
        return ExampleSet(ids, offsets, piece_ids=piece_ids, context=context, **numbers)
    except (OSError, pa.ArrowInvalid, KeyError, ValueError, TypeError) as error:
        reason = "is missing" if not path.exists() else "is damaged"
        raise DatasetError(f"{path} {reason}. Make it with `solferino dataset`.") from error
