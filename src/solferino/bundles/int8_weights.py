"""Weights of one byte: what they are made of, and how they become numbers again.

A matrix of int8 stands with a column of float32 beside it, its name with ``.scale`` behind, so
that ``matrix * scale`` is what the network multiplies with: each row, which feeds one unit, has
a scale of its own. Vectors stay float16.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCALE = ".scale"
"""Behind the name of a matrix, the name of its scales."""
LARGEST = 127


def to_int8(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Round matrices to int8.

    Parameters
    ----------
    weights : mapping of str to ndarray of float16
        By the names of the network's parameters.

    Returns
    -------
    dict of str to ndarray
        For each matrix of shape (rows, columns) one of int8, and its scales, float32 of shape
        (rows, 1); everything else as it is.
    """
    rounded: dict[str, NDArray[Any]] = {}
    for name, array in weights.items():
        rounded[name] = array
        if array.ndim == 2:
            matrix = array.astype(np.float32)
            scale = np.abs(matrix).max(axis=1, keepdims=True) / np.float32(LARGEST)
            scale[scale == 0] = 1
            rounded[name] = np.round(matrix / scale).astype(np.int8)
            rounded[name + SCALE] = scale
    return rounded


def to_float16(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return weights by the names of the network's parameters, those of int8 multiplied out.

    Parameters
    ----------
    weights : mapping of str to ndarray
        As a bundle stores them.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    KeyError
        If a matrix of int8 has no scales.
    """
    of_int8 = [name for name, array in weights.items() if array.dtype == np.int8]
    whole = {name: (weights[name] * weights[name + SCALE]).astype(np.float16) for name in of_int8}
    scales = {name + SCALE for name in of_int8}
    return {name: whole.get(name, array) for name, array in weights.items() if name not in scales}
