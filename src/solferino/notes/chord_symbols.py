"""What a chord symbol means: the table of kinds, and how musicians spell them."""

import difflib
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple


class Kind(NamedTuple):
    """One row of the table of chord kinds.

    Parameters
    ----------
    formula : str
        Degrees of the major scale on the root, with flats and sharps.
    spellings : tuple of str
        Other ways to write it, after `_WORDS` has made one word of each family.
    musicxml : str
        What MusicXML calls it; empty where it has no word.
    """

    formula: str
    spellings: tuple[str, ...] = ()
    musicxml: str = ""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "": Kind("1 3 5", ("maj",), "major"),
        "m": Kind("1 b3 5", (), "minor"),
        "7": Kind("1 3 5 b7", (), "dominant"),
        "m7": Kind("1 b3 5 b7", (), "minor-seventh"),
        "maj7": Kind("1 3 5 7", (), "major-seventh"),
        "6": Kind("1 3 5 6", ("maj6",), "major-sixth"),
        "m6": Kind("1 b3 5 6", (), "minor-sixth"),
        "dim": Kind("1 b3 b5", ("mb5",), "diminished"),
        "dim7": Kind("1 b3 b5 bb7", (), "diminished-seventh"),
        "m7b5": Kind("1 b3 b5 b7", ("hdim", "hdim7"), "half-diminished"),
        "aug": Kind("1 3 #5", ("#5", "maj#5"), "augmented"),
        "7#5": Kind("1 3 #5 b7", ("aug7", "7aug"), "augmented-seventh"),
        "sus4": Kind("1 4 5", ("sus", "4"), "suspended-fourth"),
        "sus2": Kind("1 2 5", (), "suspended-second"),
        "7sus4": Kind("1 4 5 b7", ("7sus", "m7sus4", "m7sus", "11sus4", "11sus")),
        "9": Kind("1 3 5 b7 9", (), "dominant-ninth"),
        "m9": Kind("1 b3 5 b7 9", (), "minor-ninth"),
        "maj9": Kind("1 3 5 7 9", (), "major-ninth"),
        "6/9": Kind("1 3 5 6 9", ("69", "96", "maj69")),
        "m6/9": Kind("1 b3 5 6 9", ("m69",)),
        "m(maj7)": Kind("1 b3 5 7", ("mmaj7", "mmaj"), "major-minor"),
        "m(maj9)": Kind("1 b3 5 7 9", ("mmaj9",)),
        "dim(maj7)": Kind("1 b3 b5 7", ("dimmaj7", "mmaj7b5")),
        "7b5": Kind("1 3 b5 b7"),
        "maj7#5": Kind("1 3 #5 7", ("augmaj7", "aug7maj")),
        "maj7b5": Kind("1 3 b5 7"),
        "9#5": Kind("1 3 #5 b7 9", ("aug9", "9aug")),
        "9sus4": Kind("1 4 5 b7 9", ("9sus", "sus9", "sus49")),
        "13sus4": Kind("1 4 5 b7 9 13", ("13sus",)),
        "7sus2": Kind("1 2 5 b7"),
        "maj7sus4": Kind("1 4 5 7", ("maj7sus",)),
        "sus24": Kind("1 2 4 5", ("sus42", "sus2sus4", "sus4sus2")),
        "11": Kind("1 3 5 b7 9 11", (), "dominant-11th"),
        "m11": Kind("1 b3 5 b7 9 11", (), "minor-11th"),
        "maj11": Kind("1 3 5 7 9 11", (), "major-11th"),
        "13": Kind("1 3 5 b7 9 13", (), "dominant-13th"),
        "m13": Kind("1 b3 5 b7 9 13", (), "minor-13th"),
        "maj13": Kind("1 3 5 7 9 13", (), "major-13th"),
        "7alt": Kind("1 3 b5 #5 b7 b9 #9", ("alt",)),
        "5": Kind("1 5", (), "power"),
    }
)
"""Every kind of chord by its name, the commonest first: the one home of what a symbol means.

The 11th of a 13th chord is left out, as players do.
"""

_WORDS = (  # what musicians write, and the one word for it; earlier rows go first
    (r"(?i:add)", "add"),
    (r"(?i:omit|no)", "no"),
    (r"(?i:sus(?:pended)?)", "sus"),
    (r"[△Δ∆^](?!\d)", "maj7"),
    (r"(?i:major|maj|ma(?!dd|ug|lt))|M(?![Ii])|[△Δ∆^]|j", "maj"),
    (r"(?i:minor|min|mi)|m", "m"),
    (r"(?i:half-?dim(?:inished)?)|[øØ]", "hdim"),
    (r"(?i:dim(?:inished)?)|[°ºo]", "dim"),
    (r"(?i:aug(?:mented)?)", "aug"),
    (r"(?i:dom(?:inant)?)", ""),
    (r"(?i:altered|alt)", "alt"),
)

_WORD = re.compile("|".join(f"({pattern})" for pattern, _ in _WORDS))
_SUSPENSION = re.compile(r"sus(?:2sus4|4sus2|24|42|2|4)?")
_CHANGE = re.compile(r"add([b#]?\d+)|no(\d+)|([b#]\d+)")

