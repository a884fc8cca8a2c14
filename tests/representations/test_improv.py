"""Melodies over chords to events and back."""

import json

import numpy as np
import pytest

from solferino.errors import ConditionError, RecipeError
from solferino.notes.sequence import NoteSequence, Text
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.improv import Improv
from solferino.representations.melody import Melody
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from solferino.training.recipe import read_recipe

IMPROV = Improv()
STEP_S = 0.125  # sixteenths at 120 qpm
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
NO_CHORD, C, F, G, A_MINOR = 0, 1, 6, 8, 22


def lead_sheet(*chords, pitches=SCALE, at_step=0, n_notes=32):
    """Quarter notes up a scale, 8 bars of it, with chords of (symbol, step)."""
    steps = at_step + 4 * np.arange(n_notes)
    return NoteSequence.from_columns(
        np.resize(pitches, n_notes),
        steps * STEP_S,
        (steps + 4) * STEP_S,
        texts=[Text(step * STEP_S, symbol, "chord") for symbol, step in chords],
    )


def chords_of(events):
    return events.context[:, 0].tolist()


def drops_of(extraction):
    return [(drop.rule, drop.remedy) for drop in extraction.drops]


# --- what it is


@pytest.mark.parametrize(
    ("recipe", "input_size", "num_classes"),
    [("basic_improv", 87, 38), ("attention_improv", 123, 40), ("chord_pitches_improv", 75, 38)],
)
def test_the_recipes_have_the_sizes_of_the_published_models(recipe, input_size, num_classes):
    found = read_recipe(recipe)
    improv = build_representation(**found.representation)
    assert (improv.input_size, improv.num_classes) == (input_size, num_classes)
    (events,) = improv.extract(lead_sheet(("C", 0)), found.rules).sequences
    assert events.context.shape == (len(events), improv.context_size)
    assert improv.tracker([events]).feed(events.ids[:1]).shape == (1, input_size)
    moved = improv.augment(events, found.augmentation, np.random.default_rng(1))
    assert moved.transposition in range(-6, 6)


def test_it_is_built_again_from_its_options_as_json():
    improv = Improv("pitches", "key", 50, 90, 3, 2)
    options = json.loads(json.dumps(dict(improv.options)))
    assert build_representation(improv.name, options) == improv


def test_options_out_of_range_are_refused():
    with pytest.raises(RecipeError, match="chord_encoding='triad': it is one of triads, pitches"):
        Improv("triad")
    with pytest.raises(RecipeError, match="max_note=50: it must be a whole number from 60"):
        Improv(max_note=50)


def test_events_are_those_of_the_melody():
    notes = lead_sheet(("C", 0))
    melody = Melody()
    assert (IMPROV.num_events, IMPROV.default_event) == (melody.num_events, melody.default_event)
    assert IMPROV.grid == melody.grid
    assert IMPROV.default_primer().ids.tolist() == melody.default_primer().ids.tolist()
    assert IMPROV.opening(32, 16).ids.tolist() == melody.opening(32, 16).ids.tolist()
    events = IMPROV.encode(notes, 128)
    assert events.ids.tolist() == melody.encode(notes, 128).ids.tolist()
    assert IMPROV.num_steps(events.ids) == 128
    assert not IMPROV.is_silent(events)
    again = IMPROV.decode(events, 120)
    assert again == melody.decode(events, 120)
    typed = IMPROV.from_melody_events([60, -2, -1])
    assert typed.ids.tolist() == melody.from_melody_events([60, -2, -1]).ids.tolist()


# --- examples


def test_a_lead_sheet_is_a_melody_and_the_chord_at_each_step():
    (events,) = IMPROV.extract(lead_sheet(("C", 0), ("Am", 40)), {}).sequences
    assert events.ids[:9].tolist() == [14, 0, 0, 0, 16, 0, 0, 0, 18]
    assert chords_of(events) == [C] * 40 + [A_MINOR] * 88


def test_there_is_no_chord_before_the_first():
    (events,) = IMPROV.extract(lead_sheet(("F", 3)), {}).sequences
    assert chords_of(events)[:5] == [NO_CHORD] * 3 + [F] * 2


def test_chords_stand_where_the_melody_does():
    notes = lead_sheet(("C", 0), ("F", 32), ("G", 48), at_step=36)
    (events,) = IMPROV.extract(notes, {}).sequences
    assert events.start_step == 32
    assert chords_of(events)[15:17] == [F, G]


