"""Chord symbols, lyrics, titles and instruments of scores in MusicXML."""

import pytest

from solferino.notes.musicxml import read_musicxml
from solferino.notes.sequence import Instrument, Text
from tests.notes.musicxml_scores import (
    attributes,
    backup,
    chord,
    degree,
    direction,
    forward,
    harmony,
    measures,
    note,
    score,
    score_part,
)


def read(*contents, **others):
    """Read a score of one part."""
    return read_musicxml(score(measures(*contents), **others))


def chords(piece):
    """List chord symbols with their time in quarters at 120 qpm."""
    return [(text.time_s * 2, text.text) for text in piece.texts if text.kind == "chord"]


def lyrics(piece):
    """List syllables."""
    return [text.text for text in piece.texts if text.kind == "lyric"]


def midi(player_id="I1", **values):
    """Write what an instrument sounds like."""
    inside = "".join(f"<midi-{name}>{value}</midi-{name}>" for name, value in values.items())
    return f'<midi-instrument id="{player_id}">{inside}</midi-instrument>'


def sung(text, syllabic="single", number=1):
    """Write a lyric."""
    return f'<lyric number="{number}"><syllabic>{syllabic}</syllabic><text>{text}</text></lyric>'


BASS = "<bass><bass-step>{}</bass-step><bass-alter>{}</bass-alter></bass>".format


@pytest.mark.parametrize(
    ("element", "symbol"),
    [
        (harmony("C"), "C"),
        (harmony("B", "minor", alter=-1), "Bbm"),
        (harmony("F", "dominant", alter=1), "F#7"),
        (harmony("D", "half-diminished"), "Dm7b5"),
        (harmony("D", "major-minor"), "Dm(maj7)"),
        (harmony("G", "suspended-fourth"), "Gsus4"),
        (harmony("C", "none"), "N.C."),
        (harmony("C", "major", BASS("G", 0)), "C/G"),
        (harmony("C", "dominant", BASS("B", -1)), "C7/Bb"),
        (harmony("C", "major", "<inversion>1</inversion>"), "C/E"),
        (harmony("C", "major", "<inversion>9</inversion>"), "C"),
        (harmony("C", "dominant", degree(9, -1, "add")), "C7b9"),
        (harmony("C", "dominant", degree(5, -1, "alter")), "C7b5"),
        (harmony("C", "minor-seventh", degree(5, -1, "alter")), "Cm7b5"),
        (harmony("C", "suspended-fourth", degree(7, 0, "add")), "C7sus4"),
        (harmony("C", "major", degree(2, 0, "add")), "Cadd9"),
        (harmony("C", "major", degree(7, 1, "add"), degree(9, 0, "add")), "Cmaj9"),
        (harmony("C", "minor", degree(7, 1, "add"), degree(11, 0, "add")), "Cm(maj7)add11"),
        (harmony("C", "dominant", degree(3, 0, "subtract")), "C7no3"),
        (harmony("C", "dominant", degree(9, 1, "add"), degree(13, -1, "add")), "C7#9b13"),
        (harmony("C", "other", text="7alt"), "C7alt"),
        (harmony("C", "major", degree(10, 2, "add")), "C"),
        (harmony("C", "other", text="what?"), "C"),
        (harmony("C", "no such kind"), "C"),
    ],
)
def test_chord_symbols_are_those_that_musicians_write(element, symbol):
    assert chords(read(attributes() + element + note("C4", 4))) == [(0, symbol)]


def test_a_harmony_without_a_root_is_no_chord_symbol():
    numeral = "<harmony><function>II</function><kind>major</kind></harmony>"
    assert chords(read(attributes() + numeral + note("C4", 4))) == []


def test_chord_symbols_stand_where_they_are_played():
    late = harmony("G").replace("</harmony>", "<offset>1</offset></harmony>")
    piece = read(attributes() + harmony("C") + late + note("C4", 2) + harmony("F") + note("C4", 2))
    assert chords(piece) == [(0, "C"), (1, "G"), (2, "F")]


def test_several_chord_symbols_on_one_note_share_it():
    piece = read(attributes() + harmony("D", "minor") + harmony("G") * 2 + note("C4", 4))
    assert chords(piece) == [(0, "Dm"), (2, "G")]


def test_chord_symbols_of_a_transposing_instrument_sound_as_it_does():
    inside = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    content = harmony("D", "minor") + note("C4", 2) + harmony("C", "none") + note("C4", 2)
    assert chords(read(attributes(1, inside) + content)) == [(0, "Cm"), (2, "N.C.")]


def test_a_symbol_that_two_parts_print_is_one():
    part = measures(attributes() + harmony("C") + note("C4", 4))
    assert chords(read_musicxml(score(part, part))) == [(0, "C")]


def test_syllables_have_a_hyphen_where_the_word_goes_on():
    notes = [
        note("C4", 1, sung("A", "begin")),
        note("D4", 1, sung("ve", "end")),
        note("E4", 1, "<lyric><text>che</text><elision> </elision><text>a</text></lyric>"),
        note("F4", 1, "<lyric><text>le</text><elision/><text>i</text><extend/></lyric>"),
    ]
    piece = read(attributes() + "".join(notes))
    assert lyrics(piece) == ["A-", "ve", "che a", "le\u203fi"]
    assert piece.texts[1] == Text(0.5, "ve", "lyric", 0)


