"""Magenta's NoteSequence messages (protocol buffers) to notes and back.

The tables below are the one home of the field numbers. Fields from 1001 on are our own:
they hold what Magenta's message has no place for, are written only where that is needed,
and other readers skip and keep them.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.errors import MusicFileError
from solferino.notes.columns import Table, table_of_columns
from solferino.notes.disk import MAX_FILE_BYTES, PathOrText, read_bytes, reason, write_beside
from solferino.notes.sequence import (
    BEND_DTYPE,
    CONTROL_DTYPE,
    DEFAULT_TICKS_PER_QUARTER,
    KEY_DTYPE,
    METER_DTYPE,
    NOTE_DTYPE,
    TEMPO_DTYPE,
    TEXT_KINDS,
    Instrument,
    NoteSequence,
    Text,
)
from solferino.notes.timing import TempoMap
from solferino.notes.wire_format import Columns, Field, Message, decode, encode

Voice = tuple[int, int, bool]
"""Number, program and drum flag: what makes an instrument of a message."""

NOTE = Message(
    "note",
    (
        Field(1, "pitch", "int32"),
        Field(2, "velocity", "int32"),
        Field(3, "start_time", "double"),
        Field(4, "end_time", "double"),
        Field(7, "instrument", "int32"),
        Field(8, "program", "int32"),
        Field(9, "is_drum", "bool"),
        Field(10, "part", "int32"),
        Field(13, "quantized_start_step", "int64"),
        Field(14, "quantized_end_step", "int64"),
    ),
)
TIME_SIGNATURE = Message(
    "time signature",
    (
        Field(1, "time", "double"),
        Field(2, "numerator", "int32"),
        Field(3, "denominator", "int32"),
    ),
)
KEY_SIGNATURE = Message(
    "key signature",
    (
        Field(1, "time", "double"),
        Field(2, "key", "int32"),
        Field(3, "mode", "int32"),
        Field(1001, "sharps", "int32"),
    ),
)
TEMPO = Message("tempo", (Field(1, "time", "double"), Field(2, "qpm", "double")))
PITCH_BEND = Message(
    "pitch bend",
    (
        Field(1, "time", "double"),
        Field(2, "bend", "int32"),
        Field(3, "instrument", "int32"),
        Field(4, "program", "int32"),
        Field(5, "is_drum", "bool"),
    ),
)
CONTROL_CHANGE = Message(
    "control change",
    (
        Field(1, "time", "double"),
        Field(2, "control_number", "int32"),
        Field(3, "control_value", "int32"),
        Field(4, "instrument", "int32"),
        Field(5, "program", "int32"),
        Field(6, "is_drum", "bool"),
        Field(7, "quantized_step", "int64"),
    ),
)
PART_INFO = Message("part", (Field(1, "part", "int32"), Field(2, "name", "string")))
TEXT_ANNOTATION = Message(
    "text annotation",
    (
        Field(1, "time", "double"),
        Field(2, "text", "string"),
        Field(3, "annotation_type", "int32"),
        Field(4, "quantized_step", "int64"),
        Field(1001, "kind", "string"),
        Field(1002, "instrument_plus_1", "int32"),
    ),
)
QUANTIZATION_INFO = Message(
    "quantization",
    (
        Field(1, "steps_per_quarter", "int32", is_explicit=True),
        Field(2, "steps_per_second", "int32", is_explicit=True),
    ),
)
METADATA = Message("metadata", (Field(1, "title", "string"),))
INSTRUMENT_INFO = Message(
    "instrument",
    (
        Field(1, "instrument", "int32"),
        Field(2, "name", "string"),
        Field(1001, "program", "int32"),
        Field(1002, "is_drum", "bool"),
    ),
)
NOTE_SEQUENCE = Message(
    "NoteSequence",
    (
        Field(1, "id", "string"),
        Field(2, "filename", "string"),
        Field(3, "collection_name", "string"),
        Field(4, "ticks_per_quarter", "int32"),
        Field(5, "time_signatures", TIME_SIGNATURE, is_repeated=True),
        Field(6, "key_signatures", KEY_SIGNATURE, is_repeated=True),
        Field(7, "tempos", TEMPO, is_repeated=True),
        Field(8, "notes", NOTE, is_repeated=True),
        Field(9, "total_time", "double"),
        Field(10, "pitch_bends", PITCH_BEND, is_repeated=True),
        Field(11, "control_changes", CONTROL_CHANGE, is_repeated=True),
        Field(12, "part_infos", PART_INFO, is_repeated=True),
        Field(14, "text_annotations", TEXT_ANNOTATION, is_repeated=True),
        Field(15, "quantization_info", QUANTIZATION_INFO),
        Field(16, "total_quantized_steps", "int64"),
        Field(19, "sequence_metadata", METADATA),
        Field(23, "instrument_infos", INSTRUMENT_INFO, is_repeated=True),
    ),
)

MAX_TIME_S = 1e6

_FIFTHS_OF_MODE = (0, -3, 0, -1, -2, -4, 1, -5)
"""Sharps of the modes on C: major, minor, none, mixolydian, dorian, phrygian, lydian, locrian."""
_MINOR = 1
_KIND_OF_ANNOTATION = {0: "text", 1: "chord", 2: "marker"}
_ANNOTATION_OF_KIND = {"text": 0, "chord": 1}


def read_protobuf(
    path_or_bytes: PathOrText | bytes, max_bytes: int = MAX_FILE_BYTES
) -> NoteSequence:
    """Read a NoteSequence message of Magenta.

    Notes, tempos, meters, keys, control changes, bends, texts and the names of instruments
    are kept; the source is its filename, or its id where it has none. An instrument is what
    shares number, program and drum flag. Where a message has steps and no times, they
    follow from its grid and tempos. Modes other than minor become the major key with the
    same sharps; beats become markers. Not kept: the collection, the spelling, written
    length, part and voice of notes, sections, and where a subsequence came from.

    Parameters
    ----------
    path_or_bytes : str, path or bytes
        A file, or the content of one.
    max_bytes : int
        Largest size that is read.

    Returns
    -------
    NoteSequence

    Raises
    ------
    MusicFileError
        If it is no such message, or damaged.
    """
    if isinstance(path_or_bytes, bytes):
        return parse_protobuf(path_or_bytes)
    return parse_protobuf(read_bytes(path_or_bytes, max_bytes), os.fspath(path_or_bytes))


def parse_protobuf(data: bytes, name: str = "the message") -> NoteSequence:
    """Read a message from its bytes; `name` is for errors. See `read_protobuf`."""
    try:
        return _notes_of(decode(data, NOTE_SEQUENCE))
    except (ValueError, OverflowError) as error:
        raise MusicFileError(
            f"{name} is not a NoteSequence message, or damaged: {reason(error)}; write it again"
        ) from error


def write_protobuf(notes: NoteSequence, path: PathOrText) -> None:
    """Write a piece as one NoteSequence message; the file is there whole or not at all.

    Parameters
    ----------
    notes : NoteSequence
        The piece. All of it is kept.
    path : str or path
        Where.

    Raises
    ------
    MusicFileError
        If the file cannot be written.
    """
    write_beside(path, protobuf_bytes(notes))


def protobuf_bytes(notes: NoteSequence, identity: str = "", collection_name: str = "") -> bytes:
    """Return a piece as a NoteSequence message.

    Parameters
    ----------
    notes : NoteSequence
        The piece. Reading the message gives the same.
    identity : str
        The id of the message.
    collection_name : str
        Which collection it belongs to.

    Raises
    ------
    MusicFileError
        If it is longer than `MAX_TIME_S`.
    """
    try:
        _check_length(notes)
    except ValueError as error:
        raise MusicFileError(f"{notes!r} cannot be written: {error}; trim it") from error
    tables = {
        "time_signatures": _renamed(notes.meters, "time", "numerator", "denominator"),
        "key_signatures": _key_columns(notes.keys),
        "tempos": _renamed(notes.tempos, "time", "qpm"),
        "notes": _with_voice(
            notes, notes.notes, "start_time", "end_time", "pitch", "velocity", "instrument"
        ),
        "pitch_bends": _with_voice(notes, notes.pitch_bends, "time", "bend", "instrument"),
        "control_changes": _with_voice(
            notes, notes.control_changes, "time", "control_number", "control_value", "instrument"
        ),
    }
    found = {
        "id": identity,
        "filename": notes.source,
        "collection_name": collection_name,
        "ticks_per_quarter": notes.ticks_per_quarter,
        "total_time": notes.total_time_s,
        "text_annotations": [_annotation_of(text) for text in notes.texts],
        "instrument_infos": _instrument_infos(notes),
    }
    if notes.title:
        found["sequence_metadata"] = {"title": notes.title}
    return encode(found | {n: columns for n, columns in tables.items() if columns}, NOTE_SEQUENCE)


def _renamed(table: Table, *names: str) -> Columns:
    """Give the columns of a table the names of fields; none for an empty table."""
    if not len(table):
        return {}
    return {name: table[ours] for name, ours in zip(names, table.dtype.names or (), strict=True)}


def _with_voice(piece: NoteSequence, table: Table, *names: str) -> Columns:
    """Add program and drum flag to each row."""
    programs = np.array([i.program for i in piece.instruments], np.int32)
    is_drum = np.array([i.is_drum for i in piece.instruments], np.bool_)
    rows = _renamed(table, *names)
    of_row = table["instrument"]
    return rows and {**rows, "program": programs[of_row], "is_drum": is_drum[of_row]}


def _key_columns(keys: Table) -> Columns:
    """Write keys as pitch classes, and the sharps where those would be read as others."""
    sharps = keys["sharps"].astype(np.int64)
    fifths = sharps + np.where(keys["is_minor"], 3, 0)
    columns = {
        "time": keys["time_s"],
        "key": 7 * fifths % 12,
        "mode": keys["is_minor"] * _MINOR,
        "sharps": np.where(sharps == _usual_sharps(sharps), 0, sharps),
    }
    return columns if len(keys) else {}


def _usual_sharps(sharps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Spell the same key with 5 flats to 6 sharps."""
    return np.asarray((sharps + 5) % 12 - 5)


