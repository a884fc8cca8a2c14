"""Files in MusicXML: packed, in other encodings, and broken ones that do no harm."""

import random

import pytest

from solferino.errors import MusicFileError
from solferino.notes import musicxml, musicxml_document, musicxml_playing
from solferino.notes.files import load, load_book
from solferino.notes.musicxml import read_musicxml
from tests.notes.musicxml_scores import (
    HEAD,
    archive,
    attributes,
    backup,
    chord,
    degree,
    direction,
    forward,
    grace,
    harmony,
    measures,
    note,
    score,
    score_part,
    tie,
)

CLOSE = '<barline><repeat direction="backward"/></barline>'
SMALL = score(measures(attributes() + note("C4", 4) + CLOSE))
CONTAINER = "META-INF/container.xml"


def container(path):
    """Write the container of an archive."""
    return f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'


RICH = score(
    measures(
        attributes(12, "<transpose><chromatic>-2</chromatic></transpose>", fifths=1)
        + "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>96"
        "</per-minute></metronome></direction-type><offset>3</offset></direction>"
        + harmony("C", "dominant", degree(9, -1, "add"))
        + grace("D5")
        + note("C5", 24, tie("start"), '<lyric number="1"><text>la</text></lyric>')
        + chord("E5", 24)
        + direction("<dynamics><f/></dynamics>", '<sound dynamics="99"/>')
        + forward(24)
        + backup(48)
        + note("C3", 48, voice="2"),
        '<barline location="left"><ending number="1" type="start"/></barline>'
        + note("C5", 48, tie("stop"))
        + '<barline><ending number="1" type="stop"/><repeat direction="backward"/></barline>',
        note("u:G5", 48, '<instrument id="I1"/>') + direction("<words>D.C.</words>"),
    ),
    part_list=score_part(
        '<midi-instrument id="I1"><midi-channel>2</midi-channel><midi-program>41</midi-program>'
        "<midi-unpitched>40</midi-unpitched></midi-instrument>"
    ),
)


@pytest.mark.parametrize("name", ["a.musicxml", "a.xml", "a.MXL", "a.mxl"])
def test_the_suffixes_of_musicxml_are_read(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(SMALL)
    assert load(path).source == name
    assert len(load(path)) == 2
    assert len(load(path, repeats=False)) == 1


def test_tunes_may_be_read_as_they_are_written_too(tmp_path):
    path = tmp_path / "a.abc"
    path.write_text("X:1\nK:C\n|:CDEF:|\n")
    assert len(load(path)) == 8
    assert len(load_book(path, repeats=False).tunes[0]) == 4


def test_an_archive_holds_the_score_that_its_container_names():
    other = score(measures(attributes() + note("D4", 4)))
    files = {CONTAINER: container("b.xml"), "a.xml": other, "b.xml": SMALL}
    assert read_musicxml(archive(files)) == read_musicxml(SMALL)


@pytest.mark.parametrize("broken", ["<container>", container("none.xml"), container("'&'")])
def test_an_archive_with_a_broken_container_holds_its_first_score(broken):
    files = {CONTAINER: broken, "words.txt": "?", "a.musicxml": SMALL}
    assert read_musicxml(archive(files)) == read_musicxml(SMALL)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_scores_come_in_many_encodings(encoding):
    text = SMALL.decode().replace(
        "<part-list>", "<movement-title>Mélodie</movement-title><part-list>"
    )
    name = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}.get(encoding, encoding)
    data = text.replace('"UTF-8"', f'"{name}"').encode(encoding)
    assert read_musicxml(data).title == "Mélodie"


def test_convert_may_read_every_bar_once(tmp_path, capsys):
    from solferino.cli.app import main

    (tmp_path / "a.musicxml").write_bytes(SMALL)
    for options, count in (((), 2), (("--no-repeats",), 1)):
        main(["convert", str(tmp_path), "-o", str(tmp_path / "x.parquet"), *options])
        assert f"1 pieces with {count} notes" in capsys.readouterr().out


