import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solferino.notes.sequence import NoteSequence, Text
from solferino.notes.timing import TempoMap, beat_times_s
from solferino.notes.warping import adjust_times, rectify_beats
from tests.notes.strategies import note_sequences

THREE_NOTES = NoteSequence.from_columns([60, 62, 64], [0, 1, 2], [1, 2, 4])


def quarters_of(piece, times_s):
    return TempoMap.from_sequence(piece).seconds_to_quarters(times_s)


# adjust_times


def test_pairs_stretch_what_lies_between_them():
    piece = THREE_NOTES.replace(texts=[Text(1.5, "C", "chord")], keys=[(2, 1, False)])
    slow = adjust_times(piece, [(1, 1), (2, 4)])
    assert slow.notes["onset_s"].tolist() == [0, 1, 4]
    assert slow.notes["release_s"].tolist() == [1, 4, 6]
    assert slow.texts == (Text(2.5, "C", "chord"),)
    assert slow.keys.tolist() == [(4, 1, False)]
    assert slow.tempos.tolist() == [(0, 120), (1, 40), (4, 120)]
    assert slow.total_time_s == 6


def test_a_function_may_do_as_pairs_do():
    by_pairs = adjust_times(THREE_NOTES, [(0, 0), (4, 2)])
    by_function = adjust_times(THREE_NOTES, lambda times_s: times_s / 2)
    assert by_function.notes.tolist() == by_pairs.notes.tolist()
    assert by_function.tempos.tolist() == [(0, 240)]
    assert by_pairs.tempos.tolist() == [(0, 240), (2, 120)]


def test_one_pair_moves_the_piece():
    later = adjust_times(THREE_NOTES, [(1, 3)])
    assert later.notes["onset_s"].tolist() == [2, 3, 4]
    assert later.total_time_s == 6


def test_notes_without_length_remain():
    flat = adjust_times(THREE_NOTES, [(0, 0), (1, 1), (2, 1)])
    assert flat.notes["onset_s"].tolist() == [0, 1, 1]
    assert flat.notes["release_s"].tolist() == [1, 1, 3]


def test_a_piece_may_lose_all_its_time():
    gone = adjust_times(THREE_NOTES, np.zeros_like)
    assert gone.total_time_s == 0
    assert len(gone) == 3
    assert adjust_times(NoteSequence(), lambda times_s: times_s).total_time_s == 0


@pytest.mark.parametrize(
    "adjustment",
    [
        lambda times_s: -times_s,
        lambda times_s: times_s - 1,
        lambda times_s: times_s * np.nan,
        lambda times_s: np.abs(times_s - 2),
        [(1, 0.5)],
    ],
)
def test_time_does_not_run_backwards(adjustment):
    with pytest.raises(ValueError, match="must be 0 or later and in the order of the old ones"):
        adjust_times(THREE_NOTES, adjustment)


def test_a_function_gives_a_time_for_each_time():
    with pytest.raises(ValueError, match=r"adjustment must give \(4,\) times for as many"):
        adjust_times(THREE_NOTES, lambda times_s: times_s[:1])


@pytest.mark.parametrize("pairs", [[], [1, 2], [(1, 2, 3)], 7])
def test_an_adjustment_is_a_function_or_pairs(pairs):
    with pytest.raises(ValueError, match="must be a function or pairs of"):
        adjust_times(THREE_NOTES, pairs)


@pytest.mark.parametrize(
    "pairs", [[(0, 0), (0, 1)], [(1, 0), (0, 1)], [(0, 1), (1, 0)], [(0, float("nan"))]]
)
def test_pairs_increase(pairs):
    with pytest.raises(ValueError, match="must increase in from_s and never fall in to_s"):
        adjust_times(THREE_NOTES, pairs)