def _annotation_of(text: Text) -> Mapping[str, Any]:
    return {
        "time": text.time_s,
        "text": text.text,
        "annotation_type": _ANNOTATION_OF_KIND.get(text.kind, 0),
        "kind": "" if text.kind in _ANNOTATION_OF_KIND else text.kind,
        "instrument_plus_1": text.instrument + 1,
    }


def _instrument_infos(piece: NoteSequence) -> list[Mapping[str, Any]]:
    """Name the instruments, and say what those without notes are."""
    with_notes = set(np.unique(piece.notes["instrument"]).tolist())
    infos: list[Mapping[str, Any]] = []
    for number, (program, is_drum, name) in enumerate(piece.instruments):
        if number not in with_notes:
            voice = {"program": program, "is_drum": is_drum}
            infos.append({"instrument": number, "name": name, **voice})
        elif name:
            infos.append({"instrument": number, "name": name})
    return infos


def _notes_of(found: Mapping[str, Any]) -> NoteSequence:
    """Turn a decoded message into a piece."""
    tables = {
        name: _table(found, name)
        for name in ("notes", "control_changes", "pitch_bends", "tempos", "time_signatures")
    }
    tempos = table_of_columns([tables["tempos"][n] for n in ("time", "qpm")], TEMPO_DTYPE)
    steps = _Steps(found.get("quantization_info", {}), tempos)
    notes, controls, bends = (tables[n] for n in ("notes", "control_changes", "pitch_bends"))
    instruments, numbers = _instruments_of(found, notes, [controls, bends])
    onset_s, release_s = steps.times_s(
        np.stack([notes["start_time"], notes["end_time"]]),
        np.stack([notes["quantized_start_step"], notes["quantized_end_step"]]),
    )
    control_s = steps.times_s(controls["time"], controls["quantized_step"])
    total = [found.get("total_time", 0.0)], [found.get("total_quantized_steps", 0)]
    piece = NoteSequence(
        notes=table_of_columns(
            (onset_s, release_s, notes["pitch"], notes["velocity"], numbers[0]), NOTE_DTYPE
        ),
        instruments=instruments,
        tempos=tempos,
        meters=table_of_columns(tables["time_signatures"].values(), METER_DTYPE),
        keys=_key_table(_table(found, "key_signatures")),
        control_changes=table_of_columns(
            (control_s, controls["control_number"], controls["control_value"], numbers[1]),
            CONTROL_DTYPE,
        ),
        pitch_bends=table_of_columns((bends["time"], bends["bend"], numbers[2]), BEND_DTYPE),
        texts=_texts_of(found.get("text_annotations", []), steps, len(instruments)),
        title=found.get("sequence_metadata", {}).get("title", ""),
        source=found.get("filename") or found.get("id", ""),
        total_time_s=float(steps.times_s(*total)[0]),
        ticks_per_quarter=found.get("ticks_per_quarter") or DEFAULT_TICKS_PER_QUARTER,
    )
    _check_length(piece)
    return piece


