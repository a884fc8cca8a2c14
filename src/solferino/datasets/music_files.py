"""The music files of some folders: which they are, what they are called, how long they take."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from solferino.datasets.unfinished import Key, is_unfinished
from solferino.errors import DatasetError

SECONDS_PER_MB = 0.25
"""About how long reading MIDI takes on one core."""
SECONDS_PER_MB_OF = MappingProxyType({".abc": 8.0, ".musicxml": 0.06, ".xml": 0.06, ".mxl": 1.0})
"""The same for files with other suffixes."""
CHUNK_S = 0.25
CHUNK_FILES = 64


class MusicFile(NamedTuple):
    """A file of a corpus.

    Parameters
    ----------
    path : str
        Where it is.
    piece_id : str
        Its path inside the corpus, with ``/``.
    expected_s : float
        About how long it takes to read, in seconds.
    num_bytes, changed_ns : int
        Its size, and when it was last written to.
    repeats : bool
        Whether the repeats in it are played.
    """

    path: str
    piece_id: str
    expected_s: float
    num_bytes: int = 0
    changed_ns: int = 0
    repeats: bool = True

    @property
    def key(self) -> Key:
        """What changes when the file does, or how it is read."""
        path = str(Path(self.path).absolute())
        return path, self.piece_id, self.num_bytes, self.changed_ns, self.repeats


def find_music(
    sources: Sequence[Path], *, recursive: bool = True
) -> tuple[list[MusicFile], dict[str, int]]:
    """List the music files of some folders, in order of their names.

    Parameters
    ----------
    sources : sequence of Path
        Files are taken whatever their suffix; from folders, those with a known one.
    recursive : bool
        Whether folders inside folders are searched too.

    Returns
    -------
    list of MusicFile
        Each named by its path inside the folder, or, where there are several sources,
        inside the folder that holds them all.
    dict of str to int
        How many files of each other suffix were passed by.

    Raises
    ------
    DatasetError
        If a source does not exist, they are on different drives, or there is no music.
    """
    from solferino.notes.files import SUFFIXES  # noqa: PLC0415

    skipped: Counter[str] = Counter()
    found: dict[Path, None] = {}
    for source in sources:
        if source.is_dir():
            paths = sorted(_walk(source, recursive))
            for path in paths:
                if path.suffix.lower() in SUFFIXES:
                    found[path] = None
                else:
                    skipped[path.suffix.lower()] += 1
        elif source.exists():
            found[source] = None
        else:
            raise DatasetError(f"{source} does not exist. Name a music file or a folder of them.")
    if not found:
        names = ", ".join(str(source) for source in sources) or "no folder"
        raise DatasetError(
            f"There is no music in {names}. Files are known by their suffix: {', '.join(SUFFIXES)}."
        )
    root = _root(sources)
    return [_music_file(path, root) for path in found], dict(skipped)


def music_chunks(files: Sequence[MusicFile]) -> Iterator[list[MusicFile]]:
    """Cut a corpus into a few files at a time."""
    chunk: list[MusicFile] = []
    expected_s = 0.0
    for file in files:
        chunk.append(file)
        expected_s += file.expected_s
        if expected_s >= CHUNK_S or len(chunk) >= CHUNK_FILES:
            yield chunk
            chunk, expected_s = [], 0.0
    if chunk:
        yield chunk


def _walk(folder: Path, recursive: bool) -> Iterator[Path]:
    """Find the files of a folder, but those that are hidden or in the making."""
    paths = folder.rglob("*") if recursive else folder.iterdir()
    seen = (p for p in paths if not p.name.startswith(".") and not is_unfinished(p.parent))
    return (path for path in seen if path.is_file())


def _root(sources: Sequence[Path]) -> Path:
    if len(sources) == 1 and sources[0].is_dir():
        return sources[0].absolute()
    try:
        return Path(os.path.commonpath([source.absolute().parent for source in sources]))
    except ValueError as error:
        raise DatasetError(
            f"{sources[0]} and other music are on different drives. Copy all of it to one, or "
            "convert one after the other."
        ) from error


def _music_file(path: Path, root: Path) -> MusicFile:
    rate = SECONDS_PER_MB_OF.get(path.suffix.lower(), SECONDS_PER_MB)
    status = path.stat()
    num_bytes, expected_s = status.st_size, rate * status.st_size / 2**20
    return MusicFile(str(path), _piece_id(path, root), expected_s, num_bytes, status.st_mtime_ns)


def _piece_id(path: Path, root: Path) -> str:
    return path.absolute().relative_to(root).as_posix()
