"""Chance variations of a performance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import RecipeError
from solferino.representations.performance import Performance
from solferino.representations.performance_events import write_events
from solferino.representations.representation import EventSequence
from tests.representations.performances import (
    PERFORMANCE,
    VOCABULARY,
    events,
    performances,
    spelled,
)

TUNE = EventSequence(events("+100 v9 on60 +50 off60 v3 on64 +100 +30 off64"), 40, 210)
OPTIONAL = Performance(note_density=True, optional_conditions=True)


def varied(sequence, seed=0, performance=PERFORMANCE, **amounts):
    return performance.augment(sequence, amounts, np.random.default_rng(seed))


def test_without_amounts_nothing_changes():
    same = varied(TUNE)
    assert same.ids.tolist() == TUNE.ids.tolist()
    assert (same.start_step, same.steps_per_bar, same.transposition) == (40, 210, 0)


def test_transposing_moves_all_notes_and_decoding_moves_them_back():
    found = [varied(TUNE, seed, transpose_semitones=[-3, 3]) for seed in range(60)]
    assert {sequence.transposition for sequence in found} == set(range(-3, 4))
    for sequence in found:
        by = sequence.transposition
        assert f"on{60 + by} " in spelled(sequence.ids)
        assert f"off{64 + by}" in spelled(sequence.ids)
        pitches = PERFORMANCE.decode(sequence, 120).notes["pitch"]
        assert pitches.tolist() == [60, 64]


def test_no_note_is_transposed_out_of_range():
    high = EventSequence(events("+100 v9 on126 +50 off126"))
    found = {varied(high, seed, transpose_semitones=[-3, 3]).transposition for seed in range(60)}
    assert found == {-3, -2, -1, 0, 1}


def test_stretching_moves_every_event_but_not_the_first_note():
    slower = varied(TUNE, stretch=[1.5])
    assert spelled(slower.ids) == "+100 v9 on60 +75 off60 v3 on64 +100 +95 off64"
    faster = varied(TUNE, stretch=[0.5])
    assert spelled(faster.ids) == "+100 v9 on60 +25 off60 v3 on64 +65 off64"
    assert slower.start_step == 40


def test_stretching_draws_one_of_its_factors():
    lengths = {
        PERFORMANCE.num_steps(varied(TUNE, seed, stretch=[0.5, 1.0, 2.0]).ids) for seed in range(40)
    }
    assert lengths == {100 + 90, 100 + 180, 100 + 360}


def test_a_note_that_nothing_ends_sounds_on():
    cut = EventSequence(events("+100 v9 on60 +50 v3 on64 +20 off64 +30"))
    assert spelled(varied(cut, stretch=[2.0]).ids) == "+100 v9 on60 +100 v3 on64 +40 off64 +60"
    assert spelled(varied(cut, stretch=[0.5]).ids) == "+100 v9 on60 +25 v3 on64 +10 off64 +15"


def test_notes_that_become_too_short_keep_a_step_and_lose_a_double():
    trill = EventSequence(events("v9 on60 +1 off60 on60 +1 off60 v3 on62 +1 off62"))
    assert spelled(varied(trill, stretch=[0.1]).ids) == "v9 on60 v3 on62 +1 off60 off62"


def test_silence_stays_silence():
    silence = EventSequence(events("+100 +30"))
    found = varied(silence, transpose_semitones=[2, 2], stretch=[2.0])
    assert found.ids.tolist() == silence.ids.tolist()


@settings(max_examples=50)
@given(performances(), st.integers(0, 2**32))
def test_a_variation_is_what_the_encoder_would_write(notes, seed):
    sequence = EventSequence(write_events(VOCABULARY, notes, -100))
    found = varied(sequence, seed, transpose_semitones=[-3, 3], stretch=[0.95, 1.05])
    again = varied(found)
    assert found.ids.tolist() == again.ids.tolist()
    num_notes = (sequence.ids < 128).sum()
    assert (found.ids < 128).sum() <= num_notes


def test_now_and_then_the_model_is_told_nothing():
    found = [
        varied(TUNE, seed, OPTIONAL, disable_conditioning=0.25).context.tolist()
        for seed in range(200)
    ]
    untold = [context for context in found if context]
    assert 20 < len(untold) < 80
    assert all(context == [[1.0] + [0.0] * 8] for context in untold)


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ({"transpose": [1, 2]}, "unknown augmentation of performance 'transpose': did you mean"),
        ({"transpose_semitones": [3, -3]}, "transpose_semitones=.3, -3.: it must be"),
        ({"stretch": []}, r"stretch=\[\]: it must be a list of factors above 0"),
        ({"stretch": [1.0, 0]}, r"stretch=\[1.0, 0\]: it must be a list of factors above 0"),
        ({"stretch": 1.1}, "stretch=1.1: it must be a list of factors above 0"),
        ({"disable_conditioning": 1.5}, "disable_conditioning=1.5: it must be a number from 0"),
        ({"disable_conditioning": True}, "disable_conditioning=True: it must be a number from 0"),
        ({"disable_conditioning": 0.5}, "disable_conditioning=0.5: this model is told the same"),
    ],
)
def test_amounts_that_make_no_sense_are_refused(amounts, message):
    with pytest.raises(RecipeError, match=message):
        varied(TUNE, **amounts)


def test_notes_that_end_late_end_within_a_second_of_each_other_and_nothing_else_changes():
    tune = (
        "v9 on60 +40 off60 on62 +40 off62 on64 +40 off64 on65 +100 +100 +100 off65 on67 +50 off67"
    )
    before = PERFORMANCE.decode(EventSequence(events(tune)), 120).notes
    found = [
        PERFORMANCE.decode(varied(EventSequence(events(tune)), seed, late_ends=1), 120).notes
        for seed in range(40)
    ]
    late = 0
    for notes in found:
        assert notes["pitch"].tolist() == before["pitch"].tolist()
        assert notes["onset_s"].tolist() == before["onset_s"].tolist()
        is_late = notes["release_s"] > before["release_s"]
        assert (notes["release_s"] >= before["release_s"]).all()
        late += int(is_late.sum())
        if is_late.any():
            assert np.ptp(notes["release_s"][is_late]) <= 1
    assert late > 20


def test_no_note_ends_late_where_none_is_asked_to():
    assert spelled(varied(TUNE, late_ends=0.0).ids) == spelled(TUNE.ids)
