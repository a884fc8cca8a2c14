"""Fingerprints know a tune again, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.fingerprints import (
    INNER_PIECES,
    MAX_OCTAVES,
    STRETCH_NOTES,
    duration_ratios,
    line_of,
    stretches,
)
from solferino.notes.sequence import Instrument, NoteSequence
from tests.datasets.tunes import tune


def codes(notes, ratios_per_octave=2):
    return [voice.codes.tolist() for voice in stretches(notes, ratios_per_octave)]


def played(notes, *, transpose=0, stretch=1.0, start_s=0.0):
    columns = notes.notes
    return NoteSequence.from_columns(
        columns["pitch"].astype(int) + transpose,
        start_s + stretch * columns["onset_s"],
        start_s + stretch * columns["release_s"],
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(-40, 40), st.floats(0.3, 3.0), st.floats(0.0, 50.0))
def test_neither_key_nor_tempo_nor_place_changes_a_fingerprint(seed, transpose, stretch, start_s):
    notes = tune(seed, 40)
    changed = played(notes, transpose=transpose, stretch=stretch, start_s=start_s)
    assert codes(changed) == codes(notes)


def test_one_other_note_or_one_other_duration_changes_every_stretch_that_holds_it():
    (voice,) = stretches(tune(1, 40))
    for column in ("pitch", "onset_s"):
        table = tune(1, 40).notes.copy()
        table[column][20] += 1 if column == "pitch" else 0.11
        (changed,) = stretches(NoteSequence(table, (Instrument(),)))
        common = np.isin(voice.codes, changed.codes)
        holds = (voice.first <= 20) & (voice.first + STRETCH_NOTES > 20)
        assert not (common & holds).any()
        assert common[~holds].all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(30, 90), st.integers(1, 4)), min_size=15, max_size=60))
def test_fifteen_notes_in_a_row_always_hold_a_kept_stretch(steps):
    pitches, lengths = np.array(steps).T
    onsets_s = np.cumsum(lengths) / 8
    (voice,) = stretches(NoteSequence.from_columns(pitches, onsets_s, onsets_s + 0.1))
    edges = np.concatenate([[-1], voice.first, [len(steps) - STRETCH_NOTES + 1]])
    assert np.diff(edges).max() < INNER_PIECES


def test_two_stretches_in_seven_are_kept():
    kept = sum(len(voice.codes) for seed in range(30) for voice in stretches(tune(seed, 300)))
    assert kept / (30 * (300 - STRETCH_NOTES + 1)) == pytest.approx(2 / 7, abs=0.02)


def test_nine_notes_are_too_few():
    assert codes(tune(0, STRETCH_NOTES - 1)) == [[]]
    assert codes(NoteSequence(instruments=(Instrument(),))) == [[]]


def test_a_chord_counts_by_its_highest_note_even_if_played_by_hand():
    line = line_of(
        NoteSequence.from_columns(
            [48, 67, 60, 72], [0.0, 0.02, 0.01, 0.5], [1.0, 0.4, 0.4, 0.9]
        ).notes,
        chord_s=0.03,
    )
    assert line.pitch.tolist() == [67, 72]
    assert line.onset_s.tolist() == [0.0, 0.5]
    assert line.release_s.tolist() == [1.0, 0.9]


def test_drums_count_by_all_that_is_hit_at_once():
    def beat(second_drum):
        pitches = np.tile([36, 42, 38, 42], 8)
        onsets_s = np.arange(32) * 0.25
        more = np.full(32, second_drum)
        return NoteSequence.from_columns(
            np.concatenate([pitches, more]), np.tile(onsets_s, 2), np.tile(onsets_s, 2) + 0.1,
            instruments=(Instrument(is_drum=True),),
        )  # fmt: skip

    assert codes(beat(44)) == codes(beat(44))
    assert not set(codes(beat(44))[0]) & set(codes(beat(46))[0])


def test_gaps_are_compared_in_steps_of_half_an_octave_or_a_whole_one():
    onsets_s = np.cumsum([0, 1, 1, 2, 3, 1, 100])
    assert (duration_ratios(onsets_s, 2) - 2 * MAX_OCTAVES).tolist() == [0, 2, 1, -3, 6]
    assert (duration_ratios(onsets_s, 1) - MAX_OCTAVES).tolist() == [0, 1, 1, -2, 3]
