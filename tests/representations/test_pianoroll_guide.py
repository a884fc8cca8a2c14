"""Which piano roll events may come next."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConstraintError
from solferino.notes.sequence import Instrument
from solferino.representations.constraints import Constraints
from solferino.representations.pianoroll import Pianoroll
from solferino.representations.representation import EventSequence
from tests.representations.polyphonic import chorales, piece, played

PIANOROLL = Pianoroll()
STEP_END, START = 0, 1
FREE = Constraints()
C_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})
KEYS = range(21, 109)


def key(pitch):
    return 2 + pitch - 21


def guide_after(notes, end_step, constraints=FREE, *, releases=True):
    at = max((end for _, _, end in notes), default=0)
    after = PIANOROLL.encode(piece(*notes), at)
    return PIANOROLL.guide(constraints, after, end_step, releases=releases)


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


def music(ids, start_step=0):
    return played(PIANOROLL.decode(EventSequence(np.array(ids, np.int16), start_step), 120))


def alone(*notes):
    """Keep some notes, and let nothing else sound."""
    return Constraints(pitch_classes=frozenset(), keep=piece(*notes))


def rested(notes):
    """Leave out the notes that follow another of their pitch at once."""
    ends = {(pitch, end) for pitch, _, end in notes}
    return [note for note in notes if note[:2] not in ends]


# --- order


def test_pitches_go_up_within_a_step():
    guide = guide_after([], 8)
    assert allowed(guide) == {STEP_END, *map(key, KEYS)}
    guide.feed(np.array([key(60)]))
    assert allowed(guide) == {STEP_END, *map(key, range(61, 109))}
    guide.feed(np.array([key(108)]))
    assert allowed(guide) == {STEP_END}
    guide.feed(np.array([STEP_END]))
    assert allowed(guide) == {STEP_END, *map(key, KEYS)}


def test_a_step_that_has_begun_goes_on_where_it_is():
    begun = EventSequence(np.array([START, key(60), STEP_END, key(64)], np.int16))
    guide = PIANOROLL.guide(FREE, begun, 2, releases=False)
    assert allowed(guide) == {STEP_END, *map(key, range(65, 109))}
    guide.feed(np.array([STEP_END]))
    assert guide.is_full().all()
    assert guide.allowed().any()


@settings(max_examples=20)
@given(chorales(21, 108))
def test_all_music_may_be_written(notes):
    end = max(end for _, _, end in notes)
    guide = guide_after([], end)
    for event in PIANOROLL.encode(piece(*notes), end).ids[1:]:
        assert guide.allowed()[0, event]
        guide.feed(np.array([event], np.int16))
    assert guide.is_full().all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_all_that_may_be_written_is_spelt_as_it_is_read(seed):
    (ids,) = sample(guide_after([], 12), seed)
    events = EventSequence(np.array([START, *ids], np.int16))
    assert PIANOROLL.encode(PIANOROLL.decode(events, 120), 12).ids.tolist() == [START, *ids]


def test_rows_of_a_batch_go_their_own_ways():
    guide = guide_after([(60, 0, 4)], 8).select(np.zeros(3, np.intp))
    guide.feed(np.array([STEP_END, key(60), key(70)]))
    picked = guide.select(np.array([2, 1, 1, 0]))
    before = guide.allowed().copy()
    np.testing.assert_array_equal(picked.allowed(), before[[2, 1, 1, 0]])
    picked.feed(np.array([STEP_END] * 4))
    np.testing.assert_array_equal(guide.allowed(), before)


# --- constraints


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_all_that_sounds_is_in_the_key_and_the_range(seed):
    constraints = Constraints(pitch_classes=C_MAJOR, min_pitch=48, max_pitch=72)
    for ids in sample(guide_after([(61, 0, 4)], 10, constraints), seed, rows=3):
        for pitch, _, _ in music(ids):
            assert 48 <= pitch <= 72
            assert pitch % 12 in C_MAJOR


def test_pitches_are_meant_as_they_sound():
    after = EventSequence(np.array([START], np.int16), transposition=2)
    guide = PIANOROLL.guide(Constraints(min_pitch=60, max_pitch=60), after, 4, releases=True)
    assert allowed(guide) == {STEP_END, key(62)}


def test_a_range_off_the_keyboard_is_refused():
    with pytest.raises(ConstraintError, match="no pitch from 109 to 127 is in the"):
        guide_after([], 4, Constraints(min_pitch=109))


# --- kept notes


@settings(max_examples=30)
@given(chorales(21, 108, max_pitches=4), st.integers(0, 2**32 - 1))
def test_kept_notes_come_out_as_they_stand(notes, seed):
    notes = rested(notes)
    end = max(end for _, _, end in notes) + 2
    constraints = Constraints(pitch_classes=C_MAJOR, keep=piece(*notes))
    for ids in sample(guide_after([], end, constraints), seed, rows=2):
        harmonised = music(ids)
        assert set(notes) <= set(harmonised)
        assert all(pitch % 12 in C_MAJOR for pitch, _, _ in set(harmonised) - set(notes))


def test_lower_notes_may_sound_below_a_kept_note_and_higher_ones_wait_for_it():
    guide = guide_after([], 8, Constraints(keep=piece((60, 0, 4))))
    assert allowed(guide) == set(map(key, range(21, 61)))
    guide.feed(np.array([key(60)]))
    assert allowed(guide) == {STEP_END, *map(key, range(61, 109))}


def test_the_pitch_of_a_kept_note_rests_just_before_and_just_after_it():
    guide = guide_after([], 8, Constraints(keep=piece((60, 1, 2))))
    assert key(60) not in allowed(guide)
    for event in (STEP_END, key(60), STEP_END):
        guide.feed(np.array([event]))
    assert key(60) not in allowed(guide)
    guide.feed(np.array([STEP_END]))
    assert key(60) in allowed(guide)


def test_a_kept_note_lasts_beyond_the_end_as_far_as_there_is_room():
    (ids,) = sample(guide_after([], 4, alone((60, 2, 9), (64, 4, 5))))
    assert music(ids) == [(60, 2, 4)]


def test_a_kept_note_that_sounds_in_the_past_goes_on():
    (ids,) = sample(guide_after([(60, 2, 4)], 8, alone((60, 2, 6)), releases=False))
    assert music(ids, 4) == [(60, 4, 6)]


def test_a_kept_note_that_ended_with_the_past_does_not_go_on():
    guide = guide_after([(60, 0, 4)], 8, Constraints(keep=piece((60, 0, 4))), releases=False)
    assert key(60) not in allowed(guide)


def test_after_a_release_a_kept_note_may_be_struck_again():
    (ids,) = sample(guide_after([(60, 0, 4)], 8, alone((60, 0, 4), (60, 4, 6))))
    assert music(ids, 4) == [(60, 4, 6)]


@pytest.mark.parametrize(
    ("past", "notes", "step"),
    [([], [(60, 0, 2), (60, 2, 4)], 2), ([(60, 0, 4)], [(60, 4, 6)], 4)],
)
def test_a_kept_note_that_is_struck_while_it_sounds_is_refused(past, notes, step):
    with pytest.raises(ConstraintError, match=f"kept note 60 is struck at step {step} while its"):
        guide_after(past, 8, Constraints(keep=piece(*notes)), releases=False)


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (piece((60, 0, 6)), "kept note 60 begins at step 0, before the new"),
        (piece((60, 4, 6), (60, 5, 7)), "two kept notes of pitch 60 sound together at step 5"),
        (piece((20, 4, 5)), "kept note 20 is outside this music's range, 21 to 108"),
        (piece((36, 4, 5), instruments=[Instrument(is_drum=True)]), "no drums to keep"),
    ],
)
def test_notes_that_cannot_be_kept_are_refused(keep, message):
    with pytest.raises(ConstraintError, match=message):
        guide_after([(64, 0, 4)], 8, Constraints(keep=keep))
