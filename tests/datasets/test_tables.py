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
    size_of,
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


def test_a_damaged_file_is_refused(tmp_path):
    with pq.ParquetWriter(tmp_path / "notes.parquet", notes_schema()) as writer:
        writer.write_batch(to_record_batch(named([tune(k) for k in range(20)])))
    data = bytearray((tmp_path / "notes.parquet").read_bytes())
    data[200:1000] = bytes(800)
    (tmp_path / "notes.parquet").write_bytes(data)
    with pytest.raises(DatasetError, match="is no Parquet file of notes"):
        list(read_pieces(tmp_path / "notes.parquet"))


def test_columns_of_another_width_are_read_and_of_another_kind_refused(tmp_path):
    (piece,) = pieces = named([tune(0)])
    table = pa.Table.from_batches([to_record_batch(pieces)])
    place = table.schema.get_field_index("ticks_per_quarter")
    wide = table.set_column(place, "ticks_per_quarter", pa.array([220], pa.int64()))
    pq.write_table(wide, tmp_path / "wide.parquet")
    assert list(read_pieces(tmp_path / "wide.parquet")) == [piece]
    words = table.set_column(place, "ticks_per_quarter", pa.array(["many"]))
    pq.write_table(words, tmp_path / "words.parquet")
    with pytest.raises(DatasetError, match="is no Parquet file of notes"):
        list(read_pieces(tmp_path / "words.parquet"))


def test_a_row_that_is_no_music_is_named():
    batch = to_record_batch(named([tune(0)]))
    place = batch.schema.get_field_index("ticks_per_quarter")
    batch = batch.set_column(place, "ticks_per_quarter", pa.array([0], pa.int32()))
    with pytest.raises(DatasetError, match=r"The piece '.*' cannot be: ticks_per_quarter must be"):
        from_record_batch(batch)


def test_the_size_of_a_file_is_known_without_reading_it(tmp_path):
    with pq.ParquetWriter(tmp_path / "notes.parquet", notes_schema()) as writer:
        for num_notes in (3, 5):
            writer.write_batch(to_record_batch(named([tune(0, num_notes=num_notes)])))
    assert size_of(tmp_path / "notes.parquet") == (2, 8)
    pq.write_table(pa.table({"piece_id": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="no column 'title'"):
        size_of(tmp_path / "other.parquet")
