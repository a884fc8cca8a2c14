"""What both formats of TensorFlow's checkpoints say of a variable: type, shape, slices.

References
----------
TensorFlow, ``core/framework/types.proto``, ``tensor_shape.proto``, ``tensor_slice.proto`` and
``versions.proto``.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.wire_format import Field, Message

Tensors = dict[str, NDArray[Any]]
Bounds = tuple[slice, ...]

NEWEST_VERSION = 1
MAX_DIMENSIONS = 8
MAX_NAME = 250

SHAPE = Message(
    "shape",
    (Field(2, "sizes", Message("size", (Field(1, "size", "int64"),)), is_repeated=True),),
)
_EXTENT = Message("extent", (Field(1, "start", "int64"), Field(2, "length", "int64")))
SLICE = Message("slice", (Field(1, "extents", _EXTENT, is_repeated=True),))
VERSIONS = Message("versions", (Field(2, "min_consumer", "int32"),))


class Kind(NamedTuple):
    """How the numbers of a type stand in format 2, and in which field in format 1."""

    dtype: np.dtype[Any]
    field: str


KINDS = {
    1: Kind(np.dtype("<f4"), "floats"),
    3: Kind(np.dtype("<i4"), "ints"),
    9: Kind(np.dtype("<i8"), "longs"),
    19: Kind(np.dtype("<f2"), "halves"),
}
"""The types of variables that are read, by their numbers in TensorFlow."""


class Variable(NamedTuple):
    """What a checkpoint says of a variable before any of its numbers."""

    name: str
    kind: Kind
    shape: tuple[int, ...]


class Part(NamedTuple):
    """Numbers of a slice of a variable; of all of it where there are no bounds."""

    bounds: Bounds
    numbers: NDArray[Any]


def check_version(found: Mapping[str, Any]) -> None:
    """Refuse what only newer readers understand.

    Raises
    ------
    ValueError
        If a later version is needed than ``NEWEST_VERSION``.
    """
    needed = found.get("versions", {}).get("min_consumer", 0)
    if needed > NEWEST_VERSION:
        raise ValueError(f"it has version {needed}, and up to {NEWEST_VERSION} can be read")


def variable_of(name: str, found: Mapping[str, Any]) -> Variable:
    """Read the type and the shape of a variable from a message with ``kind`` and ``shape``.

    Raises
    ------
    ValueError
        If the name cannot be printed in a line, the type is not one of ``KINDS``, or the shape
        not one of an array.
    """
    if not name.isprintable() or len(name) > MAX_NAME:
        raise ValueError(f"a variable is called {name[:40]!r}")
    number = found.get("kind", 0)
    if number not in KINDS:
        raise ValueError(f"{name} is of type {number}, which is not one of {sorted(KINDS)}")
    sizes = [int(n) for n in found.get("shape", {}).get("sizes", {}).get("size", ())]
    if len(sizes) > MAX_DIMENSIONS or min(sizes, default=1) < 1:
        raise ValueError(f"{name} has the shape {sizes[: MAX_DIMENSIONS + 1]}, not one of numbers")
    return Variable(name, KINDS[number], tuple(sizes))


def bounds_of(found: Mapping[str, Any]) -> Bounds:
    """Read which slice of a variable a part holds; a dimension without length is whole."""
    extents = found.get("extents", {"start": (), "length": ()})
    if len(extents["start"]) > MAX_DIMENSIONS:
        raise ValueError(f"a slice has {len(extents['start'])} dimensions")
    return tuple(
        slice(int(start), int(start) + int(length)) if length else slice(None)
        for start, length in zip(extents["start"], extents["length"], strict=True)
    )


def joined(variable: Variable, parts: Sequence[Part]) -> NDArray[Any]:
    """Put the parts of a variable together.

    Parameters
    ----------
    variable : Variable
    parts : sequence of Part
        Their numbers in one row each.

    Returns
    -------
    ndarray, shape of the variable

    Raises
    ------
    ValueError
        If they do not fill the shape exactly.
    """
    n_found, n_needed = sum(len(part.numbers) for part in parts), prod(variable.shape)
    if n_found != n_needed:
        raise ValueError(f"{variable.name} has {n_found} numbers, but shape {list(variable.shape)}")
    if len(parts) == 1:
        return parts[0].numbers.reshape(variable.shape)
    whole = np.empty(variable.shape, variable.kind.dtype)
    filled = np.zeros(variable.shape, np.bool_)
    for bounds, numbers in parts:
        try:
            whole[bounds] = numbers.reshape(whole[bounds].shape)
            filled[bounds] = True
        except (IndexError, ValueError) as error:
            raise ValueError(f"a part of {variable.name} does not fit into it") from error
    if not filled.all():
        raise ValueError(f"the parts of {variable.name} overlap")
    return whole
