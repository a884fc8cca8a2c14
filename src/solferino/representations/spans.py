"""Spans: the parts of a voice between long silences, of a length that suits training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import RecipeError
from solferino.representations.bars import Section
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
class SpanRules:
    """Which parts of a voice become examples.

    Parameters
    ----------
    gap_bars : float > 0
        Bars of silence that end a span.
    min_bars : int
        Spans shorter than this are dropped.
    max_steps : int
        Longest example; see `too_long`.
    too_long : {"truncate", "split", "discard"}
        What happens to a span longer than `max_steps`: its first `max_steps` are kept, or
        all of it in parts of that many whole bars, or none of it.
    pad_to_bar : bool
        Extend each span with silence to the end of its last bar.
    """

    gap_bars: float = 1.0
    min_bars: int = 7
    max_steps: int = 512
    too_long: str = "truncate"
    pad_to_bar: bool = False

    def __post_init__(self) -> None:
        """Check every value; raise RecipeError for the first that makes no sense."""
        check_whole_number("min_bars", self.min_bars, 0, _MAX_INT)
        check_whole_number("max_steps", self.max_steps, 1, _MAX_INT)
        check_number_above_0("gap_bars", self.gap_bars)
        check_true_or_false("pad_to_bar", self.pad_to_bar)
        if self.too_long not in _TOO_LONG:
            raise RecipeError(f"too_long={self.too_long!r}: it is one of {', '.join(_TOO_LONG)}")

    @classmethod
    def from_mapping(cls, what: str, rules: Mapping[str, Any]) -> Self:
        """Read the rules of a recipe; what it leaves out has its default.

        Parameters
        ----------
        what : str
            What they are rules of, for the message: ``"drums"``.
        rules : Mapping

        Raises
        ------
        RecipeError
            If a rule is unknown or its value makes no sense.
        """
        return cls(**options_of(f"{what} rule", rules, SPAN_RULES))


SPAN_RULES = tuple(rule.name for rule in fields(SpanRules))
"""Names of the rules."""


class Span(NamedTuple):
    """A part of a voice that becomes an example.

    Parameters
    ----------
    first, last : int
        Its notes are ``notes[first:last]`` of the voice. Some may begin before `start_step`,
        or after the span, where a long one was cut.
    start_step, end_step : int
        Its first step, the start of a bar, and the step after its last.
    steps_per_bar : int
        Length of its bars.
    """

    first: int
    last: int
    start_step: int
    end_step: int
    steps_per_bar: int


def find_spans(
    onsets_steps: NDArray[np.int64],
    ends_steps: NDArray[np.int64],
    section: Section,
    rules: SpanRules,
    drops: list[Drop],
) -> Iterator[Span]:
    """Find the spans of a voice in one meter.

    Parameters
    ----------
    onsets_steps, ends_steps : ndarray of int64, shape (n_notes,)
        Its notes, at least one, in order of onset; no note lasts beyond the next onset.
    section : Section
        Where the notes begin.
    rules : SpanRules
    drops : list of Drop
        Gets what is left out, by the rules ``too_short``, ``too_long`` and ``truncated``
        (the last keeps the beginning).

    Yields
    ------
    Span
    """
    bar = section.steps_per_bar
    gaps = onsets_steps[1:] - ends_steps[:-1] >= rules.gap_bars * bar
    firsts = np.concatenate(([0], np.flatnonzero(gaps) + 1))
    lasts = np.append(firsts[1:], len(onsets_steps))
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        start = int(onsets_steps[first])
        start -= (start - section.start_step) % bar
        end = int(ends_steps[last - 1])
        if rules.pad_to_bar:
            end += (start - end) % bar
        if end - start < rules.min_bars * bar:
            drops.append(_too_short(end - start, bar))
        else:
            yield from _cut(Span(first, last, start, end, bar), rules, drops)


def _too_short(length_steps: int, steps_per_bar: int) -> Drop:
    bars = length_steps / steps_per_bar
    return Drop("too_short", f"{bars:.3g} bars", f"min_bars={int(bars)}")


def _cut(span: Span, rules: SpanRules, drops: list[Drop]) -> Iterator[Span]:
    """Do with a span that is too long what the rules say."""
    start, end, bar = span.start_step, span.end_step, span.steps_per_bar
    if end - start <= rules.max_steps:
        yield span
        return
    found, remedy = f"{end - start} steps", f"max_steps={end - start}"
    if rules.too_long == "discard":
        drops.append(Drop("too_long", found, remedy))
        return
    whole_bars = rules.max_steps - rules.max_steps % bar
    if rules.too_long == "truncate":
        drops.append(Drop("truncated", found, remedy))
        length = whole_bars if rules.pad_to_bar else rules.max_steps
        yield span._replace(end_step=start + (length or rules.max_steps))
        return
    length = whole_bars or rules.max_steps
    for part_start in range(start, end, length):
        part_end = min(part_start + length, end)
        if part_end - part_start < rules.min_bars * bar:
            drops.append(_too_short(part_end - part_start, bar))
        else:
            yield span._replace(start_step=part_start, end_step=part_end)
