"""The parts of a tune in ABC notation are played in their order, and its jumps are followed."""

import pytest

from solferino.notes.abc_notation import parse_tune_book
from solferino.notes.abc_order import part_order
from tests.notes.test_abc_notation import tune

LETTER_OF = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G"}
PARTS = "P:A\nC8|\nP:B\nD8|\nP:C\nE8|"


def played(music: str, **fields: str) -> str:
    """Return the letters of a tune in the order of playing."""
    return "".join(LETTER_OF[pitch] for pitch in tune(music, **fields).notes["pitch"].tolist())


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("ABA", "ABA"),
        ("A.B.A", "ABA"),
        ("A2B3", "AABBB"),
        ("((AB)3.(CD)3)2", "ABABABCDCDCDABABABCDCDCD"),
        ("(A", ""),
        ("A)", ""),
        ("Variation by Peacock", ""),
        ("5", ""),
        ("A2000000B", ""),
        ("", ""),
    ],
)
def test_an_order_of_parts_is_read(words, order):
    assert "".join(part_order(words)) == order


def test_parts_are_played_in_the_order_of_the_header():
    assert played(PARTS, P="ABACA") == "CDCEC"


def test_without_an_order_parts_are_played_as_they_are_written():
    assert played(PARTS) == "CDE"


@pytest.mark.parametrize("order", ["ABX", "Jig by Peacock"])
def test_an_order_that_names_unknown_parts_is_not_followed(order):
    assert played(PARTS, P=order) == "CDE"


def test_the_repeats_of_a_part_are_played_each_time():
    assert played("P:A\n|:C8:|\nP:B\nD8|", P="ABA") == "CCDCC"


def test_what_comes_before_the_first_part_is_played_once():
    assert played("G8|\nP:A\nC8|\nP:B\nD8|", P="BAB") == "GDCD"


def test_a_part_may_be_labelled_within_a_line():
    assert played("[P:A]C8|[P:B]D8|", P="BA") == "DC"


def test_a_part_begins_on_a_bar_line():
    piece = tune("P:A\nC8|C6|\nP:B\nD8|", P="ABA")
    assert (piece.notes["onset_s"] / 0.25).tolist() == [0, 8, 16, 24, 32]


def test_labels_of_one_voice_count_for_all_with_as_many_bars():
    two = "V:1\nP:A\nC8|\nP:B\nD8|\nV:2\nE8|F8|"
    piece = tune(two, P="BAB")
    assert sorted(piece.notes[["onset_s", "pitch"]].tolist()) == [
        *((0, 62), (0, 65)),
        *((2, 60), (2, 64)),
        *((4, 62), (4, 65)),
    ]


def test_an_order_that_one_voice_cannot_follow_is_followed_by_none():
    piece = tune("V:1\nP:A\nC8|\nP:B\nD8|\nV:2\nE8|F8|G8|", P="BAB")
    assert sorted(piece.notes["pitch"].tolist()) == [60, 62, 64, 65, 67]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("C8|D8!D.C.!|", "CDCD"),
        ("C8|D8 !D.C.!|]", "CDCD"),
        ("C8|D8|!D.C.!|]", "CDCD"),
        ("C8|D8|!dacapo!", "CDCD"),
        ("C8|D8+D.C.+|", "CDCD"),
        ("C8|D8!D.C.!|E8|", "CDCDE"),
        ("C8|D8!fine!|E8!D.C.!|", "CDECD"),
        ("C8|!fine!D8|E8!D.C. al fine!|", "CDECD"),
        ("C8|!segno!D8|E8!D.S.!|F8|", "CDEDEF"),
        ("C8!segno!|D8!fine!|E8!D.S.alfine!|", "CDED"),
        ("C8|D8!D.S.!|E8|", "CDE"),
        ("C8|D8!dacoda!|E8!D.C.!|!coda!F8|", "CDECDF"),
        ("C8|!coda!D8|E8!D.C.alcoda!|!coda!F8|", "CDECF"),
        ("C8|D4!coda!D4|E8!D.C.alcoda!|!coda!|:F8:|", "CDDECDDFF"),
        ("C8|!coda!D8|E8!D.C.!|", "CDECDE"),
        ("|:C8|D8!D.C.!:|E8|", "CDCDCDE"),
        ("|:C8|1D8:|2E8!fine!|F8!D.C.!|", "CDCEFCE"),
        ("|:C8:|!segno!|:D8:|E8!D.S.!|", "CCDDEDE"),
        ("C8|D8!D.C.!|E8!D.C.!|", "CDCDE"),
    ],
)
def test_jumps_are_followed_once_and_repeats_not_again(music, expected):
    assert played(music) == expected


def test_jumps_of_one_voice_count_for_all_with_as_many_bars():
    piece = tune("V:1\nC8!fine!|D8!D.C.!|\nV:2\nE8|F8|")
    assert sorted(piece.notes[["onset_s", "pitch"]].tolist()) == [
        *((0, 60), (0, 64)),
        *((2, 62), (2, 65)),
        *((4, 60), (4, 64)),
    ]


def test_an_order_of_parts_goes_before_jumps():
    assert played("P:A\nC8|\nP:B\nD8!D.C.!|", P="ABA") == "CDC"


def test_words_are_no_jump():
    assert played('C8|"_D.C."D8|') == "CD"


def test_a_tune_that_would_never_end_says_so():
    text = "X:1\nP:(AB)400\nL:1/8\nK:C\nP:A\n" + "C8|" * 30 + "\nP:B\n" + "D8|" * 30
    book = parse_tune_book(text)
    assert not book.tunes
    assert "more than 20000 bars with its repeats" in book.errors[0].reason
