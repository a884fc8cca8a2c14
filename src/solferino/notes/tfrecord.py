"""TFRecord files: records with checksums, and the NoteSequence messages in them.

A record is its length in eight bytes, a checksum of these, its content, and a checksum of
that; all little-endian. The checksum is CRC-32C, rotated and shifted by a constant so that
a file of files has checksums of its own.
"""

import itertools
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from struct import Struct
from typing import IO

import numpy as np
from numpy.typing import NDArray

from solferino.errors import MusicFileError
from solferino.notes.disk import MAX_FILE_BYTES, PathOrText, beside, read_bytes, reason
from solferino.notes.protobuf import parse_protobuf, protobuf_bytes
from solferino.notes.sequence import NoteSequence

REFLECTED_POLYNOMIAL = 0x82F63B78
MASK_DELTA = 0xA282EAD8
_BLOCK_BYTES = 512
_PASS_BYTES = 2**17
_FEW_BYTES = 64
_ONES = 0xFFFFFFFF

_LENGTH = Struct("<Q")
_CHECKSUM = Struct("<I")
_HEAD = Struct("<QI")
_GZIP = b"\x1f\x8b"


def read_tfrecord(path: PathOrText, max_bytes: int = MAX_FILE_BYTES) -> Iterator[bytes]:
    """Read the records of a TFRecord file, one at a time, and verify their checksums.

    Parameters
    ----------
    path : str or path
        An uncompressed file of any size.
    max_bytes : int
        Largest size of one record.

    Yields
    ------
    bytes
        The content of a record.

    Raises
    ------
    MusicFileError
        If the file cannot be read, or a record is cut off, too large or damaged.
    """
    file = Path(path)
    try:
        if not file.is_file() or not file.stat().st_size:
            read_bytes(file)  # says what is wrong
        with file.open("rb") as stream:
            for number in itertools.count(1):
                head, place = stream.read(_HEAD.size), f"{file}: record {number}"
                if not head:
                    return
                yield _content(stream, _n_bytes(head, place, max_bytes), place)
    except (OSError, ValueError) as error:
        raise MusicFileError(f"{file} cannot be read ({reason(error)}); check it") from error


def write_tfrecord(records: Iterable[bytes], path: PathOrText) -> None:
    """Write records to a TFRecord file; it is there whole or not at all.

    Parameters
    ----------
    records : iterable of bytes
    path : str or path
        Where.

    Raises
    ------
    MusicFileError
        If the file cannot be written.
    """
    with beside(path) as temporary, temporary.open("wb") as stream:
        for record in records:
            length = _LENGTH.pack(len(record))
            for part in (length, record):
                stream.write(part)
                stream.write(_CHECKSUM.pack(masked_crc32c(part)))


def read_note_sequences(path: PathOrText) -> Iterator[NoteSequence]:
    """Read a TFRecord file of NoteSequence messages, one piece at a time.

    Parameters
    ----------
    path : str or path
        An uncompressed file of any size.

    Yields
    ------
    NoteSequence
        See `solferino.notes.protobuf.read_protobuf` for what is kept.

    Raises
    ------
    MusicFileError
        If a record or a message is damaged.
    """
    for number, record in enumerate(read_tfrecord(path), 1):
        yield parse_protobuf(record, f"{path}: record {number}")


def write_note_sequences(pieces: Iterable[NoteSequence], path: PathOrText) -> None:
    """Write pieces as a TFRecord file of NoteSequence messages.

    Parameters
    ----------
    pieces : iterable of NoteSequence
    path : str or path
        Where; the file is there whole or not at all.

    Raises
    ------
    MusicFileError
        If the file cannot be written.
    """
    write_tfrecord((protobuf_bytes(piece) for piece in pieces), path)


def masked_crc32c(data: bytes) -> int:
    """Return the checksum of a record as TFRecord files have it: in [0, 2**32)."""
    checksum = crc32c(data)
    return ((checksum >> 15 | checksum << 17) + MASK_DELTA) & _ONES


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of bytes: in [0, 2**32)."""
    if len(data) < _FEW_BYTES:
        table, state = _first_table(), _ONES
        for octet in data:
            state = table[(state ^ octet) & 0xFF] ^ state >> 8
        return state ^ _ONES
    octets = np.zeros(-len(data) % _BLOCK_BYTES + len(data), np.uint8)
    octets[-len(data) :] = np.frombuffer(data, np.uint8)
    start = len(octets) - len(data)
    octets[start : start + 4] ^= 0xFF
    tables, first_row = _tables()
    state = 0
    for begin in range(0, len(octets), _PASS_BYTES):
        blocks = octets[begin : begin + _PASS_BYTES].reshape(-1, _BLOCK_BYTES)
        shares = np.bitwise_xor.reduce(tables.take(blocks + first_row), axis=1)
        for share in shares.tolist():
            state = _passed_over_a_block(state) ^ share
    return state ^ _ONES


def _passed_over_a_block(state: int) -> int:
    """Return what becomes of a state when a block of zeros follows it."""
    one, two, three, four = _shift_tables()
    return one[state & 255] ^ two[state >> 8 & 255] ^ three[state >> 16 & 255] ^ four[state >> 24]


@cache
def _first_table() -> list[int]:
    """Return what each value of a byte does to the state."""
    table = list(range(256))
    for _ in range(8):
        table = [entry >> 1 ^ (entry & 1) * REFLECTED_POLYNOMIAL for entry in table]
    return table


@cache
def _tables() -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return what each value does at each place of a block, and where each place begins."""
    tables = np.empty((_BLOCK_BYTES, 256), np.uint32)
    first = tables[-1] = np.array(_first_table(), np.uint32)
    for place in range(_BLOCK_BYTES - 2, -1, -1):
        after = tables[place + 1]
        tables[place] = after >> 8 ^ first[after & 0xFF]
    return tables.ravel(), np.arange(0, 256 * _BLOCK_BYTES, 256, dtype=np.intp)


@cache
def _shift_tables() -> tuple[list[int], ...]:
    tables, _ = _tables()
    return tuple(tables[256 * k : 256 * (k + 1)].tolist() for k in range(4))


def _n_bytes(head: bytes, place: str, max_bytes: int) -> int:
    """Return the length of a record from the twelve bytes before it."""
    if head.startswith(_GZIP):
        raise MusicFileError(f"{place} is compressed; unpack the file with gunzip first")
    if len(head) < _HEAD.size:
        raise MusicFileError(f"{place} is cut off; export or download the file again")
    n_bytes, checksum = _HEAD.unpack(head)
    if masked_crc32c(head[: _LENGTH.size]) != checksum:
        raise MusicFileError(
            f"{place} is damaged: its length has the wrong checksum, or this is no TFRecord file; "
            "export or download it again"
        )
    if n_bytes > max_bytes:
        raise MusicFileError(
            f"{place} has {n_bytes / 2**20:.0f} MB and at most {max_bytes / 2**20:.0f} MB "
            "are read; split the piece"
        )
    return int(n_bytes)


def _content(stream: IO[bytes], n_bytes: int, place: str) -> bytes:
    """Read the content of a record, and verify it."""
    content, checksum = stream.read(n_bytes), stream.read(_CHECKSUM.size)
    if len(content) + len(checksum) < n_bytes + _CHECKSUM.size:
        raise MusicFileError(f"{place} is cut off; export or download the file again")
    if _CHECKSUM.unpack(checksum)[0] != masked_crc32c(content):
        raise MusicFileError(
            f"{place} is damaged: its content has the wrong checksum; "
            "export or download the file again"
        )
    return content
