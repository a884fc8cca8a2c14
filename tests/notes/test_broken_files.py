"""No file, however broken, does more harm than a MusicFileError."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from solferino.errors import MusicFileError
from solferino.notes.files import load_all
from solferino.notes.midi import midi_bytes
from solferino.notes.sequence import Instrument, NoteSequence, Text

NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"


def header(n_tracks: int = 1, division: int = 480, kind: int = 1) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, n_tracks, division)


def track(events: bytes, length: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(events) if length is None else length) + events


def small_midi_file() -> bytes:
    """Return a small valid file with all kinds of events."""
    piece = NoteSequence.from_columns(
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
    return midi_bytes(piece)


SMALL_BOOK = (
    b'X:1\nT:Try\nM:6/8\nL:1/8\nQ:3/8=90\nK:Edor\n"Em"(3BcB|:[1e>f|:\\\n{g}[2 V:2]A2-|A/2::\n'
)


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
        "wrong_suffix.mid": SMALL_BOOK,
        "wrong_suffix.abc": small_midi_file(),
        "words.abc": b"Dear diary,",
        "only_fields.abc": b"X:1\nK:C\n" * 50,
        "repeats.abc": b"X:1\nK:C\n" + b"|:C|1-9D:|" * 5000,
        "long.abc": b"X:1\nK:C\n" + b"C9999" * 5000,
        "nested.abc": b"X:1\nK:C\n" + b"[" * 50_000 + b"{" * 50_000 + b'"',
        "brackets.abc": b"X:1\nK:C\n" + b"(9:9:9" * 20_000 + b"C" + b">" * 20_000,
        "continued.abc": b"X:1\nK:C\n" + b"C\\\n" * 20_000,
    }
    for suffix, whole in (("mid", small_midi_file()), ("abc", SMALL_BOOK)):
        for n_bytes in range(1, len(whole), max(1, len(whole) // 60)):
            files[f"cut_{n_bytes}.{suffix}"] = whole[:n_bytes]
        for k in range(60):
            spoilt = np.frombuffer(whole, np.uint8).copy()
            where = rng.integers(0 if suffix == "abc" else 14, len(whole), 4)
            spoilt[where] = rng.integers(0, 256, 4)
            files[f"spoilt_{k}.{suffix}"] = spoilt.tobytes()
        for k in range(10):
            files[f"random_{k}.{suffix}"] = rng.bytes(500)
            files[f"random_body_{k}.{suffix}"] = header() + track(rng.bytes(500))
    return files


CORPUS = corpus()


def outcome(path: Path) -> list[NoteSequence] | str:
    """Return the music of a file, or why there is none."""
    try:
        return load_all(path)
    except MusicFileError as error:
        return str(error)


@pytest.mark.parametrize("kind", ["mid", "abc"])
def test_broken_files_give_music_or_one_clear_line(tmp_path, kind):
    outcomes = {}
    for name, data in CORPUS.items():
        if name.endswith(kind):
            (tmp_path / name).write_bytes(data)
            outcomes[name] = outcome(tmp_path / name)
    complaints = {name: words for name, words in outcomes.items() if isinstance(words, str)}
    assert 0 < len(complaints) < len(outcomes)
    for name, words in complaints.items():
        assert name in words
        assert "\n" not in words
        assert len(words) < 400


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
    for suffix in ("mid", "abc"):
        for start in (b"", header(), b"X:1\nK:C\n"):
            path = tmp_path / f"zeros_{len(paths)}.{suffix}"
            with path.open("wb") as stream:
                stream.write(start)
                stream.truncate(200 * 2**20)  # sparse: takes no room on disk
            paths.append(path)
    dense = tmp_path / "dense.mid"
    dense.write_bytes(header() + track(NOTE * 200_000))
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LIMITED, *map(str, paths), str(dense)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1000
