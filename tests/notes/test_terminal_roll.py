"""A piano roll of characters shows where the notes are."""

import re

import pytest
from hypothesis import given, settings

from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.terminal_roll import MAX_DRUM_LINES, MAX_TONE_LINES, terminal_roll
from tests.notes.strategies import note_sequences

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def piece(*notes, qpm=120, **others) -> NoteSequence:
    """Return notes of pitch, onset and release in quarters."""
    pitches, onsets, releases = zip(*notes, strict=True)
    times = ([t * 60 / qpm for t in column] for column in (onsets, releases))
    return NoteSequence.from_columns(pitches, *times, tempos=[(0, qpm)], **others)


TUNE = piece((60, 0, 1), (61, 1, 2), (64, 2, 4), (60, 3, 4), (65, 4, 6))


def test_two_semitones_share_a_line():
    assert terminal_roll(TUNE) == [
        "    │                ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀".replace("▄▄▄▄▀", "▄▄▄▄▀"),
        "    │                                ┊",
        "  C4│▄▄▄▄▄▄▄▄▀▀▀▀▀▀▀▀        ▄▄▄▄▄▄▄▄┊",
        "     1                               2",
    ]


def test_plain_characters():
    roll = terminal_roll(TUNE, is_ascii=True)
    assert roll[2] == '  C4|________""""""""        ________:'
    assert "\n".join(terminal_roll(piece((61, 0, 1), (60, 0, 1)), is_ascii=True)).isascii()


def test_a_long_piece_is_cut_off_and_says_so():
    long = piece(*((60, k, k + 1) for k in range(100)))
    roll = terminal_roll(long, 40)
    assert roll[-1] == "     (the first 5 of 25 bars)"
    assert roll[-2] == "     1       2       3       4       5"
    assert max(map(len, roll)) == 40


def test_drums_have_lines_with_names():
    beat = piece(
        (36, 0, 0.1), (38, 1, 1.1), (36, 2, 2.1), (60, 0, 4),
        instrument=[1, 1, 1, 0], instruments=(Instrument(), Instrument(is_drum=True)),
    )  # fmt: skip
    assert terminal_roll(beat) == [
        "       C4│" + "▄" * 32,
        "    snare│        •",
        "bass drum│•               •",
        "          1",
    ]


def test_each_instrument_has_its_colour():
    duet = piece(
        (60, 0, 1), (61, 0, 1), (62, 1, 2), (60, 4, 5),
        instrument=[0, 1, 1, 0], instruments=(Instrument(),) * 2,
    )  # fmt: skip
    coloured, plain = terminal_roll(duet, is_coloured=True), terminal_roll(duet)
    assert len({*re.findall(r"38;2;(\d+;\d+;\d+)m", "".join(coloured))}) == 2
    assert "48;2;" in coloured[1]
    assert [ESCAPE.sub("", line).replace("▀", "█") for line in coloured] == [
        line.replace("▀", "█") for line in plain
    ]


def test_without_notes_there_is_no_roll():
    assert terminal_roll(NoteSequence()) == []
    late = NoteSequence.from_columns([60], [500.0], [501.0])
    assert len(terminal_roll(late)) == 2


@pytest.mark.parametrize("width", [1, 80, 140])
@settings(max_examples=20, deadline=None)
@given(notes=note_sequences())
def test_every_piece_fits_the_width(width, notes):
    roll = terminal_roll(notes, width)
    assert all(len(line) <= max(width, 40) for line in roll)
    assert len(roll) <= MAX_TONE_LINES + MAX_DRUM_LINES + 2
