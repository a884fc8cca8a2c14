"""What a performance model can be told: how dense the notes are, and which pitches sound.

In training both are read off the music that follows; in generation they are wishes.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConditionError
from solferino.representations.conditions import Conditions
from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    FIRST_SHIFT,
    NUM_PITCHES,
    Vocabulary,
)
from solferino.representations.representation import Context, Ids

DENSITY_BINS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Notes a second at which the next class of density begins."""

DENSITY_WINDOW_S = 3.0
HISTOGRAM_WINDOW_S = 5.0
HISTOGRAM_PRIOR_S = 0.01
DEFAULT_NOTES_PER_SECOND = 15.0
EVEN_HISTOGRAM = (1.0,) * 12

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Controls:
    """Which of the controls a model is told, and how.

    A row holds, of those there are, in this order: 1 where the others are not told, and then
    0 in their place; a one-hot vector of 8 classes of density; shares of 12 pitch classes.

    Parameters
    ----------
    note_density, pitch_histogram : bool
        Whether the model is told them.
    optional : bool
        Whether they may be left out.

    References
    ----------
    The windows, bins and their order are Magenta's: ``note_seq/performance_controls.py``.
    """

    note_density: bool
    pitch_histogram: bool
    optional: bool

    @property
    def width(self) -> int:
        """Width of a row."""
        densities = len(DENSITY_BINS) + 1
        return self.optional + densities * self.note_density + 12 * self.pitch_histogram

    def rows(
        self, densities: Floats, histograms: Floats, is_disabled: NDArray[np.bool_]
    ) -> Context:
        """Write rows of controls.

        Parameters
        ----------
        densities : ndarray of float64, shape (n_rows,)
            Notes a second.
        histograms : ndarray of float64, shape (n_rows, 12)
            Weights of the pitch classes from C on, not all 0.
        is_disabled : ndarray of bool, shape (n_rows,)
            Where the model is not told; only if that is `optional`.

        Returns
        -------
        ndarray of float32, shape (n_rows, width)
        """
        parts = []
        if self.note_density:
            classes = np.searchsorted(DENSITY_BINS, densities, side="right")
            parts.append(np.eye(len(DENSITY_BINS) + 1)[classes])
        if self.pitch_histogram:
            parts.append(histograms / histograms.sum(axis=1, keepdims=True))
        told = np.concatenate(parts, axis=1).astype(np.float32)
        if not self.optional:
            return told
        told[is_disabled] = 0
        return np.concatenate([is_disabled[:, None].astype(np.float32), told], axis=1)

    def of_events(self, vocabulary: Vocabulary, ids: Ids, steps_per_second: int) -> Context:
        """Read the controls off the music itself.

        Parameters
        ----------
        vocabulary : Vocabulary
        ids : ndarray of int16, shape (n_events,)
        steps_per_second : int > 0

        Returns
        -------
        ndarray of float32, shape (n_events, width)
            At each event what follows from its moment on.
        """
        densities = note_densities(vocabulary, ids, steps_per_second)
        histograms = pitch_histograms(vocabulary, ids, steps_per_second)
        return self.rows(densities, histograms, np.zeros(len(ids), np.bool_))

    def of_conditions(self, conditions: Conditions, num_steps: int) -> Context:
        """Write wishes for a section, shape (num_steps, width).

        Several values divide it into equal parts. Without wishes there are 15 notes a second
        and all pitch classes alike.
        """
        densities = np.array(conditions.notes_per_second or (DEFAULT_NOTES_PER_SECOND,))
        histograms = np.array(conditions.pitch_class_histogram or (EVEN_HISTOGRAM,))
        is_disabled = np.array(conditions.disable_conditioning or (False,))
        steps = np.arange(num_steps)

        def part(values: NDArray[Any]) -> NDArray[np.intp]:
            return steps * len(values) // max(num_steps, 1)

        return self.rows(
            densities[part(densities)],
            histograms[part(histograms)],
            is_disabled[part(is_disabled)],
        )

    def up_to(
        self,
        vocabulary: Vocabulary,
        past: Ids,
        conditions: Conditions,
        *,
        num_steps: int,
        steps_per_second: int,
    ) -> Context:
        """Read the controls off what leads up to a section, and write wishes for the section.

        Parameters
        ----------
        vocabulary : Vocabulary
        past : ndarray of int16, shape (n_events,)
        conditions : Conditions
            Where the section begins without being told, the past is not told either.
        num_steps : int
            Length of past and section together; the section has at least one step.
        steps_per_second : int > 0

        Returns
        -------
        ndarray of float32, shape (num_steps, width)
        """
        after_steps = np.cumsum(vocabulary.shifts_steps(past))
        past_steps = int(after_steps[-1]) if len(past) else 0
        wanted = self.of_conditions(conditions, max(num_steps - past_steps, 1))
        if (conditions.disable_conditioning or (False,))[0]:
            told = np.repeat(wanted[:1], past_steps, axis=0)
        else:
            event = np.searchsorted(after_steps, np.arange(past_steps), side="right")
            told = self.of_events(vocabulary, past, steps_per_second)[event]
        return np.concatenate([told, wanted])

    def check(self, conditions: Conditions) -> None:
        """Refuse wishes that a model is not told.

        Raises
        ------
        ConditionError
            Naming the first.
        """
        hears = {
            "notes_per_second": self.note_density,
            "pitch_class_histogram": self.pitch_histogram,
            "disable_conditioning": self.optional,
        }
        for wish in conditions.given:
            if not hears[wish]:
                known = ", ".join(name for name, is_heard in hears.items() if is_heard)
                raise ConditionError(
                    f"this performance model cannot be told {wish}, only {known}: leave it out, or "
                    "take a bundle that was trained with it"
                )


