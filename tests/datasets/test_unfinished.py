"""A conversion that was stopped goes on where it stopped, and its file shows nothing of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import solferino.datasets.conversion as conversion
import solferino.datasets.music_files as music_files
import solferino.datasets.parquet as parquet
import solferino.notes.files as files
from solferino.datasets.conversion import Chunk, Outcome, convert
from solferino.datasets.tables import Piece, notes_schema, read_pieces, to_record_batch
from solferino.datasets.unfinished import Entry, Unfinished, unfinished_folder
from solferino.errors import DatasetError
from solferino.notes.midi import write_midi
from tests.datasets.tunes import ABC_BOOK, tune, write_corpus

NUM_FILES = 8
LOST_TUNE = "\nX:9\nT:Bad\nK:Q\nCDE\n"


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Six tunes, a broken file and a book with a tune that is lost; two files at a time."""
    monkeypatch.setattr(music_files, "CHUNK_FILES", 2)
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 4000)
    folder = write_corpus(tmp_path / "music")
    (folder / "book.abc").write_text(ABC_BOOK + LOST_TUNE)
    return folder


@pytest.fixture
def whole(corpus, tmp_path):
    """What an uninterrupted run gives: its result, and the bytes of its file."""
    result = convert([corpus], tmp_path / "whole.parquet")
    return result, result.path.read_bytes()


@pytest.fixture
def read(monkeypatch):
    """The names of the files that are read from now on."""
    names = []
    load_book = files.load_book

    def noted(path, **options):
        names.append(Path(path).name)
        return load_book(path, **options)

    monkeypatch.setattr(files, "load_book", noted)
    return names


@pytest.fixture
def output(tmp_path):
    return tmp_path / "notes.parquet"


def stop(corpus, output, num_files):
    """Convert, and press Ctrl-C when so many files are done."""

    def pressed(done, total):
        if done >= num_files:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert([corpus], output, progress=pressed)


@pytest.mark.parametrize("num_done", [2, 4, 6, 8])
def test_the_same_call_reads_what_is_left_and_writes_the_same_bytes(
    corpus, whole, output, read, num_done
):
    stop(corpus, output, num_done)
    assert not output.exists()
    before = set(read) - {"broken.mid"}
    read.clear()
    result = convert([corpus], output)
    assert before.isdisjoint(read)
    assert output.read_bytes() == whole[1]
    assert result.num_files_before == len(before) > 0
    assert (result.num_pieces, result.num_notes) == (whole[0].num_pieces, whole[0].num_notes)
    assert (result.failures, result.tune_failures) == (whole[0].failures, whole[0].tune_failures)
    assert not unfinished_folder(output).exists()


def test_it_can_be_stopped_again_and_again(corpus, whole, output):
    for num_done in (2, 4, 6):
        stop(corpus, output, num_done)
    convert([corpus], output)
    assert output.read_bytes() == whole[1]