_DEGREE_SEMITONES = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11, 9: 14, 11: 17, 13: 21}
_DEGREE_NAMES = {"2": "9", "4": "11", "6": "13"}  # within an octave, and above it
ADDED = ("9", "11", "13")
"""Degrees that can be added as they are."""
ALTERED = ("b5", "#5", "b9", "#9", "#11", "b13")
"""Degrees that can stand in a chord with a flat or a sharp."""
OMITTED = ("3", "5")
"""Degrees that can be left out."""


class SymbolParts(NamedTuple):
    """What stands between root and bass of a chord symbol; see `Chord`."""

    kind: str
    altered: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()


class ParsedDegree(NamedTuple):
    """A degree of the major scale, and the semitones that it lies above the root."""

    number: int
    semitones: int
    is_natural: bool


def parse_degree(name: str) -> ParsedDegree:
    """Read a degree such as ``"b9"``, of those that `KINDS` and the changes use."""
    number = int(name.lstrip("b#"))
    alteration = name.count("#") - name.count("b")
    return ParsedDegree(number, _DEGREE_SEMITONES[number] + alteration, alteration == 0)


def in_one_form(parts: SymbolParts) -> SymbolParts:
    """Give the one form of a chord: fifths in its kind where they can be, nothing said twice.

    Parameters
    ----------
    parts : SymbolParts
        Of known kinds and degrees, in any order.
    """
    kind, altered = parts.kind, set(parts.altered)
    for five in ("b5", "#5"):
        plain = next((k for k in KINDS if _KIND_OF_SPELLING.get(_plain(k) + five) == kind), None)
        if plain is not None:
            kind = plain
            altered.add(five)
    for five in sorted(altered & {"b5", "#5"}, reverse=True):
        if _plain(kind) + five in _KIND_OF_SPELLING:
            kind = _KIND_OF_SPELLING[_plain(kind) + five]
            altered.remove(five)
    formula = KINDS[kind].formula.split()
    numbers = {parse_degree(name).number for name in (*formula, *altered)}
    return SymbolParts(
        kind,
        tuple(name for name in ALTERED if name in altered and name not in formula),
        tuple(name for name in ADDED if name in parts.added and name not in formula),
        tuple(name for name in OMITTED if name in parts.omitted and int(name) in numbers),
    )


def read_symbol_parts(rest: str) -> SymbolParts:
    """Read what stands between root and bass of a chord symbol.

    Parameters
    ----------
    rest : str
        For instance ``"m7(b5)"``, ``"△"`` or ``"7sus4"``; accidentals are # and b.

    Raises
    ------
    ValueError
        If it cannot be read; its arguments are the part that is not understood and the
        nearest spelling that is known.
    """
    words = _in_one_spelling(rest)
    found = _SUSPENSION.search(words)
    suspension = found[0] if found else ""
    words = words.replace(suspension, "", 1)
    unknown = words + suspension
    for end in range(len(words) + 1):
        kind = _KIND_OF_SPELLING.get(words[:end] + suspension)
        if kind is None:
            continue
        degrees, left = _read_changes(words[end:])
        if not left:
            return SymbolParts(kind, *degrees)
        unknown = min(unknown, left, key=len)
    raise ValueError(
        unknown if unknown in rest else rest, nearest_name(rest, [*KINDS, *_SPELLED_CHANGES])
    )


def nearest_name(name: str, known: Sequence[str]) -> str:
    """Find the known name that looks most like a name; the first where none does."""
    return max(known, key=lambda other: difflib.SequenceMatcher(None, name, other).ratio())


def _plain(words: str) -> str:
    return re.sub(r"[\s(){}\[\],./]", "", words)


def _in_one_spelling(rest: str) -> str:
    """Write a kind with one word for each family of spellings."""
    words = re.sub(r"^-(?=5)", "b", re.sub(r"^\+(?=5)", "#", _plain(rest)))
    words = re.sub(r"^-", "m", re.sub(r"^\+", "aug", words))
    words = (
        re.sub(r"(?<=\d)\+(?!\d)", "aug", words)
        .replace("f-", "f")
        .replace("-", "b")
        .replace("+", "#")
    )
    words = _WORD.sub(lambda found: _WORDS[(found.lastindex or 1) - 1][1], words)
    return re.sub(r"^(m?)2$", r"\1add9", words)


def _read_changes(words: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Read altered, added and omitted degrees; what is left is not understood."""
    degrees: tuple[list[str], ...] = ([], [], [])
    known = (ALTERED, ADDED, OMITTED)
    while found := _CHANGE.match(words):
        added, omitted, altered = found.groups()
        name = added or omitted or altered
        number = name.lstrip("b#")
        if not omitted:
            name = name.removesuffix(number) + _DEGREE_NAMES.get(number, number)
        place = 2 if omitted else 1 if name in ADDED else 0
        if name not in known[place]:
            break
        degrees[place].append(name)
        words = words[found.end() :]
    return tuple(map(tuple, degrees)), words


_KIND_OF_SPELLING: Mapping[str, str] = MappingProxyType(
    {_plain(name): name for name in KINDS}
    | {spelling: name for name, kind in KINDS.items() for spelling in kind.spellings}
)
_SPELLED_CHANGES = (*(f"add{degree}" for degree in ADDED), *(f"no{degree}" for degree in OMITTED))
