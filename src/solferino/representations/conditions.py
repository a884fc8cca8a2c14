"""What the new music is asked to be like, for models that have learnt to listen to it."""

import math
from dataclasses import dataclass
from typing import final

from solferino.errors import ConditionError

Histogram = tuple[float, ...]


@final
@dataclass(frozen=True)
class Conditions:
    """Wishes that a model is told, and follows as well as it has learnt to.

    Each may change over time: several values divide the section into as many equal parts.
    An empty tuple leaves the model to its default. (Chords stand in the primer, as chord
    symbols at their times.)

    Parameters
    ----------
    notes_per_second : tuple of float > 0
        How dense the notes shall be.
    pitch_class_histogram : tuple of tuple of 12 float >= 0
        How often each pitch class shall sound, C first, relative to the others.
    disable_conditioning : tuple of bool
        Where to ignore the other two, for models that can.

    Raises
    ------
    ConditionError
        If a value is out of its range.
    """

    notes_per_second: tuple[float, ...] = ()
    pitch_class_histogram: tuple[Histogram, ...] = ()
    disable_conditioning: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        for density in self.notes_per_second:
            if not 0 < density < math.inf:
                raise ConditionError(
                    f"notes_per_second is {density}: it must be above 0 and finite"
                )
        for histogram in self.pitch_class_histogram:
            fits = len(histogram) == 12 and all(0 <= h < math.inf for h in histogram)
            if not fits or not 0 < sum(histogram) < math.inf:
                raise ConditionError(
                    f"pitch_class_histogram is {list(histogram)}: it must be 12 numbers of 0 or "
                    "more, from C to B, not all 0"
                )

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the wishes that were made."""
        return tuple(name for name, values in vars(self).items() if values)


UNCONDITIONED = Conditions()
"""No wishes."""
