"""Choosing notes part by part: the order of the parts, the constraints, and notes to keep."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConstraintError
from solferino.notes.sequence import Instrument
from solferino.representations.constraints import Constraints
from solferino.representations.note_tuple_events import read_tuples, write_tuples
from solferino.representations.representation import EventSequence
from tests.representations.note_tuples import FIRST, NOTE_TUPLES, ids_of, note, shift
from tests.representations.performances import piece, played

FREE = Constraints()
START = NOTE_TUPLES.opening(0, 200)
PARTS = ("shift major", "shift minor", "pitch", "velocity", "duration major", "duration minor")


def guide_after(*notes, constraints=FREE, end_step=1000, releases=False, **others):
    """Start a guide after some notes."""
    after = EventSequence(ids_of(*notes), **others)
    return NOTE_TUPLES.guide(constraints, after, end_step, releases=releases)


def allowed(guide, row=0):
    """What may come next: values of each part that has any."""
    (ids,) = np.nonzero(guide.allowed()[row])
    parts = np.searchsorted(FIRST, ids, side="right") - 1
    return {PARTS[p]: (ids[parts == p] - FIRST[p]).tolist() for p in np.unique(parts)}


def feed(guide, ids):
    for event in ids:
        assert guide.allowed()[0, event], event
        guide.feed(np.array([event], np.int16))


def shifts_allowed(guide):
    """Shortest and longest shift, in steps, and whether all between may come."""
    found = []
    for major in allowed(guide)["shift major"]:
        then = guide.select(np.array([0]))
        then.feed(np.array([major], np.int16))
        found += [major * 77 + minor for minor in allowed(then)["shift minor"]]
    assert found == list(range(found[0], found[-1] + 1))
    return found[0], found[-1]


def wander(guide, seed, batch=3, soon=0.5):
    """Choose at random until all sequences are full; shuffle the rows now and then."""
    rng = np.random.default_rng(seed)
    weights = np.ones(315)
    weights[13:90] = soon ** (np.arange(77) / 4)
    weights[:13] = soon ** (np.arange(13) * 8)
    guide = guide.select(np.zeros(batch, np.intp))
    rows = [[] for _ in range(batch)]
    for turn in range(20_000):
        if guide.is_full().all():
            return [np.array(row, np.int16) for row in rows]
        mask = guide.allowed()
        assert mask.any(axis=1).all()
        chances = np.cumsum(weights * mask, axis=1)
        drawn = rng.random(batch) * chances[:, -1]
        ids = np.minimum((chances <= drawn[:, None]).sum(axis=1), 314).astype(np.int16)
        assert mask[np.arange(batch), ids].all()
        for row, event, is_full in zip(rows, ids.tolist(), guide.is_full(), strict=True):
            if not is_full:
                row.append(event)
        guide.feed(ids)
        if turn % 10 == 0:
            order = rng.permutation(batch)
            guide, rows = guide.select(order), [list(rows[k]) for k in order]
    raise AssertionError("a row never ended")


# --- whose turn it is


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from([0.3, 0.5, 0.9]))
def test_only_what_the_encoder_writes_may_be_chosen(seed, soon):
    guide = NOTE_TUPLES.guide(FREE, START, 600, releases=True)
    for ids in wander(guide, seed, soon=soon):
        assert NOTE_TUPLES.num_steps(ids) >= 600
        notes = read_tuples(ids, FIRST)
        again = write_tuples(notes, FIRST, 0)
        rest = ids[len(again) :].tolist()
        assert again.tolist() == ids[: len(again)].tolist()
        assert (notes.onsets_steps < 600).all()
        assert max(rest) < 90  # shifts, the last of which reaches the end


def test_the_parts_come_in_their_order():
    guide = NOTE_TUPLES.guide(FREE, START, 1000, releases=True)
    everything = [13, 77, 128, 32, 25, 40]
    for event, part, size in zip(note(5, 60, 9, 50), PARTS, everything, strict=True):
        values = allowed(guide)
        assert list(values) == [part]
        assert len(values[part]) == size
        guide.feed(np.array([event], np.int16))


def test_notes_that_begin_together_come_from_the_lowest_up():
    guide = guide_after((5, 60, 9, 50))
    assert shifts_allowed(guide)[0] == 0
    feed(guide, shift(0))
    assert allowed(guide) == {"pitch": list(range(61, 128))}
    guide = guide_after((5, 127, 9, 50))
    assert shifts_allowed(guide) == (1, 1000)


def test_a_pitch_that_sounds_does_not_begin():
    guide = guide_after((5, 60, 9, 50))
    feed(guide, shift(49))
    assert 60 not in allowed(guide)["pitch"]
    guide = guide_after((5, 60, 9, 50))
    feed(guide, shift(50))
    assert allowed(guide)["pitch"] == list(range(128))


def test_time_passes_until_a_pitch_is_free():
    one = Constraints(min_pitch=60, max_pitch=60)
    assert shifts_allowed(guide_after((5, 60, 9, 50), constraints=one)) == (50, 1000)


def test_a_shift_of_ten_seconds_may_be_followed_by_another_or_by_a_note():
    guide = NOTE_TUPLES.guide(FREE, START, 9000, releases=True)
    feed(guide, shift(999))
    assert list(allowed(guide)) == ["pitch"]
    guide = NOTE_TUPLES.guide(FREE, START, 9000, releases=True)
    feed(guide, shift(1000))
    assert list(allowed(guide)) == ["shift major", "pitch"]
    assert shifts_allowed(guide) == (1, 1000)
    feed(guide, shift(3))
    assert allowed(guide) == {"pitch": list(range(128))}
    assert shifts_allowed(guide_after((1000, 60, 9, 50), end_step=9000))[0] == 0


def test_a_sequence_is_full_at_its_end_or_beyond():
    guide = guide_after((100, 60, 9, 50), end_step=250)
    guide = guide.select(np.array([0, 0, 0]))
    guide.feed(np.array([1, 1, 2], np.int16))
    assert guide.is_full().tolist() == [False, False, True]
    guide.feed(np.array([13 + 72, 13 + 73, 13], np.int16))
    assert guide.is_full().tolist() == [False, True, True]
    assert guide.allowed().any(axis=1).all()


def test_rows_may_be_at_different_parts():
    guide = NOTE_TUPLES.guide(FREE, START, 9000, releases=True).select(np.array([0, 0]))
    for event in shift(1000):
        guide.feed(np.array([event, event], np.int16))
    guide.feed(np.array([0, 150], np.int16))
    assert [list(allowed(guide, row)) for row in (0, 1)] == [["shift minor"], ["velocity"]]
    guide.feed(np.array([13 + 5, 230], np.int16))
    assert [list(allowed(guide, row)) for row in (0, 1)] == [["pitch"], ["duration major"]]
    turned = guide.select(np.array([1, 0]))
    assert list(allowed(turned)) == ["duration major"]


# --- after a primer


@settings(max_examples=30)
@given(st.integers(1, 3000), st.integers(0, 6))
def test_the_first_new_note_begins_in_the_section(rest_steps, seed):
    past = NOTE_TUPLES.encode(piece((60, 20, 40, 64)), 20 + rest_steps)
    start = past.start_step + NOTE_TUPLES.num_steps(past.ids)
    assert start == 20 + rest_steps
    guide = NOTE_TUPLES.guide(FREE, past, start + 100, releases=True)
    low, high = shifts_allowed(guide)
    assert (low, high) == (min(rest_steps, 1000), 1000)
    for ids in wander(guide, seed, batch=1):
        future = replace(past, ids=ids, start_step=start)
        onsets = [onset for _, onset, *_ in played(NOTE_TUPLES.decode(future, 120))]
        assert all(start <= onset < start + 100 for onset in onsets)
        assert past.start_step + NOTE_TUPLES.num_steps(np.append(past.ids, ids)) >= start + 100


@pytest.mark.parametrize("length", range(8, 14))
def test_an_incomplete_note_is_finished(length):
    whole = ids_of((0, 60, 9, 500), (80, 64, 5, 90))
    after = EventSequence(whole[:length])
    guide = NOTE_TUPLES.guide(FREE, after, 1000, releases=False)
    feed(guide, whole[length:].tolist())
    feed(guide, shift(10))
    assert not {60, 64} & set(allowed(guide)["pitch"])
    assert {61, 65} <= set(allowed(guide)["pitch"])


def test_what_sounds_at_the_end_may_begin_again_if_it_ends_there():
    for releases in (False, True):
        guide = guide_after((5, 60, 9, 50), releases=releases)
        feed(guide, shift(10))
        assert (60 in allowed(guide)["pitch"]) == releases


# --- what the constraints ask for


def test_only_pitches_of_the_scale_and_the_range_begin():
    constraints = Constraints(frozenset({0, 4, 7}), min_pitch=48, max_pitch=72)
    guide = NOTE_TUPLES.guide(constraints, START, 100, releases=True)
    feed(guide, shift(3))
    assert allowed(guide) == {"pitch": [48, 52, 55, 60, 64, 67, 72]}


def test_pitches_are_meant_as_they_sound():
    constraints = Constraints(frozenset({0}), min_pitch=60, max_pitch=72)
    after = replace(START, transposition=2)
    guide = NOTE_TUPLES.guide(constraints, after, 100, releases=True)
    feed(guide, shift(3))
    assert allowed(guide) == {"pitch": [62, 74]}


def test_where_no_pitch_may_begin_time_passes():
    guide = NOTE_TUPLES.guide(Constraints(frozenset()), START, 3500, releases=True)
    for ids in wander(guide, seed=1):
        assert ids.tolist() == [*shift(1000) * 3, 12]
        assert NOTE_TUPLES.num_steps(ids) >= 3500


KEPT = [
    (61, 100, 200, 90),
    (64, 100, 300, 20),
    (67, 100, 5000, 90),
    (61, 251, 260, 127),
    (60, 255, 256, 1),
]


@settings(max_examples=12)
@given(st.integers(0, 2**32), st.sampled_from([270, 256, 600]), st.sampled_from([0.3, 0.9]))
def test_kept_notes_come_out_exactly_and_others_obey_the_scale(seed, end_step, soon):
    constraints = Constraints(frozenset({0, 2, 4}), 30, 90, keep=piece(*KEPT))
    guide = NOTE_TUPLES.guide(constraints, START, end_step, releases=True)
    for ids in wander(guide, seed, soon=soon):
        notes = played(NOTE_TUPLES.decode(EventSequence(ids), 120))
        found = {(pitch, onset, end): v for pitch, onset, end, v in notes}
        for pitch, onset, end, velocity in KEPT:
            near = found.pop((pitch, onset, min(end, end_step)))
            assert (near - 1) // 4 == (velocity - 1) // 4
        assert all(p % 12 in {0, 2, 4} and 30 <= p <= 90 for p, *_ in found)
        assert (
            write_tuples(read_tuples(ids, FIRST), FIRST, 0).tolist()
            == ids[: 6 * len(notes)].tolist()
        )


def test_no_shift_jumps_over_a_kept_note():
    keep = Constraints(keep=piece((60, 70, 90, 20), (62, 70, 80, 20)))
    guide = NOTE_TUPLES.guide(keep, START, 95, releases=True)
    assert shifts_allowed(guide) == (0, 70)
    feed(guide, shift(70))
    assert allowed(guide) == {"pitch": list(range(61))}
    feed(guide, [90 + 60])
    assert allowed(guide) == {"velocity": [4]}
    feed(guide, [222, 250, 275 + 19])
    assert shifts_allowed(guide) == (0, 0)
    feed(guide, shift(0))
    assert allowed(guide) == {"pitch": [61, 62]}


def test_a_note_ends_before_its_pitch_is_kept():
    keep = Constraints(keep=piece((60, 70, 90, 20)))
    guide = NOTE_TUPLES.guide(keep, START, 95, releases=True)
    feed(guide, [*shift(20), 90 + 60, 222])
    assert allowed(guide) == {"duration major": [0, 1]}
    feed(guide, [251])
    assert allowed(guide) == {"duration minor": list(range(10))}


def test_kept_notes_alone_come_out_where_no_other_may_begin():
    kept = [(60, 170, 290, 36), (64, 170, 180, 36), (60, 3000, 3001, 36)]
    constraints = Constraints(frozenset(), keep=piece(*kept))
    guide = NOTE_TUPLES.guide(constraints, START, 4100, releases=True)
    for ids in wander(guide, seed=2):
        found = played(NOTE_TUPLES.decode(EventSequence(ids), 120))
        assert found == [(pitch, onset, end, 35) for pitch, onset, end, _ in kept]


def test_a_kept_note_that_the_past_plays_already_does_not_matter():
    keep = Constraints(keep=piece((60, 5, 55, 36)))
    assert shifts_allowed(guide_after((5, 60, 9, 50), (20, 62, 9, 9), constraints=keep)) == (
        0,
        1000,
    )


@pytest.mark.parametrize(
    ("notes", "others", "message"),
    [
        ([(60, 0, 50, 64)], {}, "the kept note 60 from step 0 to 50 begins before the new events"),
        ([(60, 5, 70, 64)], {}, "the kept note 60 from step 5 to 70 begins before the new events"),
        ([(60, 20, 50, 64), (60, 40, 60, 64)], {}, "the kept note 60 at step 40 begins while"),
        ([(3, 20, 50, 64)], {"transposition": -5}, "the kept note 3 leaves the range 0 to 127"),
        (
            [(60, 20, 1050, 64)],
            {"end_step": 2000},
            "the kept note 60 at step 20 lasts 1030 steps, and this model's notes at most 1000",
        ),
    ],
)
def test_notes_that_cannot_be_kept_are_refused(notes, others, message):
    with pytest.raises(ConstraintError, match=message):
        guide_after(
            (5, 60, 9, 50), (10, 62, 9, 9), constraints=Constraints(keep=piece(*notes)), **others
        )


def test_drums_cannot_be_kept():
    drums = piece((38, 20, 30, 64), instruments=(Instrument(is_drum=True),))
    with pytest.raises(ConstraintError, match="a performance cannot keep drum notes"):
        guide_after((10, 60, 9, 50), constraints=Constraints(keep=drums))


def test_a_range_without_pitches_is_refused():
    with pytest.raises(ConstraintError, match=r"no pitch of the pitch classes \[1\] from 60 to 60"):
        guide_after((10, 60, 9, 50), constraints=Constraints(frozenset({1}), 60, 60))
