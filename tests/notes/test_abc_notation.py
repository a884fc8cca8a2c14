"""Tunes in ABC notation sound as they are written."""

import numpy as np
import pytest

from solferino.errors import MusicFileError
from solferino.notes.abc_notation import parse_tune_book, read_tune_book
from solferino.notes.sequence import Instrument, NoteSequence

C, D, E, F, G, A, B = 60, 62, 64, 65, 67, 69, 71
PITCH_OF = {"C": C, "D": D, "E": E, "F": F, "G": G}


def tune(music: str, meter: str = "4/4", key: str = "C", **fields: str) -> NoteSequence:
    """Return a tune of eighth notes at 120 quarter notes a minute."""
    more = "".join(f"{letter}:{words}\n" for letter, words in fields.items())
    text = f"X:1\nT:Try\nM:{meter}\nL:1/8\n{more}K:{key}\n{music}\n"
    book = parse_tune_book(text, "try.abc")
    assert not book.errors
    return book.tunes[0]


def pitches(music: str, **header: str) -> list[int]:
    """Return the pitches of a tune in order."""
    return tune(music, **header).notes["pitch"].tolist()


def lengths(music: str, **header: str) -> list[float]:
    """Return the lengths of its notes in eighths."""
    notes = tune(music, **header).notes
    return np.round((notes["release_s"] - notes["onset_s"]) / 0.25, 6).tolist()


def onsets(music: str, **header: str) -> list[float]:
    """Return the onsets of its notes in eighths from the start."""
    return np.round(tune(music, **header).notes["onset_s"] / 0.25, 6).tolist()


def test_letters_are_octaves():
    assert pitches("C,, C, C c c' c''") == [36, 48, 60, 72, 84, 96]


@pytest.mark.parametrize(
    ("key", "sounding"),
    [
        ("C", [C, D, E, F, G, A, B]),
        ("G", [C, D, E, F + 1, G, A, B]),
        ("Eb", [C, D, E - 1, F, G, A - 1, B - 1]),
        ("F#m", [C + 1, D, E, F + 1, G + 1, A, B]),
        ("Ador", [C, D, E, F + 1, G, A, B]),
        ("D Mixolydian", [C, D, E, F + 1, G, A, B]),
        ("Flyd", [C, D, E, F, G, A, B]),
        ("E phrygian", [C, D, E, F, G, A, B]),
        ("B loc", [C, D, E, F, G, A, B]),
        ("C exp ^f _b", [C, D, E, F + 1, G, A, B - 1]),
        ("D =c", [C, D, E, F + 1, G, A, B]),
        ("HP", [C + 1, D, E, F + 1, G, A, B]),
        ("Hp", [C + 1, D, E, F + 1, G, A, B]),
        ("none", [C, D, E, F, G, A, B]),
    ],
)
def test_keys_and_modes_alter_the_letters(key, sounding):
    assert pitches("CDEFGAB", key=key) == sounding


def test_an_accidental_holds_in_all_octaves_until_the_bar_line():
    assert pitches("^F f =f F | F", key="G") == [66, 78, 77, 65, 66]


def test_an_accidental_holds_across_a_tie():
    assert pitches("^F8- | F4 F4") == [F + 1, F]
    assert lengths("^F8- | F4 F4") == [12, 4]


def test_lengths():
    assert lengths("C C2 C/ C// C3/2 C/4") == [1, 2, 0.5, 0.25, 1.5, 0.25]


def test_broken_rhythm():
    assert lengths("C>C C<C C>>C") == [1.5, 0.5, 0.5, 1.5, 1.75, 0.25]


def test_broken_rhythm_after_a_rest_and_a_chord():
    assert lengths("z>C [CE]>G") == [0.5, 1.5, 1.5, 0.5]


@pytest.mark.parametrize(
    ("music", "meter", "expected"),
    [
        ("(3CCC C", "4/4", [2 / 3] * 3 + [1]),
        ("(2CC C", "6/8", [1.5] * 2 + [1]),
        ("(4CCCC C", "6/8", [0.75] * 4 + [1]),
        ("(5CCCCC C", "4/4", [0.4] * 5 + [1]),
        ("(5CCCCC C", "6/8", [0.6] * 5 + [1]),
        ("(5CCCCC C", "3/8", [0.4] * 5 + [1]),
        ("(3:2:2C2C C", "4/4", [4 / 3, 2 / 3, 1]),
    ],
)
def test_tuplets(music, meter, expected):
    assert lengths(music, meter=meter) == pytest.approx(expected, abs=1e-4)


def test_ties_join_notes_and_slurs_do_not():
    assert lengths("C2-C2 (C2C2) | C8- | C4 C4") == [4, 2, 2, 12, 4]


def test_a_chord_sounds_together_with_the_length_of_its_first_note():
    music = "[CEG]2 [C2E2]2"
    assert lengths(music) == [2, 2, 2, 4, 4]
    assert onsets(music) == [0, 0, 0, 2, 2]


def test_ornaments_grace_notes_and_annotations_make_no_sound():
    assert pitches('{cd}~C !trill!D .E TF "_D.C."G `A') == [C, D, E, F, G, A]


