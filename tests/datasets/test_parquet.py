"""Files appear whole or not at all."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import solferino.datasets.parquet as parquet
from solferino.datasets.parquet import RowWriter, beside
from solferino.errors import DatasetError


def test_a_file_appears_under_its_name_at_the_end(tmp_path):
    path = tmp_path / "new" / "file"
    with beside(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail():
        with beside(path) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file(tmp_path):
    with (
        pytest.raises(DatasetError, match="is a folder; name a file"),
        beside(tmp_path),
    ):
        pass


def test_a_place_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DatasetError, match=r"cannot be written .*; choose another place"),
        beside(tmp_path / "file" / "notes.parquet"),
    ):
        pass


def test_rows_are_gathered_into_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 50)
    batch = pa.record_batch({"n": pa.array([1, 2, 3], pa.int64())})
    writer = RowWriter(tmp_path / "x.parquet", batch.schema, dictionary=[])
    for _ in range(5):
        writer.write(batch)
    writer.close()
    with pq.ParquetFile(tmp_path / "x.parquet") as file:
        sizes = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    assert sizes == [9, 6]