def test_chords_move_with_a_melody_that_is_brought_to_a_key():
    in_c = Improv(transpose_to_key=0)
    notes = lead_sheet(("D", 0), ("N.C.", 64), pitches=[pitch + 2 for pitch in SCALE])
    (events,) = in_c.extract(notes, {}).sequences
    assert events.transposition % 12 == 10
    assert chords_of(events) == [C] * 64 + [NO_CHORD] * 64


def test_three_pitches_are_enough():
    notes = lead_sheet(("C", 0), pitches=(60, 62, 64))
    assert len(IMPROV.extract(notes, {}).sequences) == 1
    assert drops_of(IMPROV.extract(notes, {"min_unique_pitches": 4})) == [
        ("too_few_pitches", "min_unique_pitches=3")
    ]


def test_a_piece_without_chords_is_dropped_unless_they_are_to_be_found():
    notes = lead_sheet(pitches=(60, 64, 67, 72))
    assert drops_of(IMPROV.extract(notes, {})) == [("no_chords", "infer_chords=true")]
    (events,) = IMPROV.extract(notes, {"infer_chords": True}).sequences
    assert set(chords_of(events)) == {C}


def test_a_melody_before_the_first_chord_is_dropped():
    early, late = lead_sheet(("C", 160)), lead_sheet(at_step=160)
    both = early.with_notes(np.concatenate([early.notes, late.notes]))
    extraction = IMPROV.extract(both, {})
    assert [events.start_step for events in extraction.sequences] == [160]
    assert drops_of(extraction) == [("no_chords", "")]


def test_a_symbol_that_cannot_be_read_drops_the_piece():
    extraction = IMPROV.extract(lead_sheet(("C", 0), ("Cfoo", 16)), {})
    assert extraction.sequences == ()
    (drop,) = extraction.drops
    assert drop.rule == "unknown_chord"
    assert "'Cfoo'" in drop.found


def test_a_piece_without_a_melody_says_so_first():
    assert drops_of(IMPROV.extract(NoteSequence(), {})) == [("no_notes", "")]


def test_unknown_rules_are_refused():
    with pytest.raises(RecipeError, match="unknown melody rule 'min_bar'"):
        IMPROV.extract(NoteSequence(), {"min_bar": 7})
    with pytest.raises(RecipeError, match="infer_chords=1: it must be true or false"):
        IMPROV.extract(NoteSequence(), {"infer_chords": 1})


# --- augmentation


def test_melody_and_chords_are_transposed_together():
    (events,) = IMPROV.extract(lead_sheet(("C", 0), ("N.C.", 16), ("Am", 32)), {}).sequences
    moved = IMPROV.augment(events, {"transpose_semitones": [5, 5]}, np.random.default_rng(0))
    assert moved.ids[:9].tolist() == [19, 0, 0, 0, 21, 0, 0, 0, 23]
    assert set(chords_of(moved)) == {F, NO_CHORD, A_MINOR + 5 - 12}
    assert IMPROV.decode(moved, 120) == IMPROV.decode(events, 120)


def test_all_keys_are_heard_even_of_a_high_melody():
    high = [pitch + 11 for pitch in SCALE]  # up to 83, the highest of the range
    (events,) = IMPROV.extract(lead_sheet(("B", 0), pitches=high), {}).sequences
    rng = np.random.default_rng(0)
    amounts = {"transpose_semitones": [-6, 5]}
    moved = [IMPROV.augment(events, amounts, rng) for _ in range(200)]
    assert {int(found.context[0, 0]) for found in moved} == set(range(1, 13))
    for found in moved:
        assert found.ids.max() < IMPROV.num_events
        assert len(set(found.ids[found.ids >= 2].tolist())) == 8
        semitones = int(found.ids[0] - events.ids[0])
        assert (found.context[0, 0] - 1) % 12 == (11 + semitones) % 12


def test_a_melody_as_wide_as_the_range_stays():
    wide = EventSequence([2, 37], context=[[C], [C]])
    moved = IMPROV.augment(wide, {"transpose_semitones": [1, 11]}, np.random.default_rng(0))
    assert moved.ids.tolist() == [2, 37]
    assert chords_of(moved) == [C, C]


def test_silence_and_a_melody_without_chords_can_be_augmented():
    rng, amounts = np.random.default_rng(0), {"transpose_semitones": [-6, 5]}
    assert IMPROV.augment(EventSequence([0, 1]), amounts, rng).ids.tolist() == [0, 1]
    with pytest.raises(RecipeError, match="unknown augmentation of improv 'stretch'"):
        IMPROV.augment(EventSequence([0]), {"stretch": 1}, rng)


