"""Melodies as events: no event, note-off, or a note that begins."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import GenerationError, RecipeError
from solferino.notes.harmony import estimate_major_key
from solferino.notes.quantization import MetricGrid, quantize
from solferino.notes.sequence import DEFAULT_VELOCITY, NoteSequence
from solferino.representations.bars import (
    DEFAULT_STEPS_PER_BAR,
    first_bar_of_primer,
    meter_at,
    time_signature,
)
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.key_melody import KeyMelodyTracker, key_melody_input_size
from solferino.representations.lookback import LookbackTracker, lookback_input_size
from solferino.representations.melody_events import (
    FIRST_NOTE,
    NO_EVENT,
    Line,
    Steps,
    fold_by_octaves,
    highest_line,
    read_line,
    write_line,
)
from solferino.representations.melody_extraction import (
    MelodyRules,
    find_melodies,
    melodic_notes,
)
from solferino.representations.melody_masks import melody_mask
from solferino.representations.one_hot import OneHotTracker
from solferino.representations.options import check_names, check_whole_number
from solferino.representations.representation import (
    EventSequence,
    Extraction,
    Ids,
    Tracker,
)
from solferino.representations.step_events import StepGuide, check_no_conditions, opening_of

KEY_ENCODINGS = ("key", "magenta_key")
ENCODINGS = ("one_hot", "lookback", *KEY_ENCODINGS)

_LOOKBACK_BARS = np.array([1, 2])
_LOOKBACK_COUNTERS = 5
_MIDDLE_C = 60


@final
@dataclass(frozen=True)
class Melody:
    """Monophonic melodies: event 0 changes nothing, 1 ends the note, 2 + k begins a note.

    Parameters
    ----------
    encoding : {"one_hot", "lookback", "key", "magenta_key"}
        What a model sees and which classes it chooses among: see `OneHotTracker`,
        `LookbackTracker` and `KeyMelodyTracker`, the last one with its attack that lasts.
    min_note, max_note : int
        Range of MIDI pitches, `max_note` not included, at least an octave; event 2 begins
        `min_note`. Notes outside are moved into it by octaves.
    transpose_to_key : int in [0, 11], or None
        Major key that every melody is moved to, 0 is C; None leaves them where they are.
    steps_per_quarter : int > 0
        Resolution of the grid; 4 is a grid of sixteenth notes.

    Raises
    ------
    RecipeError
        If an option is out of its range.
    """

    encoding: str = "one_hot"
    min_note: int = 48
    max_note: int = 84
    transpose_to_key: int | None = None
    steps_per_quarter: int = 4

    def __post_init__(self) -> None:
        """Check the options."""
        if self.encoding not in ENCODINGS:
            raise RecipeError(f"encoding={self.encoding!r}: it is one of {', '.join(ENCODINGS)}")
        check_whole_number("min_note", self.min_note, 0, 116)
        check_whole_number("max_note", self.max_note, self.min_note + 12, 128)
        check_whole_number("steps_per_quarter", self.steps_per_quarter, 1, 960)
        if self.transpose_to_key is not None:
            check_whole_number("transpose_to_key", self.transpose_to_key, 0, 11)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "melody"

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
        """Size of the event vocabulary: the pitches, no event and note-off."""
        return self.max_note - self.min_note + FIRST_NOTE

    @property
    def default_event(self) -> int:
        """No event."""
        return NO_EVENT

    @property
    def input_size(self) -> int:
        """Width of the model's input."""
        if self.encoding in KEY_ENCODINGS:
            return key_melody_input_size(self.max_note - self.min_note)
        if self.encoding == "lookback":
            n_lookbacks = len(_LOOKBACK_BARS)
            return lookback_input_size(self.num_events, n_lookbacks, _LOOKBACK_COUNTERS)
        return self.num_events

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes: the events, and what repeats there are."""
        return self.num_events + (0 if self.encoding == "one_hot" else len(_LOOKBACK_BARS))

    @property
    def context_size(self) -> int:
        """Melodies have no context."""
        return 0

    def num_steps(self, ids: Ids) -> int:
        """How many steps some events fill: one each."""
        return len(ids)

    def tracker(self, sequences: Sequence[EventSequence]) -> Tracker:
        """Start walking along melodies of such meters."""
        bars = np.array([sequence.steps_per_bar for sequence in sequences], np.int64)
        if self.encoding in KEY_ENCODINGS:
            attack_lasts = self.encoding == "magenta_key"
            return KeyMelodyTracker(self.min_note, self.max_note, bars, attack_lasts=attack_lasts)
        if self.encoding == "lookback":
            distances = bars[:, None] * _LOOKBACK_BARS
            return LookbackTracker(self.num_events, NO_EVENT, distances, _LOOKBACK_COUNTERS)
        return OneHotTracker(self.num_events, len(bars))

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the melodies of a piece, by the rules of `MelodyRules`.

        Parameters
        ----------
        notes : NoteSequence
            With any tempi and meters.
        rules : Mapping
            Options of `MelodyRules`; those left out have their defaults.

        Returns
        -------
        Extraction
            See `find_melodies` for the names of the drops.

        Raises
        ------
        RecipeError
            If a rule is unknown or out of range.
        """
        found, drops = find_melodies(
            quantize(notes, self.steps_per_quarter), MelodyRules.from_mapping(rules)
        )
        sequences = (
            self._sequence(melody.line, melody.start_step, melody.end_step, melody.steps_per_bar)
            for melody in found
        )
        return Extraction(tuple(sequences), tuple(drops))

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Return the example as it is: melodies are brought to one key instead."""
        del rng
        check_names("augmentation of melody", amounts, ())
        return events

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, from the bar of its first note to `end_step`.

        Drums are left out. Of the notes that begin together the highest is taken, and each
        note ends where the next begins. Bars are those of the last meter before the end.

        Parameters
        ----------
        notes : NoteSequence
            The primer; it may be empty.
        end_step : int >= 0
            Where the events end: they are extended with silence, or cut.

        Returns
        -------
        EventSequence
            From step 0 and without notes where the primer has none before `end_step`.

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
        line = _line(melodic_notes(quantized), end_step)
        start = int(line.onsets_steps[0]) if len(line.onsets_steps) else 0
        start = min(first_bar_of_primer(start, bar_step, steps_per_bar), end_step)
        return self._sequence(line, start, end_step, steps_per_bar)

    def from_melody_events(
        self,
        events: Sequence[int],
        start_step: int = 0,
        steps_per_bar: int = DEFAULT_STEPS_PER_BAR,
    ) -> EventSequence:
        """Encode a melody that is written as numbers, one a step.

        Parameters
        ----------
        events : sequence of int in [-2, 127]
            -2 is no event, -1 is note-off, others are MIDI pitches.
        start_step, steps_per_bar : int
            Where the first event stands, and the length of a bar.

        Returns
        -------
        EventSequence
            Transposed and moved into the range, as `encode` does.

        Raises
        ------
        GenerationError
            If a number is no melody event.
        """
        for place, event in enumerate(events):
            if not isinstance(event, int | np.integer) or not -2 <= event <= 127:
                raise GenerationError(
                    f"melody event {event!r} at place {place} is not a whole number in -2..127: "
                    "write -2 for no event, -1 for note-off, or a MIDI pitch"
                )
        values = np.array(events, np.int64)
        begins = values >= 0
        before_first = np.cumsum(begins) == 0
        pitches, transposition = self._into_range(values[begins])
        ids = np.where(before_first, NO_EVENT, values + 2)
        ids[begins] = pitches - self.min_note + FIRST_NOTE
        return EventSequence(ids.astype(np.int16), start_step, steps_per_bar, transposition)

    def default_primer(self) -> EventSequence:
        """One middle C."""
        return self.from_melody_events([_MIDDLE_C])

    def decode(self, events: EventSequence, qpm: float) -> NoteSequence:
        """Write the events as notes, at the pitch they had before they were encoded.

        Parameters
        ----------
        events : EventSequence
        qpm : float > 0
            Constant tempo, in quarter notes a minute.

        Returns
        -------
        NoteSequence
            One piano, velocity 80. A note that sounds at the end ends there. A pitch that
            leaves 0..127 when the transposition is taken off is moved back by octaves.

        Raises
        ------
        GenerationError
            If `qpm` is not above 0.
        """
        if not qpm > 0:
            raise GenerationError(f"qpm={qpm}: a tempo must be above 0 quarter notes a minute")
        line = self._line_of(events)
        seconds_per_step = 60.0 / qpm / self.steps_per_quarter
        meter = time_signature(events.steps_per_bar, self.steps_per_quarter)
        return NoteSequence.from_columns(
            pitch=fold_by_octaves(line.pitches, 0, 128),
            onset_s=line.onsets_steps * seconds_per_step,
            release_s=line.ends_steps * seconds_per_step,
            velocity=DEFAULT_VELOCITY,
            tempos=[(0.0, qpm)],
            meters=[(0.0, *meter)] if meter else (),
            total_time_s=(events.start_step + len(events)) * seconds_per_step,
        )

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note begins in the events."""
        return bool((events.ids < FIRST_NOTE).all())

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Let the default primer sound at the start of the bar before a section."""
        return opening_of(self.default_primer(), NO_EVENT, start_step, steps_per_bar)

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

        Pitches are meant as they sound, with the transposition of `after` taken off. A kept
        note is forced: its onset, nothing else while it lasts, and its end. A note before it
        may sound up to it.

        Parameters
        ----------
        constraints : Constraints
        after : EventSequence
            What comes before the first new event.
        end_step : int
            Where the new events end.
        releases : bool
            Whether a note that sounds at the end of `after` ends there.

        Returns
        -------
        StepGuide

        Raises
        ------
        ConstraintError
            If no pitch is left, or the kept notes cannot be a melody in this range.
        """
        first = after.start_step + len(after)
        before = self._line_of(after)
        mask = melody_mask(
            constraints,
            before=before,
            pitches=np.arange(self.min_note, self.max_note) - after.transposition,
            steps=range(first, end_step),
            steps_per_quarter=self.steps_per_quarter,
        )
        if releases and len(before.ends_steps) and before.ends_steps[-1] == first:
            mask[0, NO_EVENT] = False
        return StepGuide(mask)

    def _sequence(self, line: Line, start: int, end: int, steps_per_bar: int) -> EventSequence:
        """Events of the notes that begin in the steps start..end-1."""
        begins = (line.onsets_steps >= start) & (line.onsets_steps < end)
        onsets, ends, pitches = (column[begins] for column in line)
        pitches, transposition = self._into_range(pitches)
        ids = write_line(Line(onsets, ends, pitches), start, end, self.min_note)
        return EventSequence(ids, start, steps_per_bar, transposition)

    def _line_of(self, events: EventSequence) -> Line:
        """Find the notes of the events, as they sound, in steps of the piece."""
        lowest_pitch = self.min_note - events.transposition
        return read_line(events.ids, events.start_step, lowest_pitch)

    def _into_range(self, pitches: Steps) -> tuple[Steps, int]:
        """Move pitches to the key and into the range; also say by how much they were moved."""
        transposition = 0
        if self.transpose_to_key is not None and len(pitches):
            to_key = self.transpose_to_key - estimate_major_key(pitches)
            center = (int(pitches.min()) + int(pitches.max())) / 2
            target = (self.min_note + self.max_note - 1) / 2
            transposition = to_key + 12 * round((target - center - to_key) / 12)
        return fold_by_octaves(pitches + transposition, self.min_note, self.max_note), transposition


def _line(notes: NDArray[np.void], end_step: int) -> Line:
    """Highest line of the notes that begin before a step."""
    notes = notes[notes["start_step"] < end_step]
    columns = (notes[name].astype(np.int64) for name in ("start_step", "end_step", "pitch"))
    return highest_line(*columns)
