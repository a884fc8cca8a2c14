"""No file, however broken, does more harm than a MusicFileError."""

import io
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from solferino.errors import MusicFileError
from solferino.notes.files import load_all
from solferino.notes.midi import midi_bytes
from solferino.notes.protobuf import protobuf_bytes
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.tfrecord import masked_crc32c
from solferino.notes.wire_format import varint

NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"


def header(n_tracks: int = 1, division: int = 480, kind: int = 1) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, n_tracks, division)


def track(events: bytes, length: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(events) if length is None else length) + events


def small_piece() -> NoteSequence:
    """Return a small piece with all kinds of events."""
    return NoteSequence.from_columns(
        [60, 64, 36],
        [0.0, 0.5, 0.0],
        [0.5, 1.0, 0.25],
        instrument=[0, 0, 1],
        instruments=(Instrument(4, name="one"), Instrument(0, is_drum=True)),
        tempos=[(0.0, 100.0)],
        meters=[(0.0, 3, 4)],
        keys=[(0.0, 2, True)],
        control_changes=[(0.0, 64, 127, 0)],
        pitch_bends=[(0.0, 100, 0)],
        texts=(Text(0.0, "Am7", "chord"), Text(0.0, "la", "lyric", 0)),
    )


def small_midi_file() -> bytes:
    """Return a small valid file with all kinds of events."""
    return midi_bytes(small_piece())


SMALL_BOOK = (
    b'X:1\nT:Try\nM:6/8\nL:1/8\nQ:3/8=90\nK:Edor\n"Em"(3BcB|:[1e>f|:\\\n{g}[2 V:2]A2-|A/2::\n'
)


def record(data: bytes, n_bytes: int | None = None) -> bytes:
    """Return a TFRecord with right checksums, whatever length it declares."""
    length = struct.pack("<Q", len(data) if n_bytes is None else n_bytes)
    checksums = [struct.pack("<I", masked_crc32c(part)) for part in (length, data)]
    return length + checksums[0] + data + checksums[1]


def counted(number: int, n_bytes: int) -> bytes:
    """Return the beginning of a counted field of a message."""
    return varint(number << 3 | 2) + varint(n_bytes)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of some files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


MESSAGE = protobuf_bytes(small_piece())
SCORE = b"""<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
<part-list><score-part id="P1"><part-name>Flute</part-name></score-part></part-list>
<part id="P1"><measure number="1">
<attributes><divisions>4</divisions><key><fifths>-1</fifths></key>
<time><beats>3</beats><beat-type>4</beat-type></time></attributes>
<direction><sound tempo="90"/></direction>
<harmony><root><root-step>A</root-step></root><kind>minor</kind></harmony>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration></note>
<note><chord/><pitch><step>E</step><alter>-1</alter><octave>5</octave></pitch>
<duration>4</duration></note>
<backup><duration>4</duration></backup><forward><duration>2</duration></forward>
<note><rest/><duration>2</duration></note>
<barline location="right"><repeat direction="backward"/></barline>
</measure></part></score-partwise>
"""
CONTAINER = b'<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
WHOLE_FILES = {
    "mid": (small_midi_file(), 14),
    "abc": (SMALL_BOOK, 0),
    "pb": (MESSAGE, 0),
    "tfrecord": (record(MESSAGE) * 3, 0),
    "musicxml": (SCORE, 0),
    "mxl": (zipped({"META-INF/container.xml": CONTAINER, "score.xml": SCORE}), 0),
}
"""A small valid file of each format, and how many bytes of it are never spoilt."""


