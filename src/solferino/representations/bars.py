"""Bars on a grid: how long they are, where they begin, and how their meter is written."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.errors import QuantizationError
from solferino.notes.quantization import QuantizedSequence
from solferino.representations.representation import Drop

DEFAULT_STEPS_PER_BAR = 16
_AFTER_ALL_STEPS = 2**31 - 1


class Section(NamedTuple):
    """A part of a piece with one meter.

    Parameters
    ----------
    start_step, end_step : int
        Its first step, and the step after its last.
    steps_per_bar : int
        Length of its bars, which are counted from its first step.
    """

    start_step: int
    end_step: int
    steps_per_bar: int


def bar_length(quantized: QuantizedSequence, meter: NDArray[np.void]) -> int | Drop:
    """Length of the bars of a meter.

    Parameters
    ----------
    quantized : QuantizedSequence
        A piece on a metrical grid.
    meter : row of ``quantized.meters``

    Returns
    -------
    int or Drop
        Steps per bar, or, if that is no whole number, why not and which grid to take.
    """
    numerator, denominator = int(meter["numerator"]), int(meter["denominator"])
    steps = Fraction(quantized.steps_per_bar(numerator, denominator)).limit_denominator(4096)
    if steps.denominator == 1:
        return int(steps)
    per_quarter = quantized.steps_per_bar(1, 4)
    found = f"a bar of {numerator}/{denominator} is {float(steps):g} steps"
    remedy = f"steps_per_quarter={round(per_quarter) * steps.denominator}"
    return Drop("non_integer_steps_per_bar", found, remedy)


def sections(quantized: QuantizedSequence, drops: list[Drop]) -> Iterator[Section]:
    """Divide a piece into parts with one meter each.

    Parameters
    ----------
    quantized : QuantizedSequence
        A piece on a metrical grid.
    drops : list of Drop
        Gets ``non_integer_steps_per_bar`` for each part that is left out because its bars
        are no whole number of steps.

    Yields
    ------
    Section
    """
    starts = quantized.meters["step"].tolist()
    ends = [*starts[1:], _AFTER_ALL_STEPS]
    for meter, start, end in zip(quantized.meters, starts, ends, strict=True):
        steps_per_bar = bar_length(quantized, meter)
        if isinstance(steps_per_bar, Drop):
            drops.append(steps_per_bar)
        else:
            yield Section(start, end, steps_per_bar)


def meter_at(quantized: QuantizedSequence, step: int) -> tuple[int, int]:
    """First step, and steps per bar, of the meter that holds at a step.

    Raises
    ------
    QuantizationError
        If its bars are no whole number of steps.
    """
    meter = quantized.meters[quantized.meters["step"] <= step][-1]
    length = bar_length(quantized, meter)
    if isinstance(length, Drop):
        raise QuantizationError(f"{length.found}, not a whole number: use {length.remedy}")
    return int(meter["step"]), length


def first_bar_of_primer(first_onset_step: int, bar_step: int, steps_per_bar: int) -> int:
    """Start of the bar in which a primer begins, or of the next if that is before the piece.

    Parameters
    ----------
    first_onset_step : int
        Step of its first note.
    bar_step, steps_per_bar : int
        Where bars are counted from, and how long they are.
    """
    start = first_onset_step - (first_onset_step - bar_step) % steps_per_bar
    return start if start >= 0 else start + steps_per_bar


def time_signature(steps_per_bar: int, steps_per_quarter: int) -> tuple[int, int] | None:
    """Write bars of a length as a meter, quarters before eighths before sixteenths.

    Returns
    -------
    (int, int) or None
        Numerator and denominator; None if no meter has such bars.
    """
    for denominator in (4, 8, 16, 32):
        numerator, rest = divmod(steps_per_bar * denominator, 4 * steps_per_quarter)
        if not rest and 0 < numerator < 256:
            return numerator, denominator
    return None
