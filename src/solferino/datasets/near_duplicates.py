"""Pieces that share much of their melody: found, grouped, and never split apart.

Corpora hold the same tune many times, in other keys, shortened, ornamented. A model that is
tested on a variant of what it learnt looks better than it is, so training and evaluation
examples are divided by group, not by piece.

A piece is seen as its set of *phrases*: runs of five steps from note to note, each step an
interval and how the time to the next note compares with the last. Neither transposition nor
tempo changes them. A phrase that many pieces share, such as a scale or a repeated note, says
less of their kinship than a rare one, so in n pieces it weighs 1 / sqrt(n - 1).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.fingerprints import MAX_OCTAVES, duration_ratios, line_of
from solferino.notes.sequence import NoteSequence

PHRASE_STEPS = 5
MAX_INTERVAL = 24
RATIOS_PER_OCTAVE = 2
"""Ratios of durations count in half octaves."""
SHARED = 0.15
"""Pieces belong together when this part of the lighter one's phrases, by weight, is in both."""
MIN_SHARED_WEIGHT = 3.0
MIN_SHARED_PHRASES = 6
MOSTLY = 0.5
"""They also do when this part of the smaller one's phrases is in both, whatever it weighs."""
CLICHE_PIECES = 200
"""A phrase in more pieces than this says nothing about kinship."""

Phrases = NDArray[np.int64]


def phrases(notes: NoteSequence) -> Phrases:
    """Return the set of phrases of all voices of a piece.

    Chords count by their highest note. Drums, which have no intervals, count by their
    pitches.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    ndarray of int64, shape (n_phrases,)
        Codes of the phrases, in rising order, each once.
    """
    voices = [
        _voice_phrases(notes.notes[notes.notes["instrument"] == index], instrument.is_drum)
        for index, instrument in enumerate(notes.instruments)
    ]
    return np.unique(np.concatenate([np.empty(0, np.int64), *voices]))


def group_near_duplicates(pieces: Sequence[Phrases], shared: float = SHARED) -> NDArray[np.int64]:
    """Group pieces whose phrases overlap, directly or through others.

    Parameters
    ----------
    pieces : sequence of ndarray
        Phrases of each piece, from `phrases`.
    shared : float in (0, 1]
        Which part of the lighter piece's phrases, by weight, has to be in both.

    Returns
    -------
    ndarray of int64, shape (len(pieces),)
        Group of each piece: the index of its first member.
    """
    same = _first_equal(pieces)
    distinct = np.flatnonzero(same == np.arange(len(pieces)))
    sizes = np.array([len(pieces[k]) for k in distinct.tolist()], np.int64)
    codes = np.concatenate([np.empty(0, np.int64), *(pieces[k] for k in distinct.tolist())])
    owners = np.repeat(np.arange(len(distinct)), sizes)
    first, second, overlap, weight, weights = _overlaps(codes, owners, len(distinct))
    enough = np.maximum(shared * np.minimum(weights[first], weights[second]), MIN_SHARED_WEIGHT)
    kin = (weight >= enough) & (overlap >= MIN_SHARED_PHRASES)
    most = np.maximum(MOSTLY * np.minimum(sizes[first], sizes[second]), 2 * MIN_SHARED_PHRASES)
    kin |= overlap >= most
    roots = _connect(len(distinct), first[kin], second[kin])
    position = np.zeros(len(pieces), np.int64)
    position[distinct] = np.arange(len(distinct))
    return distinct[roots[position[same]]]


class Split(NamedTuple):
    """Which pieces are kept for evaluation, and how the groups came out.

    Parameters
    ----------
    is_eval : ndarray of bool, shape (n_pieces,)
    num_groups : int
        Groups of all sizes, so pieces without kin count as one each.
    group_sizes : dict of int to int
        How many groups there are of each size.
    """

    is_eval: NDArray[np.bool_]
    num_groups: int
    group_sizes: dict[int, int]


