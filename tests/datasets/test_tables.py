"""Pieces survive the way through a table."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.datasets.tables import (
    Piece,
    from_record_batch,
    notes_schema,
    read_pieces,
    to_record_batch,
)
from solferino.errors import DatasetError
from solferino.notes.sequence import NoteSequence
from tests.datasets.tunes import tune
from tests.notes.strategies import note_sequences


def named(pieces):
    return [Piece(f"piece {number}", notes) for number, notes in enumerate(pieces)]


@settings(max_examples=30, deadline=None)
@given(st.lists(note_sequences(), max_size=4).map(named))
def test_nothing_is_lost_in_a_table(pieces):
    assert from_record_batch(to_record_batch(pieces)) == pieces


@settings(max_examples=10, deadline=None)
@given(st.lists(note_sequences(), min_size=2, max_size=4).map(named))
def test_a_slice_of_a_table_holds_its_own_pieces(pieces):
    assert from_record_batch(to_record_batch(pieces).slice(1, 1)) == pieces[1:2]


def test_a_file_holds_the_same_pieces_in_order(tmp_path):
    pieces = named([tune(0), NoteSequence(), tune(1, title="Zwei ü")])
    batch = to_record_batch(pieces)
    with pq.ParquetWriter(tmp_path / "notes.parquet", batch.schema) as writer:
        writer.write_batch(batch.slice(0, 2))
        writer.write_batch(batch.slice(2))
    assert list(read_pieces(tmp_path / "notes.parquet")) == pieces


def test_one_row_is_one_piece_and_its_notes_have_named_columns():
    batch = to_record_batch(named([tune(0, num_notes=3)]))
    assert batch.num_rows == 1
    first = batch.column("notes")[0].as_py()[0]
    assert first == {
        "onset_s": 0.0,
        "release_s": first["release_s"],
        "pitch": first["pitch"],
        "velocity": 80,
        "instrument": 0,
    }
    assert batch.schema.equals(notes_schema())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"gone\.parquet does not exist.*solferino convert"):
        list(read_pieces(tmp_path / "gone.parquet"))


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "notes.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(DatasetError, match="is no Parquet file"):
        list(read_pieces(tmp_path / "notes.parquet"))


def test_a_table_without_notes_is_refused(tmp_path):
    pq.write_table(pa.table({"piece_id": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="no column 'title', so it holds no notes"):
        list(read_pieces(tmp_path / "other.parquet"))
