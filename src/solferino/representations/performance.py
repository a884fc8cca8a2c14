"""Performances as events: what is played, when to the hundredth of a second, and how hard."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import GenerationError, RecipeError
from solferino.notes.quantization import SecondsGrid
from solferino.notes.sequence import NoteSequence
from solferino.representations.conditions import UNCONDITIONED, Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.one_hot import OneHotTracker
from solferino.representations.options import check_true_or_false, check_whole_number
from solferino.representations.performance_augmentation import Variation, varied
from solferino.representations.performance_circles import event_circles
from solferino.representations.performance_controls import Controls
from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    NUM_PITCHES,
    PlayedNotes,
    Vocabulary,
    read_events,
    write_events,
)
from solferino.representations.performance_extraction import (
    PerformanceRules,
    bar_steps,
    find_performances,
    played_notes,
)
from solferino.representations.performance_guide import PerformanceGuide
from solferino.representations.performance_keep import performance_guide
from solferino.representations.performance_tracker import ToldTracker
from solferino.representations.representation import (
    NO_CONTEXT,
    Context,
    EventSequence,
    Extraction,
    Ids,
    Tracker,
)
from solferino.representations.step_events import check_no_conditions

ENCODINGS = ("one_hot", "modulo")


@final
@dataclass(frozen=True)
class Performance:
    """Piano playing: pitches begin and end, time passes, the touch changes; see `Vocabulary`.

    Parameters
    ----------
    encoding : {"one_hot", "modulo"}
        What a model sees of an event: a one-hot vector, or points on circles, which are near
        each other for events that are alike.
    num_velocity_bins : int in [0, 127]
        How many degrees of touch there are; 0 leaves touch out.
    steps_per_second : int > 0
        Resolution of the grid; 100 is a grid of 10 ms.
    max_shift_steps : int in [1, 1000]
        The longest time that one event lets pass.
    note_density, pitch_histogram : bool
        Whether a model is told how dense the notes are, and which pitch classes sound; see
        `Controls`.
    optional_conditions : bool
        Whether a model is told them only sometimes, and hears when it is not.

    Raises
    ------
    RecipeError
        If an option is out of its range.

    References
    ----------
    Oore et al., "This time with feeling: learning expressive musical performance", 2018.
    """

    encoding: str = "one_hot"
    num_velocity_bins: int = 32
    steps_per_second: int = 100
    max_shift_steps: int = 100
    note_density: bool = False
    pitch_histogram: bool = False
    optional_conditions: bool = False

    def __post_init__(self) -> None:
        """Check the options."""
        if self.encoding not in ENCODINGS:
            raise RecipeError(f"encoding={self.encoding!r}: it is one of {', '.join(ENCODINGS)}")
        check_whole_number("num_velocity_bins", self.num_velocity_bins, 0, 127)
        check_whole_number("steps_per_second", self.steps_per_second, 1, 10_000)
        check_whole_number("max_shift_steps", self.max_shift_steps, 1, 1000)
        for name in ("note_density", "pitch_histogram", "optional_conditions"):
            check_true_or_false(name, getattr(self, name))
        if self.optional_conditions and not (self.note_density or self.pitch_histogram):
            raise RecipeError(
                "optional_conditions=true: there is nothing to leave out; set note_density or "
                "pitch_histogram to true"
            )

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "performance"

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""
        return asdict(self)

    @property
    def grid(self) -> SecondsGrid:
        """What a step is: a part of a second."""
        return SecondsGrid(self.steps_per_second)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the events mean."""
        return Vocabulary(self.num_velocity_bins, self.max_shift_steps)

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary."""
        return self.vocabulary.size

    @property
    def default_event(self) -> int:
        """The longest time shift."""
        return self.vocabulary.longest_shift

    @property
    def input_size(self) -> int:
        """Width of the model's input: what it is told, then the event."""
        told = 0 if self._controls is None else self._controls.width
        return told + int(self._input_rows.shape[1])

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes: the events."""
        return self.num_events

    @property
    def context_size(self) -> int:
        """Examples carry no context: what a model is told is worked out of their events."""
        return 0

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: their time shifts together."""
        return int(self.vocabulary.shifts_steps(ids).sum())

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the performance in a piece, by the rules of `PerformanceRules`.

        Parameters
        ----------
        notes : NoteSequence
            Its sustain pedal lengthens notes.
        rules : Mapping
            Options of `PerformanceRules`; those left out have their defaults.

        Returns
        -------
        Extraction
            See `find_performances` for how long ones are divided, and the names of the drops.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        wanted = PerformanceRules.from_mapping(rules)
        found, drops = find_performances(notes, self.vocabulary, self.steps_per_second, wanted)
        steps_per_bar = bar_steps(notes, self.steps_per_second) if found else 0
        sequences = (EventSequence(part.ids, part.start_step, steps_per_bar) for part in found)
        return Extraction(tuple(sequences), tuple(drops))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Transpose and stretch an example by chance, and tell the model nothing now and then.

        The amounts are options of `Variation`; those left out do not vary.

        Raises
        ------
        RecipeError
            If an amount is unknown or out of range, or nothing can be left out.
        """
        variation = Variation.from_mapping(amounts)
        events = varied(events, self.vocabulary, variation, rng)
        if variation.disable_conditioning == 0:
            return events
        if self._controls is None or not self.optional_conditions:
            raise RecipeError(
                f"disable_conditioning={variation.disable_conditioning}: this model is told the "
                "same always; set optional_conditions to true, or leave it out"
            )
        if rng.random() >= variation.disable_conditioning:
            return events
        untold = Conditions(disable_conditioning=(True,))
        return replace(events, context=self._controls.of_conditions(untold, 1))

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, from one longest shift before its first note to `end_step`.

        Drums are left out, all other instruments become one, and notes last as long as the
        sustain pedal holds them, but not beyond `end_step`, where they end.

        Parameters
        ----------
        notes : NoteSequence
            The primer; it may be empty.
        end_step : int >= 0
            Where the events end: they are extended with silence, or cut.

        Returns
        -------
        EventSequence
            Its start is below 0 where a note begins at once. From step 0 and without notes
            where the primer has none before `end_step`. The length of a bar is that of the
            last meter and tempo.

        Raises
        ------
        GenerationError
            If `end_step` is negative.
        """
        if end_step < 0:
            raise GenerationError(f"end_step={end_step}: a primer cannot end before step 0")
        played = played_notes(notes, self.vocabulary, self.steps_per_second)
        is_before = played.onsets_steps < end_step
        onsets, ends, pitches, bins = (column[is_before] for column in played)
        cut = PlayedNotes(onsets, np.minimum(ends, end_step), pitches, bins)
        start_step = int(onsets[0]) - self.max_shift_steps if len(onsets) else 0
        ids = write_events(self.vocabulary, cut, start_step, end_step)
        return EventSequence(ids, start_step, bar_steps(notes, self.steps_per_second))

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
            One piano. A note that sounds at the end ends there. Velocities are those in the
            middle of their bins, or 80. A pitch that leaves 0..127 when the transposition is
            taken off is left out.

        Raises
        ------
        GenerationError
            If `qpm` is not above 0, or a note begins before the piece does.
        """
        if not qpm > 0:
            raise GenerationError(f"qpm={qpm}: a tempo must be above 0 quarter notes a minute")
        played = read_events(self.vocabulary, events.ids)
        num_steps = self.num_steps(events.ids)
        pitches = played.pitches - events.transposition
        fits = (played.onsets_steps < num_steps) & (pitches >= 0) & (pitches < NUM_PITCHES)
        onsets = played.onsets_steps[fits] + events.start_step
        if onsets.min(initial=0) < 0:
            raise GenerationError(
                f"a note begins at step {onsets.min()}, before the piece does: give the events "
                "a later start_step"
            )
        ends = np.minimum(played.ends_steps[fits], num_steps) + events.start_step
        return NoteSequence.from_columns(
            pitch=pitches[fits],
            onset_s=onsets / self.steps_per_second,
            release_s=ends / self.steps_per_second,
            velocity=self.vocabulary.velocities(played.bins[fits]),
            tempos=[(0.0, qpm)],
            total_time_s=(events.start_step + num_steps) / self.steps_per_second,
        )

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note begins in the events."""
        return bool((events.ids >= FIRST_NOTE_OFF).all())

    def default_primer(self) -> EventSequence:
        """One longest shift of silence before the piece begins."""
        return self.opening(0, 2 * self.steps_per_second)

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """One longest shift of silence before a section."""
        ids = np.array([self.default_event], np.int16)
        context = NO_CONTEXT
        if self._controls is not None:
            context = self._controls.of_conditions(UNCONDITIONED, 1)
        return EventSequence(ids, start_step - self.max_shift_steps, steps_per_bar, context=context)

    def with_context(
        self, past: EventSequence, notes: NoteSequence, conditions: Conditions, end_step: int
    ) -> EventSequence:
        """Add to what leads up to a section what the model is told, up to the end of it.

        Of the past it is told what is there; of the section, what was asked for. Where the
        section begins without being told, so does the past. The notes play no part.

        Raises
        ------
        ConditionError
            If a model of this representation is not told what was asked for.
        """
        del notes
        if self._controls is None:
            check_no_conditions(conditions, self.name)
            return past
        self._controls.check(conditions)
        context = self._controls.up_to(
            self.vocabulary,
            past.ids,
            conditions,
            num_steps=end_step - past.start_step,
            steps_per_second=self.steps_per_second,
        )
        return replace(past, context=context)

    def tracker(self, sequences: Sequence[EventSequence]) -> Tracker:
        """Start walking along performances.

        Where a sequence carries no context, the model is told what its events really do.
        """
        events = OneHotTracker(self.num_events, len(sequences), self._input_rows)
        if self._controls is None:
            return events
        is_by_step = np.array([len(sequence.context) > 0 for sequence in sequences], np.bool_)
        contexts = [s.context if len(s.context) else self._told(s) for s in sequences]
        shifts_steps = self.vocabulary.shifts_steps(np.arange(self.num_events, dtype=np.int16))
        return ToldTracker(events, contexts, is_by_step, shifts_steps)

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> PerformanceGuide:
        """Start choosing events after given ones; see `PerformanceGuide`.

        Parameters
        ----------
        constraints : Constraints
            Kept notes come out with their velocity, too, as far as events tell it.
        after : EventSequence
            What comes before the first new event.
        end_step : int
            Where the new events end; the last time shift may go beyond.
        releases : bool
            Whether notes that sound at the end of `after` end there.

        Raises
        ------
        ConstraintError
            If no pitch is left, or the kept notes cannot be played.
        """
        return performance_guide(
            self.vocabulary,
            constraints,
            after,
            end_step=end_step,
            steps_per_second=self.steps_per_second,
            releases=releases,
        )

    @cached_property
    def _controls(self) -> Controls | None:
        """What a model is told, if anything."""
        if not (self.note_density or self.pitch_histogram):
            return None
        return Controls(self.note_density, self.pitch_histogram, self.optional_conditions)

    @cached_property
    def _input_rows(self) -> NDArray[np.float32]:
        """What a model sees of each event, shape (num_events, input width)."""
        if self.encoding == "modulo":
            return event_circles(self.vocabulary)
        return np.eye(self.num_events, dtype=np.float32)

    def _told(self, events: EventSequence) -> Context:
        """Say what a model is told at each event of real music."""
        if self._controls is None:
            return NO_CONTEXT
        return self._controls.of_events(self.vocabulary, events.ids, self.steps_per_second)