DEEP = 50_000
BILLION_LAUGHS = (
    HEAD.encode()
    + b'<!DOCTYPE score-partwise [<!ENTITY a "la"><!ENTITY b "&a;&a;&a;&a;">]>'
    + b"<score-partwise><part-list>&b;</part-list></score-partwise>"
)
OUTER_ENTITY = (
    b'<!DOCTYPE score-partwise [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    b"<score-partwise>&a;</score-partwise>"
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"Dear diary", r"is not whole XML \(syntax error: line 1, column 0\); export it"),
        (b"\0" * 40, "is not whole XML"),
        (SMALL[:-40], r"is not whole XML \(unclosed token"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "is not whole XML"),
        (b"<score-partwise>&nbsp;</score-partwise>", "is not whole XML"),
        (b"<html/>", r"is XML but not a score \(it is a 'html'\)"),
        (b"<score-partwise/>", "cannot be played: it has no measures"),
        (score(measures("")), "cannot be played: it has no notes"),
        (BILLION_LAUGHS, "declares entities, which no score needs"),
        (BILLION_LAUGHS.replace(b"ENTITY b", b"ENTITY % b"), "declares entities"),
        (OUTER_ENTITY, "declares entities"),
        (BILLION_LAUGHS.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "declares entities"),
        (b"<a>" * DEEP, "is not whole XML"),
        (b"<a>" * DEEP + b"</a>" * DEEP, "is XML but not a score"),
        (archive({"a.txt": "?"}), "is an archive without a score in it"),
        (archive({"a.xml": SMALL})[:-30], r"is a damaged archive \(File is not a zip file\)"),
        (archive({"a.xml": b" " * 2**22}), "unpacks to more than 1 MB, too much for a score"),
        (
            archive({CONTAINER: b" " * 2**22, "a.xml": SMALL}),
            "unpacks to more than 1 MB, too much for a score",
        ),
    ],
)
def test_what_is_no_score_or_could_do_harm_is_refused(data, message):
    with pytest.raises(MusicFileError, match=rf"the MusicXML data {message}"):
        read_musicxml(data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (attributes("0"), "a quarter note has 0 divisions; it needs 1 or more"),
        (attributes("x"), "'x' is no number of divisions"),
        (note("C4", "-1"), "a note has the duration -1, which cannot be played"),
        (note("C4", "9999999"), "a note has the duration 9999999, which cannot be played"),
        (note("C4", "1e99999999"), "'1e99999999' is no number of divisions"),
        (note("C4", "1/0"), "'1/0' is no number of divisions"),
        (note("C4", "9" * 99), "'99999999999999999999' is no number of divisions"),
        (note("H4"), "a note has the pitch H4; pitches are A to G"),
        (note("Cx"), "a note has the pitch Cx; pitches are A to G"),
        (note("B9"), "a note is out of the range of MIDI"),
        (
            attributes(1, "<transpose><chromatic>999</chromatic></transpose>"),
            "an instrument transposes out of the range of MIDI",
        ),
    ],
)
def test_a_measure_that_cannot_be_played_is_named(content, message):
    data = score(measures(note("C4"), content), part_list=score_part(name="Horn"))
    rule = f"data cannot be played: measure 2 of part 'Horn': {message}"
    with pytest.raises(MusicFileError, match=rf"{rule}.*; export it again$"):
        read_musicxml(data)


@pytest.mark.parametrize(
    ("module", "name", "value", "message"),
    [
        (musicxml_document, "MAX_TAGS", 5, "has more than 5 tags; split it"),
        (musicxml, "MAX_MEASURES", 0, "more than 0 measures or 1024 parts"),
        (musicxml, "MAX_TIME_S", 1.0, "it is longer than 1 seconds"),
        (musicxml_playing, "MAX_SOUNDS", 1, "more than 1 notes with its repeats; split it"),
    ],
)
def test_a_score_that_is_too_large_is_refused(monkeypatch, module, name, value, message):
    monkeypatch.setattr(module, name, value)
    with pytest.raises(MusicFileError, match=message):
        read_musicxml(SMALL)


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(SMALL)
    with pytest.raises(MusicFileError, match="at most 0 MB are read"):
        read_musicxml(path, max_bytes=10)


def test_an_archive_that_lies_about_its_sizes_is_refused():
    data = bytearray(archive({"a.xml": b" " * 2**22}))
    size = (2**22).to_bytes(4, "little")
    for _ in range(2):
        data[data.index(size) : data.index(size) + 4] = (100).to_bytes(4, "little")
    with pytest.raises(MusicFileError, match=r"is (a damaged archive|not whole XML)"):
        read_musicxml(bytes(data))


def test_an_archive_with_a_password_is_refused():
    data = bytearray(archive({"a.xml": SMALL}))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(MusicFileError, match=r"damaged archive \(.*encrypted"):
        read_musicxml(bytes(data))


def reason_of(data):
    """Say why data cannot be read; nothing if it can."""
    try:
        read_musicxml(data)
    except MusicFileError as error:
        return str(error)
    return ""


def mutations(data, count, seed):
    """Yield copies of data with bytes changed, taken out, put in or cut off."""
    rng = random.Random(seed)
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(copy))
            what = rng.randrange(4)
            if what == 0:
                copy[at] = rng.randrange(256)
            elif what == 1:
                del copy[at : at + rng.randint(1, 30)]
            elif what == 2:
                copy[at:at] = copy[at : at + rng.randint(1, 60)]
            else:
                copy[at] = rng.choice(b"0123456789-.<>")
        yield bytes(copy[: rng.randrange(len(copy))] if rng.random() < 0.1 else copy)


@pytest.mark.parametrize("data", [RICH, archive({CONTAINER: container("a.xml"), "a.xml": RICH})])
def test_no_mutation_of_a_file_does_more_than_a_music_file_error(data):
    reasons = [reason_of(copy) for copy in mutations(data, 250, seed=3)]
    assert not any("\n" in reason for reason in reasons)
    assert "" in reasons
    assert any(reasons)


def test_values_that_make_no_sense_do_no_more_than_a_music_file_error():
    rng = random.Random(5)
    values = ["", "-1", "0", "1e9", "999999999999", "nan", "inf", "1/3", "\u0663", "A", "\u00b2"]
    text = RICH.decode()
    numbers = [k for k, sign in enumerate(text) if sign.isdigit() and text[k - 1] in '>"']
    for _ in range(250):
        at = rng.choice(numbers)
        copy = text[:at] + rng.choice(values) + text[at + 1 :]
        assert "\n" not in reason_of(copy.encode())
