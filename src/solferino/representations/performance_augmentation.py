"""Chance variations of a performance: higher or lower, faster or slower, told or not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self, final

import numpy as np

from solferino.errors import RecipeError
from solferino.representations.options import options_of
from solferino.representations.performance_events import (
    NUM_PITCHES,
    SOUNDS_ON,
    PlayedNotes,
    Steps,
    Vocabulary,
    one_at_a_time,
    read_events,
    write_events,
)
from solferino.representations.representation import EventSequence
from solferino.representations.transposition import AMOUNT, random_transposition

HELD_SHIFTS, HELD_SHARE = 2, 0.7
"""Notes end late for so many of the longest shifts of time, and so many of them."""


@final
@dataclass(frozen=True)
class Variation:
    """How far an example may be varied.

    Parameters
    ----------
    transpose_semitones : (int, int)
        See `random_transposition`.
    stretch : sequence of float > 0
        Factors of time, equally likely; 1.05 is slower.
    disable_conditioning : float in [0, 1]
        Chance that the model is not told the controls.
    late_ends : float in [0, 1]
        Chance that notes end late for a while, all within the time of one longest shift after
        it: a model that has heard how forgotten notes are let go of does so with its own.

    Raises
    ------
    RecipeError
        If a value is out of its range.
    """

    transpose_semitones: tuple[int, int] = (0, 0)
    stretch: tuple[float, ...] = (1.0,)
    disable_conditioning: float = 0.0
    late_ends: float = 0.0

    def __post_init__(self) -> None:
        """Check every value."""
        if not _are_factors(self.stretch):
            raise RecipeError(
                f"stretch={self.stretch!r}: it must be a list of factors above 0, such as "
                "[0.95, 1.0, 1.05]"
            )
        for name in ("disable_conditioning", "late_ends"):
            chance = getattr(self, name)
            is_number = isinstance(chance, int | float) and not isinstance(chance, bool)
            if not is_number or not 0 <= chance <= 1:
                raise RecipeError(f"{name}={chance!r}: it must be a number from 0 to 1")

    @classmethod
    def from_mapping(cls, amounts: Mapping[str, Any]) -> Self:
        """Read the augmentation of a recipe; what it leaves out does not vary.

        Raises
        ------
        RecipeError
            If an amount is unknown or out of range.
        """
        names = (field.name for field in fields(cls))
        return cls(**options_of("augmentation of performance", amounts, names))


def varied(
    events: EventSequence, vocabulary: Vocabulary, variation: Variation, rng: np.random.Generator
) -> EventSequence:
    """Transpose and stretch an example by chance.

    Parameters
    ----------
    events : EventSequence
    vocabulary : Vocabulary
    variation : Variation
        Its chance to leave conditions out plays no part here.
    rng : numpy Generator

    Returns
    -------
    EventSequence
        Written anew, so that the number of events may change a little. What comes before the
        first note keeps its length.
    """
    notes = read_events(vocabulary, events.ids)
    num_steps = int(vocabulary.shifts_steps(events.ids).sum())
    moved, semitones, end_step = varied_notes(notes, num_steps, variation, rng)
    if not len(moved.pitches):
        return events
    if rng.random() < variation.late_ends:
        moved = _held_over(moved, vocabulary.max_shift_steps, rng)
    ids = write_events(vocabulary, moved, 0, end_step)
    return replace(events, ids=ids, transposition=events.transposition + semitones)


def varied_notes(
    notes: PlayedNotes, end_step: int, variation: Variation, rng: np.random.Generator
) -> tuple[PlayedNotes, int, int]:
    """Transpose and stretch notes by chance.

    Parameters
    ----------
    notes : PlayedNotes
    end_step : int
        What is stretched with them.
    variation : Variation
    rng : numpy Generator

    Returns
    -------
    notes : PlayedNotes
        The first begins when it did.
    semitones : int
        That they were moved by.
    end_step : int
        At least that of the last beginning or end.
    """
    semitones = random_transposition(
        "performance",
        {AMOUNT: variation.transpose_semitones},
        notes.pitches,
        range(NUM_PITCHES),
        rng,
    )
    factor = float(rng.choice(np.asarray(variation.stretch, np.float64)))
    if not len(notes.pitches):
        return notes, semitones, end_step
    first = notes.onsets_steps[0]

    def stretched(steps: Steps) -> Steps:
        return np.asarray(first + np.floor((steps - first) * factor + 0.5), np.int64)

    onsets = stretched(notes.onsets_steps)
    ends = np.maximum(stretched(notes.ends_steps), onsets + 1)
    ends[notes.ends_steps == SOUNDS_ON] = SOUNDS_ON
    last_step = max(int(stretched(np.array(end_step))), int(onsets.max()))
    last_step = max(last_step, int(ends[ends < SOUNDS_ON].max(initial=0)))
    moved = one_at_a_time(PlayedNotes(onsets, ends, notes.pitches + semitones, notes.bins))
    return moved, semitones, last_step


def _held_over(notes: PlayedNotes, shift_steps: int, rng: np.random.Generator) -> PlayedNotes:
    """Let most notes that end within `HELD_SHIFTS` shifts end in the one after those."""
    until = int(rng.integers(notes.onsets_steps[0], notes.onsets_steps[-1] + 1))
    ends = notes.ends_steps.copy()
    is_late = (ends > until - HELD_SHIFTS * shift_steps) & (ends <= until)
    is_late &= rng.random(len(ends)) < HELD_SHARE
    ends[is_late] = until + rng.integers(1, shift_steps + 1, int(is_late.sum()))
    return one_at_a_time(notes._replace(ends_steps=ends))


def _are_factors(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    are_numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in value)
    return are_numbers and all(0 < n < math.inf for n in value)
