"""The measures of one part of a score in MusicXML."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import gcd
from typing import final

from solferino.notes.musicxml_directions import FORTE_VELOCITY
from solferino.notes.musicxml_writing_parts import Part, drum_sign, instrument_id
from solferino.notes.musicxml_writing_signs import Sign, sign_lines
from solferino.notes.score import TICKS_PER_QUARTER, Bar, Chord, by_bar, cut, filled
from solferino.notes.spelling import SpelledPitch, Speller
from solferino.notes.written_values import Symbol, symbols_of

_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_VOICES_OF_UPPER_STAFF = 4


@final
@dataclass
class Score:
    """A piece as it is to be written, in ticks.

    Parameters
    ----------
    bars : list of Bar
    parts : list of Part
    layers : list
        Of chords that do not overlap, by part and staff.
    keys : dict
        Sharps and whether minor, by tick.
    signs : dict
        What stands above the first part, by tick.
    lyrics : list of dict
        Lines of XML by tick, for each part.
    """

    bars: list[Bar]
    parts: list[Part]
    layers: list[list[list[list[Chord]]]]
    keys: dict[int, tuple[int, bool]]
    signs: dict[int, list[Sign]] = field(default_factory=lambda: defaultdict(list))
    lyrics: list[dict[int, str]] = field(default_factory=list)

    def divisions(self) -> int:
        """Find the coarsest grid, in steps a quarter, on which everything lies."""
        ticks = {TICKS_PER_QUARTER, *self.keys, *self.signs}
        ticks |= {tick for bar in self.bars for tick in bar[:2]}
        for part in self.layers:
            ticks |= {t for staff in part for layer in staff for c in layer for t in c[:2]}
        return TICKS_PER_QUARTER // gcd(*ticks)


@final
class PartWriter:
    """Writes one part, measure by measure.

    Parameters
    ----------
    score : Score
    k : int
        Which of its parts.
    divisions : int
        Steps a quarter note in which the score counts.
    """

    def __init__(self, score: Score, k: int, divisions: int) -> None:
        self._part, self._bars, self._keys = score.parts[k], score.bars, score.keys
        self._signs = score.signs if k == 0 else {}
        self._lyrics, self._divisions = dict(score.lyrics[k]), divisions
        staves = score.layers[k]
        self._voices = [
            (staff, layer, by_bar(chords, score.bars))
            for staff, layers in enumerate(staves)
            for layer, chords in enumerate(layers or [[]])
        ]
        self._second_staff_voice = 1 + max(_VOICES_OF_UPPER_STAFF, len(staves[0]))
        self._speller = Speller(next(iter(score.keys.values()))[0])
        self._moments = sorted(self._signs)

    def measures(self) -> Iterator[str]:
        """Yield the lines of all measures."""
        is_tied = False
        has_pickup = bool(self._bars[0].start_tick)
        for k, bar in enumerate(self._bars):
            changes = [tick for tick in self._keys if bar.start_tick < tick < bar.stop_tick]
            self._speller.begin_bar(is_tied=is_tied, has_key_change=bool(changes))
            is_tied = any(
                c.is_tied and c.stop_tick == bar.stop_tick for *_, v in self._voices for c in v[k]
            )
            is_short = bar.stop_tick - bar.start_tick < bar.full_ticks
            implicit = ' implicit="yes"' if is_short else ""
            yield f'<measure number="{k + (not has_pickup)}"{implicit}>'
            yield from self._attributes(bar, is_first=k == 0)
            yield from self._music(k, bar, changes)
            yield "</measure>"

    def _attributes(self, bar: Bar, *, is_first: bool) -> Iterator[str]:
        """Write what changes at a bar line."""
        lines = []
        if is_first:
            lines.append(f"<divisions>{self._divisions}</divisions>")
        lines += self._key(bar.start_tick)
        if is_first or bar.is_new_meter:
            beats = f"<beats>{bar.numerator}</beats><beat-type>{bar.denominator}</beat-type>"
            lines.append(f"<time>{beats}</time>")
        if is_first:
            clefs = self._part.clefs
            if len(clefs) > 1:
                lines.append(f"<staves>{len(clefs)}</staves>")
            for number, clef in enumerate(clefs, start=1):
                name = f' number="{number}"' if len(clefs) > 1 else ""
                line = f"<sign>{clef.sign}</sign><line>{clef.line}</line>"
                lines.append(f"<clef{name}>{line}</clef>")
        if lines:
            yield from ("<attributes>", *lines, "</attributes>")

    def _key(self, tick: int) -> Iterator[str]:
        """Write a key signature that begins at a moment, and spell by it from here on."""
        if tick in self._keys:
            sharps, is_minor = self._keys[tick]
            self._speller.set_key(sharps)
            mode = "minor" if is_minor else "major"
            fifths = 0 if self._part.drums else sharps
            yield f"<key><fifths>{fifths}</fifths><mode>{mode}</mode></key>"

    def _music(self, k: int, bar: Bar, changes: list[int]) -> Iterator[str]:
        """Write the voices of a bar; those after the first of a staff only where they sound."""
        length = self._divisions * (bar.stop_tick - bar.start_tick) // TICKS_PER_QUARTER
        written = [v for v in self._voices if v[1] == 0 or v[2][k]]
        for n, (staff, layer, chords) in enumerate(written):
            if n:
                yield f"<backup><duration>{length}</duration></backup>"
            voice = layer + (self._second_staff_voice if staff else 1)
            place = (
                f"<voice>{voice}</voice>",
                f"<staff>{staff + 1}</staff>" if len(self._part.clefs) > 1 else "",
            )
            if not chords[k] and not changes and bar.stop_tick - bar.start_tick == bar.full_ticks:
                yield from self._signs_within(bar.start_tick, bar.stop_tick) if n == 0 else ()
                yield f'<note><rest measure="yes"/><duration>{length}</duration>'
                yield from (*place, "</note>")
                continue
            yield from self._voice(bar, chords[k], changes if n == 0 else [], (n, layer), place)

    def _voice(
        self,
        bar: Bar,
        chords: list[Chord],
        changes: list[int],
        which: tuple[int, int],
        place: tuple[str, str],
    ) -> Iterator[str]:
        """Write the symbols of a voice in a bar, and the signs above the first."""
        n, layer = which
        parts = [part for chord in filled(chords, bar) for part in cut(chord, changes)]
        is_pickup = bar is self._bars[0] and bar.start_tick > 0
        origin = bar.stop_tick - bar.full_ticks if is_pickup else bar.start_tick
        for symbol in symbols_of(parts, origin):
            start = symbol.chord.start_tick
            if n == 0:
                if start > bar.start_tick and start in self._keys:
                    yield from ("<attributes>", *self._key(start), "</attributes>")
                yield from self._signs_within(start, symbol.chord.stop_tick)
            if symbol.chord.pitches:
                yield from self._chord(symbol, n, place)
            else:
                shown = ' print-object="no"' if layer else ""
                yield f"<note{shown}><rest/>{self._duration(symbol)}"
                yield from (place[0], *_value_lines(symbol), place[1], *_tuplet(symbol), "</note>")

    def _signs_within(self, start: int, stop: int) -> Iterator[str]:
        first, last = (bisect_left(self._moments, tick) for tick in (start, stop))
        for tick in self._moments[first:last]:
            offset = self._divisions * (tick - start) // TICKS_PER_QUARTER
            for sign in self._signs[tick]:
                yield from sign_lines(sign, offset)

    def _duration(self, symbol: Symbol) -> str:
        ticks = symbol.chord.stop_tick - symbol.chord.start_tick
        return f"<duration>{self._divisions * ticks // TICKS_PER_QUARTER}</duration>"

    def _chord(self, symbol: Symbol, n: int, place: tuple[str, str]) -> Iterator[str]:
        """Write the notes of a chord."""
        chord = symbol.chord
        ties = '<tie type="stop"/>' * chord.is_held + '<tie type="start"/>' * chord.is_tied
        tied = '<tied type="stop"/>' * chord.is_held + '<tied type="start"/>' * chord.is_tied
        lyric = "" if chord.is_held else self._lyrics.pop(chord.start_tick, "")
        for k, (pitch, velocity) in enumerate(zip(chord.pitches, chord.velocities, strict=True)):
            yield f'<note dynamics="{100 * velocity / FORTE_VELOCITY:.2f}">'
            yield "<chord/>" * (k > 0)
            accidental, head = "", ""
            if self._part.drums:
                step, octave, head = drum_sign(pitch)
                display = f"<display-step>{step}</display-step>"
                yield f"<unpitched>{display}<display-octave>{octave}</display-octave></unpitched>"
            else:
                name = self._name(pitch, n, is_held=chord.is_held)
                yield _pitch(name)
                accidental = _accidental(name)
            yield self._duration(symbol) + ties
            if self._part.drums:
                yield f'<instrument id="{instrument_id(self._part, pitch)}"/>'
            yield place[0]
            yield from _value_lines(symbol, accidental)
            yield f"<notehead>{head}</notehead>" if head else ""
            yield place[1]
            yield from _tuplet(
                symbol if k == 0 else symbol._replace(begins_tuplet=False, ends_tuplet=False), tied
            )
            yield lyric if k == 0 else ""
            yield "</note>"

    def _name(self, pitch: int, voice: int, *, is_held: bool) -> SpelledPitch:
        name = self._speller.name(pitch) if is_held else self._speller.spell(pitch, voice)
        if name.octave < 0:  # the B# below C0
            return name._replace(letter="C", alteration=0, octave=0)
        return name


def _pitch(name: SpelledPitch) -> str:
    alter = f"<alter>{name.alteration}</alter>" if name.alteration else ""
    return f"<pitch><step>{name.letter}</step>{alter}<octave>{name.octave}</octave></pitch>"


def _accidental(name: SpelledPitch) -> str:
    return (
        f"<accidental>{_ACCIDENTALS[name.alteration]}</accidental>" if name.has_accidental else ""
    )


def _value_lines(symbol: Symbol, accidental: str = "") -> Iterator[str]:
    """Write the value, dots, accidental and tuplet ratio of a note or rest."""
    yield f"<type>{symbol.value}</type>" + "<dot/>" * symbol.dots
    yield accidental
    if symbol.actual > 1:
        actual = f"<actual-notes>{symbol.actual}</actual-notes>"
        normal = f"<normal-notes>{symbol.normal}</normal-notes>"
        yield f"<time-modification>{actual}{normal}</time-modification>"


def _tuplet(symbol: Symbol, tied: str = "") -> Iterator[str]:
    """Write the notations of a note: ties and the ends of a tuplet."""
    starts = '<tuplet type="start" bracket="yes"/>' * symbol.begins_tuplet
    stops = '<tuplet type="stop"/>' * symbol.ends_tuplet
    if tied or starts or stops:
        yield f"<notations>{tied}{starts}{stops}</notations>"
