"""Finding melodies in a piece, and saying why a voice gave none.

A *melody* is a part of a voice's line that starts on the bar of its first note and ends where
the line is silent for long enough.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.quantization import QuantizedSequence
from solferino.representations.bars import Section, sections
from solferino.representations.melody_events import Line, highest_line
from solferino.representations.options import check_names, check_true_or_false, check_whole_number
from solferino.representations.representation import Drop
from solferino.representations.spans import SPAN_RULES, Span, SpanRules, find_spans

_OWN_RULES = ("min_unique_pitches", "ignore_polyphonic_notes")


@final
@dataclass(frozen=True)
class MelodyRules:
    """What counts as a melody.

    Parameters
    ----------
    spans : SpanRules
        Silences that end a melody, and lengths.
    min_unique_pitches : int
        Melodies with fewer different pitch classes are dropped.
    ignore_polyphonic_notes : bool
        Keep the highest of the notes that begin together; otherwise a voice in which notes
        begin together is dropped.
    """

    spans: SpanRules = field(default_factory=SpanRules)
    min_unique_pitches: int = 5
    ignore_polyphonic_notes: bool = False

    def __post_init__(self) -> None:
        """Check every value; raise RecipeError for the first that makes no sense."""
        check_whole_number("min_unique_pitches", self.min_unique_pitches, 0, 12)
        check_true_or_false("ignore_polyphonic_notes", self.ignore_polyphonic_notes)

    @classmethod
    def from_mapping(cls, rules: Mapping[str, Any]) -> Self:
        """Read the rules of a recipe; what it leaves out has its default.

        Parameters
        ----------
        rules : Mapping
            Parameters of `SpanRules` and of this class, side by side.

        Raises
        ------
        RecipeError
            If a rule is unknown or its value makes no sense.
        """
        check_names("melody rule", rules, (*SPAN_RULES, *_OWN_RULES))
        of_spans = {name: rule for name, rule in rules.items() if name in SPAN_RULES}
        own = {name: rule for name, rule in rules.items() if name in _OWN_RULES}
        return cls(SpanRules(**of_spans), **own)


class FoundMelody(NamedTuple):
    """A melody where it stands in its piece.

    Parameters
    ----------
    line : Line
        Its notes, in steps of the piece. Notes may begin before `start_step` where a long
        melody was split.
    start_step, end_step : int
        Its first step, the start of a bar, and the step after its last.
    steps_per_bar : int
        Length of its bars.
    """

    line: Line
    start_step: int
    end_step: int
    steps_per_bar: int


def find_melodies(
    quantized: QuantizedSequence, rules: MelodyRules
) -> tuple[list[FoundMelody], list[Drop]]:
    """Find the melodies of all voices, in all meters of a piece.

    Tempo changes need no care: the grid follows them. Where the meter changes, a new search
    begins; drums and notes of velocity 0 are left out.

    Parameters
    ----------
    quantized : QuantizedSequence
        A piece on a metrical grid.
    rules : MelodyRules
        What counts as a melody.

    Returns
    -------
    melodies : list of FoundMelody
        In the order of the meters, then of the voices.
    drops : list of Drop
        All that was left out, by the rules ``no_notes``, ``non_integer_steps_per_bar``,
        ``polyphonic_tracks``, ``too_short``, ``too_few_pitches``, ``too_long`` and
        ``truncated`` (the last kept its beginning).
    """
    notes = melodic_notes(quantized)
    if not len(notes):
        return [], [Drop("no_notes", "no pitched notes", "")]
    melodies: list[FoundMelody] = []
    drops: list[Drop] = []
    for section in sections(quantized, drops):
        onsets = notes["start_step"]
        here = notes[(onsets >= section.start_step) & (onsets < section.end_step)]
        for voice in np.unique(here["instrument"]):
            line = _voice_line(here[here["instrument"] == voice], section, rules, drops)
            if line is not None:
                melodies.extend(_melodies_of_line(line, section, rules, drops))
    return melodies, drops


def melodic_notes(quantized: QuantizedSequence) -> NDArray[np.void]:
    """Select the notes that a melody may be made of, as they come: no drums, none of velocity 0."""
    return np.asarray(quantized.notes[~quantized.is_drum & (quantized.notes["velocity"] > 0)])


def _voice_line(
    notes: NDArray[np.void], section: Section, rules: MelodyRules, drops: list[Drop]
) -> Line | None:
    """Line of one voice, or None if it is polyphonic and must not be."""
    onsets = notes["start_step"].astype(np.int64)
    ends = np.minimum(notes["end_step"].astype(np.int64), section.end_step)
    line = highest_line(onsets, ends, notes["pitch"].astype(np.int64))
    together = len(notes) - len(line.onsets_steps)
    if together and not rules.ignore_polyphonic_notes:
        found = f"{together} of {len(notes)} notes begin together with another"
        drops.append(Drop("polyphonic_tracks", found, "ignore_polyphonic_notes=true"))
        return None
    return line


def _melodies_of_line(
    line: Line, section: Section, rules: MelodyRules, drops: list[Drop]
) -> Iterator[FoundMelody]:
    """Parts of a line that are long enough, with pitches enough."""
    for span in find_spans(line.onsets_steps, line.ends_steps, section, rules.spans, drops):
        melody = _melody_of_span(line, span)
        onsets = melody.line.onsets_steps
        begins = (onsets >= span.start_step) & (onsets < span.end_step)
        n_pitches = len(np.unique(melody.line.pitches[begins] % 12))
        if n_pitches < rules.min_unique_pitches:
            remedy = f"min_unique_pitches={n_pitches}"
            drops.append(Drop("too_few_pitches", f"{n_pitches} pitch classes", remedy))
        else:
            yield melody


def _melody_of_span(line: Line, span: Span) -> FoundMelody:
    part = Line(*(column[span.first : span.last] for column in line))
    return FoundMelody(part, span.start_step, span.end_step, span.steps_per_bar)
