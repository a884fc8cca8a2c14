"""Finding passages in polyphonic pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.errors import RecipeError
from solferino.notes.quantization import quantize
from solferino.representations.passages import Passage, PassageRules, find_passages
from solferino.representations.representation import Drop
from tests.representations.polyphonic import STEP_S, piece


def passages(notes, **rules):
    return find_passages(quantize(notes), PassageRules(**rules))[1:]


def test_a_piece_of_fitting_length_is_one_passage_from_the_bar_of_its_first_note():
    found, drops = passages(piece((60, 20, 40), (64, 36, 100)))
    assert (found, drops) == ([Passage(16, 100, 16, True, True)], [])


def test_a_short_piece_is_dropped_and_the_drop_says_what_would_keep_it():
    found, drops = passages(piece((60, 0, 79)))
    assert (found, drops) == ([], [Drop("too_short", "79 steps", "min_steps=79")])
    assert len(passages(piece((60, 0, 79)), min_steps=79)[0]) == 1


def test_a_long_piece_is_cut_at_bar_lines_into_about_equal_parts():
    found, drops = passages(piece((60, 0, 600), (64, 590, 602)))
    assert [(p.start_step, p.end_step) for p in found] == [(0, 304), (304, 602)]
    assert [(p.is_first, p.is_last) for p in found] == [(True, False), (False, True)]
    assert drops == []


@given(st.integers(1, 3000), st.integers(1, 40), st.integers(1, 600))
def test_parts_join_without_gap_and_none_is_too_long(length, bar_sixteenths, max_steps):
    notes = piece((60, 0, length), meters=[(0, bar_sixteenths, 16)])
    found, drops = passages(notes, min_steps=0, max_steps=max_steps)
    assert drops == []
    assert [p.start_step for p in found] == [0, *(p.end_step for p in found[:-1])]
    assert found[-1].end_step == length
    assert max(p.end_step - p.start_step for p in found) <= max_steps
    if bar_sixteenths <= max_steps:
        assert all(p.start_step % bar_sixteenths == 0 for p in found)


def test_a_change_of_meter_begins_a_passage():
    notes = piece((60, 0, 200), meters=[(0, 4, 4), (96 * STEP_S, 3, 4)])
    found, _ = passages(notes)
    assert found == [Passage(0, 96, 16, True, False), Passage(96, 200, 12, False, True)]


def test_bars_that_are_no_whole_number_of_steps_are_dropped_with_the_grid_that_has_them():
    found, drops = passages(piece((60, 0, 100), meters=[(0, 5, 32)]))
    assert found == []
    assert drops == [
        Drop("non_integer_steps_per_bar", "a bar of 5/32 is 2.5 steps", "steps_per_quarter=8")
    ]


def test_a_meter_without_music_gives_nothing():
    notes = piece((60, 0, 100), meters=[(0, 4, 4), (200 * STEP_S, 3, 4)], total_time_s=50)
    assert len(passages(notes)[0]) == 1


def test_a_piece_without_pitched_notes_is_dropped():
    assert passages(piece()) == ([], [Drop("no_notes", "no pitched notes", "")])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"min_steps": -1}, "min_steps=-1: it must be a whole number from 0"),
        ({"max_steps": 0}, "max_steps=0: it must be a whole number from 1"),
        ({"max_step": 5}, r"unknown polyphony rule 'max_step': did you mean 'max_steps'\?"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(RecipeError, match=message):
        PassageRules.from_mapping("polyphony", rules)
