"""Checkpoints: whole or not at all, and refused in one line when damaged."""

import pytest
import torch

from solferino.errors import TrainingError
from solferino.training.checkpoints import read_checkpoint, write_checkpoint


def test_a_checkpoint_comes_back(tmp_path):
    path = tmp_path / "last.pt"
    write_checkpoint(path, {"step": 3, "weights": {"a": torch.arange(3)}})
    write_checkpoint(path, {"step": 4, "weights": {"a": torch.arange(4)}})
    values = read_checkpoint(path)
    assert values["step"] == 4
    assert values["weights"]["a"].tolist() == [0, 1, 2, 3]
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]  # nothing left beside it


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "last.pt"
    write_checkpoint(path, {"step": 3})
    with pytest.raises(AttributeError):
        write_checkpoint(path, {"step": lambda: None})  # cannot be stored
    assert read_checkpoint(path)["step"] == 3
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"none.last\.pt cannot be written"):
        write_checkpoint(tmp_path / "none" / "last.pt", {})


def test_a_missing_or_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "last.pt"
    with pytest.raises(TrainingError, match=r"there is no checkpoint .*last\.pt"):
        read_checkpoint(path)
    write_checkpoint(path, {"step": 3})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TrainingError, match=r"last\.pt is damaged; delete it"):
        read_checkpoint(path)


def test_a_checkpoint_of_another_version_is_refused(tmp_path):
    path = tmp_path / "last.pt"
    torch.save({"format_version": 99}, path)
    with pytest.raises(TrainingError, match="has format 99, this program reads 1"):
        read_checkpoint(path)
