"""Magenta's NoteSequence messages: byte by byte, both ways, and what damage does to them."""

import contextlib
import struct
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from solferino.errors import MusicFileError
from solferino.notes.protobuf import (
    NOTE_SEQUENCE,
    parse_protobuf,
    protobuf_bytes,
    read_protobuf,
    write_protobuf,
)
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.wire_format import MAX_FIELDS_OF_A_ROW, Message, decode, encode, varint
from tests.notes.strategies import note_sequences, random_piece

# Written by hand. A key is number << 3 | wire type: 0 varint, 1 eight bytes, 2 counted.
BY_HAND = bytes.fromhex(
    "12 05 612e6d6964"  # 2 filename: "a.mid"
    "20 dc01"  # 4 ticks_per_quarter: 0xdc = 0x5c + 0x80, 0x01: 0x5c + 0x80 = 220
    "2a 04 10 06 18 08"  # 5 time_signatures: 2 numerator 6, 3 denominator 8
    "32 04 10 02 18 01"  # 6 key_signatures: 2 key D, 3 mode MINOR: one flat
    "3a 09 11 0000000000005640"  # 7 tempos: 2 qpm 88.0
    "42 11"  # 8 notes, 17 bytes:
    "   08 3c"  # 1 pitch 60
    "   10 50"  # 2 velocity 80
    "   21 000000000000e03f"  # 4 end_time 0.5 (start_time 0 is not written)
    "   40 04"  # 8 program 4
    "   60 02"  # 12 voice 2 (skipped)
    "42 08 08 24 10 64 38 01 48 01"  # 8 notes: pitch 36, velocity 100, 7 instrument 1, 9 is_drum
    "49 0000000000000040"  # 9 total_time 2.0
    "52 0f 10 80f8ffffffffffffff01 18 00 20 04"  # 10 pitch_bends: 2 bend -1024, 4 program 4
    "72 07 12 03 416d37 18 01"  # 14 text_annotations: 2 text "Am7", 3 type CHORD_SYMBOL
    "9a01 05 0a 03 547279"  # 19 sequence_metadata: 1 title "Try"
    "ba01 05 12 03 4c6561"  # 23 instrument_infos: (instrument 0) 2 name "Lea"
    "e03e 01"  # 1004: a field that nobody knows
)


def test_a_message_written_by_hand_is_read():
    assert read_protobuf(BY_HAND) == NoteSequence(
        notes=[(0.0, 0.5, 60, 80, 0), (0.0, 0.0, 36, 100, 1)],
        instruments=(Instrument(4, False, "Lea"), Instrument(0, True)),
        tempos=[(0, 88)],
        meters=[(0, 6, 8)],
        keys=[(0, -1, True)],
        pitch_bends=[(0, -1024, 0)],
        texts=(Text(0, "Am7", "chord"),),
        title="Try",
        source="a.mid",
        total_time_s=2.0,
        ticks_per_quarter=220,
    )


def test_a_small_message_is_written_as_by_hand():
    piece = NoteSequence.from_columns([60], [0], [0.5], total_time_s=2.0, source="a.mid")
    assert protobuf_bytes(piece, identity="x", collection_name="y") == bytes.fromhex(
        "0a 01 78  12 05 612e6d6964  1a 01 79  20 dc01"
        "42 0d 08 3c 10 50 21 000000000000e03f  49 0000000000000040"
    )


@settings(max_examples=60, deadline=None)
@given(note_sequences())
@example(NoteSequence())
@example(NoteSequence(instruments=(Instrument(),) * 3, keys=[(0, -7, True), (1, 7, False)]))
@example(NoteSequence(instruments=(Instrument(),), texts=(Text(0, "", "lyric", 0),)))
def test_nothing_is_lost(piece):
    assert parse_protobuf(protobuf_bytes(piece)) == piece


def test_a_long_piece_comes_back(tmp_path):
    piece = random_piece(3000).replace(source="piece", texts=(Text(1, "la", "lyric", 2),))
    write_protobuf(piece, tmp_path / "a.pb")
    assert read_protobuf(tmp_path / "a.pb") == piece


def test_the_last_of_a_field_counts_and_parts_of_a_message_join():
    metadata = bytes.fromhex("9a01 05 0a 03 547279 9a01 00")
    assert parse_protobuf(b"\x20\x01\x20\x60" + metadata).ticks_per_quarter == 96
    assert parse_protobuf(metadata).title == "Try"


def test_fields_of_another_wire_type_are_passed_by():
    note = bytes.fromhex("0d 01020304  12 02 0909  99 03 0000000000000000  08 3c")
    piece = parse_protobuf(b"\x42" + varint(len(note)) + note)
    assert piece.notes["pitch"].tolist() == [60]
    assert piece.notes["velocity"].tolist() == [0]


