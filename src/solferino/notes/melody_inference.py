"""Which notes of a piece are its melody: the best line through them."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from solferino.notes.melody_features import FEATURES, melody_features
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.timing import TempoMap

Floats = NDArray[np.float64]

MELODY_NAME = "Melody"

_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "skyline": 2.0, "top": 1.0, "above": -0.3, "below": -0.5, "height": 1.3, "length": 0.6,
        "relative_length": -1.1, "instrument_top": 3.8, "instrument_lines": 3.9, "name": 1.5,
        "lyric": 4.0,
    }
)  # fmt: skip
_BIAS_ALONE, _BIAS_AMONG_OTHERS, _BIAS_CHOSEN = 0.0, -2.5, 2.0
_LEAP_COST, _FREE_LEAP_SEMITONES = 0.3, 2
_CHANGE_COST = 8.0
_MAIN_SHARE = 0.6
_MEMORY_QUARTERS = 4.0
_OVERLAP_SHARE = 0.5
_SAME_MOMENT_QUARTERS = 1 / 32
_N_BEFORE = 64


def melody_mask(notes: NoteSequence) -> NDArray[np.bool_]:
    """Find the notes of the melody.

    Each note gets a log odds of being melody, a weighted sum of `melody_features`; the weights
    are those of a logistic regression. The melody is the line of notes, one at a time, with the
    largest sum, less a cost for leaps and for going to another instrument. A note may
    begin while the one before still sounds, if they share no more than half of the shorter. Where
    one instrument has most of that line, it is found again in this instrument alone.

    Parameters
    ----------
    notes : NoteSequence
        Drums are never melody.

    Returns
    -------
    ndarray of bool, shape (n_notes,)

    References
    ----------
    Simonetta, Cancino-Chacón, Ntalampiras and Widmer, "A convolutional approach to melody line
    identification in symbolic scores", ISMIR 2019: a probability for each note, then the best
    path. Rizo, Ponce de León, Pérez-Sancho, Pertusa and Iñesta, "A pattern recognition approach
    for melody track selection in MIDI files", ISMIR 2006: what tells the instrument.
    """
    is_melody = np.zeros(len(notes), np.bool_)
    rows = np.flatnonzero(~notes.is_drum)
    if not len(rows):
        return is_melody
    instrument = notes.notes["instrument"]
    if len(np.unique(instrument[rows])) > 1:
        path = rows[_melody_path(notes.with_notes(notes.notes[rows]), _BIAS_AMONG_OTHERS)]
        counts = np.bincount(instrument[path])
        if counts.max() >= _MAIN_SHARE * counts.sum():
            rows = np.flatnonzero(instrument == counts.argmax())
            path = rows[_melody_path(notes.with_notes(notes.notes[rows]), _BIAS_CHOSEN)]
    else:
        path = rows[_melody_path(notes.with_notes(notes.notes[rows]), _BIAS_ALONE)]
    is_melody[path] = True
    return is_melody


def infer_melody(notes: NoteSequence) -> NoteSequence:
    """Leave only the melody of a piece; see `melody_mask`.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    NoteSequence
        One instrument, called "Melody", with the program of the one that plays most of it; its
        notes do not overlap. Chord symbols are kept, and of other texts, controllers and bends
        those of that instrument and of the whole piece.
    """
    table = notes.notes[melody_mask(notes)]
    counts = np.bincount(table["instrument"], minlength=1)
    main = int(counts.argmax())
    program = notes.instruments[main].program if notes.instruments else 0
    table["instrument"] = 0
    table["release_s"][:-1] = np.minimum(table["release_s"][:-1], table["onset_s"][1:])
    kept = {}
    for name in ("control_changes", "pitch_bends"):
        rows = getattr(notes, name)
        rows = rows[rows["instrument"] == main]
        rows["instrument"] = 0
        kept[name] = rows
    texts = tuple(
        text._replace(instrument=0 if text.instrument == main and text.kind != "chord" else -1)
        for text in notes.texts
        if text.instrument in (-1, main) or text.kind == "chord"
    )
    instruments = (Instrument(program, name=MELODY_NAME),)
    return notes.replace(notes=table, instruments=instruments, texts=texts, **kept)


def _melody_path(notes: NoteSequence, bias: float) -> NDArray[np.intp]:
    """Find the line of the melody in a piece without drums; `bias` makes it denser."""
    table = notes.notes
    tempo_map = TempoMap.from_sequence(notes)
    onset = tempo_map.seconds_to_quarters(table["onset_s"])
    release = tempo_map.seconds_to_quarters(table["release_s"])
    score = bias + melody_features(notes) @ np.array([_WEIGHTS[name] for name in FEATURES])
    return _best_path(onset, release, table["pitch"], table["instrument"], score)


def _best_path(
    onset: Floats,
    release: Floats,
    pitch: NDArray[np.uint8],
    instrument: NDArray[np.int16],
    score: Floats,
) -> NDArray[np.intp]:
    """Find the line of notes with the largest sum of scores, less its costs."""
    order = np.lexsort((pitch, onset))
    onset, release, score = onset[order], release[order], score[order]
    height, player = pitch[order].astype(np.float64), instrument[order]
    length = release - onset
    best, before = score.copy(), np.full(len(order), -1)
    for k in range(1, len(order)):
        near = slice(max(0, k - _N_BEFORE), k)
        overlap = np.maximum(release[near] - onset[k], 0)
        shortest = np.minimum(length[near], length[k])
        can_follow = (onset[k] - onset[near] > _SAME_MOMENT_QUARTERS) & (
            overlap <= _OVERLAP_SHARE * shortest
        )
        silence = np.maximum(onset[k] - release[near], 0)
        leap = np.maximum(np.abs(height[near] - height[k]) - _FREE_LEAP_SEMITONES, 0)
        cost = _LEAP_COST * leap * np.exp(-silence / _MEMORY_QUARTERS)
        cost += _CHANGE_COST * (player[near] != player[k])
        sums = np.where(can_follow, best[near] - cost, -np.inf)
        j = int(sums.argmax())
        if sums[j] > 0:
            best[k] += sums[j]
            before[k] = near.start + j
    path = []
    k = int(best.argmax())
    while k >= 0:
        path.append(order[k])
        k = before[k]
    return np.array(path[::-1])
