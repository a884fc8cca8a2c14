"""What tells a melody note from the others: features of the notes of a piece."""

import re

import numpy as np
from numpy.typing import NDArray

from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.timing import TempoMap

Floats = NDArray[np.float64]

FEATURES = (
    "skyline", "top", "above", "below", "height", "length", "relative_length",
    "instrument_top", "instrument_lines", "name", "lyric",
)  # fmt: skip
"""The columns of `melody_features`."""

_SAME_MOMENT_QUARTERS = 1 / 32
_WINDOW_QUARTERS = 4.0
_MELODY_WORDS = re.compile(
    r"\b(melod|voice|vocal|vox|sing|gesang|chant|canto|lead|solo|sopran|theme|tune|flute|violin)",
    re.IGNORECASE,
)
_OTHER_WORDS = re.compile(
    r"\b(bass|chord|accomp|left|piano|harmon|pad|rhythm|string|viola|alto|tenor|guitar|organ)",
    re.IGNORECASE,
)


def melody_features(notes: NoteSequence) -> Floats:
    """Describe each note by what may make it melody.

    Parameters
    ----------
    notes : NoteSequence
        Without drums.

    Returns
    -------
    ndarray of float64, shape (n_notes, n_features)
        The columns named in `FEATURES`. ``skyline``: whether nothing above it sounds when it
        begins; ``top``: share of its time in which it is the highest; ``above`` and ``below``:
        how many notes begin with it that are higher, lower, 3 at most; ``height``: octaves
        above the mean of the notes around it; ``length``: log2 of quarter notes;
        ``relative_length``: the same against the notes around it; ``instrument_top`` and
        ``instrument_lines``: how much of the time its instrument is on top, and how often it
        begins a note while it has no other, both against the whole piece; ``name``: 1 where
        the name of the instrument speaks for a melody, -1 where it speaks against it, against
        the whole piece; ``lyric``: whether it is sung.
    """
    table = notes.notes
    tempo_map = TempoMap.from_sequence(notes)
    onset = tempo_map.seconds_to_quarters(table["onset_s"])
    release = np.maximum(tempo_map.seconds_to_quarters(table["release_s"]), onset + 1e-3)
    pitch = table["pitch"].astype(np.float64)
    weight = np.minimum(release - onset, _WINDOW_QUARTERS)
    length = np.log2(np.clip(release - onset, 1 / 16, 8))
    top = top_shares(onset, release, table["pitch"])
    columns = np.stack([top, _alone(onset, release, table["instrument"])], axis=1)
    kinds = _mean_of_each(columns, table["instrument"], len(notes.instruments))
    names = np.array([[_name(instrument)] for instrument in notes.instruments])
    instrument = np.concatenate([kinds, names], axis=1)[table["instrument"]]
    return np.column_stack([
        skyline(onset, release, table["pitch"]), top, *_neighbours(onset, pitch),
        (pitch - _mean_around(onset, pitch, weight)) / 12,
        length, length - _mean_around(onset, length, np.ones(len(notes))),
        instrument - instrument.mean(axis=0),
        _is_sung(notes),
    ])  # fmt: skip