def test_rests_take_their_time():
    assert onsets("C z C x2 C z2 | Z | C8") == [0, 2, 5, 16]


def test_chord_symbols_are_kept_where_they_stand():
    piece = tune('"G7"G4 "D/f+"A4 | "Segno"G8')
    assert [(t.time_s, t.text, t.kind) for t in piece.texts] == [
        (0.0, "G7", "chord"),
        (1.0, "D/F#", "chord"),
    ]


@pytest.mark.parametrize(
    ("music", "played"),
    [
        ("C8|D8:|E8|", "CDCDE"),
        ("|:C8|D8:|E8|", "CDCDE"),
        ("C8|:D8:|E8|", "CDDE"),
        ("C8::D8:|", "CCDD"),
        ("C8:|:D8:|", "CCDD"),
        ("C8:||:D8:|", "CCDD"),
        ("|:C8|1D8:|2E8||F8|", "CDCEF"),
        ("|:C8|[1D8:|[2E8|]F8:|", "CDCEFF"),
        ("|:C8|1D8|E8:|2F8|G8|]", "CDECFG"),
        ("|:C8|1,3D8:|2,4E8:|F8", "CDCECDCEF"),
        ("|::C8::|", "CCC"),
        ("C8||D8:|", "CDCD"),
        ("|:C8|D4[1D4:|[2E4||F8|", "CDDCDEF"),
    ],
)
def test_repeats_and_endings_are_played(music, played):
    assert pitches(music) == [PITCH_OF[letter] for letter in played]


def test_an_ending_may_be_numbered_on_the_next_line():
    assert pitches("|:C8|\\\n1 D8:|2 E8|]") == [C, D, C, E]


@pytest.mark.parametrize("music", ["G2|C8|D8|", "|:G2|C8|D6:|", "G2|C8|D6:|:A2|E8|F6:|"])
def test_a_pickup_ends_on_a_bar_line(music):
    piece = tune(music)
    starts = piece.notes["onset_s"] / 0.25
    assert starts[0] == 6
    full_bars = starts[piece.notes["pitch"] == C]
    assert (full_bars % 8 == 0).all()


def test_a_short_bar_and_the_pickup_of_the_repeat_make_one_bar():
    assert onsets("G2|C8|D6:|") == [6, 8, 16, 22, 24, 32]


def test_a_pickup_after_a_full_bar_waits_for_the_next_bar_line():
    assert onsets("G2|C8|D8:|") == [6, 8, 16, 30, 32, 40]


def test_a_section_after_a_short_bar_waits_for_the_next_bar_line():
    assert onsets("G2|C8|D6||E8|") == [6, 8, 16, 24]


def test_bars_are_counted_again_from_a_new_meter():
    piece = tune("C8|\nM:3/4\nG2|C6|D6|")
    assert piece.meters.tolist() == [(0.0, 4, 4), (2.0, 3, 4)]
    assert (piece.notes["onset_s"] / 0.25).tolist() == [0, 12, 14, 20]


def test_fields_in_the_middle_of_a_tune():
    piece = tune("C2[L:1/4]C[K:G]F[Q:1/4=60]C|")
    assert piece.notes["pitch"].tolist() == [C, C, F + 1, C]
    assert piece.notes["onset_s"].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert piece.total_time_s == 2.5
    assert piece.keys["sharps"].tolist() == [0, 1]


def test_a_repeat_goes_back_to_the_old_key():
    piece = tune("|:F8|\nK:G\nF8:|")
    assert piece.notes["pitch"].tolist() == [F, F + 1, F, F + 1]
    assert piece.keys["sharps"].tolist() == [0, 1, 0, 1]


def test_voices_are_instruments_that_play_together():
    piece = tune("V:1\nC8|D8|\nV:2\nE8|F8|\n[V:1]G8|\n[V:2]A8|")
    assert len(piece.instruments) == 2
    assert piece.notes["pitch"].tolist() == [C, E, D, F, G, A]
    assert piece.notes["instrument"].tolist() == [0, 1] * 3


@pytest.mark.parametrize(
    ("words", "qpm"),
    [("1/4=90", 90), ("3/8=80", 120), ('"Slow" 1/2=60', 120), ("C=100", 50), ("200", 100),
     ('"Fast"', 120), ("1/4 1/8=60", 90)],
)  # fmt: skip
def test_tempo(words, qpm):
    assert tune("C8", Q=words).tempos["qpm"].tolist() == [qpm]


@pytest.mark.parametrize(
    ("words", "meter"), [("C", (4, 4)), ("C|", (2, 2)), ("6/8", (6, 8)), ("2+3/8", (5, 8))]
)
def test_meter(words, meter):
    piece = tune("C8", meter=words)
    assert piece.meters[["numerator", "denominator"]].tolist() == [meter]


def test_without_a_meter_nothing_is_moved():
    piece = tune("G2|C8|D7|", meter="none")
    assert len(piece.meters) == 0
    assert (piece.notes["onset_s"] / 0.25).tolist() == [0, 2, 10]


