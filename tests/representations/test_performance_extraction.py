"""Finding performances in a piece."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import RecipeError
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.performance_extraction import PerformanceRules
from tests.representations.performances import (
    PERFORMANCE,
    VOCABULARY,
    as_piece,
    performances,
    piece,
    spelled,
)

ALL = {"min_events": 0}


def scale(num_notes, step=20):
    """One note after the other, up and down, each as long as the next takes to come."""
    return [(48 + n % 24, n * step, (n + 1) * step, 40 + n % 3 * 20) for n in range(num_notes)]


def extracted(notes, **rules):
    return PERFORMANCE.extract(notes, rules)


def test_a_performance_begins_with_a_second_of_silence():
    (events,), drops = extracted(piece((60, 130, 180, 64)), **ALL)
    assert spelled(events.ids) == "+100 v16 on60 +50 off60"
    assert (events.start_step, drops) == (30, ())
    (events,), _ = extracted(piece((60, 0, 1, 64)), **ALL)
    assert events.start_step == -100


def test_notes_last_as_long_as_the_pedal_holds_them():
    pedal = [(0.05, 64, 127, 0), (0.9, 64, 0, 0)]
    (events,), _ = extracted(piece((60, 0, 10, 64), control_changes=pedal), **ALL)
    assert spelled(events.ids) == "+100 v16 on60 +90 off60"


def test_both_hands_are_one_performance_and_drums_are_left_out():
    instruments = (Instrument(name="right"), Instrument(name="left"), Instrument(is_drum=True))
    notes = NoteSequence.from_columns(
        [72, 48, 38], [0, 0.1, 0.2], [0.5, 0.5, 0.5], 64, [0, 1, 2], instruments=instruments
    )
    (events,), drops = extracted(notes, **ALL)
    assert spelled(events.ids) == "+100 v16 on72 +10 on48 +40 off48 off72"
    assert drops == ()


def test_several_programs_are_no_performance_unless_they_may():
    instruments = (Instrument(0), Instrument(40), Instrument(99))
    notes = NoteSequence.from_columns([72, 48], [0, 1], [2, 2], 64, [0, 1], instruments=instruments)
    sequences, (drop,) = extracted(notes, **ALL)
    assert sequences == ()
    assert drop == ("more_than_one_program", "the programs 0, 40", "several_programs=true")
    assert len(extracted(notes, several_programs=True, **ALL).sequences) == 1


def test_a_piece_without_notes_gives_nothing():
    drums = piece((38, 0, 10, 90), instruments=(Instrument(is_drum=True),))
    for notes in (NoteSequence(), piece((60, 0, 10, 0)), drums):
        assert extracted(notes) == ((), (("no_notes", "no pitched notes", ""),))


def test_a_short_performance_is_dropped():
    sequences, (drop,) = extracted(piece((60, 0, 50, 64)))
    assert sequences == ()
    assert drop == ("too_short", "5 events", "min_events=5")


def test_a_long_performance_is_divided_and_all_its_notes_are_used():
    sequences, drops = extracted(piece(*scale(1000)))
    assert [len(events) for events in sequences[:-1]] == [511] * (len(sequences) - 1)
    assert sum((events.ids < 128).sum() for events in sequences) == 1000
    assert drops == ()


def test_a_note_that_sounds_across_a_cut_is_not_ended():
    held = (36, 0, 2000, 64)
    sequences, _ = extracted(piece(held, *scale(60)), max_events=100, min_events=0)
    assert [("on36" in spelled(s.ids), "off36" in spelled(s.ids)) for s in sequences] == [
        (True, False),
        *[(False, False)] * (len(sequences) - 1),
    ]


def test_parts_follow_each_other_where_their_notes_stand():
    sequences, _ = extracted(piece(*scale(200)), max_events=100)
    onsets = []
    for events in sequences:
        steps = events.start_step + np.cumsum(VOCABULARY.shifts_steps(events.ids))
        onsets += steps[events.ids < 128].tolist()
    assert onsets == list(range(0, 4000, 20))


def test_a_part_may_be_as_long_as_the_limit():
    first, second = [(60, 0, 100, 64), (64, 50, 90, 64)], [(67, 200, 260, 64)]
    sequences, _ = extracted(piece(*first, *second), max_events=9, min_events=0)
    assert [spelled(events.ids) for events in sequences] == [
        "+100 v16 on60 +50 on64 +40 off64 +10 off60",
        "+100 v16 on67 +60 off67",
    ]


def test_a_moment_that_is_too_long_by_itself_is_divided():
    chord = [(pitch, 0, 50, 64) for pitch in range(40, 60)]
    sequences, _ = extracted(piece(*chord), max_events=7, min_events=0)
    begun = [[w for w in spelled(s.ids).split() if w.startswith("on")] for s in sequences]
    assert [word for words in begun for word in words] == [f"on{p}" for p in range(40, 60)]
    assert max(len(events) for events in sequences) == 7


@settings(max_examples=50)
@given(performances(max_size=40), st.integers(4, 40))
def test_no_note_is_lost_and_no_part_is_too_long(notes, max_events):
    parts, _ = extracted(as_piece(notes), max_events=max_events, min_events=0)
    begun = np.concatenate([part.ids[part.ids < 128] for part in parts])
    assert begun.tolist() == notes.pitches.tolist()
    for part in parts:
        assert 0 < len(part) <= max_events
        assert part.ids[-1] < VOCABULARY.first_velocity
        assert part.ids[0] == VOCABULARY.longest_shift
    for one, other in pairwise(parts):
        assert one.start_step <= other.start_step


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"min_event": 3}, r"unknown performance rule 'min_event': did you mean 'min_events'\?"),
        ({"min_events": -1}, "min_events=-1: it must be a whole number from 0"),
        ({"max_events": 3}, "max_events=3: it must be a whole number from 4"),
        ({"several_programs": 1}, "several_programs=1: it must be true or false"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(RecipeError, match=message):
        PerformanceRules.from_mapping(rules)