def corpus() -> dict[str, bytes]:
    """Make the broken files."""
    rng = np.random.default_rng(7)
    files = {
        "no_tracks.mid": header(0),
        "no_notes.mid": header() + track(b"\x00\xff\x2f\x00"),
        "many_tracks.mid": header(65_535) + track(NOTE),
        "kind_9.mid": header(kind=9) + track(NOTE),
        "division_0.mid": header(division=0) + track(NOTE),
        "division_smpte.mid": header(division=0xE728) + track(NOTE),
        "long_chunk.mid": header() + track(NOTE, 2**32 - 1),
        "short_chunk.mid": header() + track(NOTE, 3),
        "tempo_0.mid": header() + track(b"\x00\xff\x51\x03\0\0\0" + NOTE),
        "meter_0.mid": header() + track(b"\x00\xff\x58\x04\0\x02\x18\x08" + NOTE),
        "meter_huge.mid": header() + track(b"\x00\xff\x58\x04\xff\xff\x18\x08" + NOTE),
        "key_huge.mid": header() + track(b"\x00\xff\x59\x02\x70\x70" + NOTE),
        "huge_text.mid": header() + track(b"\x00\xff\x05\xff\xff\xff\x7fla"),
        "huge_delta.mid": header() + track(b"\xff\xff\xff\x7f\x90\x3c\x40" * 20),
        "bad_text.mid": header()
        + track(b"\x00\xff\x06\x03\xff\xfe\xe9\x00\xff\x05\x01\xe4" + NOTE),
        "only_note_ons.mid": header() + track(b"\x00\x90\x3c\x40" * 5000),
        "words.abc": b"Dear diary,",
        "only_fields.abc": b"X:1\nK:C\n" * 50,
        "repeats.abc": b"X:1\nK:C\n" + b"|:C|1-9D:|" * 5000,
        "long.abc": b"X:1\nK:C\n" + b"C9999" * 5000,
        "nested.abc": b"X:1\nK:C\n" + b"[" * 50_000 + b"{" * 50_000 + b'"',
        "brackets.abc": b"X:1\nK:C\n" + b"(9:9:9" * 20_000 + b"C" + b">" * 20_000,
        "continued.abc": b"X:1\nK:C\n" + b"C\\\n" * 20_000,
        "parts.abc": b"X:1\nP:((((A9999)9999)9999)9999)9999\nK:C\nP:A\nC8|",
        "open_repeats.abc": b"X:1\nK:C\n" + b"|:C" * 5000,
        "endings.abc": b"X:1\nK:C\n" + b"C|[1D|]" * 3000,
        "open_parts.abc": b"X:1\nP:" + b"(" * 50_000 + b"A\nK:C\nP:A\nC8|",
        "jumps.abc": b"X:1\nK:C\n" + b"!segno!C!coda!|!D.C.!!D.S.!C!fine!|" * 3000,
        "words.2.abc": b"X:1\nK:C\nC\nw:" + b"-_*|~" * 20_000 + b"\nW:" + b"la" * 50_000,
        "verses.abc": b"X:1\nK:C\nCDEF\n" + b"w: a b c d\n" * 20_000,
        "long_field.pb": counted(8, 2**40) + b"\x08\x3c",
        "negative_field.pb": b"\x42" + b"\xff" * 9 + b"\x01",
        "endless_number.pb": b"\x20" + b"\xff" * 100,
        "field_0.pb": b"\x00\x00",
        "groups.pb": b"\x0b" * 10_000,
        "many_notes.pb": counted(8, 0) * 100_000,
        "nested.pb": counted(8, 2) * 1000,
        "huge_steps.pb": counted(8, 12) + b"\x08\x3c\x68" + b"\xff" * 8 + b"\x7f",
        "long_record.tfrecord": record(MESSAGE, 2**62),
        "one_gigabyte.tfrecord": record(MESSAGE, 2**30),
        "no_message.tfrecord": record(b"\xff" * 100),
        "nothing.tfrecord": record(b""),
        "second_damaged.tfrecord": record(MESSAGE) + record(MESSAGE)[:-1] + b"\0",
        "compressed.tfrecord": b"\x1f\x8b" + bytes(50),
        "laughs.musicxml": b"<!DOCTYPE a [<!ENTITY a 'ha'>"
        + b"".join(b"<!ENTITY a%d '%s'>" % (k, b"&a%d;" % (k - 1) * 10) for k in range(1, 30))
        + b"]><score-partwise>&a29;</score-partwise>",
        "outside.musicxml": b"<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
        b"<score-partwise><work><work-title>&a;</work-title></work></score-partwise>",
        "deep.musicxml": b"<a>" * 100_000,
        "page.musicxml": b"<html><body>404 Not found</body></html>",
        "huge_numbers.musicxml": SCORE.replace(b"<duration>4<", b"<duration>%d<" % 10**30),
        "divisions_0.musicxml": SCORE.replace(b"<divisions>4<", b"<divisions>0<"),
        "words_for_numbers.musicxml": SCORE.replace(b"<octave>5<", b"<octave>five<"),
        "octave_huge.musicxml": SCORE.replace(b"<octave>5<", b"<octave>%d<" % 10**9),
        "meter_0.musicxml": SCORE.replace(b"<beats>3<", b"<beats>0<"),
        "tempo_nan.musicxml": SCORE.replace(b'tempo="90"', b'tempo="nan"'),
        "no_container.mxl": zipped({"other.txt": b"la"}),
        "container_lies.mxl": zipped({"META-INF/container.xml": CONTAINER}),
        "bomb.mxl": zipped({"score.xml": b"<score-partwise>" + b" " * 2**26}),
    }
    for suffix in ("mid", "abc"):
        for k in range(10):
            files[f"random_body_{k}.{suffix}"] = header() + track(rng.bytes(500))
    for suffix, (whole, n_kept) in WHOLE_FILES.items():
        for n_bytes in range(1, len(whole), max(1, len(whole) // 60)):
            files[f"cut_{n_bytes}.{suffix}"] = whole[:n_bytes]
        for k in range(60):
            spoilt = np.frombuffer(whole, np.uint8).copy()
            where = rng.integers(n_kept, len(whole), 4)
            spoilt[where] = rng.integers(0, 256, 4)
            files[f"spoilt_{k}.{suffix}"] = spoilt.tobytes()
        for k in range(10):
            files[f"random_{k}.{suffix}"] = rng.bytes(500)
        files[f"empty.{suffix}"] = b""
        files[f"nul.{suffix}"] = bytes(500)
        files[f"nul_within.{suffix}"] = whole[: len(whole) // 2] + b"\0" + whole[len(whole) // 2 :]
        files[f"nul_behind.{suffix}"] = whole + bytes(100)
        for other, (wrong, _) in WHOLE_FILES.items():
            if other != suffix and {other, suffix} != {"musicxml", "mxl"}:
                files[f"in_truth_{other}.{suffix}"] = wrong
    return files


CORPUS = corpus()


def outcome(path: Path) -> list[NoteSequence] | str:
    """Return the music of a file, or why there is none."""
    try:
        return load_all(path)
    except MusicFileError as error:
        return str(error)


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_broken_files_give_music_or_one_clear_line(tmp_path, kind):
    outcomes = {}
    for name, data in CORPUS.items():
        if name.endswith(f".{kind}"):
            (tmp_path / name).write_bytes(data)
            outcomes[name] = outcome(tmp_path / name)
    complaints = {name: words for name, words in outcomes.items() if isinstance(words, str)}
    assert 0 < len(complaints) < len(outcomes)
    for name, words in complaints.items():
        assert name in words
        assert "\n" not in words
        assert len(words) < 400


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_a_whole_file_is_music(tmp_path, kind):
    (tmp_path / f"whole.{kind}").write_bytes(WHOLE_FILES[kind][0])
    assert all(len(piece) for piece in load_all(tmp_path / f"whole.{kind}"))


@pytest.mark.parametrize("kind", WHOLE_FILES)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", r"is empty \(0 bytes\)"),
        ("nul", "nul"),
        ("folder", "is a folder, not a music file; name a file inside it"),
        ("gone", "does not exist; check the path"),
    ],
)
def test_what_is_no_file_of_its_kind_is_refused(tmp_path, kind, name, words):
    path = tmp_path / f"{name}.{kind}"
    if name == "folder":
        path.mkdir()
    elif name != "gone":
        path.write_bytes(CORPUS[path.name])
    with pytest.raises(MusicFileError, match=words) as caught:
        load_all(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_a_file_of_another_kind_is_refused(tmp_path, kind):
    for name, data in CORPUS.items():
        if name.startswith("in_truth_") and name.endswith(f".{kind}"):
            (tmp_path / name).write_bytes(data)
            with pytest.raises(MusicFileError):
                load_all(tmp_path / name)


HEAVY = (
    "bomb.mxl",
    "laughs.musicxml",
    "long_record.tfrecord",
    "one_gigabyte.tfrecord",
    "long_field.pb",
    "parts.abc",
)
LIMITED = """
import resource, sys
from solferino.errors import MusicFileError
from solferino.notes.files import load_all
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for path in sys.argv[1:]:
    try:
        load_all(path)
    except MusicFileError:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_huge_files_need_little_memory(tmp_path):
    paths: list[Path] = []
    for suffix in WHOLE_FILES:
        for start in (b"", WHOLE_FILES[suffix][0]):
            path = tmp_path / f"zeros_{len(paths)}.{suffix}"
            with path.open("wb") as stream:
                stream.write(start)
                stream.truncate(200 * 2**20)  # sparse: takes no room on disk
            paths.append(path)
    dense = [tmp_path / "dense.mid", *(tmp_path / name for name in HEAVY)]
    dense[0].write_bytes(header() + track(NOTE * 200_000))
    for path in dense[1:]:
        path.write_bytes(CORPUS[path.name])
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LIMITED, *map(str, [*paths, *dense])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1000
