"""Polyphony as events: at each step the pitches that begin or go on, then the step's end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np

from solferino.notes.quantization import MetricGrid, quantize
from solferino.notes.sequence import NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.one_hot import OneHotTracker
from solferino.representations.options import check_whole_number
from solferino.representations.passages import PassageRules, find_passages, primer_passage
from solferino.representations.polyphony_events import (
    END,
    FIRST_CONTINUED,
    FIRST_NEW,
    NUM_EVENTS,
    START,
    STEP_END,
    pitches_of,
    read_roll,
    transposed,
    write_roll,
)
from solferino.representations.polyphony_guide import PolyphonyGuide, step_rules
from solferino.representations.representation import EventSequence, Extraction, Ids
from solferino.representations.rolls import NUM_PITCHES, notes_of, pitched_notes, play, roll_of
from solferino.representations.step_events import check_no_conditions
from solferino.representations.transposition import random_transposition


@final
@dataclass(frozen=True)
class Polyphony:
    """All notes of a piece but drums, in any number of voices.

    Event 0 is the start of the piece, 1 its end and 2 the end of a step; 3 + p begins the
    MIDI pitch p, and 131 + p lets it sound on. A step's pitches come from the highest to the
    lowest, each once.

    Parameters
    ----------
    steps_per_quarter : int > 0
        Resolution of the grid; 4 is a grid of sixteenth notes.

    Raises
    ------
    RecipeError
        If an option is out of its range.

    References
    ----------
    The vocabulary is that of Magenta's Polyphony RNN.
    """

    steps_per_quarter: int = 4

    def __post_init__(self) -> None:
        """Check the options."""
        check_whole_number("steps_per_quarter", self.steps_per_quarter, 1, 960)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "polyphony"

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""
        return asdict(self)

    @property
    def grid(self) -> MetricGrid:
        """What a step is: a part of a quarter note."""
        return MetricGrid(self.steps_per_quarter)

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary: 259."""
        return NUM_EVENTS

    @property
    def default_event(self) -> int:
        """Return the end of a step."""
        return STEP_END

    @property
    def input_size(self) -> int:
        """Width of the model's input."""
        return NUM_EVENTS

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes."""
        return NUM_EVENTS

    @property
    def context_size(self) -> int:
        """Polyphony has no context."""
        return 0

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: as many as end."""
        return int((ids == STEP_END).sum())

    def tracker(self, sequences: Sequence[EventSequence]) -> OneHotTracker:
        """Start walking along pieces."""
        return OneHotTracker(NUM_EVENTS, len(sequences))

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the passages of a piece, by the rules of `PassageRules`.

        Parameters
        ----------
        notes : NoteSequence
            With any tempi and meters.
        rules : Mapping
            Options of `PassageRules`; those left out have their defaults.

        Returns
        -------
        Extraction
            START stands only where the piece starts, and END where it ends. What sounds when
            a passage begins goes on in its first step. See `find_passages` for the names of
            the drops.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        quantized = quantize(notes, self.steps_per_quarter)
        found, passages, drops = find_passages(
            quantized, PassageRules.from_mapping(self.name, rules)
        )
        sequences = []
        for start, end, steps_per_bar, is_first, is_last in passages:
            ids = write_roll(roll_of(found, start, end))
            ids = np.concatenate(([START] * is_first, ids, [END] * is_last))
            sequences.append(EventSequence(ids, start, steps_per_bar))
        return Extraction(tuple(sequences), tuple(drops))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Transpose an example at random; see `random_transposition`."""
        pitches = pitches_of(events.ids[events.ids >= FIRST_NEW])
        semitones = random_transposition(self.name, amounts, pitches, range(NUM_PITCHES), rng)
        return replace(
            events,
            ids=transposed(events.ids, semitones),
            transposition=events.transposition + semitones,
        )

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, from the bar of its first note to `end_step`.

        Drums are left out; all other instruments are taken together. Where two notes of one
        pitch overlap, the later cuts the earlier and sounds until the last of both ends.

        Parameters
        ----------
        notes : NoteSequence
            The primer; it may be empty.
        end_step : int >= 0
            Where the events end: they are extended with silence, or cut.

        Returns
        -------
        EventSequence
            It begins with START; from step 0 and without notes where the primer has none
            before `end_step`.

        Raises
        ------
        GenerationError
            If `end_step` is negative.
        QuantizationError
            If a bar is not a whole number of steps.
        """
        quantized = quantize(notes, self.steps_per_quarter)
        found = pitched_notes(quantized)
        start, end, steps_per_bar, _, _ = primer_passage(found, quantized, end_step)
        ids = write_roll(roll_of(found, start, end))
        return EventSequence(np.concatenate(([START], ids)), start, steps_per_bar)

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note begins in the events."""
        return not ((events.ids >= FIRST_NEW) & (events.ids < FIRST_CONTINUED)).any()

    def default_primer(self) -> EventSequence:
        """Nothing but the start of a piece."""
        return EventSequence(np.array([START], np.int16))

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Let the piece start where a section begins."""
        return EventSequence(np.array([START], np.int16), start_step, steps_per_bar)

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
            Constant tempo, in quarter notes a minute.

        Returns
        -------
        NoteSequence
            One piano, velocity 80. A pitch that goes on without having sounded in the step
            before begins there; a note that sounds at the end ends there.

        Raises
        ------
        GenerationError
            If `qpm` is not above 0.
        """
        notes = notes_of(read_roll(events.ids), events.start_step)
        end_step = events.start_step + self.num_steps(events.ids)
        return play(notes, events, end_step, qpm, self.steps_per_quarter)

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> PolyphonyGuide:
        """Start choosing events after given ones; see `step_rules` for the constraints.

        The piece does not end while steps remain.

        Parameters
        ----------
        constraints : Constraints
        after : EventSequence
            What comes before the first new event.
        end_step : int
            Where the new events end.
        releases : bool
            Whether notes that sound at the end of `after` end there.

        Returns
        -------
        PolyphonyGuide

        Raises
        ------
        ConstraintError
            If no pitch is left, or the kept notes cannot be written down after `after`.
        """
        steps = range(after.start_step + self.num_steps(after.ids), end_step)
        rules = step_rules(constraints, after, steps, self.steps_per_quarter, releases=releases)
        return PolyphonyGuide(rules, after.ids, releases=releases)
