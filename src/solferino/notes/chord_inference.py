"""Which chords and keys a piece is in: hidden Markov models over its bars."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.chords import Chord
from solferino.notes.harmony import PITCH_CLASS_NAMES, SCALES
from solferino.notes.key_inference import check_probability, key_rows, pitch_class_quarters
from solferino.notes.sequence import NoteSequence, Text
from solferino.notes.timing import TempoMap, meter_changes, quarters_per_bar

Floats = NDArray[np.float64]

CHORD_KINDS = ("", "m", "aug", "dim", "7", "maj7", "m7", "m7b5")
"""The kinds of chords that are looked for; see `KINDS`."""

CHORDS_PER_BAR: Mapping[tuple[int, int], int] = MappingProxyType(
    {(4, 4): 2, (6, 8): 2, (3, 4): 1, (2, 4): 1, (2, 2): 1}
)
"""How many chords a bar may have in the commonest meters."""

_DEGREE_CHORDS = (  # how common the chords of a key are: semitones above the tonic, kind, share
    {(0, ""): 30, (7, ""): 12, (7, "7"): 16, (5, ""): 12, (9, "m"): 5, (2, "m"): 4, (2, "7"): 5,
     (2, ""): 3, (4, "m"): 2, (2, "m7"): 3, (0, "7"): 3, (9, "7"): 3, (4, "7"): 1, (9, "m7"): 1,
     (0, "maj7"): 1, (5, "maj7"): 1, (10, ""): 1, (5, "m"): 0.7, (11, "dim"): 1.5},
    {(0, "m"): 35, (7, "7"): 14, (7, ""): 6, (5, "m"): 9, (10, ""): 8, (3, ""): 8, (8, ""): 5,
     (7, "m"): 3, (10, "7"): 2, (5, ""): 2, (0, "m7"): 1, (2, "m7b5"): 1, (0, ""): 1, (5, "m7"): 1,
     (2, "7"): 1, (0, "7"): 1, (8, "maj7"): 1, (3, "maj7"): 0.7, (11, "dim"): 0.7, (2, "dim"): 0.7},
)  # fmt: skip
_RARE_CHORD = 0.05

_TONE, _KEY_TONE, _STRANGE_TONE = 1.0, 0.22, 0.04
"""How often a pitch class is heard in a chord, in its key only, and in neither, relatively."""
_ROOT_TONE, _SEVENTH_TONE = 1.15, 0.5
_MOST_QUARTERS = 16.0
"""Quarter notes of evidence, all voices together, beyond which a place counts no more."""


class _States(NamedTuple):
    """The states of the model of chords, keys times chords; the 12 major keys come first."""

    tone_log: Floats  # (24, n_chords, 12): log probability of a pitch class
    chord_log: Floats  # (24, n_chords): log probability of a new chord


def infer_chords(
    notes: NoteSequence,
    chords_per_bar: int | None = None,
    other_meters: Literal["bar", "beat group"] = "bar",
    key_change_probability: float = 0.001,
    chord_change_probability: float = 0.8,
    *,
    add_keys: bool = False,
) -> NoteSequence:
    """Find the chords of a piece.

    Viterbi decoding of a hidden Markov model whose states are the 24 major and minor keys
    times `CHORD_KINDS` on 12 roots. Drums say nothing of chords.

    Parameters
    ----------
    notes : NoteSequence
        In any meters and tempi.
    chords_per_bar : int > 0, optional
        How many chords a bar may have; without it as `CHORDS_PER_BAR` says.
    other_meters : "bar" or "beat group"
        In meters that are not in `CHORDS_PER_BAR`, one chord a bar, or one for each group
        of two or three beats: a bar of 7/8 has groups of 2, 2 and 3 eighths.
    key_change_probability, chord_change_probability : float in (0, 1)
        How likely key and chord change from one chord's place to the next.
    add_keys : bool
        Whether to write the keys that were found as key signatures, in place of its own.

    Returns
    -------
    NoteSequence
        Its texts of kind "chord" are those that were found, one where the chord changes,
        from the first note on and through rests; other texts are kept.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    References
    ----------
    The model has the shape of Magenta's, ``note_seq/chord_inference.py``.
    """
    check_probability("key_change_probability", key_change_probability)
    check_probability("chord_change_probability", chord_change_probability)
    if chords_per_bar is not None and chords_per_bar < 1:
        raise ValueError(f"chords_per_bar must be at least 1, got {chords_per_bar}")
    if other_meters not in ("bar", "beat group"):
        raise ValueError(f"other_meters must be 'bar' or 'beat group', got {other_meters!r}")
    places_s = chord_places_s(notes, chords_per_bar, other_meters)
    weights = pitch_class_quarters(notes, places_s)
    is_sounding = weights.any(axis=1)
    others = tuple(text for text in notes.texts if text.kind != "chord")
    if not is_sounding.any():
        return notes.replace(texts=others)
    places_s, weights = places_s[is_sounding], weights[is_sounding]
    keys, chords = _decode(weights, key_change_probability, chord_change_probability)
    changes = np.flatnonzero(np.append(True, np.diff(chords) != 0))
    texts = [Text(float(places_s[k]), _chord_names()[chords[k]], "chord") for k in changes]
    found = notes.replace(texts=(*others, *texts))
    if add_keys:
        first_s = np.append(0.0, places_s[1:])
        found = found.replace(keys=key_rows(first_s, keys))
    return found


def chord_places_s(
    notes: NoteSequence,
    chords_per_bar: int | None = None,
    other_meters: Literal["bar", "beat group"] = "bar",
) -> Floats:
    """Moments at which a chord may begin.

    Parameters
    ----------
    notes : NoteSequence
    chords_per_bar, other_meters
        See `infer_chords`.

    Returns
    -------
    ndarray of float64, shape (n_places,)
        In seconds, from 0 to before the end of the piece.
    """
    tempo_map = TempoMap.from_sequence(notes)
    meters = meter_changes(notes)
    end_quarters = float(tempo_map.seconds_to_quarters(notes.total_time_s))
    stops_quarters = np.append(meters["quarters"][1:], end_quarters).clip(max=end_quarters)
    runs = []
    for meter, stop_quarters in zip(meters, stops_quarters, strict=True):
        numerator, denominator = int(meter["numerator"]), int(meter["denominator"])
        shares = _bar_shares((numerator, denominator), chords_per_bar, other_meters)
        bar_quarters = quarters_per_bar(numerator, denominator)
        n_bars = max(0, int(np.ceil((stop_quarters - meter["quarters"]) / bar_quarters)))
        places = np.add.outer(np.arange(n_bars), shares).ravel() * bar_quarters
        places += meter["quarters"]
        runs.append(places[places < stop_quarters - 1e-6])
    return tempo_map.quarters_to_seconds(np.concatenate(runs))


def _bar_shares(meter: tuple[int, int], chords_per_bar: int | None, other_meters: str) -> Floats:
    """Find where in a bar chords may begin, as shares of its length."""
    n_chords = chords_per_bar or CHORDS_PER_BAR.get(meter, 1)
    if chords_per_bar or meter in CHORDS_PER_BAR or other_meters == "bar":
        return np.arange(n_chords) / n_chords
    numerator = meter[0]
    group = 3 if numerator % 3 == 0 else 2
    return np.arange(0, max(1, numerator - numerator % group), group) / numerator


@cache
def _chord_names() -> tuple[str, ...]:
    return tuple(Chord(root, kind).name() for kind in CHORD_KINDS for root in PITCH_CLASS_NAMES)


@cache
def _states() -> _States:
    chords = [Chord(root, kind) for kind in CHORD_KINDS for root in PITCH_CLASS_NAMES]
    tone = np.empty((24, len(chords), 12))
    prior = np.empty((24, len(chords)))
    for key in range(24):
        tonic, is_minor = key % 12, key >= 12
        scale = {*SCALES["minor"], 11} if is_minor else {*SCALES["major"]}
        tone[key] = _STRANGE_TONE
        tone[key][:, [(tonic + n) % 12 for n in scale]] = _KEY_TONE
        shares = _DEGREE_CHORDS[is_minor]
        for row, chord in enumerate(chords):
            root = chord.root_pitch_class or 0
            for k, interval in enumerate(chord.intervals()):
                weight = _ROOT_TONE if k == 0 else _SEVENTH_TONE if k == 3 else 1.0
                tone[key, row, (root + interval) % 12] = _TONE * weight
            prior[key, row] = shares.get(((root - tonic) % 12, chord.kind), _RARE_CHORD)
    tone /= tone.sum(axis=2, keepdims=True)
    prior /= prior.sum(axis=1, keepdims=True)
    return _States(np.log(tone), np.log(prior))


def _decode(
    weights: Floats, key_change: float, chord_change: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the likeliest keys and chords, each of shape (n_places,), where notes sound."""
    tone_log, chord_log = _states()
    total = weights.sum(axis=1, keepdims=True)
    counted = weights * np.minimum(1.0, _MOST_QUARTERS / total)
    n_keys, n_chords = chord_log.shape
    stay = np.log((1 - chord_change) * (1 - key_change))
    change_chord = np.log(chord_change * (1 - key_change))
    change_key = np.log(key_change / (n_keys - 1))
    keys = np.arange(n_keys)
    score = chord_log + tone_log @ counted[0]
    came_from = np.empty((len(weights), n_keys, n_chords), np.int16)
    for k in range(1, len(weights)):
        best_chord = score.argmax(axis=1)
        entry = score[keys, best_chord] + change_chord
        source = keys * n_chords + best_chord
        best = int(score.argmax())
        is_new_key = entry < score.flat[best] + change_key
        entry[is_new_key], source[is_new_key] = score.flat[best] + change_key, best
        entered, stayed = entry[:, np.newaxis] + chord_log, score + stay
        is_new = entered > stayed
        came_from[k] = np.where(is_new, source[:, np.newaxis], -1)
        score = np.where(is_new, entered, stayed) + tone_log @ counted[k]
    return _trace(came_from.reshape(len(weights), -1), int(score.argmax()), n_chords)


def _trace(
    came_from: NDArray[np.int16], last: int, n_chords: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Go back along the best path; -1 is the same state as after it."""
    path = np.empty(len(came_from), np.intp)
    path[-1] = last
    for k in range(len(came_from) - 1, 0, -1):
        source = int(came_from[k, path[k]])
        path[k - 1] = path[k] if source < 0 else source
    return path // n_chords, path % n_chords