def skyline(onset: Floats, release: Floats, pitch: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find the notes that begin while nothing as high or higher sounds.

    Parameters
    ----------
    onset, release : ndarray of float64, shape (n_notes,)
        In quarter notes.
    pitch : ndarray of uint8, shape (n_notes,)

    Returns
    -------
    ndarray of bool, shape (n_notes,)

    References
    ----------
    Uitdenbogerd and Zobel, "Manipulation of music for melody matching", ACM Multimedia 1998.
    """
    is_highest = np.zeros(len(onset), np.bool_)
    sounding: list[int] = []
    for note in np.lexsort((-pitch.astype(np.int64), onset)).tolist():
        now = onset[note] + _SAME_MOMENT_QUARTERS
        sounding = [other for other in sounding if release[other] > now]
        is_highest[note] = all(pitch[other] < pitch[note] for other in sounding)
        sounding.append(note)
    return is_highest


def top_shares(onset: Floats, release: Floats, pitch: NDArray[np.uint8]) -> Floats:
    """Find how much of its time each note is the highest that sounds.

    Parameters
    ----------
    onset, release : ndarray of float64, shape (n_notes,)
        In any unit; each release behind its onset.
    pitch : ndarray of uint8, shape (n_notes,)

    Returns
    -------
    ndarray of float64, shape (n_notes,)
        In [0, 1].
    """
    n_notes = len(onset)
    moments = np.concatenate([onset, release])
    sounding = np.zeros(128, np.int64)
    time_on_top = np.zeros(128)
    at_edge = np.empty(2 * n_notes)
    now = 0.0
    for edge in np.argsort(moments, kind="stable").tolist():
        if moments[edge] > now:
            active = np.flatnonzero(sounding)
            if len(active):
                time_on_top[active[-1]] += moments[edge] - now
            now = moments[edge]
        note = edge % n_notes
        at_edge[edge] = time_on_top[pitch[note]]
        sounding[pitch[note]] += 1 if edge < n_notes else -1
    return np.asarray((at_edge[n_notes:] - at_edge[:n_notes]) / (release - onset))


def _neighbours(onset: Floats, pitch: Floats) -> tuple[Floats, Floats]:
    """Count the notes that begin with each and are higher, and lower; 3 at most."""
    order = np.argsort(onset, kind="stable")
    breaks = np.diff(onset[order], prepend=onset[order[:1]]) > _SAME_MOMENT_QUARTERS
    group = np.cumsum(breaks)
    above, below = np.empty(len(onset)), np.empty(len(onset))
    by_pitch = np.lexsort((pitch[order], group))
    starts = np.searchsorted(group, group, side="left")
    stops = np.searchsorted(group, group, side="right")
    place = np.arange(len(onset))
    below[order[by_pitch]] = place - starts
    above[order[by_pitch]] = stops - 1 - place
    return np.minimum(above, 3), np.minimum(below, 3)


def _mean_around(onset: Floats, values: Floats, weights: Floats) -> Floats:
    """Average, with weights, over the notes that begin near each."""
    order = np.argsort(onset, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    weighted = np.concatenate([[0.0], np.cumsum((weights * values)[order])])
    first = np.searchsorted(onset[order], onset - _WINDOW_QUARTERS, side="left")
    last = np.searchsorted(onset[order], onset + _WINDOW_QUARTERS, side="right")
    return np.asarray((weighted[last] - weighted[first]) / (sums[last] - sums[first]))


def _alone(onset: Floats, release: Floats, instrument: NDArray[np.int16]) -> Floats:
    """Tell which notes begin while their instrument has no other note."""
    is_alone = np.ones(len(onset))
    for index in np.unique(instrument):
        rows = np.flatnonzero(instrument == index)
        rows = rows[np.argsort(onset[rows], kind="stable")]
        latest = np.maximum.accumulate(release[rows])[:-1]
        begins = onset[rows]
        overlaps = latest > begins[1:] + _SAME_MOMENT_QUARTERS
        is_alone[rows[1:]] = ~overlaps
        is_alone[rows[:-1]] *= np.diff(begins) > _SAME_MOMENT_QUARTERS
    return is_alone


def _mean_of_each(columns: Floats, instrument: NDArray[np.int16], n_instruments: int) -> Floats:
    """Average columns over the notes of each instrument."""
    counts = np.maximum(np.bincount(instrument, minlength=n_instruments), 1)
    sums = [np.bincount(instrument, column, n_instruments) for column in columns.T]
    return np.stack(sums, axis=1) / counts[:, np.newaxis]


def _name(instrument: Instrument) -> float:
    speaks_for = bool(_MELODY_WORDS.search(instrument.name))
    return float(speaks_for) - bool(_OTHER_WORDS.search(instrument.name))


def _is_sung(notes: NoteSequence) -> NDArray[np.bool_]:
    """Tell which notes begin where their instrument has a syllable."""
    sung = {(t.instrument, round(t.time_s, 3)) for t in notes.texts if t.kind == "lyric"}
    rows = zip(notes.notes["instrument"].tolist(), notes.notes["onset_s"].tolist(), strict=True)
    return np.array([(index, round(onset_s, 3)) in sung for index, onset_s in rows], np.bool_)
