"""Checkpoints: all that a run needs to go on, written beside and renamed."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from solferino.errors import TrainingError

FORMAT_VERSION = 1
LAST, BEST = "last.pt", "best.pt"


def write_checkpoint(path: Path, values: Mapping[str, Any]) -> None:
    """Write a checkpoint so that a crash leaves the old file or the new one.

    Parameters
    ----------
    path : Path
    values : mapping
        Tensors, numbers, texts, and lists and dicts of these.

    Raises
    ------
    TrainingError
        If the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            torch.save({"format_version": FORMAT_VERSION, **values}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise TrainingError(
            f"checkpoint {path} cannot be written ({error.strerror}); check the disk and --run-dir"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def read_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint; nothing in it is executed.

    Raises
    ------
    TrainingError
        If there is none, or it is damaged or of another version.
    """
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint {path}; train first, or check --run-dir")
    try:
        values = torch.load(path, map_location=device, weights_only=True)
        version = values["format_version"]
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        raise TrainingError(
            f"checkpoint {path} is damaged; delete it, or use {BEST} or {LAST} beside it"
        ) from error
    if version != FORMAT_VERSION:
        raise TrainingError(
            f"checkpoint {path} has format {version}, this program reads {FORMAT_VERSION}; "
            "use the version of solferino that wrote it"
        )
    return dict(values)
