"""Choosing the events of a performance: its grammar, the constraints, and notes to keep."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConstraintError
from solferino.notes.sequence import Instrument
from solferino.representations.constraints import Constraints
from solferino.representations.performance import Performance
from solferino.representations.performance_events import read_events, write_events
from solferino.representations.representation import EventSequence
from tests.representations.performances import (
    PERFORMANCE,
    VOCABULARY,
    events,
    piece,
    played,
    spelled,
)

FREE = Constraints()
START = PERFORMANCE.opening(0, 200)


def guide_after(words, constraints=FREE, end_step=1000, releases=False, **others):
    """Start a guide after some events that begin at step 0."""
    after = EventSequence(events(words), **others)
    return PERFORMANCE.guide(constraints, after, end_step, releases=releases)


def allowed_words(guide):
    """What may come next, shifts left out."""
    (ids,) = np.nonzero(guide.allowed()[0])
    return [word for word in spelled(ids).split() if not word.startswith("+")]


def longest_shift_allowed(guide):
    return max(np.flatnonzero(guide.allowed()[0][256:356]) + 1, default=0)


def feed(guide, words):
    for event in events(words):
        assert guide.allowed()[0, event], spelled([event])
        guide.feed(np.array([event], np.int16))


def wander(guide, seed, batch=3, shift_weight=3.0, num_events=388):
    """Choose at random until all sequences are full; shuffle the rows now and then."""
    rng = np.random.default_rng(seed)
    weights = np.ones(num_events)
    weights[256:356] = shift_weight
    guide = guide.select(np.zeros(batch, np.intp))
    rows = [[] for _ in range(batch)]
    for turn in range(20_000):
        if guide.is_full().all():
            return [np.array(row, np.int16) for row in rows]
        mask = guide.allowed()
        assert mask.any(axis=1).all()
        ids = (rng.random(mask.shape) ** 0.3 * weights * mask).argmax(axis=1).astype(np.int16)
        for row, event, is_full in zip(rows, ids.tolist(), guide.is_full(), strict=True):
            if not is_full:
                row.append(event)
        guide.feed(ids)
        if turn % 10 == 0:
            order = rng.permutation(batch)
            guide, rows = guide.select(order), [list(rows[k]) for k in order]
    raise AssertionError("a row never ended")


# --- the grammar


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from([0.2, 1.0, 3.0]))
def test_only_what_the_encoder_writes_may_be_chosen(seed, shift_weight):
    guide = PERFORMANCE.guide(FREE, START, 400, releases=True)
    for ids in wander(guide, seed, shift_weight=shift_weight):
        num_steps = PERFORMANCE.num_steps(ids)
        assert num_steps >= 400
        notes = read_events(VOCABULARY, ids)
        assert (write_events(VOCABULARY, notes, 0, num_steps) == ids).all()


def test_the_first_note_needs_a_velocity():
    words = allowed_words(PERFORMANCE.guide(FREE, START, 100, releases=True))
    assert words == [f"v{n}" for n in range(1, 33)]
    without = Performance(num_velocity_bins=0)
    mask = without.guide(FREE, without.opening(0, 200), 100, releases=True).allowed()
    assert np.flatnonzero(mask[0]).tolist() == [*range(128), *range(256, 356)]


def test_a_velocity_is_new_and_stands_before_a_note():
    guide = PERFORMANCE.guide(FREE, START, 100, releases=True)
    feed(guide, "v9")
    assert allowed_words(guide) == [f"on{p}" for p in range(128)]
    assert longest_shift_allowed(guide) == 0
    feed(guide, "on60")
    assert "v9" not in allowed_words(guide)
    assert "v8" in allowed_words(guide)


def test_a_pitch_begins_only_if_it_does_not_sound_and_ends_only_if_it_does():
    guide = guide_after("v9 on60 on64 +30")
    words = allowed_words(guide)
    assert [word for word in words if word.startswith("off")] == ["off60", "off64"]
    feed(guide, "off60 v3 on60 +20 off60 v4 on62 +9 off64")
    assert "on64" in allowed_words(guide)
    assert not {"on62", "off60", "off64"} & set(allowed_words(guide))


def test_within_a_moment_the_order_is_kept():
    guide = guide_after("v9 on60 on64 +30")
    feed(guide, "off64")
    assert "off60" not in allowed_words(guide)
    feed(guide, "v3 on70")
    assert allowed_words(guide)[0] == "on71"
    assert not [word for word in allowed_words(guide) if word.startswith("off")]
    feed(guide, "+1")
    assert {"on0", "off60", "off70"} <= set(allowed_words(guide))


def test_no_velocity_may_come_where_no_note_can_follow():
    guide = guide_after("v9 on60 +30")
    feed(guide, "v5 on127")
    assert allowed_words(guide) == []
    assert longest_shift_allowed(guide) == 100


def test_after_a_shift_shorter_than_the_longest_something_happens():
    guide = PERFORMANCE.guide(FREE, START, 1000, releases=True)
    feed(guide, "+100 +100 +99")
    assert longest_shift_allowed(guide) == 0
    feed(guide, "v1 on3")
    assert longest_shift_allowed(guide) == 100


def test_a_note_that_has_just_begun_does_not_end_at_once():
    assert "off60" not in allowed_words(guide_after("+5 v9 on60"))
    assert allowed_words(guide_after("+5 v9")) == [f"on{p}" for p in range(128)]


def test_a_note_that_a_model_forgets_ends_after_five_seconds():
    guide = guide_after("v8 on60", end_step=2000)
    for second in range(5):
        assert longest_shift_allowed(guide) == 100, second
        feed(guide, "+100")
    assert longest_shift_allowed(guide) == 0
    assert allowed_words(guide) == ["off60"]


def test_a_sequence_is_full_at_its_end_or_beyond():
    guide = guide_after("+100 v9 on60", end_step=250)
    assert guide.is_full().tolist() == [False]
    feed(guide, "+100")
    assert guide.is_full().tolist() == [False]
    feed(guide, "+100")
    assert guide.is_full().tolist() == [True]
    assert guide.allowed().any()
    guide = guide_after("+100 v9 on60", end_step=200)
    feed(guide, "+100")
    assert guide.is_full().tolist() == [True]


def test_selected_rows_go_on_alone():
    guide = PERFORMANCE.guide(FREE, START, 1000, releases=True)
    feed(guide, "v9 on60 +30")
    guide = guide.select(np.array([0, 0]))
    guide.feed(events("off60 +5"))
    ended, sounding = guide.select(np.array([0])), guide.select(np.array([1, 1]))
    ended.feed(events("on60"))
    sounding.feed(events("off60 on61"))
    assert guide.allowed()[:, 60].tolist() == [True, False]
    assert guide.allowed()[:, 128 + 60].tolist() == [False, True]
    assert ended.allowed()[:, 60].tolist() == [False]
    assert sounding.allowed()[:, 60].tolist() == [True, False]


# --- what the constraints ask for


def test_only_pitches_of_the_scale_and_the_range_begin():
    constraints = Constraints(frozenset({0, 4, 7}), min_pitch=48, max_pitch=72)
    guide = PERFORMANCE.guide(constraints, START, 100, releases=True)
    feed(guide, "v3")
    assert allowed_words(guide) == [f"on{p}" for p in (48, 52, 55, 60, 64, 67, 72)]


def test_pitches_are_meant_as_they_sound():
    constraints = Constraints(frozenset({0}), min_pitch=60, max_pitch=72)
    after = replace(START, transposition=2)
    guide = PERFORMANCE.guide(constraints, after, 100, releases=True)
    feed(guide, "v3")
    assert allowed_words(guide) == ["on62", "on74"]


def test_where_no_pitch_may_begin_time_passes():
    guide = PERFORMANCE.guide(Constraints(frozenset()), START, 300, releases=True)
    for ids in wander(guide, seed=1):
        assert ((ids >= 256) & (ids < 356)).all()


def test_what_sounds_ends_first_if_it_shall():
    guide = guide_after("v9 on60 on64 +30", releases=True)
    assert allowed_words(guide) == ["off60"]
    assert longest_shift_allowed(guide) == 0
    feed(guide, "off60")
    assert allowed_words(guide) == ["off64"]
    feed(guide, "off64")
    assert longest_shift_allowed(guide) == 100


KEPT = [(61, 100, 200, 90), (64, 100, 300, 20), (67, 100, 5000, 90), (61, 251, 260, 127)]


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.sampled_from([270, 255, 600]))
def test_kept_notes_come_out_exactly_and_others_obey_the_scale(seed, end_step):
    constraints = Constraints(frozenset({0, 2, 4}), 30, 90, keep=piece(*KEPT))
    guide = PERFORMANCE.guide(constraints, START, end_step, releases=True)
    for ids in wander(guide, seed, shift_weight=1.0):
        notes = played(PERFORMANCE.decode(EventSequence(ids), 120))
        found = {(pitch, onset, min(end, end_step)): v for pitch, onset, end, v in notes}
        for pitch, onset, end, velocity in KEPT:
            near = found.pop((pitch, onset, min(end, end_step)))
            assert (near - 1) // 4 == (velocity - 1) // 4
        assert all(p % 12 in {0, 2, 4} and 30 <= p <= 90 for p, *_ in found)


def test_a_kept_note_is_struck_with_its_own_velocity_among_others():
    guide = PERFORMANCE.guide(Constraints(keep=piece((60, 0, 50, 20))), START, 100, releases=True)
    assert "v5" in allowed_words(guide)
    assert "v9" in allowed_words(guide)
    feed(guide, "v9")
    assert allowed_words(guide) == [f"on{p}" for p in range(60)]
    feed(guide, "on59")
    assert allowed_words(guide) == ["v5"]
    feed(guide, "v5")
    assert allowed_words(guide) == ["on60"]


def test_a_pitch_that_sounds_ends_before_it_is_kept():
    constraints = Constraints(keep=piece((60, 30, 50, 36)))
    guide = PERFORMANCE.guide(constraints, START, 1000, releases=True)
    feed(guide, "v9 on60 +10 on70")
    assert longest_shift_allowed(guide) == 20
    feed(guide, "+20")
    assert allowed_words(guide) == ["off60"]
    feed(guide, "off60")
    assert "on60" in allowed_words(guide)
    assert "on61" not in allowed_words(guide)


def test_no_shift_jumps_over_a_kept_note_or_its_end():
    guide = PERFORMANCE.guide(Constraints(keep=piece((60, 70, 90, 20))), START, 95, releases=True)
    assert longest_shift_allowed(guide) == 70
    feed(guide, "+70 v5 on60")
    assert longest_shift_allowed(guide) == 20
    feed(guide, "+20")
    assert allowed_words(guide) == ["off60"]
    feed(guide, "off60")
    assert longest_shift_allowed(guide) == 100


def test_a_kept_note_that_the_past_began_is_held_to_its_end():
    constraints = Constraints(keep=piece((60, 0, 50, 36)))
    guide = guide_after("v9 on60 on61 +10", constraints)
    words = allowed_words(guide)
    assert "off61" in words
    assert not {"off60", "on60"} & set(words)
    feed(guide, "+40")
    assert "off60" in allowed_words(guide)
    assert longest_shift_allowed(guide) == 0


def test_no_shift_lets_a_kept_note_sound_beyond_the_end():
    guide = PERFORMANCE.guide(Constraints(keep=piece((60, 0, 90, 36))), START, 70, releases=True)
    feed(guide, "v9 on60")
    assert longest_shift_allowed(guide) == 70


def test_a_kept_note_comes_out_where_no_other_may_begin():
    constraints = Constraints(frozenset(), keep=piece((60, 170, 290, 36)))
    guide = PERFORMANCE.guide(constraints, START, 400, releases=True)
    for ids in wander(guide, seed=2):
        assert played(PERFORMANCE.decode(EventSequence(ids), 120)) == [(60, 170, 290, 35)]


def test_notes_are_kept_without_velocities():
    without = Performance(num_velocity_bins=0)
    guide = without.guide(Constraints(keep=piece((60, 30, 50, 36))), START, 100, releases=True)
    for ids in wander(guide, seed=3, num_events=356):
        notes = played(without.decode(EventSequence(ids), 120))
        assert (60, 30, 50, 80) in notes


def test_a_kept_note_that_sounds_is_held_even_where_others_end():
    guide = guide_after("v9 on60 on61 +10", Constraints(keep=piece((60, 0, 50, 36))), releases=True)
    assert allowed_words(guide) == ["off61"]
    feed(guide, "off61")
    assert longest_shift_allowed(guide) == 40


def test_a_kept_note_that_ended_before_does_not_matter():
    guide = guide_after("v9 on60 +10 off60", Constraints(keep=piece((60, 0, 10, 36))))
    assert longest_shift_allowed(guide) == 100


def test_a_kept_note_and_what_ends_at_the_start_do_not_disturb_each_other():
    constraints = Constraints(keep=piece((62, 10, 20, 36)))
    guide = guide_after("v9 on60 +10", constraints, releases=True)
    feed(guide, "off60")
    assert "on62" not in allowed_words(guide_after("v9 on60 +10", constraints, releases=True))
    feed(guide, "v9 on62")
    assert longest_shift_allowed(guide) == 10


@pytest.mark.parametrize(
    ("notes", "others", "message"),
    [
        ([(60, 0, 50, 64)], {}, "the kept note 60 begins at step 0, before the new events at ste"),
        ([(60, 20, 50, 64), (60, 40, 60, 64)], {}, "the kept note 60 at step 40 begins while"),
        ([(3, 20, 50, 64)], {"transposition": -5}, "the kept note 3 leaves the range 0 to 127"),
    ],
)
def test_notes_that_cannot_be_kept_are_refused(notes, others, message):
    with pytest.raises(ConstraintError, match=message):
        guide_after("+10", Constraints(keep=piece(*notes)), **others)


def test_drums_cannot_be_kept():
    drums = piece((38, 20, 30, 64), instruments=(Instrument(is_drum=True),))
    with pytest.raises(ConstraintError, match="a performance cannot keep drum notes"):
        guide_after("+10", Constraints(keep=drums))


def test_a_range_without_pitches_is_refused():
    with pytest.raises(
        ConstraintError, match="no pitch of the pitch classes \\[1\\] from 60 to 60"
    ):
        guide_after("+10", Constraints(frozenset({1}), 60, 60))
