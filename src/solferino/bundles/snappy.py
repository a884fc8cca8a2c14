"""Snappy, the fast compression of blocks in tables; only its unpacking.

The length of what was packed stands first, as a varint. Then come literal bytes and copies of
what was unpacked before, each behind a tag whose lowest two bits say which it is.

References
----------
Google's ``format_description.txt`` of Snappy, 2011.
"""

from solferino.notes.wire_format import varint_at

LITERAL = 0
_MOST_BYTES_A_BYTE = 22  # three bytes say "copy 64 bytes"
_LONG_LITERAL = 60


def unpack_snappy(packed: bytes) -> bytes:
    """Unpack a block.

    Parameters
    ----------
    packed : bytes
        At most 22 times as many bytes come out.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If it is cut off or was not packed by Snappy.
    """
    n_bytes, position = varint_at(packed, 0, len(packed))
    if n_bytes > _MOST_BYTES_A_BYTE * len(packed):
        raise ValueError(f"{len(packed)} packed bytes cannot hold {n_bytes}")
    unpacked = bytearray()
    while position < len(packed) and len(unpacked) <= n_bytes:
        tag = packed[position]
        take = _literal if tag & 3 == LITERAL else _copy
        position = take(unpacked, packed, position)
    if len(unpacked) != n_bytes:
        raise ValueError(f"a packed block has {len(unpacked)} bytes instead of {n_bytes}")
    return bytes(unpacked)


def _literal(unpacked: bytearray, packed: bytes, position: int) -> int:
    """Append bytes that stand behind their tag; return where the next tag is."""
    n_bytes = packed[position] >> 2
    position += 1
    if n_bytes >= _LONG_LITERAL:
        width = n_bytes - _LONG_LITERAL + 1
        n_bytes = int.from_bytes(packed[position : position + width], "little")
        position += width
    after = position + n_bytes + 1
    if after > len(packed):
        raise ValueError("a packed block is cut off")
    unpacked += packed[position:after]
    return after


def _copy(unpacked: bytearray, packed: bytes, position: int) -> int:
    """Append bytes from before, perhaps the same again and again."""
    tag, kind = packed[position], packed[position] & 3
    width = (1, 2, 4)[kind - 1]
    offset = int.from_bytes(packed[position + 1 : position + 1 + width], "little")
    n_bytes = (tag >> 2) + 1
    if kind == 1:
        n_bytes, offset = (tag >> 2 & 7) + 4, offset | tag >> 5 << 8
    if not 0 < offset <= len(unpacked):
        raise ValueError("a packed block copies what is not there")
    start = len(unpacked) - offset
    piece = bytes(unpacked[start : start + n_bytes])
    unpacked += (piece * (n_bytes // len(piece) + 1))[:n_bytes]
    return position + 1 + width
