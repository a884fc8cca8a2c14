"""Notes that polyphonic music has to keep: what they are, and whether they can be written."""

import numpy as np

from solferino.errors import ConstraintError
from solferino.notes.quantization import quantize
from solferino.notes.sequence import NoteSequence
from solferino.representations.rolls import RollNotes, pitched_notes


def kept_notes(keep: NoteSequence, steps: range, steps_per_quarter: int) -> RollNotes:
    """Select the notes to keep that touch some steps, each once.

    Parameters
    ----------
    keep : NoteSequence
    steps : range
        The steps to fill, counted from the start of the piece. A note that ends where they
        begin touches them.
    steps_per_quarter : int
        Resolution of the grid.

    Returns
    -------
    RollNotes

    Raises
    ------
    ConstraintError
        If there are drums among them, or two of one pitch sound together.
    """
    quantized = quantize(keep, steps_per_quarter)
    if quantized.is_drum.any():
        raise ConstraintError("polyphony has no drums to keep: leave them out of `keep`")
    rows = np.unique(np.stack(pitched_notes(quantized), axis=1), axis=0)
    rows = rows[(rows[:, 1] >= steps.start) & (rows[:, 0] < steps.stop)]
    by_pitch = rows[np.lexsort((rows[:, 0], rows[:, 2]))]
    is_same = by_pitch[1:, 2] == by_pitch[:-1, 2]
    overlaps = is_same & (by_pitch[1:, 0] < by_pitch[:-1, 1])
    if overlaps.any():
        onset, _, pitch = by_pitch[1:][overlaps][0].tolist()
        raise ConstraintError(
            f"two kept notes of pitch {pitch} sound together at step {onset}: a pitch can sound "
            "once at a time, so keep one of them"
        )
    return RollNotes(*rows.T)


def check_kept_pitches(kept: RollNotes, pitches: range, transposition: int) -> None:
    """Refuse notes to keep that are outside a representation's range.

    Parameters
    ----------
    kept : RollNotes
    pitches : range
        What can be written down.
    transposition : int
        By how much music sounds lower than it is written.

    Raises
    ------
    ConstraintError
        Naming the first such note.
    """
    written = kept.pitches + transposition
    outside = (written < pitches.start) | (written >= pitches.stop)
    if outside.any():
        raise ConstraintError(
            f"the kept note {kept.pitches[outside][0]} is outside this music's range, "
            f"{pitches.start - transposition} to {pitches.stop - 1 - transposition}: move it by "
            "octaves"
        )


def check_kept_onsets(
    kept: RollNotes, past: RollNotes, first_step: int, transposition: int, *, releases: bool
) -> None:
    """Refuse notes to keep that should have begun before the new events, and did not.

    Parameters
    ----------
    kept : RollNotes
    past : RollNotes
        What comes before the new events, as written.
    first_step : int
        Where the new events begin.
    transposition : int
        By how much the past sounds lower than it is written.
    releases : bool
        Whether what sounds at the end of the past ends there.

    Raises
    ------
    ConstraintError
        Naming the first such note.
    """
    sounding = past.ends_steps == (first_step if not releases else -1)
    pitches = past.pitches[sounding] - transposition
    going_on = set(zip(past.onsets_steps[sounding].tolist(), pitches.tolist(), strict=True))
    for onset, end, pitch in zip(*(column.tolist() for column in kept), strict=True):
        if onset < first_step < end and (onset, pitch) not in going_on:
            raise ConstraintError(
                f"the kept note {pitch} begins at step {onset}, before the new events at step "
                f"{first_step}, and does not sound there: let the primer play it, or do not "
                "keep it"
            )
