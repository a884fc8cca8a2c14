from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from solferino.representations.melody import Melody

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "melody_statistics.py"
EVEN = np.full(4, 0.25)


@pytest.fixture(scope="module")
def script():
    spec = spec_from_file_location("melody_statistics", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(script, *tunes, profile=EVEN):
    """Figures of tunes in bars of four steps, given as -2, -1 and MIDI pitches."""
    melody = Melody()
    ids = [melody.from_melody_events(tune).ids for tune in tunes]
    return script.describe("", script.count(ids, 4, melody.min_note), profile).figures


def test_intervals_are_not_counted_from_one_tune_to_the_next(script):
    found = figures(script, [60, 60, 62, 65], [84 - 1, 78, 78, 78])
    assert found["same note again, %"] == pytest.approx(50)
    assert found["step (1-2 semitones), %"] == pytest.approx(100 / 6)
    assert found["third (3-4), %"] == pytest.approx(100 / 6)
    assert found["leap (5 and more), %"] == pytest.approx(100 / 6)
    assert found["mean interval, semitones"] == pytest.approx(10 / 6)
    assert found["longest run of one note, most"] == 3


def test_a_note_that_the_end_cuts_off_has_no_duration_but_is_no_silence(script):
    found = figures(script, [60, -2, 62, -1, 64, -2, -2, -2])
    assert found["duration 2 steps, %"] == found["duration 1 steps, %"] == 50
    assert found["duration 4 steps, %"] == 0
    assert found["steps in silence, %"] == 12.5
    assert found["notes a bar"] == 1.5


def test_bars_without_a_new_note_repeat_nothing(script):
    a, b, held = [60, -2, 62, 64], [65, -2, -2, -1], [-2] * 4
    found = figures(script, a + a + b + held + held + a)
    assert found["bar as 1 bar before, %"] == pytest.approx(100 / 3)
    assert found["bar as 4 bars before, %"] == 100
    assert np.isnan(found["bar as 8 bars before, %"])


def test_a_tune_that_changes_key_after_eight_bars_stays_in_key_for_eight_bars(script):
    c_major, f_sharp_major = [60, 62, 64, 65] * 8, [66, 68, 70, 71] * 8
    found = figures(script, c_major + f_sharp_major)
    assert found["in best major key, 8 bars, %"] == 100
    assert found["in best major key, tune, %"] < 80
    assert (found["span of 8 bars, semitones"], found["span of a tune, semitones"]) == (5, 11)


def test_the_metrical_profile_of_the_corpus_correlates_with_itself(script):
    downbeats = np.array([0.7, 0.0, 0.3, 0.0])
    tune = [60, -2, 62, -2] + [60, -2, -2, -2] * 4
    assert figures(script, tune, profile=downbeats)["metrical profile, correlation"] > 0.95
    assert np.isnan(figures(script, tune)["metrical profile, correlation"])


@pytest.mark.parametrize(
    ("p", "q", "overlap", "bits"),
    [([0.5, 0.5, 0], [0.5, 0.5, 0], 1, 0), ([1, 0, 0], [0, 0.5, 0.5], 0, 1)],
)
def test_distances_of_equal_and_of_disjoint_histograms(script, p, q, overlap, bits):
    p, q = np.array(p), np.array(q)
    assert script.overlap(p, q) == pytest.approx(overlap)
    assert script.divergence_bits(p, q) == pytest.approx(bits)
