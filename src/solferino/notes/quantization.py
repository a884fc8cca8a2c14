"""Notes on a grid: NoteSequence to QuantizedSequence, and back."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.errors import QuantizationError
from solferino.notes.columns import (
    Table,
    frozen_table,
    have_equal_fields,
    lie_within,
    table_of_columns,
)
from solferino.notes.sequence import (
    METER_DTYPE,
    NOTE_DTYPE,
    TEMPO_DTYPE,
    Instrument,
    NoteSequence,
    Text,
)
from solferino.notes.timing import TempoMap, meter_changes, quarters_per_bar

QUANTIZED_NOTE_DTYPE = np.dtype(
    [
        ("start_step", np.int32),
        ("end_step", np.int32),
        ("pitch", np.uint8),
        ("velocity", np.uint8),
        ("instrument", np.int16),
    ]
)
QUANTIZED_METER_DTYPE = np.dtype(
    [("step", np.int32), ("numerator", np.uint8), ("denominator", np.uint16)]
)
QUANTIZED_TEMPO_DTYPE = np.dtype([("step", np.int32), ("qpm", np.float64)])

LAST_STEP = int(np.iinfo(np.int32).max) - 1
ROUNDING_NOISE_STEPS = 1e-6
"""Times this little short of half a step count as half a step."""


@final
@dataclass(frozen=True)
class MetricGrid:
    """Steps that divide the quarter note and follow the tempo.

    Parameters
    ----------
    steps_per_quarter : int > 0
        4 is a grid of sixteenth notes.
    """

    steps_per_quarter: int = 4

    def __post_init__(self) -> None:
        """Refuse a grid without steps."""
        _check_resolution("steps_per_quarter", self.steps_per_quarter, "4 makes sixteenth notes")


@final
@dataclass(frozen=True)
class SecondsGrid:
    """Steps that divide the second, whatever the tempo.

    Parameters
    ----------
    steps_per_second : int > 0
        100 is a grid of 10 ms.
    """

    steps_per_second: int = 100

    def __post_init__(self) -> None:
        """Refuse a grid without steps."""
        _check_resolution("steps_per_second", self.steps_per_second, "100 makes steps of 10 ms")


Grid = MetricGrid | SecondsGrid


class QuantizedText(NamedTuple):
    """Words at a step of a piece; `kind` and `instrument` as in `Text`."""

    step: int
    text: str
    kind: str = "text"
    instrument: int = -1


@final
@dataclass(frozen=True, eq=False)
class QuantizedSequence:
    """A piece of music on a grid: times are whole numbers of steps.

    Parameters
    ----------
    grid : MetricGrid or SecondsGrid
        What a step is.
    notes : structured array, shape (n_notes,), dtype QUANTIZED_NOTE_DTYPE
        In order of ``start_step``; ``end_step`` is at least one later.
    instruments : tuple of Instrument
        The voices, as in the piece.
    meters : structured array, dtype QUANTIZED_METER_DTYPE
        Changes of meter, first row at step 0; see `meter_changes`.
    tempos : structured array, dtype QUANTIZED_TEMPO_DTYPE
        Changes of tempo in quarter notes a minute, first row at step 0.
    texts : tuple of QuantizedText
        Chord symbols, lyrics, markers and other words.
    total_steps : int
        Length in steps; never before the last ``end_step``.
    """

    grid: Grid
    notes: Table
    instruments: tuple[Instrument, ...]
    meters: Table
    tempos: Table
    texts: tuple[QuantizedText, ...] = ()
    total_steps: int = 0

    def __post_init__(self) -> None:
        """Freeze the tables and let the piece reach to its last note."""
        tables = {
            "notes": (QUANTIZED_NOTE_DTYPE, "start_step"),
            "meters": (QUANTIZED_METER_DTYPE, "step"),
            "tempos": (QUANTIZED_TEMPO_DTYPE, "step"),
        }
        for name, (dtype, order) in tables.items():
            object.__setattr__(self, name, frozen_table(getattr(self, name), dtype, order))
        last_step = int(self.notes["end_step"].max(initial=0))
        object.__setattr__(self, "total_steps", max(int(self.total_steps), last_step))

    @property
    def is_drum(self) -> NDArray[np.bool_]:
        """Whether each note is a drum hit, shape (n_notes,)."""
        flags = np.array([i.is_drum for i in self.instruments], np.bool_)
        return np.asarray(flags[self.notes["instrument"]])

    @property
    def chords(self) -> tuple[QuantizedText, ...]:
        """The chord symbols among `texts`."""
        return tuple(text for text in self.texts if text.kind == "chord")

    def steps_per_bar(self, numerator: int, denominator: int) -> float:
        """Length of a bar of a meter, in steps.

        Parameters
        ----------
        numerator, denominator : int > 0
            The meter, for instance from a row of `meters`.

        Returns
        -------
        float
            Exact where the denominator is a power of two. It need not be whole: a bar
            of 5/16 has 2.5 steps at 2 steps a quarter.

        Raises
        ------
        QuantizationError
            If the grid divides seconds, where a bar has no fixed number of steps.
        """
        if not isinstance(self.grid, MetricGrid):
            raise QuantizationError(
                f"a grid of {self.grid.steps_per_second} steps a second has no bars of fixed "
                "length; quantize with steps_per_quarter to have them"
            )
        return quarters_per_bar(numerator, denominator) * self.grid.steps_per_quarter

    def __len__(self) -> int:
        """Return the number of notes."""
        return len(self.notes)

    def __eq__(self, other: object) -> bool:
        """Equal when every field is equal."""
        if not isinstance(other, QuantizedSequence):
            return NotImplemented
        return have_equal_fields(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type["QuantizedSequence"], tuple[Any, ...]]:
        """Pickle through the constructor, so that the tables stay unwriteable."""
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)


def quantize_to_steps(spans_steps: ArrayLike) -> NDArray[np.int32]:
    """Snap onsets and releases to whole steps.

    Parameters
    ----------
    spans_steps : array_like of float >= 0, shape (n_notes, 2)
        Onset and release of each note, in steps and fractions of a step.

    Returns
    -------
    ndarray of int32, shape (n_notes, 2)
        The nearest steps. Half a step goes up, and a note that would get no length gets
        one step, so none disappears.

    Raises
    ------
    QuantizationError
        If a step does not fit in 32 bits.

    References
    ----------
    Magenta's rule, ``note_seq/sequences_lib.py``: ``QUANTIZE_CUTOFF = 0.5``.
    """
    steps = _nearest_steps(np.asarray(spans_steps, np.float64).reshape(-1, 2))
    steps[:, 1] = np.maximum(steps[:, 1], steps[:, 0] + 1)
    return steps


def quantize(notes: NoteSequence, steps_per_quarter: int = 4) -> QuantizedSequence:
    """Put a piece on a grid that follows its tempo map.

    Parameters
    ----------
    notes : NoteSequence
        With any number of tempi and meters.
    steps_per_quarter : int > 0
        Resolution; 4 is a grid of sixteenth notes.

    Returns
    -------
    QuantizedSequence
        Its notes follow the rule of `quantize_to_steps`.

    Raises
    ------
    QuantizationError
        If `steps_per_quarter` is not above 0, or the piece is too long for the grid.
    """
    return quantize_on(notes, MetricGrid(steps_per_quarter))


def quantize_absolute(notes: NoteSequence, steps_per_second: int = 100) -> QuantizedSequence:
    """Put a piece on a grid of equal parts of a second, whatever its tempo.

    Parameters
    ----------
    notes : NoteSequence
    steps_per_second : int > 0
        Resolution; 100 is a grid of 10 ms.

    Returns
    -------
    QuantizedSequence
        Its notes follow the rule of `quantize_to_steps`.

    Raises
    ------
    QuantizationError
        If `steps_per_second` is not above 0, or the piece is too long for the grid.
    """
    return quantize_on(notes, SecondsGrid(steps_per_second))


def to_notes(quantized: QuantizedSequence, qpm: float | None = None) -> NoteSequence:
    """Give the steps of a piece their times in seconds.

    Parameters
    ----------
    quantized : QuantizedSequence
    qpm : float > 0, optional
        Constant tempo in quarter notes a minute; without it the tempi of the piece. On a
        grid of seconds it says how the piece is written down, but moves no note.

    Returns
    -------
    NoteSequence
        Quantizing it on the same grid gives the same notes.

    Raises
    ------
    ValueError
        If `qpm` is not above 0.
    """
    if qpm is not None and not 0 < qpm < float("inf"):
        raise ValueError(f"qpm must be above 0 quarter notes a minute, got {qpm}")
    grid, tempos, meters = quantized.grid, quantized.tempos, quantized.meters
    if qpm is not None:
        tempos = np.array([(0, qpm)], QUANTIZED_TEMPO_DTYPE)
    tempo_map = TempoMap.from_quarters(tempos["step"] / _resolution(grid), tempos["qpm"])
    tempo_s = steps_to_seconds(grid, tempo_map, tempos["step"])
    meter_s = steps_to_seconds(grid, tempo_map, meters["step"])
    text_s = steps_to_seconds(grid, tempo_map, [text.step for text in quantized.texts])
    notes = np.empty(len(quantized.notes), NOTE_DTYPE)
    notes["onset_s"] = steps_to_seconds(grid, tempo_map, quantized.notes["start_step"])
    notes["release_s"] = steps_to_seconds(grid, tempo_map, quantized.notes["end_step"])
    for name in ("pitch", "velocity", "instrument"):
        notes[name] = quantized.notes[name]
    texts = zip(text_s.tolist(), quantized.texts, strict=True)
    return NoteSequence(
        notes=notes,
        instruments=quantized.instruments,
        tempos=table_of_columns((tempo_s, tempos["qpm"]), TEMPO_DTYPE),
        meters=table_of_columns((meter_s, meters["numerator"], meters["denominator"]), METER_DTYPE),
        texts=tuple(Text(time_s, *text[1:]) for time_s, text in texts),
        total_time_s=float(steps_to_seconds(grid, tempo_map, quantized.total_steps)),
    )


def _check_resolution(name: str, resolution: int, example: str) -> None:
    """Raise unless a resolution is a whole number above 0."""
    if not isinstance(resolution, (int, np.integer)) or resolution < 1:
        raise QuantizationError(
            f"{name} must be a whole number from 1, got {resolution}; {example}"
        )


def _resolution(grid: Grid) -> int:
    return grid.steps_per_quarter if isinstance(grid, MetricGrid) else grid.steps_per_second


def steps_to_seconds(grid: Grid, tempo_map: TempoMap, steps: ArrayLike) -> NDArray[np.float64]:
    """Find the times of steps, of any shape; on a grid of seconds the tempo map plays no part."""
    units = np.asarray(steps, np.float64) / _resolution(grid)
    return tempo_map.quarters_to_seconds(units) if isinstance(grid, MetricGrid) else units


def seconds_to_steps(grid: Grid, tempo_map: TempoMap, times_s: ArrayLike) -> NDArray[np.float64]:
    """Find where times lie among the steps, not rounded; the inverse of `steps_to_seconds`."""
    times = np.asarray(times_s, np.float64)
    units = tempo_map.seconds_to_quarters(times) if isinstance(grid, MetricGrid) else times
    return units * _resolution(grid)


def quantize_on(notes: NoteSequence, grid: Grid) -> QuantizedSequence:
    """Round all moments of a piece to the steps of a grid; see `quantize`."""
    tempo_map = TempoMap.from_sequence(notes)
    unrounded = partial(seconds_to_steps, grid, tempo_map)

    quantized = np.empty(len(notes), QUANTIZED_NOTE_DTYPE)
    spans = np.stack([notes.notes["onset_s"], notes.notes["release_s"]], axis=1)
    quantized["start_step"], quantized["end_step"] = quantize_to_steps(unrounded(spans)).T
    for name in ("pitch", "velocity", "instrument"):
        quantized[name] = notes.notes[name]
    meters = meter_changes(notes)
    meter_columns = (
        _nearest_steps(unrounded(meters["time_s"])),
        meters["numerator"],
        meters["denominator"],
    )
    tempo_steps = _nearest_steps(unrounded(tempo_map.change_s))
    text_steps = _nearest_steps(unrounded([text.time_s for text in notes.texts])).tolist()
    return QuantizedSequence(
        grid,
        quantized,
        notes.instruments,
        _last_at_each_step(table_of_columns(meter_columns, QUANTIZED_METER_DTYPE)),
        _last_at_each_step(
            table_of_columns((tempo_steps, tempo_map.change_qpm), QUANTIZED_TEMPO_DTYPE)
        ),
        tuple(QuantizedText(n, *t[1:]) for n, t in zip(text_steps, notes.texts, strict=True)),
        int(_nearest_steps(unrounded(notes.total_time_s))),
    )


def _nearest_steps(unrounded_steps: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round to whole steps, half a step up."""
    steps = np.floor(unrounded_steps + (0.5 + ROUNDING_NOISE_STEPS))
    if not lie_within(steps, 0, LAST_STEP):
        raise QuantizationError(
            f"steps must lie in 0..{LAST_STEP}, got {np.min(steps):g} to {np.max(steps):g}; "
            "trim the piece or take a coarser grid"
        )
    return np.asarray(steps.astype(np.int32))


def _last_at_each_step(table: Table) -> Table:
    """Leave the last of the rows that fall on the same step."""
    return np.asarray(table[np.append(np.diff(table["step"]) > 0, True)])
