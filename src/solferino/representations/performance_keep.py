"""Starting a guide: what the constraints leave, and when notes to keep begin and end."""

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError
from solferino.notes.quantization import QuantizedSequence, quantize_absolute
from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints, allowed_pitches
from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    NUM_PITCHES,
    SOUNDS_ON,
    PlayedNotes,
    Vocabulary,
    read_events,
)
from solferino.representations.performance_guide import Agenda, PerformanceGuide, empty_agenda
from solferino.representations.representation import EventSequence

Mask = NDArray[np.bool_]
Steps = NDArray[np.int64]

LONGEST_NOTE_S = 5
"""Seconds after which a new note is ended, as Magenta ends it."""


def performance_guide(
    vocabulary: Vocabulary,
    constraints: Constraints,
    after: EventSequence,
    *,
    end_step: int,
    steps_per_second: int,
    releases: bool,
) -> PerformanceGuide:
    """Start choosing events after given ones.

    Parameters
    ----------
    vocabulary : Vocabulary
    constraints : Constraints
    after : EventSequence
    end_step : int
        Where the new events end, in steps of the piece.
    steps_per_second : int > 0
    releases : bool
        Whether notes that sound at the end of `after` end there.

    Returns
    -------
    PerformanceGuide

    Raises
    ------
    ConstraintError
        If no pitch is left, or the kept notes cannot be played.
    """
    before = read_events(vocabulary, after.ids)
    before = before._replace(onsets_steps=before.onsets_steps + after.start_step)
    start_step = after.start_step + int(vocabulary.shifts_steps(after.ids).sum())
    steps = range(start_step, end_step)
    sounding = _set_of(before.pitches[before.ends_steps == SOUNDS_ON])
    ending = sounding & releases
    held, agenda = _set_of(np.empty(0, np.int64)), None
    if constraints.keep is not None or ending.any():
        quantized = quantize_absolute(constraints.keep or NoteSequence(), steps_per_second)
        kept = notes_to_keep(quantized, vocabulary, steps, after.transposition)
        is_begun = kept.onsets_steps < steps.start
        held = _set_of(kept.pitches[is_begun])
        _check_begun(PlayedNotes(*(column[is_begun] for column in kept)), before, after, steps)
        agenda = _plan(kept, is_begun, ending & ~held, steps)
    return PerformanceGuide(
        vocabulary,
        allowed_pitches(constraints, np.arange(NUM_PITCHES) - after.transposition),
        sounding,
        held,
        steps=steps,
        last_event=int(after.ids[-1]) if len(after) else vocabulary.longest_shift,
        longest_note_steps=LONGEST_NOTE_S * steps_per_second,
        agenda=agenda,
    )


def _set_of(pitches: Steps) -> Mask:
    """Mark pitches, shape (128,)."""
    marks = np.zeros(NUM_PITCHES, np.bool_)
    marks[pitches] = True
    return marks


def _check_begun(
    begun: PlayedNotes, before: PlayedNotes, after: EventSequence, steps: range
) -> None:
    """Refuse kept notes that begin before the first step and do not sound there."""
    sounds_on = before.ends_steps == SOUNDS_ON
    for onset, pitch in zip(begun.onsets_steps.tolist(), begun.pitches.tolist(), strict=True):
        if not (sounds_on & (before.pitches == pitch) & (before.onsets_steps == onset)).any():
            raise ConstraintError(
                f"the kept note {pitch - after.transposition} begins at step {onset}, before the "
                f"new events at step {steps.start}, and does not sound there: let the primer play "
                "it, or do not keep it"
            )


def _plan(kept: PlayedNotes, is_begun: Mask, ending: Mask, steps: range) -> Agenda:
    """Plan when kept notes begin and end, and that others end at the first step."""
    onsets, pitches, bins = (
        column[~is_begun] for column in (kept.onsets_steps, kept.pitches, kept.bins)
    )
    ends = np.minimum(kept.ends_steps, steps.stop)
    start = np.full(int(ending.any()), steps.start)
    agenda = empty_agenda(np.concatenate([onsets, ends, start]))
    moments = np.searchsorted(agenda.steps, onsets)
    agenda.events[moments, pitches] = True
    agenda.bins[moments, pitches] = bins
    agenda.events[np.searchsorted(agenda.steps, ends), kept.pitches + FIRST_NOTE_OFF] = True
    agenda.events[: len(start), FIRST_NOTE_OFF:] |= ending
    return agenda


def notes_to_keep(
    quantized: QuantizedSequence, vocabulary: Vocabulary, steps: range, transposition: int
) -> PlayedNotes:
    """Select the notes that sound in the steps, by pitch and then onset, as events have them.

    Parameters
    ----------
    quantized : QuantizedSequence
        The notes to keep.
    vocabulary : Vocabulary
        Says which velocities count as one.
    steps : range
        The steps to fill.
    transposition : int
        What is added to their pitches.

    Raises
    ------
    ConstraintError
        If there are drums among them, a pitch sounds twice at once, or one leaves its range.
    """
    if quantized.is_drum.any():
        raise ConstraintError("a performance cannot keep drum notes: leave them out of `keep`")
    table = quantized.notes
    table = table[(table["end_step"] > steps.start) & (table["start_step"] < steps.stop)]
    table = table[np.lexsort((table["start_step"], table["pitch"]))]
    onsets, ends, pitches = (
        table[name].astype(np.int64) for name in ("start_step", "end_step", "pitch")
    )
    overlaps = (np.diff(pitches) == 0) & (ends[:-1] > onsets[1:])
    if overlaps.any():
        later = int(np.flatnonzero(overlaps)[0]) + 1
        raise ConstraintError(
            f"the kept note {pitches[later]} at step {onsets[later]} begins while the same pitch "
            "sounds: a performance plays a pitch once at a time, so keep one of them"
        )
    is_outside = (pitches + transposition < 0) | (pitches + transposition >= NUM_PITCHES)
    if is_outside.any():
        raise ConstraintError(
            f"the kept note {pitches[is_outside][0]} leaves the range 0 to 127 when it is "
            f"transposed by {transposition} as the music before it is: do not keep it"
        )
    bins = vocabulary.bins(table["velocity"]) if vocabulary.num_velocity_bins else 0 * pitches
    return PlayedNotes(onsets, ends, pitches + transposition, bins)