def test_a_tune_knows_what_it_is():
    piece = tune("C8", key="Em", C="Anon.")
    assert (piece.title, piece.source) == ("Try", "try.abc#1")
    assert piece.tempos["qpm"].tolist() == [120.0]
    assert piece.keys.tolist() == [(0.0, 1, True)]
    assert set(piece.notes["velocity"]) == {80}


BOOK = """% A book
M:6/8
L:1/8

X:1
T:First
K:G
GAB c2d|

some words between the tunes

X:2
T:Bad
K:Q
GAB|
X:3
T:No key
GAB|

X:4 % fourth
T:Fourth
K:D
FED|
"""


def test_one_bad_tune_does_not_spoil_a_book(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text(BOOK)
    book = read_tune_book(path)
    assert [tune.title for tune in book.tunes] == ["First", "Fourth"]
    assert [(error.number, error.title) for error in book.errors] == [("2", "Bad"), ("3", "No key")]
    assert "K:Q is no key" in book.errors[0].reason
    assert "no K: field" in book.errors[1].reason
    assert [tune.source for tune in read_tune_book(path).tunes] == ["book.abc#1", "book.abc#4"]
    assert book.tunes[0].meters[["numerator", "denominator"]].tolist() == [(6, 8)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_books_in_old_and_new_encodings(tmp_path, encoding):
    path = tmp_path / "book.abc"
    path.write_bytes("X:1\r\nT:Café\r\nK:C\r\nCDE|\r\n".encode(encoding))
    assert read_tune_book(path).tunes[0].title == "Café"


@pytest.mark.parametrize(
    ("music", "reason"),
    [
        ("", "has no notes"),
        ("C99999", "a note has the length 99999"),
        ("C/0", "divides by 0"),
        ("C0", "cannot be played"),
        ("C''''''''", "out of the range of MIDI"),
        ("M:0/4\nC", "M:0/4 is no meter"),
        ("L:x\nC", "L:x is no note length"),
        ("Q:1/4=99999\nC", "Q:1/4=99999 is no tempo"),
        ("K:H\nC", "K:H is no key"),
        ("K:A#\nC", "K:A# has more than 7 accidentals"),
        ("C|" * 20_001, "more than 20000 bars"),
        ("|:C8|1-8D8:|" * 2000, "more than 20000 bars with its repeats"),
        ("".join(f"V:{k}\nC\n" for k in range(70)), "more than 64 voices"),
        ("Q:1/4=4\n" + "L:1\nC256|" * 300, "longer than 1000000 s"),
    ],
)
def test_a_bad_tune_says_why(music, reason):
    book = parse_tune_book(f"X:7\nT:Bad\nK:C\n{music}\n")
    assert not book.tunes
    assert reason in book.errors[0].reason
    assert book.errors[0].number == "7"


def test_no_tune_at_all(tmp_path):
    with pytest.raises(MusicFileError, match="the text has no X: field, so no tune; begin"):
        parse_tune_book("just words")
    path = tmp_path / "bad.abc"
    path.write_text("X:1\nK:C\n")
    with pytest.raises(MusicFileError, match=r"bad.abc has no tune that can be read; X:1 has no"):
        read_tune_book(path)
    path.write_bytes(b"X:1\n\0\0")
    with pytest.raises(MusicFileError, match=r"bad.abc is not text, so not ABC notation"):
        read_tune_book(path)


def test_lines_for_midi_players_are_not_music():
    piece = tune("%%MIDI gchord fzczcz\nC8 |\n%%MIDI program 73\nD8 |")
    assert piece.notes["pitch"].tolist() == [C, D]
    assert piece.instruments == (Instrument(0),)


def test_voices_have_names_and_sounds_of_their_own():
    text = (
        'X:1\nM:4/4\nL:1/8\n%%MIDI program 5\nV:1 name="Flute"\n%%MIDI program 1 73\nV:2\n'
        'V:3 nm="Kit"\n%%MIDI channel 10\nK:C\nV:1\nC8|\nV:2\nC8|\nV:3\nC,,8|\n'
        "V:4\n%%MIDI program 200\nC8|\n"
    )
    (piece,) = parse_tune_book(text).tunes
    assert piece.instruments == (
        Instrument(73, name="Flute"),
        Instrument(5, name="2"),
        Instrument(5, is_drum=True, name="Kit"),
        Instrument(127, name="4"),
    )


def test_meters_with_bars_of_one_length_change_where_they_stand():
    piece = tune("C6 | D6 | [M:3/4] E6 | F6 |", meter="6/8")
    assert piece.meters.tolist() == [(0.0, 6, 8), (3.0, 3, 4)]


def test_a_bar_in_free_meter_moves_the_bar_lines_behind_it():
    piece = tune("C8 | [M:none] D6 | [M:4/4] E8 | F8 |")
    assert piece.meters.tolist() == [(0.0, 4, 4), (3.5, 4, 4)]
    first = tune("[M:none] C6 | [M:4/4] D8 |")
    assert first.meters.tolist() == [(0.0, 4, 4), (1.5, 4, 4)]
