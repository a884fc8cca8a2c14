"""PianoRoll: notes as a picture, frames of time by pitches, and back."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.errors import QuantizationError
from solferino.notes.columns import have_equal_fields
from solferino.notes.quantization import MetricGrid, QuantizedSequence
from solferino.notes.sequence import DEFAULT_QPM, DEFAULT_VELOCITY, Instrument, NoteSequence

ROUNDING_NOISE_FRAMES = 1e-6
"""Times this near to the edge of a frame lie on it."""

PIANO = Instrument()

Numbers = NDArray[np.int64]


@final
@dataclass(frozen=True, eq=False, repr=False)
class PianoRoll:
    """Which pitches sound in each frame of time, where they are struck and how hard.

    A note begins at each onset and lasts until the next onset of its pitch or the next
    silence, so a pitch struck again while it sounds is two notes. Make one with
    `from_notes`, `from_steps` or `from_frames`; its arrays cannot be written.

    Parameters
    ----------
    frames : ndarray of bool, shape (n_frames, n_pitches)
        Whether each pitch sounds in each frame.
    onsets : ndarray of bool, shape (n_frames, n_pitches)
        Where notes are struck: only where `frames` sound, and wherever sound follows
        silence.
    velocities : ndarray of uint8 in [0, 127], shape (n_frames, n_pitches)
        How hard the note was struck that sounds; 0 in silence. Read at the onsets.
    frames_per_second : float > 0
        Frames of a second.
    min_pitch : int in [0, 127]
        Pitch of the first column.

    Raises
    ------
    ValueError
        If the shapes differ, a pitch or velocity is outside of 0..127, the onsets do not fit
        the frames, or `frames_per_second` is not above 0.
    """

    frames: NDArray[np.bool_]
    onsets: NDArray[np.bool_]
    velocities: NDArray[np.uint8]
    frames_per_second: float
    min_pitch: int = 0

    def __post_init__(self) -> None:
        """Keep copies of the arrays that cannot be written, and check every rule."""
        for name, dtype in (("frames", np.bool_), ("onsets", np.bool_), ("velocities", np.uint8)):
            array = np.asarray(getattr(self, name), dtype)
            if array.flags.writeable or not array.flags.owndata:
                array = array.copy()
                array.flags.writeable = False
            object.__setattr__(self, name, array)
        _check(self)

    @classmethod
    def from_notes(
        cls,
        notes: NoteSequence,
        frames_per_second: float,
        min_pitch: int = 0,
        max_pitch: int = 127,
        instruments: Iterable[int] | None = None,
    ) -> Self:
        """Draw a piece.

        Parameters
        ----------
        notes : NoteSequence
        frames_per_second : float > 0
            Frames of a second; 31.25 and 100 are usual.
        min_pitch, max_pitch : int in [0, 127]
            Notes outside are left out.
        instruments : iterable of int, or None
            Which voices of the piece; if None, all but drums.

        Returns
        -------
        PianoRoll
            A note sounds in every frame that it touches, and in one at least. Where two
            notes of a pitch overlap, the pitch sounds until both are released and belongs
            to the one struck last. Of two struck in the same frame the later row counts.

        Raises
        ------
        ValueError
            If `frames_per_second` is not above 0 or the pitches are not in 0..127.
        """
        if not 0 < frames_per_second < math.inf:
            raise ValueError(f"frames_per_second must be above 0, got {frames_per_second:g}")
        chosen = _chosen(notes, min_pitch, max_pitch, instruments)
        table = notes.notes[chosen]
        starts = np.floor(table["onset_s"] * frames_per_second + ROUNDING_NOISE_FRAMES)
        stops = np.ceil(table["release_s"] * frames_per_second - ROUNDING_NOISE_FRAMES)
        n_frames = math.ceil(notes.total_time_s * frames_per_second - ROUNDING_NOISE_FRAMES)
        stops = np.maximum(stops, starts + 1).astype(np.int64)
        columns = table["pitch"].astype(np.int64) - min_pitch
        shape = (max(n_frames, int(stops.max(initial=0))), max_pitch - min_pitch + 1)
        spans = _sounding_spans(starts.astype(np.int64), stops, columns, table["velocity"])
        arrays = _drawn(*spans, shape)
        return cls(*arrays, float(frames_per_second), min_pitch)

    @classmethod
    def from_steps(
        cls,
        quantized: QuantizedSequence,
        min_pitch: int = 0,
        max_pitch: int = 127,
        instruments: Iterable[int] | None = None,
    ) -> Self:
        """Draw a piece that is on a grid, one frame a step.

        Parameters
        ----------
        quantized : QuantizedSequence
            On a metric grid it must be in one tempo.
        min_pitch, max_pitch, instruments
            As for `from_notes`.

        Returns
        -------
        PianoRoll
            With the rules of `from_notes` for overlaps.

        Raises
        ------
        QuantizationError
            If the tempo changes, so that steps are not equally long.
        ValueError
            If the pitches are not in 0..127.
        """
        if isinstance(quantized.grid, MetricGrid):
            if len(quantized.tempos) > 1:
                raise QuantizationError(
                    f"frames are equally long, but steps in {len(quantized.tempos)} tempi are not; "
                    "split_at_changes first, or quantize_absolute"
                )
            qpm = float(quantized.tempos["qpm"][0]) if len(quantized.tempos) else DEFAULT_QPM
            frames_per_second = quantized.grid.steps_per_quarter * qpm / 60.0
        else:
            frames_per_second = float(quantized.grid.steps_per_second)
        chosen = _chosen(quantized, min_pitch, max_pitch, instruments)
        table = quantized.notes[chosen]
        starts, stops, columns = (
            table[name].astype(np.int64) for name in ("start_step", "end_step", "pitch")
        )
        shape = (quantized.total_steps, max_pitch - min_pitch + 1)
        spans = _sounding_spans(starts, stops, columns - min_pitch, table["velocity"])
        arrays = _drawn(*spans, shape)
        return cls(*arrays, frames_per_second, min_pitch)

    @classmethod
    def from_frames(
        cls,
        frames: ArrayLike,
        frames_per_second: float,
        onsets: ArrayLike = False,
        velocities: ArrayLike = DEFAULT_VELOCITY,
        min_pitch: int = 0,
    ) -> Self:
        """Complete a picture, for instance one that a model drew.

        Parameters
        ----------
        frames : array_like of bool, shape (n_frames, n_pitches)
            Where pitches sound.
        frames_per_second : float > 0
            Frames of a second.
        onsets : array_like of bool, broadcast to the shape of `frames`
            Where they are struck. An onset sounds even where `frames` say nothing, and
            sound after silence is an onset even where `onsets` say nothing.
        velocities : array_like of int in [0, 127], broadcast to the shape of `frames`
            Read at the onsets and kept for the whole note.
        min_pitch : int in [0, 127]
            Pitch of the first column.

        Returns
        -------
        PianoRoll

        Raises
        ------
        ValueError
            As by the constructor.
        """
        sounds = np.array(frames, np.bool_)
        if sounds.ndim != 2:
            raise ValueError(f"frames must have shape (n_frames, n_pitches), got {sounds.shape}")
        struck = np.broadcast_to(np.asarray(onsets, np.bool_), sounds.shape)
        sounds |= struck
        struck = struck | _begins(sounds)
        starts, stops, columns = _spans(sounds, struck)
        loudness = np.broadcast_to(np.asarray(velocities), sounds.shape)[starts, columns]
        if len(loudness) and not 0 <= loudness.min() <= loudness.max() <= 127:
            raise ValueError(
                f"velocities must be in 0..127, got {loudness.min()} to {loudness.max()}"
            )
        arrays = _drawn(starts, stops, columns, loudness.astype(np.uint8), sounds.shape)
        return cls(*arrays, float(frames_per_second), min_pitch)

    def to_notes(self, instrument: Instrument = PIANO, qpm: float = DEFAULT_QPM) -> NoteSequence:
        """Read the notes in the picture.

        Parameters
        ----------
        instrument : Instrument
            The voice that plays them.
        qpm : float > 0
            Tempo to state; it moves no note.

        Returns
        -------
        NoteSequence
            As long as the picture. Drawn again at the same rate it gives the same picture.
        """
        starts, stops, columns = _spans(self.frames, self.onsets)
        return NoteSequence.from_columns(
            columns + self.min_pitch,
            starts / self.frames_per_second,
            stops / self.frames_per_second,
            self.velocities[starts, columns],
            instruments=(instrument,),
            tempos=[(0.0, qpm)],
            total_time_s=len(self.frames) / self.frames_per_second,
        )

    def __eq__(self, other: object) -> bool:
        """Equal when every field is equal."""
        if not isinstance(other, PianoRoll):
            return NotImplemented
        return have_equal_fields(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type["PianoRoll"], tuple[Any, ...]]:
        """Pickle through the constructor, so that the arrays stay unwriteable."""
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)

    def __repr__(self) -> str:
        """Say how large the picture is and how many notes are in it."""
        n_frames, n_pitches = self.frames.shape
        return (
            f"<PianoRoll: {n_frames} frames of {1 / self.frames_per_second:.4g} s, pitches "
            f"{self.min_pitch}..{self.min_pitch + n_pitches - 1}, {int(self.onsets.sum())} onsets>"
        )


def _check(roll: PianoRoll) -> None:
    """Raise ValueError for the first rule that a roll breaks."""
    frames, onsets, velocities = roll.frames, roll.onsets, roll.velocities
    if frames.ndim != 2 or not frames.shape == onsets.shape == velocities.shape:
        raise ValueError(
            "frames, onsets and velocities must have the same shape (n_frames, n_pitches), got "
            f"{frames.shape}, {onsets.shape} and {velocities.shape}"
        )
    if not 0 <= roll.min_pitch <= 128 - frames.shape[1]:
        raise ValueError(
            f"{frames.shape[1]} pitches from min_pitch {roll.min_pitch} on must lie in 0..127"
        )
    if not 0 < roll.frames_per_second < math.inf:
        raise ValueError(f"frames_per_second must be above 0, got {roll.frames_per_second:g}")
    if velocities.max(initial=0) > 127:
        raise ValueError(f"velocities must be in 0..127, got {velocities.max()}")
    if (onsets & ~frames).any() or (_begins(frames) & ~onsets).any():
        raise ValueError(
            "onsets must lie where frames sound and wherever sound follows silence; "
            "from_frames completes them"
        )


def _chosen(
    piece: NoteSequence | QuantizedSequence,
    min_pitch: int,
    max_pitch: int,
    instruments: Iterable[int] | None,
) -> NDArray[np.bool_]:
    """Tell which notes of a piece are drawn."""
    if not 0 <= min_pitch <= max_pitch <= 127:
        raise ValueError(f"min_pitch and max_pitch must be in 0..127, got {min_pitch}, {max_pitch}")
    pitch, instrument = piece.notes["pitch"], piece.notes["instrument"]
    is_wanted = ~piece.is_drum if instruments is None else np.isin(instrument, list(instruments))
    return np.asarray(is_wanted & (pitch >= min_pitch) & (pitch <= max_pitch))


def _begins(frames: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell where sound follows silence."""
    begins = frames.copy()
    begins[1:] &= ~frames[:-1]
    return begins


