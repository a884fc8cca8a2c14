"""Chord symbols of MusicXML: a ``<harmony>`` as musicians write it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from xml.etree.ElementTree import Element

from solferino.notes.chord_symbols import ADDED, ALTERED, KINDS, parse_degree
from solferino.notes.chords import NO_CHORD, Chord, parse_chord
from solferino.notes.harmony import LETTER_PITCH_CLASSES, PITCH_CLASS_NAMES

_KIND_NAMES: Mapping[str, str] = MappingProxyType(
    {kind.musicxml: name for name, kind in KINDS.items() if kind.musicxml}
)
_ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_SEMITONES = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 10, 9: 14, 11: 17, 13: 21}
"""Semitones of a degree that is added as it is: the seventh is the one of a dominant chord."""
_OCTAVES = {2: 9, 4: 11, 6: 13, 8: 1, 10: 3, 12: 5}


class Degree(NamedTuple):
    """A change of a chord: ``add``, ``alter`` or ``subtract`` a degree of its scale."""

    number: int
    alteration: int
    action: str


class _Parts(NamedTuple):
    """What a ``<harmony>`` says."""

    root: str
    kind: str
    degrees: tuple[Degree, ...]
    text: str
    bass: str
    inversion: int


def chord_symbol(harmony: Element) -> str | None:
    """Write a ``<harmony>`` as a chord symbol that `parse_chord` reads.

    Degrees are worked into the kind where there is one for them: a minor seventh with a flat
    fifth is ``"m7b5"``. What has no symbol of its own (a kind that is ``"other"``) is taken
    from the text that the score prints.

    Parameters
    ----------
    harmony : Element
        Of it the root, kind, degrees, inversion and bass are read.

    Returns
    -------
    str or None
        None where it says no root, as functions and Roman numerals do.

    Raises
    ------
    ValueError
        If a number in it is none.
    """
    kind = harmony.find("kind")
    kind_name = (kind.text or "").strip() if kind is not None else ""
    if kind_name == "none":
        return NO_CHORD
    root = _note_name(harmony, "root")
    if not root:
        return None
    parts = _Parts(
        root,
        kind_name,
        tuple(_degree(element) for element in harmony.iterfind("degree")),
        (kind.get("text") or "") if kind is not None else "",
        _note_name(harmony, "bass"),
        int(harmony.findtext("inversion") or 0),
    )
    return _symbol(parts)


@lru_cache(maxsize=4096)
def _symbol(parts: _Parts) -> str:
    root, kind = parts.root, parts.kind
    chord = _chord(root, kind, parts.degrees) or _printed(root, parts.text)
    chord = chord or _chord(root, kind, ()) or Chord(root)
    bass = parts.bass or _inverted(chord, parts.inversion)
    return f"{chord.name()}/{bass}" if bass and bass != chord.root else chord.name()


def _note_name(harmony: Element, which: str) -> str:
    step = (harmony.findtext(f"{which}/{which}-step") or "").strip()
    alter = round(float(harmony.findtext(f"{which}/{which}-alter") or 0))
    if step not in LETTER_PITCH_CLASSES or alter not in _ACCIDENTALS:
        return ""
    return step + _ACCIDENTALS[alter]


def _degree(element: Element) -> Degree:
    return Degree(
        int(element.findtext("degree-value") or 0),
        round(float(element.findtext("degree-alter") or 0)),
        (element.findtext("degree-type") or "").strip(),
    )


def _printed(root: str, text: str) -> Chord | None:
    """Read what the score prints behind the root."""
    try:
        return parse_chord(root + text) if text else None
    except ValueError:
        return None


def _chord(root: str, kind_name: str, degrees: Iterable[Degree]) -> Chord | None:
    """Put a kind and its degrees into one chord; None where they have no symbol."""
    kind = _KIND_NAMES.get(kind_name)
    if kind is None:
        return None
    tones = _tones(KINDS[kind].formula)
    changes: dict[str, list[str]] = {"altered": [], "added": [], "omitted": []}
    for degree in degrees:
        number = degree.number
        if degree.action == "subtract":
            tones.pop(number, None)
            changes["omitted"].append(str(number))
            continue
        if degree.action == "add":
            number = _OCTAVES.get(number, number)
        if number not in _SEMITONES:
            return None
        before = tones.get(number) if degree.action == "alter" else None
        tones[number] = (_SEMITONES[number] if before is None else before) + degree.alteration
        name = {-1: "b", 0: "", 1: "#"}.get(degree.alteration, "?") + str(number)
        changes["added" if name in ADDED else "altered"].append(name)
    return _of_tones(root, tones) or _with_changes(root, kind, changes)


def _tones(formula: str) -> dict[int, int]:
    degrees = map(parse_degree, formula.split())
    return {degree.number: degree.semitones for degree in degrees}


def _of_tones(root: str, tones: Mapping[int, int]) -> Chord | None:
    """Find the kind that has just these tones."""
    wanted = sorted(tones.values())
    for name, kind in KINDS.items():
        if sorted(parse_degree(d).semitones for d in kind.formula.split()) == wanted:
            return Chord(root, name)
    return None


def _with_changes(root: str, kind: str, changes: Mapping[str, list[str]]) -> Chord | None:
    """Write changes behind a kind, the seventh first."""
    altered = [name for name in changes["altered"] if name in ALTERED]
    sevenths = [name for name in changes["altered"] if name not in ALTERED]
    seventh = {"7": "7", "#7": "maj7"}.get(sevenths[0] if sevenths else "", "")
    if len(sevenths) > 1 or (sevenths and not seventh):
        return None
    try:
        base = parse_chord(root + kind + seventh)
        return Chord(
            root,
            base.kind,
            (*base.altered, *altered),
            tuple(changes["added"]),
            tuple(changes["omitted"]),
        )
    except ValueError:
        return None


def _inverted(chord: Chord, inversion: int) -> str:
    """Name the bass of an inversion."""
    intervals = chord.intervals()
    root = chord.root_pitch_class
    if root is None or not 0 < inversion < len(intervals):
        return ""
    return PITCH_CLASS_NAMES[(root + intervals[inversion]) % 12]
