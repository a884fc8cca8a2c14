"""All conversions of time: seconds, quarter notes and ticks; bars and beats."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.notes.sequence import DEFAULT_QPM, NoteSequence

Floats = NDArray[np.float64]

METER_CHANGE_DTYPE = np.dtype(
    [
        ("time_s", np.float64),
        ("quarters", np.float64),
        ("numerator", np.uint8),
        ("denominator", np.uint16),
    ]
)

SAME_MOMENT_QUARTERS = 1e-4
"""Moments nearer to each other than this many quarter notes count as one."""


@final
@dataclass(frozen=True, eq=False)
class TempoMap:
    """How seconds and quarter notes go together through all changes of tempo.

    Both directions are piecewise linear and inverse to each other. Build one with
    `from_sequence` or `from_quarters`; before the first change the tempo is 120.

    Parameters
    ----------
    change_s : ndarray of float64, shape (n_changes,)
        When each tempo begins, in seconds; the first is 0, and they increase.
    change_quarters : ndarray of float64, shape (n_changes,)
        The same moments in quarter notes from the start.
    change_qpm : ndarray of float64, shape (n_changes,)
        The tempi that begin there, in quarter notes a minute.
    """

    change_s: Floats
    change_quarters: Floats
    change_qpm: Floats

    def __post_init__(self) -> None:
        """Keep copies of the columns that cannot be written."""
        for name in ("change_s", "change_quarters", "change_qpm"):
            column = np.array(getattr(self, name), np.float64)
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    @classmethod
    def from_sequence(cls, notes: NoteSequence) -> Self:
        """Tempo map of a piece.

        Parameters
        ----------
        notes : NoteSequence
            Of two tempi at the same moment the later row counts.
        """
        change_s, change_qpm = _tempo_changes(notes.tempos["time_s"], notes.tempos["qpm"])
        lengths_quarters = np.diff(change_s) * change_qpm[:-1] / 60.0
        return cls(change_s, _running_sum(lengths_quarters), change_qpm)

    @classmethod
    def from_quarters(cls, change_quarters: ArrayLike, change_qpm: ArrayLike) -> Self:
        """Tempo map from changes whose moments are known in quarter notes.

        Parameters
        ----------
        change_quarters : array_like, shape (n_changes,)
            Moments of the changes, in order, in quarter notes from the start.
        change_qpm : array_like of float > 0, shape (n_changes,)
            The tempi that begin there, in quarter notes a minute.
        """
        quarters, qpm = _tempo_changes(
            np.asarray(change_quarters, np.float64), np.asarray(change_qpm, np.float64)
        )
        return cls(_running_sum(np.diff(quarters) * 60.0 / qpm[:-1]), quarters, qpm)

    def seconds_to_quarters(self, times_s: ArrayLike) -> Floats:
        """Quarter notes since the start, for times in seconds of any shape."""
        times = np.asarray(times_s, np.float64)
        span = _span_of(times, self.change_s)
        since_s = times - self.change_s[span]
        return np.asarray(self.change_quarters[span] + since_s * self.change_qpm[span] / 60.0)

    def quarters_to_seconds(self, times_quarters: ArrayLike) -> Floats:
        """Seconds since the start, for times in quarter notes of any shape."""
        times = np.asarray(times_quarters, np.float64)
        span = _span_of(times, self.change_quarters)
        since_quarters = times - self.change_quarters[span]
        return np.asarray(self.change_s[span] + since_quarters * 60.0 / self.change_qpm[span])

    def seconds_to_ticks(self, times_s: ArrayLike, ticks_per_quarter: int) -> NDArray[np.int64]:
        """Nearest MIDI tick, for times in seconds of any shape."""
        ticks = np.rint(self.seconds_to_quarters(times_s) * ticks_per_quarter)
        return np.asarray(ticks.astype(np.int64))

    def ticks_to_seconds(self, times_ticks: ArrayLike, ticks_per_quarter: int) -> Floats:
        """Seconds since the start, for times in MIDI ticks of any shape."""
        return self.quarters_to_seconds(np.asarray(times_ticks, np.float64) / ticks_per_quarter)

    def qpm_at(self, times_s: ArrayLike) -> Floats:
        """Tempo in force, in quarter notes a minute, at times in seconds of any shape."""
        return np.asarray(self.change_qpm[_span_of(np.asarray(times_s), self.change_s)])


def _span_of(times: NDArray[np.float64], changes: Floats) -> NDArray[np.intp]:
    """Index of the last change at or before each time; 0 where there is none."""
    return np.maximum(np.searchsorted(changes, times, side="right") - 1, 0)


def _running_sum(lengths: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(lengths)])


def _tempo_changes(times: Floats, qpm: Floats) -> tuple[Floats, Floats]:
    """Leave the rows where the tempo really changes, with one at 0 in front."""
    times = np.concatenate([[0.0], times])
    qpm = np.concatenate([[DEFAULT_QPM], qpm])
    is_last = np.append(np.diff(times) > 0, True)
    times, qpm = times[is_last], qpm[is_last]
    is_new = np.append(True, np.diff(qpm) != 0)
    return times[is_new], qpm[is_new]


def quarters_per_bar(numerator: int, denominator: int) -> float:
    """Length of a bar in quarter notes.

    Parameters
    ----------
    numerator, denominator : int > 0
        The meter: 6 and 8 for 6/8, which has 3 quarter notes a bar.
    """
    return 4.0 * int(numerator) / int(denominator)


def quarters_per_beat(numerator: int, denominator: int) -> float:
    """Length of a beat in quarter notes.

    The beat is the note of the denominator, or three of them in a compound meter (6, 9,
    12, ... of them in a bar): 6/8 has two beats of a dotted quarter.

    Parameters
    ----------
    numerator, denominator : int > 0
        The meter.
    """
    is_compound = numerator > 3 and numerator % 3 == 0
    return quarters_per_bar(3 if is_compound else 1, denominator)


def meter_changes(notes: NoteSequence) -> NDArray[np.void]:
    """Where the meter, or the place of the bar lines, changes.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    structured array, shape (n_changes,), dtype METER_CHANGE_DTYPE
        In order of time, first row at 0 (4/4 if the piece does not say), ``quarters``
        counted along the tempo map. A meter stated again on a bar line of its own
        changes nothing and is left out; off the bar line it begins a new bar.
    """
    rows = np.zeros(len(notes.meters) + 1, METER_CHANGE_DTYPE)
    rows[0] = (0.0, 0.0, 4, 4)
    for name in ("time_s", "numerator", "denominator"):
        rows[name][1:] = notes.meters[name]
    rows["quarters"] = TempoMap.from_sequence(notes).seconds_to_quarters(rows["time_s"])
    rows = rows[np.append(np.diff(rows["quarters"]) > SAME_MOMENT_QUARTERS, True)]
    rows["time_s"][0] = rows["quarters"][0] = 0.0
    before, after = rows[:-1], rows[1:]
    bar_quarters = 4.0 * before["numerator"] / before["denominator"]
    since_bar_line = np.mod(after["quarters"] - before["quarters"], bar_quarters)
    is_on_bar_line = (
        np.minimum(since_bar_line, bar_quarters - since_bar_line) < SAME_MOMENT_QUARTERS
    )
    is_same = (before["numerator"] == after["numerator"]) & (
        before["denominator"] == after["denominator"]
    )
    return np.asarray(rows[np.append(True, ~(is_same & is_on_bar_line))])


def bar_times_s(notes: NoteSequence) -> Floats:
    """Moments at which the bars begin, through all meters and tempi.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        In seconds, from 0 to before the end of the piece. Bars are counted from the last
        change of meter, so the bar before a change may be cut short by it; a pickup is
        the start of an ordinary first bar.
    """
    return _times_every(notes, quarters_per_bar)


def beat_times_s(notes: NoteSequence) -> Floats:
    """Moments of the beats, through all meters and tempi.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    ndarray of float64, shape (n_beats,)
        In seconds, from 0 to before the end of the piece; see `quarters_per_beat`.
    """
    return _times_every(notes, quarters_per_beat)


def _times_every(notes: NoteSequence, unit_quarters: Callable[[int, int], float]) -> Floats:
    """Find the times of a unit that depends on the meter, counted from each change of meter."""
    tempo_map = TempoMap.from_sequence(notes)
    meters = meter_changes(notes)
    end_quarters = float(tempo_map.seconds_to_quarters(notes.total_time_s))
    stops_quarters = np.append(meters["quarters"][1:], end_quarters).clip(max=end_quarters)
    runs = []
    for meter, stop_quarters in zip(meters, stops_quarters, strict=True):
        unit = unit_quarters(int(meter["numerator"]), int(meter["denominator"]))
        n_units = np.ceil((stop_quarters - meter["quarters"] - SAME_MOMENT_QUARTERS) / unit)
        runs.append(meter["quarters"] + unit * np.arange(max(0, int(n_units))))
    return tempo_map.quarters_to_seconds(np.concatenate(runs))
