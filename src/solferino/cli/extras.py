"""Optional packages: what to install when one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from solferino.errors import MissingExtraError

EXTRAS = {
    "live": ("rtmidi", "pythonosc", "textual"),
    "train": ("torch", "lightning", "onnx", "tensorboard"),
}


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Import modules that need an extra.

    Parameters
    ----------
    extra : str
        A key of `EXTRAS`.

    Raises
    ------
    MissingExtraError
        If one of its packages is not installed; the message says what to type.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in EXTRAS[extra]:
            raise
        raise MissingExtraError(
            f"this command needs {package}, which is not installed: "
            f"pip install 'solferino[{extra}]'"
        ) from error
