"""Phrases: short pieces of music in quarter notes, which any tempo can play."""

from dataclasses import dataclass, field
from typing import Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.errors import LiveError
from solferino.notes.columns import table_of_columns
from solferino.notes.sequence import METER_DTYPE, TEMPO_DTYPE, Instrument, NoteSequence, Text

PHRASE_DTYPE = np.dtype(
    [
        ("onset_quarters", np.float64),
        ("duration_quarters", np.float64),
        ("pitch", np.uint8),
        ("velocity", np.uint8),
    ]
)
SAME_MOMENT_QUARTERS = 1e-6


@final
@dataclass(frozen=True, eq=False)
class Phrase:
    """Music of some length, for one instrument.

    Parameters
    ----------
    length_quarters : float >= 0
        Length, in quarter notes; notes begin before it ends, and may sound on.
    notes : structured array of PHRASE_DTYPE, shape (n_notes,)
        Onset from the start of the phrase and duration, in quarter notes, MIDI pitch and
        velocity, in order of onset; not writeable.
    is_drum : bool
        Whether the pitches are drums.

    Raises
    ------
    LiveError
        If a note begins outside it or has no length.
    """

    length_quarters: float
    notes: NDArray[np.void] = field(default_factory=lambda: np.empty(0, PHRASE_DTYPE))
    is_drum: bool = False

    def __post_init__(self) -> None:
        """Put the notes in order, check them, and keep a copy that cannot be written."""
        notes = np.array(self.notes, PHRASE_DTYPE)
        notes = notes[np.argsort(notes["onset_quarters"], kind="stable")]
        onsets, durations = notes["onset_quarters"], notes["duration_quarters"]
        if len(notes) and not (onsets[0] >= 0 and onsets[-1] < self.length_quarters):
            raise LiveError(
                f"a note begins at {onsets[-1 if onsets[0] >= 0 else 0]:g} quarter notes, outside "
                f"a phrase of {self.length_quarters:g}: cut the notes to the phrase first"
            )
        if not (durations > 0).all():
            raise LiveError("a note of a phrase lasts no time: give it a duration above 0")
        notes.flags.writeable = False
        object.__setattr__(self, "notes", notes)

    @classmethod
    def from_columns(
        cls,
        length_quarters: float,
        *,
        pitch: ArrayLike,
        onset_quarters: ArrayLike,
        duration_quarters: ArrayLike,
        velocity: ArrayLike = 80,
        is_drum: bool = False,
    ) -> Self:
        """Build a phrase from columns; scalars are broadcast."""
        columns = (onset_quarters, duration_quarters, pitch, velocity)
        return cls(length_quarters, table_of_columns(columns, PHRASE_DTYPE), is_drum)

    @classmethod
    def from_notes(cls, notes: NoteSequence, start_s: float, end_s: float, qpm: float) -> Self:
        """Cut a phrase out of a piece.

        Parameters
        ----------
        notes : NoteSequence
        start_s, end_s : float
            From where to where, in seconds; only notes that begin there are taken.
        qpm : float > 0
            Tempo of the piece, constant there, in quarter notes a minute.
        """
        per_second = qpm / 60
        table = notes.notes
        slack_s = SAME_MOMENT_QUARTERS / per_second
        inside = (table["onset_s"] >= start_s - slack_s) & (table["onset_s"] < end_s - slack_s)
        rows = table[inside]
        onsets = np.maximum((rows["onset_s"] - start_s) * per_second, 0)
        return cls.from_columns(
            (end_s - start_s) * per_second,
            pitch=rows["pitch"],
            onset_quarters=onsets,
            duration_quarters=(rows["release_s"] - rows["onset_s"]) * per_second,
            velocity=rows["velocity"],
            is_drum=bool(len(rows)) and bool(notes.is_drum[inside].all()),
        )

    def to_notes(
        self, qpm: float, meter: tuple[int, int] = (4, 4), chords: tuple[Text, ...] = ()
    ) -> NoteSequence:
        """Return the phrase as a piece at a tempo; notes end with it at the latest.

        Parameters
        ----------
        qpm : float > 0
            In quarter notes a minute.
        meter : tuple of two ints
            Numerator and denominator.
        chords : tuple of Text
            Chord symbols to write over it.
        """
        seconds = 60 / qpm
        onset = self.notes["onset_quarters"]
        release = np.minimum(onset + self.notes["duration_quarters"], self.length_quarters)
        return NoteSequence.from_columns(
            self.notes["pitch"],
            onset * seconds,
            release * seconds,
            self.notes["velocity"],
            instruments=(Instrument(is_drum=self.is_drum),),
            tempos=np.array([(0.0, qpm)], TEMPO_DTYPE),
            meters=np.array([(0.0, *meter)], METER_DTYPE),
            texts=chords,
            total_time_s=self.length_quarters * seconds,
        )

    def __len__(self) -> int:
        """Return the number of notes."""
        return len(self.notes)
