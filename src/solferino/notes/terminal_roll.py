"""A piece as a piano roll made of characters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table
from solferino.notes.general_midi import drum_name
from solferino.notes.plotting import COLOURS, pitch_name
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import TempoMap, bar_times_s

MAX_TONE_LINES = 16
MAX_DRUM_LINES = 8
FINEST_COLUMNS_PER_QUARTER, COARSEST_COLUMNS_PER_QUARTER = 8, 2
NOTHING = -1


class _Signs(NamedTuple):
    """The characters that a roll is made of."""

    upper: str
    lower: str
    both: str
    hit: str
    bar_line: str
    edge: str


UNICODE_SIGNS = _Signs("▀", "▄", "█", "•", "┊", "│")
_PLAIN = str.maketrans({"♯": "#", "♭": "b"})
ASCII_SIGNS = _Signs('"', "_", "#", "x", ":", "|")


@final
class _Span(NamedTuple):
    """The part of a piece that a roll shows, and how fine."""

    columns_per_quarter: int
    n_columns: int
    bar_columns: NDArray[np.int64]


def terminal_roll(
    notes: NoteSequence, width: int = 80, *, is_ascii: bool = False, is_coloured: bool = False
) -> list[str]:
    """Draw the piano roll of a piece with characters.

    A line is two semitones high, or more where the range is large. Drums have lines of their
    own below. A piece too long for columns of an eighth note is cut off at the right.

    Parameters
    ----------
    notes : NoteSequence
    width : int
        Longest line, in characters; at least 40.
    is_ascii : bool
        Whether to do without half blocks.
    is_coloured : bool
        Whether to give each instrument its colour, with the escape codes of terminals.

    Returns
    -------
    list of str
        Lines from top to bottom, numbers of bars below. Empty for a piece without notes.
    """
    if not len(notes):
        return []
    tones, drums = notes.notes[~notes.is_drum], notes.notes[notes.is_drum]
    drum_pitches = _busiest(drums)
    margin = max([4, *(len(drum_name(pitch)) for pitch in drum_pitches)])
    canvas = _Canvas(
        _span(notes, max(width, 40) - margin - 1),
        ASCII_SIGNS if is_ascii else UNICODE_SIGNS,
        _Pens(notes) if is_coloured else None,
        margin,
    )
    lines = list(_tone_lines(notes, tones, canvas)) if len(tones) else []
    for pitch in drum_pitches:
        lines.append(_drum_line(notes, drums[drums["pitch"] == pitch], canvas))
    lines.append(" " * (margin + 1) + _bar_numbers(canvas.span))
    n_shown, n_bars = len(canvas.span.bar_columns), len(bar_times_s(notes))
    if n_shown < n_bars:
        lines.append(f"{'':{min(margin + 1, 5)}}(the first {n_shown} of {n_bars} bars)")
    return [line.translate(_PLAIN) for line in lines] if is_ascii else lines


@final
class _Pens:
    """The colours of instruments, as escape codes."""

    def __init__(self, notes: NoteSequence) -> None:
        self._codes = {}
        for k, index in enumerate(np.unique(notes.notes["instrument"]).tolist()):
            red, green, blue = bytes.fromhex(COLOURS[k % len(COLOURS)][1:])
            self._codes[index] = f"2;{red};{green};{blue}"

    def cell(self, sign: str, front: int, back: int = NOTHING) -> str:
        """Colour a character, and what is behind it."""
        ground = f"\x1b[48;{self._codes[back]}m" if back != NOTHING else ""
        return f"\x1b[38;{self._codes[front]}m{ground}{sign}\x1b[0m"


def _span(notes: NoteSequence, n_available: int) -> _Span:
    """Choose the finest columns that hold the whole piece, or its beginning."""
    tempo_map = TempoMap.from_sequence(notes)
    end_quarters = float(tempo_map.seconds_to_quarters(notes.total_time_s))
    per_quarter = FINEST_COLUMNS_PER_QUARTER
    while per_quarter > COARSEST_COLUMNS_PER_QUARTER and end_quarters * per_quarter > n_available:
        per_quarter //= 2
    n_columns = min(n_available, max(1, int(np.ceil(end_quarters * per_quarter - 1e-6))))
    bars = tempo_map.seconds_to_quarters(bar_times_s(notes)) * per_quarter
    bar_columns = np.rint(bars).astype(np.int64)
    return _Span(per_quarter, n_columns, bar_columns[bar_columns < n_columns])


def _columns(notes: NoteSequence, table: Table, span: _Span) -> NDArray[np.int64]:
    """First column of each note, and the one behind its last, shape (n_notes, 2)."""
    tempo_map = TempoMap.from_sequence(notes)
    spans_s = np.stack([table["onset_s"], table["release_s"]], axis=1)
    columns = tempo_map.seconds_to_quarters(spans_s) * span.columns_per_quarter
    first = np.floor(columns[:, 0] + 0.25).astype(np.int64)
    last = np.maximum(np.rint(columns[:, 1]).astype(np.int64), first + 1)
    return np.stack([first, last], axis=1)


def _busiest(drums: Table) -> list[int]:
    """List the drums that are hit most, the highest first."""
    pitches, counts = np.unique(drums["pitch"], return_counts=True)
    most = pitches[np.argsort(-counts, kind="stable")[:MAX_DRUM_LINES]]
    return sorted(most.tolist(), reverse=True)


def _tone_lines(notes: NoteSequence, tones: Table, canvas: "_Canvas") -> Iterator[str]:
    columns = _columns(notes, tones, canvas.span)
    is_shown = columns[:, 0] < canvas.span.n_columns
    if not is_shown.any():
        return
    tones, columns = tones[is_shown], columns[is_shown]
    low, high = int(tones["pitch"].min()), int(tones["pitch"].max())
    row_pitches = -(-(high - low + 1) // (2 * MAX_TONE_LINES))
    n_lines = -(-(high - low + 1) // (2 * row_pitches))
    grid = np.full((2 * n_lines, canvas.span.n_columns), NOTHING)
    rows = (tones["pitch"].astype(np.int64) - low) // row_pitches
    for row, (first, last), instrument in zip(rows, columns, tones["instrument"], strict=True):
        grid[row, first:last] = instrument
    for line in reversed(range(n_lines)):
        lowest = low + 2 * line * row_pitches
        octaves = [pitch for pitch in range(lowest, lowest + 2 * row_pitches) if pitch % 12 == 0]
        label = pitch_name(octaves[0]) if octaves else ""
        yield canvas.line(label, canvas.tone_cells(grid[2 * line + 1], grid[2 * line]))


def _drum_line(notes: NoteSequence, hits: Table, canvas: "_Canvas") -> str:
    columns = _columns(notes, hits, canvas.span)[:, 0]
    is_shown = columns < canvas.span.n_columns
    row = np.full(canvas.span.n_columns, NOTHING)
    row[columns[is_shown]] = hits["instrument"][is_shown]
    return canvas.line(drum_name(int(hits["pitch"][0])), canvas.drum_cells(row))


@final
@dataclass(frozen=True)
class _Canvas:
    """How places of the roll become characters."""

    span: _Span
    signs: _Signs
    pens: _Pens | None
    margin: int

    def line(self, label: str, cells: Iterable[str]) -> str:
        """Put a label before a line."""
        return f"{label:>{self.margin}}{self.signs.edge}{''.join(cells)}".rstrip()

    def tone_cells(self, upper: NDArray[Any], lower: NDArray[Any]) -> Iterator[str]:
        """Draw two rows of instruments, one above the other, as one line."""
        for k, (above, below) in enumerate(zip(upper.tolist(), lower.tolist(), strict=True)):
            if above == below:
                yield self._cell(k, self.signs.both, above)
            elif NOTHING in {above, below}:
                sign = self.signs.lower if above == NOTHING else self.signs.upper
                yield self._cell(k, sign, max(above, below))
            else:
                yield (
                    self.pens.cell(self.signs.upper, above, below) if self.pens else self.signs.both
                )

    def drum_cells(self, row: NDArray[Any]) -> Iterator[str]:
        """Draw one row of hits."""
        for k, instrument in enumerate(row.tolist()):
            yield self._cell(k, self.signs.hit, instrument)

    def _cell(self, column: int, sign: str, instrument: int) -> str:
        """Draw a note, or the ground where there is none."""
        if instrument != NOTHING:
            return self.pens.cell(sign, instrument) if self.pens else sign
        if column == 0 or column not in self.span.bar_columns:
            return " "
        return f"\x1b[2m{self.signs.bar_line}\x1b[0m" if self.pens else self.signs.bar_line


def _bar_numbers(span: _Span) -> str:
    """Write the numbers of the bars where they begin, as far as there is room."""
    line = ""
    for number, column in enumerate(span.bar_columns.tolist(), start=1):
        word = str(number)
        has_room = not line or column >= len(line) + 2
        if has_room and column + len(word) <= span.n_columns:
            line += " " * (column - len(line)) + word
    return line
