"""Variants of a tune are found, and unrelated tunes are not."""

import numpy as np
import pytest

import solferino.datasets.near_duplicates as near_duplicates
from solferino.datasets.near_duplicates import group_near_duplicates, phrases, split_by_group
from solferino.notes.sequence import Instrument, NoteSequence
from tests.datasets.tunes import STEP_S, tune


def ornamented(notes, every=8):
    """The tune with every eighth note split into two, the second a step above."""
    table = notes.notes.copy()
    chosen = table[::every].copy()
    middle_s = (chosen["onset_s"] + chosen["release_s"]) / 2
    table["release_s"][::every] = middle_s
    chosen["onset_s"] = middle_s
    chosen["pitch"] += 1
    return notes.with_notes(np.concatenate([table, chosen]))


def slower(notes, factor=1.5):
    table = notes.notes.copy()
    for column in ("onset_s", "release_s"):
        table[column] *= factor
    return notes.with_notes(table)


def grouped(*pieces):
    return group_near_duplicates([phrases(piece) for piece in pieces]).tolist()


VARIANTS = {
    "the same again": tune(0),
    "a fourth higher": tune(0, transpose=5),
    "its first half": tune(0).with_notes(tune(0).notes[:32]),
    "its second half": tune(0).with_notes(tune(0).notes[32:]),
    "ornamented": ornamented(tune(0)),
    "slower": slower(tune(0)),
    "slower, lower and ornamented": ornamented(slower(tune(0, transpose=-7))),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_grouped_with_its_tune(name):
    assert grouped(tune(1), tune(0), tune(2), VARIANTS[name]) == [0, 1, 2, 1]


def test_unrelated_tunes_stay_apart():
    assert grouped(*(tune(seed) for seed in range(12))) == list(range(12))


def with_cliche(seed):
    """A tune that ends with eight notes down the scale, as thousands do."""
    scale = [72, 71, 69, 67, 65, 64, 62, 60]
    start_s = tune(seed).total_time_s
    rows = [
        (start_s + STEP_S * k, start_s + STEP_S * (k + 1), p, 80, 0) for k, p in enumerate(scale)
    ]
    return tune(seed).with_notes([*tune(seed).notes.tolist(), *rows])


def test_a_common_cliche_makes_no_kinship():
    assert grouped(*(with_cliche(seed) for seed in range(12))) == list(range(12))


def test_a_phrase_of_very_many_pieces_counts_for_nothing(monkeypatch):
    monkeypatch.setattr(near_duplicates, "CLICHE_PIECES", 3)
    shared = np.arange(20)
    pieces = [np.append(shared, 100 + k) for k in range(4)]
    assert group_near_duplicates(pieces).tolist() == [0, 1, 2, 3]
    assert group_near_duplicates(pieces[:3]).tolist() == [0, 0, 0]


def test_kinship_goes_through_others():
    a, b, c = np.arange(0, 40), np.arange(20, 60), np.arange(45, 85)
    assert group_near_duplicates([a, c]).tolist() == [0, 1]
    assert group_near_duplicates([a, c, b]).tolist() == [0, 0, 0]


def test_pieces_too_short_for_phrases_are_kin_to_none():
    silent, short = NoteSequence(), tune(0, num_notes=4)
    assert grouped(silent, short, silent, short) == [0, 1, 2, 3]


def test_no_pieces_have_no_groups():
    assert group_near_duplicates([]).tolist() == []


def test_of_a_chord_the_highest_note_counts():
    table = tune(0).notes.copy()
    table["pitch"] -= 12
    chords = tune(0).with_notes(np.concatenate([table, tune(0).notes]))
    np.testing.assert_array_equal(phrases(chords), phrases(tune(0)))


def test_drums_are_known_by_their_pitches():
    kit = (Instrument(is_drum=True),)
    groove, other = tune(0, instruments=kit), tune(0, transpose=1, instruments=kit)
    assert grouped(groove, other, groove) == [0, 1, 0]
    assert not np.intersect1d(phrases(groove), phrases(tune(0))).size


def test_every_voice_counts():
    lower = tune(1).notes.copy()
    lower["instrument"] = 1
    duet = NoteSequence(
        np.concatenate([tune(0).notes, lower]), instruments=(Instrument(), Instrument())
    )
    assert grouped(tune(0), tune(1), duet) == [0, 0, 0]


GROUPS = np.array([0, 0, 0, 3, 4, 4, 6, 7, 8, 9] * 2) + np.repeat([0, 10], 10)


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_on_both_sides(seed):
    split = split_by_group(GROUPS, 0.3, seed)
    sides = {(group, side) for group, side in zip(GROUPS, split.is_eval, strict=True)}
    assert len(sides) == len(set(GROUPS)) == split.num_groups
    assert split.is_eval.sum() == 6
    assert split.group_sizes == {1: 10, 2: 2, 3: 2}


def test_the_seed_fixes_the_split():
    one, same, other = (split_by_group(GROUPS, 0.3, seed).is_eval for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_a_group_larger_than_what_evaluation_needs_stays_in_training():
    split = split_by_group(np.array([0] * 9 + [9]), 0.2, 0)
    assert split.is_eval.tolist() == [False] * 9 + [True]


def test_two_groups_give_each_side_one_even_if_one_is_too_large():
    split = split_by_group(np.array([0, 0, 0, 3, 3]), 0.1, 0)
    assert split.is_eval.tolist() == [False] * 3 + [True] * 2


def test_something_is_always_left_to_learn_from():
    assert split_by_group(np.array([0, 1]), 0.9, 0).is_eval.sum() == 1


@pytest.mark.parametrize(("groups", "ratio"), [([0, 0, 0], 0.5), ([0, 1, 2], 0.0), ([], 0.5)])
def test_one_group_or_no_ratio_means_no_evaluation(groups, ratio):
    assert not split_by_group(np.array(groups, np.int64), ratio, 0).is_eval.any()


def test_a_phrase_of_many_pieces_weighs_less_than_a_rare_one():
    families = [np.arange(k, k + 30) for k in range(0, 3000, 100)]
    common = np.arange(10_000, 10_010)
    apart = [np.append(family, common) for family in families]
    assert group_near_duplicates(apart).tolist() == list(range(30))
    assert group_near_duplicates(apart[:2]).tolist() == [0, 0]


def test_a_large_family_stays_together():
    variants = [np.append(np.arange(14), 100 + 10 * k + np.arange(6)) for k in range(60)]
    assert set(group_near_duplicates(variants).tolist()) == {0}
