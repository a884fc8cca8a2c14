"""What the commands leave in the folder of a run for one another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solferino.bundles.catalogue import SHIPPED_FOLDER, bundle_names
from solferino.errors import SolferinoError, TrainingError

EXAMPLES_NOTE = "examples.txt"
"""Holds the path of the examples that the run learns from."""
BUNDLE_NOTE = "from_bundle.txt"
"""Holds the name or the path of the bundle that the run starts from, if it does."""


@contextmanager
def remembering_examples(
    run_dir: Path, examples: Path, from_bundle: Path | None = None
) -> Iterator[None]:
    """Note in the folder of a run which examples it learns from, and where it starts.

    If the run cannot start, nothing of the notes is left.

    Parameters
    ----------
    run_dir : Path
        Made if it is missing. Notes that it holds stay as they are.
    examples : Path
        Folder of examples.
    from_bundle : Path, optional
        File of the bundle whose weights it starts from.

    Raises
    ------
    TrainingError
        If the folder cannot be made or written.
    """
    is_new_folder = not run_dir.exists()
    texts = {EXAMPLES_NOTE: str(examples.absolute())}
    if from_bundle is not None:
        is_shipped = from_bundle.stem in bundle_names() and from_bundle.parent == SHIPPED_FOLDER
        texts[BUNDLE_NOTE] = from_bundle.stem if is_shipped else str(from_bundle.absolute())
    new = {run_dir / n: text for n, text in texts.items() if not (run_dir / n).exists()}
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        for note, text in new.items():
            note.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise TrainingError(
            f"--run-dir {run_dir} cannot be written ({error.strerror}); choose another"
        ) from error
    try:
        yield
    except SolferinoError:
        if not any(run_dir.glob("*.pt")):
            for note in new:
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


def bundle_before(run_dir: Path) -> str | None:
    """Return the name or path of the bundle that a run started from, or None."""
    note = run_dir / BUNDLE_NOTE
    return note.read_text(encoding="utf-8").strip() if note.exists() else None
