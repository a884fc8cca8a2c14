"""Transposing examples at random."""

import numpy as np
import pytest

from solferino.errors import RecipeError
from solferino.representations.transposition import random_transposition

MIDI = range(128)


def transpositions(low, high, pitches, pitch_range=MIDI):
    rng = np.random.default_rng(0)
    amounts = {"transpose_semitones": [low, high]}
    pitches = np.array(pitches, np.intp)
    return {
        random_transposition("polyphony", amounts, pitches, pitch_range, rng) for _ in range(200)
    }


def test_every_transposition_occurs():
    assert transpositions(-4, 4, [60]) == set(range(-4, 5))


def test_no_pitch_leaves_the_range():
    assert transpositions(-4, 4, [1, 126]) == {-1, 0, 1}
    assert transpositions(-4, 4, [60, 71], range(59, 72)) == {-1, 0}


def test_where_no_transposition_fits_the_example_stays():
    assert transpositions(2, 4, [0, 127]) == {0}


def test_silence_may_go_anywhere():
    assert transpositions(3, 3, []) == {3}


def test_nothing_moves_unless_asked():
    rng = np.random.default_rng(0)
    assert random_transposition("polyphony", {}, np.array([60]), MIDI, rng) == 0


@pytest.mark.parametrize(
    "value", [4, [4, -4], [-4], [-4, 4, 5], [-25, 0], [0, 25], ["-4", "4"], [False, True], [0, 1.5]]
)
def test_amounts_that_make_no_sense_are_refused(value):
    with pytest.raises(RecipeError, match="must be the least and the most semitones, from -24"):
        random_transposition(
            "polyphony",
            {"transpose_semitones": value},
            np.array([60]),
            MIDI,
            np.random.default_rng(0),
        )


def test_unknown_amounts_are_refused():
    message = r"unknown augmentation of polyphony 'transpose': did you mean 'transpose_semitones'\?"
    with pytest.raises(RecipeError, match=message):
        random_transposition(
            "polyphony", {"transpose": [0, 1]}, np.array([60]), MIDI, np.random.default_rng(0)
        )
