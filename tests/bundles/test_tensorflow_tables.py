"""Sorted tables: all entries come back, and nothing else."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import solferino.bundles.tensorflow_tables as tables
from solferino.bundles.tensorflow_tables import read_table
from tests.bundles.tensorflow_files import MAGIC, block, literal, masked, table, varint

ENTRIES = {b"": b"head", b"rnn/a": b"1", b"rnn/ab": b"", b"rnn/b": b"\0" * 300, b"z": b"last"}


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.binary(max_size=8), st.binary(max_size=40), max_size=12),
    st.integers(1, 5),
    st.booleans(),
)
def test_entries_come_back_in_order(entries, entries_a_block, is_packed):
    options = {"packing": 1, "pack": literal} if is_packed else {}
    found = read_table(table(entries, entries_a_block, **options))
    assert list(found.items()) == sorted(entries.items())


def sealed(content, kind=0):
    return content + bytes([kind]) + struct.pack("<I", masked(content + bytes([kind])))


def of_blocks(*contents, order=None):
    """A table of any blocks, whose index names them in any order."""
    file, places = b"", []
    for content in contents:
        places.append(varint(len(file)) + varint(len(content)))
        file += sealed(content)
    index = block([(bytes([k]), places[k]) for k in order or range(len(places))])
    footer = varint(0) + varint(0) + varint(len(file)) + varint(len(index))
    return file + sealed(index) + footer.ljust(40, b"\0") + MAGIC


TABLE = table(ENTRIES)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "does not end as a checkpoint does"),
        (TABLE[:-1], "does not end as a checkpoint does"),
        (MAGIC, "does not end as a checkpoint does"),
        (TABLE[:5] + b"\xff" + TABLE[6:], "block at byte 0 has the wrong checksum"),
        (TABLE[:9] + TABLE[60:], "it is cut off|wrong checksum"),
        (b"\xff" * 40 + MAGIC, "a number has no end"),
        (varint(0) + varint(0) + varint(2**60) + varint(9) + b"\0" * 28 + MAGIC, "cut off"),
        (of_blocks(block([]), block([]), order=[1, 0]), "its blocks overlap"),
        (of_blocks(block([(b"b", b"")]), block([(b"a", b"")])), "keys are not in order"),
        (of_blocks(block([(b"a", b""), (b"a", b"")])), "keys are not in order"),
        (of_blocks(b"\xff\xff\xff\xff"), "a block is too short"),
        (of_blocks(b""), "a block is too short"),
        (of_blocks(b"\x01\x00\x00" + block([])), "an entry reaches out of its block"),
        (of_blocks(b"\x00\x09\x00" + block([])), "an entry reaches out of its block"),
        (of_blocks(b"\x00\x80" + block([])), "a number has no end"),
        (table(ENTRIES, packing=7), "has the unknown compression 7"),
        (table(ENTRIES, packing=1), "packed"),
    ],
)
def test_damage_is_told(data, message):
    with pytest.raises(ValueError, match=message):
        read_table(data)


def test_a_table_of_too_many_entries_is_refused(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ENTRIES", 2)
    with pytest.raises(ValueError, match="more than 2 entries"):
        read_table(TABLE)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_changed_byte_is_noticed_or_does_not_matter(data):
    place = data.draw(st.integers(0, len(TABLE) - 1))
    octet = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        assert read_table(TABLE[:place] + bytes([octet]) + TABLE[place + 1 :]) == ENTRIES