def test_a_killed_process_loses_only_what_it_was_reading(corpus, whole, output):
    script = f"""
import os, signal
import solferino.datasets.conversion as conversion
import solferino.datasets.music_files as music_files
import solferino.datasets.parquet as parquet
music_files.CHUNK_FILES, parquet.ROW_GROUP_BYTES = 2, 4000
def kill(done, total):
    if done >= 4:
        os.kill(os.getpid(), {int(signal.SIGTERM)} if os.name == "nt" else signal.SIGKILL)
conversion.convert([{str(corpus)!r}], {str(output)!r}, progress=kill)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: S603
    assert done.returncode != 0
    assert not output.exists()
    assert convert([corpus], output).num_files_before == 3  # of four, one was broken
    assert output.read_bytes() == whole[1]
    assert {path.name for path in output.parent.iterdir()} == {
        "music",
        "notes.parquet",
        "whole.parquet",
    }


def test_a_file_that_changed_is_read_again(corpus, output, read):
    stop(corpus, output, NUM_FILES)
    write_midi(tune(77, num_notes=99), corpus / "tune0.mid")
    read.clear()
    convert([corpus], output)
    assert sorted(read) == ["broken.mid", "tune0.mid"]
    assert len(dict(read_pieces(output))["tune0.mid"]) == 99


def test_a_file_that_is_new_is_read_and_stands_in_its_place(corpus, output, read):
    stop(corpus, output, NUM_FILES)
    write_midi(tune(78), corpus / "more" / "another.mid")
    read.clear()
    convert([corpus], output)
    assert sorted(read) == ["another.mid", "broken.mid"]
    names = [piece_id for piece_id, _ in read_pieces(output)]
    assert names[:3] == ["book.abc#1", "book.abc#2", "more/another.mid"]


def test_a_file_that_is_gone_is_gone(corpus, output):
    stop(corpus, output, NUM_FILES)
    (corpus / "tune0.mid").unlink()
    convert([corpus], output)
    assert "tune0.mid" not in dict(read_pieces(output))


def test_a_file_that_failed_is_tried_again(corpus, output):
    stop(corpus, output, NUM_FILES)
    status = (corpus / "broken.mid").stat()
    write_midi(tune(1), corpus / "broken.mid")
    os.utime(corpus / "broken.mid", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert convert([corpus], output).failures == ()


def test_all_can_be_read_again(corpus, output, read):
    stop(corpus, output, NUM_FILES)
    read.clear()
    assert convert([corpus], output, resume=False).num_files_before == 0
    assert len(read) == NUM_FILES


def test_a_journal_that_was_cut_anywhere_or_damaged_costs_only_its_end(corpus, whole, output):
    stop(corpus, output, NUM_FILES)
    journal = unfinished_folder(output) / "files_read"
    data = journal.read_bytes()
    for cut in [*range(0, len(data), len(data) // 9), len(data) - 1]:
        unfinished_folder(output).mkdir(exist_ok=True)
        journal.write_bytes(data[:cut])
        convert([corpus], output)
        assert output.read_bytes() == whole[1]
    unfinished_folder(output).mkdir()
    journal.write_bytes(data[:-200] + bytes(200))
    assert 0 < convert([corpus], output).num_files_before < NUM_FILES - 1
    assert output.read_bytes() == whole[1]


def test_what_another_version_has_read_is_read_again(corpus, output, monkeypatch):
    stop(corpus, output, NUM_FILES)
    monkeypatch.setattr("solferino.datasets.unfinished.version", lambda name: f"{name} of old")
    assert convert([corpus], output).num_files_before == 0


def test_a_journal_that_vanishes_is_named(tmp_path):
    folder = tmp_path / "x.unfinished"
    folder.mkdir()
    journal = Unfinished(folder, notes_schema(), resume=True)
    journal.add([Entry(("a",), 1, ())], to_record_batch([Piece("a", tune(0))]))
    (folder / "files_read").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"files_read changed while it was read. Delete it"):
        journal.rows_of(("a",))
    journal.close()


def test_two_processes_do_not_write_one_file(corpus, output):
    folder = unfinished_folder(output)
    folder.mkdir()
    pytest.importorskip("fcntl")
    other = Unfinished(folder, notes_schema(), resume=True)
    with pytest.raises(DatasetError, match=r"being written by another process. Wait for it, or"):
        convert([corpus], output)
    other.close()


def test_an_output_inside_the_corpus_is_no_music_while_it_is_made(corpus):
    output = corpus / "notes.parquet"
    stop(corpus, output, 4)
    assert convert([corpus], output).skipped == {".txt": 1}


def test_a_place_that_cannot_be_made_is_named(corpus, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match=r"cannot be written .*; choose another place"):
        convert([corpus], tmp_path / "file" / "notes.parquet")


def test_a_chunk_that_killed_its_process_comes_file_by_file():
    crashed = [
        Chunk(to_record_batch([Piece(name, tune(0))]), (Outcome(None, 1),)) for name in ("a", "b")
    ]
    chunk = conversion._next_files(iter(crashed), 2)
    assert chunk.num_files == 2
    assert chunk.rows.column("piece_id").to_pylist() == ["a", "b"]


def test_a_folder_of_somebody_else_that_is_called_so_is_left_alone(corpus, output):
    songs = unfinished_folder(output)
    songs.mkdir()
    (songs / "sketch.txt").write_text("la la")
    with pytest.raises(DatasetError, match=r"holds other files\. Rename it, or name"):
        convert([corpus], output)
    assert [path.name for path in songs.iterdir()] == ["sketch.txt"]


def test_what_somebody_puts_beside_the_journal_stays(corpus, output):
    stop(corpus, output, 4)
    (unfinished_folder(output) / "sketch.txt").write_text("la la")
    convert([corpus], output)
    assert [path.name for path in unfinished_folder(output).iterdir()] == ["sketch.txt"]


def test_music_in_a_folder_that_is_only_called_unfinished_is_read(tmp_path, output):
    folder = tmp_path / "songs.unfinished"
    write_corpus(folder)
    assert convert([folder], output).num_pieces == 6
