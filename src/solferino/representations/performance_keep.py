"""Notes to keep as an agenda: what has to happen in a performance, and when."""

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError
from solferino.notes.quantization import quantize_absolute
from solferino.notes.sequence import NoteSequence
from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    FIRST_SHIFT,
    NUM_PITCHES,
    SOUNDS_ON,
    PlayedNotes,
    Vocabulary,
)
from solferino.representations.performance_guide import Agenda

Steps = NDArray[np.int64]


def agenda_of(
    keep: NoteSequence,
    before: PlayedNotes,
    vocabulary: Vocabulary,
    steps: range,
    steps_per_second: int,
    transposition: int,
) -> tuple[Agenda, NDArray[np.int64]]:
    """Plan when kept notes begin and end.

    Parameters
    ----------
    keep : NoteSequence
        The notes to keep; velocities count as far as the vocabulary has them.
    before : PlayedNotes
        What sounds before the first step: steps of the piece, event pitches.
    vocabulary : Vocabulary
    steps : range
        The steps to fill.
    steps_per_second : int > 0
    transposition : int
        What is added to pitches when they are written as events.

    Returns
    -------
    agenda : Agenda
    held : ndarray of int64
        Event pitches of kept notes that begin before the first step.

    Raises
    ------
    ConstraintError
        If the notes cannot be played so.
    """
    kept = _kept_notes(keep, vocabulary, steps, steps_per_second, transposition)
    is_begun = kept.onsets_steps < steps.start
    for onset, pitch in zip(
        kept.onsets_steps[is_begun].tolist(), kept.pitches[is_begun].tolist(), strict=True
    ):
        sounds = (before.pitches == pitch) & (before.onsets_steps == onset)
        if not (sounds & (before.ends_steps == SOUNDS_ON)).any():
            raise ConstraintError(
                f"the kept note {pitch - transposition} begins at step {onset}, before the new "
                f"events at step {steps.start}, and does not sound there: let the primer play "
                "it, or do not keep it"
            )
    ends = np.minimum(kept.ends_steps, steps.stop)
    moments = np.unique(np.concatenate([kept.onsets_steps[~is_begun], ends]))
    agenda = Agenda(
        np.append(moments, SOUNDS_ON),
        np.zeros((len(moments) + 1, FIRST_SHIFT), np.bool_),
        np.zeros((len(moments) + 1, NUM_PITCHES), np.int64),
    )
    begin = np.searchsorted(moments, kept.onsets_steps[~is_begun])
    agenda.events[begin, kept.pitches[~is_begun]] = True
    agenda.bins[begin, kept.pitches[~is_begun]] = kept.bins[~is_begun]
    agenda.events[np.searchsorted(moments, ends), kept.pitches + FIRST_NOTE_OFF] = True
    return agenda, kept.pitches[is_begun]


def _kept_notes(
    keep: NoteSequence,
    vocabulary: Vocabulary,
    steps: range,
    steps_per_second: int,
    transposition: int,
) -> PlayedNotes:
    """Notes to keep that sound in the steps, in order of pitch and onset, as events have them."""
    quantized = quantize_absolute(keep, steps_per_second)
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
