"""Numbers of four bytes, in messages and in tables of them."""

import numpy as np
import pytest

from solferino.notes.wire_format import Field, Message, decode, encode, varint_at

CHECKED = Message("checked", (Field(1, "name", "string"), Field(6, "checksum", "fixed32")))
ROW = Message("row", (Field(1, "checksum", "fixed32"), Field(2, "count", "int32")))
ROWS = Message("rows", (Field(3, "rows", ROW, is_repeated=True),))


def test_four_bytes_are_a_number_without_sign():
    data = b"\x0a\x01a\x35\x01\x02\x03\xff"
    assert decode(data, CHECKED) == {"name": "a", "checksum": 0xFF030201}
    assert encode({"name": "a", "checksum": 0xFF030201}, CHECKED) == data


def test_four_bytes_in_a_table_come_back():
    rows = {"checksum": np.array([1, 0, 2**32 - 1], np.uint32), "count": np.array([0, -3, 7])}
    data = encode({"rows": rows}, ROWS)
    assert data.startswith(b"\x1a\x05\x0d\x01\0\0\0\x1a\x0b\x10")
    found = decode(data, ROWS)["rows"]
    for name, column in rows.items():
        assert found[name].tolist() == column.tolist()


def test_a_number_ends_where_its_highest_bit_says():
    assert varint_at(b"\xff\xac\x02\x00", 1, 4) == (300, 3)
    with pytest.raises(ValueError, match="a number has no end"):
        varint_at(b"\xff\xac\x02", 1, 2)
