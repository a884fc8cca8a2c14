"""The information fields of ABC notation: ``M:``, ``L:``, ``Q:`` and ``K:``.

The rules are those of the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1).
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from solferino.notes.spelling import LETTERS_BY_FIFTHS

MODES = MappingProxyType(
    {
        "": 0, "maj": 0, "ion": 0, "lyd": 1, "mix": -1, "dor": -2,
        "m": -3, "min": -3, "aeo": -3, "phr": -4, "loc": -5,
    }
)  # fmt: skip
_MINOR = ("m", "min", "aeo")
_TONIC_SHARPS = {letter: number for number, letter in enumerate(LETTERS_BY_FIFTHS, start=-1)}
_ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
_EXTRA_ACCIDENTALS = re.compile(r"(\^{1,2}|_{1,2}|=)([A-Ga-g])")
_FRACTION = re.compile(r"(\d+)\s*/\s*(\d+)")


class Meter(NamedTuple):
    """A time signature."""

    numerator: int
    denominator: int

    @property
    def bar(self) -> Fraction:
        """Length of a bar in whole notes."""
        return Fraction(self.numerator, self.denominator)

    @property
    def is_compound(self) -> bool:
        """Whether its beats have three parts, as in 6/8."""
        return self.numerator in (6, 9, 12) and self.denominator == 8


class Key(NamedTuple):
    """A key signature.

    Parameters
    ----------
    sharps : int in [-7, 7]
        Sharps of the signature; negative for flats.
    is_minor : bool
        Whether the mode is minor; modes such as dorian count as major.
    alterations : mapping of str to int
        Semitones by which each letter is altered; letters that are not are left out.
    """

    sharps: int
    is_minor: bool
    alterations: Mapping[str, int]


def parse_meter(field: str) -> Meter | None:
    """Read an ``M:`` field; None for ``none``.

    Raises
    ------
    ValueError
        If it is no meter.
    """
    words = field.strip()
    common = {"C": Meter(4, 4), "C|": Meter(2, 2)}.get(words)
    if common or words.lower() in ("", "none"):
        return common
    found = re.fullmatch(r"\(?([\d+\s]+)\)?\s*/\s*(\d+)", words)
    if not found:
        raise ValueError(f"M:{words} is no meter; write one like M:6/8")
    parts = [int(part) for part in found[1].split("+") if part.strip().isdigit()]
    numerator, denominator = sum(parts), int(found[2])
    is_power_of_two = denominator > 0 and denominator & (denominator - 1) == 0
    if not 0 < numerator < 256 or not is_power_of_two or denominator > 128:
        raise ValueError(f"M:{words} is no meter; write one like M:6/8")
    return Meter(numerator, denominator)


def parse_unit_length(field: str) -> Fraction:
    """Read an ``L:`` field: the length of a note without a number, in whole notes.

    Raises
    ------
    ValueError
        If it is no length.
    """
    words = field.strip()
    found = _FRACTION.fullmatch(words)
    if found and 0 < int(found[1]) <= 16 and 0 < int(found[2]) <= 512:
        return Fraction(int(found[1]), int(found[2]))
    if words == "1":
        return Fraction(1)
    raise ValueError(f"L:{words} is no note length; write one like L:1/8")


def default_unit_length(meter: Meter | None) -> Fraction:
    """Return the unit length of a tune without ``L:``, by the rule of the standard."""
    return Fraction(1, 16) if meter and meter.bar < Fraction(3, 4) else Fraction(1, 8)


def parse_tempo(field: str, unit_length: Fraction) -> float | None:
    """Read a ``Q:`` field as quarter notes a minute; None if it has words only.

    Raises
    ------
    ValueError
        If the tempo is out of any sensible range.
    """
    words = re.sub(r'"[^"]*"', "", field).strip()
    beats, equals, number = words.rpartition("=")
    found = re.match(r"\s*(\d+(?:\.\d+)?)", number)
    if not found:
        return None
    beat = unit_length
    if equals:
        lengths = [Fraction(int(a), max(int(b), 1)) for a, b in _FRACTION.findall(beats)]
        beat = sum(lengths, Fraction(0)) or unit_length
    qpm = float(found[1]) * float(beat * 4)
    if not 4 <= qpm <= 10_000:
        raise ValueError(f"Q:{words} is no tempo; write one like Q:1/4=120")
    return qpm


def parse_key(field: str) -> Key:
    """Read a ``K:`` field: tonic, mode and extra accidentals.

    Raises
    ------
    ValueError
        If it names no key.
    """
    words = field.strip()
    if words[:2] in ("HP", "Hp"):
        return _key_of(2, is_minor=False, extra="=g" if words[:2] == "Hp" else "")
    if words.lower().startswith("none") or re.match(
        r"(clef|treble|bass|alto|tenor|[\^_=])|$", words
    ):
        return _key_of(0, is_minor=False, extra=words)
    found = _KEY.match(words)
    if not found:
        raise ValueError(f"K:{words} is no key; write one like K:G or K:Edor")
    letter, accidental, mode_words = found.groups()
    mode = mode_words if mode_words == "m" else mode_words[:3].lower()
    if mode_words == "M" or mode not in MODES:
        mode = ""
    sharps = _TONIC_SHARPS[letter] + 7 * {"#": 1, "b": -1, "": 0}[accidental] + MODES[mode]
    if not -7 <= sharps <= 7:
        raise ValueError(f"K:{words} has more than 7 accidentals; spell it another way")
    explicit = "exp" in words
    rest = words[found.end() :]
    return _key_of(0 if explicit else sharps, is_minor=mode in _MINOR, extra=rest)


def _key_of(sharps: int, *, is_minor: bool, extra: str) -> Key:
    altered = LETTERS_BY_FIFTHS[:sharps] if sharps >= 0 else LETTERS_BY_FIFTHS[sharps:]
    alterations = dict.fromkeys(altered, 1 if sharps > 0 else -1)
    for accidental, letter in _EXTRA_ACCIDENTALS.findall(extra):
        alterations[letter.upper()] = _ALTERATIONS[accidental]
    return Key(sharps, is_minor, MappingProxyType(alterations))


def alteration(accidental: str) -> int:
    """Return the semitones of an accidental: ``^``, ``^^``, ``=``, ``_`` or ``__``."""
    return _ALTERATIONS[accidental]
