"""A bundle: one file that holds an instrument, its weights, its graph and its card.

A bundle is a zip of three files, stored uncompressed so that equal contents give equal bytes:

``card.json``
    What it is; see `solferino.bundles.card`. It lists the SHA-256 of the other two.
``step.onnx``
    The network for one step, without its weights; see `solferino.bundles.session`.
``weights.safetensors``
    The weights under the names of the network's parameters: float16, or matrices of int8 with
    their scales; see `solferino.bundles.int8_weights`.

Nothing in it is ever executed: the card is JSON, the weights are plain numbers, and the graph
knows only the standard operators of ONNX.
"""

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays

from solferino.bundles.card import Card
from solferino.bundles.catalogue import bundle_names, find_bundle
from solferino.bundles.int8_weights import to_float16
from solferino.errors import BundleError, MusicFileError
from solferino.notes.disk import reason, write_beside

CARD = "card.json"
STEP_GRAPH = "step.onnx"
WEIGHTS = "weights.safetensors"
REQUIRED_PARTS = (STEP_GRAPH, WEIGHTS)

MAX_PARTS = 64
MAX_BYTES = 2**30
MAX_CARD_BYTES = 2**22

_EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@final
@dataclass(frozen=True, eq=False)
class Bundle:
    """An opened bundle whose parts have been checked.

    Parameters
    ----------
    path : Path
        The file it was read from.
    card : Card
        What it says of itself.
    parts : mapping of str to bytes
        Its files but the card.
    sha256 : str
        SHA-256 of the whole file, in hexadecimal.
    num_bytes : int
        Size of the file.
    """

    path: Path
    card: Card
    parts: Mapping[str, bytes]
    sha256: str
    num_bytes: int

    def part(self, name: str) -> bytes:
        """Return the contents of one file of the bundle.

        Raises
        ------
        BundleError
            If the bundle has no such file.
        """
        if name not in self.parts:
            raise BundleError(f"{self.path} has no part {name!r}: it has {sorted(self.parts)}")
        return self.parts[name]

    def stored_weights(self) -> dict[str, NDArray[Any]]:
        """Return the weights as they are stored, which is how the graph takes them.

        Raises
        ------
        BundleError
            If the weights cannot be read.
        """
        try:
            return dict(load_arrays(self.part(WEIGHTS)))
        except (SafetensorError, KeyError, ValueError) as error:
            raise BundleError(
                f"{self.path} has weights that cannot be read ({error}): get the bundle again"
            ) from error

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the weights, float16 arrays by the names of the network's parameters.

        Raises
        ------
        BundleError
            If the weights cannot be read, or some are of int8 and their scales are missing.
        """
        try:
            return to_float16(self.stored_weights())
        except (KeyError, ValueError) as error:
            raise BundleError(
                f"{self.path} has int8 weights without fitting scales ({error}): "
                "get the bundle again"
            ) from error


def write_bundle(path: str | Path, card: Card, parts: Mapping[str, bytes]) -> Card:
    """Write a bundle; equal cards and parts give equal bytes.

    Parameters
    ----------
    path : str or Path
        Where; it is written beside and renamed, so no half bundle is ever there.
    card : Card
        Its `parts` are replaced by the SHA-256 of `parts`.
    parts : mapping of str to bytes
        ``step.onnx`` and ``weights.safetensors``, and others if you like.

    Returns
    -------
    Card
        The card as written.

    Raises
    ------
    BundleError
        If a required part is not given, the file cannot be written, or another file, which is
        no bundle, is there.
    """
    missing = [name for name in REQUIRED_PARTS if name not in parts]
    if missing:
        raise BundleError(f"a bundle needs {missing[0]}: give it among the parts")
    _check_place(Path(path))
    hashes = {name: hashlib.sha256(parts[name]).hexdigest() for name in sorted(parts)}
    written = replace(card, parts=hashes)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in [(CARD, written.to_json().encode()), *sorted(parts.items())]:
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST_ZIP_TIME), content)
    try:
        write_beside(path, buffer.getvalue())
    except MusicFileError as error:
        raise BundleError(str(error)) from error
    return written


def _check_place(path: Path) -> None:
    """Refuse to replace a file that is no bundle: a song is soon named instead of one."""
    if not path.is_file():
        return
    with contextlib.suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as archive:
        if CARD in archive.namelist():
            return
    if path.stat().st_size:
        raise BundleError(f"{path} is there already and is no bundle: write to another name")


def open_bundle(name_or_path: str | Path) -> Bundle:
    """Open a bundle and check every part of it.

    Parameters
    ----------
    name_or_path : str or Path
        The name of a bundle that comes with the package, or the path of a file.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If it does not exist, is damaged, was changed, or is of a newer version.
    """
    path = find_bundle(name_or_path)
    data = _read_file(path)
    try:
        card, parts = _read_parts(data)
        _check_parts(card, parts)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error
    return Bundle(path, card, parts, hashlib.sha256(data).hexdigest(), len(data))


def shipped_bundles() -> tuple[Bundle, ...]:
    """Open every bundle that comes with the package, in order of their names."""
    return tuple(open_bundle(name) for name in bundle_names())


def _read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size <= MAX_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({reason(error)}): check the path") from error
    raise BundleError(f"{path} is larger than {MAX_BYTES} bytes: it is not a bundle")


def _read_parts(data: bytes) -> tuple[Card, dict[str, bytes]]:
    """Unpack a zip in memory, and read its card."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_sizes(archive.infolist())
            contents = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BundleError(
            f"not a bundle, or not all of it ({error}): get the bundle again"
        ) from error
    if CARD not in contents:
        raise BundleError(f"the zip has no {CARD}: it is not a bundle")
    return Card.from_json(contents.pop(CARD)), contents


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse a zip that would unpack to more than a bundle can be; nothing is unpacked yet."""
    if len(entries) > MAX_PARTS:
        raise BundleError(f"the zip has {len(entries)} files, a bundle at most {MAX_PARTS}")
    sizes = {entry.filename: entry.file_size for entry in entries}
    if len(sizes) < len(entries):
        raise BundleError("the zip has two files of one name: it is not a bundle")
    if sum(sizes.values()) > MAX_BYTES or sizes.get(CARD, 0) > MAX_CARD_BYTES:
        raise BundleError(f"it unpacks to more than {MAX_BYTES} bytes: it is not a bundle")


def _check_parts(card: Card, parts: Mapping[str, bytes]) -> None:
    """Compare what is there with what the card lists."""
    for name in sorted({*REQUIRED_PARTS, *card.parts}):
        if name not in parts or name not in card.parts:
            raise BundleError(f"the bundle lacks {name}: get the bundle again")
    for name, content in parts.items():
        if name not in card.parts:
            raise BundleError(f"{name} does not stand in the card: get the bundle again")
        if hashlib.sha256(content).hexdigest() != card.parts[name]:
            raise BundleError(f"{name} is damaged (its SHA-256 differs): get the bundle again")
