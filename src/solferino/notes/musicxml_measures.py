"""The music of a part in MusicXML: measures with their notes, all times in ticks."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from types import MappingProxyType
from typing import final
from xml.etree.ElementTree import Element

from solferino.notes.chords import NO_CHORD, parse_chord
from solferino.notes.musicxml_directions import (
    Meter,
    is_about_order,
    percent_velocity,
    read_barline,
    read_key,
    read_meter,
    read_signs,
    read_tempo,
    read_transposition,
    read_velocity,
)
from solferino.notes.musicxml_harmony import chord_symbol
from solferino.notes.musicxml_notes import (
    Lyric,
    Sound,
    divisions_number,
    drum_pitch,
    syllables,
    written_pitch,
)
from solferino.notes.musicxml_parts import Part, Player, set_midi
from solferino.notes.musicxml_score import PartMeasure, Score
from solferino.notes.sequence import DEFAULT_VELOCITY, Instrument

MAX_LENGTH_QUARTERS = 4096
GRACE_QUARTERS = Fraction(1, 8)
"""Length of a grace note, which sounds before the beat."""
MAX_GRACES_QUARTERS = Fraction(1, 2)
"""The most that the grace notes before one note last together."""


def read_part(score: Score, part: Part, elements: Sequence[Element]) -> None:
    """Read the measures of a part into a score.

    Keys are taken from the first part that has some, tempos, chord symbols and signs from all.
    In a measure that is marked as incomplete, skips at the end of a voice do not count.

    Parameters
    ----------
    score : Score
        It is changed.
    part : Part
        Who plays.
    elements : sequence of Element
        The measures.

    Raises
    ------
    ValueError
        If a measure cannot be played; the message says which.
    """
    reader = _PartReader(score, part, len(score.parts))
    score.parts.append([])
    for index, element in enumerate(elements):
        try:
            score.parts[-1].append(reader.read(index, element))
        except (ValueError, OverflowError) as error:
            number = element.get("number", index + 1)
            raise ValueError(f"measure {number} of part {part.name!r}: {error}") from error


@final
class _PartReader:
    """Reads the measures of one part, one after the other."""

    def __init__(self, score: Score, part: Part, part_index: int) -> None:
        self._score = score
        self._part = part
        self._part_index = part_index
        self._unit: int | Fraction = score.ticks_per_quarter
        self._semitones: dict[str, tuple[int, int]] = {}
        self._meter: Meter | None = None
        self._meters: dict[int, Meter | None] = {}
        self._velocity = DEFAULT_VELOCITY
        self._repeated_measures = 0
        self._signs = [measure.signs for measure in score.measures]
        self._instruments: dict[tuple[str, bool], int] = {}
        self._begin(0)

    def _begin(self, index: int) -> None:
        self._measure = self._score.measures[index]
        self._index = index
        self._now, self._onset, self._reach, self._note_reach = 0, 0, 0, 0
        self._graces: list[list[dict[str, Element]]] = []
        self._symbols: list[str] = []
        self._sounds: list[Sound] = []
        self._lyrics: list[Lyric] = []
        self._dynamics: list[tuple[int, int, bool]] = []
        self._own_velocities: set[int] = set()

    def read(self, index: int, element: Element) -> PartMeasure:
        """Read the measure of that index."""
        self._begin(index)
        for child in element:
            read = _READERS.get(child.tag)
            if read:
                read(self, child)
        self._place_waiting()
        meter = self._meters.pop(index, self._meter)
        self._meter = meter
        before = index - self._repeated_measures
        if self._repeated_measures and not self._sounds and before >= 0:
            return self._score.parts[self._part_index][before]
        length = self._note_reach if element.get("implicit") == "yes" else self._reach
        return PartMeasure(self._with_dynamics(), self._lyrics, length, meter)

    def _read_note(self, note: Element) -> None:
        parts = {child.tag: child for child in note}
        parts["note"] = note
        is_chord = "chord" in parts
        if "grace" in parts:
            if "cue" not in parts and is_chord and self._graces:
                self._graces[-1].append(parts)
            elif "cue" not in parts:
                self._graces.append([parts])
            return
        length = self._ticks(parts.get("duration"))
        if not is_chord:
            self._place_waiting(length)
            self._onset = self._now
            self._advance(length)
            self._note_reach = max(self._note_reach, self._now)
        if length and "rest" not in parts and "cue" not in parts:
            self._play(parts, self._onset, length)

    def _place_waiting(self, length: int = 0) -> None:
        """Place what came before a note of some length: chord symbols and grace notes."""
        if self._symbols:
            self._place_symbols(length)
        if self._graces:
            self._play_graces()

    def _place_symbols(self, length: int) -> None:
        """Place the chord symbols that wait; several share the note that follows."""
        symbols = [symbol for symbol, _ in groupby(self._symbols)]
        for k, symbol in enumerate(symbols):
            self._measure.chords.setdefault(self._now + k * length // len(symbols), symbol)
        self._symbols = []

    def _play_graces(self) -> None:
        """Let the grace notes that wait sound before the present moment."""
        count = len(self._graces)
        quarters = min(GRACE_QUARTERS, MAX_GRACES_QUARTERS / count)
        length = max(1, int(quarters * self._score.ticks_per_quarter))
        for k, group in enumerate(self._graces):
            for parts in group:
                self._play(parts, self._now - (count - k) * length, length)
        self._graces = []

    def _play(self, parts: dict[str, Element], onset: int, length: int) -> None:
        """Add a note, if it has a pitch."""
        player_id = parts["instrument"].get("id", "") if "instrument" in parts else ""
        pitch = self._sounding_pitch(parts, player_id)
        if pitch is None:
            return
        note = parts["note"]
        velocity = percent_velocity(note.get("dynamics"))
        if velocity:
            self._own_velocities.add(len(self._sounds))
        ties = [tie.get("type") for tie in note.iterfind("tie")] if "tie" in parts else ()
        instrument = self._instrument(player_id, is_unpitched="unpitched" in parts)
        sound = Sound(
            onset,
            length,
            pitch,
            velocity or self._velocity,
            instrument,
            (parts["voice"].text or "") if "voice" in parts else "",
            "stop" in ties,
            "start" in ties,
            "grace" in parts,
        )
        self._sounds.append(sound)
        if "lyric" in parts:
            self._lyrics += [Lyric(onset, *verse, instrument) for verse in syllables(note)]

    def _sounding_pitch(self, parts: dict[str, Element], player_id: str) -> int | None:
        if "pitch" in parts:
            pitch = written_pitch(parts["pitch"])
            if self._semitones:
                pitch += self._transposition(parts)[0]
        elif "unpitched" in parts:
            own = self._player(player_id).drum_pitch
            pitch = drum_pitch(parts["unpitched"]) if own is None else own
        else:
            return None
        if not 0 <= pitch <= 127:
            raise ValueError("a note is out of the range of MIDI")
        return pitch

    def _transposition(self, parts: dict[str, Element]) -> tuple[int, int]:
        """Return semitones and sharps from what is written to what sounds."""
        staff = (parts["staff"].text or "") if "staff" in parts else "1"
        return self._semitones.get(staff.strip(), self._semitones.get("", (0, 0)))

    def _player(self, player_id: str) -> Player:
        players = self._part.players
        return players.get(player_id) or next(iter(players.values()))

    def _instrument(self, player_id: str, *, is_unpitched: bool) -> int:
        """Return the index of the instrument that plays a note."""
        known = self._instruments.get((player_id, is_unpitched))
        if known is not None:
            return known
        player = self._player(player_id)
        is_drum = is_unpitched or player.is_drum
        sounding = (self._part_index, player.program, is_drum)
        instruments = self._score.instruments
        if sounding not in instruments:
            is_first = all(part != self._part_index for part, _, _ in instruments)
            name = self._part.name if is_first else player.name or self._part.name
            instruments[sounding] = Instrument(player.program, is_drum, name)
        index = list(instruments).index(sounding)
        self._instruments[player_id, is_unpitched] = index
        return index

    def _with_dynamics(self) -> list[Sound]:
        """Give every note the dynamics of its moment, and keep those that hold on."""
        sounds, velocity, marks = self._sounds, self._velocity, self._dynamics
        if not marks:
            return sounds
        marks.sort(key=lambda mark: mark[0])
        for k, sound in enumerate(sounds):
            loud = velocity
            for onset, value, is_lasting in marks:
                if onset == sound.onset_ticks or (is_lasting and onset < sound.onset_ticks):
                    loud = value
            if k not in self._own_velocities:
                sounds[k] = sound._replace(velocity=loud)
        self._velocity = next((mark[1] for mark in reversed(marks) if mark[2]), velocity)
        return sounds

    def _read_backup(self, element: Element) -> None:
        self._place_waiting()
        self._now = max(0, self._now - self._ticks(element.find("duration")))

    def _read_forward(self, element: Element) -> None:
        length = self._ticks(element.find("duration"))
        self._place_waiting(length)
        self._advance(length)

    def _advance(self, ticks: int) -> None:
        self._now += ticks
        self._reach = max(self._reach, self._now)

    def _ticks(self, duration: Element | None) -> int:
        """Read a duration, which counts in divisions of a quarter note."""
        text = (duration.text or "").strip() if duration is not None else "0"
        ticks = round(divisions_number(text) * self._unit)
        if not 0 <= ticks <= MAX_LENGTH_QUARTERS * self._score.ticks_per_quarter:
            raise ValueError(f"a note has the duration {text[:20]}, which cannot be played")
        return ticks

    def _offset(self, element: Element) -> int:
        """Find the moment of a direction or harmony, which may stand before or behind it."""
        offset = element.find("offset")
        if offset is None:
            offset = element.find("sound/offset")
        if offset is None:
            return self._now
        return max(
            0, self._now + round(divisions_number((offset.text or "0").strip()) * self._unit)
        )

    def _read_attributes(self, attributes: Element) -> None:
        for child in attributes:
            if child.tag == "divisions":
                self._set_divisions(divisions_number((child.text or "").strip()))
            elif child.tag == "transpose":
                self._semitones[child.get("number", "")] = read_transposition(child)
            elif child.tag == "measure-style":
                self._read_measure_style(child)
            elif child.tag == "time":
                self._read_time(child)
        for key in attributes.iterfind("key"):
            sharps = self._semitones.get("1", self._semitones.get("", (0, 0)))[1]
            found = read_key(key, sharps)
            if found and self._score.keys_from in (-1, self._part_index):
                self._score.keys_from = self._part_index
                self._measure.keys[self._now] = found
                break

    def _set_divisions(self, divisions: int | Fraction) -> None:
        if not divisions > 0:
            raise ValueError("a quarter note has 0 divisions; it needs 1 or more")
        unit = Fraction(self._score.ticks_per_quarter) / divisions
        self._unit = unit.numerator if unit.denominator == 1 else unit

    def _read_time(self, time: Element) -> None:
        """Set the meter of this measure, or of the next if some of this has passed."""
        meter = read_meter(time)
        if meter or time.find("senza-misura") is not None:
            self._meters.setdefault(self._index + (self._now > 0), meter)

    def _read_measure_style(self, style: Element) -> None:
        repeat = style.find("measure-repeat")
        if repeat is not None:
            digits = (repeat.text or "1").strip()
            is_start = repeat.get("type") == "start" and digits.isdecimal() and len(digits) < 3
            self._repeated_measures = int(digits) if is_start else 0

    def _read_direction(self, direction: Element) -> None:
        now = self._offset(direction)
        self._read_loudness(direction, now)
        tempo = read_tempo(direction)
        if tempo:
            self._measure.tempos.setdefault(now, tempo)
        read_signs(self._measure.signs, direction)
        for tag, kind in (("rehearsal", "marker"), ("words", "text")):
            for words in direction.iterfind(f"direction-type/{tag}"):
                text = " ".join((words.text or "").split())
                row = (now, text, kind)
                if text and row not in self._measure.texts and not is_about_order(text):
                    self._measure.texts.append(row)
        for midi in direction.iter("midi-instrument"):
            self._change_sound(midi)

    def _read_loudness(self, direction: Element, now: int) -> None:
        velocity, is_lasting = read_velocity(direction)
        if velocity:
            self._dynamics.append((now, velocity, is_lasting))

    def _change_sound(self, midi: Element) -> None:
        """Let a player sound differently from here on."""
        player_id = midi.get("id", "")
        if player_id in self._part.players:
            set_midi(self._part.players[player_id], midi)
            self._instruments = {}

    def _read_harmony(self, harmony: Element) -> None:
        symbol = chord_symbol(harmony)
        semitones = self._transposition({})[0] if self._semitones else 0
        if symbol and symbol != NO_CHORD and semitones:
            symbol = parse_chord(symbol).transpose(semitones).name()
        now = self._offset(harmony)
        if symbol and now == self._now:
            self._symbols.append(symbol)
        elif symbol:
            self._measure.chords.setdefault(now, symbol)

    def _read_barline(self, barline: Element) -> None:
        read_barline(self._signs, self._index, barline)


_READERS: Mapping[str, Callable[[_PartReader, Element], None]] = MappingProxyType(
    {
        "note": _PartReader._read_note,
        "backup": _PartReader._read_backup,
        "forward": _PartReader._read_forward,
        "attributes": _PartReader._read_attributes,
        "direction": _PartReader._read_direction,
        "sound": _PartReader._read_direction,
        "harmony": _PartReader._read_harmony,
        "barline": _PartReader._read_barline,
    }
)
"""What is done with each element of a measure."""
