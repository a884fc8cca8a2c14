"""Notes on the grid that fits each beat: straight, triplets, or finer where they are exact."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.errors import QuantizationError
from solferino.notes.columns import Table
from solferino.notes.quantization import LAST_STEP, MetricGrid, QuantizedSequence, quantize
from solferino.notes.score import TICKS_PER_QUARTER, bars_of
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import TempoMap

STRAIGHT, TRIPLET, STRAIGHT_AND_TRIPLET = 8, 6, 24
SUBDIVISIONS = (STRAIGHT, TRIPLET, 16, 12, STRAIGHT_AND_TRIPLET, 5, 7, 10, 9, 32, 48)
"""Equal parts that a quarter note may have, the simplest first."""

MOST_STEPS_PER_QUARTER = 480

_N_PLAIN = 5  # of the subdivisions, those that releases alone may ask for
_SIGN_TICKS = TICKS_PER_QUARTER // 96
_WRITTEN_SHARE = 0.8
_ROUNDING_QUARTERS = 1e-4

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]


class _Edges(NamedTuple):
    """Onsets and then releases: where they are and in which window."""

    quarters: Floats  # since the beginning of the window
    window_quarters: Floats  # where it begins
    window: NDArray[np.intp]


def quantize_by_beat(notes: NoteSequence) -> QuantizedSequence:
    """Put a piece on the grid in which it was written, or the one that fits it best.

    Each quarter note of each instrument, counted from the bar line, gets the simplest of
    `SUBDIVISIONS` that has all its onsets to within half a tick of the file; of those the one
    that has most releases. Where a fifth of the onsets of a piece lie off 1/24 of a quarter it
    was played, not written: each quarter note then gets `STRAIGHT` or `TRIPLET` parts, whichever
    is nearer to the onsets. Drums are put down until the next hit of their instrument, a quarter
    note at most, and two hits of one drum at one moment are one.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    QuantizedSequence
        With `TICKS_PER_QUARTER` steps a quarter. Meters, tempi and texts lie on 1/96 of a
        quarter, or on the note with which they were.

    Raises
    ------
    QuantizationError
        If the piece is too long for that grid.
    """
    raw = quantize(notes, TICKS_PER_QUARTER)
    on_signs = _replaced(raw, raw.notes, _nearest(raw.meters["step"]), _nearest(_text_steps(raw)))
    if not len(notes):
        return on_signs
    edges = _edges(notes, on_signs)
    parts = _parts(notes, edges)[edges.window]
    snapped = np.rint(edges.quarters * parts) / parts + edges.window_quarters
    ticks = np.rint(snapped * TICKS_PER_QUARTER).astype(np.int64)
    starts, ends = np.split(ticks, 2)
    ends = np.maximum(ends, starts + TICKS_PER_QUARTER // parts[: len(starts)])
    table = raw.notes.copy()
    table["start_step"], table["end_step"] = starts, ends
    table = _with_drums_held(table, raw.is_drum)
    moved = dict(zip(raw.notes["start_step"].tolist(), starts.tolist(), strict=True))
    texts = [
        moved.get(text.step, near.step)
        for text, near in zip(raw.texts, on_signs.texts, strict=True)
    ]
    return _replaced(on_signs, table, on_signs.meters["step"], np.array(texts, np.int64))


def quantize_to_ticks(notes: NoteSequence, steps_per_quarter: int) -> QuantizedSequence:
    """Put a piece on one grid, and count it in ticks.

    Parameters
    ----------
    notes : NoteSequence
    steps_per_quarter : int > 0
        At most `MOST_STEPS_PER_QUARTER`, and a divisor of `TICKS_PER_QUARTER`.

    Returns
    -------
    QuantizedSequence
        With `TICKS_PER_QUARTER` steps a quarter.

    Raises
    ------
    QuantizationError
        If the grid does not fit.
    """
    quantized = quantize(notes, steps_per_quarter)
    if TICKS_PER_QUARTER % steps_per_quarter or steps_per_quarter > MOST_STEPS_PER_QUARTER:
        raise QuantizationError(
            f"a score is written on a grid that divides {TICKS_PER_QUARTER} and has at most "
            f"{MOST_STEPS_PER_QUARTER} steps a quarter, got {steps_per_quarter}; take 24, or none "
            "to choose it beat by beat"
        )
    factor = TICKS_PER_QUARTER // steps_per_quarter
    if quantized.total_steps > LAST_STEP // factor:
        raise QuantizationError(
            f"a score holds {LAST_STEP // TICKS_PER_QUARTER} quarter notes, got "
            f"{quantized.total_steps // steps_per_quarter}; trim the piece"
        )
    table = quantized.notes.copy()
    for name in ("start_step", "end_step"):
        table[name] *= factor
    meters, tempos = quantized.meters.copy(), quantized.tempos.copy()
    meters["step"] *= factor
    tempos["step"] *= factor
    return QuantizedSequence(
        MetricGrid(TICKS_PER_QUARTER),
        table,
        quantized.instruments,
        meters,
        tempos,
        tuple(text._replace(step=text.step * factor) for text in quantized.texts),
        quantized.total_steps * factor,
    )


def _edges(notes: NoteSequence, quantized: QuantizedSequence) -> _Edges:
    """Find the quarter note, from the bar line on, in which each onset and release lies."""
    times_s = np.concatenate([notes.notes["onset_s"], notes.notes["release_s"]])
    quarters = TempoMap.from_sequence(notes).seconds_to_quarters(times_s)
    lines = np.array([bar.start_tick for bar in bars_of(quantized, 1)] or [0]) / TICKS_PER_QUARTER
    bar = np.searchsorted(lines, quarters + _ROUNDING_QUARTERS, side="right") - 1
    beat = np.floor(quarters - lines[bar] + _ROUNDING_QUARTERS)
    instrument = np.tile(notes.notes["instrument"], 2)
    places = np.stack([instrument, bar, beat]).astype(np.int64)
    _, window = np.unique(places, axis=1, return_inverse=True)
    begin = lines[bar] + beat
    return _Edges(quarters - begin, begin, np.ravel(window))


def _parts(notes: NoteSequence, edges: _Edges) -> Ticks:
    """Choose how many parts the quarter note of each window has."""
    n_windows = int(edges.window.max()) + 1
    tolerance = 0.5 / notes.ticks_per_quarter + _ROUNDING_QUARTERS
    is_onset = np.arange(len(edges.window)) < len(notes)

    def per_window(weights: Floats) -> Floats:
        return np.asarray(np.bincount(edges.window, weights, n_windows), np.float64)

    deviations = {n: _deviations(edges.quarters, n) for n in SUBDIVISIONS}
    is_written = deviations[STRAIGHT_AND_TRIPLET][is_onset] <= tolerance
    if np.mean(is_written) < _WRITTEN_SHARE:
        straight, triplet = (
            per_window(np.where(is_onset, deviations[n] ** 2, 0.0)) for n in (STRAIGHT, TRIPLET)
        )
        return np.asarray(np.where(triplet < straight, TRIPLET, STRAIGHT), np.int64)
    costs = []
    for rank, n in enumerate(SUBDIVISIONS):
        misses = deviations[n] > tolerance
        late = ~is_onset & (misses | (rank >= _N_PLAIN))
        missed = np.where(is_onset, misses * 1e6, late * 1.0)
        costs.append(per_window(np.asarray(missed, np.float64)))
    return np.asarray(np.array(SUBDIVISIONS)[np.argmin(costs, axis=0)], np.int64)


def _deviations(quarters: Floats, parts: int) -> Floats:
    """How far moments lie from the nearest part of a quarter note."""
    return np.asarray(np.abs(quarters - np.rint(quarters * parts) / parts))


def _with_drums_held(table: Table, is_drum: NDArray[np.bool_]) -> Table:
    """Let drums reach to the next hit of their instrument, and keep each hit once."""
    kept = [table[~is_drum]]
    for index in np.unique(table["instrument"][is_drum]):
        hits = table[is_drum & (table["instrument"] == index)]
        _, first = np.unique(hits[["start_step", "pitch"]], return_index=True)
        hits = hits[first]
        moments = np.unique(hits["start_step"])
        following = np.append(moments[1:], moments[-1] + TICKS_PER_QUARTER)
        place = np.searchsorted(moments, hits["start_step"])
        beat_end = hits["start_step"] + TICKS_PER_QUARTER
        hits["end_step"] = np.minimum(following[place], beat_end)
        kept.append(hits)
    return np.concatenate(kept)


def _text_steps(quantized: QuantizedSequence) -> Ticks:
    return np.array([text.step for text in quantized.texts], np.int64)


def _nearest(steps: Iterable[int]) -> Ticks:
    """Round steps to those on which signs stand."""
    ticks = np.asarray(steps, np.int64)
    return (ticks + _SIGN_TICKS // 2) // _SIGN_TICKS * _SIGN_TICKS


def _replaced(
    quantized: QuantizedSequence, table: Table, meter_steps: Ticks, text_steps: Ticks
) -> QuantizedSequence:
    """Build a piece with other notes, and meters and texts on other steps."""
    meters, tempos = quantized.meters.copy(), quantized.tempos.copy()
    meters["step"], tempos["step"] = meter_steps, _nearest(tempos["step"])
    texts = zip(quantized.texts, text_steps.tolist(), strict=True)
    return QuantizedSequence(
        quantized.grid,
        table,
        quantized.instruments,
        _last_at_each_step(meters),
        _last_at_each_step(tempos),
        tuple(text._replace(step=step) for text, step in texts),
        int(_nearest([quantized.total_steps])[0]),
    )


def _last_at_each_step(rows: Table) -> Table:
    return np.asarray(rows[np.append(np.diff(rows["step"]) > 0, True)])