def _check_length(piece: NoteSequence) -> None:
    last_s = [piece.total_time_s, *(text.time_s for text in piece.texts)]
    for table in (piece.tempos, piece.meters, piece.keys, piece.control_changes, piece.pitch_bends):
        last_s += table["time_s"][-1:].tolist()
    if max(last_s) > MAX_TIME_S:
        raise ValueError(f"an event lies beyond {MAX_TIME_S:.0f} s")


def _table(found: Mapping[str, Any], name: str) -> Columns:
    """Return the columns of a table, with no rows where the message has none."""
    if name in found:
        columns: Columns = found[name]
        return columns
    kind = next(field.kind for field in NOTE_SEQUENCE.fields if field.name == name)
    fields = kind.fields if isinstance(kind, Message) else ()
    return {field.name: np.empty(0, np.int64) for field in fields}


class _Steps:
    """The grid of a message, which gives times where it has only steps."""

    def __init__(self, info: Mapping[str, int], tempos: Table) -> None:
        self.info = info
        self.tempos = tempos

    def times_s(self, times_s: ArrayLike, steps: ArrayLike) -> NDArray[np.float64]:
        """Return the times where any is given, and those of the steps elsewhere."""
        given_s, steps = np.asarray(times_s, np.float64), np.asarray(steps, np.int64)
        if given_s.any() or not steps.any():
            return given_s
        if (per_second := self.info.get("steps_per_second", 0)) > 0:
            return np.asarray(steps / per_second)
        if (per_quarter := self.info.get("steps_per_quarter", 0)) > 0:
            tempo_map = TempoMap.from_sequence(NoteSequence(tempos=self.tempos))
            return np.asarray(tempo_map.quarters_to_seconds(steps / per_quarter))
        raise ValueError("it has steps and no times, and does not say how long a step is")


