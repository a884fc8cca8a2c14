"""Exact musical constraints, honoured by masks at every step of every model."""

from dataclasses import dataclass
from typing import final

from solferino.notes.sequence import NoteSequence


@final
@dataclass(frozen=True)
class Constraints:
    """What every new note has to obey.

    Parameters
    ----------
    pitch_classes : frozenset of int in [0, 11], or None
        Pitch classes that may sound, 0 is C; None allows all. See `scale_pitch_classes`.
    min_pitch, max_pitch : int in [0, 127]
        Lowest and highest MIDI pitch that may sound, both included.
    keep : NoteSequence or None
        Notes that must come out exactly as they stand: onset, length and pitch, on the grid.
    """

    pitch_classes: frozenset[int] | None = None
    min_pitch: int = 0
    max_pitch: int = 127
    keep: NoteSequence | None = None
