"""Piano rolls as events: at each step the pitches that sound, then the step's end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np

from solferino.notes.quantization import MetricGrid, QuantizedSequence, quantize
from solferino.notes.sequence import NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.melody_events import fold_by_octaves
from solferino.representations.one_hot import OneHotTracker
from solferino.representations.options import check_whole_number
from solferino.representations.passages import Passage, PassageRules, find_passages, primer_passage
from solferino.representations.pianoroll_events import (
    FIRST_PITCH,
    START,
    STEP_END,
    read_sounding,
    write_sounding,
)
from solferino.representations.pianoroll_guide import PianorollGuide, frame_rules
from solferino.representations.representation import EventSequence, Extraction, Ids
from solferino.representations.rolls import (
    Roll,
    RollNotes,
    notes_of,
    pitched_notes,
    play,
    roll_of,
)
from solferino.representations.step_events import check_no_conditions
from solferino.representations.transposition import random_transposition


@final
@dataclass(frozen=True)
class Pianoroll:
    """What sounds at each step; a note that is struck again while it sounds is one long note.

    Event 0 is the end of a step, 1 the start, and 2 + k the k-th pitch of the range. A step's
    pitches come from the lowest to the highest, each once.

    Parameters
    ----------
    min_note, max_note : int
        Range of MIDI pitches, `max_note` not included, at least an octave. Notes outside are
        moved into it by octaves.
    steps_per_quarter : int > 0
        Resolution of the grid; 4 is a grid of sixteenth notes.

    Raises
    ------
    RecipeError
        If an option is out of its range.
    """

    min_note: int = 21
    max_note: int = 109
    steps_per_quarter: int = 4

    def __post_init__(self) -> None:
        """Check the options."""
        check_whole_number("min_note", self.min_note, 0, 116)
        check_whole_number("max_note", self.max_note, self.min_note + 12, 128)
        check_whole_number("steps_per_quarter", self.steps_per_quarter, 1, 960)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "pianoroll"

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""
        return asdict(self)

    @property
    def grid(self) -> MetricGrid:
        """What a step is: a part of a quarter note."""
        return MetricGrid(self.steps_per_quarter)

    @property
    def pitches(self) -> range:
        """The MIDI pitches of the events."""
        return range(self.min_note, self.max_note)

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary: the pitches, the start and the end of a step."""
        return FIRST_PITCH + len(self.pitches)

    @property
    def default_event(self) -> int:
        """Return the end of a step."""
        return STEP_END

    @property
    def input_size(self) -> int:
        """Width of the model's input."""
        return self.num_events

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes."""
        return self.num_events

    @property
    def context_size(self) -> int:
        """Piano rolls have no context."""
        return 0

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: as many as end."""
        return int((ids == STEP_END).sum())

    def tracker(self, sequences: Sequence[EventSequence]) -> OneHotTracker:
        """Start walking along pieces."""
        return OneHotTracker(self.num_events, len(sequences))

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
            Each begins with START. See `find_passages` for the names of the drops.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        quantized = quantize(notes, self.steps_per_quarter)
        _, passages, drops = find_passages(quantized, PassageRules.from_mapping(self.name, rules))
        found = self._notes(quantized)
        sequences = tuple(self._sequence(found, passage) for passage in passages)
        return Extraction(sequences, tuple(drops))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Transpose an example at random; see `random_transposition`."""
        is_pitch = events.ids >= FIRST_PITCH
        pitches = events.ids[is_pitch].astype(np.intp) - FIRST_PITCH
        places = range(len(self.pitches))
        semitones = random_transposition(self.name, amounts, pitches, places, rng)
        return replace(
            events,
            ids=events.ids + semitones * is_pitch,
            transposition=events.transposition + semitones,
        )

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, from the bar of its first note to `end_step`.

        Drums are left out; all other instruments are taken together.

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
        found = self._notes(quantized)
        return self._sequence(found, primer_passage(found, quantized, end_step))

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note sounds in the events."""
        return not (events.ids >= FIRST_PITCH).any()

    def default_primer(self) -> EventSequence:
        """Nothing but the start."""
        return EventSequence(np.array([START], np.int16))

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Let the music start where a section begins."""
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
            One piano, velocity 80. A pitch that sounds at several steps on end is one note.

        Raises
        ------
        GenerationError
            If `qpm` is not above 0.
        """
        end_step = events.start_step + self.num_steps(events.ids)
        return play(self._read(events), events, end_step, qpm, self.steps_per_quarter)

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> PianorollGuide:
        """Start choosing events after given ones; see `frame_rules` for the constraints.

        Parameters
        ----------
        constraints : Constraints
        after : EventSequence
            What comes before the first new event.
        end_step : int
            Where the new events end.
        releases : bool
            Whether notes that sound at the end of `after` end there; then what sounds in the
            first new step begins there.

        Returns
        -------
        PianorollGuide

        Raises
        ------
        ConstraintError
            If no pitch is left, or the kept notes cannot be written down after `after`.
        """
        rules = frame_rules(
            constraints,
            self.pitches,
            after,
            self._read(after),
            range(after.start_step + self.num_steps(after.ids), end_step),
            steps_per_quarter=self.steps_per_quarter,
            releases=releases,
        )
        return PianorollGuide(rules, after.ids)

    def _notes(self, quantized: QuantizedSequence) -> RollNotes:
        """Find the notes of a piece, moved into the range."""
        found = pitched_notes(quantized)
        return found._replace(pitches=fold_by_octaves(found.pitches, self.min_note, self.max_note))

    def _sequence(self, notes: RollNotes, passage: Passage) -> EventSequence:
        """Events of a passage, after START."""
        start, end, steps_per_bar, _, _ = passage
        sounding = roll_of(notes, start, end).sounding
        ids = write_sounding(sounding[:, self.min_note : self.max_note])
        return EventSequence(np.concatenate(([START], ids)), start, steps_per_bar)

    def _read(self, events: EventSequence) -> RollNotes:
        """Find the notes of some events, as written."""
        sounding = read_sounding(events.ids, len(self.pitches))
        roll = Roll(sounding, np.zeros_like(sounding))
        notes = notes_of(roll, events.start_step)
        return notes._replace(pitches=notes.pitches + self.min_note)
