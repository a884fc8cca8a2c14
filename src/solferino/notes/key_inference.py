"""Which keys a piece is in: profiles of pitch classes, over the whole or bar by bar."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.notes.harmony import PITCH_CLASS_NAMES
from solferino.notes.sequence import KEY_DTYPE, NoteSequence
from solferino.notes.timing import TempoMap, bar_times_s

Floats = NDArray[np.float64]

N_KEYS = 24
"""Twelve major keys from C upwards, then twelve minor keys from C."""

MAJOR_PROFILE = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR_PROFILE = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""Shares of the pitch classes above the tonic.

From Albrecht and Shanahan, "The use of large corpora to develop a new type of key-finding
algorithm", Music Perception 31 (2013).
"""

FINAL_QUARTERS = 8.0
"""How many quarter notes of evidence the lowest note at the end is worth."""
_FINAL_SHARES = (0.8, 0.03, 0.12)  # that it is the tonic, the third, the fifth
_MOST_QUARTERS = 4.0  # evidence of a bar that counts, where keys may change


class Key(NamedTuple):
    """A major or minor key.

    Parameters
    ----------
    tonic : int in [0, 11]
        Pitch class, 0 is C.
    is_minor : bool
    """

    tonic: int
    is_minor: bool

    @property
    def sharps(self) -> int:
        """Sharps of its signature, in [-5, 6]; negative for flats."""
        relative = self.tonic + 3 * self.is_minor
        return (7 * relative + 5) % 12 - 5

    @property
    def name(self) -> str:
        """Name it, as in ``"F# minor"``."""
        return f"{PITCH_CLASS_NAMES[self.tonic]} {'minor' if self.is_minor else 'major'}"


def infer_key(notes: NoteSequence) -> Key:
    """Find the key of a whole piece, or of a section cut out of one.

    The key under which the lengths of its pitch classes, and the lowest note at its end,
    are likeliest.

    Parameters
    ----------
    notes : NoteSequence
        Drums say nothing of keys. Without other notes the key is C major.

    Returns
    -------
    Key
    """
    weights = pitch_class_quarters(notes, np.zeros(1))
    return key_of_index(int(np.argmax((weights @ _profiles_log().T)[0] + _final_log(notes))))


def infer_keys(notes: NoteSequence, key_change_probability: float = 0.0001) -> NDArray[np.void]:
    """Find the keys of a piece, bar by bar.

    Parameters
    ----------
    notes : NoteSequence
    key_change_probability : float in (0, 1)
        How likely the key changes from one bar to the next.

    Returns
    -------
    structured array, dtype KEY_DTYPE
        A row where each key begins, the first at 0; none without notes.

    Raises
    ------
    ValueError
        If the probability is out of its range.
    """
    check_probability("key_change_probability", key_change_probability)
    bars_s = bar_times_s(notes)
    weights = pitch_class_quarters(notes, bars_s)
    if not weights.any():
        return np.empty(0, KEY_DTYPE)
    total = weights.sum(axis=1, keepdims=True)
    scaled = weights * np.minimum(1.0, _MOST_QUARTERS / np.maximum(total, 1e-9))
    fits = scaled @ _profiles_log().T
    fits[-1] += _final_log(notes)
    return key_rows(bars_s, _decode(fits, key_change_probability))


def key_of_index(index: int) -> Key:
    """Give the key at a place in the order of `N_KEYS`."""
    return Key(index % 12, index >= 12)


def key_rows(times_s: ArrayLike, keys: NDArray[np.intp]) -> NDArray[np.void]:
    """Write keys as key signatures.

    Parameters
    ----------
    times_s : array_like of float, shape (n_places,)
        When each begins.
    keys : ndarray of int in [0, 23], shape (n_places,)

    Returns
    -------
    structured array, dtype KEY_DTYPE
        A row where the key changes.
    """
    times_s = np.asarray(times_s, np.float64)
    changes = np.flatnonzero(np.append(True, np.diff(keys) != 0))
    found = [(float(times_s[k]), key_of_index(int(keys[k]))) for k in changes]
    return np.array([(time_s, key.sharps, key.is_minor) for time_s, key in found], KEY_DTYPE)


def pitch_class_quarters(notes: NoteSequence, places_s: Floats) -> Floats:
    """Add up how long each pitch class sounds between moments.

    Parameters
    ----------
    notes : NoteSequence
        Its drums are left out.
    places_s : ndarray of float64, shape (n_places,)
        Moments in seconds, going up; the last stretch lasts until the end.

    Returns
    -------
    ndarray of float64, shape (n_places, 12)
        In quarter notes.
    """
    tempo_map = TempoMap.from_sequence(notes)
    rows = notes.notes[~notes.is_drum]
    onsets = tempo_map.seconds_to_quarters(rows["onset_s"])
    releases = tempo_map.seconds_to_quarters(rows["release_s"])
    borders = tempo_map.seconds_to_quarters(np.append(places_s, notes.total_time_s))
    weights = np.zeros((len(places_s), 12))
    for pitch_class in range(12):
        is_it = rows["pitch"] % 12 == pitch_class
        since_onsets = _time_since(np.sort(onsets[is_it]), borders)
        since_releases = _time_since(np.sort(releases[is_it]), borders)
        weights[:, pitch_class] = np.diff(since_onsets - since_releases)
    return weights.round(6).clip(min=0.0)


def check_probability(name: str, probability: float) -> None:
    """Raise ValueError unless a probability lies between 0 and 1."""
    if not 0 < probability < 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {probability}")


def _time_since(moments: Floats, borders: Floats) -> Floats:
    """Add up, at each border, how long ago the moments before it were."""
    n_past = np.searchsorted(moments, borders)
    return np.asarray(n_past * borders - np.append(0.0, np.cumsum(moments))[n_past])


@cache
def _profiles_log() -> Floats:
    """Log probability of each pitch class in each key, shape (24, 12)."""
    rows = [np.roll(MAJOR_PROFILE, k) for k in range(12)]
    rows += [np.roll(MINOR_PROFILE, k) for k in range(12)]
    return np.asarray(np.log(rows))


def _final_log(notes: NoteSequence) -> Floats:
    """Log-likelihood of the lowest of the last notes under each key, shape (24,)."""
    rows = notes.notes[~notes.is_drum]
    if not len(rows):
        return np.zeros(N_KEYS)
    last = rows[rows["release_s"] > rows["release_s"].max() - 0.05]
    final = int(last["pitch"].min()) % 12
    tonic, third, fifth = _FINAL_SHARES
    shares = np.full((2, 12), (1 - tonic - third - fifth) / 9)
    for is_minor in (0, 1):
        shares[is_minor, [0, 4 - is_minor, 7]] = tonic, third, fifth
    above_tonic = (final - np.arange(12)) % 12
    return np.asarray(np.log(shares[:, above_tonic]).ravel() * (FINAL_QUARTERS / 4))


def _decode(fits: Floats, change: float) -> NDArray[np.intp]:
    """Find the likeliest path through keys, of shape (n_places,)."""
    stay, move = np.log(1 - change), np.log(change / (N_KEYS - 1))
    score, came_from = fits[0], np.zeros(fits.shape, np.intp)
    for k in range(1, len(fits)):
        best = int(score.argmax())
        is_new = score[best] + move > score + stay
        came_from[k] = np.where(is_new, best, np.arange(N_KEYS))
        score = np.where(is_new, score[best] + move, score + stay) + fits[k]
    path = np.empty(len(fits), np.intp)
    path[-1] = int(score.argmax())
    for k in range(len(fits) - 1, 0, -1):
        path[k - 1] = came_from[k, path[k]]
    return path
