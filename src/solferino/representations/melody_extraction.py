"""Finding melodies in a piece, and saying why a voice gave none.

A *melody* is a part of a voice's line that starts on the bar of its first note and ends where
the line is silent for long enough.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import RecipeError
from solferino.notes.quantization import QuantizedSequence
from solferino.representations.melody_events import Line, highest_line
from solferino.representations.options import (
    check_number_above_0,
    check_true_or_false,
    check_whole_number,
    options_of,
)
from solferino.representations.representation import Drop

_TOO_LONG = ("truncate", "split", "discard")
_MAX_INT = 2**31 - 1


@final
@dataclass(frozen=True)
class MelodyRules:
    """What counts as a melody.

    Parameters
    ----------
    gap_bars : float > 0
        Bars of silence that end a melody.
    min_bars : int
        Melodies shorter than this are dropped.
    max_steps : int
        Longest example; see `too_long`.
    too_long : {"truncate", "split", "discard"}
        What happens to a melody longer than `max_steps`: its first `max_steps` are kept, or
        all of it in parts of that many whole bars, or none of it.
    min_unique_pitches : int
        Melodies with fewer different pitch classes are dropped.
    ignore_polyphonic_notes : bool
        Keep the highest of the notes that begin together; otherwise a voice in which notes
        begin together is dropped.
    pad_to_bar : bool
        Extend each melody with silence to the end of its last bar.
    """

    gap_bars: float = 1.0
    min_bars: int = 7
    max_steps: int = 512
    too_long: str = "truncate"
    min_unique_pitches: int = 5
    ignore_polyphonic_notes: bool = False
    pad_to_bar: bool = False

    def __post_init__(self) -> None:
        """Check every value; raise RecipeError for the first that makes no sense."""
        check_whole_number("min_bars", self.min_bars, 0, _MAX_INT)
        check_whole_number("max_steps", self.max_steps, 1, _MAX_INT)
        check_whole_number("min_unique_pitches", self.min_unique_pitches, 0, 12)
        check_number_above_0("gap_bars", self.gap_bars)
        check_true_or_false("ignore_polyphonic_notes", self.ignore_polyphonic_notes)
        check_true_or_false("pad_to_bar", self.pad_to_bar)
        if self.too_long not in _TOO_LONG:
            raise RecipeError(f"too_long={self.too_long!r}: it is one of {', '.join(_TOO_LONG)}")

    @classmethod
    def from_mapping(cls, rules: Mapping[str, Any]) -> Self:
        """Read the rules of a recipe; what it leaves out has its default.

        Raises
        ------
        RecipeError
            If a rule is unknown or its value makes no sense.
        """
        return cls(**options_of("melody rule", rules, (rule.name for rule in fields(cls))))


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


class _Section(NamedTuple):
    """A part of a piece with one meter."""

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
    for section in _sections(quantized, drops):
        onsets = notes["start_step"]
        here = notes[(onsets >= section.start_step) & (onsets < section.end_step)]
        for voice in np.unique(here["instrument"]):
            line = _voice_line(here[here["instrument"] == voice], section, rules, drops)
            if line is not None:
                for melody in _melodies_of_line(line, section, rules, drops):
                    melodies.extend(_fitting(melody, rules, drops))
    return melodies, drops


def melodic_notes(quantized: QuantizedSequence) -> NDArray[np.void]:
    """Select the notes that a melody may be made of, as they come: no drums, none of velocity 0."""
    return np.asarray(quantized.notes[~quantized.is_drum & (quantized.notes["velocity"] > 0)])


def bar_length(quantized: QuantizedSequence, meter: NDArray[np.void]) -> int | Drop:
    """Length of the bars of a meter.

    Parameters
    ----------
    quantized : QuantizedSequence
        A piece on a metrical grid.
    meter : row of ``quantized.meters``

    Returns
    -------
    int or Drop
        Steps per bar, or, if that is no whole number, why not and which grid to take.
    """
    numerator, denominator = int(meter["numerator"]), int(meter["denominator"])
    steps = Fraction(quantized.steps_per_bar(numerator, denominator)).limit_denominator(4096)
    if steps.denominator == 1:
        return int(steps)
    per_quarter = quantized.steps_per_bar(1, 4)
    found = f"a bar of {numerator}/{denominator} is {float(steps):g} steps"
    remedy = f"steps_per_quarter={round(per_quarter) * steps.denominator}"
    return Drop("non_integer_steps_per_bar", found, remedy)


def _sections(quantized: QuantizedSequence, drops: list[Drop]) -> Iterator[_Section]:
    """Parts with one meter each whose bars are whole numbers of steps."""
    starts = quantized.meters["step"].tolist()
    for meter, start, end in zip(quantized.meters, starts, [*starts[1:], _MAX_INT], strict=True):
        steps_per_bar = bar_length(quantized, meter)
        if isinstance(steps_per_bar, Drop):
            drops.append(steps_per_bar)
        else:
            yield _Section(start, end, steps_per_bar)


def _voice_line(
    notes: NDArray[np.void], section: _Section, rules: MelodyRules, drops: list[Drop]
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
    line: Line, section: _Section, rules: MelodyRules, drops: list[Drop]
) -> Iterator[FoundMelody]:
    """Parts of a line between long silences that last long enough."""
    bar = section.steps_per_bar
    gaps = line.onsets_steps[1:] - line.ends_steps[:-1] >= rules.gap_bars * bar
    starts = np.concatenate(([0], np.flatnonzero(gaps) + 1))
    ends = np.append(starts[1:], len(line.onsets_steps))
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        start = int(line.onsets_steps[first])
        start -= (start - section.start_step) % bar
        end = int(line.ends_steps[last - 1])
        if rules.pad_to_bar:
            end += (start - end) % bar
        if end - start < rules.min_bars * bar:
            drops.append(_too_short(end - start, bar))
            continue
        part = Line(*(column[first:last] for column in line))
        yield FoundMelody(part, start, end, bar)


def _too_short(length_steps: int, steps_per_bar: int) -> Drop:
    bars = length_steps / steps_per_bar
    return Drop("too_short", f"{bars:.3g} bars", f"min_bars={int(bars)}")


def _fitting(melody: FoundMelody, rules: MelodyRules, drops: list[Drop]) -> Iterator[FoundMelody]:
    """Examples of at most `max_steps` with pitches enough."""
    for part in _cut(melody, rules, drops):
        begins = (part.line.onsets_steps >= part.start_step) & (
            part.line.onsets_steps < part.end_step
        )
        n_pitches = len(np.unique(part.line.pitches[begins] % 12))
        if n_pitches < rules.min_unique_pitches:
            remedy = f"min_unique_pitches={n_pitches}"
            drops.append(Drop("too_few_pitches", f"{n_pitches} pitch classes", remedy))
        else:
            yield part


def _cut(melody: FoundMelody, rules: MelodyRules, drops: list[Drop]) -> Iterator[FoundMelody]:
    """Do with a melody that is too long what the rules say."""
    start, end, bar = melody.start_step, melody.end_step, melody.steps_per_bar
    if end - start <= rules.max_steps:
        yield melody
        return
    found, remedy = f"{end - start} steps", f"max_steps={end - start}"
    if rules.too_long == "discard":
        drops.append(Drop("too_long", found, remedy))
        return
    whole_bars = rules.max_steps - rules.max_steps % bar
    if rules.too_long == "truncate":
        drops.append(Drop("truncated", found, remedy))
        length = whole_bars if rules.pad_to_bar else rules.max_steps
        yield melody._replace(end_step=start + (length or rules.max_steps))
        return
    length = whole_bars or rules.max_steps
    for part_start in range(start, end, length):
        part_end = min(part_start + length, end)
        if part_end - part_start < rules.min_bars * bar:
            drops.append(_too_short(part_end - part_start, bar))
        else:
            yield melody._replace(start_step=part_start, end_step=part_end)
