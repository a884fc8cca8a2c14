"""Lengths as they are written down: note values with dots, ties and tuplets."""

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from solferino.notes.score import DYADIC_TICKS, TICKS_PER_QUARTER, TICKS_PER_WHOLE, Chord, cut

VALUES = (
    "1024th", "512th", "256th", "128th", "64th", "32nd", "16th", "eighth", "quarter", "half",
    "whole", "breve", "long", "maxima",
)  # fmt: skip
"""Note values, each twice as long as the one before."""

_SHORTEST = Fraction(DYADIC_TICKS, 4)  # ticks of the first value
_LONGEST_TUPLET_TICKS = 2 * TICKS_PER_QUARTER
_LARGEST_CROSSING = 7
_DOTS = {1: 0, 3: 1, 7: 2}


class Symbol(NamedTuple):
    """One note, chord or rest as it is written.

    Parameters
    ----------
    chord : Chord
        Its notes and its place.
    value : str
        One of `VALUES`.
    dots : int
        At most two.
    actual, normal : int
        In a tuplet `actual` of these values last as long as `normal`; both 1 outside.
    begins_tuplet, ends_tuplet : bool
        Whether it is the first or last of its tuplet.
    """

    chord: Chord
    value: str
    dots: int
    actual: int = 1
    normal: int = 1
    begins_tuplet: bool = False
    ends_tuplet: bool = False


def symbols_of(chords: list[Chord], origin: int) -> Iterator[Symbol]:
    """Write chords and rests as symbols.

    What no single symbol can say is cut at the strongest place within it. Chords that end off
    the grid of halves, quarters, eighths ... make up a tuplet with those after them, up to
    where that grid is met again; a longer chord leaves it at a beat.

    Parameters
    ----------
    chords : list of Chord
        Without gaps, in order.
    origin : int
        Where the bar begins, in ticks.

    Yields
    ------
    Symbol
        In order; together as long as the chords.
    """
    chords = [part for chord in chords for part in _short_rests(chord, origin)]
    parts = [part for chord in chords for part in cut(chord, beats_around_tuplets(chord, origin))]
    for group in _groups(parts, origin):
        length = group[-1].stop_tick - group[0].start_tick
        if len(group) > 1 and (
            _actual(group) > _LARGEST_CROSSING or length > _LONGEST_TUPLET_TICKS
        ):
            beats = range(origin, group[-1].stop_tick, TICKS_PER_QUARTER)
            smaller = [part for chord in group for part in cut(chord, beats)]
            for again in _groups(smaller, origin):
                yield from _written(again, origin)
        else:
            yield from _written(group, origin)


def _short_rests(chord: Chord, origin: int) -> Iterator[Chord]:
    """Cut rests of a whole note and longer, which some programs take for the rest of a bar."""
    is_long = not chord.pitches and chord.stop_tick - chord.start_tick >= TICKS_PER_WHOLE
    return cut(chord, range(origin, chord.stop_tick, TICKS_PER_WHOLE // 2) if is_long else ())


def beats_around_tuplets(chord: Chord, origin: int = 0) -> set[int]:
    """Find the beats at which a long chord leaves or enters a tuplet, to be cut there.

    Parameters
    ----------
    chord : Chord
    origin : int
        From where quarter notes are counted, in ticks.
    """
    start, stop = chord.start_tick - origin, chord.stop_tick - origin
    if stop - start <= TICKS_PER_QUARTER:
        return set()
    after = -(-start // TICKS_PER_QUARTER) * TICKS_PER_QUARTER
    before = stop // TICKS_PER_QUARTER * TICKS_PER_QUARTER
    return {origin + beat for edge, beat in ((start, after), (stop, before)) if edge % DYADIC_TICKS}


def _groups(chords: list[Chord], origin: int) -> Iterator[list[Chord]]:
    """Gather the chords of each tuplet; outside of them each is alone."""
    group: list[Chord] = []
    for chord in chords:
        group.append(chord)
        if (chord.stop_tick - origin) % DYADIC_TICKS == 0:
            yield group
            group = []
    if group:
        yield group


def _actual(group: list[Chord]) -> int:
    """How many notes a tuplet has in the time of a power of two; 1 if it is none."""
    denominator = lcm(
        *(Fraction(c.stop_tick - c.start_tick, TICKS_PER_QUARTER).denominator for c in group)
    )
    return denominator // (denominator & -denominator)


def _written(group: list[Chord], origin: int) -> Iterator[Symbol]:
    """Write the chords of one tuplet, or the one chord outside."""
    actual = _actual(group)
    normal = 1 << (actual.bit_length() - 1)
    factor = Fraction(actual, normal)
    is_plain = actual == 1 and (group[0].start_tick - origin) % DYADIC_TICKS == 0
    start = origin if is_plain else group[0].start_tick
    symbols = []
    for chord in group:
        begin, end = (
            (tick - start) * factor / _SHORTEST for tick in (chord.start_tick, chord.stop_tick)
        )
        edges = list(_edges(int(begin), int(end)))
        inner = [start + int(edge * _SHORTEST / factor) for edge in edges[1:-1]]
        for part, begin_unit, end_unit in zip(cut(chord, inner), edges, edges[1:], strict=False):
            symbols.append(Symbol(part, *_value(end_unit - begin_unit), actual, normal))
    if actual > 1 and len(symbols) > 1:
        symbols[0] = symbols[0]._replace(begins_tuplet=True)
        symbols[-1] = symbols[-1]._replace(ends_tuplet=True)
    yield from symbols


def _value(units: int) -> tuple[str, int]:
    """Name the value and dots of a length that can be written."""
    dots = _DOTS[units // (units & -units)]
    return VALUES[units.bit_length() - 1], dots


def _edges(begin: int, end: int) -> Iterator[int]:
    """Cut a length into such as can be written; yield all edges."""
    yield begin
    yield from _ends(begin, end)


def _ends(begin: int, end: int) -> Iterator[int]:
    units = end - begin
    if units // (units & -units) in _DOTS and units.bit_length() <= len(VALUES):
        yield end
        return
    place = _strongest(begin, end)
    yield from _ends(begin, place)
    yield from _ends(place, end)


def _strongest(begin: int, end: int) -> int:
    """Find the multiple of the largest power of two strictly between two moments."""
    step = 1 << max(end - begin - 1, 1).bit_length()
    while True:
        place = (begin // step + 1) * step
        if begin < place < end:
            return place
        step //= 2
