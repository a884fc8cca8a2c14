"""Drums to events and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.errors import (
    ConditionError,
    ConstraintError,
    GenerationError,
    QuantizationError,
    RecipeError,
)
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.drum_classes import NINE_DRUMS
from solferino.representations.drums import Drums
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from solferino.training.recipe import read_recipe

KIT = Drums()
KICK, SNARE, HIHAT = 36, 38, 42
KICK_BIT, SNARE_BIT, HIHAT_BIT = 1, 2, 4
STEP_S = 0.125  # sixteenths at 120 qpm
DRUMS, PIANO = Instrument(is_drum=True), Instrument()
METERS = {16: (4, 4), 12: (3, 4), 14: (7, 8), 20: (5, 4), 3: (3, 16)}


def piece(*hits, meters=((0, 4, 4),), instruments=(DRUMS,), velocity=80):
    """Build a piece of (pitch, step[, instrument]) at 120 qpm, each a step long."""
    pitch, onset, instrument = zip(*[(*h, 0)[:3] for h in hits], strict=True) if hits else ((),) * 3
    return NoteSequence.from_columns(
        pitch,
        np.array(onset) * STEP_S,
        (np.array(onset) + 1) * STEP_S,
        velocity,
        instrument,
        instruments=instruments,
        meters=[(step * STEP_S, *meter) for step, *meter in meters],
    )


def played(notes):
    """(pitch, onset step) of each note of a piece at 120 qpm."""
    steps = np.round(notes.notes["onset_s"] / STEP_S).astype(int).tolist()
    return sorted(zip(notes.notes["pitch"].tolist(), steps, strict=True))


def four_on_the_floor(num_bars, at_step=0):
    return [(KICK, at_step + 4 * beat) for beat in range(4 * num_bars)]


def left(constraints, num_steps=1, after=None, drums=KIT):
    """Events that a guide leaves at each step."""
    after = after or EventSequence(np.zeros(4, np.int16))
    end = after.start_step + len(after) + num_steps
    guide = drums.guide(constraints, after, end, releases=True)
    found = []
    for _ in range(num_steps):
        allowed = guide.allowed()
        found.append(
            list(range(drums.num_events)) if allowed is None else allowed[0].nonzero()[0].tolist()
        )
        guide.feed(np.array(found[-1][:1], np.int16))
    assert guide.is_full().all()
    return found


# --- what it is


@pytest.mark.parametrize(
    ("recipe", "input_size", "num_classes"), [("drum_kit", 518, 512), ("one_drum", 2, 2)]
)
def test_the_recipes_have_the_sizes_of_the_published_models(recipe, input_size, num_classes):
    found = read_recipe(recipe).representation
    drums = build_representation(found["name"], found["options"])
    assert (drums.input_size, drums.num_classes) == (input_size, num_classes)
    assert drums.tracker([EventSequence([0])]).feed(np.array([1])).shape == (1, input_size)


def test_a_drum_kit_is_the_default():
    found = read_recipe("drum_kit").representation
    assert build_representation(found["name"], found["options"]) == KIT


def test_it_is_built_again_from_its_options_as_json():
    drums = Drums(((36,), (38, 40)), num_counters=0, lookback_bars=(1, 2), steps_per_quarter=2)
    options = json.loads(json.dumps(dict(drums.options)))
    assert build_representation(drums.name, options) == drums


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pitch_classes": []}, "pitch_classes has 0 classes: write 1 to 12"),
        ({"pitch_classes": [[36], []]}, "pitch_classes has a class without pitches"),
        ({"pitch_classes": [[36], [35, 36]]}, "pitch_classes has the pitch 36 twice: leave one"),
        ({"pitch_classes": [[128]]}, "pitch_classes=128: it must be a whole number from 0 to 127"),
        ({"num_counters": 17}, "num_counters=17: it must be a whole number from 0 to 16"),
        ({"lookback_bars": [0]}, "lookback_bars=0: it must be a whole number from 1 to 16"),
        ({"steps_per_quarter": 0}, "steps_per_quarter=0: it must be a whole number from 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        Drums(**options)


# --- notes to events


def test_drums_hit_together_are_one_event():
    events = KIT.encode(piece((KICK, 0), (HIHAT, 0), (HIHAT, 2), (SNARE, 4)), 6)
    assert events.ids.tolist() == [KICK_BIT | HIHAT_BIT, 0, HIHAT_BIT, 0, SNARE_BIT, 0]
    assert (events.start_step, events.steps_per_bar, events.transposition) == (0, 16, 0)


@pytest.mark.parametrize("place", range(9))
def test_all_drums_of_a_class_are_the_same_event(place):
    for pitch in NINE_DRUMS[place]:
        assert KIT.encode(piece((pitch, 0)), 1).ids.tolist() == [2**place]


def test_one_drum_hears_any_drum_and_claps():
    one = build_representation("drums", read_recipe("one_drum").representation["options"])
    events = one.encode(piece((KICK, 0), (35, 0), (81, 2), (127, 4)), 4)
    assert events.ids.tolist() == [1, 1, 1, 0]
    assert one.decode(events, 120).notes["pitch"].tolist() == [39, 39, 39]


def test_piano_notes_silent_notes_and_unknown_drums_are_left_out():
    drums = Drums(((KICK,),))
    instruments = (DRUMS, PIANO)
    assert drums.is_silent(drums.encode(piece((SNARE, 0)), 4))
    assert drums.is_silent(drums.encode(piece((KICK, 0), velocity=0), 4))
    events = drums.encode(piece((KICK, 0, 1), (KICK, 2, 0), instruments=instruments), 4)
    assert events.ids.tolist() == [0, 0, 1, 0]


def test_a_primer_begins_with_the_bar_of_its_first_drum():
    events = KIT.encode(piece((KICK, 30), (SNARE, 40), meters=[(0, 3, 4)]), 38)
    assert (events.start_step, events.steps_per_bar, len(events)) == (24, 12, 14)
    assert events.ids.nonzero()[0].tolist() == [6]


def test_bars_are_counted_from_the_last_meter():
    hits = piece((KICK, 2), (SNARE, 20), meters=[(0, 4, 4), (16, 3, 4)])
    events = KIT.encode(hits, 28)
    assert (events.start_step, events.steps_per_bar) == (4, 12)  # 16 is a bar line, 4 is, -8 not
    assert events.ids.tolist() == [0] * 16 + [SNARE_BIT] + [0] * 7


def test_an_empty_primer_is_silence():
    events = KIT.encode(NoteSequence(), 5)
    assert (events.start_step, events.ids.tolist()) == (0, [0] * 5)
    assert KIT.encode(piece((KICK, 9)), 0).ids.tolist() == []


def test_a_primer_cannot_end_before_it_begins_or_in_a_broken_bar():
    with pytest.raises(GenerationError, match="end_step=-1: a primer cannot end before step 0"):
        KIT.encode(NoteSequence(), -1)
    with pytest.raises(QuantizationError, match=r"a bar of 3/32 is 1.5 steps, .* use steps_per_"):
        KIT.encode(piece((KICK, 0), meters=[(0, 3, 32)]), 4)


def test_drums_can_be_written_as_pitches():
    events = KIT.from_drum_events([(KICK, HIHAT), (), [40], (1,)], 16, 12)
    assert events.ids.tolist() == [KICK_BIT | HIHAT_BIT, 0, SNARE_BIT, 0]
    assert (events.start_step, events.steps_per_bar) == (16, 12)
    for wrong in (128, -1, 36.5):
        with pytest.raises(GenerationError, match=f"the drum {wrong} at step 1 is no MIDI pitch"):
            KIT.from_drum_events([(), (wrong,)])


# --- events to notes


def test_each_class_sounds_as_its_first_drum_for_a_step():
    notes = KIT.decode(EventSequence([511, 0], start_step=8), 60)
    assert notes.notes["pitch"].tolist() == [pitches[0] for pitches in NINE_DRUMS]
    assert set(notes.notes["onset_s"].tolist()) == {2.0}
    assert set(notes.notes["release_s"].tolist()) == {2.25}
    assert notes.is_drum.all()
    assert notes.total_time_s == 2.5
    assert notes.tempos["qpm"].tolist() == [60]


def test_the_tempo_must_be_above_0():
    with pytest.raises(GenerationError, match="qpm=0: a tempo must be above 0"):
        KIT.decode(EventSequence([0]), 0)


@given(
    st.lists(st.integers(0, 511), min_size=1, max_size=60),
    st.sampled_from(sorted(METERS)),
    st.integers(0, 3),
)
def test_events_come_back_from_their_notes(ids, steps_per_bar, start_bar):
    events = EventSequence([1, *ids], start_bar * steps_per_bar, steps_per_bar)
    end = events.start_step + len(events)
    again = KIT.encode(KIT.decode(events, 120), end)
    assert again.ids.tolist() == events.ids.tolist()
    assert (again.start_step, again.steps_per_bar) == (events.start_step, steps_per_bar)


# --- examples


def test_a_beat_of_eight_bars_is_an_example_that_ends_with_its_last_hit():
    extraction = KIT.extract(piece(*four_on_the_floor(8)), {})
    assert extraction.drops == ()
    (events,) = extraction.sequences
    assert len(events) == 125
    assert events.ids[:9].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1]


def test_all_drum_voices_of_a_piece_are_one_kit():
    kicks = four_on_the_floor(8)
    hihats = [(HIHAT, step, 1) for step in range(0, 128, 2)]
    notes = piece(*kicks, *hihats, instruments=(DRUMS, DRUMS))
    (events,) = KIT.extract(notes, {}).sequences
    assert events.ids[:5].tolist() == [KICK_BIT | HIHAT_BIT, 0, HIHAT_BIT, 0, KICK_BIT | HIHAT_BIT]


def test_a_bar_without_drums_ends_a_track():
    hits = four_on_the_floor(8) + four_on_the_floor(9, at_step=128 + 16)
    lengths = [len(events) for events in KIT.extract(piece(*hits), {}).sequences]
    assert lengths == [125, 141]  # the last kick is on step 124: 19 steps of silence
    (whole,) = KIT.extract(piece(*hits), {"gap_bars": 2}).sequences
    assert len(whole) == 144 + 141


def test_a_change_of_meter_ends_a_track():
    notes = piece(*four_on_the_floor(18), meters=[(0, 4, 4), (128, 3, 4)])
    found = [(e.start_step, e.steps_per_bar) for e in KIT.extract(notes, {"min_bars": 2}).sequences]
    assert found == [(0, 16), (128, 12)]


@pytest.mark.parametrize(
    ("hits", "rules", "drop"),
    [
        ([], {}, ("no_drums", "no drums", "")),
        ([(3, 0)], {}, ("no_drums", "drums of no class", "")),
        (four_on_the_floor(4), {}, ("too_short", "3.81 bars", "min_bars=3")),
        (four_on_the_floor(40), {}, ("truncated", "637 steps", "max_steps=637")),
        (
            four_on_the_floor(40),
            {"too_long": "discard"},
            ("too_long", "637 steps", "max_steps=637"),
        ),
        (
            four_on_the_floor(40),
            {"too_long": "split", "min_bars": 8},
            ("too_short", "7.81 bars", "min_bars=7"),
        ),
    ],
)
def test_what_is_left_out_says_why(hits, rules, drop):
    assert KIT.extract(piece(*hits), rules).drops == (drop,)


def test_a_broken_bar_says_which_grid_to_take():
    extraction = KIT.extract(piece((KICK, 0), meters=[(0, 3, 32)]), {})
    assert [drop.remedy for drop in extraction.drops] == ["steps_per_quarter=8"]


def test_a_long_track_can_be_split():
    rules = {"too_long": "split", "max_steps": 128, "min_bars": 2}
    found = KIT.extract(piece(*four_on_the_floor(18)), rules).sequences
    assert [(events.start_step, len(events)) for events in found] == [(0, 128), (128, 128)]
    assert found[1].ids[:5].tolist() == [1, 0, 0, 0, 1]


def test_rules_and_augmentations_that_do_not_exist_are_refused():
    with pytest.raises(RecipeError, match=r"unknown drums rule 'min_bar': did you mean 'min_bars'"):
        KIT.extract(NoteSequence(), {"min_bar": 1})
    with pytest.raises(RecipeError, match="unknown augmentation of drums 'transpose'"):
        KIT.augment(EventSequence([1]), {"transpose": [-5, 6]}, np.random.default_rng(0))
    kept = KIT.augment(EventSequence([1]), {}, np.random.default_rng(0))
    assert kept.ids.tolist() == [1]


# --- primers and openings


def test_without_a_primer_a_kick_comes_first():
    assert played(KIT.decode(KIT.default_primer(), 120)) == [(KICK, 0)]
    opening = KIT.opening(32, 16)
    assert (opening.start_step, opening.ids.tolist()) == (16, [1] + [0] * 15)


def test_drums_have_no_ear_for_conditions():
    past = EventSequence([1])
    assert KIT.with_context(past, NoteSequence(), Conditions(), 16) is past
    with pytest.raises(ConditionError, match="this drums model cannot be told notes_per_second"):
        KIT.with_context(past, NoteSequence(), Conditions(notes_per_second=(2.0,)), 16)


# --- the tracker


def test_the_model_sees_the_event_and_the_clock_of_the_step_to_come():
    tracker = KIT.tracker([EventSequence([0]), EventSequence([0], steps_per_bar=12)])
    (seen, other) = tracker.feed(np.array([5, 0]))
    assert seen.nonzero()[0].tolist() == [5, *range(512, 518)]
    assert seen[512:].tolist() == [1, -1, -1, -1, -1, -1]
    assert other[0] == 1
    assert tracker.class_events()[0].tolist() == list(range(512))
    assert tracker.labels(np.array([7, 511])).tolist() == [7, 511]


def test_repeats_go_back_whole_bars_of_each_meter():
    drums = Drums(((KICK,), (SNARE,)), num_counters=0, lookback_bars=(1,))
    tracker = drums.tracker([EventSequence([], steps_per_bar=n) for n in (2, 3)])
    for ids in ([1, 1], [2, 2], [3, 3]):
        tracker.feed(np.array(ids))
    assert tracker.class_events()[:, 4].tolist() == [2, 1]
    assert tracker.labels(np.array([2, 2])).tolist() == [4, 2]


# --- constraints


def test_only_named_drums_sound():
    found = left(Constraints(drums=frozenset({KICK, 40})), 2)  # 40 is a snare like 38
    assert found == [[0, KICK_BIT, SNARE_BIT, KICK_BIT | SNARE_BIT]] * 2


def test_no_drums_named_asks_for_silence():
    assert left(Constraints(drums=frozenset())) == [[0]]


def test_without_constraints_all_is_allowed():
    assert left(Constraints()) == [list(range(512))]


def test_kept_hits_sound_and_others_may_join_them():
    after = EventSequence(np.zeros(16, np.int16))
    keep = piece((KICK, 0), (KICK, 16), (SNARE, 16), (40, 18), (KICK, 30))
    kick_or_not = Drums(((KICK,), (SNARE, 40)))
    found = left(Constraints(keep=keep), 3, after, kick_or_not)
    assert found == [[3], [0, 1, 2, 3], [2, 3]]
    only_kick = Constraints(keep=keep, drums=frozenset({KICK}))
    assert left(only_kick, 3, after, kick_or_not) == [[3], [0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (Constraints(frozenset({0})), "drums have no key and no pitch range: leave the key"),
        (Constraints(min_pitch=40), "drums have no key and no pitch range"),
        (Constraints(drums=frozenset({3})), r"none of the drums \[3\] is among those .* \[22, 26"),
        (
            Constraints(keep=piece((KICK, 4), instruments=(PIANO,))),
            "drums cannot keep pitched notes",
        ),
        (Constraints(keep=piece((3, 4))), r"the kept drum 3 at step 4 is not among those"),
    ],
)
def test_constraints_that_drums_cannot_obey_are_refused(constraints, message):
    with pytest.raises(ConstraintError, match=message):
        left(constraints)
