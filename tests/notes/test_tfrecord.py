"""TFRecord files: checksums, and what damage does to them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import MusicFileError
from solferino.notes.files import load_all, load_book
from solferino.notes.protobuf import protobuf_bytes
from solferino.notes.sequence import NoteSequence
from solferino.notes.tfrecord import (
    crc32c,
    masked_crc32c,
    read_note_sequences,
    read_tfrecord,
    write_note_sequences,
    write_tfrecord,
)

PIECES = [NoteSequence.from_columns([pitch], [0], [1], title=str(pitch)) for pitch in (60, 64)]


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),  # the check value of the CRC catalogue
        (bytes(32), 0x8A9136AA),  # these three: RFC 3720, B.4
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_the_checksum_is_crc_32c(data, checksum):
    assert crc32c(data) == checksum


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=20), st.sampled_from([1, 63, 64, 65, 511, 512, 513, 5000, 140_000]))
def test_long_and_short_data_have_the_checksum_of_its_definition(data, n_bytes):
    data = (data + b"solferino" * (n_bytes // 9 + 1))[:n_bytes]
    steps = [crc32c(bytes([octet])) for octet in range(256)]
    state = 0xFFFFFFFF
    table = [step ^ 0xFFFFFFFF ^ 0x00FFFFFF for step in steps]  # entry of (octet ^ 0xff)
    for octet in data:
        state = table[(state ^ octet ^ 0xFF) & 0xFF] ^ state >> 8
    assert crc32c(data) == state ^ 0xFFFFFFFF


def test_records_come_back(tmp_path):
    records = [b"", b"a", bytes(1000), b"123456789" * 30_000]
    write_tfrecord(records, tmp_path / "a.tfrecord")
    assert list(read_tfrecord(tmp_path / "a.tfrecord")) == records


def test_a_file_is_written_as_by_hand(tmp_path):
    write_tfrecord([b"123456789"], tmp_path / "a.tfrecord")
    content = (tmp_path / "a.tfrecord").read_bytes()
    assert content[:8] == b"\x09\0\0\0\0\0\0\0"
    assert content[12:21] == b"123456789"
    # 0xe3069283 rotated right by 15 is 0x2507c60d; plus 0xa282ead8 is 0xc78ab0e5
    assert content[21:] == bytes.fromhex("e5b08ac7")
    assert masked_crc32c(b"123456789") == 0xC78AB0E5


def test_pieces_come_back(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_note_sequences(PIECES, path)
    assert list(read_note_sequences(path)) == PIECES
    assert load_all(path) == PIECES


def changed(path, place, octet):
    content = bytearray(path.read_bytes())
    content[place] ^= octet
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (0, "record 1 is damaged: its length has the wrong checksum, or this is no TFRecord"),
        (7, "record 1 is damaged: its length has the wrong checksum"),
        (12, "record 1 is damaged: its content has the wrong checksum; export or download"),
        (-1, "record 2 is damaged: its content has the wrong checksum"),
    ],
)
def test_one_wrong_bit_is_found(tmp_path, place, message):
    path = tmp_path / "a.tfrecord"
    write_note_sequences(PIECES, path)
    changed(path, place, 1)
    with pytest.raises(MusicFileError, match=message):
        list(read_tfrecord(path))


@pytest.mark.parametrize("n_bytes", [1, 11, 12, 13, 24, 25])
def test_a_file_that_is_cut_off(tmp_path, n_bytes):
    path = tmp_path / "a.tfrecord"
    write_tfrecord([b"solferino.", b""], path)
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(MusicFileError, match="record 1 is cut off; export or download the file"):
        list(read_tfrecord(path))


def test_a_record_may_be_too_large(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_tfrecord([bytes(2**20 + 1)], path)
    with pytest.raises(MusicFileError, match="record 1 has 1 MB and at most 1 MB are read; split"):
        list(read_tfrecord(path, max_bytes=2**20))


def test_a_huge_length_with_a_right_checksum_fills_no_memory(tmp_path):
    head = (2**62).to_bytes(8, "little")
    path = tmp_path / "a.tfrecord"
    path.write_bytes(head + masked_crc32c(head).to_bytes(4, "little") + b"few")
    with pytest.raises(MusicFileError, match=r"record 1 has .* MB and at most 64 MB are read"):
        list(read_tfrecord(path))


def test_a_compressed_file_is_named(tmp_path):
    (tmp_path / "a.tfrecord").write_bytes(b"\x1f\x8b\x08" + bytes(20))
    with pytest.raises(MusicFileError, match="is compressed; unpack the file with gunzip first"):
        list(read_tfrecord(tmp_path / "a.tfrecord"))


def test_what_is_no_file(tmp_path):
    with pytest.raises(MusicFileError, match="does not exist; check the path"):
        list(read_tfrecord(tmp_path / "none.tfrecord"))
    with pytest.raises(MusicFileError, match=r"cannot be read \(.*\); check it"):
        list(read_tfrecord(tmp_path / ("x" * 300 + ".tfrecord")))


def test_a_bad_message_does_not_lose_the_others(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_tfrecord([protobuf_bytes(PIECES[0]), b"\x42", protobuf_bytes(PIECES[1])], path)
    book = load_book(path)
    assert list(book.tunes) == PIECES
    assert [error.number for error in book.errors] == ["2"]
    with pytest.raises(MusicFileError, match="record 2 is not a NoteSequence message"):
        list(read_note_sequences(path))


def test_the_pieces_before_the_damage_are_kept(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_note_sequences(PIECES, path)
    path.write_bytes(path.read_bytes()[:-1])
    book = load_book(path)
    assert list(book.tunes) == PIECES[:1]
    assert [error.number for error in book.errors] == ["2"]
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(MusicFileError, match="record 1 is cut off"):
        load_book(path)
