"""Which melody events the constraints leave at each step."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError
from solferino.notes.quantization import quantize
from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints, allowed_pitches
from solferino.representations.melody_events import FIRST_NOTE, NO_EVENT, Line


def melody_mask(
    constraints: Constraints,
    before: Line,
    pitches: NDArray[np.int64],
    steps: range,
    steps_per_quarter: int,
) -> NDArray[np.bool_]:
    """Say which events may stand at each step.

    A kept note is forced: its onset, nothing else while it lasts, and its end. A note before
    it may sound up to it.

    Parameters
    ----------
    constraints : Constraints
    before : Line
        The notes before the first step, as they sound.
    pitches : ndarray of int, shape (n_pitches,)
        What each note event sounds like, one semitone after the other.
    steps : range
        The steps to fill, counted from the start of the piece.
    steps_per_quarter : int
        Resolution of the grid.

    Returns
    -------
    ndarray of bool, shape (len(steps), 2 + n_pitches)
        Each row leaves at least one event.

    Raises
    ------
    ConstraintError
        If no pitch is left, or the kept notes cannot be a melody of these pitches.
    """
    mask = np.ones((len(steps), FIRST_NOTE + len(pitches)), np.bool_)
    mask[:, FIRST_NOTE:] = allowed_pitches(constraints, pitches)
    if constraints.keep is None:
        return mask
    for onset, end, pitch in _kept_notes(constraints.keep, steps, steps_per_quarter):
        row, end_row = onset - steps.start, end - steps.start
        if row >= 0:
            mask[row] = False
            mask[row, _event_of(pitch, onset, pitches)] = True
        elif not _sounds_on(before, onset, pitch, steps.start):
            if end_row == 0:
                continue  # it ended before, as it should
            raise ConstraintError(
                f"the kept note {pitch} begins at step {onset}, before the new events at step "
                f"{steps.start}, and does not sound there: let the primer play it, or do not "
                "keep it"
            )
        held = slice(max(row + 1, 0), end_row)
        mask[held] = False
        mask[held, NO_EVENT] = True
        if end_row < len(steps):
            mask[end_row, NO_EVENT] = False
    return mask


def _kept_notes(
    keep: NoteSequence, steps: range, steps_per_quarter: int
) -> list[tuple[int, int, int]]:
    """Onset, end and pitch of each kept note that touches the steps, in order."""
    quantized = quantize(keep, steps_per_quarter)
    if quantized.is_drum.any():
        raise ConstraintError("a melody cannot keep drum notes: leave them out of `keep`")
    notes = quantized.notes
    notes = notes[(notes["end_step"] >= steps.start) & (notes["start_step"] < steps.stop)]
    kept = sorted(notes[["start_step", "end_step", "pitch"]].tolist())
    for (_, end, pitch), (onset, _, next_pitch) in pairwise(kept):
        if onset < end and end > steps.start:
            raise ConstraintError(
                f"the kept notes {pitch} and {next_pitch} sound together at step {onset}: "
                "a melody has one note at a time, so keep one of them"
            )
    return kept


def _event_of(pitch: int, onset: int, pitches: NDArray[np.int64]) -> int:
    """Event that begins a kept note."""
    lowest, highest = int(pitches[0]), int(pitches[-1])
    if not lowest <= pitch <= highest:
        raise ConstraintError(
            f"the kept note {pitch} at step {onset} is outside this melody's range, {lowest} to "
            f"{highest}: move it by octaves"
        )
    return pitch - lowest + FIRST_NOTE


def _sounds_on(line: Line, onset: int, pitch: int, end_step: int) -> bool:
    """Whether the last note of a line is this one, and sounds up to the end."""
    if not len(line.onsets_steps):
        return False
    last = (line.onsets_steps[-1], line.ends_steps[-1], line.pitches[-1])
    return last == (onset, end_step, pitch)
