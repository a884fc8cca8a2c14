"""What the commands leave in the folder of a run for one another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solferino.errors import SolferinoError, TrainingError

EXAMPLES_NOTE = "examples.txt"
"""Holds the path of the examples that the run learns from."""


@contextmanager
def remembering_examples(run_dir: Path, examples: Path) -> Iterator[None]:
    """Note in the folder of a run which examples it learns from.

    If the run cannot start, nothing of the note is left.

    Parameters
    ----------
    run_dir : Path
        Made if it is missing. A note that it holds stays as it is.
    examples : Path
        Folder of examples.

    Raises
    ------
    TrainingError
        If the folder cannot be made or written.
    """
    note, is_new_folder = run_dir / EXAMPLES_NOTE, not run_dir.exists()
    is_new_note = not note.exists()
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        if is_new_note:
            note.write_text(f"{examples.absolute()}\n", encoding="utf-8")
    except OSError as error:
        raise TrainingError(
            f"--run-dir {run_dir} cannot be written ({error.strerror}); choose another"
        ) from error
    try:
        yield
    except SolferinoError:
        if is_new_note and not any(run_dir.glob("*.pt")):
            note.unlink()
        if is_new_folder and not any(run_dir.iterdir()):
            run_dir.rmdir()
        raise


def examples_of(run_dir: Path) -> Path:
    """Return the folder of the examples that a run learnt from.

    Raises
    ------
    TrainingError
        If the run does not say.
    """
    try:
        text = (run_dir / EXAMPLES_NOTE).read_text(encoding="utf-8")
    except OSError as error:
        raise TrainingError(
            f"{run_dir} does not say which examples it learnt from; name them with --examples"
        ) from error
    return Path(text.strip())
