"""Which polyphonic events may come next."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConstraintError
from solferino.notes.sequence import Instrument
from solferino.representations.constraints import Constraints
from solferino.representations.polyphony import Polyphony
from solferino.representations.representation import EventSequence
from tests.representations.polyphonic import chorales, piece, played

POLYPHONY = Polyphony()
START, END, STEP_END = 0, 1, 2
FREE = Constraints()
C_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})


def new(pitch):
    return 3 + pitch


def held(pitch):
    return 131 + pitch


def guide_after(notes, end_step, constraints=FREE, *, releases=False, at=None):
    """Guide after all notes, or after those before a step."""
    at = max((end for _, _, end in notes), default=0) if at is None else at
    after = POLYPHONY.encode(piece(*notes), at)
    return POLYPHONY.guide(constraints, after, end_step, releases=releases)


def allowed(guide):
    return set(np.flatnonzero(guide.allowed()[0]).tolist())


def sample(guide, seed=0, rows=1):
    """Fill the steps with random allowed events; event ids of each row."""
    rng = np.random.default_rng(seed)
    guide = guide.select(np.zeros(rows, np.intp))
    chosen = [[] for _ in range(rows)]
    while not guide.is_full().all():
        mask, full = guide.allowed(), guide.is_full()
        likely = rng.random(mask.shape) * mask
        likely[:, STEP_END] += (rng.random(rows) > 0.3) * mask[:, STEP_END]
        ids = likely.argmax(axis=1).astype(np.int16)
        for row in np.flatnonzero(~full):
            chosen[row].append(int(ids[row]))
        guide.feed(ids)
    return chosen


def alone(*notes):
    """Keep some notes, and let nothing else sound."""
    return Constraints(pitch_classes=frozenset(), keep=piece(*notes))


def music(ids, start_step=0):
    return played(POLYPHONY.decode(EventSequence(np.array(ids, np.int16), start_step), 120))


# --- grammar


def test_a_piece_starts_with_any_note_or_with_silence():
    assert allowed(guide_after([], 8)) == {STEP_END, *map(new, range(128))}


def test_pitches_go_down_within_a_step_each_once():
    guide = guide_after([], 8)
    guide.feed(np.array([new(60)]))
    assert allowed(guide) == {STEP_END, *map(new, range(60))}
    guide.feed(np.array([STEP_END]))
    assert allowed(guide) == {STEP_END, *map(new, range(128)), held(60)}


def test_only_what_sounded_in_the_step_before_goes_on():
    guide = guide_after([(60, 0, 4), (64, 0, 3)], 8)
    assert {event for event in allowed(guide) if event >= 131} == {held(60)}
    guide.feed(np.array([STEP_END]))
    assert not {event for event in allowed(guide) if event >= 131}


def test_what_is_released_does_not_go_on():
    guide = guide_after([(60, 0, 4)], 8, releases=True)
    assert not {event for event in allowed(guide) if event >= 131}


def test_a_step_that_has_begun_goes_on_where_it_is():
    begun = EventSequence(np.array([START, new(60), STEP_END, new(64)], np.int16))
    guide = POLYPHONY.guide(FREE, begun, 2, releases=False)
    assert allowed(guide) == {STEP_END, *map(new, range(64)), held(60)}
    guide.feed(np.array([STEP_END]))
    assert guide.is_full().all()


def test_the_piece_neither_starts_nor_ends_while_steps_remain():
    guide = guide_after([(60, 0, 1)], 4)
    for _ in range(2):
        assert not allowed(guide) & {START, END}
        guide.feed(np.array([STEP_END]))


def test_a_sequence_is_full_when_it_has_all_steps():
    guide = guide_after([(60, 0, 16)], 18)
    full = []
    for event in (new(60), STEP_END, held(60), STEP_END):
        guide.feed(np.array([event]))
        full.append(bool(guide.is_full()[0]))
    assert full == [False, False, False, True]
    assert guide.allowed().any()


@settings(max_examples=30)
@given(chorales())
def test_all_music_may_be_written(notes):
    end = max(end for _, _, end in notes)
    guide = guide_after([], end)
    for event in POLYPHONY.encode(piece(*notes), end).ids[1:]:
        assert guide.allowed()[0, event]
        guide.feed(np.array([event], np.int16))
    assert guide.is_full().all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_all_that_may_be_written_is_spelt_as_it_is_read(seed):
    (ids,) = sample(guide_after([], 12), seed)
    events = EventSequence(np.array([START, *ids], np.int16))
    again = POLYPHONY.encode(POLYPHONY.decode(events, 120), 12)
    assert again.ids.tolist() == [START, *ids]
    assert POLYPHONY.num_steps(events.ids) == 12


def test_rows_of_a_batch_go_their_own_ways():
    guide = guide_after([(60, 0, 4)], 8).select(np.zeros(3, np.intp))
    guide.feed(np.array([STEP_END, held(60), new(70)]))
    guide.feed(np.array([STEP_END, STEP_END, new(50)]))
    picked = guide.select(np.array([2, 1, 1, 0]))
    untouched = guide.allowed().copy()
    np.testing.assert_array_equal(picked.allowed(), untouched[[2, 1, 1, 0]])
    picked.feed(np.array([STEP_END] * 4))
    np.testing.assert_array_equal(guide.allowed(), untouched)


# --- constraints


@settings(max_examples=20)
@given(chorales(), st.integers(0, 2**32 - 1))
def test_new_notes_are_in_the_key_and_the_range(notes, seed):
    at = max(end for _, _, end in notes)
    constraints = Constraints(pitch_classes=C_MAJOR, min_pitch=48, max_pitch=72)
    for ids in sample(guide_after(notes, at + 6, constraints, releases=True), seed, rows=3):
        for pitch, _, _ in music(ids):
            assert 48 <= pitch <= 72
            assert pitch % 12 in C_MAJOR


def test_a_note_outside_the_key_that_sounds_already_may_go_on():
    guide = guide_after([(61, 0, 4)], 8, Constraints(pitch_classes=C_MAJOR))
    assert held(61) in allowed(guide)
    assert new(61) not in allowed(guide)


def test_without_pitch_classes_there_is_silence():
    guide = guide_after([], 8, Constraints(pitch_classes=frozenset()))
    assert allowed(guide) == {STEP_END}


def test_pitches_are_meant_as_they_sound():
    after = EventSequence(np.array([START], np.int16), transposition=2)
    guide = POLYPHONY.guide(Constraints(min_pitch=60, max_pitch=60), after, 4, releases=True)
    assert allowed(guide) == {STEP_END, new(62)}


def test_a_range_that_leaves_no_pitch_is_refused():
    after = EventSequence(np.array([START], np.int16), transposition=5)
    with pytest.raises(ConstraintError, match="no pitch from 125 to 127 is in the"):
        POLYPHONY.guide(Constraints(min_pitch=125), after, 4, releases=True)


# --- kept notes


@settings(max_examples=30)
@given(chorales(max_pitches=4), st.integers(0, 2**32 - 1))
def test_kept_notes_come_out_as_they_stand(notes, seed):
    end = max(end for _, _, end in notes) + 2
    constraints = Constraints(pitch_classes=C_MAJOR, keep=piece(*notes))
    for ids in sample(guide_after([], end, constraints), seed, rows=2):
        harmonised = music(ids)
        assert set(notes) <= set(harmonised)
        added = set(harmonised) - set(notes)
        assert all(pitch % 12 in C_MAJOR for pitch, _, _ in added)


def test_a_kept_note_lasts_beyond_the_end_as_far_as_there_is_room():
    (ids,) = sample(guide_after([], 4, alone((60, 2, 9), (64, 4, 5))))
    assert music(ids) == [(60, 2, 4)]


def test_a_note_before_a_kept_note_of_its_pitch_may_sound_up_to_it():
    guide = guide_after([(60, 0, 4)], 8, Constraints(keep=piece((60, 5, 6))))
    for event in (held(60), STEP_END, new(60), STEP_END):
        assert event in allowed(guide)
        guide.feed(np.array([event]))
    assert held(60) not in allowed(guide)


def test_higher_notes_may_sound_above_a_kept_note_and_lower_ones_wait_for_it():
    guide = guide_after([], 8, Constraints(keep=piece((60, 0, 4))))
    assert allowed(guide) == set(map(new, range(60, 128)))
    guide.feed(np.array([new(60)]))
    assert allowed(guide) == {STEP_END, *map(new, range(60))}


def test_a_kept_note_that_sounds_in_the_primer_goes_on():
    (ids,) = sample(guide_after([(60, 2, 4)], 8, alone((60, 2, 6))))
    assert ids == [held(60), STEP_END, held(60), STEP_END, STEP_END, STEP_END]


def test_a_kept_note_that_ended_with_the_primer_does_not_go_on():
    guide = guide_after([(60, 0, 4)], 8, Constraints(keep=piece((60, 0, 4))))
    assert held(60) not in allowed(guide)
    assert new(60) in allowed(guide)


@pytest.mark.parametrize(("primer", "releases"), [([(60, 1, 4)], False), ([(60, 0, 4)], True)])
def test_a_kept_note_that_should_have_begun_before_is_refused(primer, releases):
    keep = Constraints(keep=piece((60, 0, 6)))
    with pytest.raises(ConstraintError, match="kept note 60 begins at step 0, before the new"):
        guide_after(primer, 8, keep, releases=releases)


def test_a_unison_of_kept_notes_is_one_note():
    (ids,) = sample(guide_after([], 2, alone((60, 0, 1), (60, 0, 1))))
    assert music(ids) == [(60, 0, 1)]


def test_two_kept_notes_of_a_pitch_cannot_sound_together():
    keep = Constraints(keep=piece((60, 0, 4), (64, 0, 4), (60, 3, 6)))
    with pytest.raises(ConstraintError, match="two kept notes of pitch 60 sound together at step"):
        guide_after([], 8, keep)


def test_drums_cannot_be_kept():
    drums = piece((36, 0, 1), instruments=[Instrument(is_drum=True)])
    with pytest.raises(ConstraintError, match="polyphony has no drums to keep"):
        guide_after([], 8, Constraints(keep=drums))


def test_a_kept_note_outside_the_transposed_range_is_refused():
    after = EventSequence(np.array([START], np.int16), transposition=-3)
    with pytest.raises(ConstraintError, match="kept note 2 is outside this music's range, 3 to"):
        POLYPHONY.guide(Constraints(keep=piece((2, 0, 1))), after, 4, releases=True)
