"""NoteSequence: music in memory, as read-only columns."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.notes.columns import (
    MAX_FLOAT,
    Rows,
    Table,
    frozen_table,
    have_equal_fields,
    lie_within,
    table_of_columns,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTE_DTYPE = np.dtype(
    [
        ("onset_s", np.float64),
        ("release_s", np.float64),
        ("pitch", np.uint8),
        ("velocity", np.uint8),
        ("instrument", np.int16),
    ]
)
TEMPO_DTYPE = np.dtype([("time_s", np.float64), ("qpm", np.float64)])
METER_DTYPE = np.dtype(
    [("time_s", np.float64), ("numerator", np.uint8), ("denominator", np.uint16)]
)
KEY_DTYPE = np.dtype([("time_s", np.float64), ("sharps", np.int8), ("is_minor", np.bool_)])
CONTROL_DTYPE = np.dtype(
    [
        ("time_s", np.float64),
        ("number", np.uint8),
        ("value", np.uint8),
        ("instrument", np.int16),
    ]
)
BEND_DTYPE = np.dtype([("time_s", np.float64), ("bend", np.int16), ("instrument", np.int16)])

DEFAULT_QPM = 120.0
DEFAULT_TICKS_PER_QUARTER = 220
DEFAULT_VELOCITY = 80


class Instrument(NamedTuple):
    """One voice of a piece: a General MIDI program, or a drum kit, with a name.

    Parameters
    ----------
    program : int in [0, 127]
        General MIDI program, counted from 0.
    is_drum : bool
        Whether it plays on the percussion channel.
    name : str
        Track name; may be empty.
    """

    program: int = 0
    is_drum: bool = False
    name: str = ""


class Text(NamedTuple):
    """Words at a moment of a piece.

    Parameters
    ----------
    time_s : float
        When, in seconds from the start of the piece.
    text : str
        The words, for instance ``"Am7"`` or ``"Chorus"``.
    kind : str
        One of ``TEXT_KINDS``.
    instrument : int
        Index into ``NoteSequence.instruments``, or -1 for the whole piece.
    """

    time_s: float
    text: str
    kind: str = "text"
    instrument: int = -1


TEXT_KINDS = ("chord", "lyric", "marker", "text")


TABLES: Mapping[str, np.dtype[np.void]] = MappingProxyType(
    {
        "notes": NOTE_DTYPE,
        "tempos": TEMPO_DTYPE,
        "meters": METER_DTYPE,
        "keys": KEY_DTYPE,
        "control_changes": CONTROL_DTYPE,
        "pitch_bends": BEND_DTYPE,
    }
)
"""The tables of a piece and their columns; the first column of each is the time it is sorted by."""

SETTINGS = tuple(name for name in TABLES if name != "notes")
"""The tables of which a row holds until the next one like it."""

_RANGES: Mapping[str, tuple[tuple[str, float, float, str], ...]] = MappingProxyType(
    {
        "tempos": (("qpm", 1e-9, MAX_FLOAT, "tempos must be above 0 quarter notes a minute"),),
        "meters": (
            ("numerator", 1, 255, "meters need a numerator above 0"),
            ("denominator", 1, 65535, "meters need a denominator above 0"),
        ),
        "keys": (("sharps", -7, 7, "keys have -7 to 7 sharps"),),
        "control_changes": (
            ("number", 0, 127, "control numbers must be in 0..127"),
            ("value", 0, 127, "control values must be in 0..127"),
        ),
        "pitch_bends": (("bend", -8192, 8191, "bend must be in -8192..8191"),),
    }
)
_FIELDS_WITH_INSTRUMENTS = ("notes", "control_changes", "pitch_bends", "texts")
_time_of = attrgetter("time_s")
_UNKNOWN = object()


@final
@dataclass(frozen=True, eq=False, repr=False)
class NoteSequence:
    """A piece of music: notes and all that a MIDI file says about them.

    It is a value: no method changes it, and its tables cannot be written. Each table is a
    NumPy structured array in order of time, so ``piece.notes["pitch"]`` is a column and
    ``piece.notes[piece.notes["pitch"] > 60]`` are rows.

    Parameters
    ----------
    notes : structured array, shape (n_notes,), dtype NOTE_DTYPE
        ``onset_s`` and ``release_s`` in seconds from the start of the piece, ``pitch`` and
        ``velocity`` in MIDI numbers, ``instrument`` an index into `instruments`.
    instruments : tuple of Instrument
        The voices. Program and drum flag live here; see `program` and `is_drum`.
    tempos : structured array, dtype TEMPO_DTYPE
        Tempo changes in quarter notes a minute; 120 before the first.
    meters : structured array, dtype METER_DTYPE
        Time signatures; 4/4 before the first.
    keys : structured array, dtype KEY_DTYPE
        Key signatures: number of sharps (negative: flats) and whether minor.
    control_changes, pitch_bends : structured arrays
        MIDI controllers, and bends in [-8192, 8191].
    texts : tuple of Text
        Chord symbols, lyrics, markers and other words.
    title, source : str
        What it is called and where it came from.
    total_time_s : float
        Length in seconds; never before the last release.
    ticks_per_quarter : int
        Resolution of the MIDI file it came from, kept for writing.

    Raises
    ------
    ValueError
        If a number is out of its range; the message names the column.
    """

    notes: Table = field(default_factory=lambda: np.empty(0, NOTE_DTYPE))
    instruments: tuple[Instrument, ...] = ()
    tempos: Table = field(default_factory=lambda: np.empty(0, TEMPO_DTYPE))
    meters: Table = field(default_factory=lambda: np.empty(0, METER_DTYPE))
    keys: Table = field(default_factory=lambda: np.empty(0, KEY_DTYPE))
    control_changes: Table = field(default_factory=lambda: np.empty(0, CONTROL_DTYPE))
    pitch_bends: Table = field(default_factory=lambda: np.empty(0, BEND_DTYPE))
    texts: tuple[Text, ...] = ()
    title: str = ""
    source: str = ""
    total_time_s: float = 0.0
    ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER

    def __post_init__(self) -> None:
        """Freeze the tables, sort them by time and check every range."""
        self._settle({f.name for f in fields(self)})

    def _settle(self, names: AbstractSet[str]) -> None:
        """Freeze, sort and check the fields of these names; the others were before."""
        for name in TABLES.keys() & names:
            dtype = TABLES[name]
            try:
                table = frozen_table(getattr(self, name), dtype, _time_column(dtype))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            object.__setattr__(self, name, table)
        if "instruments" in names:
            object.__setattr__(self, "instruments", tuple(Instrument(*i) for i in self.instruments))
        if "texts" in names:
            texts = (text if type(text) is Text else Text(*text) for text in self.texts)
            object.__setattr__(self, "texts", tuple(sorted(texts, key=_time_of)))
        if {"notes", "total_time_s"} & names:
            last_release_s = float(self.notes["release_s"].max(initial=0.0))
            object.__setattr__(self, "total_time_s", max(float(self.total_time_s), last_release_s))
        _check_ranges(self, names)

    @classmethod
    def from_columns(
        cls,
        pitch: ArrayLike,
        onset_s: ArrayLike,
        release_s: ArrayLike,
        velocity: ArrayLike = DEFAULT_VELOCITY,
        instrument: ArrayLike = 0,
        **others: Any,
    ) -> Self:
        """Build a piece from columns; scalars are broadcast.

        Parameters
        ----------
        pitch, onset_s, release_s, velocity, instrument : array_like, shape (n_notes,)
            The columns of `notes`.
        **others
            Any other field of `NoteSequence`. Without ``instruments`` every instrument
            index that occurs becomes a piano.
        """
        columns = (onset_s, release_s, pitch, velocity, instrument)
        notes = table_of_columns(columns, NOTE_DTYPE)
        if "instruments" not in others:
            n_instruments = int(notes["instrument"].max(initial=0)) + 1
            others["instruments"] = (Instrument(),) * n_instruments
        return cls(notes=notes, **others)

    @property
    def program(self) -> NDArray[np.uint8]:
        """General MIDI program of each note, shape (n_notes,)."""
        programs = np.array([i.program for i in self.instruments], np.uint8)
        return np.asarray(programs[self.notes["instrument"]])

    @property
    def is_drum(self) -> NDArray[np.bool_]:
        """Whether each note is a drum hit, shape (n_notes,)."""
        flags = np.array([i.is_drum for i in self.instruments], np.bool_)
        return np.asarray(flags[self.notes["instrument"]])

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed; `total_time_s` grows where it must.

        Only what changes is checked: the rest was, and cannot have changed since.
        """
        values = vars(self)
        changed = {name: v for name, v in changes.items() if v is not values.get(name, _UNKNOWN)}
        unknown = changes.keys() - values
        if unknown:
            raise TypeError(f"a NoteSequence has no {', '.join(sorted(unknown))}")
        copy = self._derived(**changed)
        copy._settle(changed.keys())
        return copy

    def _derived(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, unchecked.

        For rows that an operation takes from this piece and moves by one time: they are
        sorted and in their ranges because this piece is. They must be owned and frozen.
        """
        copy = object.__new__(type(self))
        vars(copy).update(vars(self) | changes)
        return copy

    def with_notes(self, notes: Rows) -> Self:
        """Return a copy with other notes, all else kept."""
        return self.replace(notes=notes)

    def plot(self, path: str | Path | None = None, **options: Any) -> "Figure":
        """Draw the piano roll; see `solferino.notes.plotting.plot`, which has the options."""
        from solferino.notes.plotting import plot  # noqa: PLC0415

        return plot(self, path, **options)

    def __len__(self) -> int:
        """Return the number of notes."""
        return len(self.notes)

    def __eq__(self, other: object) -> bool:
        """Equal when every field is equal."""
        if not isinstance(other, NoteSequence):
            return NotImplemented
        return have_equal_fields(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Pickle through the constructor, so that the tables stay unwriteable."""
        return type(self), tuple(getattr(self, f.name) for f in fields(self))

    def __repr__(self) -> str:
        """Say what a musician would ask first: how long, how many notes, what meter."""
        parts = [_count(len(self), "note"), f"{self.total_time_s:.2f} s"]
        if len(self.tempos):
            parts.append(f"{self.tempos['qpm'][0]:g} qpm")
        if len(self.meters):
            meter = self.meters[0]
            parts.append(f"{meter['numerator']}/{meter['denominator']}")
        parts.append(_count(len(self.instruments), "instrument"))
        title = f" {self.title!r}" if self.title else ""
        return f"<NoteSequence{title}: {', '.join(parts)}>"


def _time_column(dtype: np.dtype[np.void]) -> str:
    return (dtype.names or ("",))[0]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _check_ranges(piece: NoteSequence, names: AbstractSet[str]) -> None:
    """Raise ValueError for the first rule that one of these fields breaks."""
    for holds, rule in _rules(piece, names):
        if not holds:
            raise ValueError(f"{rule} (in {piece!r})")


def _rules(piece: NoteSequence, names: AbstractSet[str]) -> Iterator[tuple[bool, str]]:
    if "notes" in names and len(piece.notes):
        yield from _note_rules(piece.notes)
    for name in SETTINGS:
        table = getattr(piece, name)
        if name in names and len(table):
            for column, low, high, rule in _RANGES[name]:
                yield lie_within(table[column], low, high), rule
            yield _are_in_time(table["time_s"]), "time_s must be 0 or later"
    if "instruments" in names:
        programs = [instrument.program for instrument in piece.instruments]
        yield lie_within(programs, 0, 127), "program must be in 0..127"
    if "texts" in names:
        times_s = [text.time_s for text in piece.texts]
        yield lie_within(times_s, 0), "texts: time_s must be 0 or later"
        kinds = {text.kind for text in piece.texts}
        yield kinds.issubset(TEXT_KINDS), f"text kinds are {TEXT_KINDS}"
    yield 0 <= piece.total_time_s <= MAX_FLOAT, "total_time_s must be 0 or later"
    yield piece.ticks_per_quarter > 0, "ticks_per_quarter must be above 0"
    for name in _FIELDS_WITH_INSTRUMENTS:
        if {name, "instruments"} & names and len(getattr(piece, name)):
            yield _know_their_instruments(piece, name)


def _note_rules(notes: Table) -> Iterator[tuple[bool, str]]:
    onset_s, release_s = (np.ascontiguousarray(notes[name]) for name in ("onset_s", "release_s"))
    yield bool(np.isfinite(release_s).all()), "release_s must be finite"
    yield bool((release_s >= onset_s).all()), "release_s must not precede onset_s"
    yield notes["pitch"].max() <= 127, "pitch must be in 0..127"
    yield notes["velocity"].max() <= 127, "velocity must be in 0..127"
    yield _are_in_time(onset_s), "onset_s must be 0 or later"


def _are_in_time(times_s: NDArray[np.float64]) -> bool:
    """Tell whether times that are sorted, NaN last, are finite and none is below 0."""
    return bool(times_s[0] >= 0 and times_s[-1] <= MAX_FLOAT)


def _know_their_instruments(piece: NoteSequence, name: str) -> tuple[bool, str]:
    n_instruments, lowest = len(piece.instruments), 0
    if name == "texts":
        indices = np.array([text.instrument for text in piece.texts])
        lowest = -1
    else:
        indices = getattr(piece, name)["instrument"]
    known = bool(indices.min() >= lowest and indices.max() < n_instruments)
    return known, f"instrument must be an index below {n_instruments}"
