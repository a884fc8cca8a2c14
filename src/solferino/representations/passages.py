"""Passages: the parts of a polyphonic piece that become examples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self, final

from solferino.errors import GenerationError
from solferino.notes.quantization import QuantizedSequence
from solferino.representations.bars import Section, meter_at, sections
from solferino.representations.options import check_whole_number, options_of
from solferino.representations.representation import Drop
from solferino.representations.rolls import RollNotes, pitched_notes

_MAX_INT = 2**31 - 1


@final
@dataclass(frozen=True)
class PassageRules:
    """How long the examples are.

    Parameters
    ----------
    min_steps : int
        Shorter passages are dropped.
    max_steps : int
        Longer ones are cut at bar lines into parts of about equal length.
    """

    min_steps: int = 80
    max_steps: int = 512

    def __post_init__(self) -> None:
        """Check every value; raise RecipeError for the first that makes no sense."""
        check_whole_number("min_steps", self.min_steps, 0, _MAX_INT)
        check_whole_number("max_steps", self.max_steps, 1, _MAX_INT)

    @classmethod
    def from_mapping(cls, what: str, rules: Mapping[str, Any]) -> Self:
        """Read the rules of a recipe; what it leaves out has its default.

        Parameters
        ----------
        what : str
            What they are rules of, for the message: ``"polyphony"``.
        rules : Mapping

        Raises
        ------
        RecipeError
            If a rule is unknown or its value makes no sense.
        """
        return cls(**options_of(f"{what} rule", rules, (rule.name for rule in fields(cls))))


class Passage(NamedTuple):
    """A part of a piece that becomes an example.

    Parameters
    ----------
    start_step, end_step : int
        Its first step, the start of a bar, and the step after its last.
    steps_per_bar : int
        Length of its bars.
    is_first, is_last : bool
        Whether no music of the piece comes before, or after.
    """

    start_step: int
    end_step: int
    steps_per_bar: int
    is_first: bool
    is_last: bool


def find_passages(
    quantized: QuantizedSequence, rules: PassageRules
) -> tuple[RollNotes, list[Passage], list[Drop]]:
    """Find the passages of a piece: all of its music, cut where the meter changes.

    Parameters
    ----------
    quantized : QuantizedSequence
        A piece on a metrical grid.
    rules : PassageRules

    Returns
    -------
    notes : RollNotes
        Of all instruments but drums.
    passages : list of Passage
    drops : list of Drop
        What was left out, by the rules ``no_notes``, ``non_integer_steps_per_bar`` and
        ``too_short``.
    """
    notes = pitched_notes(quantized)
    if not len(notes.pitches):
        return notes, [], [Drop("no_notes", "no pitched notes", "")]
    passages: list[Passage] = []
    drops: list[Drop] = []
    for section in sections(quantized, drops):
        for passage in _passages(notes, section, rules):
            length = passage.end_step - passage.start_step
            if length < rules.min_steps:
                drops.append(Drop("too_short", f"{length} steps", f"min_steps={length}"))
            else:
                passages.append(passage)
    return notes, passages, drops


def primer_passage(notes: RollNotes, quantized: QuantizedSequence, end_step: int) -> Passage:
    """Find the part of a primer that a model is told: from the bar of its first note on.

    Parameters
    ----------
    notes : RollNotes
        Of the primer.
    quantized : QuantizedSequence
        The primer. Bars are those of the last meter before the end.
    end_step : int >= 0
        Where the part ends.

    Returns
    -------
    Passage
        From step 0 where no note begins before `end_step`.

    Raises
    ------
    GenerationError
        If `end_step` is negative.
    QuantizationError
        If a bar is not a whole number of steps.
    """
    if end_step < 0:
        raise GenerationError(f"end_step={end_step}: a primer cannot end before step 0")
    bar_step, steps_per_bar = meter_at(quantized, end_step)
    onsets = notes.onsets_steps[notes.onsets_steps < end_step]
    first = int(onsets.min()) if len(onsets) else 0
    start = max(first - (first - bar_step) % steps_per_bar, 0)
    return Passage(start, end_step, steps_per_bar, is_first=True, is_last=False)


def _passages(notes: RollNotes, section: Section, rules: PassageRules) -> Iterator[Passage]:
    """Divide the music of a section into parts that are short enough."""
    onsets, ends, bar = notes.onsets_steps, notes.ends_steps, section.steps_per_bar
    here = (onsets < section.end_step) & (ends > section.start_step)
    if not here.any():
        return
    start = max(int(onsets[here].min()), section.start_step)
    start -= (start - section.start_step) % bar
    end = min(int(ends[here].max()), section.end_step)
    first_step, last_step = int(onsets.min()), int(ends.max())
    length = _part_length(end - start, bar, rules.max_steps)
    for part_start in range(start, end, length):
        part_end = min(part_start + length, end)
        is_first, is_last = part_start <= first_step, part_end >= last_step
        yield Passage(part_start, part_end, bar, is_first, is_last)


def _part_length(length: int, steps_per_bar: int, max_steps: int) -> int:
    """Length of equal parts, in whole bars where a bar is short enough."""
    unit = steps_per_bar if steps_per_bar <= max_steps else 1
    n_units, units_per_part = -(-length // unit), max_steps // unit
    n_parts = -(-n_units // units_per_part)
    if length <= max_steps:
        return length
    return -(-n_units // n_parts) * unit
