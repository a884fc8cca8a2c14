"""Which melody events the constraints leave at each step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.errors import ConstraintError
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.constraints import Constraints
from solferino.representations.melody import Melody
from solferino.representations.representation import EventSequence

MELODY = Melody()
NO_EVENT, NOTE_OFF, C, D, E = 0, 1, 14, 16, 18  # middle C, D and E in [48, 84)
AFTER = EventSequence(np.array([C, 0, 0, 0, 0, 0, 0, 0]))  # the first new step is 8
STEP_S = 0.125


def kept(*notes, **others):
    """Keep (pitch, onset step, end step) at 120 qpm."""
    pitch, onset, end = zip(*notes, strict=True)
    piece = NoteSequence.from_columns(
        pitch, np.array(onset) * STEP_S, np.array(end) * STEP_S, **others
    )
    return Constraints(keep=piece)


def left(constraints, num_steps=8, after=AFTER, melody=MELODY):
    """Lists of the events left at each step."""
    end_step = after.start_step + len(after) + num_steps
    guide = melody.guide(constraints, after, end_step, releases=False)
    mask = np.ones((num_steps, melody.num_events), np.bool_)
    for step in range(num_steps):
        assert not guide.is_full().any()
        allowed = guide.allowed()
        mask[step] &= True if allowed is None else allowed[0]
        guide.feed(np.zeros(1, np.int16))
    assert guide.is_full().all()
    assert mask.any(axis=1).all()
    return [np.flatnonzero(row).tolist() for row in mask]


def test_without_constraints_everything_is_allowed():
    assert left(Constraints(), 5) == [list(range(38))] * 5


def test_pitch_classes_leave_their_notes_in_every_octave():
    assert left(Constraints(frozenset({0, 2})), 2) == [[0, 1, 2, 4, 14, 16, 26, 28]] * 2


def test_the_range_is_included_at_both_ends():
    assert left(Constraints(min_pitch=60, max_pitch=62), 1) == [[0, 1, 14, 15, 16]]


def test_pitches_are_meant_as_they_sound():
    """A melody in D that was written in C sounds two semitones higher than written."""
    in_d = EventSequence(np.array([C]), transposition=-2)
    assert left(Constraints(min_pitch=62, max_pitch=62), 1, in_d) == [[0, 1, C]]
    assert left(Constraints(frozenset({2}), 60, 64), 1, in_d) == [[0, 1, C]]


def test_pitches_that_no_midi_note_has_are_never_allowed():
    low = EventSequence(np.array([C]), transposition=60)  # written 48 would sound as -12
    assert left(Constraints(), 1, low) == [[0, 1, *range(14, 38)]]


def test_an_empty_set_of_pitch_classes_leaves_silence():
    assert left(Constraints(frozenset()), 1) == [[NO_EVENT, NOTE_OFF]]


def test_no_pitch_left_is_an_error():
    with pytest.raises(ConstraintError, match=r"no pitch from 90 to 100 is in .* range, 48 to 83"):
        left(Constraints(min_pitch=90, max_pitch=100), 4)


def test_a_kept_note_is_forced_from_its_onset_to_its_end():
    events = left(kept((62, 10, 13)))
    everything = list(range(38))
    assert events[:2] == [everything, everything]  # what sounds before may last up to it
    assert events[2] == [D]
    assert events[3:5] == [[NO_EVENT], [NO_EVENT]]
    assert events[5] == everything[1:]  # it ends here: a note-off or another note
    assert events[6:] == [everything, everything]


def test_a_kept_note_of_one_step_ends_at_the_next():
    events = left(kept((62, 8, 9)), 2)
    assert events == [[D], list(range(1, 38))]


def test_kept_notes_may_follow_one_another():
    assert left(kept((64, 10, 12), (62, 8, 10)), 4) == [[D], [0], [E], [0]]


def test_a_kept_note_may_last_beyond_the_new_events():
    assert left(kept((62, 14, 99)))[6:] == [[D], [NO_EVENT]]


def test_kept_notes_outside_the_new_events_change_nothing():
    everything = list(range(38))
    assert left(kept((62, 2, 5), (64, 5, 8), (60, 16, 20), (64, 17, 18))) == [everything] * 8


def test_a_kept_note_that_sounds_already_goes_on_to_its_end():
    events = left(kept((60, 0, 10)))
    assert events[:2] == [[NO_EVENT], [NO_EVENT]]
    assert events[2] == list(range(1, 38))
    assert left(kept((60, 0, 8)), 1) == [list(range(1, 38))]


@pytest.mark.parametrize("note", [(62, 0, 10), (60, 1, 10)])
def test_a_kept_note_that_began_earlier_must_sound(note):
    with pytest.raises(ConstraintError, match=r"the kept note .* before the new events at step 8"):
        left(kept(note))
    with pytest.raises(ConstraintError, match="does not sound there"):
        left(kept(note), after=EventSequence(np.zeros(8)))


def test_kept_notes_need_not_obey_the_other_constraints():
    keep = kept((62, 9, 10)).keep
    events = left(Constraints(frozenset({0}), 60, 60, keep), 3)
    assert events == [[0, 1, C], [D], [1, C]]


def test_kept_notes_follow_the_transposition():
    in_d = EventSequence(np.array([C]), start_step=7, transposition=-2)
    assert left(kept((64, 8, 9)), 1, in_d) == [[D]]


@pytest.mark.parametrize("others", [(64, 8, 9), (64, 11, 12)], ids=["together", "overlapping"])
def test_kept_notes_that_sound_together_are_refused(others):
    with pytest.raises(ConstraintError, match=r"the kept notes 6. and 6. sound together at step"):
        left(kept((62, 8, 12), others))


def test_a_kept_note_outside_the_range_is_refused():
    with pytest.raises(ConstraintError, match=r"the kept note 90 at step 9 is outside .* 48 to 83"):
        left(kept((90, 9, 10)))


def test_drums_cannot_be_kept_by_a_melody():
    with pytest.raises(ConstraintError, match="a melody cannot keep drum notes"):
        left(kept((38, 9, 10), instruments=(Instrument(is_drum=True),)))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(48, 83)), max_size=5),
    st.randoms(use_true_random=False),
)
def test_whatever_is_chosen_the_kept_notes_come_out(rows, random):
    notes, now = [], 8
    for rest, length, pitch in rows:
        notes.append((pitch, now + rest, now + rest + length))
        now += rest + length
    num_steps = now - 8 + 4
    constraints = kept(*notes) if notes else Constraints()
    chosen = [random.choice(events) for events in left(constraints, num_steps)]
    whole = EventSequence(np.concatenate((AFTER.ids, np.array(chosen, np.int16))))
    table = MELODY.decode(whole, qpm=120).notes
    spans = np.round(np.stack((table["onset_s"], table["release_s"])) / STEP_S).astype(int)
    out = set(zip(table["pitch"].tolist(), *spans.tolist(), strict=True))
    assert set(notes) <= out
