"""Magenta's generator messages (protocol buffers) to plain values and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, final

import numpy as np

from solferino.errors import GenerationError
from solferino.generation.generator import Section
from solferino.notes.wire_format import Columns, Field, Message, decode, encode

Argument = bytes | int | float | bool | str

_INT32 = np.iinfo(np.int32)

SECTION = Message("section", (Field(1, "start_time", "double"), Field(2, "end_time", "double")))
ARGUMENT = Message(
    "argument",
    (
        Field(1, "byte_value", "bytes", is_explicit=True),
        Field(2, "int_value", "int32", is_explicit=True),
        Field(3, "float_value", "double", is_explicit=True),
        Field(4, "bool_value", "bool", is_explicit=True),
        Field(5, "string_value", "string", is_explicit=True),
    ),
)
ARGUMENT_ENTRY = Message(
    "entry", (Field(1, "key", "string"), Field(2, "value", ARGUMENT, is_explicit=True))
)
GENERATOR_OPTIONS = Message(
    "GeneratorOptions",
    (
        Field(1, "input_sections", SECTION, is_repeated=True),
        Field(2, "generate_sections", SECTION, is_repeated=True),
        Field(3, "args", ARGUMENT_ENTRY, is_repeated=True),
    ),
)

_FIELD_OF_TYPE: Mapping[type, str] = MappingProxyType(
    {
        bytes: "byte_value",
        int: "int_value",
        float: "float_value",
        bool: "bool_value",
        str: "string_value",
    }
)


@final
@dataclass(frozen=True)
class GeneratorOptions:
    """What a client asks of a generator: where to listen, where to play, and how.

    Parameters
    ----------
    input_sections, generate_sections : tuple of Section
        Stretches of time to take as the primer, and to fill.
    args : mapping of str to bytes, int, float, bool or str
        Controls by name, for instance ``{"temperature": 1.0}``.
    """

    input_sections: tuple[Section, ...] = ()
    generate_sections: tuple[Section, ...] = ()
    args: Mapping[str, Argument] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep a copy of the controls that cannot be written."""
        object.__setattr__(self, "args", MappingProxyType(dict(self.args)))


def options_from_protobuf(data: bytes) -> GeneratorOptions:
    """Read a GeneratorOptions message.

    Sections without length are left out, and so are controls without a value.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    GeneratorOptions

    Raises
    ------
    GenerationError
        If it is no such message, or has a section that ends before it begins.
    """
    try:
        found = decode(data, GENERATOR_OPTIONS)
    except ValueError as error:
        raise GenerationError(
            f"these bytes are not a GeneratorOptions message: {error}; serialize it again"
        ) from error
    entries = ((e.get("key", ""), e.get("value", {})) for e in found.get("args", []))
    return GeneratorOptions(
        _sections_of(found.get("input_sections", {})),
        _sections_of(found.get("generate_sections", {})),
        {key: list(value.values())[-1] for key, value in entries if value},
    )


def options_to_protobuf(options: GeneratorOptions) -> bytes:
    """Write a GeneratorOptions message; reading it gives the same.

    Parameters
    ----------
    options : GeneratorOptions

    Returns
    -------
    bytes

    Raises
    ------
    GenerationError
        If a control has a value that the message cannot hold.
    """
    found: dict[str, Any] = {
        name: _columns_of(sections)
        for name, sections in (
            ("input_sections", options.input_sections),
            ("generate_sections", options.generate_sections),
        )
        if sections
    }
    found["args"] = [
        {"key": key, "value": _value_of(key, value)} for key, value in options.args.items()
    ]
    return encode(found, GENERATOR_OPTIONS)


def _sections_of(columns: Columns) -> tuple[Section, ...]:
    if not columns:
        return ()
    spans = zip(columns["start_time"].tolist(), columns["end_time"].tolist(), strict=True)
    return tuple(Section(start_s, end_s) for start_s, end_s in spans if start_s != end_s)


def _columns_of(sections: tuple[Section, ...]) -> Columns:
    return {
        "start_time": np.array([section.start_s for section in sections]),
        "end_time": np.array([section.end_s for section in sections]),
    }


def _value_of(key: str, value: Argument) -> Mapping[str, Argument]:
    """Name the field that holds a value of this type."""
    name = _FIELD_OF_TYPE.get(type(value))
    if name is None:
        raise GenerationError(
            f"the control {key} is a {type(value).__name__}; "
            "a message holds bytes, int, float, bool or str"
        )
    if name == "int_value" and not _INT32.min <= value <= _INT32.max:  # type: ignore[operator]
        raise GenerationError(f"the control {key} is {value!r}: it must fit in 32 bits")
    return {name: value}