def test_each_time_has_its_own_verse_while_there_is_one():
    verses = sung("one") + sung("two", number=2) + "<lyric><extend/></lyric>"
    closed = '<barline><repeat direction="backward" times="3"/></barline>'
    bar = attributes() + note("C4", 2, verses) + note("D4", 2, sung("all")) + closed
    assert lyrics(read(bar)) == ["one", "all", "two", "two"]


def test_words_and_rehearsal_marks_are_texts():
    marks = direction("<rehearsal>A</rehearsal>") + direction("<words> cresc.\n poco </words>")
    piece = read(attributes() + note("C4", 2) + marks + marks + note("D4", 2))
    assert piece.texts == (Text(1.0, "A", "marker"), Text(1.0, "cresc. poco", "text"))


@pytest.mark.parametrize(
    ("work", "movement", "title"),
    [
        ("Winterreise", "", "Winterreise"),
        ("", "Gute Nacht", "Gute Nacht"),
        ("Winterreise", "Gute\nNacht", "Winterreise: Gute Nacht"),
        ("Gute Nacht", "Gute Nacht", "Gute Nacht"),
    ],
)
def test_the_title_is_that_of_the_work_and_the_movement(work, movement, title):
    before = f"<work><work-title>{work}</work-title></work>"
    before += f"<movement-title>{movement}</movement-title>"
    assert read(attributes() + note("C4", 4), before=before).title == title


def test_the_composer_is_a_text_at_the_beginning():
    creators = '<creator type="composer">Fanny Hensel</creator><creator type="lyricist">?</creator>'
    before = f"<identification>{creators}</identification>"
    piece = read(attributes() + note("C4", 4), before=before)
    assert piece.texts == (Text(0.0, "composer: Fanny Hensel"),)


@pytest.mark.parametrize(
    ("inside", "name", "instrument"),
    [
        (midi(program=57), "Solo", Instrument(56, name="Solo")),
        (midi(program=0), "Solo", Instrument(0, name="Solo")),
        (midi(program=1, channel=10), "Kit", Instrument(0, is_drum=True, name="Kit")),
        ("", "Violino\nprimo", Instrument(40, name="Violino primo")),
        ("", "Alto Sax", Instrument(65, name="Alto Sax")),
        ("", "Flute 1", Instrument(73, name="Flute 1")),
        ("", "Bass", Instrument(0, name="Bass")),
        ("", "Nobody knows", Instrument(0, name="Nobody knows")),
        (
            (
                '<score-instrument id="I1"><instrument-name>x</instrument-name>'
                "<instrument-sound>wind.reed.clarinet.bflat</instrument-sound></score-instrument>"
            ),
            "I",
            Instrument(71, name="I"),
        ),
        (
            (
                '<score-instrument id="I1"><instrument-name>Oboe</instrument-name>'
                "<instrument-sound>what.is.this</instrument-sound></score-instrument>"
            ),
            "I",
            Instrument(68, name="I"),
        ),
    ],
)
def test_the_program_is_given_or_follows_from_sound_or_name(inside, name, instrument):
    piece = read(attributes() + note("C4", 4), part_list=score_part(inside, name))
    assert piece.instruments == (instrument,)


def test_a_bass_beside_a_soprano_sings():
    parts = score_part(name="Soprano") + score_part(name="Bass", part_id="P2")
    part = measures(attributes() + note("C4", 4))
    piece = read_musicxml(score(part, part, part_list=parts))
    assert piece.program.tolist() == [52, 52]


def test_a_part_may_change_its_instrument():
    players = "".join(
        f'<score-instrument id="{k}"><instrument-name>{name}</instrument-name></score-instrument>'
        for k, name in (("I1", "Flute"), ("I2", "Piccolo"))
    )
    second = '<instrument id="I2"/>'
    later = f"<sound>{midi('I1', program=26)}</sound>" + f"<sound>{midi('I9', program=26)}</sound>"
    piece = read(
        attributes() + note("C4", 2) + note("C5", 1, second) + later + note("C4", 1),
        part_list=score_part(players, "Winds"),
    )
    assert piece.instruments == (
        Instrument(73, name="Winds"),
        Instrument(72, name="Piccolo"),
        Instrument(25, name="Flute"),
    )
    assert piece.notes["instrument"].tolist() == [0, 1, 2]


def test_drums_are_the_sounds_of_their_instruments():
    kit = midi("I1", channel=10, unpitched=37) + midi("I2", channel=10, unpitched=43)
    hits = note("u:C5", 2, '<instrument id="I2"/>') + chord("u:F4", 2, '<instrument id="I1"/>')
    piece = read(attributes() + hits, part_list=score_part(kit, "Kit"))
    assert piece.notes["pitch"].tolist() == [36, 42]
    assert piece.instruments == (Instrument(0, is_drum=True, name="Kit"),)


def test_drums_without_sounds_are_those_of_their_lines():
    hits = note("u:F4") + note("u:C5") + note("u:G5") + note("u:B2")
    no_place = note("u:C5").replace("<display-octave>5</display-octave>", "")
    piece = read(attributes() + hits, attributes(None) + no_place)
    assert piece.notes["pitch"].tolist() == [36, 38, 42, 47, 38]
    assert piece.is_drum.all()


def test_notes_that_say_nothing_are_silent():
    nothing = "<note><duration>1</duration></note><note><voice>1</voice></note>"
    piece = read(attributes() + nothing + note("C4", 3) + backup(4) + forward(4))
    assert piece.notes["onset_s"].tolist() == [0.5]