# --- generation


def test_the_primers_chords_reach_into_the_section():
    primer = lead_sheet(("C", 0), ("F", 24), n_notes=4)
    past = IMPROV.encode(primer, 16)
    told = IMPROV.with_context(past, primer, Conditions(), 32)
    assert told.ids.tolist() == past.ids.tolist()
    assert chords_of(told) == [C] * 24 + [F] * 8


def test_a_primer_that_is_transposed_takes_the_chords_with_it():
    in_c = Improv(transpose_to_key=0)
    primer = lead_sheet(("G", 0), pitches=[pitch + 7 for pitch in SCALE])
    told = in_c.with_context(in_c.encode(primer, 128), primer, Conditions(), 144)
    assert chords_of(told) == [C] * 144


def test_without_chords_there_is_no_chord():
    past = IMPROV.opening(0, 16)
    assert chords_of(IMPROV.with_context(past, NoteSequence(), Conditions(), 16)) == [0] * 32


def test_an_opening_before_the_piece_hears_its_first_chord():
    chords = NoteSequence(texts=[Text(0.0, "G", "chord")])
    told = IMPROV.with_context(IMPROV.opening(0, 16), chords, Conditions(), 16)
    assert chords_of(told) == [G] * 32


def test_it_has_no_ear_for_anything_but_chords():
    past = IMPROV.default_primer()
    with pytest.raises(ConditionError, match="this improv model cannot be told notes_per_second"):
        IMPROV.with_context(past, NoteSequence(), Conditions(notes_per_second=(2.0,)), 16)
    unknown = NoteSequence(texts=[Text(0.0, "H7", "chord")])
    with pytest.raises(ConditionError, match="chord 'H7' begins with no root"):
        IMPROV.with_context(past, unknown, Conditions(), 16)


def test_constraints_are_those_of_a_melody():
    past = IMPROV.default_primer()
    constraints = Constraints(frozenset({0}), min_pitch=60, max_pitch=71)
    guide = IMPROV.guide(constraints, past, 3, releases=False)
    assert guide.allowed()[0].nonzero()[0].tolist() == [0, 1, 14]


# --- the tracker


def test_the_model_sees_the_chord_of_the_step_to_come():
    events = EventSequence([14, 0, 0], context=[[C], [F], [NO_CHORD]])
    tracker = IMPROV.tracker([events])
    seen = [tracker.feed(events.ids[k : k + 1])[0] for k in range(3)]
    assert [row[:49].nonzero()[0].tolist() for row in seen] == [[F], [NO_CHORD], [NO_CHORD]]
    assert [row[49:].nonzero()[0].tolist() for row in seen] == [[14], [0], [0]]


def test_the_last_chord_goes_on_and_without_any_there_is_none():
    rows = [
        EventSequence([0], context=[[C], [G]]),
        EventSequence([0], context=[[F], [F], [F], [A_MINOR]]),
        EventSequence([0]),
    ]
    tracker = IMPROV.tracker(rows)
    seen = [tracker.feed(np.zeros(3, np.int16))[:, :49].argmax(axis=1).tolist() for _ in range(5)]
    assert seen == [[G, F, 0], [G, F, 0], *[[G, A_MINOR, 0]] * 3]


@pytest.mark.parametrize("melody_encoding", ["one_hot", "lookback", "key"])
def test_selected_rows_keep_their_chords_and_their_melody(melody_encoding):
    improv = Improv("pitches", melody_encoding)
    rng = np.random.default_rng(0)
    rows = [
        EventSequence([0], steps_per_bar=bar, context=rng.integers(0, 2000, (40, 1)))
        for bar in (16, 12, 6)
    ]
    ids = rng.integers(0, improv.num_events, (40, 3)).astype(np.int16)
    tracker = improv.tracker(rows)
    for step in range(20):
        tracker.feed(ids[step])
    chosen = tracker.select(np.array([2, 0, 0]))
    for step in range(20, 40):
        np.testing.assert_array_equal(chosen.class_events(), tracker.class_events()[[2, 0, 0]])
        there = ids[step, [2, 0, 0]]
        np.testing.assert_array_equal(chosen.labels(there), tracker.labels(ids[step])[[2, 0, 0]])
        np.testing.assert_array_equal(chosen.feed(there), tracker.feed(ids[step])[[2, 0, 0]])
