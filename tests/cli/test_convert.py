"""``solferino convert`` from the user's side."""

import os
import sys

import pytest

import solferino.datasets.conversion as conversion
import solferino.datasets.music_files as music_files
from solferino.datasets.tables import read_pieces
from tests.datasets.tunes import write_corpus


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "music")


def test_it_says_what_it_wrote_what_it_could_not_read_and_what_it_passed_by(
    solferino, corpus, tmp_path
):
    path = tmp_path / "notes.parquet"
    done = solferino("convert", corpus, "-o", path)
    assert done.status == 0
    assert done.out == (
        f"{path}: 6 pieces with 384 notes from 6 of 7 files\n"
        "passed by, not known as music: 1 .txt\n"
    )
    assert done.err.startswith("cannot read broken.mid: ")
    assert done.err.count("\n") == 1
    assert len(list(read_pieces(path))) == 6


def test_options_as_magenta_spells_them(solferino, corpus, tmp_path):
    done = solferino(
        "convert", corpus, "--output_file", tmp_path / "x.parquet", "--no_recursive", "--workers=1"
    )
    assert done.status == 0
    assert "3 pieces" in done.out


def test_a_folder_cannot_be_the_notes_file(fails, corpus, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    assert "is a folder; name a file" in fails(1, "convert", corpus, "-o", tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_if_nothing_can_be_read_nothing_is_written(fails, corpus, tmp_path):
    path = tmp_path / "notes.parquet"
    message = fails(1, "convert", corpus / "broken.mid", "-o", path)
    assert "None of the 1 files could be read" in message
    assert not path.exists()


def test_no_workers_at_all_is_wrong_usage(fails, corpus):
    fails(2, "convert", corpus, "--workers", "0")


def test_an_interrupted_run_tells_where_it_stopped_and_goes_on_there(
    solferino, corpus, tmp_path, monkeypatch
):
    path = tmp_path / "notes.parquet"
    read_chunk = conversion.read_chunk

    def stop_at_the_last(files):
        if files[0].piece_id == "tune4.mid":
            raise KeyboardInterrupt
        return read_chunk(files)

    monkeypatch.setattr(music_files, "CHUNK_FILES", 1)
    monkeypatch.setattr(conversion, "read_chunk", stop_at_the_last)
    stopped = solferino("convert", corpus, "-o", path)
    assert stopped.status == 130
    assert f"{path}.unfinished keeps what was read; the same command goes on" in stopped.err
    monkeypatch.setattr(conversion, "read_chunk", read_chunk)
    done = solferino("convert", corpus, "-o", path)
    assert done.out.startswith("5 files had been read before and were not read again\n")
    assert "6 pieces with 384 notes from 6 of 7 files" in done.out


@pytest.mark.parametrize("name", ["tune1.mid", "SONG.MusicXML", "tune.abc"])
def test_a_table_of_notes_is_not_written_under_the_name_of_music(fails, corpus, name):
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    message = fails(1, "convert", corpus, "-o", corpus / name)
    assert f"{name} would be a music file, and a table of notes is written" in message
    assert "or write one piece with solferino.save" in message
    assert before == {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", [".", ""])
def test_the_folder_where_one_is_cannot_be_the_notes_file(fails, corpus, monkeypatch, name):
    monkeypatch.chdir(corpus)
    assert ". is a folder; name a file to write" in fails(1, "convert", corpus, "-o", name)


@pytest.mark.skipif(sys.platform != "linux", reason="names are not bytes there")
def test_a_name_that_is_no_text_cannot_be_written(fails, corpus, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.parquet")
    assert "cannot be written" in fails(1, "convert", corpus, "-o", path)
    assert [p.name for p in tmp_path.iterdir()] == [corpus.name]