@pytest.mark.parametrize(
    ("key", "mode", "sharps", "is_minor"),
    [
        (0, 0, 0, False),  # C major
        (6, 0, 6, False),  # F sharp or G flat major
        (1, 0, -5, False),  # D flat major
        (9, 1, 0, True),  # A minor
        (3, 1, 6, True),  # D sharp or E flat minor
        (7, 2, 1, False),  # G, mode not said
        (7, 3, 0, False),  # G mixolydian
        (2, 4, 0, False),  # D dorian
        (4, 5, 0, False),  # E phrygian
        (5, 6, 0, False),  # F lydian
        (11, 7, 0, False),  # B locrian
        (2, 99, 2, False),  # D, in a mode of the future
    ],
)
def test_keys_have_the_sharps_of_their_mode(key, mode, sharps, is_minor):
    columns = {"time": [1.0], "key": [key], "mode": [mode]}
    piece = parse_protobuf(encode({"key_signatures": columns}, NOTE_SEQUENCE))
    assert piece.keys.tolist() == [(1.0, sharps, is_minor)]


def test_sharps_that_contradict_the_key_are_ignored():
    columns = {"key": [2], "mode": [0], "sharps": [-7]}  # transposed by one who skips our field
    piece = parse_protobuf(encode({"key_signatures": columns}, NOTE_SEQUENCE))
    assert piece.keys["sharps"].tolist() == [2]


@pytest.mark.parametrize(
    ("info", "tempos", "end_s"),
    [
        ({"steps_per_quarter": 4}, {"qpm": [60.0]}, 2.0),
        ({"steps_per_quarter": 4}, None, 1.0),  # 120 where no tempo is given
        ({"steps_per_quarter": 4}, {"time": [0.0, 1.0], "qpm": [60.0, 120.0]}, 1.5),
        ({"steps_per_second": 100}, None, 0.08),
    ],
)
def test_steps_without_times_get_the_times_of_their_grid(info, tempos, end_s):
    found = {
        "notes": {"pitch": [60], "quantized_start_step": [0], "quantized_end_step": [8]},
        "text_annotations": [{"text": "C", "annotation_type": 1, "quantized_step": 8}],
        "control_changes": {"control_number": [64], "quantized_step": [8]},
        "total_quantized_steps": 8,
        "quantization_info": info,
    }
    piece = parse_protobuf(encode(found | ({"tempos": tempos} if tempos else {}), NOTE_SEQUENCE))
    assert piece.notes["release_s"].tolist() == [end_s]
    assert piece.texts == (Text(end_s, "C", "chord"),)
    assert piece.control_changes["time_s"].tolist() == [end_s]
    assert piece.total_time_s == end_s


def test_where_times_are_given_steps_do_not_move_them():
    notes = {"end_time": [0.9], "quantized_end_step": [8], "pitch": [60]}
    info = {"steps_per_quarter": 4}
    found = {"notes": notes, "quantization_info": info}
    assert parse_protobuf(encode(found, NOTE_SEQUENCE)).notes["release_s"].tolist() == [0.9]


def test_controls_without_a_program_belong_to_the_notes_of_their_number():
    found = {
        "notes": {"pitch": [60, 62, 64], "instrument": [3, 3, 5], "program": [40, 40, 7]},
        "control_changes": {"control_number": [64, 64], "instrument": [3, 9]},
        "instrument_infos": [{"instrument": 3, "name": "Violin"}],
        "part_infos": [{"name": "Part"}],
    }
    piece = parse_protobuf(encode(found, NOTE_SEQUENCE))
    assert piece.instruments == (
        Instrument(40, False, "Violin"),
        Instrument(7, False, "Part"),
        Instrument(),
    )
    assert piece.notes["instrument"].tolist() == [0, 0, 1]
    assert piece.control_changes["instrument"].tolist() == [0, 2]


def test_beats_are_markers_and_kinds_of_the_future_texts():
    beat = {"text": "beat", "annotation_type": 2}
    found = {"text_annotations": [beat, {"text": "?", "annotation_type": 9, "kind": "smell"}]}
    texts = parse_protobuf(encode(found, NOTE_SEQUENCE)).texts
    assert [text.kind for text in texts] == ["marker", "text"]


