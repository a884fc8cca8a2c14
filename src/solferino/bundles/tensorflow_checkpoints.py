"""Checkpoints of TensorFlow 1: the arrays of a trained graph, read without TensorFlow.

Format 1 is one file, a table whose values hold the numbers themselves. Format 2 is a table
``NAME.index`` that says where in the files ``NAME.data-00000-of-00001`` they stand. Both can
keep a variable in slices.

References
----------
TensorFlow, ``core/util/saved_tensor_slice.proto``, ``core/protobuf/tensor_bundle.proto`` and
``core/lib/strings/ordered_code.h``.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from solferino.bundles.tensorflow_tables import read_table
from solferino.bundles.tensorflow_tensors import (
    SHAPE,
    SLICE,
    VERSIONS,
    Kind,
    Part,
    Tensors,
    Variable,
    bounds_of,
    check_version,
    joined,
    variable_of,
)
from solferino.errors import BundleError
from solferino.notes.disk import reason
from solferino.notes.tfrecord import masked_crc32c
from solferino.notes.wire_format import Field, Message, decode, varint_at

Keep = Callable[[str], bool]

INDEX_SUFFIX = ".index"
MAX_FILE_BYTES = 2**30
MAX_SHARDS = 99_999
_ESCAPES = {0x00: b"\0\xff", 0xFF: b"\xff\0"}

_TENSOR = Message(
    "variable",
    (Field(1, "name", "string"), Field(2, "shape", SHAPE), Field(3, "kind", "int32")),
)
_META = Message(
    "list of variables",
    (Field(1, "tensors", _TENSOR, is_repeated=True), Field(2, "versions", VERSIONS)),
)
_FIELDS_OF_NUMBERS = {5: "floats", 7: "ints", 10: "longs", 13: "halves"}
_NUMBERS = Message(
    "numbers",
    tuple(
        Field(number, name, "bytes", is_repeated=True)
        for number, name in _FIELDS_OF_NUMBERS.items()
    ),
)
_DATA = Message(
    "data", (Field(1, "name", "string"), Field(2, "slice", SLICE), Field(3, "numbers", _NUMBERS))
)
_SAVED = Message("saved variables", (Field(1, "meta", _META), Field(2, "data", _DATA)))

_HEADER = Message(
    "header",
    (
        Field(1, "num_shards", "int32"),
        Field(2, "is_big_endian", "bool"),
        Field(3, "versions", VERSIONS),
    ),
)
_ENTRY = Message(
    "entry",
    (
        Field(1, "kind", "int32"),
        Field(2, "shape", SHAPE),
        Field(3, "shard", "int32"),
        Field(4, "offset", "int64"),
        Field(5, "n_bytes", "int64"),
        Field(6, "checksum", "fixed32"),
        Field(7, "slices", SLICE, is_repeated=True),
    ),
)


def checkpoint_tensors(data: bytes, place: str, keep: Keep) -> Tensors:
    """Read the arrays of a checkpoint of format 1.

    Parameters
    ----------
    data : bytes
        The whole file.
    place : str
        What the messages call it.
    keep : function of str
        Whether a variable is wanted.

    Returns
    -------
    dict of str to ndarray
        Arrays of float32, float16, int32 or int64 by the names of the variables.

    Raises
    ------
    BundleError
        If it is no such checkpoint, or a damaged or newer one.
    """
    return _told(place, partial(_first_format, data, keep))


def read_checkpoint(path: str | Path, keep: Keep) -> Tensors:
    """Read the arrays of a checkpoint of format 2.

    Parameters
    ----------
    path : path
        What the names of its files begin with, or the one that ends with ``.index``.
    keep : function of str
        See `checkpoint_tensors`.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    BundleError
        If a file is missing, or the checkpoint is damaged or of a newer version.
    """
    prefix = str(path).removesuffix(INDEX_SUFFIX)
    index = read_limited(Path(prefix + INDEX_SUFFIX))
    return _told(prefix + INDEX_SUFFIX, partial(_second_format, index, prefix, keep))


def read_limited(path: Path) -> bytes:
    """Read a whole file of at most ``MAX_FILE_BYTES``.

    Raises
    ------
    BundleError
        If it is larger, no ordinary file, or cannot be read.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BundleError(f"{path} is not an ordinary file: copy its content to one")
        if path.stat().st_size <= MAX_FILE_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({reason(error)}): check the path") from error
    raise BundleError(f"{path} is larger than {MAX_FILE_BYTES} bytes: it is no checkpoint")


def _told(place: str, read: Callable[[], Tensors]) -> Tensors:
    try:
        return read()
    except ValueError as error:
        raise BundleError(
            f"{place} is no checkpoint of TensorFlow, or damaged ({error}): get it again"
        ) from error


