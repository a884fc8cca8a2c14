"""Transposing examples at random, so that a model hears music in more keys."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solferino.errors import RecipeError
from solferino.representations.options import check_names

AMOUNT = "transpose_semitones"


def random_transposition(
    what: str,
    amounts: Mapping[str, Any],
    pitches: NDArray[np.intp],
    pitch_range: range,
    rng: np.random.Generator,
) -> int:
    """Choose by how much an example moves.

    Parameters
    ----------
    what : str
        Name of the representation, for the message.
    amounts : Mapping
        ``transpose_semitones``: the least and the most semitones, such as ``[-4, 4]``; none
        unless given.
    pitches : ndarray of int, shape (n_notes,)
        Of the example.
    pitch_range : range
        What pitches the representation can write down.
    rng : numpy.random.Generator

    Returns
    -------
    int
        Semitones, each as likely of those that leave all pitches in the range; 0 if none do.

    Raises
    ------
    RecipeError
        If an amount is unknown or out of range.
    """
    check_names(f"augmentation of {what}", amounts, [AMOUNT])
    low, high = _span(amounts.get(AMOUNT, (0, 0)))
    if len(pitches):
        low = max(low, pitch_range.start - int(pitches.min()))
        high = min(high, pitch_range.stop - 1 - int(pitches.max()))
    return int(rng.integers(low, high + 1)) if low <= high else 0


def _span(value: Any) -> tuple[int, int]:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    is_whole = is_pair and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
    if not is_whole or not -24 <= value[0] <= value[1] <= 24:
        raise RecipeError(
            f"{AMOUNT}={value!r}: it must be the least and the most semitones, from -24 to 24, "
            "such as [-4, 4]"
        )
    return value[0], value[1]