def split_by_group(groups: NDArray[np.int64], eval_ratio: float, seed: int) -> Split:
    """Choose groups at random for evaluation until they hold `eval_ratio` of the pieces.

    Parameters
    ----------
    groups : ndarray of int64, shape (n_pieces,)
        From `group_near_duplicates`.
    eval_ratio : float in [0, 1)
        Part of the pieces to keep for evaluation. A group too large for what is left of it
        stays in training; if there are two groups or more, each side gets one.
    seed : int
        Fixes the choice.
    """
    members, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    target = min(round(eval_ratio * len(groups)), len(groups) - 1)
    chosen = np.zeros(len(members), np.bool_)
    if eval_ratio > 0 and len(members) > 1:
        order = np.random.Generator(np.random.Philox(seed)).permutation(len(members))
        taken = 0
        for group in order:
            if taken + sizes[group] <= target:
                chosen[group] = True
                taken += sizes[group]
        if not taken:
            chosen[order[np.argmin(sizes[order])]] = True
    of_each_size = dict(zip(*np.unique(sizes, return_counts=True), strict=True))
    return Split(chosen[index], len(members), {int(k): int(v) for k, v in of_each_size.items()})


def _voice_phrases(notes: NDArray[np.void], is_drum: bool) -> Phrases:
    """Codes of the phrases of one voice, in order and with repeats."""
    onsets_s, _, pitches, _ = line_of(notes)
    if len(pitches) < PHRASE_STEPS + 2:
        return np.empty(0, np.int64)
    ratios = duration_ratios(onsets_s, RATIOS_PER_OCTAVE)
    if is_drum:
        steps = pitches[1:-1]
        num_steps = 128
    else:
        steps = np.clip(np.diff(pitches)[:-1], -MAX_INTERVAL, MAX_INTERVAL) + MAX_INTERVAL
        num_steps = 2 * MAX_INTERVAL + 1
    num_ratios = 2 * MAX_OCTAVES * RATIOS_PER_OCTAVE + 1
    tokens = steps * num_ratios + ratios
    base = num_steps * num_ratios
    windows = np.lib.stride_tricks.sliding_window_view(tokens, PHRASE_STEPS)
    codes: Phrases = windows @ (base ** np.arange(PHRASE_STEPS, dtype=np.int64))
    return -codes - 1 if is_drum else codes


def _first_equal(pieces: Sequence[Phrases]) -> NDArray[np.int64]:
    """Index of the first piece with the same phrases; pieces without any equal none."""
    seen: dict[bytes, int] = {}
    keys = (p.tobytes() or b"%d" % k for k, p in enumerate(pieces))
    return np.array([seen.setdefault(key, k) for k, key in enumerate(keys)], np.int64)


class _Overlaps(NamedTuple):
    """Pairs of pieces that share phrases: how many, their weight, and each piece's weight."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    overlap: NDArray[np.int64]
    weight: NDArray[np.float64]
    weights: NDArray[np.float64]


def _overlaps(codes: Phrases, owners: NDArray[np.int64], num_pieces: int) -> _Overlaps:
    """Find the pairs by looking up, for each phrase, the pieces that have it."""
    order = np.lexsort((owners, codes))
    codes, owners = codes[order], owners[order]
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
    counts = np.diff(np.append(starts, len(codes)))
    weights = np.bincount(owners, np.repeat(_weight(counts), counts), minlength=num_pieces).astype(
        float
    )
    keys, key_weights = [np.empty(0, np.int64)], [np.empty(0)]
    for count in np.unique(counts[(counts > 1) & (counts <= CLICHE_PIECES)]):
        rows = owners[starts[counts == count][:, None] + np.arange(count)]
        first, second = np.triu_indices(count, 1)
        keys.append((rows[:, first] * num_pieces + rows[:, second]).ravel())
        key_weights.append(np.full(keys[-1].shape, _weight(count)))
    pairs, index, overlap = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    weight = np.bincount(index, np.concatenate(key_weights), minlength=len(pairs)).astype(float)
    return _Overlaps(
        pairs // max(num_pieces, 1), pairs % max(num_pieces, 1), overlap, weight, weights
    )


def _weight(num_owners: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of a phrase that so many pieces have."""
    weight: NDArray[np.float64] = 1 / np.sqrt(np.maximum(num_owners - 1, 1))
    return weight


def _connect(num_nodes: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> Phrases:
    """Smallest node that each node is connected to."""
    parents = list(range(num_nodes))

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        a, b = root(one), root(other)
        parents[max(a, b)] = min(a, b)
    return np.array([root(node) for node in range(num_nodes)], np.int64)
