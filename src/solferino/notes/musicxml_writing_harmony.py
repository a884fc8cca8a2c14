"""Chord symbols to MusicXML: a kind, and the degrees by which the chord differs from it."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from solferino.notes.chord_symbols import KINDS, parse_degree
from solferino.notes.chords import Chord, parse_chord
from solferino.notes.musicxml_writing_parts import plain

_SEVENTH = 7


class _Degree(NamedTuple):
    """What to do with a degree of a chord."""

    number: int
    alteration: int
    action: str


def harmony_lines(symbol: str, offset: str = "") -> Iterator[str]:
    """Write a chord symbol.

    Parameters
    ----------
    symbol : str
        As `parse_chord` reads it. What follows its root is kept as the text of the kind.
    offset : str
        Lines of XML that say where, if not at the next note.

    Yields
    ------
    str
        Lines of XML.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    chord = parse_chord(symbol)
    yield "<harmony>"
    if not chord.root:
        yield from _tone("root", "C")
        yield f'<kind text="{plain(symbol)}">none</kind>'
    else:
        yield from _tone("root", chord.root)
        words = symbol.strip().rpartition("/")[0] if chord.bass else symbol.strip()
        name, degrees = _kind(chord.kind)
        yield f'<kind text="{plain(words[len(chord.root) :])}">{name}</kind>'
        if chord.bass:
            yield from _tone("bass", chord.bass)
        for degree in (*degrees, *_changes(chord)):
            yield '<degree print-object="no">'
            yield f"<degree-value>{degree.number}</degree-value>"
            yield f"<degree-alter>{degree.alteration}</degree-alter>"
            yield f"<degree-type>{degree.action}</degree-type></degree>"
    yield offset
    yield "</harmony>"


def _tone(element: str, note: str) -> Iterator[str]:
    alteration = note.count("#") - note[1:].count("b")
    alter = f"<{element}-alter>{alteration}</{element}-alter>" if alteration else ""
    yield f"<{element}><{element}-step>{note[0]}</{element}-step>{alter}</{element}>"


@cache
def _kind(kind: str) -> tuple[str, tuple[_Degree, ...]]:
    """Find the MusicXML kind nearest to a kind of chord, and the degrees by which it differs."""
    names = [name for name in KINDS if KINDS[name].musicxml]
    differences = {name: _difference(name, kind) for name in names}
    nearest = min(names, key=lambda name: (_subtracts(differences[name]), len(differences[name])))
    return KINDS[nearest].musicxml, differences[nearest]


def _subtracts(changes: tuple[_Degree, ...]) -> bool:
    return any(change.action == "subtract" for change in changes)


def _difference(given: str, wanted: str) -> tuple[_Degree, ...]:
    """Say how a kind of chord is made of another."""
    before, after = (_degrees(kind) for kind in (given, wanted))
    changes = []
    for number in sorted(before.keys() | after.keys()):
        olds, news = before.get(number, []), after.get(number, [])
        for old, new in zip(olds, news, strict=False):
            if old != new:
                changes.append(_Degree(number, new - old, "alter"))
        changes += [_Degree(number, old, "subtract") for old in olds[len(news) :]]
        changes += [_added(number, new) for new in news[len(olds) :]]
    return tuple(changes)


def _degrees(kind: str) -> dict[int, list[int]]:
    """Gather the alterations of the degrees of a kind of chord, as a major scale has them."""
    degrees: dict[int, list[int]] = {}
    for name in KINDS[kind].formula.split():
        degrees.setdefault(parse_degree(name).number, []).append(_alteration(name))
    return degrees


def _alteration(degree: str) -> int:
    return degree.count("#") - degree.count("b")


def _added(number: int, alteration: int) -> _Degree:
    """Add a degree: MusicXML counts from those of a dominant chord, with its flat seventh."""
    return _Degree(number, alteration + (number == _SEVENTH), "add")


def _changes(chord: Chord) -> Iterator[_Degree]:
    """Yield the altered, added and omitted degrees of a chord."""
    own = _degrees(chord.kind)
    for name in chord.altered:
        number, alteration = parse_degree(name).number, _alteration(name)
        if own.get(number):
            yield _Degree(number, alteration - own[number].pop(0), "alter")
        else:
            yield _added(number, alteration)
    for name in chord.added:
        yield _Degree(int(name), 0, "add")
    for name in chord.omitted:
        yield _Degree(int(name), 0, "subtract")