def note_densities(vocabulary: Vocabulary, ids: Ids, steps_per_second: int) -> Floats:
    """How many notes a second begin in the 3 s from each event's moment on.

    Parameters
    ----------
    vocabulary : Vocabulary
    ids : ndarray of int16, shape (n_events,)
    steps_per_second : int > 0

    Returns
    -------
    ndarray of float64, shape (n_events,)
        Where the events end before, of the time up to there; 0 if there is none.
    """
    shifts = vocabulary.shifts_steps(ids)
    after_steps = np.cumsum(shifts)
    now_steps = after_steps - shifts
    window_steps = round(DENSITY_WINDOW_S * steps_per_second)
    onsets_steps = now_steps[ids < FIRST_NOTE_OFF]
    num_before = np.searchsorted(onsets_steps, now_steps)
    num_notes = np.searchsorted(onsets_steps, now_steps + window_steps) - num_before
    length_steps = np.minimum(int(shifts.sum()) - now_steps, window_steps)
    density = num_notes * steps_per_second / np.maximum(length_steps, 1)
    return np.where(length_steps > 0, density, 0.0)


def pitch_histograms(vocabulary: Vocabulary, ids: Ids, steps_per_second: int) -> Floats:
    """How long each pitch class sounds in the 5 s from each event's moment on.

    Parameters
    ----------
    vocabulary : Vocabulary
    ids : ndarray of int16, shape (n_events,)
    steps_per_second : int > 0

    Returns
    -------
    ndarray of float64, shape (n_events, 12)
        Seconds of sounding pitches, C first, and 10 ms more for each class. The 5 s reach to
        the end of the time shift in which they end.
    """
    shifts = vocabulary.shifts_steps(ids)
    after_steps = np.cumsum(shifts)
    wide = np.asarray(ids, np.int64)
    is_note = wide < FIRST_SHIFT
    changes = np.zeros((len(ids), 12), np.int64)
    (places,) = np.nonzero(is_note)
    steps_up = np.where(wide[places] < FIRST_NOTE_OFF, 1, -1)
    changes[places, wide[places] % NUM_PITCHES % 12] = steps_up
    num_sounding = np.maximum(np.cumsum(changes, axis=0), 0)
    sounded = np.zeros((len(ids) + 1, 12), np.int64)
    np.cumsum(num_sounding * shifts[:, None], axis=0, out=sounded[1:])
    window_steps = round(HISTOGRAM_WINDOW_S * steps_per_second)
    last = np.searchsorted(after_steps, after_steps - shifts + window_steps)
    until = sounded[np.minimum(last + 1, len(ids))]
    return HISTOGRAM_PRIOR_S + (until - sounded[:-1]) / steps_per_second
