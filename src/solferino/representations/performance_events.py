"""Performances as events: a pitch begins or ends, time goes on, or the touch changes."""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.sequence import DEFAULT_VELOCITY
from solferino.representations.representation import Ids

NUM_PITCHES = 128
FIRST_NOTE_ON = 0
FIRST_NOTE_OFF = NUM_PITCHES
FIRST_SHIFT = 2 * NUM_PITCHES
SOUNDS_ON = 2**40
"""End of a note that no event ends."""

Steps = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Vocabulary:
    """What the events of a performance mean.

    0 to 127 begin a pitch, 128 to 255 end it, the next `max_shift_steps` let 1, 2, ... steps
    pass, and the last `num_velocity_bins` say how hard the following notes are struck.

    Parameters
    ----------
    num_velocity_bins : int in [0, 127]
        0 leaves touch out.
    max_shift_steps : int > 0
        The longest time that one event lets pass.

    References
    ----------
    Oore et al., "This time with feeling: learning expressive musical performance", 2018; the
    order of ids is Magenta's, ``note_seq/performance_encoder_decoder.py``.
    """

    num_velocity_bins: int
    max_shift_steps: int

    @property
    def longest_shift(self) -> int:
        """Event that lets most time pass."""
        return FIRST_SHIFT + self.max_shift_steps - 1

    @property
    def first_velocity(self) -> int:
        """Event of the softest velocities."""
        return FIRST_SHIFT + self.max_shift_steps

    @property
    def size(self) -> int:
        """Number of events."""
        return self.first_velocity + self.num_velocity_bins

    @property
    def bin_width(self) -> int:
        """How many of the 127 velocities count as one; at least one bin."""
        return -(-127 // max(self.num_velocity_bins, 1))

    def shifts_steps(self, ids: Ids) -> Steps:
        """How many steps each event lets pass, of any shape: 0 for all but time shifts."""
        wide = np.asarray(ids, np.int64)
        is_shift = (wide >= FIRST_SHIFT) & (wide < self.first_velocity)
        return np.where(is_shift, wide - (FIRST_SHIFT - 1), 0)

    def bins(self, velocities: NDArray[np.uint8]) -> Steps:
        """Bins of MIDI velocities, counted from 1; 0 counts as 1."""
        return (np.maximum(velocities.astype(np.int64), 1) - 1) // self.bin_width + 1

    def velocities(self, bins: Steps) -> Steps:
        """Velocities in the middle of bins; 80 where the bin is 0, which is none.

        Magenta takes the softest of each bin instead, which makes a performance softer each
        time it is read and written.
        """
        if not self.num_velocity_bins:
            return np.full(len(bins), DEFAULT_VELOCITY, np.int64)
        middle = np.minimum((bins - 1) * self.bin_width + 1 + self.bin_width // 2, 127)
        return np.where(bins > 0, middle, DEFAULT_VELOCITY)


@final
class PlayedNotes(NamedTuple):
    """Notes on the grid, in order of onset and then pitch; no pitch sounds twice at once.

    Parameters
    ----------
    onsets_steps, ends_steps : ndarray of int64, shape (n_notes,)
        An end is after its onset, or `SOUNDS_ON`.
    pitches : ndarray of int64, shape (n_notes,)
        In MIDI numbers.
    bins : ndarray of int64, shape (n_notes,)
        Bins of velocity, counted from 1; 0 where it is not known.
    """

    onsets_steps: Steps
    ends_steps: Steps
    pitches: Steps
    bins: Steps


def one_at_a_time(notes: PlayedNotes) -> PlayedNotes:
    """Let each pitch sound once at a time, and put notes in order.

    Parameters
    ----------
    notes : PlayedNotes
        In any order, pitches sounding over each other.

    Returns
    -------
    PlayedNotes
        A note ends where its pitch is struck again. Of those that begin together the longest
        is left, as hard as the hardest.
    """
    if not len(notes.pitches):
        return notes
    order = np.argsort(notes.pitches * SOUNDS_ON + notes.onsets_steps, kind="stable")
    onsets, ends, pitches, bins = (column[order] for column in notes)
    is_new = np.append(True, (np.diff(pitches) != 0) | (np.diff(onsets) != 0))
    starts = np.flatnonzero(is_new)
    onsets, pitches = onsets[starts], pitches[starts]
    ends, bins = np.maximum.reduceat(ends, starts), np.maximum.reduceat(bins, starts)
    is_followed = pitches[1:] == pitches[:-1]
    ends[:-1][is_followed] = np.minimum(ends[:-1], onsets[1:])[is_followed]
    order = np.argsort(onsets * NUM_PITCHES + pitches)
    return PlayedNotes(onsets[order], ends[order], pitches[order], bins[order])


def write_events(
    vocabulary: Vocabulary, notes: PlayedNotes, start_step: int, end_step: int | None = None
) -> Ids:
    """Write notes as events.

    At each moment notes end before others begin, both from the lowest pitch up. A velocity
    stands right before the note that it is new for. Time passes in as few events as possible,
    of which only the last is not the longest.

    Parameters
    ----------
    vocabulary : Vocabulary
    notes : PlayedNotes
        None begins before `start_step`, or at `end_step` or later.
    start_step : int
        Time of the first event.
    end_step : int, optional
        The events end at this time; notes that end later are left sounding. Without it they
        end with the last note's end.

    Returns
    -------
    ndarray of int16, shape (n_events,)
    """
    # within a step the rank of an end is its pitch, that of a beginning 128 more
    ranks = np.concatenate([notes.pitches, notes.pitches + NUM_PITCHES])
    steps = np.concatenate([notes.ends_steps, notes.onsets_steps])
    bins = np.concatenate([notes.bins, notes.bins])
    if end_step is not None:
        is_inside = steps <= end_step
        ranks, steps, bins = ranks[is_inside], steps[is_inside], bins[is_inside]
    order = np.argsort(steps * FIRST_SHIFT + ranks)
    ranks, steps, bins = ranks[order], steps[order], bins[order]
    is_on = ranks >= NUM_PITCHES
    is_changed = np.zeros(len(ranks), np.int64)
    if vocabulary.num_velocity_bins:
        is_changed[is_on] = np.diff(bins[is_on], prepend=0) != 0
    if end_step is not None:
        steps = np.append(steps, end_step)
    gaps = np.diff(steps, prepend=start_step)
    num_shifts = -(-gaps // vocabulary.max_shift_steps)
    sizes = num_shifts.copy()
    sizes[: len(ranks)] += is_changed + 1
    after = np.cumsum(sizes)
    ids = np.full(after[-1] if len(after) else 0, vocabulary.longest_shift, np.int16)
    places = after[: len(ranks)] - 1
    ids[places] = np.where(is_on, ranks - NUM_PITCHES, ranks + NUM_PITCHES)
    (changes,) = np.nonzero(is_changed)
    ids[places[changes] - 1] = vocabulary.first_velocity - 1 + bins[changes]
    (gap,) = np.nonzero(num_shifts)
    rest_steps = gaps[gap] - (num_shifts[gap] - 1) * vocabulary.max_shift_steps
    ids[after[gap] - sizes[gap] + num_shifts[gap] - 1] = FIRST_SHIFT - 1 + rest_steps
    return ids


def read_events(vocabulary: Vocabulary, ids: Ids) -> PlayedNotes:
    """Read events as notes; steps count from the first event.

    Parameters
    ----------
    vocabulary : Vocabulary
    ids : ndarray of int16, shape (n_events,)
        Any events: the end of a pitch that does not sound says nothing, and a pitch that is
        struck while it sounds ends first.

    Returns
    -------
    PlayedNotes
        Notes that nothing ends, sound on; those without length are left out.
    """
    wide = np.asarray(ids, np.int64)
    now_steps = np.cumsum(vocabulary.shifts_steps(ids))
    places = np.arange(len(ids))
    last_velocity = np.maximum.accumulate(np.where(wide >= vocabulary.first_velocity, places, -1))
    bins = np.where(last_velocity >= 0, wide[last_velocity] - vocabulary.first_velocity + 1, 0)
    (of_note,) = np.nonzero(wide < FIRST_SHIFT)
    of_note = of_note[np.argsort(wide[of_note] % NUM_PITCHES, kind="stable")]
    pitches, steps = wide[of_note] % NUM_PITCHES, now_steps[of_note]
    ends = np.full(len(of_note), SOUNDS_ON)
    is_followed = pitches[1:] == pitches[:-1]
    ends[:-1][is_followed] = steps[1:][is_followed]
    is_note = (wide[of_note] < FIRST_NOTE_OFF) & (ends > steps)
    columns = (steps, ends, pitches, bins[of_note])
    onsets, ends, pitches, bins = (column[is_note] for column in columns)
    order = np.argsort(onsets * NUM_PITCHES + pitches)
    return PlayedNotes(onsets[order], ends[order], pitches[order], bins[order])