DOUBLE_1E9 = struct.pack("<d", 1e9)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"MThd\0\0\0\6", "it has a field with the number 0"),
        (b"\x42\xff\xff\xff\xff\x0f", "it is cut off: 4294967295 bytes are missing"),
        (b"\x42", "it is cut off or not a message: a number has no end"),
        (b"\x20" + b"\xff" * 11, "it is cut off or not a message: a number has no end"),
        (b"\x0b", "it has a field of the unknown wire type 3"),
        (b"\x42\x01\x0b", "it has a field of the unknown wire type 3"),
        (bytes(9), "it has a field with the number 0"),
        (b"\x42\x02\0\0", "a note has a field with the number 0"),
        (b"\x42\x01\x08", "a note is cut off"),
        (b"\x42\x02\x0a\x7f\x42\x00", "a note is cut off"),
        (b"\x42\x0b" + b"\xff" * 11, "a number has no end"),
        (b"\x42\x0b\x0a" + b"\xff" * 9 + b"\x01", "a note is cut off"),
        (b"\x42\x03\x19\0\0", "a note is cut off"),
        (b"\x42\x03\x08\xac\x02", "pitch must be whole numbers that fit uint8, got 300"),
        (b"\x42\x02\x08\xc8" + b"\x01", "is not a NoteSequence message"),
        (b"\x42\x03\x40\xac\x02", "program must be in 0..127"),
        (b"\x3a\x00", "tempos must be above 0"),
        (b"\x42\x02\x70\x04", "steps and no times, and does not say how long a step is"),
        (b"\x49" + DOUBLE_1E9, "an event lies beyond 1000000 s"),
        (b"\x42\x82\x01" + b"\x08\x01" * 65, f"has more than {MAX_FIELDS_OF_A_ROW} fields"),
        (b"\x42\0" * (2**20 + 1), "it has more than 1048576 notes"),
        (b"\x62\0" * (2**20 + 1), "it has more than 1048576 part_infos"),
    ],
)
def test_a_damaged_message_is_refused_in_one_line(data, message):
    with pytest.raises(MusicFileError, match=message) as caught:
        parse_protobuf(data, "a.pb")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.pb is not a NoteSequence message, or damaged: ")


def read_or_refuse(data):
    with contextlib.suppress(MusicFileError):
        parse_protobuf(data)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.binary(max_size=40).map(lambda b: b"\x42\x14" + b)))
def test_random_bytes_do_no_harm(data):
    read_or_refuse(data)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(BY_HAND) - 1), st.integers(0, 255))
def test_one_wrong_byte_does_no_harm(place, octet):
    read_or_refuse(BY_HAND[:place])
    read_or_refuse(BY_HAND[:place] + bytes([octet]) + BY_HAND[place + 1 :])


def test_what_cannot_be_written():
    with pytest.raises(MusicFileError, match=r"cannot be written: an event lies beyond .*; trim"):
        protobuf_bytes(NoteSequence(total_time_s=1e7))
    with pytest.raises(ValueError, match="18446744073709551616 does not fit in 64 bits"):
        varint(2**64)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=5))
def test_whole_numbers_of_any_sign_come_back(numbers):
    columns = {"pitch": np.array(numbers), "quantized_start_step": np.array(numbers) * 2**31}
    found = decode(encode({"notes": columns}, NOTE_SEQUENCE), NOTE_SEQUENCE)["notes"]
    assert found["pitch"].tolist() == numbers
    assert found["quantized_start_step"].tolist() == (np.array(numbers) * 2**31).tolist()
    one = {"ticks_per_quarter": numbers[0], "total_quantized_steps": numbers[0] * 2**31}
    again = decode(encode(one, NOTE_SEQUENCE), NOTE_SEQUENCE)
    assert again == {name: number for name, number in one.items() if number}


@pytest.fixture(scope="module")
def music_pb2():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("note_seq", exc_type=ImportError)
        from note_seq.protobuf import music_pb2
    return music_pb2


def their_field(descriptor, field):
    return next((f for f in descriptor.fields if f.number == field.number), None)


def check_fields(descriptor, message: Message):
    for field in message.fields:
        if field.number > 1000:
            continue
        theirs = their_field(descriptor, field)
        assert (theirs.name, theirs.is_repeated) == (field.name, field.is_repeated)
        if isinstance(field.kind, Message):
            check_fields(theirs.message_type, field.kind)
        else:
            codes = {"double": {1}, "int64": {3}, "int32": {5, 14}, "bool": {8}, "string": {9}}
            assert theirs.type in codes[field.kind]


def test_the_table_agrees_with_magentas(music_pb2):
    check_fields(music_pb2.NoteSequence.DESCRIPTOR, NOTE_SEQUENCE)


@settings(max_examples=40, deadline=None)
@given(piece=note_sequences())
def test_note_seq_reads_what_we_write_and_we_read_what_it_writes(music_pb2, piece):
    data = protobuf_bytes(piece)
    theirs = music_pb2.NoteSequence.FromString(data)
    columns = ["start_time", "end_time", "pitch", "velocity", "instrument"]
    rows = [tuple(getattr(note, name) for name in columns) for note in theirs.notes]
    assert rows == piece.notes.tolist()
    assert [note.program for note in theirs.notes] == piece.program.tolist()
    assert [note.is_drum for note in theirs.notes] == piece.is_drum.tolist()
    assert [(t.time, t.qpm) for t in theirs.tempos] == piece.tempos.tolist()
    meters = [(m.time, m.numerator, m.denominator) for m in theirs.time_signatures]
    assert meters == piece.meters.tolist()
    assert [(b.time, b.bend, b.instrument) for b in theirs.pitch_bends] == (
        piece.pitch_bends.tolist()
    )
    assert [t.text for t in theirs.text_annotations] == [t.text for t in piece.texts]
    assert theirs.sequence_metadata.title == piece.title
    assert theirs.total_time == piece.total_time_s
    assert parse_protobuf(theirs.SerializeToString()) == piece
