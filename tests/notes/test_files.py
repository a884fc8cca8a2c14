"""The suffix chooses the format; what cannot be is said in one line."""

import os
import stat

import pytest

from solferino.audio.waveform import Waveform, read_wav
from solferino.errors import MusicFileError
from solferino.notes.disk import read_bytes, write_beside
from solferino.notes.files import SUFFIXES, load, load_all, save
from solferino.notes.sequence import NoteSequence

PIECE = NoteSequence.from_columns([60, 64], [0.0, 0.5], [0.5, 1.0], title="Two notes")
BOOK = "X:1\nT:One\nK:C\nCDE\n\nX:2\nT:Two\nK:C\nEDC\n"


@pytest.mark.parametrize(
    "name", ["a.mid", "a.MIDI", "a.kar", "a.pb", "a.tfrecord", "folder/of its own/ä.mid"]
)
def test_notes_come_back_from_disk(tmp_path, name):
    save(PIECE, tmp_path / name)
    assert load(tmp_path / name) == PIECE
    assert load_all(str(tmp_path / name)) == [PIECE]


def test_a_tune_book_has_many_tunes(tmp_path):
    path = tmp_path / "book.ABC"
    path.write_text(BOOK)
    assert load(path).title == "One"
    assert [tune.title for tune in load_all(path)] == ["One", "Two"]


def test_a_waveform_is_saved_as_wav(tmp_path):
    sound = Waveform([0.0, 0.5, -1.0], 8000)
    save(sound, tmp_path / "a.wav")
    assert read_wav(tmp_path / "a.wav").sample_rate_hz == 8000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.mp3", "has the unknown suffix '.mp3'; music is read from .mid, .*, .pb or .tfrecord"),
        ("a", r"has the unknown suffix 'none'"),
        ("a.wav", r"is sound, not notes; read it with solferino.read_wav"),
        ("a.mid", r"is not a MIDI file \(it does not begin with MThd\)"),
        ("a.abc", r"has no X: field"),
    ],
)
def test_what_is_no_music_file(tmp_path, name, message):
    (tmp_path / name).write_text("just words")
    with pytest.raises(MusicFileError, match=f"{name} {message}"):
        load(tmp_path / name)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".wav", ".mp3"])
def test_missing_files_and_directories(tmp_path, suffix):
    with pytest.raises(MusicFileError, match="does not exist; check the path"):
        load(tmp_path / f"none{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(MusicFileError, match="is a folder, not a music file; name a file"):
        load(tmp_path / f"folder{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_files(tmp_path, suffix):
    (tmp_path / f"a{suffix}").touch()
    with pytest.raises(MusicFileError, match=r"is empty \(0 bytes\); export or download"):
        load(tmp_path / f"a{suffix}")


def test_a_file_may_be_too_large(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"MThd" * 2**19)
    with pytest.raises(MusicFileError, match="has 2 MB and at most 1 MB are read; split it"):
        read_bytes(tmp_path / "a.mid", max_bytes=2**20)


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.mid")
    with pytest.raises(MusicFileError, match="is not an ordinary file; copy its content"):
        load(tmp_path / "a.mid")


def test_a_path_that_cannot_be(tmp_path):
    with pytest.raises(MusicFileError, match=r"cannot be read \(.*\); check it"):
        load(tmp_path / ("x" * 300 + ".mid"))
    with pytest.raises(MusicFileError, match=r"cannot be written \(.*\); choose another place"):
        save(PIECE, tmp_path / "a\0.mid")


@pytest.mark.parametrize(
    ("music", "name", "message"),
    [
        (PIECE, "a.wav", "cannot hold notes, .* to .mid, .* or .tfrecord; synthesize them first"),
        (PIECE, "a.mp3", "cannot hold notes, .* choose one of these"),
        (Waveform([0.0], 8000), "a.mid", "cannot hold a waveform; give it the suffix .wav"),
    ],
)
def test_music_and_suffix_must_fit(tmp_path, music, name, message):
    with pytest.raises(MusicFileError, match=message):
        save(music, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_half_written(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write_beside(path, b"before")

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full_disk)
    with pytest.raises(MusicFileError, match=r"cannot be written \(No space left on device\)"):
        write_beside(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_is_not_overwritten(tmp_path):
    with pytest.raises(MusicFileError, match="is a folder; name a file to write"):
        write_beside(tmp_path, b"")


def test_a_written_file_has_the_usual_rights(tmp_path):
    (tmp_path / "usual").touch()
    write_beside(tmp_path / "ours", b"1")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "ours")]
    assert modes[0] == modes[1]
