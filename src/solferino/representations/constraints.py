"""Exact musical constraints, honoured by masks at every step of every model."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError
from solferino.notes.sequence import NoteSequence


@final
@dataclass(frozen=True)
class Constraints:
    """What every new note has to obey.

    Parameters
    ----------
    pitch_classes : frozenset of int in [0, 11], or None
        Pitch classes that may sound, 0 is C; None allows all, an empty set only silence.
        See `solferino.notes.harmony.scale_pitch_classes`.
    min_pitch, max_pitch : int in [0, 127]
        Lowest and highest MIDI pitch that may sound, both included.
    keep : NoteSequence or None
        Notes that must come out exactly as they stand: onset, length and pitch, on the grid.
        They need not obey the other constraints. Of drums only the onset and the class are
        kept, and other drums may sound with them.
    drums : frozenset of int in [0, 127], or None
        MIDI pitches of the drums that may sound, each of which stands for its whole class;
        None allows all, an empty set only silence. Only for models of drums, which in turn
        take no `pitch_classes`, `min_pitch` and `max_pitch`.

    Raises
    ------
    ConstraintError
        If a number is out of its range, or the lowest pitch is above the highest.
    """

    pitch_classes: frozenset[int] | None = None
    min_pitch: int = 0
    max_pitch: int = 127
    keep: NoteSequence | None = None
    drums: frozenset[int] | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        for pitch_class in self.pitch_classes or ():
            if not 0 <= pitch_class <= 11:
                raise ConstraintError(
                    f"pitch class {pitch_class}: they run from 0 (C) to 11 (B); take it modulo 12"
                )
        for drum in self.drums or ():
            if not 0 <= drum <= 127:
                raise ConstraintError(
                    f"drum {drum}: drums are MIDI pitches, which lie in 0..127; 36 is a kick"
                )
        if not 0 <= self.min_pitch <= self.max_pitch <= 127:
            raise ConstraintError(
                f"pitches from {self.min_pitch} to {self.max_pitch}: the lowest must not be above "
                "the highest, and both lie in 0..127"
            )


def allowed_pitches(constraints: Constraints, pitches: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pitches may sound.

    Parameters
    ----------
    constraints : Constraints
        `keep` plays no part here.
    pitches : ndarray of int, shape (n_pitches,)
        The pitches that a representation can write down, as they sound.

    Returns
    -------
    ndarray of bool, shape (n_pitches,)

    Raises
    ------
    ConstraintError
        If `drums` are named; or if no pitch may sound, unless `pitch_classes` is an empty set,
        which asks for silence.
    """
    if constraints.drums is not None:
        raise ConstraintError(
            "this model plays no drums: leave out which drums may sound, or take a bundle that "
            "makes drums, such as drum_kit"
        )
    allowed = (pitches >= constraints.min_pitch) & (pitches <= constraints.max_pitch)
    if constraints.pitch_classes is not None:
        allowed &= np.isin(pitches % 12, sorted(constraints.pitch_classes))
        if not constraints.pitch_classes:
            return allowed
    if not allowed.any():
        classes = constraints.pitch_classes
        which = "" if classes is None else f" of the pitch classes {sorted(classes)}"
        raise ConstraintError(
            f"no pitch{which} from {constraints.min_pitch} to {constraints.max_pitch} is in the "
            f"representation's range, {pitches.min()} to {pitches.max()}: allow more pitches"
        )
    return allowed
