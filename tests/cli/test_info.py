"""``solferino info`` from the user's side."""

import io
import json
import sys

import pytest

from solferino.cli.app import main
from solferino.notes.files import save
from solferino.notes.sequence import Instrument, NoteSequence, Text

TUNE = 'X:{n}\nT:Tune {n}\nM:6/8\nL:1/8\nQ:3/8=80\nK:Em\n"Em"E3 G3 | "B7"B3 ^d3 |]\n\n'


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.mid"
    piece = NoteSequence.from_columns(
        [60, 64, 67, 36],
        [0, 0.5, 1.0, 0],
        [0.5, 1.0, 2.0, 0.1],
        instrument=[0, 0, 0, 1],
        instruments=(Instrument(73, name="Solo"), Instrument(is_drum=True, name="Kit")),
        tempos=[(0, 120)],
        meters=[(0, 4, 4)],
        keys=[(0, 0, False)],
        control_changes=[(0, 64, 100, 0)],
        texts=(Text(0, "la", "lyric"),),
    )
    save(piece, path)
    return path


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text("".join(TUNE.format(n=n) for n in range(1, 24)) + "X:99\nT:Bad\nK:Q\nC\n")
    return path


def test_a_song(solferino, song):
    done = solferino("info", song)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "song.mid"
    assert "  length       0:02, 1 bar, 4 notes" in lines
    assert "  tempo        120 quarter notes a minute" in lines
    assert "  signature    C major" in lines
    assert "  words        1 lyric" in lines
    assert "  controllers  sustain pedal (1)" in lines
    assert ["1", "Solo", "flute", "3", "C4\u2013G4", "100%", "yes"] in map(str.split, lines)
    assert ["2", "Kit", "drums", "1", "5%", "yes"] in map(str.split, lines)
    assert "       C4│▄▄▄▄▄▄▄▄" in lines
    assert max(map(len, lines)) <= 80


def test_a_tune_book_is_a_table(solferino, book):
    lines = solferino("info", book).out.splitlines()
    assert lines[0] == "book.abc: 23 tunes"
    assert lines[2].split() == ["title", "meter", "key", "bars", "notes", "length"]
    assert lines[3] == "   1  Tune 1    6/8    E minor     2      4    0:03"
    assert lines[23:25] == [
        "  … and 3 more",
        "  cannot read X:99 Bad: K:Q is no key; write one like K:G or K:Edor",
    ]
    assert lines[-1] == "Choose one of them with --tune."


def test_one_tune_of_a_book(solferino, book):
    done = solferino("info", book, "--tune", 2)
    assert done.out.startswith("Tune 2\n")
    assert "  chords       2: Em B7\n" in done.out
    assert "  key found    C major or A minor, which have 75% of the notes\n" in done.out


def test_plain_characters(solferino, song, book):
    assert solferino("info", song, "--ascii").out.isascii()
    assert "C4-G4" in solferino("info", song, "--ascii").out
    assert solferino("info", book, "--ascii").out.isascii()


def test_json(solferino, song, book):
    facts = json.loads(solferino("info", song, "--json").out)
    assert (facts["tune"], facts["num_notes"], facts["num_bars"]) == (1, 4, 1)
    assert facts["instruments"][0]["sound"] == "flute"
    every = json.loads(solferino("info", book, "--json").out)
    assert (every["num_tunes"], len(every["tunes"])) == (23, 23)
    assert every["errors"][0]["title"] == "Bad"
    third = json.loads(solferino("info", book, "--json", "--tune", 3).out)
    assert (third["tune"], third["title"]) == (3, "Tune 3")


def test_many_changes_are_told_in_short(solferino, tmp_path):
    changes = [(k * 0.5, 100 + k % 9) for k in range(30)]
    save(NoteSequence.from_columns([60], [0.0], [20.0], tempos=changes), tmp_path / "a.mid")
    done = solferino("info", tmp_path / "a.mid")
    assert "100 to 108 quarter notes a minute, 100 at first, 29 changes" in done.out


def test_a_piece_without_notes(solferino, tmp_path):
    save(NoteSequence(), tmp_path / "a.mid")
    assert "0 bars, 0 notes" in solferino("info", tmp_path / "a.mid").out


def test_errors_are_one_line(fails, song, book, tmp_path):
    assert "has 23 tunes, got --tune 24; choose a number up to 23" in fails(
        1, "info", book, "--tune", 24
    )
    assert "has 1 tune, got --tune 2" in fails(1, "info", song, "--tune", 2)
    assert "does not exist; check the path" in fails(1, "info", tmp_path / "none.mid")
    fails(2, "info", book, "--tune", 0)


def test_a_book_of_one_good_tune_shows_it_and_says_what_was_lost(solferino, tmp_path):
    path = tmp_path / "book.abc"
    path.write_text(TUNE.format(n=1) + "X:99\nT:Bad\nK:Q\nC\n")
    lost = "  cannot read X:99 Bad: K:Q is no key; write one like K:G or K:Edor"
    lines = solferino("info", path).out.splitlines()
    assert (lines[0], lines[-1]) == ("Tune 1", lost)
    facts = json.loads(solferino("info", path, "--json").out)
    assert (facts["num_tunes"], facts["errors"][0]["number"]) == (1, "99")
    assert lost not in solferino("info", path, "--tune", 1).out


def test_where_output_has_few_letters_the_roll_is_plain_and_names_have_question_marks(
    song, monkeypatch
):
    named = song.with_name("Дума.mid")
    song.rename(named)
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="cp1252"))
    assert main(["info", str(named)]) == 0
    assert main(["info", str(named), "--json"]) == 0
    sys.stdout.flush()
    facts = printed.getvalue().decode("cp1252").partition("{")[2]
    assert json.loads("{" + facts)["file"] == str(named)
    lines = printed.getvalue().decode("cp1252").splitlines()
    assert lines[0] == "????.mid"
    assert "       C4|________" in lines
