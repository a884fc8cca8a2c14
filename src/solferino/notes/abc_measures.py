"""The music of a tune in ABC notation: signs to measures.

A measure is what stands between two bar lines. All times are whole ticks,
`TICKS_PER_QUARTER` to a quarter note, which holds every length down to 1/256 of a whole
note and its triplets, quintuplets and septuplets.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, final

from solferino.notes.abc_fields import (
    Key,
    Meter,
    alteration,
    parse_key,
    parse_meter,
    parse_tempo,
    parse_unit_length,
)
from solferino.notes.abc_lyrics import aligned_syllables
from solferino.notes.harmony import LETTER_PITCH_CLASSES
from solferino.notes.score import TICKS_PER_WHOLE

MAX_LENGTH_WHOLES = 256
MAX_MEASURES = 20_000
MAX_PASSES = 8
JUMP_SIGNS = ("segno", "coda", "to_coda", "fine", "da_capo", "dal_segno")

_LENGTH = r"\d*/*\d*"
_NOTE = rf"(?:\^{{1,2}}|_{{1,2}}|=)?[A-Ga-g][,']*{_LENGTH}"
_SIGN = re.compile(
    rf"""
    (?P<note>{_NOTE})
  | (?P<bar>(?:\[\||[|:]+)\]?(?P<bar_ending>(?<=[|\]:])\d+(?:[,-]\d+)*)?)
  | (?P<rest>[zxZX]{_LENGTH})
  | (?P<broken>>+|<+)
  | (?P<tuplet>\(\d+(?::\d*){{0,2}})
  | "(?P<quoted>[^"]{{0,200}})"
  | \[(?P<inline>[A-Za-z]:[^\]]{{0,200}})\]
  | \[(?P<ending>\d+(?:[,-]\d+)*)
  | \[(?P<chord>[^\]|]{{0,200}})\](?P<chord_length>{_LENGTH})
  | (?P<tie>-)
  | (?P<overlay>&)
  | [!+](?P<sign>(?i:segno|coda|dacoda|fine|(?:da\ ?capo|dal\ ?segno|D\.[CS]\.?)
        (?:\ ?al\ ?(?:fine|coda))?))\ ?[!+]
  | (?P<ignored>\{{[^}}]{{0,200}}\}}|![^!|]{{0,50}}!|\+[a-zA-Z0-9.()<>]{{0,50}}\+|y{_LENGTH}|\s+|.)
    """,
    re.VERBOSE,
)
_NOTE_PARTS = re.compile(rf"(\^{{1,2}}|_{{1,2}}|=)?([A-Ga-g])([,']*)({_LENGTH})(-?)")
_CHORD_SYMBOL = re.compile(
    r"([A-G][#b]?(?:maj|min|dim|aug|sus|add|m|M|\+|-|o|\(|\)|#|b|\d)*)(?:/([A-Ga-g])([#b+]?))?"
)


class Sound(NamedTuple):
    """A note of a measure; its onset counts from the beginning of the measure."""

    onset_ticks: int
    length_ticks: int
    pitch: int
    is_tied: bool


class Change(NamedTuple):
    """A change of tempo (value in qpm) or of key, or a chord symbol, within a measure."""

    onset_ticks: int
    value: float | Key | str


class Lyric(NamedTuple):
    """A syllable under a note of a measure, of the first verse (0) or another."""

    onset_ticks: int
    verse: int
    text: str


@dataclass(eq=False)
class Measure:
    """What stands between two bar lines, while it is being read.

    `part` is the name that ``P:`` gives to what begins here. `signs` are of `JUMP_SIGNS`:
    ``segno`` and ``coda`` stand at its beginning, the others at its end.
    """

    meter: Meter | None
    key: Key
    qpm: float
    sounds: list[Sound] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    length_ticks: int = 0
    opens_repeat: bool = False
    closes_repeats: int = 0
    begins_section: bool = False
    passes: frozenset[int] = frozenset()
    part: str = ""
    signs: frozenset[str] = frozenset()
    lyrics: list[Lyric] = field(default_factory=list)

    @property
    def bar(self) -> int:
        """Length of a full bar in ticks; 0 in free meter."""
        return int(self.meter.bar * TICKS_PER_WHOLE) if self.meter else 0


class _Slot(NamedTuple):
    """The note, chord or rest that was read last; broken rhythm changes it."""

    start_ticks: int
    length_ticks: int
    n_sounds: int


@final
class VoiceReader:
    """Reads the music of one voice, line by line, into `measures`."""

    def __init__(self, meter: Meter | None, unit_length: Fraction, key: Key, qpm: float) -> None:
        self.measures: list[Measure] = [Measure(meter, key, qpm, begins_section=True)]
        self._meter = meter
        self._unit_length = unit_length
        self._key = key
        self._qpm = qpm
        self._accidentals: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._is_tied = False
        self._passes: frozenset[int] = frozenset()
        self._tuplet_left, self._tuplet_factor = 0, Fraction(1)
        self._broken = Fraction(1)
        self._slot = _Slot(0, 0, 0)
        self._now = 0
        self._signs: list[tuple[int, str]] = []
        self._sung: list[tuple[Measure, int]] = []
        self._verse = 0

    def read(self, line: str) -> None:
        """Take in a line of music, without its comment.

        Raises
        ------
        ValueError
            If it has a note that cannot be.
        """
        self._sung, self._verse = [], 0
        for found in _SIGN.finditer(line):
            sign = found.lastgroup or "ignored"
            if sign == "bar_ending":
                sign = "bar"
            elif sign == "chord_length":
                sign = "chord"
            if sign not in ("ignored", "quoted"):
                getattr(self, f"_read_{sign}")(found[sign], found)
            elif sign == "quoted":
                self._read_quoted(found["quoted"])

    def set_field(self, letter: str, words: str) -> None:
        """Take in a field that stands in the middle of the music.

        Raises
        ------
        ValueError
            If its value cannot be.
        """
        if letter == "w":
            self._sing(words)
        elif letter == "P":
            self._close_measure()
            self.measures[-1].part = words
        elif letter == "K":
            self._key = parse_key(words)
            self.measures[-1].changes.append(Change(self._now, self._key))
        elif letter == "L":
            self._unit_length = parse_unit_length(words)
        elif letter == "M":
            self._meter = parse_meter(words)
            if self._now == 0:
                self.measures[-1].meter = self._meter
        elif letter == "Q":
            qpm = parse_tempo(words, self._unit_length)
            if qpm is not None:
                self._qpm = qpm
                self.measures[-1].changes.append(Change(self._now, qpm))

    def _sing(self, words: str) -> None:
        """Put the next verse under the notes of the line that was read last."""
        starts = [
            k for k, (m, _) in enumerate(self._sung) if not k or m is not self._sung[k - 1][0]
        ]
        for k, text in aligned_syllables(words, len(self._sung), starts):
            measure, onset = self._sung[k]
            measure.lyrics.append(Lyric(onset, self._verse, text))
        self._verse += 1

    def _read_sign(self, sign: str, _: re.Match[str]) -> None:
        self._signs.append((self._now, jump_sign(sign)))

    def _read_note(self, sign: str, _: re.Match[str]) -> None:
        parts = _NOTE_PARTS.match(sign)
        if parts:
            pitch = self._pitch(parts[1], parts[2], parts[3])
            self._sound([(pitch, False)], _times(parts[4]))

    def _read_chord(self, sign: str, found: re.Match[str]) -> None:
        notes = list(_NOTE_PARTS.finditer(sign))
        if not notes:
            return
        pitches = [(self._pitch(n[1], n[2], n[3]), n[5] == "-") for n in notes]
        self._sound(pitches, _times(notes[0][4]) * _times(found["chord_length"]))

    def _read_rest(self, sign: str, _: re.Match[str]) -> None:
        times = _times(sign[1:])
        if sign[0] in "zx":
            self._sound([], times)
        elif self.measures[-1].bar:
            self._advance(int(times) * self.measures[-1].bar, 0)

    def _read_broken(self, sign: str, _: re.Match[str]) -> None:
        shorter = Fraction(1, 2 ** min(len(sign), 3))
        first, second = (2 - shorter, shorter) if sign[0] == ">" else (shorter, 2 - shorter)
        slot, measure = self._slot, self.measures[-1]
        if not slot.length_ticks:
            return
        length = round(slot.length_ticks * first)
        for k in range(len(measure.sounds) - slot.n_sounds, len(measure.sounds)):
            measure.sounds[k] = measure.sounds[k]._replace(length_ticks=length)
        self._now = slot.start_ticks
        self._advance(length, slot.n_sounds)
        self._broken = second

    def _read_tuplet(self, sign: str, _: re.Match[str]) -> None:
        numbers = [int(number) if number else 0 for number in sign[1:].split(":")]
        p, q, r = (*numbers, 0, 0)[:3]
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
        if not 1 < p <= 64:
            return
        compound = 3 if self._meter and self._meter.is_compound else 2
        self._tuplet_left = min(r, 64) or p
        self._tuplet_factor = Fraction(min(q, 64) or usual.get(p, compound), p)

    def _read_tie(self, _: str, __: re.Match[str]) -> None:
        sounds = self.measures[-1].sounds
        for k in range(len(sounds) - self._slot.n_sounds, len(sounds)):
            sounds[k] = sounds[k]._replace(is_tied=True)
        self._is_tied = True

    def _read_overlay(self, _: str, __: re.Match[str]) -> None:
        self._now, self._slot = 0, _Slot(0, 0, 0)

    def _read_inline(self, sign: str, _: re.Match[str]) -> None:
        self.set_field(sign[0], sign[2:])

    def _read_quoted(self, words: str) -> None:
        symbol = _CHORD_SYMBOL.fullmatch(words.strip())
        if symbol:
            bass = f"/{symbol[2].upper()}{symbol[3].replace('+', '#')}" if symbol[2] else ""
            self.measures[-1].changes.append(Change(self._now, symbol[1] + bass))

    def _read_ending(self, sign: str, _: re.Match[str]) -> None:
        self._close_measure()
        self._passes = _passes(sign)
        self.measures[-1].passes = self._passes

    def _read_bar(self, sign: str, found: re.Match[str] | None) -> None:
        ending = found["bar_ending"] if found else None
        line = sign.removesuffix(ending or "")
        if line == ":":
            return
        before, after = _repeats(line)
        is_thick = "||" in line or line == "[|" or line.endswith("|]")
        is_section = bool(before or after or (is_thick and line != "[|]"))
        self._close_measure()
        if before and len(self.measures) > 1:
            self.measures[-2].closes_repeats = before
        if is_section:
            self._passes = frozenset()
        if ending:
            self._passes = _passes(ending)
        following = self.measures[-1]
        following.meter = self._meter
        following.opens_repeat |= after
        following.begins_section |= is_section
        following.passes = self._passes
        self._held = self._accidentals if self._is_tied else {}
        self._accidentals = {}

    def _close_measure(self) -> None:
        """Begin a new measure, unless the last one is still empty."""
        measure = self.measures[-1]
        ends = (sound.onset_ticks + sound.length_ticks for sound in measure.sounds)
        measure.length_ticks = max([self._now, *ends])
        self._now, self._slot = 0, _Slot(0, 0, 0)
        self._place_signs()
        if not measure.length_ticks:
            return
        if len(self.measures) > MAX_MEASURES:
            raise ValueError(f"it has more than {MAX_MEASURES} bars; split it")
        self.measures.append(Measure(self._meter, self._key, self._qpm))

    def _place_signs(self) -> None:
        """Give the signs to the measures that they belong to, before or behind a bar line."""
        measure, signs, self._signs = self.measures[-1], self._signs, []
        for onset, sign in signs:
            if sign == "segno" and 0 < onset == measure.length_ticks:
                self._signs.append((0, sign))
            elif sign == "coda" and onset:
                measure.signs |= {"to_coda"}
            elif sign in ("segno", "coda") or measure.length_ticks:
                measure.signs |= {sign}
            elif len(self.measures) > 1:
                self.measures[-2].signs |= {sign}

    def _pitch(self, accidental: str | None, letter: str, octaves: str) -> int:
        name = letter.upper()
        octave = 5 + (letter != name) + octaves.count("'") - octaves.count(",")
        if accidental:
            self._accidentals[name] = alteration(accidental)
        altered = self._key.alterations.get(name, 0)
        altered = self._accidentals.get(name, self._held.get(name, altered))
        pitch = 12 * octave + LETTER_PITCH_CLASSES[name] + altered
        if not 0 <= pitch <= 127:
            raise ValueError(f"note {letter}{octaves} is out of the range of MIDI")
        return pitch

    def _sound(self, pitches: list[tuple[int, bool]], times: Fraction) -> None:
        length = self._unit_length * times * self._broken * TICKS_PER_WHOLE
        self._broken = Fraction(1)
        if self._tuplet_left:
            length *= self._tuplet_factor
            self._tuplet_left -= 1
        ticks = round(length)
        if not 0 < ticks <= MAX_LENGTH_WHOLES * TICKS_PER_WHOLE:
            raise ValueError("a note has a length that cannot be played")
        sounds = [Sound(self._now, ticks, pitch, is_tied) for pitch, is_tied in pitches]
        self.measures[-1].sounds.extend(sounds)
        if sounds:
            self._sung.append((self.measures[-1], self._now))
        self._advance(ticks, len(pitches))
        self._is_tied, self._held = False, {}

    def _advance(self, ticks: int, n_sounds: int) -> None:
        self._slot = _Slot(self._now, ticks, n_sounds)
        self._now += ticks

    def finish(self) -> list[Measure]:
        """Close the last measure and return all of them."""
        self._read_bar("|", None)
        return self.measures[:-1]


def jump_sign(words: str) -> str:
    """Return which of `JUMP_SIGNS` a decoration is, however it is spelt."""
    name = words.lower().replace(" ", "").replace(".", "")
    for sign, beginnings in (("to_coda", ("dacoda",)), ("da_capo", ("dacapo", "dc"))):
        if name.startswith(beginnings):
            return sign
    return "dal_segno" if name.startswith("d") else name


@lru_cache(maxsize=4096)
def _times(length: str) -> Fraction:
    """Read what stands behind a note: ``3``, ``/``, ``3/2``, ``//``."""
    if not length:
        return Fraction(1)
    numerator = length[: len(length) - len(length.lstrip("0123456789"))]
    denominator = length[len(length.rstrip("0123456789")) :] if "/" in length else ""
    n_slashes = length.count("/")
    if len(numerator) > 4 or len(denominator) > 4 or n_slashes > 8:
        raise ValueError(f"a note has the length {length[:20]}, which cannot be played")
    divisor = int(denominator) if denominator else 2**n_slashes
    if divisor == 0:
        raise ValueError(f"a note has the length {length}, which divides by 0")
    return Fraction(int(numerator or 1), divisor)


def _passes(numbers: str) -> frozenset[int]:
    """Read the number of an ending: ``1``, ``1,3``, ``1-3``."""
    passes: set[int] = set()
    for part in numbers.split(","):
        first, _, last = part.partition("-")
        passes.update(range(int(first[:2]), min(int((last or first)[:2]), MAX_PASSES) + 1))
    return frozenset(passes)


def _repeats(line: str) -> tuple[int, bool]:
    """Return how often a bar line sends back, and whether a repeat begins behind it."""
    if "|" not in line:
        return (1, True) if line.count(":") > 1 else (0, False)
    before, after = line.partition("|")[0], line.rpartition("|")[2]
    return before.count(":"), ":" in after
