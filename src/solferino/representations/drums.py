"""Drums as events: which classes of drums are hit together at a step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import GenerationError
from solferino.notes.quantization import MetricGrid, QuantizedSequence, quantize
from solferino.notes.sequence import DEFAULT_VELOCITY, Instrument, NoteSequence
from solferino.representations.bars import (
    DEFAULT_STEPS_PER_BAR,
    first_bar_of_primer,
    meter_at,
    sections,
    time_signature,
)
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.drum_classes import (
    NINE_DRUMS,
    PitchClasses,
    check_pitch_classes,
)
from solferino.representations.drum_masks import drum_mask
from solferino.representations.lookback import LookbackTracker, lookback_input_size
from solferino.representations.options import check_names, check_whole_number
from solferino.representations.representation import (
    Drop,
    EventSequence,
    Extraction,
    Ids,
    Tracker,
)
from solferino.representations.spans import SpanRules, find_spans
from solferino.representations.step_events import StepGuide, check_no_conditions, opening_of

SILENCE = 0


@final
@dataclass(frozen=True)
class Drums:
    """Drum tracks: bit k of an event says whether a drum of class k is hit at the step.

    Event 0 is silence. How hard and how long a drum is hit is not written down.

    Parameters
    ----------
    pitch_classes : sequence of sequence of int in [0, 127]
        The MIDI pitches of each class of drums, first the one that it sounds as; 1 to 12
        classes. Drums in none of them are left out.
    num_counters : int
        Bits of a binary clock that the model sees; see `LookbackTracker`.
    lookback_bars : sequence of int > 0
        How many bars back each repeat goes that the model sees and can choose, the nearest
        first.
    steps_per_quarter : int > 0
        Resolution of the grid; 4 is a grid of sixteenth notes.

    Raises
    ------
    RecipeError
        If an option is out of its range.
    """

    pitch_classes: PitchClasses = NINE_DRUMS
    num_counters: int = 6
    lookback_bars: tuple[int, ...] = ()
    steps_per_quarter: int = 4

    def __post_init__(self) -> None:
        """Check the options, and keep lists as tuples."""
        check_whole_number("num_counters", self.num_counters, 0, 16)
        check_whole_number("steps_per_quarter", self.steps_per_quarter, 1, 960)
        for bars in self.lookback_bars:
            check_whole_number("lookback_bars", bars, 1, 16)
        classes = tuple(tuple(pitches) for pitches in self.pitch_classes)
        check_pitch_classes(classes)
        object.__setattr__(self, "pitch_classes", classes)
        object.__setattr__(self, "lookback_bars", tuple(self.lookback_bars))

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "drums"

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""
        return {
            "pitch_classes": [list(pitches) for pitches in self.pitch_classes],
            "num_counters": self.num_counters,
            "lookback_bars": list(self.lookback_bars),
            "steps_per_quarter": self.steps_per_quarter,
        }

    @property
    def grid(self) -> MetricGrid:
        """What a step is: a part of a quarter note."""
        return MetricGrid(self.steps_per_quarter)

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary: all sets of classes."""
        return int(2 ** len(self.pitch_classes))

    @property
    def default_event(self) -> int:
        """No hit."""
        return SILENCE

    @property
    def input_size(self) -> int:
        """Width of the model's input."""
        return lookback_input_size(self.num_events, len(self.lookback_bars), self.num_counters)

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes: the events, and what repeats there are."""
        return self.num_events + len(self.lookback_bars)

    @property
    def context_size(self) -> int:
        """Drums have no context."""
        return 0

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: one each."""
        return len(ids)

    def tracker(self, sequences: Sequence[EventSequence]) -> Tracker:
        """Start walking along drum tracks of such meters."""
        bars = np.array([sequence.steps_per_bar for sequence in sequences], np.int64)
        distances = bars[:, None] * np.array(self.lookback_bars, np.int64)
        return LookbackTracker(self.num_events, SILENCE, distances, self.num_counters)

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the drum tracks of a piece: all its drums together, between long silences.

        A track starts on the bar of its first hit and ends with the step of its last. Where
        the meter changes, a new search begins.

        Parameters
        ----------
        notes : NoteSequence
            With any tempi and meters.
        rules : Mapping
            Options of `SpanRules`; those left out have their defaults.

        Returns
        -------
        Extraction
            Its drops are ``no_drums``, ``non_integer_steps_per_bar``, ``too_short``,
            ``too_long`` and ``truncated``.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        span_rules = SpanRules.from_mapping("drums", rules)
        quantized = quantize(notes, self.steps_per_quarter)
        steps, events = self._hits(quantized)
        if not len(steps):
            found = "drums of no class" if quantized.is_drum.any() else "no drums"
            return Extraction((), (Drop("no_drums", found, ""),))
        drops: list[Drop] = []
        sequences: list[EventSequence] = []
        for section in sections(quantized, drops):
            here = slice(*np.searchsorted(steps, [section.start_step, section.end_step]))
            if here.start == here.stop:
                continue
            onsets, ids = steps[here], events[here]
            for span in find_spans(onsets, onsets + 1, section, span_rules, drops):
                part = slice(span.first, span.last)
                written = _write(onsets[part], ids[part], span.start_step, span.end_step)
                sequences.append(EventSequence(written, span.start_step, span.steps_per_bar))
        return Extraction(tuple(sequences), tuple(drops))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Return the example as it is: drums can be neither transposed nor stretched."""
        del rng
        check_names("augmentation of drums", amounts, ())
        return events

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, from the bar of its first drum to `end_step`.

        Notes that are no drums are left out. Bars are those of the last meter before the end.

        Parameters
        ----------
        notes : NoteSequence
            The primer; it may be empty.
        end_step : int >= 0
            Where the events end: they are extended with silence, or cut.

        Returns
        -------
        EventSequence
            From step 0 and without hits where the primer has none before `end_step`.

        Raises
        ------
        GenerationError
            If `end_step` is negative.
        QuantizationError
            If a bar is not a whole number of steps.
        """
        if end_step < 0:
            raise GenerationError(f"end_step={end_step}: a primer cannot end before step 0")
        quantized = quantize(notes, self.steps_per_quarter)
        bar_step, steps_per_bar = meter_at(quantized, end_step)
        steps, events = self._hits(quantized)
        first = int(steps[0]) if len(steps) and steps[0] < end_step else 0
        start = min(first_bar_of_primer(first, bar_step, steps_per_bar), end_step)
        return EventSequence(_write(steps, events, start, end_step), start, steps_per_bar)

    def from_drum_events(
        self,
        events: Sequence[Iterable[int]],
        start_step: int = 0,
        steps_per_bar: int = DEFAULT_STEPS_PER_BAR,
    ) -> EventSequence:
        """Encode a drum track that is written as the pitches that are hit at each step.

        Parameters
        ----------
        events : sequence of iterable of int in [0, 127]
            ``[(36, 42), (), (42,), ()]`` are a kick and a hi-hat, then a hi-hat.
        start_step, steps_per_bar : int
            Where the first event stands, and the length of a bar.

        Returns
        -------
        EventSequence
            Without the drums that are in no class.

        Raises
        ------
        GenerationError
            If a number is no MIDI pitch.
        """
        ids = np.zeros(len(events), np.int16)
        for step, pitches in enumerate(events):
            for pitch in pitches:
                if not isinstance(pitch, int | np.integer) or not 0 <= pitch <= 127:
                    raise GenerationError(
                        f"the drum {pitch!r} at step {step} is no MIDI pitch: write whole numbers "
                        "from 0 to 127, such as 36 for a kick"
                    )
                ids[step] |= self._events_of_pitches[pitch]
        return EventSequence(ids, start_step, steps_per_bar)

    def default_primer(self) -> EventSequence:
        """One hit of the first class: a kick."""
        return EventSequence(np.array([1], np.int16))

    def decode(self, events: EventSequence, qpm: float) -> NoteSequence:
        """Write the events as drum notes of one step each.

        Parameters
        ----------
        events : EventSequence
        qpm : float > 0
            Constant tempo, in quarter notes a minute.

        Returns
        -------
        NoteSequence
            One drum kit, velocity 80; each class sounds as its first pitch.

        Raises
        ------
        GenerationError
            If `qpm` is not above 0.
        """
        if not qpm > 0:
            raise GenerationError(f"qpm={qpm}: a tempo must be above 0 quarter notes a minute")
        is_hit = events.ids[:, None] >> np.arange(len(self.pitch_classes)) & 1
        steps, classes = is_hit.nonzero()
        first_pitches = np.array([pitches[0] for pitches in self.pitch_classes])
        seconds_per_step = 60.0 / qpm / self.steps_per_quarter
        meter = time_signature(events.steps_per_bar, self.steps_per_quarter)
        return NoteSequence.from_columns(
            pitch=first_pitches[classes],
            onset_s=(events.start_step + steps) * seconds_per_step,
            release_s=(events.start_step + steps + 1) * seconds_per_step,
            velocity=DEFAULT_VELOCITY,
            instruments=[Instrument(is_drum=True)],
            tempos=[(0.0, qpm)],
            meters=[(0.0, *meter)] if meter else (),
            total_time_s=(events.start_step + len(events)) * seconds_per_step,
        )

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no drum is hit in the events."""
        return not events.ids.any()

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Let the default primer sound at the start of the bar before a section."""
        return opening_of(self.default_primer(), SILENCE, start_step, steps_per_bar)

    def with_context(
        self, past: EventSequence, notes: NoteSequence, conditions: Conditions, end_step: int
    ) -> EventSequence:
        """Return the past as it is; see `Representation.with_context`."""
        del notes, end_step
        check_no_conditions(conditions, self.name)
        return past

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> StepGuide:
        """Start choosing events after given ones.

        Kept hits sound at their steps, as the first drum of their class; what else is hit
        there and elsewhere is free.

        Parameters
        ----------
        constraints : Constraints
        after : EventSequence
            What comes before the first new event.
        end_step : int
            Where the new events end.
        releases : bool
            Of no account: no drum sounds on.

        Returns
        -------
        StepGuide

        Raises
        ------
        ConstraintError
            If the constraints speak of keys or pitch ranges, allow only drums that are in no
            class, or keep what is no drum of a class.
        """
        del releases
        mask = drum_mask(
            constraints,
            self._events_of_pitches,
            steps=range(after.start_step + len(after), end_step),
            num_events=self.num_events,
            steps_per_quarter=self.steps_per_quarter,
        )
        return StepGuide(mask)

    @cached_property
    def _events_of_pitches(self) -> Ids:
        """Event of each MIDI pitch alone: a bit, or silence; shape (128,)."""
        events = np.zeros(128, np.int16)
        for place, pitches in enumerate(self.pitch_classes):
            events[list(pitches)] = 1 << place
        return events

    def _hits(self, quantized: QuantizedSequence) -> tuple[NDArray[np.int64], Ids]:
        """Find the steps at which drums are hit, in order, and the events that say which."""
        notes = quantized.notes[quantized.is_drum & (quantized.notes["velocity"] > 0)]
        events = self._events_of_pitches[notes["pitch"]]
        onsets = notes["start_step"][events > 0].astype(np.int64)
        steps, firsts = np.unique(onsets, return_index=True)
        if not len(steps):
            return steps, np.empty(0, np.int16)
        return steps, np.bitwise_or.reduceat(events[events > 0], firsts)


def _write(steps: NDArray[np.int64], events: Ids, start_step: int, end_step: int) -> Ids:
    """Write the hits from one step to another, with silence between them."""
    ids = np.zeros(end_step - start_step, np.int16)
    here = slice(*np.searchsorted(steps, [start_step, end_step]))
    ids[steps[here] - start_step] = events[here]
    return ids
