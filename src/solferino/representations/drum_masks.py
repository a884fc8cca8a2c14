"""Which drum events the constraints leave at each step."""

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError
from solferino.notes.quantization import quantize
from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints
from solferino.representations.representation import Ids


def drum_mask(
    constraints: Constraints,
    events_of_pitches: Ids,
    steps: range,
    num_events: int,
    steps_per_quarter: int,
) -> NDArray[np.bool_]:
    """Say which events may stand at each step.

    Parameters
    ----------
    constraints : Constraints
    events_of_pitches : ndarray of int16, shape (128,)
        The bit of each MIDI pitch in an event; 0 for those that cannot be written down.
    steps : range
        The steps to fill, counted from the start of the piece.
    num_events : int
        Size of the vocabulary.
    steps_per_quarter : int
        Resolution of the grid.

    Returns
    -------
    ndarray of bool, shape (len(steps), num_events)
        Each row leaves at least one event.

    Raises
    ------
    ConstraintError
        If the constraints are not for drums, or name drums that cannot be written down.
    """
    _check_no_pitches(constraints)
    allowed_bits = _allowed_bits(constraints, events_of_pitches, num_events)
    kept_bits = np.zeros(len(steps), np.int16)
    if constraints.keep is not None:
        kept_steps, kept = _kept_hits(constraints.keep, events_of_pitches, steps, steps_per_quarter)
        np.bitwise_or.at(kept_bits, kept_steps - steps.start, kept)
    events = np.arange(num_events, dtype=np.int16)
    kept_bits = kept_bits[:, None]
    mask: NDArray[np.bool_] = (events & ~(kept_bits | allowed_bits)) == 0
    mask &= (events & kept_bits) == kept_bits
    return mask


def _check_no_pitches(constraints: Constraints) -> None:
    """Refuse constraints that drums cannot obey, because they have no pitch."""
    is_free = (constraints.min_pitch, constraints.max_pitch) == (0, 127)
    if constraints.pitch_classes is not None or not is_free:
        raise ConstraintError(
            "drums have no key and no pitch range: leave the key, scale and pitch range out, and "
            "name the drums that may sound, such as 36, 38 and 42"
        )


def _allowed_bits(constraints: Constraints, events_of_pitches: Ids, num_events: int) -> int:
    """Bits of the classes that may sound."""
    if constraints.drums is None:
        return num_events - 1
    bits = int(np.bitwise_or.reduce(events_of_pitches[sorted(constraints.drums)], initial=0))
    if constraints.drums and not bits:
        known = np.flatnonzero(events_of_pitches).tolist()
        raise ConstraintError(
            f"none of the drums {sorted(constraints.drums)} is among those that this model knows, "
            f"{known}: allow others"
        )
    return bits


def _kept_hits(
    keep: NoteSequence, events_of_pitches: Ids, steps: range, steps_per_quarter: int
) -> tuple[NDArray[np.int32], Ids]:
    """Find the steps and bits of the kept hits in a range of steps."""
    quantized = quantize(keep, steps_per_quarter)
    if not quantized.is_drum.all():
        raise ConstraintError("drums cannot keep pitched notes: leave them out of `keep`")
    notes = quantized.notes
    notes = notes[(notes["start_step"] >= steps.start) & (notes["start_step"] < steps.stop)]
    bits = events_of_pitches[notes["pitch"]]
    if not bits.all():
        unknown = notes[bits == 0][0]
        raise ConstraintError(
            f"the kept drum {unknown['pitch']} at step {unknown['start_step']} is not among those "
            f"that this model knows, {np.flatnonzero(events_of_pitches).tolist()}: leave it out of "
            "`keep`"
        )
    return notes["start_step"], bits
