"""An answer is played at its place, and what stands in for it is as long."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.live.answer import Answer, fitted, latest, rotated, stand_in
from solferino.live.phrases import Phrase


def phrase(length, *notes):
    columns = list(zip(*notes, strict=True)) if notes else [[], [], []]
    return Phrase.from_columns(
        length, onset_quarters=columns[0], pitch=columns[1], duration_quarters=columns[2]
    )


def rows(found):
    return [(float(n["onset_quarters"]), int(n["pitch"])) for n in found.notes]


def test_notes_come_once_however_the_time_is_cut():
    answer = Answer(phrase(4.0, (0.0, 60, 1.0), (1.5, 62, 1.0), (3.5, 64, 9.0)), 8.0, 3)
    events = [e for a in np.arange(7, 13, 0.25) for e in answer.events(a, a + 0.25, "out")]
    assert [(e.quarters, e.message.note) for e in events] == [(8, 60), (9.5, 62), (11.5, 64)]
    assert {(e.message.channel, e.output) for e in events} == {(3, "out")}
    assert answer.end_quarters == 12


def test_no_note_sounds_beyond_the_answer():
    (event,) = Answer(phrase(4.0, (3.0, 60, 9.0)), 8.0, 0).events(8, 12, "")
    assert event.duration_quarters == 1.0


def test_a_silent_velocity_is_played_softly_because_it_would_end_a_note():
    notes = Phrase.from_columns(
        4.0, pitch=60, onset_quarters=[0.0], duration_quarters=1.0, velocity=0
    )
    (event,) = Answer(notes, 0.0, 0).events(0, 4, "")
    assert event.message.velocity == 1


def test_a_phrase_can_begin_later_in_itself():
    found = rotated(phrase(8.0, (0.0, 60, 1.0), (4.0, 62, 1.0), (7.0, 64, 1.0)), 4.0)
    assert rows(found) == [(0, 62), (3, 64), (4, 60)]


def test_a_phrase_is_repeated_or_cut_to_a_length():
    short = phrase(4.0, (0.0, 60, 1.0), (3.0, 62, 3.0))
    assert rows(fitted(short, 10.0)) == [(0, 60), (3, 62), (4, 60), (7, 62), (8, 60)]
    assert rows(fitted(short, 2.0)) == [(0, 60)]
    assert fitted(short, 4.0).notes["duration_quarters"].tolist() == [1.0, 1.0]
    assert len(fitted(Phrase(0.0), 4.0)) == 0


def test_the_call_is_echoed_where_there_was_no_answer():
    call = phrase(4.0, (0.0, 60, 1.0))
    assert rows(stand_in(call, None, 8.0, 4.0)) == [(0, 60), (4, 60)]
    assert rows(stand_in(call, Phrase(4.0), 4.0, 4.0)) == [(0, 60)]


def test_the_last_answer_comes_with_its_bars_moved_round():
    last = phrase(8.0, (0.0, 70, 1.0), (4.0, 72, 1.0))
    assert rows(stand_in(phrase(4.0), last, 8.0, 4.0)) == [(0, 72), (4, 70)]


def test_a_last_answer_of_one_bar_comes_with_its_beats_moved_round():
    last = phrase(4.0, (0.0, 70, 1.0), (1.0, 72, 1.0))
    assert rows(stand_in(phrase(4.0), last, 4.0, 4.0)) == [(0, 72), (3, 70)]


def test_the_latest_part_of_a_phrase_ends_with_it():
    whole = phrase(8.0, (0.0, 60, 1.0), (4.0, 62, 1.0), (7.0, 64, 1.0))
    assert rows(latest(whole, 4.0)) == [(0, 62), (3, 64)]
    assert latest(whole, 4.0).length_quarters == 4
    assert latest(whole, 8.0) is whole


NOTES = st.lists(
    st.tuples(st.integers(0, 27).map(lambda k: k / 8), st.integers(0, 127), st.floats(0.1, 9)),
    max_size=12,
)


@given(NOTES, st.sampled_from([2.5, 3.0, 3.5, 4.0]), st.sampled_from([1.0, 3.5, 7.0, 16.0]))
@settings(max_examples=50, deadline=None)
def test_what_stands_in_is_as_long_as_asked_for_and_plays_pitches_of_the_last(notes, bar, length):
    last = phrase(3.5, *notes)
    found = stand_in(phrase(3.5), last, length, bar)
    assert found.length_quarters == length
    assert set(found.notes["pitch"]) <= set(last.notes["pitch"])
    ends = found.notes["onset_quarters"] + found.notes["duration_quarters"]
    assert (ends <= length + 1e-9).all()
    if length % 3.5 == 0 and len(last):
        assert len(found) == len(last) * length / 3.5


@pytest.mark.parametrize("by", [0.1, 0.3, 1.1])
def test_rounding_does_not_push_a_note_over_the_end(by):
    found = rotated(phrase(3.3, (by, 60, 1.0)), by)
    assert rows(found) == [(0, 60)]