@given(note_sequences(), st.lists(st.integers(1, 64), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_quarter_note_stays_one(piece, lengths):
    to_s = np.cumsum([0, *lengths]) / 16
    pairs = np.stack([np.linspace(0, 20, len(to_s)), to_s], axis=1)
    moved = adjust_times(piece, pairs)
    assert sorted(moved.notes["pitch"]) == sorted(piece.notes["pitch"])
    np.testing.assert_allclose(
        np.sort(quarters_of(moved, moved.notes["release_s"])),
        np.sort(quarters_of(piece, piece.notes["release_s"])),
        atol=1e-6,
    )


@given(note_sequences())
@settings(max_examples=30, deadline=None)
def test_a_curve_and_its_inverse_cancel(piece):
    there = adjust_times(piece, lambda times_s: times_s**2 / 8 + times_s)
    back = adjust_times(there, lambda times_s: (np.sqrt(1 + times_s / 2) - 1) * 4)
    np.testing.assert_allclose(back.notes["onset_s"], piece.notes["onset_s"], atol=1e-9)
    np.testing.assert_allclose(back.notes["release_s"], piece.notes["release_s"], atol=1e-9)
    beats_s = beat_times_s(piece)
    np.testing.assert_allclose(
        quarters_of(there, beats_s**2 / 8 + beats_s), quarters_of(piece, beats_s), atol=1e-3
    )


# rectify_beats


def test_a_rubato_becomes_a_steady_tempo():
    piece = NoteSequence.from_columns([60, 62, 64, 65], [0, 1, 1.5, 3], [1, 1.5, 3, 4])
    steady = rectify_beats(piece, [0, 1, 2, 4], 120)  # the last beat is held
    assert steady.notes["onset_s"].tolist() == [0, 0.5, 0.75, 1.25]
    assert steady.notes["release_s"].tolist() == [0.5, 0.75, 1.25, 1.5]
    assert steady.tempos.tolist() == [(0, 120)]
    assert len(steady.meters) == 0


@pytest.mark.parametrize(
    ("beats_s", "onset_s"),
    [
        ([1, 2, 3], [1, 1.5, 2]),  # one beat before the first: it stays a beat
        ([0.25, 1.25], [1, 1.5, 2]),  # a quarter of a beat before it: room for a whole one
        ([2, 4], [0.5, 1, 1.25]),  # slower beats
        ([1e-9, 1], [0, 0.5, 1]),
    ],
)
def test_beats_fall_on_whole_quarters(beats_s, onset_s):
    beat_s = beats_s[1] - beats_s[0]
    piece = NoteSequence.from_columns(
        60, [beats_s[0], beats_s[1], beats_s[1] + beat_s / 2], beats_s[1] + beat_s
    )
    steady = rectify_beats(piece, beats_s, 60)
    first = np.ceil(beats_s[0] / beat_s - 1e-6)
    np.testing.assert_allclose(steady.notes["onset_s"], first + np.array([0, 1, 1.5]), atol=1e-6)


@pytest.mark.parametrize("beats_s", [[], [1], [1, 1], [2, 1], [-1, 1], [0, float("nan")], [[0, 1]]])
def test_beats_are_two_or_more_and_increase(beats_s):
    with pytest.raises(ValueError, match="beat_times_s must be two or more times from 0 on"):
        rectify_beats(THREE_NOTES, beats_s, 120)


@pytest.mark.parametrize("qpm", [0, -1, float("nan"), float("inf")])
def test_a_steady_tempo_is_above_0(qpm):
    with pytest.raises(ValueError, match="qpm must be above 0 quarter notes a minute"):
        rectify_beats(THREE_NOTES, [0, 1], qpm)


@given(note_sequences())
@settings(max_examples=40, deadline=None)
def test_a_note_stays_between_its_beats(piece):
    piece = piece.replace(meters=())
    beats_s = beat_times_s(piece)
    assume(len(beats_s) >= 2)
    steady = rectify_beats(piece, beats_s, 100)
    inside = piece.notes["onset_s"] < beats_s[-1]
    beat = np.searchsorted(beats_s, piece.notes["onset_s"][inside], side="right") - 1
    steady_beats = steady.notes["onset_s"][inside] * 100 / 60
    assert (steady_beats > beat - 1e-6).all()
    assert (steady_beats < beat + 1 + 1e-6).all()
    assert steady.notes["pitch"].tolist() == piece.notes["pitch"].tolist()