def _key_table(found: Columns) -> Table:
    """Read keys: the pitch class of the tonic and a mode."""
    mode = found["mode"].astype(np.int64)
    known = np.where((mode >= 0) & (mode < len(_FIFTHS_OF_MODE)), mode, 0)
    fifths = 7 * found["key"].astype(np.int64) + np.array(_FIFTHS_OF_MODE)[known]
    sharps, ours = _usual_sharps(fifths), found["sharps"]
    agrees = (ours != 0) & ((ours - sharps) % 12 == 0)
    columns = (found["time"], np.where(agrees, ours, sharps), mode == _MINOR)
    return table_of_columns(columns, KEY_DTYPE)


def _instruments_of(
    found: Mapping[str, Any], notes: Columns, others: list[Columns]
) -> tuple[tuple[Instrument, ...], list[NDArray[np.int64]]]:
    """List the instruments, and find which one each row of the tables belongs to.

    Rows and names without a program of their own belong to the notes of the same number.
    """
    voices, of_notes, first_rows = _voices(notes)
    main = {number: (number, program, drum) for number, program, drum in reversed(voices)}
    names = {info.get("instrument", 0): info.get("name", "") for info in _infos(found)}
    for info in _infos(found):
        number = info.get("instrument", 0)
        main.setdefault(number, (number, info.get("program", 0), info.get("is_drum", False)))
    owned = [(voices, of_notes)]
    for table in others:
        different, of_rows, _ = _voices(table)
        known = {*voices, *main.values()}
        owners = [v if v in known else main.setdefault(v[0], v) for v in different]
        owned.append((owners, of_rows))
    every = sorted({*voices, *main.values()})
    index = {voice: k for k, voice in enumerate(every)}
    numbers = [
        np.array([index[voice] for voice in owners], np.int64)[of_rows] for owners, of_rows in owned
    ]
    parts = {part.get("part", 0): part.get("name", "") for part in found.get("part_infos", [])}
    part_of = dict(zip(voices, notes["part"][first_rows].tolist(), strict=True))
    instruments = (
        Instrument(voice[1], voice[2], names.get(voice[0]) or parts.get(part_of.get(voice), ""))
        for voice in every
    )
    return tuple(instruments), numbers


def _infos(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    infos: list[Mapping[str, Any]] = found.get("instrument_infos", [])
    return infos


def _voices(table: Columns) -> tuple[list[Voice], NDArray[np.int64], NDArray[np.int64]]:
    """Find the different voices of a table, the voice of each row, and a row of each voice."""
    columns = [table[name].astype(np.int64) for name in ("instrument", "program", "is_drum")]
    if np.any((columns[1] < 0) | (columns[1] > 127)):
        raise ValueError("program must be in 0..127")
    codes = (columns[0] * 128 + columns[1]) * 2 + columns[2]
    different, rows, of_rows = np.unique(codes, return_index=True, return_inverse=True)
    voices = [(code // 256, code // 2 % 128, bool(code % 2)) for code in different.tolist()]
    return voices, of_rows.reshape(-1), rows


def _texts_of(
    annotations: list[Mapping[str, Any]], steps: _Steps, n_instruments: int
) -> tuple[Text, ...]:
    """Read the words of a message, whose kinds are given in two ways."""
    moments_s = steps.times_s(
        [found.get("time", 0.0) for found in annotations],
        [found.get("quantized_step", 0) for found in annotations],
    )
    texts = []
    for time_s, found in zip(moments_s.tolist(), annotations, strict=True):
        kind = _KIND_OF_ANNOTATION.get(found.get("annotation_type", 0), "text")
        instrument = found.get("instrument_plus_1", 0) - 1
        texts.append(
            Text(
                time_s,
                found.get("text", ""),
                kind if found.get("kind") not in TEXT_KINDS else found["kind"],
                instrument if 0 <= instrument < n_instruments else -1,
            )
        )
    return tuple(texts)
