"""MIDI files to notes and back.

What MIDI has no place for is written as marker events whose text starts with its kind:
``chord:Am7``, ``text:...``, ``title:...``, ``source:...``; ``end:`` marks the total time.
Lyrics of an instrument are lyric events of its track; other texts of an instrument are
lyric events that start with their kind. A marker or lyric that happens to start with one
of these words is written with ``marker:`` or ``lyric:`` in front, so nothing is confused.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from symusic import Score, TextMeta, Track
from symusic import core as symusic_core

from solferino.errors import MusicFileError
from solferino.notes.columns import Table, table_of_columns
from solferino.notes.disk import MAX_FILE_BYTES, PathOrText, read_bytes, reason, write_beside
from solferino.notes.sequence import (
    BEND_DTYPE,
    CONTROL_DTYPE,
    KEY_DTYPE,
    METER_DTYPE,
    NOTE_DTYPE,
    SETTINGS,
    TEMPO_DTYPE,
    TEXT_KINDS,
    Instrument,
    NoteSequence,
    Text,
)
from solferino.notes.timing import TempoMap

MAX_TIME_S = 1e6
MAX_TICKS = 2**28 - 1
MAX_TICKS_PER_QUARTER = 2**15 - 1
MAX_MICROSECONDS_PER_QUARTER = 2**24 - 1
MAX_METER_DENOMINATOR = 128
MICROSECONDS_PER_MINUTE = 60_000_000

_PREFIXES = (*TEXT_KINDS, "title", "source")
_END = "end:"


def read_midi(path_or_bytes: PathOrText | bytes, max_bytes: int = MAX_FILE_BYTES) -> NoteSequence:
    """Read a Standard MIDI file of type 0, 1 or 2.

    Each channel, program and track gives an instrument of its own; channel 10 is drums.
    Tempos, meters, keys, programs, track names, notes, control changes, pitch bends, markers
    and lyrics are kept; times are exact to the tick. Not kept: text, copyright and cue
    events, system exclusive messages, pressure, release velocities, notes that never end,
    key signatures beyond seven accidentals, and the controllers, the bends and the name of
    a track that has neither notes nor lyrics. Two notes of one pitch that overlap on one
    channel end in the order in which they began, as MIDI has it.

    Parameters
    ----------
    path_or_bytes : str, path or bytes
        A file, or the content of one.
    max_bytes : int
        Largest size that is read.

    Returns
    -------
    NoteSequence
        Rows in order of time; notes that begin together in order of instrument, pitch,
        release and velocity.

    Raises
    ------
    MusicFileError
        If it is no MIDI file, or damaged.
    """
    if isinstance(path_or_bytes, bytes):
        name, data = "the MIDI data", path_or_bytes
    else:
        name, data = os.fspath(path_or_bytes), read_bytes(path_or_bytes, max_bytes)
    try:
        return _notes_of(_parse(data, name), name)
    except (ValueError, OverflowError) as error:
        raise MusicFileError(f"{name} is damaged: {reason(error)}; export it again") from error


def write_midi(notes: NoteSequence, path: PathOrText) -> None:
    """Write a Standard MIDI file; it is there whole or not at all.

    Parameters
    ----------
    notes : NoteSequence
        The piece; see `midi_bytes` for what MIDI cannot hold.
    path : str or path
        Where.

    Raises
    ------
    MusicFileError
        If MIDI cannot hold the piece, or the file cannot be written.
    """
    write_beside(path, _bytes_of(notes, str(path)))


def midi_bytes(notes: NoteSequence) -> bytes:
    """Return the content of a Standard MIDI file of type 1, one track an instrument.

    Times go to the nearest tick. Notes of velocity 0 get 1, since 0 means release. Reading
    it gives the same piece as long as its times lie on ticks and every instrument has a
    note: instruments without notes are left out.

    Parameters
    ----------
    notes : NoteSequence
        The piece.

    Raises
    ------
    MusicFileError
        If MIDI cannot hold it: a tempo below 3.58 quarter notes a minute, a meter whose
        denominator is no power of two up to 128, a resolution above 32767 ticks a quarter,
        or more than 268 million ticks.
    """
    return _bytes_of(notes, "the piece")


@final
@dataclass(frozen=True)
class _Clock:
    """Seconds and ticks through the tempo map of one piece."""

    tempo_map: TempoMap
    ticks_per_quarter: int

    def to_seconds(self, ticks: ArrayLike) -> NDArray[np.float64]:
        return self.tempo_map.ticks_to_seconds(ticks, self.ticks_per_quarter)

    def to_ticks(self, times_s: ArrayLike) -> NDArray[np.int64]:
        return self.tempo_map.seconds_to_ticks(times_s, self.ticks_per_quarter)


def _parse(data: bytes, name: str) -> Any:
    """Let symusic read the bytes; say in one line what is wrong with them."""
    if not data.startswith(b"MThd"):
        raise MusicFileError(
            f"{name} is not a MIDI file (it does not begin with MThd); "
            "export it as a Standard MIDI file"
        )
    if len(data) < 14:
        raise MusicFileError(f"{name} is damaged: its header is cut off; export it again")
    division = int.from_bytes(data[12:14], "big")
    if division == 0 or division > MAX_TICKS_PER_QUARTER:
        raise MusicFileError(
            f"{name} has the time division {division}, and 1 to {MAX_TICKS_PER_QUARTER} ticks "
            "a quarter note can be read; export it with 480"
        )
    _check_chunks(data, name)
    try:
        return Score.from_midi(data)
    except Exception as error:
        words = reason(error).removeprefix("MiniMidi: ").removesuffix(": iostream error")
        raise MusicFileError(f"{name} is damaged: {words}; export it again") from error


def _check_chunks(data: bytes, name: str) -> None:
    """Refuse chunks that are longer than the file; symusic 0.5.9 crashes on them."""
    n_tracks, position = int.from_bytes(data[10:12], "big"), 8
    position += int.from_bytes(data[4:8], "big")
    while n_tracks and position + 8 <= len(data):
        n_bytes = int.from_bytes(data[position + 4 : position + 8], "big")
        n_tracks -= data[position : position + 4] == b"MTrk"
        position += 8 + n_bytes
    if position > len(data):
        raise MusicFileError(
            f"{name} is damaged: it is cut off, {position - len(data)} bytes are missing; "
            "export or download it again"
        )


def _notes_of(score: Any, name: str) -> NoteSequence:
    """Turn what symusic read into a piece."""
    tempos = score.tempos.numpy()
    if len(tempos["mspq"]) and int(tempos["mspq"].min()) <= 0:
        raise MusicFileError(
            f"{name} has a tempo of 0 microseconds a quarter note; set its tempo and export again"
        )
    order = np.argsort(tempos["time"], kind="stable")
    quarters, qpm = tempos["time"] / score.tpq, MICROSECONDS_PER_MINUTE / tempos["mspq"]
    clock = _Clock(TempoMap.from_quarters(quarters[order], qpm[order]), score.tpq)
    tracks = [track for track in score.tracks if len(track.notes) or len(track.lyrics)]
    owners = _owners(tracks)
    tables = {
        "notes": _note_table(tracks, owners, clock),
        **_change_tables(score, clock, name),
        **_channel_tables(tracks, owners, clock),
    }
    texts, facts = _texts_of(score, tracks, owners, clock)
    length_s = _length_s(tables, texts, name)
    return NoteSequence(
        **tables,
        instruments=tuple(
            Instrument(track.program, bool(track.is_drum), track.name)
            for track, is_first in zip(tracks, np.diff(owners, prepend=-1), strict=True)
            if is_first
        ),
        texts=texts,
        title=facts.get("title", ""),
        source=facts.get("source", ""),
        total_time_s=min(facts.get("end", length_s), MAX_TIME_S),
        ticks_per_quarter=score.tpq,
    )


def _owners(tracks: list[Any]) -> NDArray[np.int64]:
    """Index of the instrument of each track.

    symusic puts the lyrics of a track into a track of their own behind it; here they come
    together again.
    """
    begins = [
        k == 0 or len(track.notes) > 0 or track.name != tracks[k - 1].name
        for k, track in enumerate(tracks)
    ]
    return np.cumsum(begins, dtype=np.int64) - 1


def _by_track(
    events: Iterable[Any], owners: NDArray[np.int64], columns: tuple[str, ...]
) -> dict[str, NDArray[np.int64]]:
    """Join one kind of event of all tracks, with the instrument in a column of its own."""
    parts = [track.numpy() for track in events]
    counts = [len(part["time"]) for part in parts]
    empty = [np.empty(0, np.int64)]
    joined = {
        column: np.concatenate([*empty, *(part[column] for part in parts)]) for column in columns
    }
    return {**joined, "instrument": np.repeat(owners, counts)}


def _note_table(tracks: list[Any], owners: NDArray[np.int64], clock: _Clock) -> Table:
    notes = _by_track((t.notes for t in tracks), owners, ("time", "duration", "pitch", "velocity"))
    table = table_of_columns(
        (
            clock.to_seconds(notes["time"]),
            clock.to_seconds(notes["time"] + notes["duration"]),
            notes["pitch"],
            notes["velocity"],
            notes["instrument"],
        ),
        NOTE_DTYPE,
    )
    ranks = ("velocity", "release_s", "pitch", "instrument", "onset_s")
    return table[np.lexsort([table[rank] for rank in ranks])]


def _change_tables(score: Any, clock: _Clock, name: str) -> dict[str, Table]:
    """Build the tables of tempos, meters and keys."""
    tempos, meters, keys = (
        events.numpy() for events in (score.tempos, score.time_signatures, score.key_signatures)
    )
    if len(meters["time"]) and not np.all((meters["numerator"] > 0) & (meters["denominator"] > 0)):
        raise MusicFileError(
            f"{name} has a meter with 0 in it; set its time signature and export it again"
        )
    qpm = MICROSECONDS_PER_MINUTE / tempos["mspq"]
    sharps = keys["key"].astype(np.int8)
    key_table = table_of_columns(
        (clock.to_seconds(keys["time"]), sharps, keys["tonality"] == 1), KEY_DTYPE
    )
    return {
        "tempos": table_of_columns((clock.to_seconds(tempos["time"]), qpm), TEMPO_DTYPE),
        "meters": table_of_columns(
            (
                clock.to_seconds(meters["time"]),
                meters["numerator"],
                meters["denominator"],
            ),
            METER_DTYPE,
        ),
        "keys": key_table[(sharps >= -7) & (sharps <= 7)],
    }


def _channel_tables(
    tracks: list[Any], owners: NDArray[np.int64], clock: _Clock
) -> dict[str, Table]:
    """Build the tables of control changes and pitch bends."""
    controls = _by_track((t.controls for t in tracks), owners, ("time", "number", "value"))
    bends = _by_track((t.pitch_bends for t in tracks), owners, ("time", "value"))
    return {
        "control_changes": table_of_columns(
            (
                clock.to_seconds(controls["time"]),
                controls["number"],
                controls["value"],
                controls["instrument"],
            ),
            CONTROL_DTYPE,
        ),
        "pitch_bends": table_of_columns(
            (
                clock.to_seconds(bends["time"]),
                bends["value"],
                bends["instrument"],
            ),
            BEND_DTYPE,
        ),
    }


def _texts_of(
    score: Any, tracks: list[Any], owners: NDArray[np.int64], clock: _Clock
) -> tuple[tuple[Text, ...], dict[str, Any]]:
    """Read markers and lyrics by the convention at the top of this page.

    Returns the texts, and the facts about the piece that stood among them.
    """
    texts: list[Text] = []
    facts: dict[str, Any] = {}
    sources = [(score.markers, "marker", -1)]
    sources += [(t.lyrics, "lyric", int(k)) for t, k in zip(tracks, owners, strict=True)]
    for events, usual_kind, instrument in sources:
        for event in events:
            kind, words = _kind_and_words(event.text, usual_kind)
            time_s = float(clock.to_seconds(event.time))
            if kind in TEXT_KINDS:
                texts.append(Text(time_s, words, kind, instrument))
            else:
                facts[kind] = time_s if kind == "end" else words
    return tuple(texts), facts


def _kind_and_words(text: str, usual_kind: str) -> tuple[str, str]:
    """Split a written text into its kind and its words."""
    kind, colon, words = text.partition(":")
    if colon and (kind in _PREFIXES or text == _END):
        return kind, words
    return usual_kind, text


def _written(text: Text, usual_kind: str) -> str:
    """Write a text so that `_kind_and_words` finds the same."""
    if text.kind == usual_kind and text.text and _kind_and_words(text.text, "") == ("", text.text):
        return text.text
    return f"{text.kind}:{text.text}"


def _length_s(tables: dict[str, Table], texts: tuple[Text, ...], file_name: str) -> float:
    """Find the moment of the last event, and refuse moments that cannot be."""
    columns = [table["onset_s" if name == "notes" else "time_s"] for name, table in tables.items()]
    columns += [tables["notes"]["release_s"], np.array([text.time_s for text in texts])]
    moments = np.concatenate(columns)
    first_s, last_s = float(moments.min(initial=0.0)), float(moments.max(initial=0.0))
    if first_s < 0 or last_s > MAX_TIME_S:
        raise MusicFileError(
            f"{file_name} is damaged: an event lies beyond {MAX_TIME_S:.0f} s; export it again"
        )
    return last_s


def _bytes_of(piece: NoteSequence, name: str) -> bytes:
    """Write a piece with symusic; `name` is for errors."""
    _check_that_midi_can_hold(piece, name)
    clock = _Clock(TempoMap.from_sequence(piece), piece.ticks_per_quarter)
    score: Any = Score.from_tpq(piece.ticks_per_quarter)
    score.tempos = symusic_core.TempoTickList.from_numpy(
        _ticks(clock, piece.tempos["time_s"]), _microseconds(piece.tempos)
    )
    score.time_signatures = symusic_core.TimeSignatureTickList.from_numpy(
        _ticks(clock, piece.meters["time_s"]),
        _column(piece.meters["numerator"], np.uint8),
        _column(piece.meters["denominator"], np.uint8),
    )
    score.key_signatures = symusic_core.KeySignatureTickList.from_numpy(
        _ticks(clock, piece.keys["time_s"]),
        _column(piece.keys["sharps"], np.int8),
        _column(piece.keys["is_minor"], np.uint8),
    )
    score.markers = _text_events(_marker_texts(piece, clock), "marker", clock)
    for index, instrument in enumerate(piece.instruments):
        score.tracks.append(_track_of(piece, index, instrument, clock))
    return bytes(score.dumps_midi())


def _track_of(piece: NoteSequence, index: int, instrument: Instrument, clock: _Clock) -> Any:
    notes, controls, bends = (
        table[table["instrument"] == index]
        for table in (piece.notes, piece.control_changes, piece.pitch_bends)
    )
    onsets, releases = _ticks(clock, notes["onset_s"]), _ticks(clock, notes["release_s"])
    track: Any = Track(instrument.name, instrument.program, instrument.is_drum)
    track.notes = symusic_core.NoteTickList.from_numpy(
        onsets,
        releases - onsets,
        _column(notes["pitch"], np.int8),
        _column(np.maximum(notes["velocity"], 1), np.int8),
    )
    track.controls = symusic_core.ControlChangeTickList.from_numpy(
        _ticks(clock, controls["time_s"]),
        _column(controls["number"], np.uint8),
        _column(controls["value"], np.uint8),
    )
    track.pitch_bends = symusic_core.PitchBendTickList.from_numpy(
        _ticks(clock, bends["time_s"]), _column(bends["bend"], np.int32)
    )
    texts = (text for text in piece.texts if text.instrument == index)
    track.lyrics = _text_events(texts, "lyric", clock)
    return track


def _marker_texts(piece: NoteSequence, clock: _Clock) -> list[Text]:
    """List what is written as markers: title, source, texts of the piece, and its end."""
    facts = [(kind, getattr(piece, kind)) for kind in ("title", "source")]
    texts = [Text(0.0, words, kind) for kind, words in facts if words]
    texts += [text for text in piece.texts if text.instrument < 0]
    columns = [piece.notes["release_s"], *(getattr(piece, t)["time_s"] for t in SETTINGS)]
    columns += [np.array([text.time_s for text in piece.texts])]
    last_s = float(np.concatenate(columns).max(initial=0.0))
    if clock.to_ticks(last_s) != clock.to_ticks(piece.total_time_s):
        texts.append(Text(piece.total_time_s, "", "end"))
    return texts


def _text_events(texts: Iterable[Text], usual_kind: str, clock: _Clock) -> Any:
    events: Any = symusic_core.TextMetaTickList()
    for text in texts:
        words = _written(text, usual_kind).encode("utf-8", "replace").decode()
        events.append(TextMeta(int(clock.to_ticks(text.time_s)), words))
    return events


def _ticks(clock: _Clock, times_s: NDArray[np.float64]) -> NDArray[np.int32]:
    return _column(clock.to_ticks(times_s), np.int32)


def _column(values: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    column = np.empty(len(values), dtype)  # symusic minds the stride even of a single row
    column[:] = values
    return column


def _microseconds(tempos: Table) -> NDArray[np.int32]:
    return _column(np.rint(MICROSECONDS_PER_MINUTE / tempos["qpm"]), np.int32)


def _check_that_midi_can_hold(piece: NoteSequence, name: str) -> None:
    """Raise MusicFileError for the first thing that has no place in a MIDI file."""
    lowest_qpm = MICROSECONDS_PER_MINUTE / (MAX_MICROSECONDS_PER_QUARTER + 0.5)
    highest_qpm = MICROSECONDS_PER_MINUTE / 0.5
    qpm, denominators = piece.tempos["qpm"], piece.meters["denominator"]
    powers_of_two = denominators & (denominators - 1) == 0
    rules = [
        (
            piece.ticks_per_quarter <= MAX_TICKS_PER_QUARTER,
            f"at most {MAX_TICKS_PER_QUARTER} ticks_per_quarter; set 480",
        ),
        (
            bool(((qpm > lowest_qpm) & (qpm < highest_qpm)).all()),
            "tempos from 3.58 to 60 million quarter notes a minute; change the tempo",
        ),
        (
            bool((powers_of_two & (denominators <= MAX_METER_DENOMINATOR)).all()),
            f"meter denominators 1, 2, 4 ... {MAX_METER_DENOMINATOR}; choose the nearest",
        ),
    ]
    for holds, rule in rules:
        if not holds:
            raise MusicFileError(f"{name} cannot be MIDI, which holds {rule}")
    clock = _Clock(TempoMap.from_sequence(piece), piece.ticks_per_quarter)
    latest = [
        piece.total_time_s,
        *(float(getattr(piece, t)["time_s"].max(initial=0)) for t in SETTINGS),
    ]
    latest += [text.time_s for text in piece.texts]
    if clock.to_ticks(latest).max() > MAX_TICKS:
        raise MusicFileError(
            f"{name} cannot be MIDI, which holds {MAX_TICKS} ticks; "
            "lower ticks_per_quarter or split the piece"
        )