def _first_format(data: bytes, keep: Keep) -> Tensors:
    entries = read_table(data)
    meta = decode(entries.pop(b"", b""), _SAVED).get("meta")
    if meta is None:
        raise ValueError("it has no list of its variables")
    check_version(meta)
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for value in entries.values():
        saved = decode(value, _SAVED).get("data", {})
        parts.setdefault(saved.get("name", ""), []).append(saved)
    tensors: Tensors = {}
    for found in meta.get("tensors", []):
        name = found.get("name", "")
        if keep(name):
            variable = variable_of(name, found)
            saved_parts = [
                Part(bounds_of(saved.get("slice", {})), _numbers(saved, variable.kind))
                for saved in parts.get(name, [])
            ]
            tensors[name] = joined(variable, saved_parts)
    return tensors


def _numbers(saved: Mapping[str, Any], kind: Kind) -> NDArray[Any]:
    """Read the numbers of a part in format 1: floats as they are, others as varints."""
    content = b"".join(saved.get("numbers", {}).get(kind.field, []))
    if kind.field == "floats":
        return np.frombuffer(content, kind.dtype)  # ValueError where a number is cut off
    position, numbers = 0, []
    while position < len(content):
        number, position = varint_at(content, position, len(content))
        numbers.append(number)
    whole = np.array(numbers, np.uint64)
    if kind.field == "halves":
        return whole.astype(np.uint16).view(np.float16)
    return whole.view(np.int64).astype(kind.dtype)


def _second_format(index: bytes, prefix: str, keep: Keep) -> Tensors:
    entries = read_table(index)
    header = decode(entries.get(b"", b""), _HEADER)
    check_version(header)
    shards = _Shards(prefix, header)
    tensors: Tensors = {}
    for key, value in entries.items():
        name = key.decode("utf-8", "replace")
        if not key or key.startswith(b"\0") or not keep(name):
            continue
        entry = decode(value, _ENTRY)
        variable = variable_of(name, entry)
        places = {_key_of_part(key, one): bounds_of(one) for one in entry.get("slices", [])}
        if not places:
            places = {key: ()}
        if any(place not in entries for place in places):
            raise ValueError(f"a part of {name} is missing")
        tensors[name] = joined(
            variable,
            [
                Part(bounds, shards.numbers(variable, decode(entries[place], _ENTRY)))
                for place, bounds in places.items()
            ],
        )
    return tensors


@final
class _Shards:
    """The files of a checkpoint of format 2 that hold the numbers."""

    def __init__(self, prefix: str, header: Mapping[str, Any]) -> None:
        self._prefix, self._n_shards = prefix, header.get("num_shards", 0)
        self._n_bytes_left = MAX_FILE_BYTES
        self._is_big_endian = header.get("is_big_endian", False)
        if not 1 <= self._n_shards <= MAX_SHARDS:
            raise ValueError(f"it names {self._n_shards} files of numbers")

    def numbers(self, variable: Variable, entry: Mapping[str, Any]) -> NDArray[Any]:
        """Read the numbers of one entry of the index, and verify them."""
        dtype = variable.kind.dtype
        n_bytes, shard = entry.get("n_bytes", 0), entry.get("shard", 0)
        if not 0 <= n_bytes <= prod(variable.shape) * dtype.itemsize:
            raise ValueError(f"{variable.name} says that it has {n_bytes} bytes")
        if not 0 <= shard < self._n_shards:
            raise ValueError(f"{variable.name} says that it is in file {shard}")
        self._n_bytes_left -= n_bytes
        if self._n_bytes_left < 0:
            raise ValueError(f"its variables have more than {MAX_FILE_BYTES} bytes together")
        path = Path(f"{self._prefix}.data-{shard:05d}-of-{self._n_shards:05d}")
        content = _read_part(path, entry.get("offset", 0), n_bytes)
        if masked_crc32c(content) != entry.get("checksum", 0):
            raise ValueError(f"{variable.name} in {path.name} has the wrong checksum")
        stored = dtype.newbyteorder(">") if self._is_big_endian else dtype
        return np.frombuffer(content, stored).astype(dtype)


def _read_part(path: Path, offset: int, n_bytes: int) -> bytes:
    try:
        with path.open("rb") as stream:
            if offset + n_bytes > path.stat().st_size or offset < 0:
                raise ValueError(f"{path.name} is cut off")
            stream.seek(offset)
            return stream.read(n_bytes)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({reason(error)}): it belongs beside the {INDEX_SUFFIX} file"
        ) from error


def _key_of_part(name: bytes, found: Mapping[str, Any]) -> bytes:
    """Return the key of a slice of a variable, in the code that keeps numbers in order."""
    escaped = b"".join(_ESCAPES.get(octet, bytes([octet])) for octet in name)
    bounds = bounds_of(found)
    numbers: list[int] = []
    for bound in bounds:
        numbers += (0, -1) if bound.stop is None else (bound.start, bound.stop - bound.start)
    rank = bytes([1, len(bounds)]) if bounds else b"\0"
    return b"".join([b"\0", escaped, b"\0\1", rank, *map(_ordered, numbers)])


def _ordered(number: int) -> bytes:
    """Write a signed number so that the order of the bytes is the order of the numbers."""
    n_bytes = (number if number >= 0 else ~number).bit_length() // 7 + 1
    leading = ((1 << n_bytes) - 1) << 8 * n_bytes - n_bytes
    return ((number & (1 << 8 * n_bytes) - 1) ^ leading).to_bytes(n_bytes, "big")
