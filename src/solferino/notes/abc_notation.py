"""Tune books in ABC notation to notes.

Follows the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1): keys, modes and
accidentals, lengths, broken rhythm, tuplets, ties, chords, chord symbols, lyrics, repeats and
endings, the order of parts, da capo and dal segno, several voices, and fields in the middle
of a tune. Grace notes, ornaments and dynamics are left out, and so are jumps that are only
words, as in ``"D.C."``.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.errors import MusicFileError
from solferino.notes.abc_fields import (
    Key,
    Meter,
    default_unit_length,
    parse_key,
    parse_meter,
    parse_tempo,
    parse_unit_length,
)
from solferino.notes.abc_lines import FIELD, joined_lines, split_into_tunes
from solferino.notes.abc_measures import VoiceReader
from solferino.notes.abc_order import Placed, aligned, in_playing_order
from solferino.notes.disk import MAX_FILE_BYTES, PathOrText, read_bytes
from solferino.notes.score import TICKS_PER_QUARTER, TICKS_PER_WHOLE
from solferino.notes.sequence import (
    DEFAULT_QPM,
    DEFAULT_VELOCITY,
    KEY_DTYPE,
    METER_DTYPE,
    NOTE_DTYPE,
    TEMPO_DTYPE,
    Instrument,
    NoteSequence,
    Text,
)
from solferino.notes.timing import TempoMap

ABC_TICKS_PER_QUARTER = 480
MAX_TIME_S = 1e6

_MUSIC_LETTERS = "abcdefgxz"
_VOICE = re.compile(r"\[V:\s*([^\]]*)\]")
_VOICE_NAME = re.compile(r'\b(?:name|nm)\s*=\s*"([^"]*)"')
_PROGRAM = re.compile(r"%%MIDI\s+program\s+(?:\d+\s+)?(\d+)\s*$")
_DRUMS = re.compile(r"%%MIDI\s+channel\s+10\s*$")
_EVERY_VOICE = ""


class TuneError(NamedTuple):
    """Why a tune of a book was skipped.

    Parameters
    ----------
    number : str
        What stands behind its ``X:``.
    title : str
        Its title; may be empty.
    reason : str
        One line.
    """

    number: str
    title: str
    reason: str


@final
@dataclass(frozen=True)
class TuneBook:
    """The tunes of a file in ABC notation, and those that could not be read."""

    tunes: tuple[NoteSequence, ...]
    errors: tuple[TuneError, ...]


def read_tune_book(
    path: PathOrText, max_bytes: int = MAX_FILE_BYTES, *, repeats: bool = True
) -> TuneBook:
    """Read the tunes of a book, and say which could not be read.

    Repeats are played. Full bars begin on bar lines, counted from the beginning of the piece
    or the last change of meter: a tune with a pickup begins with a rest. Chord symbols are
    texts of kind "chord", syllables of kind "lyric", with a hyphen where the word goes on; when
    a measure is played again the next verse is sung, if there is one. Words behind the tune
    (``W:``) are texts at its beginning. The tempo is 120 where none is given, the velocity 80;
    the source is the name of the file and the number of the tune, as in ``airs.abc#12``.

    Parameters
    ----------
    path : str or path
        A file in ABC notation, in UTF-8 or Latin-1.
    max_bytes : int
        Largest size that is read.
    repeats : bool
        Whether repeats and jumps are played, or every measure once.

    Raises
    ------
    MusicFileError
        If the file or all of its tunes cannot be read, or it has no ``X:`` field.
    """
    data = read_bytes(path, max_bytes)
    if b"\0" in data:
        raise MusicFileError(f"{path} is not text, so not ABC notation; export it as .abc again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    book = parse_tune_book(text, Path(path).name, repeats=repeats)
    if not book.tunes:
        first = book.errors[0]
        raise MusicFileError(
            f"{path} has no tune that can be read; X:{first.number} {first.reason}"
        )
    return book


def parse_tune_book(text: str, name: str = "the text", *, repeats: bool = True) -> TuneBook:
    """Read a tune book from its text; see `read_tune_book`.

    Parameters
    ----------
    text : str
        The content of a file.
    name : str
        What to call it in errors and in `source`.
    repeats : bool
        Whether repeats and jumps are played, or every measure once.

    Raises
    ------
    MusicFileError
        If it has no ``X:`` field.
    """
    tunes, errors = [], []
    for header, lines in split_into_tunes(text):
        tune = _Tune(name, header, repeats)
        try:
            tunes.append(tune.read(lines))
        except (ValueError, OverflowError) as error:
            errors.append(TuneError(tune.number, tune.title, str(error)))
    if not tunes and not errors:
        raise MusicFileError(f"{name} has no X: field, so no tune; begin each tune with X:1")
    return TuneBook(tuple(tunes), tuple(errors))


@final
@dataclass
class _Tune:
    """A tune while it is being read."""

    name: str
    header: list[str]
    repeats: bool
    number: str = ""
    title: str = ""
    meter: Meter | None = None
    unit_length: Fraction | None = None
    qpm: float = DEFAULT_QPM
    tempo: str = ""
    key: Key | None = None
    programs: dict[str, int] = field(default_factory=dict)
    drums: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    voices: dict[str, VoiceReader] = field(default_factory=dict)
    voice: str = _EVERY_VOICE
    parts: str = ""
    words: list[str] = field(default_factory=list)

    def read(self, lines: list[str]) -> NoteSequence:
        """Read all lines and put the piece together."""
        for line in joined_lines((*self.header, *lines)):
            if line.startswith("%%"):
                self._read_directive(line)
                continue
            if self.key is not None and not line.strip():
                break
            self._read_line(line)
        if self.key is None:
            raise ValueError("has no K: field, which ends the header; write one like K:C")
        written = [reader.finish() for reader in self.voices.values()]
        played = in_playing_order(written, self.parts) if self.repeats else written
        voices = [list(aligned(voice)) for voice in played]
        rows = [row for index, voice in enumerate(voices) for row in _note_rows(voice, index)]
        if not rows:
            raise ValueError("has no notes; write some behind its K: field")
        return self._piece(voices, np.array(rows, np.int64))

    def _read_directive(self, line: str) -> None:
        """Take the sound of a voice, or of all of them, from a line that begins with ``%%``."""
        program = _PROGRAM.match(line)
        if self.voice in self.voices:
            return  # a voice that has begun keeps its sound
        if program:
            self.programs[self.voice] = min(int(program[1]), 127)
        elif _DRUMS.match(line):
            self.drums.add(self.voice)

    def _instruments(self) -> Iterator[Instrument]:
        every_program = self.programs.get(_EVERY_VOICE, 0)
        for voice in self.voices:
            yield Instrument(
                self.programs.get(voice, every_program),
                is_drum=voice in self.drums or _EVERY_VOICE in self.drums,
                name=self.names.get(voice, voice if len(self.voices) > 1 else ""),
            )

    def _read_line(self, line: str) -> None:
        found = FIELD.match(line)
        if not found or (self.key is not None and found[1] in _MUSIC_LETTERS):
            if self.key is not None:
                self._read_music(line)
        elif self.key is None:
            self._read_header(found[1], found[2].strip())
        elif found[1] == "V":
            self._set_voice(found[2])
        elif found[1] == "W":
            self.words.append(found[2].strip())
        else:
            self._reader().set_field(found[1], found[2].strip())

    def _read_header(self, letter: str, words: str) -> None:
        if letter == "X":
            self.number = words
        elif letter == "T" and not self.title:
            self.title = words
        elif letter == "M":
            self.meter = parse_meter(words)
        elif letter == "L":
            self.unit_length = parse_unit_length(words)
        elif letter == "Q":
            self.tempo = words
        elif letter == "P":
            self.parts = words
        elif letter == "V":
            self._set_voice(words)
        elif letter == "K":
            self.key = parse_key(words)
            self.voice = "1"
            self.unit_length = self.unit_length or default_unit_length(self.meter)
            self.qpm = parse_tempo(self.tempo, self.unit_length) or DEFAULT_QPM

    def _read_music(self, line: str) -> None:
        """Read a line of music; ``[V:2]`` in it changes the voice."""
        for k, part in enumerate(_VOICE.split(line)):
            if k % 2:
                self._set_voice(part)
            elif part.strip():
                self._reader().read(part)

    def _set_voice(self, words: str) -> None:
        self.voice = (words.split() or ["1"])[0]
        name = _VOICE_NAME.search(words)
        if name:
            self.names[self.voice] = name[1]

    def _reader(self) -> VoiceReader:
        if self.voice not in self.voices:
            if self.key is None or self.unit_length is None or len(self.voices) >= 64:
                raise ValueError("has more than 64 voices")
            self.voices[self.voice] = VoiceReader(self.meter, self.unit_length, self.key, self.qpm)
        return self.voices[self.voice]

    def _piece(self, voices: list[list[Placed]], rows: NDArray[np.int64]) -> NoteSequence:
        """Put the piece together from its voices and rows of onset, release, pitch, voice."""
        tempos, keys, meters = _changes(voices[0], self.meter)
        tempo_map = TempoMap.from_quarters(
            np.array([tick for tick, _ in tempos]) / TICKS_PER_QUARTER, [qpm for _, qpm in tempos]
        )

        def seconds(ticks: ArrayLike) -> NDArray[np.float64]:
            return tempo_map.ticks_to_seconds(ticks, TICKS_PER_QUARTER)

        end_s = float(
            seconds(max(p.start_ticks + p.measure.length_ticks for v in voices for p in v))
        )
        if end_s > MAX_TIME_S:
            raise ValueError(f"is longer than {MAX_TIME_S:.0f} seconds")
        notes = np.empty(len(rows), NOTE_DTYPE)
        notes["onset_s"], notes["release_s"] = seconds(rows[:, 0]), seconds(rows[:, 1])
        notes["pitch"], notes["velocity"] = rows[:, 2], DEFAULT_VELOCITY
        notes["instrument"] = rows[:, 3]
        order = np.lexsort((notes["pitch"], notes["instrument"], notes["onset_s"]))
        return NoteSequence(
            notes=notes[order],
            instruments=tuple(self._instruments()),
            tempos=np.array([(seconds(t), qpm) for t, qpm in tempos], TEMPO_DTYPE),
            meters=np.array([(seconds(t), *m) for t, m in meters], METER_DTYPE),
            keys=np.array([(seconds(t), k.sharps, k.is_minor) for t, k in keys], KEY_DTYPE),
            texts=(
                *(Text(0.0, line) for line in self.words if line),
                *(Text(float(seconds(t)), s, "chord") for t, s in _chord_symbols(voices)),
                *(Text(float(seconds(t)), s, "lyric", v) for t, s, v in _lyrics(voices)),
            ),
            title=self.title,
            source=f"{self.name}#{self.number}",
            total_time_s=end_s,
            ticks_per_quarter=ABC_TICKS_PER_QUARTER,
        )


def _note_rows(voice: list[Placed], index: int) -> list[list[int]]:
    """Rows of onset, release, pitch and voice, in ticks; tied notes become one."""
    rows: list[list[int]] = []
    held: dict[tuple[int, int], list[int]] = {}
    for start, _, measure in voice:
        for sound in measure.sounds:
            onset = start + sound.onset_ticks
            row = held.pop((sound.pitch, onset), None)
            if row is None:
                row = [onset, onset, sound.pitch, index]
                rows.append(row)
            row[1] = onset + sound.length_ticks
            if sound.is_tied:
                held[sound.pitch, row[1]] = row
    return rows


def _changes(
    voice: list[Placed], meter: Meter | None
) -> tuple[list[tuple[int, float]], list[tuple[int, Key]], list[tuple[int, Meter]]]:
    """List tempos, keys and meters with their ticks, each only where it is new.

    The meter of the header counts where the first bar is free of it.
    """
    tempos: list[tuple[int, float]] = []
    keys: list[tuple[int, Key]] = []
    meters = [(0, meter)] if meter and not voice[0].measure.meter else []
    for k, (start, counted_from, measure) in enumerate(voice):
        begin = start if k else 0
        _add_if_new(tempos, begin, measure.qpm)
        _add_if_new(keys, begin, measure.key)
        if measure.meter and not (meters and _goes_on(*meters[-1], counted_from, measure.meter)):
            meters.append((counted_from, measure.meter))
        for change in measure.changes:
            if isinstance(change.value, float):
                _add_if_new(tempos, start + change.onset_ticks, change.value)
            elif isinstance(change.value, Key):
                _add_if_new(keys, start + change.onset_ticks, change.value)
    return tempos, keys, meters


def _goes_on(tick: int, meter: Meter, counted_from: int, new: Meter) -> bool:
    """Whether a meter is the last one, with its bar lines where they were."""
    return meter == new and (counted_from - tick) % (new.bar * TICKS_PER_WHOLE) == 0


def _add_if_new(changes: list[tuple[int, Any]], tick: int, value: Any) -> None:
    if not changes or changes[-1][1] != value:
        changes.append((tick, value))


def _chord_symbols(voices: list[list[Placed]]) -> Iterator[tuple[int, str]]:
    for voice in voices:
        for start, _, measure in voice:
            for change in measure.changes:
                if isinstance(change.value, str):
                    yield start + change.onset_ticks, change.value


def _lyrics(voices: list[list[Placed]]) -> Iterator[tuple[int, str, int]]:
    """List syllables with their ticks and voices; the n-th time a measure has its n-th verse."""
    for index, voice in enumerate(voices):
        times: Counter[int] = Counter()
        for start, _, measure in voice:
            last_verse = max((lyric.verse for lyric in measure.lyrics), default=0)
            verse = min(times[id(measure)], last_verse)
            times[id(measure)] += 1
            for lyric in measure.lyrics:
                if lyric.verse == verse:
                    yield start + lyric.onset_ticks, lyric.text, index
