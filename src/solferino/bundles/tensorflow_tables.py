"""Sorted tables, the files in which TensorFlow keeps what it saves: keys and values as bytes.

A table is a row of blocks, an index block that says where they are, and a footer that says
where the index is. In a block every key leaves out what it shares with the key before it.
Behind each block stand a byte for its compression and a checksum of both.

References
----------
LevelDB's ``table_format.md``; TensorFlow, ``core/lib/io/format.h``.
"""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from solferino.bundles.snappy import unpack_snappy
from solferino.notes.tfrecord import masked_crc32c
from solferino.notes.wire_format import varint_at

MAGIC = bytes.fromhex("57fb808b247547db")
NOT_PACKED, SNAPPY = 0, 1
MAX_ENTRIES = 2**16
MAX_KEY_BYTES = 2**12
MAX_BYTES = 2**30

_FOOTER_BYTES = 48
_TRAILER = Struct("<BI")
_COUNT_BYTES = 4


class _Span(NamedTuple):
    """Where a block lies in its file."""

    offset: int
    n_bytes: int


def is_table(data: bytes) -> bool:
    """Whether some bytes end as a table does."""
    return len(data) >= _FOOTER_BYTES and data.endswith(MAGIC)


def read_table(data: bytes) -> dict[bytes, bytes]:
    """Read all entries of a table, and verify its checksums.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    dict of bytes to bytes
        In the order of the keys.

    Raises
    ------
    ValueError
        If it is no table, or a damaged one, or unpacks to more than ``MAX_BYTES``.
    """
    if not is_table(data):
        raise ValueError("it does not end as a checkpoint does")
    footer = data[-_FOOTER_BYTES : -len(MAGIC)]
    _, position = _span_at(footer, 0)
    index, _ = _span_at(footer, position)
    entries: dict[bytes, bytes] = {}
    begin, n_bytes, last = 0, 0, None
    for _, place in _entries(_block(data, index)):
        span, _ = _span_at(place, 0)
        if span.offset < begin:
            raise ValueError("its blocks overlap")
        begin = span.offset + span.n_bytes
        block = _block(data, span)
        n_bytes += len(block)
        for key, value in _entries(block):
            if last is not None and key <= last:
                raise ValueError("its keys are not in order")
            last = key
            entries[key] = value
        if len(entries) > MAX_ENTRIES or n_bytes > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_ENTRIES} entries or {MAX_BYTES} bytes")
    return entries


def _span_at(data: bytes, position: int) -> tuple[_Span, int]:
    offset, position = varint_at(data, position, len(data))
    n_bytes, position = varint_at(data, position, len(data))
    return _Span(offset, n_bytes), position


def _block(data: bytes, span: _Span) -> bytes:
    """Read one block, verify it, and unpack it."""
    end = span.offset + span.n_bytes
    if end + _TRAILER.size > len(data):
        raise ValueError("it is cut off")
    packing, checksum = _TRAILER.unpack_from(data, end)
    if masked_crc32c(data[span.offset : end + 1]) != checksum:
        raise ValueError(f"the block at byte {span.offset} has the wrong checksum")
    if packing == NOT_PACKED:
        return data[span.offset : end]
    if packing != SNAPPY:
        raise ValueError(f"the block at byte {span.offset} has the unknown compression {packing}")
    return unpack_snappy(data[span.offset : end])


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Go through the keys and values of a block."""
    n_restarts = int.from_bytes(block[-_COUNT_BYTES:], "little")
    end = len(block) - _COUNT_BYTES * (1 + n_restarts)
    if end < 0:
        raise ValueError("a block is too short")
    position, key = 0, b""
    while position < end:
        shared, position = varint_at(block, position, end)
        n_own, position = varint_at(block, position, end)
        n_value, position = varint_at(block, position, end)
        value_at = position + n_own
        after = value_at + n_value
        if shared > len(key) or after > end or shared + n_own > MAX_KEY_BYTES:
            raise ValueError("an entry reaches out of its block, or has too long a key")
        key = key[:shared] + block[position:value_at]
        yield key, block[value_at:after]
        position = after
