"""What MusicXML says about a whole score at a moment: meters, keys, tempos, signs, dynamics."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple
from xml.etree.ElementTree import Element

from solferino.notes.musicxml_order import Signs

SLOWEST_QPM, FASTEST_QPM = 4.0, 10_000.0
FORTE_VELOCITY = 90
"""The velocity of which MusicXML gives dynamics in percent."""

DYNAMICS: Mapping[str, int] = MappingProxyType(
    {
        "pppppp": 1, "ppppp": 5, "pppp": 10, "ppp": 16, "pp": 33, "p": 49, "mp": 64,
        "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127, "fffff": 127, "ffffff": 127,
    }
)  # fmt: skip
"""Velocity of the marks that hold until the next."""

_BEAT_UNITS: Mapping[str, Fraction] = MappingProxyType(
    {
        "long": Fraction(16), "breve": Fraction(8), "whole": Fraction(4), "half": Fraction(2),
        "quarter": Fraction(1), "eighth": Fraction(1, 2), "16th": Fraction(1, 4),
        "32nd": Fraction(1, 8), "64th": Fraction(1, 16),
    }
)  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_PASS = re.compile(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?")
_DA_CAPO = re.compile(r"(?i)\s*(?:d\.\s?c\.|da\s+capo\b).*")
_DAL_SEGNO = re.compile(r"(?i)\s*(?:d\.\s?s\.|dal\s+segno\b).*")
_FINE = re.compile(r"(?i)\s*fine\s*\.?\s*")
_TO_CODA = re.compile(r"(?i)\s*to\s+coda\b.*")
_CODA = re.compile(r"(?i)\s*coda\s*\.?\s*")


class Meter(NamedTuple):
    """A time signature."""

    numerator: int
    denominator: int


class Key(NamedTuple):
    """A key signature, as it sounds."""

    sharps: int
    is_minor: bool


class Tempo(NamedTuple):
    """A tempo in quarter notes a minute, or, if it is relative, a factor to the one before."""

    value: float
    is_relative: bool = False


def read_meter(stated: Element) -> Meter | None:
    """Read a ``<time>``; parts of an additive meter make one bar: 3+2/8 is 5/8.

    Parameters
    ----------
    stated : Element
        Its beats and beat types.

    Returns
    -------
    Meter or None
        None where it is free (senza misura), or no meter that a bar can have.
    """
    fractions = []
    beats, types = stated.findall("beats"), stated.findall("beat-type")
    for element, of in zip(beats, types, strict=False):
        numbers = re.findall(r"\d{1,3}", element.text or "")
        denominator = (of.text or "").strip()
        if denominator not in ("1", "2", "4", "8", "16", "32", "64", "128"):
            return None
        fractions.append((sum(map(int, numbers)), int(denominator)))
    denominator_of_all = max((denominator for _, denominator in fractions), default=1)
    numerator = sum(n * denominator_of_all // denominator for n, denominator in fractions)
    return Meter(numerator, denominator_of_all) if 0 < numerator < 256 else None


def read_key(key: Element, sharps_added: int) -> Key | None:
    """Read a ``<key>`` with the sharps that a transposing instrument adds to it.

    Parameters
    ----------
    key : Element
        Its fifths and mode.
    sharps_added : int
        0 for an instrument that sounds as written.

    Returns
    -------
    Key or None
        None for what is no number of sharps or flats.
    """
    fifths = (key.findtext("fifths") or "").strip()
    if not re.fullmatch(r"[+-]?\d", fifths):
        return None
    sharps = int(fifths) + sharps_added
    if abs(sharps) > 7:
        sharps = (sharps + 5) % 12 - 5
    return Key(sharps, (key.findtext("mode") or "").strip().lower() in ("minor", "aeolian"))


def read_transposition(transpose: Element) -> tuple[int, int]:
    """Return the semitones and the sharps that a transposing instrument adds to what is written.

    Parameters
    ----------
    transpose : Element
        Its chromatic and diatonic steps and octaves.

    Raises
    ------
    ValueError
        If one of them is no number, or beyond the range of MIDI.
    """
    chromatic = round(float(transpose.findtext("chromatic") or 0))
    octaves = int(transpose.findtext("octave-change") or 0)
    diatonic = transpose.findtext("diatonic")
    sharps = (7 * chromatic + 5) % 12 - 5
    if diatonic:
        sharps = 7 * chromatic - 12 * int(diatonic)
    if abs(chromatic) > 128 or abs(octaves) > 10:
        raise ValueError("an instrument transposes out of the range of MIDI")
    return chromatic + 12 * octaves, sharps


def read_tempo(direction: Element) -> Tempo | None:
    """Read the tempo of a ``<sound>``, or else of a metronome mark.

    Parameters
    ----------
    direction : Element
        A ``<direction>`` or ``<sound>``.

    Returns
    -------
    Tempo or None
        None where there is none that can be played.
    """
    for sound in direction.iter("sound"):
        found = _NUMBER.match((sound.get("tempo") or "").strip())
        if found:
            return _playable(float(found[0].replace(",", ".")))
    for metronome in direction.iter("metronome"):
        return _metronome_tempo(metronome)
    return None


def _metronome_tempo(metronome: Element) -> Tempo | None:
    units: list[Fraction] = []
    for child in metronome:
        if child.tag == "beat-unit":
            units.append(_BEAT_UNITS.get((child.text or "").strip(), Fraction(0)))
            dotted = units[-1] / 2
        elif child.tag == "beat-unit-dot" and units:
            units[-1] += dotted
            dotted /= 2
    found = _NUMBER.search(metronome.findtext("per-minute") or "")
    if found and units:
        return _playable(float(found[0].replace(",", ".")) * float(units[0]))
    if len(units) == 2 and all(units):
        return Tempo(float(units[1] / units[0]), is_relative=True)
    return None


def _playable(qpm: float) -> Tempo | None:
    return Tempo(qpm) if SLOWEST_QPM <= qpm <= FASTEST_QPM else None


def read_velocity(direction: Element) -> tuple[int | None, bool]:
    """Read the dynamics of a ``<direction>`` or ``<sound>``.

    Parameters
    ----------
    direction : Element
        Whose sound says how loud, in percent, or else whose mark does.

    Returns
    -------
    tuple of int or None, and bool
        The velocity, and whether it holds on; sforzati are for one moment only.
    """
    marks = [mark.tag for dynamics in direction.iter("dynamics") for mark in dynamics]
    is_lasting = not marks or marks[0] in DYNAMICS
    for sound in direction.iter("sound"):
        if sound.get("dynamics"):
            return percent_velocity(sound.get("dynamics")), is_lasting
    return (DYNAMICS[marks[0]] if marks and is_lasting else None), is_lasting


def percent_velocity(percent: str | None) -> int | None:
    """Return the velocity of dynamics in percent; None where there are none."""
    found = _NUMBER.fullmatch(percent.strip()) if percent else None
    if not found:
        return None
    return max(1, min(127, round(float(found[0].replace(",", ".")) * FORTE_VELOCITY / 100)))


def read_barline(signs: Sequence[Signs], k: int, barline: Element) -> None:
    """Enter the repeats, endings and marks of a bar line.

    Parameters
    ----------
    signs : sequence of Signs
        Those of all measures; they are changed.
    k : int
        The measure in which it stands.
    barline : Element
    """
    is_left = barline.get("location") == "left"
    for child in barline:
        if child.tag == "repeat":
            _enter_repeat(signs, k, child, is_left=is_left)
        elif child.tag == "ending" and child.get("type") == "start":
            signs[k].begins_ending |= _turns(child.get("number", ""))
        elif child.tag == "ending":
            signs[k].ends_ending = True
        elif child.tag == "segno":
            signs[k].segno = barline.get("segno", "")
        elif child.tag == "coda":
            signs[k].coda = barline.get("coda", "")


def _enter_repeat(signs: Sequence[Signs], k: int, repeat: Element, *, is_left: bool) -> None:
    if repeat.get("direction") == "forward":
        where = k if is_left or k + 1 == len(signs) else k + 1
        signs[where].opens_repeat = True
        return
    where = k - 1 if is_left and k else k
    times = repeat.get("times", "2")
    n_turns = int(times) if times.isdecimal() and len(times) < 4 else 2
    signs[where].n_turns = max(2, n_turns, signs[where].n_turns)
    signs[where].repeats_after_jump |= repeat.get("after-jump") == "yes"


def _turns(numbers: str) -> frozenset[int]:
    """Read the number of an ending: ``1``, ``1, 2``, ``1-3``."""
    turns: set[int] = set()
    for first, last in _PASS.findall(numbers):
        turns.update(range(int(first), int(last or first) + 1))
    return frozenset(turns - {0})


def read_signs(signs: Signs, direction: Element) -> None:
    """Enter the marks and jumps of a ``<direction>`` or ``<sound>``.

    What its sound says counts; where it says nothing, the printed words and signs do.

    Parameters
    ----------
    signs : Signs
        Those of the measure in which it stands; they are changed.
    direction : Element
    """
    has_sound = [_enter_sound(signs, sound) for sound in direction.iter("sound")]
    if any(has_sound):
        return
    for kind in direction.iterfind("direction-type"):
        for child in kind:
            if child.tag == "segno":
                signs.segno = signs.segno or ""
            elif child.tag == "coda":
                signs.coda = signs.coda or ""
            elif child.tag == "words":
                _enter_words(signs, child.text or "")


def _enter_sound(signs: Signs, sound: Element) -> bool:
    """Enter what a ``<sound>`` says about the order; say whether it says anything."""
    says: Iterable[tuple[str, str]] = (
        ("segno", "segno"),
        ("coda", "coda"),
        ("dalsegno", "jumps_to_segno"),
        ("tocoda", "jumps_to_coda"),
    )
    found = False
    for attribute, field in says:
        if attribute in sound.attrib:
            setattr(signs, field, sound.get(attribute, ""))
            found = True
    if sound.get("dacapo") == "yes":
        signs.jumps_to_begin = found = True
    if "fine" in sound.attrib:
        signs.is_fine = found = True
    if sound.get("forward-repeat") == "yes":
        signs.opens_repeat = found = True
    return found


def is_about_order(words: str) -> bool:
    """Whether words say in which order to play, such as ``"D.C. al Fine"``."""
    return any(sign.fullmatch(words) for sign in (_DA_CAPO, _DAL_SEGNO, _FINE, _TO_CODA, _CODA))


def _enter_words(signs: Signs, words: str) -> None:
    if _DA_CAPO.fullmatch(words):
        signs.jumps_to_begin = True
    elif _DAL_SEGNO.fullmatch(words):
        signs.jumps_to_segno = signs.jumps_to_segno or ""
    elif _FINE.fullmatch(words):
        signs.is_fine = True
    elif _TO_CODA.fullmatch(words):
        signs.jumps_to_coda = signs.jumps_to_coda or ""
    elif _CODA.fullmatch(words):
        signs.coda = signs.coda or ""


def settle_codas(signs: Sequence[Signs]) -> None:
    """Make the first of several coda signs the one at which the players leave.

    Scores that say nothing else print the same sign where to leave and where to go on.

    Parameters
    ----------
    signs : sequence of Signs
        Those of all measures; they are changed.
    """
    marked = [k for k, sign in enumerate(signs) if sign.coda is not None]
    if len(marked) > 1 and all(sign.jumps_to_coda is None for sign in signs):
        first = signs[marked[0]]
        first.jumps_to_coda, first.coda = first.coda, None
