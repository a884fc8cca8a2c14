"""Folders of music become one notes file, and failures are listed."""

import numpy as np
import pytest

import solferino.datasets.conversion as conversion
import solferino.datasets.music_files as music_files
from solferino.datasets.conversion import Failure, convert
from solferino.datasets.music_files import MusicFile, find_music
from solferino.datasets.tables import read_pieces
from solferino.errors import DatasetError
from tests.datasets.tunes import ABC_BOOK, tune, write_corpus


@pytest.mark.parametrize("workers", [1, 2])
def test_every_readable_file_becomes_a_row_and_the_others_are_listed(tmp_path, workers):
    corpus = write_corpus(tmp_path / "music")
    seen = []
    result = convert(
        [corpus],
        tmp_path / "notes.parquet",
        workers=workers,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert (result.num_files, result.num_pieces, result.num_notes) == (7, 6, 6 * 64)
    assert [failure.piece_id for failure in result.failures] == ["broken.mid"]
    assert "broken.mid" in result.failures[0].reason
    assert result.skipped == {".txt": 1}
    assert seen[-1] == (7, 7)
    pieces = dict(read_pieces(tmp_path / "notes.parquet"))
    assert list(pieces) == sorted(pieces)
    assert set(pieces) == {
        *(f"tune{n}.mid" for n in (0, 2, 4)),
        *(f"more/tune{n}.mid" for n in (1, 3, 5)),
    }
    np.testing.assert_array_equal(pieces["more/tune3.mid"].notes["pitch"], tune(3).notes["pitch"])


def test_a_tune_book_becomes_one_row_a_tune(tmp_path):
    (tmp_path / "book.abc").write_text(ABC_BOOK)
    convert([tmp_path / "book.abc"], tmp_path / "notes.parquet")
    pieces = dict(read_pieces(tmp_path / "notes.parquet"))
    assert list(pieces) == ["book.abc#1", "book.abc#2"]
    assert pieces["book.abc#2"].title == "Two"


def test_a_tune_that_cannot_be_read_is_listed_and_the_others_go_on(tmp_path):
    (tmp_path / "book.abc").write_text(ABC_BOOK + "\nX:9\nT:Bad\nK:Q\nCDE\n")
    result = convert([tmp_path / "book.abc"], tmp_path / "notes.parquet")
    assert (result.num_pieces, result.failures) == (2, ())
    ((piece_id, reason),) = result.tune_failures
    assert piece_id == "book.abc X:9"
    assert "K:Q is no key" in reason


def test_several_sources_are_named_from_the_folder_that_holds_them_all(tmp_path):
    write_corpus(tmp_path / "a", num_tunes=1)
    write_corpus(tmp_path / "b", num_tunes=1)
    files, _ = find_music([tmp_path / "a", tmp_path / "b" / "tune0.mid", tmp_path / "a"])
    assert [file.piece_id for file in files] == ["a/broken.mid", "a/tune0.mid", "b/tune0.mid"]


def test_folders_inside_folders_can_be_left_out(tmp_path):
    corpus = write_corpus(tmp_path / "music")
    files, _ = find_music([corpus], recursive=False)
    assert [file.piece_id for file in files] == ["broken.mid", *(f"tune{n}.mid" for n in (0, 2, 4))]


def test_hidden_files_are_no_music(tmp_path):
    write_corpus(tmp_path, num_tunes=1)
    (tmp_path / "._tune0.mid").write_bytes(b"what some systems leave behind")
    files, _ = find_music([tmp_path])
    assert [file.piece_id for file in files] == ["broken.mid", "tune0.mid"]


def test_if_no_file_can_be_read_nothing_is_written(tmp_path):
    (tmp_path / "broken.mid").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"None of the 1 files.*notes\.parquet.*broken\.mid"):
        convert([tmp_path], tmp_path / "out" / "notes.parquet")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_without_music_is_refused_with_the_known_suffixes(tmp_path):
    with pytest.raises(DatasetError, match=r"There is no music in .*\.mid"):
        convert([tmp_path], tmp_path / "notes.parquet")


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"gone does not exist"):
        convert([tmp_path / "gone"], tmp_path / "notes.parquet")


def test_music_on_different_drives_is_refused(tmp_path, monkeypatch):
    def refuse(paths):
        raise ValueError("Paths don't have the same drive")

    folder = write_corpus(tmp_path)
    monkeypatch.setattr(music_files.os.path, "commonpath", refuse)
    with pytest.raises(DatasetError, match=r"are on different drives\. Copy all of it to one"):
        find_music(sorted(folder.glob("*.mid")))


def test_a_fault_of_ours_costs_one_file_only(tmp_path, monkeypatch):
    corpus = write_corpus(tmp_path / "music", num_tunes=1)

    def faulty(path, **options):
        raise ZeroDivisionError(path)

    monkeypatch.setattr("solferino.notes.files.load_book", faulty)
    with pytest.raises(DatasetError, match=r"ZeroDivisionError.*report this file"):
        convert([corpus], tmp_path / "notes.parquet")


def test_a_crash_is_a_failure_of_that_file():
    chunk = conversion.crashed(MusicFile("x/y.mid", "y.mid", 0.1))
    assert chunk.failures == (
        Failure("y.mid", "the reader crashed on it; please report this file"),
    )
    assert (chunk.rows.num_rows, chunk.num_files) == (0, 1)


def test_much_work_is_shared_and_little_is_not():
    assert conversion.workers_for(0.1) == 1
    assert conversion.workers_for(100) == conversion.default_workers()
