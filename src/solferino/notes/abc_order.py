"""The measures of a tune in ABC notation in the order of playing, each at its place.

Repeats and endings, the order of parts (``P:AABA``), da capo, dal segno, fine and coda.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, repeat
from typing import NamedTuple

from solferino.notes.abc_measures import MAX_MEASURES, MAX_PASSES, Measure

MAX_PARTS = 1000
_PARTS = re.compile(r"[A-Za-z0-9().\s]*")
_PART = re.compile(r"[A-Za-z]|\(|\)|\d+")


def in_playing_order(voices: Sequence[list[Measure]], parts: str = "") -> list[list[Measure]]:
    """Unfold the voices of a tune.

    A label of a part, or a sign such as ``!segno!``, that only one voice has counts for every
    voice with as many measures.

    Parameters
    ----------
    voices : sequence of lists of Measure
        As written.
    parts : str
        The ``P:`` field of the header; empty where there is none.

    Returns
    -------
    list of lists of Measure
        As played.

    Raises
    ------
    ValueError
        If it is longer than `MAX_MEASURES`.
    """
    for voice in voices:
        for other in voices:
            if other is not voice and len(other) == len(voice):
                _share_signs(voice, other)
    if any(_sections(voice, parts) is None for voice in voices):
        parts = ""
    return [list(playing_order(voice, parts)) for voice in voices]


def _share_signs(voice: list[Measure], other: list[Measure]) -> None:
    if not any(measure.part or measure.signs for measure in other):
        for source, target in zip(voice, other, strict=True):
            target.part, target.signs = source.part, source.signs


def playing_order(measures: list[Measure], parts: str = "") -> Iterator[Measure]:
    """Unfold the repeats, endings, parts and jumps of a voice.

    A repeat goes back to the last opening sign, or else to the end of the repeat before.
    Where the header names the order of the parts, each is played with its repeats and the
    jumps are left out; an order that names a part which is not labelled is not followed. A jump
    is followed once, when the repeats around it are done; after it no repeat is taken, and
    the last ending is played.

    Parameters
    ----------
    measures : list of Measure
        As written.
    parts : str
        The order of the parts; empty where the header has none.

    Yields
    ------
    Measure
        As played.

    Raises
    ------
    ValueError
        If it is longer than `MAX_MEASURES`.
    """
    sections = _sections(measures, parts)
    played = _with_jumps(measures) if sections is None else _in_sections(sections)
    for n_played, measure in enumerate(played, 1):
        if n_played > MAX_MEASURES:
            raise ValueError(f"it has more than {MAX_MEASURES} bars with its repeats")
        yield measure


def _sections(measures: list[Measure], parts: str) -> list[list[Measure]] | None:
    """Return the parts in their order, behind what comes before the first; None without order."""
    order = part_order(parts)
    labelled = [k for k, measure in enumerate(measures) if measure.part]
    if not order or not labelled:
        return None
    ends = [*labelled[1:], len(measures)]
    spans: dict[str, list[Measure]] = {}
    for first, end in zip(labelled, ends, strict=True):
        spans.setdefault(measures[first].part, measures[first:end])
    if any(name not in spans for name in order):
        return None
    return [measures[: labelled[0]], *(spans[name] for name in order)]


def _in_sections(sections: list[list[Measure]]) -> Iterator[Measure]:
    for section in sections:
        for measure in section[:1]:
            measure.begins_section = True
        yield from (section[k] for k, _ in _repeated(section, 0))


def part_order(words: str) -> list[str]:
    """Read the order of parts in the ``P:`` field of a header.

    Parameters
    ----------
    words : str
        Such as ``AABA``, ``A.B.A`` or ``((AB)3.C)2``.

    Returns
    -------
    list of str
        A letter for each part that is played; empty if the field names no order, but is, for
        instance, a word.
    """
    if not _PARTS.fullmatch(words) or re.search(r"[a-z]{2}", words):
        return []
    stack: list[list[str]] = [[]]
    last: list[str] = []
    for sign in _PART.findall(words):
        if sign == "(":
            stack.append([])
            last = []
        elif sign.isdigit():
            stack[-1] += last * (min(int(sign[:4]), MAX_PARTS) - 1)
            last = []
        else:
            if sign == ")" and len(stack) == 1:
                return []
            last = stack.pop() if sign == ")" else [sign]
            stack[-1] += last
        if len(stack[-1]) > MAX_PARTS:
            return []
    return stack[0] if len(stack) == 1 else []


class _Jump(NamedTuple):
    """A da capo or dal segno behind a measure, to another, and a way out to a coda."""

    after: int
    to: int
    coda_from: int
    coda_to: int


def _jump(measures: list[Measure]) -> _Jump | None:
    """Find the first jump that has somewhere to go."""
    segno = next((k for k, measure in enumerate(measures) if "segno" in measure.signs), None)
    codas = [k for k, measure in enumerate(measures) if "coda" in measure.signs]
    codas += [k + 1 for k, measure in enumerate(measures) if "to_coda" in measure.signs]
    for k, measure in enumerate(measures):
        to = 0 if "da_capo" in measure.signs else segno if "dal_segno" in measure.signs else None
        if to is not None and to <= k:
            if codas and to <= min(codas) <= k < max(codas) < len(measures):
                return _Jump(k, to, min(codas), max(codas))
            return _Jump(k, to, len(measures), len(measures))
    return None


def _with_jumps(measures: list[Measure]) -> Iterator[Measure]:
    jump = _jump(measures)
    for k, is_last in _repeated(measures, 0):
        yield measures[k]
        if jump and k == jump.after and is_last:
            break
    else:
        return
    for k, _ in _repeated(measures, jump.to, once=True):
        if k >= jump.coda_from:
            break
        yield measures[k]
        if "fine" in measures[k].signs:
            return
    yield from (measures[k] for k, _ in _repeated(measures, jump.coda_to))


def _repeated(
    measures: list[Measure], start: int, *, once: bool = False
) -> Iterator[tuple[int, bool]]:
    """Unfold repeats and endings from a measure on, or play each section its last time only.

    Yields the index of each measure, and whether it is played for the last time.
    """
    closings = _closings(measures)
    k = start
    n_turns = _n_turns(measures, start, closings)
    turn = n_turns if once else 1
    while k < len(measures):
        measure = measures[k]
        if measure.opens_repeat and k > start:
            start, n_turns = k, _n_turns(measures, k, closings)
            turn = n_turns if once else 1
        skipped = bool(measure.passes) and turn not in measure.passes
        if not skipped:
            yield k, turn >= n_turns
        if measure.closes_repeats and not skipped and turn < n_turns:
            turn, k = turn + 1, start
            continue
        k += 1
        if not skipped and (measure.closes_repeats or _ends_last_ending(measures, k - 1)):
            start, n_turns = k, _n_turns(measures, k, closings)
            turn = n_turns if once else 1


def _closings(measures: list[Measure]) -> list[int | None]:
    """Find for each measure the one that closes a section which begins there, if any does."""
    closings: list[int | None] = [None] * (len(measures) + 1)
    for k in reversed(range(len(measures))):
        is_followed_by_opening = k + 1 < len(measures) and measures[k + 1].opens_repeat
        if measures[k].closes_repeats:
            closings[k] = k
        elif not is_followed_by_opening:
            closings[k] = closings[k + 1]
    return closings


def _n_turns(measures: list[Measure], start: int, closings: list[int | None]) -> int:
    """How often the section that begins at `start` is played."""
    k = closings[start]
    if k is None:
        return 1
    n_turns = measures[k].closes_repeats + 1
    for j in range(start, len(measures)):
        if j > k and not measures[j].passes:
            break
        n_turns = max([n_turns, *measures[j].passes])
    return min(n_turns, MAX_PASSES)


def _ends_last_ending(measures: list[Measure], k: int) -> bool:
    following = measures[k + 1] if k + 1 < len(measures) else None
    return bool(measures[k].passes) and (following is None or not following.passes)


class Placed(NamedTuple):
    """A measure in the order of playing.

    Parameters
    ----------
    start_ticks : int
        Where it begins.
    counted_from_ticks : int
        Where the counting of bars begins: the beginning, or the last change of meter.
    measure : Measure
        What is played.
    """

    start_ticks: int
    counted_from_ticks: int
    measure: Measure


def aligned(measures: Iterable[Measure]) -> Iterator[Placed]:
    """Place measures in time so that full bars begin on bar lines.

    Bars are counted from the last change of meter. A pickup at the beginning is moved so
    that it ends on a bar line. A short bar at the end of a section and the pickup after it
    make up one bar; where they do not, as when a pickup is repeated after a full bar, a
    rest fills the bar between them.

    Parameters
    ----------
    measures : iterable of Measure
        In the order of playing.

    Yields
    ------
    Placed
        Each measure with its place.
    """
    now = 0
    for (_, bar), run in groupby(measures, key=lambda measure: (measure.meter, measure.bar)):
        counted_from = now
        waiting: list[Measure] = []
        for measure in run:
            waiting.append(measure)
            if bar and measure.length_ticks % bar == 0:
                gap = 0 if now == counted_from else _gap(waiting)
                starts, now = _starts(waiting, now, bar, gap)
                yield from map(Placed, starts, repeat(counted_from), waiting)
                waiting = []
        starts, now = _starts(waiting, now, 0, 0)
        yield from map(Placed, starts, repeat(counted_from), waiting)


def _starts(waiting: list[Measure], now: int, bar: int, gap: int) -> tuple[list[int], int]:
    """Start of each measure, and the end of the last one.

    With `bar`, a rest before measure `gap` makes them end on a bar line.
    """
    missing = -sum(measure.length_ticks for measure in waiting) % bar if bar else 0
    starts = []
    for k, measure in enumerate(waiting):
        now += missing if k == gap else 0
        starts.append(now)
        now += measure.length_ticks
    return starts, now


def _gap(waiting: list[Measure]) -> int:
    """Index of the measure before which a rest belongs: one that begins a section."""
    sections = (k for k, measure in enumerate(waiting) if measure.begins_section)
    return next(sections, len(waiting) - 1)
