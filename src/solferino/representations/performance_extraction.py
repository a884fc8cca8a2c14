"""Finding performances in a piece: what is played, cut where examples get too long."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self, final

import numpy as np

from solferino.notes.quantization import quantize_absolute
from solferino.notes.sequence import NoteSequence
from solferino.notes.sustain import apply_sustain_pedal
from solferino.notes.timing import TempoMap, meter_changes, quarters_per_bar
from solferino.representations.options import check_true_or_false, check_whole_number, options_of
from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    PlayedNotes,
    Vocabulary,
    one_at_a_time,
    write_events,
)
from solferino.representations.representation import Drop, Ids

_MAX_INT = 2**31 - 1
_LEAST_MAX_EVENTS = 4  # silence, velocity, a note, and one more, so that every part has a note


@final
@dataclass(frozen=True)
class PerformanceRules:
    """What counts as a performance.

    Parameters
    ----------
    min_events : int
        Performances, and parts of longer ones, with fewer events are dropped.
    max_events : int
        Longest example. A longer performance is divided into examples that follow each other.
    several_programs : bool
        Whether a piece for several instruments counts; all of them become one.
    """

    min_events: int = 32
    max_events: int = 512
    several_programs: bool = False

    def __post_init__(self) -> None:
        """Check every value; raise RecipeError for the first that makes no sense."""
        check_whole_number("min_events", self.min_events, 0, _MAX_INT)
        check_whole_number("max_events", self.max_events, _LEAST_MAX_EVENTS, _MAX_INT)
        check_true_or_false("several_programs", self.several_programs)

    @classmethod
    def from_mapping(cls, rules: Mapping[str, Any]) -> Self:
        """Read the rules of a recipe; what it leaves out has its default.

        Raises
        ------
        RecipeError
            If a rule is unknown or its value makes no sense.
        """
        return cls(**options_of("performance rule", rules, (rule.name for rule in fields(cls))))


class FoundPerformance(NamedTuple):
    """A performance, or a part of one, where it stands in its piece.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
        The longest silence that one event can mean, then the notes.
    start_step : int
        When that silence begins; below 0 where the music begins before it could end.
    """

    ids: Ids
    start_step: int


def played_notes(notes: NoteSequence, vocabulary: Vocabulary, steps_per_second: int) -> PlayedNotes:
    """All that is played, held as long as the pedal holds it, on the grid.

    Parameters
    ----------
    notes : NoteSequence
        Drums, and notes of velocity 0, are left out; other instruments become one.
    vocabulary : Vocabulary
        Says which velocities count as one.
    steps_per_second : int > 0
        Resolution of the grid.

    Returns
    -------
    PlayedNotes
    """
    quantized = quantize_absolute(apply_sustain_pedal(notes), steps_per_second)
    table = quantized.notes[~quantized.is_drum & (quantized.notes["velocity"] > 0)]
    onsets, ends, pitches = (
        table[name].astype(np.int64) for name in ("start_step", "end_step", "pitch")
    )
    return one_at_a_time(PlayedNotes(onsets, ends, pitches, vocabulary.bins(table["velocity"])))


def bar_steps(notes: NoteSequence, steps_per_second: int) -> int:
    """Length of the bars of the last meter at the last tempo, to the nearest step."""
    meter = meter_changes(notes)[-1]
    qpm = TempoMap.from_sequence(notes).change_qpm[-1]
    quarters = quarters_per_bar(int(meter["numerator"]), int(meter["denominator"]))
    return max(round(quarters * 60.0 / float(qpm) * steps_per_second), 1)


def check_one_program(notes: NoteSequence, rules: PerformanceRules) -> list[Drop]:
    """Say why a piece is left out for its instruments, if it is."""
    programs = np.unique(notes.program[~notes.is_drum])
    if len(programs) <= 1 or rules.several_programs:
        return []
    found = f"the programs {', '.join(map(str, programs.tolist()))}"
    return [Drop("more_than_one_program", found, "several_programs=true")]


def find_performances(
    notes: NoteSequence, vocabulary: Vocabulary, steps_per_second: int, rules: PerformanceRules
) -> tuple[list[FoundPerformance], list[Drop]]:
    """Find the performance in a piece, in parts of at most `max_events`.

    Each part begins with a silence, as a generation without a primer does, so that a model
    learns how music begins. It ends before the moment that would make it too long, and the next
    part begins there. A note that sounds across belongs to the part in which it begins, and
    nothing ends it there; a moment is divided only if it is too long by itself.

    Parameters
    ----------
    notes : NoteSequence
    vocabulary : Vocabulary
    steps_per_second : int > 0
    rules : PerformanceRules

    Returns
    -------
    performances : list of FoundPerformance
        In order of time.
    drops : list of Drop
        All that was left out, by the rules ``no_notes``, ``more_than_one_program`` and
        ``too_short``.
    """
    drops = check_one_program(notes, rules)
    if drops:
        return [], drops
    played = played_notes(notes, vocabulary, steps_per_second)
    if not len(played.pitches):
        return [], [Drop("no_notes", "no pitched notes", "")]
    performances: list[FoundPerformance] = []
    for part in _parts(played, vocabulary, rules.max_events):
        if len(part.ids) < rules.min_events:
            found, remedy = f"{len(part.ids)} events", f"min_events={len(part.ids)}"
            drops.append(Drop("too_short", found, remedy))
        else:
            performances.append(part)
    return performances, drops


def _parts(
    notes: PlayedNotes, vocabulary: Vocabulary, max_events: int
) -> Iterator[FoundPerformance]:
    """Divide a performance into parts of at most so many events."""
    first, num_notes = 0, len(notes.pitches)
    while first < num_notes:
        # each note is an event at least, so no part has more notes than these
        window = PlayedNotes(*(column[first : first + max_events] for column in notes))
        start_step = int(window.onsets_steps[0]) - vocabulary.max_shift_steps
        ids = write_events(vocabulary, window, start_step)
        if len(ids) > max_events:
            ids = ids[: _cut_place(ids, vocabulary, max_events)]
        first += int(np.count_nonzero(ids < FIRST_NOTE_OFF))
        yield FoundPerformance(ids, start_step)


def _cut_place(ids: Ids, vocabulary: Vocabulary, max_events: int) -> int:
    """Find the last place at which events may be cut: before time passes, if that can be."""
    is_shift = vocabulary.shifts_steps(ids[: max_events + 1]) > 0
    (moments,) = np.nonzero(is_shift[1:] & ~is_shift[:-1])
    if len(moments):
        return int(moments[-1]) + 1
    return max_events - int(ids[max_events - 1] >= vocabulary.first_velocity)
