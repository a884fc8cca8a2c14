"""The inside of a ``<note>`` of MusicXML: pitch, drum, syllables."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from xml.etree.ElementTree import Element

from solferino.notes.harmony import LETTER_PITCH_CLASSES

ELISION = "\u203f"
"""Joins syllables of two words on one note where the score has no other sign for it."""

_DECIMAL = re.compile(r"[+-]?\d{1,15}(?:\.\d{0,15})?")
_DRUM_LINES: Mapping[str, int] = MappingProxyType({
    "D4": 44, "F4": 36, "A4": 43, "C5": 38, "D5": 47, "E5": 48, "F5": 51, "G5": 42, "A5": 49,
})  # fmt: skip
"""The drum that usually stands on each line and space of a drum staff."""


class Sound(NamedTuple):
    """A note of a measure; its onset counts from the beginning of the measure."""

    onset_ticks: int
    length_ticks: int
    pitch: int
    velocity: int
    instrument: int
    voice: str
    ends_tie: bool
    begins_tie: bool
    is_grace: bool


class Lyric(NamedTuple):
    """A syllable of a verse, with a hyphen behind it if its word goes on."""

    onset_ticks: int
    verse: int
    text: str
    instrument: int


def written_pitch(pitch: Element) -> int:
    """Return the MIDI number of a ``<pitch>``; quarter tones go to the nearest even semitone.

    Parameters
    ----------
    pitch : Element
        Its step, octave and alter.

    Raises
    ------
    ValueError
        If one of them cannot be.
    """
    names = {child.tag: child.text or "" for child in pitch}
    return _midi_pitch(names.get("step", ""), names.get("octave", ""), names.get("alter", ""))


@lru_cache(maxsize=1024)
def _midi_pitch(step: str, octave: str, alter: str) -> int:
    letter, number = step.strip(), octave.strip()
    if letter not in LETTER_PITCH_CLASSES or not number.lstrip("-").isdecimal():
        raise ValueError(f"a note has the pitch {step[:9]}{octave[:9]}; pitches are A to G, 0 to 9")
    return 12 * int(number) + 12 + LETTER_PITCH_CLASSES[letter] + round(float(alter or 0))


def drum_pitch(unpitched: Element) -> int:
    """Guess the drum of an ``<unpitched>`` from where it stands on the staff.

    Parameters
    ----------
    unpitched : Element
        Its display step and octave.
    """
    step = (unpitched.findtext("display-step") or "").strip()
    octave = (unpitched.findtext("display-octave") or "").strip()
    if step + octave in _DRUM_LINES:
        return _DRUM_LINES[step + octave]
    if step in LETTER_PITCH_CLASSES and octave.isdecimal() and len(octave) == 1:
        return min(127, 12 * int(octave) + 12 + LETTER_PITCH_CLASSES[step])
    return _DRUM_LINES["C5"]


def syllables(note: Element) -> Iterator[tuple[int, str]]:
    """Read the lyrics of a note.

    Parameters
    ----------
    note : Element

    Yields
    ------
    tuple of int and str
        The number of a verse, and its syllable, with a hyphen where the word goes on.
    """
    for number, lyric in enumerate(note.iterfind("lyric"), 1):
        words, goes_on = "", False
        for child in lyric:
            if child.tag == "text":
                words += child.text or ""
            elif child.tag == "elision":
                words += child.text or ELISION
            elif child.tag == "syllabic":
                goes_on = (child.text or "").strip() in ("begin", "middle")
        verse = lyric.get("number", "")
        verse_number = int(verse) if verse.isdecimal() and len(verse) < 4 else number
        if words.strip():
            yield verse_number, " ".join(words.split()) + "-" * goes_on


def divisions_number(text: str) -> int | Fraction:
    """Read a number of divisions, as durations have it; seldom it is no whole one.

    Parameters
    ----------
    text : str
        Decimal, such as ``"480"`` or ``"0.5"``.

    Raises
    ------
    ValueError
        If it is none.
    """
    if text.isdecimal() and len(text) < 16:
        return int(text)
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no number of divisions")
    return Fraction(text)
