"""Snappy blocks: literals, copies, and what damage does to them."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.bundles.snappy import unpack_snappy
from tests.bundles.tensorflow_files import literal


@pytest.mark.parametrize(
    ("packed", "content"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        (b"\x09\x08abc\x09\x03", b"abcabcabc"),  # 6 bytes from 3 back
        (b"\x0b\x08abc\x11\x03", b"abcabcabcab"),
        (b"\x05\x00a\x01\x01", b"aaaaa"),  # 4 bytes from 1 back, as they come
        (b"\x06\x08abc\x0a\x03\x00", b"abcabc"),  # the offset in two bytes
        (b"\x06\x08abc\x0b\x03\x00\x00\x00", b"abcabc"),  # in four
    ],
)
def test_a_copy_repeats_what_came_before(packed, content):
    assert unpack_snappy(packed) == content


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_a_literal_of_any_length_comes_back(content):
    assert unpack_snappy(literal(content)) == content
    assert unpack_snappy(literal(content)[:-1] + b"\0") == content[:-1] + b"\0"


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (b"\xff\xff\xff\x7f\x08abc", "8 packed bytes cannot hold 268435455"),
        (b"\x03\x08ab", "a packed block is cut off"),
        (b"\x04\x08abc", "has 3 bytes instead of 4"),
        (b"\x02\x08abc", "has 3 bytes instead of 2"),
        (b"\x07\x08abc\x01\x09", "copies what is not there"),
        (b"\x07\x08abc\x01\x00", "copies what is not there"),
        (b"\x80", "a number has no end"),
    ],
)
def test_damage_is_told(packed, message):
    with pytest.raises(ValueError, match=message):
        unpack_snappy(packed)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_nothing_but_a_value_error_comes_of_noise(noise):
    with suppress(ValueError):
        assert len(unpack_snappy(noise)) <= 22 * len(noise)
