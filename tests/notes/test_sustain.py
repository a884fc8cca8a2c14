import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.sustain import apply_sustain_pedal
from tests.notes.strategies import note_sequences, times_s

PIANO, KIT = Instrument(), Instrument(0, True)


def pressed(*moves, instrument=0):
    """Pedal rows from pairs of a time and a value."""
    return [(time_s, 64, value, instrument) for time_s, value in moves]


def releases_of(piece):
    return apply_sustain_pedal(piece).notes["release_s"].tolist()


@pytest.mark.parametrize(
    ("moves", "release_s"),
    [
        ([(0, 127), (3, 0)], 3),  # held until the pedal is lifted
        ([(0, 64), (3, 63)], 3),  # 64 is down, 63 is up
        ([(0, 63)], 1),
        ([(1, 127), (3, 0)], 3),  # pressed just as the key is released
        ([(1.5, 127), (3, 0)], 1),  # too late
        ([(0, 127), (1, 0)], 1),  # lifted with the key
        ([(0, 127), (1, 0), (1, 127), (3, 0)], 1),  # changed with the key
        ([(0, 127), (0.5, 0)], 1),  # the key itself still holds
        ([(0, 127)], 8),  # never lifted
        ([(0, 127), (2, 100), (3, 0)], 3),  # pressed further down
        ([(0, 127), (2, 0), (2, 127), (3, 0)], 2),  # changed: lifted and pressed at once
        ([], 1),
    ],
)
def test_the_pedal_holds_a_note(moves, release_s):
    piece = NoteSequence.from_columns(60, 0, 1, control_changes=pressed(*moves), total_time_s=8)
    assert releases_of(piece) == [release_s]


def test_the_same_pitch_struck_again_ends_the_held_one():
    piece = NoteSequence.from_columns(
        [60, 64, 60], [0, 0, 2], [1, 1, 3], control_changes=pressed((0, 127), (5, 0))
    )
    assert releases_of(piece) == [2, 5, 5]


def test_a_key_that_is_still_down_is_not_cut_short():
    piece = NoteSequence.from_columns(
        [60, 60], [0, 1], [3, 2], control_changes=pressed((0, 127), (5, 0))
    )
    assert releases_of(piece) == [3, 5]


def test_two_notes_struck_together_are_held_together():
    piece = NoteSequence.from_columns(60, [0, 0], [1, 2], control_changes=pressed((0, 127), (4, 0)))
    assert releases_of(piece) == [4, 4]


def test_each_instrument_has_its_own_pedal_and_drums_have_none():
    piece = NoteSequence.from_columns(
        60,
        [0, 0, 0],
        1,
        instrument=[0, 1, 2],
        instruments=(PIANO, PIANO, KIT),
        control_changes=[*pressed((0, 127), (3, 0)), *pressed((0, 127), (4, 0), instrument=2)],
    )
    assert releases_of(piece) == [3, 1, 1]


def test_lifting_after_the_end_makes_the_piece_longer():
    piece = NoteSequence.from_columns(60, 0, 1, control_changes=pressed((0, 127), (5, 0)))
    assert apply_sustain_pedal(piece).total_time_s == 5


@given(note_sequences(), st.lists(st.tuples(times_s(), st.sampled_from([0, 127])), max_size=6))
@settings(max_examples=80, deadline=None)
def test_every_note_lasts_as_one_by_one_reasoning_says(piece, moves):
    piece = piece.replace(control_changes=pressed(*moves))
    held = apply_sustain_pedal(piece)
    for column in ("onset_s", "pitch", "velocity", "instrument"):
        assert held.notes[column].tolist() == piece.notes[column].tolist()
    assert held.notes["release_s"].tolist() == [_release_s(piece, note) for note in piece.notes]
    assert apply_sustain_pedal(held) == held
    assert (held.notes["release_s"] >= piece.notes["release_s"]).all()


def _release_s(piece, note):
    if note["instrument"] != 0 or piece.instruments[0].is_drum:
        return note["release_s"]
    moves = piece.control_changes
    before = [row["value"] for row in moves if row["time_s"] <= note["release_s"]]
    lifts = [r["time_s"] for r in moves if r["value"] < 64 and r["time_s"] >= note["release_s"]]
    if not before or before[-1] < 64 or note["release_s"] in lifts:
        return note["release_s"]
    strikes = [
        other["onset_s"]
        for other in piece.notes
        if (other["pitch"], other["instrument"]) == (note["pitch"], 0)
        and other["onset_s"] > note["onset_s"]
    ]
    return max(note["release_s"], min([*(lifts or [piece.total_time_s]), *strikes]))
