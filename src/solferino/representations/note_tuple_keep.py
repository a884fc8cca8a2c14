"""Starting a guide of note tuples: what the constraints leave, and the notes to keep."""

import numpy as np

from solferino.errors import ConstraintError
from solferino.notes.quantization import quantize_absolute
from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints, allowed_pitches
from solferino.representations.note_tuple_events import (
    LONGEST_STEPS,
    Steps,
    read_tuples,
    shifts_steps,
)
from solferino.representations.note_tuple_guide import KeptTuples, NoteTupleGuide
from solferino.representations.performance_events import (
    NUM_PITCHES,
    SOUNDS_ON,
    PlayedNotes,
    Vocabulary,
)
from solferino.representations.performance_keep import notes_to_keep
from solferino.representations.representation import EventSequence


def note_tuple_guide(
    first: Steps,
    touch: Vocabulary,
    constraints: Constraints,
    after: EventSequence,
    *,
    since_steps: int,
    end_step: int,
    steps_per_second: int,
    releases: bool,
) -> NoteTupleGuide:
    """Start choosing events after given ones.

    Parameters
    ----------
    first : ndarray of int64, shape (7,)
        See `firsts`.
    touch : Vocabulary
        Says which velocities count as one.
    constraints : Constraints
    after : EventSequence
    since_steps : int
        How long before the start of `after` its first shift begins.
    end_step : int
        Where the new events end, in steps of the piece.
    steps_per_second : int > 0
    releases : bool
        Whether notes that sound at the end of `after` end there.

    Raises
    ------
    ConstraintError
        If no pitch is left, or the kept notes cannot be played.
    """
    past_step = after.start_step - since_steps
    steps = range(after.start_step + int(shifts_steps(after.ids).sum()), end_step)
    quantized = quantize_absolute(constraints.keep or NoteSequence(), steps_per_second)
    kept = notes_to_keep(quantized, touch, steps, after.transposition)
    is_begun = kept.onsets_steps < steps.start
    before = read_tuples(after.ids, first)
    before = before._replace(
        onsets_steps=before.onsets_steps + past_step, ends_steps=before.ends_steps + past_step
    )
    begun = PlayedNotes(*(column[is_begun] for column in kept))
    _check_begun(begun, before, after.transposition, steps.start)
    still_to_come = PlayedNotes(*(column[~is_begun] for column in kept))
    return NoteTupleGuide(
        first,
        allowed_pitches(constraints, np.arange(NUM_PITCHES) - after.transposition),
        _planned(still_to_come, after.transposition, end_step),
        past=after.ids,
        past_step=past_step,
        steps=steps,
        releases=releases,
    )


def _check_begun(begun: PlayedNotes, before: PlayedNotes, transposition: int, start: int) -> None:
    """Refuse kept notes that begin before the first step, unless they are there already."""
    played = set(zip(*(column.tolist() for column in before[:3]), strict=True))
    for onset, end, pitch in zip(*(column.tolist() for column in begun[:3]), strict=True):
        if (onset, end, pitch) not in played:
            raise ConstraintError(
                f"the kept note {pitch - transposition} from step {onset} to {end} begins before "
                f"the new events at step {start}, and is not played there: let the primer play "
                "it, or do not keep it"
            )


def _planned(kept: PlayedNotes, transposition: int, end_step: int) -> KeptTuples:
    """Put the notes to keep in order, cut at the end."""
    order = np.lexsort((kept.pitches, kept.onsets_steps))
    onsets, ends, pitches, bins = (column[order] for column in kept)
    lengths = np.minimum(ends, end_step) - onsets
    if (lengths > LONGEST_STEPS).any():
        place = int(lengths.argmax())
        raise ConstraintError(
            f"the kept note {pitches[place] - transposition} at step {onsets[place]} lasts "
            f"{lengths[place]} steps, and this model's notes at most {LONGEST_STEPS}: shorten it, "
            "or do not keep it"
        )
    next_steps = np.full((len(onsets) + 1, NUM_PITCHES), SOUNDS_ON)
    for place in range(len(onsets) - 1, -1, -1):
        next_steps[place] = next_steps[place + 1]
        next_steps[place, pitches[place]] = onsets[place]
    return KeptTuples(
        np.append(onsets, SOUNDS_ON),
        np.append(pitches, 0),
        np.append(bins, 0),
        np.append(lengths, 0),
        next_steps,
    )