def _spans(
    frames: NDArray[np.bool_], onsets: NDArray[np.bool_]
) -> tuple[Numbers, Numbers, Numbers]:
    """First frame, frame after the last, and column of each note, by column and time."""
    lasts = frames.copy()
    lasts[:-1] &= ~frames[1:] | onsets[1:]
    starts, columns = _cells_by_column(onsets)
    return starts, 1 + _cells_by_column(lasts)[0], columns


def _cells_by_column(cells: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Frame and column of each true cell, by column and time."""
    frames, columns = np.divmod(np.flatnonzero(cells), max(1, cells.shape[1]))
    order = np.argsort(columns, kind="stable")
    return frames[order], columns[order]


def _sounding_spans(
    starts: Numbers, stops: Numbers, columns: Numbers, velocities: NDArray[np.uint8]
) -> tuple[Numbers, Numbers, Numbers, NDArray[np.uint8]]:
    """Order notes by column and time, and let each end where its pitch is struck again."""
    order = np.lexsort((starts, columns))
    starts, stops, columns = starts[order], stops[order], columns[order]
    height = 1 + int(stops.max(initial=0))
    stops = np.maximum.accumulate(columns * height + stops) - columns * height
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = np.diff(columns * height + starts) > 0
    starts, stops, columns = starts[is_last], stops[is_last], columns[is_last]
    is_followed = columns[1:] == columns[:-1]
    stops[:-1] = np.where(is_followed, np.minimum(stops[:-1], starts[1:]), stops[:-1])
    return starts, stops, columns, velocities[order][is_last]


def _drawn(
    starts: Numbers,
    stops: Numbers,
    columns: Numbers,
    velocities: NDArray[np.uint8],
    shape: tuple[int, ...],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.uint8]]:
    """Draw frames, onsets and velocities of notes that do not overlap."""
    n_frames, n_pitches = shape
    # The top bit of a byte tells sound, the others velocity; sums of bytes wrap around.
    level = velocities + np.uint8(128)
    changes = np.zeros((n_frames + 1, n_pitches), np.uint8)
    changes[starts, columns] += level
    changes[stops, columns] -= level
    cells = np.cumsum(changes, axis=0, dtype=np.uint8)[:-1]
    onsets = np.zeros(shape, np.bool_)
    onsets[starts, columns] = True
    arrays = cells >= 128, onsets, cells & np.uint8(127)
    for array in arrays:
        array.flags.writeable = False
    return arrays
