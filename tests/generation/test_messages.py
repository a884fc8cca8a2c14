"""Magenta's GeneratorOptions, both ways."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import GenerationError
from solferino.generation.generator import Section
from solferino.generation.messages import (
    GeneratorOptions,
    options_from_protobuf,
    options_to_protobuf,
)

SECTIONS = st.lists(st.builds(Section, st.floats(0, 9), st.floats(10, 99)), max_size=2).map(tuple)
ARGUMENTS = st.one_of(
    st.binary(max_size=3),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(max_size=3),
)
OPTIONS = st.builds(
    GeneratorOptions, SECTIONS, SECTIONS, st.dictionaries(st.text(max_size=5), ARGUMENTS)
)


def test_a_message_written_by_hand_is_read():
    data = bytes.fromhex(
        "12 12 09 0000000000001040 11 0000000000003440"  # 2 generate_sections: 4.0 to 20.0
        "0a 00"  # 1 input_sections: no length
        "1a 0c 0a 01 74 12 07 10 05 2a 03 686f74"  # 3 args: "t", 2 int 5, then 5 string "hot"
        "1a 02 0a 00"  # 3 args: without a value
    )
    options = options_from_protobuf(data)
    assert options == GeneratorOptions((), (Section(4.0, 20.0),), {"t": "hot"})


@settings(max_examples=60, deadline=None)
@given(OPTIONS)
def test_options_come_back(options):
    again = options_from_protobuf(options_to_protobuf(options))
    assert again == options
    assert [type(v) for v in again.args.values()] == [type(v) for v in options.args.values()]


def test_options_cannot_be_written_to():
    with pytest.raises(TypeError, match="does not support item assignment"):
        GeneratorOptions(args={"a": 1}).args["a"] = 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**31, "the control n is 2147483648: it must fit in 32 bits"),
        ([1], "the control n is a list; a message holds bytes, int, float, bool or str"),
    ],
)
def test_controls_that_a_message_cannot_hold(value, message):
    with pytest.raises(GenerationError, match=message):
        options_to_protobuf(GeneratorOptions(args={"n": value}))


def test_damaged_messages():
    with pytest.raises(GenerationError, match=r"not a GeneratorOptions message: .*; serialize"):
        options_from_protobuf(b"\x0a\x09")
    with pytest.raises(GenerationError, match=r"a section cannot go from 1.0 s to 0.0 s"):
        options_from_protobuf(bytes.fromhex("0a 09 09 000000000000f03f"))


@settings(max_examples=30, deadline=None)
@given(options=OPTIONS)
def test_note_seq_reads_what_we_write_and_we_read_what_it_writes(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("note_seq", exc_type=ImportError)
        from note_seq.protobuf import generator_pb2
    theirs = generator_pb2.GeneratorOptions.FromString(options_to_protobuf(options))
    found = {key: getattr(v, v.WhichOneof("kind")) for key, v in theirs.args.items()}
    assert found == dict(options.args)
    spans = [Section(s.start_time, s.end_time) for s in theirs.generate_sections]
    assert tuple(spans) == options.generate_sections
    assert options_from_protobuf(theirs.SerializeToString()) == options
