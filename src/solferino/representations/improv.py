"""Improvisation: melodies over chords that are given."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from solferino.errors import ConditionError, RecipeError
from solferino.notes.chord_inference import infer_chords
from solferino.notes.quantization import MetricGrid, QuantizedSequence, quantize
from solferino.notes.sequence import NoteSequence
from solferino.representations.bars import DEFAULT_STEPS_PER_BAR
from solferino.representations.chord_encodings import (
    CHORD_ENCODINGS,
    ChordEncoding,
    Numbers,
    transposed,
)
from solferino.representations.chord_tracker import ChordTracker
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.melody import Melody
from solferino.representations.melody_events import FIRST_NOTE
from solferino.representations.options import check_true_or_false
from solferino.representations.representation import (
    Context,
    Drop,
    EventSequence,
    Extraction,
    Ids,
    Tracker,
)
from solferino.representations.step_events import StepGuide, check_no_conditions
from solferino.representations.transposition import random_transposition

_MIN_UNIQUE_PITCHES = 3
_NO_PITCHES = np.empty(0, np.intp)


@final
@dataclass(frozen=True)
class Improv:
    """Melodies, as `Melody` writes them, over the chord that sounds at each step.

    The context of an example is one column: the chord at each step, as a number of the
    chord encoding, moved with the melody where that is transposed. The model sees the chord
    of the step to come, and then what the melody's own tracker shows.

    Parameters
    ----------
    chord_encoding : {"triads", "pitches"}
        What the model sees of a chord: see `CHORD_ENCODINGS`.
    melody_encoding : {"one_hot", "lookback", "key"}
        What it sees of the melody, and which classes it chooses among: see `Melody`.
    min_note, max_note, transpose_to_key, steps_per_quarter
        See `Melody`.

    Raises
    ------
    RecipeError
        If an option is out of its range.
    """

    chord_encoding: str = "triads"
    melody_encoding: str = "one_hot"
    min_note: int = 48
    max_note: int = 84
    transpose_to_key: int | None = None
    steps_per_quarter: int = 4

    def __post_init__(self) -> None:
        """Check the options."""
        if self.chord_encoding not in CHORD_ENCODINGS:
            known = ", ".join(CHORD_ENCODINGS)
            raise RecipeError(f"chord_encoding={self.chord_encoding!r}: it is one of {known}")
        _ = self.melody

    @cached_property
    def melody(self) -> Melody:
        """What writes the melodies."""
        return Melody(
            self.melody_encoding,
            self.min_note,
            self.max_note,
            self.transpose_to_key,
            self.steps_per_quarter,
        )

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "improv"

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""
        return asdict(self)

    @property
    def grid(self) -> MetricGrid:
        """What a step is: a part of a quarter note."""
        return self.melody.grid

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary, which is the melody's."""
        return self.melody.num_events

    @property
    def default_event(self) -> int:
        """No event."""
        return self.melody.default_event

    @property
    def input_size(self) -> int:
        """Width of the model's input: the chord's and the melody's."""
        return self._chords.size + self.melody.input_size

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes."""
        return self.melody.num_classes

    @property
    def context_size(self) -> int:
        """One number a step: the chord."""
        return 1

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: one each."""
        return len(ids)

    def tracker(self, sequences: Sequence[EventSequence]) -> Tracker:
        """Start walking along melodies of such meters and chords; without context, no chord."""
        return ChordTracker(
            [sequence.context.ravel().astype(np.int64) for sequence in sequences],
            self._chords.rows,
            self.melody.tracker(sequences),
        )

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the melodies of a piece that have chords.

        Parameters
        ----------
        notes : NoteSequence
            With any tempi and meters; its chords are the texts of kind "chord".
        rules : Mapping
            Options of `MelodyRules`, of which `min_unique_pitches` is 3 unless given; and
            ``infer_chords``, whether to find the chords of pieces that have no symbols.

        Returns
        -------
        Extraction
            Its drops are those of `find_melodies`, ``no_chords`` and ``unknown_chord``.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        melody_rules = {"min_unique_pitches": _MIN_UNIQUE_PITCHES, **rules}
        infers_chords = melody_rules.pop("infer_chords", False)
        check_true_or_false("infer_chords", infers_chords)
        melodies, drops = self.melody.extract(notes, melody_rules)
        if not melodies:
            return Extraction((), drops)
        if not any(text.kind == "chord" for text in notes.texts):
            if not infers_chords:
                no_chords = Drop("no_chords", "no chord symbols", "infer_chords=true")
                return Extraction((), (*drops, no_chords))
            notes = infer_chords(notes)
        quantized = quantize(notes, self.steps_per_quarter)
        try:
            sequences = [self._over_chords(events, quantized) for events in melodies]
        except ConditionError as error:
            return Extraction((), (*drops, Drop("unknown_chord", str(error), "")))
        with_chords = tuple(events for events in sequences if events.context.any())
        silent = len(sequences) - len(with_chords)
        none_there = Drop("no_chords", "no chord symbol up to the end of the melody", "")
        return Extraction(with_chords, (*drops, *[none_there] * silent))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Transpose an example at random, chords and all; see `random_transposition`.

        Where the melody leaves the range it moves by an octave more or less, so that all keys
        are as likely; it stays where it is if that does not help.
        """
        begins = events.ids >= FIRST_NOTE
        notes = events.ids[begins] if begins.any() else np.array([FIRST_NOTE])
        lowest, highest = FIRST_NOTE - int(notes.min()), self.num_events - 1 - int(notes.max())
        drawn = random_transposition(self.name, amounts, _NO_PITCHES, range(128), rng)
        octaves = (drawn, drawn - 12, drawn + 12)
        semitones = next((s for s in octaves if lowest <= s <= highest), 0)
        return replace(
            events,
            ids=np.where(begins, events.ids + semitones, events.ids),
            transposition=events.transposition + semitones,
            context=_context(transposed(events.context.astype(np.int64), semitones)),
        )

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, without its chords; see `Melody.encode`."""
        return self.melody.encode(notes, end_step)

    def from_melody_events(
        self,
        events: Sequence[int],
        start_step: int = 0,
        steps_per_bar: int = DEFAULT_STEPS_PER_BAR,
    ) -> EventSequence:
        """Encode a melody that is written as numbers; see `Melody.from_melody_events`."""
        return self.melody.from_melody_events(events, start_step, steps_per_bar)

    def default_primer(self) -> EventSequence:
        """One middle C."""
        return self.melody.default_primer()

    def decode(self, events: EventSequence, qpm: float) -> NoteSequence:
        """Write the events as notes, without the chords; see `Melody.decode`."""
        return self.melody.decode(events, qpm)

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note begins in the events."""
        return self.melody.is_silent(events)

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Let the default primer sound at the start of the bar before a section."""
        return self.melody.opening(start_step, steps_per_bar)

    def with_context(
        self, past: EventSequence, notes: NoteSequence, conditions: Conditions, end_step: int
    ) -> EventSequence:
        """Add the chords up to the end of a section.

        Parameters
        ----------
        past : EventSequence
            From `encode` or `opening`.
        notes : NoteSequence
            The primer. Its texts of kind "chord" say which chord sounds from their times on,
            up to the next; before the first, and without any, there is no chord.
        conditions : Conditions
            None.
        end_step : int
            Where the section ends.

        Returns
        -------
        EventSequence

        Raises
        ------
        ConditionError
            If there are conditions, or a chord symbol cannot be read.
        """
        check_no_conditions(conditions, self.name)
        return self._over_chords(past, quantize(notes, self.steps_per_quarter), end_step)

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> StepGuide:
        """Start choosing events after given ones; see `Melody.guide`."""
        return self.melody.guide(constraints, after, end_step, releases=releases)

    @property
    def _chords(self) -> ChordEncoding:
        return CHORD_ENCODINGS[self.chord_encoding]

    def _over_chords(
        self, events: EventSequence, quantized: QuantizedSequence, end_step: int | None = None
    ) -> EventSequence:
        """Add to a melody the chords of its piece, transposed as it is."""
        if end_step is None:
            end_step = events.start_step + len(events)
        chords = self._chords.on_grid(quantized, events.start_step, end_step)
        return replace(events, context=_context(transposed(chords, events.transposition)[:, None]))


def _context(numbers: Numbers) -> Context:
    return numbers.astype(np.float32)
