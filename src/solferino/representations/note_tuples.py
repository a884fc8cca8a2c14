"""Performances note by note: when, which pitch, how hard and how long."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from solferino.errors import GenerationError, RecipeError
from solferino.notes.quantization import SecondsGrid
from solferino.notes.sequence import NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.note_tuple_events import (
    LONGEST_STEPS,
    PITCH,
    Steps,
    firsts,
    parts_of,
    read_tuples,
    shifts_steps,
    write_tuples,
)
from solferino.representations.note_tuple_extraction import find_parts, tuple_rules
from solferino.representations.note_tuple_guide import NoteTupleGuide
from solferino.representations.note_tuple_keep import note_tuple_guide
from solferino.representations.note_tuple_tracker import NoteTupleTracker, input_size
from solferino.representations.options import check_whole_number
from solferino.representations.performance_augmentation import Variation, varied_notes
from solferino.representations.performance_events import NUM_PITCHES, PlayedNotes, Vocabulary
from solferino.representations.performance_extraction import bar_steps, played_notes
from solferino.representations.representation import EventSequence, Extraction, Ids
from solferino.representations.step_events import check_no_conditions


@final
@dataclass(frozen=True)
class NoteTuples:
    """Piano playing, each note told at once: no event ends it, so none can be forgotten.

    A note is six events: two for the time since the note before began, its pitch, its
    velocity, and two for how long it lasts; see `firsts`. Every sequence begins with the last
    event of a note that is not there.

    The first shift of new events counts from the last note before them. A sequence whose
    first shift counts from before its start says so in its context, one row of one number:
    how many steps before.

    Parameters
    ----------
    num_velocity_bins : int in [1, 127]
        How many degrees of touch there are.
    steps_per_second : int > 0
        Resolution of the grid; 100 is a grid of 10 ms. A note lasts 1000 steps at most.

    Raises
    ------
    RecipeError
        If an option is out of its range.

    References
    ----------
    Magenta's ``performance_with_dynamics_and_note_encoding``, which predicts the six parts of
    a note independently of each other; here each is predicted after the parts before it.
    """

    num_velocity_bins: int = 32
    steps_per_second: int = 100

    def __post_init__(self) -> None:
        """Check the options."""
        check_whole_number("num_velocity_bins", self.num_velocity_bins, 1, 127)
        check_whole_number("steps_per_second", self.steps_per_second, 1, 10_000)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "note_tuples"

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""
        return asdict(self)

    @property
    def grid(self) -> SecondsGrid:
        """What a step is: a part of a second."""
        return SecondsGrid(self.steps_per_second)

    @cached_property
    def first(self) -> Steps:
        """First event of each part of a note; see `firsts`."""
        return firsts(self.num_velocity_bins)

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary."""
        return int(self.first[-1])

    @property
    def default_event(self) -> int:
        """The shortest shifts: a note begins with the one before, or soon after."""
        return 0

    @property
    def input_size(self) -> int:
        """Width of the model's input; see `NoteTupleTracker`."""
        return input_size(self.first)

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes: the events."""
        return self.num_events

    @property
    def context_size(self) -> int:
        """Examples carry no context: their first shift counts from their start."""
        return 0

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: their shifts together."""
        return int(shifts_steps(ids).sum())

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the performance in a piece, by the rules of `PerformanceRules`.

        Parameters
        ----------
        notes : NoteSequence
            Its sustain pedal lengthens notes.
        rules : Mapping
            Options of `PerformanceRules`; see `tuple_rules` for the defaults.

        Returns
        -------
        Extraction
            Each example begins when its first note does. See `find_parts` for how long
            performances are divided, and the names of the drops.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        wanted = tuple_rules(rules)
        parts, drops = find_parts(notes, self._touch, self.steps_per_second, wanted)
        steps_per_bar = bar_steps(notes, self.steps_per_second) if parts else 0
        sequences = []
        for part in parts:
            start_step = int(part.onsets_steps[0])
            sequences.append(
                EventSequence(self._write(part, start_step), start_step, steps_per_bar)
            )
        return Extraction(tuple(sequences), tuple(drops))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Transpose and stretch an example by chance.

        The amounts are options of `Variation`; those left out do not vary.

        Raises
        ------
        RecipeError
            If an amount is unknown or out of range.
        """
        variation = Variation.from_mapping(amounts)
        if variation.disable_conditioning:
            raise RecipeError(
                f"disable_conditioning={variation.disable_conditioning}: this model is told "
                "nothing that could be left out; leave it out of the augmentation"
            )
        notes = read_tuples(events.ids, self.first)
        found, semitones, _ = varied_notes(notes, 0, variation, rng)
        if not len(found.pitches):
            return events
        ids, transposition = self._write(found, 0), events.transposition + semitones
        return replace(events, ids=ids, transposition=transposition)

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, from its first note to `end_step`.

        Drums are left out, all other instruments become one, and notes last as long as the
        sustain pedal holds them, but not beyond `end_step` or 1000 steps.

        Parameters
        ----------
        notes : NoteSequence
            The primer; it may be empty.
        end_step : int >= 0
            Where the events end: they are extended with silence, or cut.

        Returns
        -------
        EventSequence
            Its context says how long before `end_step` the last note begins, and it starts so
            much later than the first note. The length of a bar is that of the last meter and
            tempo.

        Raises
        ------
        GenerationError
            If `end_step` is negative.
        """
        if end_step < 0:
            raise GenerationError(f"end_step={end_step}: a primer cannot end before step 0")
        played = played_notes(notes, self._touch, self.steps_per_second)
        is_before = played.onsets_steps < end_step
        onsets, ends, pitches, bins = (column[is_before] for column in played)
        cut = PlayedNotes(onsets, np.minimum(ends, end_step), pitches, bins)
        first_step, last_step = (int(onsets[0]), int(onsets[-1])) if len(onsets) else (0, 0)
        since_steps = end_step - last_step
        return EventSequence(
            self._write(cut, first_step),
            first_step + since_steps,
            bar_steps(notes, self.steps_per_second),
            context=np.array([[since_steps]], np.float32),
        )

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note begins in the events."""
        parts, _ = parts_of(events.ids, self.first)
        return not (parts == PITCH).any()

    def default_primer(self) -> EventSequence:
        """Nothing but the beginning."""
        return self.opening(0, 2 * self.steps_per_second)

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Let the music begin where a section does."""
        return EventSequence(np.array([self.num_events - 1], np.int16), start_step, steps_per_bar)

    def with_context(
        self, past: EventSequence, notes: NoteSequence, conditions: Conditions, end_step: int
    ) -> EventSequence:
        """Return the past as it is; see `Representation.with_context`."""
        del notes, end_step
        check_no_conditions(conditions, self.name)
        return past

    def decode(self, events: EventSequence, qpm: float) -> NoteSequence:
        """Write the events as notes, at the pitch they had before they were transposed.

        Parameters
        ----------
        events : EventSequence
        qpm : float > 0
            Tempo to write down, in quarter notes a minute; it moves no note.

        Returns
        -------
        NoteSequence
            One piano. Notes last as long as their events say, beyond the last of them, too;
            one that is not complete is left out. Velocities are those in the middle of their
            bins. A pitch that leaves 0..127 when the transposition is taken off is left out.

        Raises
        ------
        GenerationError
            If `qpm` is not above 0, or a note begins before the piece does.
        """
        if not qpm > 0:
            raise GenerationError(f"qpm={qpm}: a tempo must be above 0 quarter notes a minute")
        played = read_tuples(events.ids, self.first)
        pitches = played.pitches - events.transposition
        fits = (pitches >= 0) & (pitches < NUM_PITCHES)
        from_step = events.start_step - _since_steps(events)
        onsets, ends = played.onsets_steps[fits] + from_step, played.ends_steps[fits] + from_step
        if onsets.min(initial=0) < 0:
            raise GenerationError(
                f"a note begins at step {onsets.min()}, before the piece does: give the events "
                "a later start_step"
            )
        end_step = max(events.start_step + self.num_steps(events.ids), int(ends.max(initial=0)))
        return NoteSequence.from_columns(
            pitch=pitches[fits],
            onset_s=onsets / self.steps_per_second,
            release_s=ends / self.steps_per_second,
            velocity=self._touch.velocities(played.bins[fits]),
            tempos=[(0.0, qpm)],
            total_time_s=end_step / self.steps_per_second,
        )

    def tracker(self, sequences: Sequence[EventSequence]) -> NoteTupleTracker:
        """Start walking along performances."""
        return NoteTupleTracker(self.first, len(sequences))

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> NoteTupleGuide:
        """Start choosing events after given ones; see `NoteTupleGuide`.

        Parameters
        ----------
        constraints : Constraints
            Kept notes come out with their velocity, too, as far as events tell it.
        after : EventSequence
            What comes before the first new event.
        end_step : int
            Where the new events end; the last shift may go beyond.
        releases : bool
            Whether notes that sound at the end of `after` end there.

        Raises
        ------
        ConstraintError
            If no pitch is left, or the kept notes cannot be played.
        """
        return note_tuple_guide(
            self.first,
            self._touch,
            constraints,
            after,
            since_steps=_since_steps(after),
            end_step=end_step,
            steps_per_second=self.steps_per_second,
            releases=releases,
        )

    @cached_property
    def _touch(self) -> Vocabulary:
        """Which velocities count as one; its events play no part."""
        return Vocabulary(self.num_velocity_bins, LONGEST_STEPS)

    def _write(self, notes: PlayedNotes, start_step: int) -> Ids:
        """Events of notes after that of the beginning."""
        ids = write_tuples(notes, self.first, start_step)
        return np.append(np.int16(self.num_events - 1), ids)


def _since_steps(events: EventSequence) -> int:
    """How long before the start of events their first shift begins."""
    return int(events.context[0, 0]) if len(events.context) else 0
