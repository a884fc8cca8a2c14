"""Bytes from disk and back: clear errors on the way in, nothing half-written on the way out."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solferino.errors import MusicFileError

PathOrText = str | os.PathLike[str]

MAX_FILE_BYTES = 64 * 2**20
MAX_REASON_CHARACTERS = 200


def read_bytes(path: PathOrText, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Read a whole file, refusing what cannot be music before it fills the memory.

    Parameters
    ----------
    path : str or path
        The file.
    max_bytes : int
        Largest size that is read.

    Returns
    -------
    bytes
        Its content, at least one byte.

    Raises
    ------
    MusicFileError
        If it is missing, a directory, no ordinary file, empty, too large or not readable.
    """
    file = Path(path)
    try:
        if file.is_dir():
            raise MusicFileError(f"{file} is a folder, not a music file; name a file inside it")
        if not file.exists():
            raise MusicFileError(f"{file} does not exist; check the path")
        if not file.is_file():
            raise MusicFileError(f"{file} is not an ordinary file; copy its content to one")
        n_bytes = file.stat().st_size
        if n_bytes == 0:
            raise MusicFileError(f"{file} is empty (0 bytes); export or download it again")
        if n_bytes > max_bytes:
            raise MusicFileError(
                f"{file} has {n_bytes / 2**20:.0f} MB and at most {max_bytes / 2**20:.0f} MB "
                "are read; split it, or check that it is a music file"
            )
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise MusicFileError(f"{file} cannot be read ({reason(error)}); check it") from error


@contextmanager
def beside(path: PathOrText) -> Iterator[Path]:
    """Lend a temporary name in the folder of a file, and rename it to the file at the end.

    A file of that name from before stays as it was until that moment; if the block raises,
    for good.

    Parameters
    ----------
    path : str or path
        Where the file shall be. Its folder is made where it is missing.

    Yields
    ------
    Path
        An empty file to write.

    Raises
    ------
    MusicFileError
        If the folder or the file cannot be written.
    """
    file = Path(path)
    way_out = "choose another place"
    try:
        if file.is_dir():
            raise MusicFileError(f"{file} is a folder; name a file to write")
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name[:40]}.", dir=file.parent)
        os.close(handle)
    except (OSError, ValueError) as error:
        raise MusicFileError(f"{file} cannot be written ({reason(error)}); {way_out}") from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(file)
    except OSError as error:
        raise MusicFileError(f"{file} cannot be written ({reason(error)}); {way_out}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_beside(path: PathOrText, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; see `beside`.

    Parameters
    ----------
    path : str or path
        Where the file shall be. Its folder is made where it is missing.
    data : bytes
        What shall be in it.

    Raises
    ------
    MusicFileError
        If the folder or the file cannot be written.
    """
    with beside(path) as temporary:
        temporary.write_bytes(data)


def reason(error: BaseException) -> str:
    """Say in one short line why the system refused."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split())[:MAX_REASON_CHARACTERS]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
