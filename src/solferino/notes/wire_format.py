"""Protocol-buffer bytes to plain values and back, driven by tables of fields.

A message is a run of fields; each is a varint of ``number << 3 | wire type`` and a value.
Varints hold seven bits a byte, the lowest first; bit 7 says that another byte follows.

A message without words in it that is repeated (the notes of a piece) is read and written
as columns, all rows in step: row by row would take thirty times as long.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
Octets = NDArray[np.uint8]
Positions = NDArray[np.int64]

VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES = 0, 1, 2, 5
FIXED_SIZES = {EIGHT_BYTES: 8, FOUR_BYTES: 4}

MAX_VARINT_BYTES = 10
MAX_ROWS = 2**20
MAX_FIELDS_OF_A_ROW = 64

_FIXED = {"double": Struct("<d"), "fixed32": Struct("<I")}
_LOW_64_BITS = 2**64 - 1


class Kind(NamedTuple):
    """How a plain value is written: its wire type, and its type in a column."""

    wire_type: int
    dtype: np.dtype[Any]


KINDS: Mapping[str, Kind] = {
    "int32": Kind(VARINT, np.dtype(np.int32)),
    "int64": Kind(VARINT, np.dtype(np.int64)),
    "bool": Kind(VARINT, np.dtype(np.bool_)),
    "double": Kind(EIGHT_BYTES, np.dtype("<f8")),
    "fixed32": Kind(FOUR_BYTES, np.dtype("<u4")),
    "string": Kind(COUNTED, np.dtype(object)),
    "bytes": Kind(COUNTED, np.dtype(object)),
}
"""The kinds of values that music messages have; an enum is an int32."""


class Field(NamedTuple):
    """One field of a message.

    Parameters
    ----------
    number : int > 0
        Its number on the wire.
    name : str
        Its key in the decoded message.
    kind : str or Message
        One of `KINDS`, or the message it holds.
    is_repeated : bool
        Whether it may stand there many times.
    is_explicit : bool
        Whether 0 and "" are written too: members of a oneof.
    """

    number: int
    name: str
    kind: "str | Message"
    is_repeated: bool = False
    is_explicit: bool = False

    @property
    def wire_type(self) -> int:
        """How its value is written."""
        return COUNTED if isinstance(self.kind, Message) else KINDS[self.kind].wire_type

    @property
    def key(self) -> int:
        """What stands before its value."""
        return self.number << 3 | self.wire_type


@final
@dataclass(frozen=True)
class Message:
    """The fields of a kind of message; those not listed are skipped when reading."""

    name: str
    fields: tuple[Field, ...]

    @cached_property
    def by_key(self) -> dict[int, Field]:
        """The fields by number and wire type."""
        return {field.key: field for field in self.fields}

    @cached_property
    def is_row(self) -> bool:
        """Whether it has numbers only, and fits in the row of a table."""
        return all(not isinstance(f.kind, Message) and f.wire_type != COUNTED for f in self.fields)


def decode(data: bytes, message: Message) -> dict[str, Any]:
    """Read a message.

    Parameters
    ----------
    data : bytes
        Its content.
    message : Message
        Which fields it may have.

    Returns
    -------
    dict
        The fields that it has: int, float, bool, str, bytes or dict; a list of these where
        a field is repeated; a dict of columns where it is repeated and has only numbers.

    Raises
    ------
    ValueError
        If it is no such message.
    """
    return _decode(data, message, 0, len(data))


def encode(found: Mapping[str, Any], message: Message) -> bytes:
    """Write what `decode` gave; fields that are 0, empty or missing are left out.

    Parameters
    ----------
    found : mapping
        Values by name of field.
    message : Message

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If a whole number does not fit in 64 bits.
    """
    parts: list[bytes] = []
    for field in message.fields:
        if field.name not in found:
            continue
        value = found[field.name]
        if isinstance(field.kind, Message) and field.is_repeated and field.kind.is_row:
            parts.append(_rows_octets(value, field))
            continue
        for item in value if field.is_repeated else [value]:
            if item or field.is_explicit or field.is_repeated:
                parts += (varint(field.key), _value_bytes(item, field))
    return b"".join(parts)


def varint(value: int) -> bytes:
    """Write a whole number in [-2**63, 2**64); negative ones take ten bytes."""
    if not -(2**63) <= value <= _LOW_64_BITS:
        raise ValueError(f"{value} does not fit in 64 bits")
    rest, octets = value & _LOW_64_BITS, bytearray()
    while rest > 0x7F:
        octets.append(rest & 0x7F | 0x80)
        rest >>= 7
    octets.append(rest)
    return bytes(octets)


def _decode(data: bytes, message: Message, start: int, end: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    spans: dict[int, array[int]] = {}
    fields = message.by_key
    position = start
    while position < end:
        key, value, position = _field_at(data, position, end)
        field = fields.get(key)
        if field is None:
            continue
        if isinstance(field.kind, Message) and field.is_repeated and field.kind.is_row:
            places = spans.setdefault(key, array("q"))
            places.extend((value, position))
            position = _after_short_rows(data, key, position, end, places)
            _check_number_of_rows(len(places) // 2, field)
        elif field.is_repeated:
            rows = found.setdefault(field.name, [])
            rows.append(_value_at(data, field, value, position))
            _check_number_of_rows(len(rows), field)
        else:
            before = found.pop(field.name, None)  # the last of a oneof shall stand last
            item = _value_at(data, field, value, position)
            found[field.name] = {**before, **item} if before and isinstance(item, dict) else item
    if spans:
        octets = np.frombuffer(data + bytes(2 * MAX_VARINT_BYTES), np.uint8)
        for key, places in spans.items():
            field = fields[key]
            found[field.name] = _rows_between(octets, np.array(places).reshape(-1, 2), field.kind)
    return found


def _check_number_of_rows(n_rows: int, field: Field) -> None:
    if n_rows > MAX_ROWS:
        raise ValueError(f"it has more than {MAX_ROWS} {field.name}")


def _field_at(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Find the key of a field, its value or where that begins, and where it ends."""
    key, position = varint_at(data, position, end)
    wire_type = key & 7
    if key < 8:
        raise ValueError("it has a field with the number 0")
    if wire_type == VARINT:
        return key, *varint_at(data, position, end)
    if wire_type == COUNTED:
        n_bytes, position = varint_at(data, position, end)
    else:
        n_bytes = _fixed_size(wire_type)
    if n_bytes > end - position:
        raise ValueError(f"it is cut off: {n_bytes - (end - position)} bytes are missing")
    return key, position, position + n_bytes


def _after_short_rows(data: bytes, key: int, position: int, end: int, places: "array[int]") -> int:
    """Pass over rows of the same table that follow each other, the most common case.

    Rows of 128 bytes and more, and keys of two bytes, are left to `_field_at`.
    """
    if key >= 0x80:
        return position
    add = places.append
    while position + 1 < end and data[position] == key and len(places) <= 2 * MAX_ROWS:
        begin = position + 2
        after = begin + data[position + 1]
        if after >= begin + 0x80 or after > end:
            break
        add(begin)
        add(after)
        position = after
    return position


def _fixed_size(wire_type: int) -> int:
    if wire_type not in FIXED_SIZES:
        raise ValueError(f"it has a field of the unknown wire type {wire_type}")
    return FIXED_SIZES[wire_type]


def varint_at(data: bytes, position: int, limit: int) -> tuple[int, int]:
    """Read the varint that begins at a position, and say where it ends.

    Raises
    ------
    ValueError
        If it has no end before `limit`.
    """
    value = shift = 0
    for octet in data[position : min(limit, position + MAX_VARINT_BYTES)]:
        position += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & _LOW_64_BITS, position
        shift += 7
    raise ValueError("it is cut off or not a message: a number has no end")


def _value_at(data: bytes, field: Field, value: int, after: int) -> Any:
    """Read the value of a field: a varint itself, or what stands from `value` to `after`."""
    if isinstance(field.kind, Message):
        return _decode(data, field.kind, value, after)
    if field.kind in _FIXED:
        return _FIXED[field.kind].unpack_from(data, value)[0]
    match field.kind:
        case "string":
            return data[value:after].decode("utf-8", "replace")
        case "bytes":
            return data[value:after]
        case "bool":
            return value != 0
    sign_bit = 1 << (31 if field.kind == "int32" else 63)
    return (value & (2 * sign_bit - 1) ^ sign_bit) - sign_bit


def _value_bytes(value: Any, field: Field) -> bytes:
    """Write the value of a field, with its length where it is counted."""
    if isinstance(field.kind, Message):
        content = encode(value, field.kind)
    elif field.kind in _FIXED:
        return _FIXED[field.kind].pack(value)
    elif field.kind == "string":
        content = value.encode("utf-8", "replace")
    elif field.kind == "bytes":
        content = value
    else:
        return varint(int(value))
    return varint(len(content)) + content


def _rows_between(octets: Octets, spans: Positions, message: Any) -> dict[str, NDArray[Any]]:
    """Read all rows of a table in step: the first field of each, then the second, and on.

    `octets` has zeros behind its end, so that a row that is cut off does not read beyond it.
    """
    position, end = spans[:, 0].copy(), spans[:, 1]
    columns = {f.name: np.zeros(len(spans), KINDS[f.kind].dtype) for f in message.fields}
    known = np.array(list(message.by_key), np.uint64)
    rows = np.flatnonzero(position < end)
    for _ in range(MAX_FIELDS_OF_A_ROW):
        if not len(rows):
            return columns
        keys, position[rows] = _varints_at(octets, position[rows])
        if np.any(keys < 8):
            raise ValueError(f"a {message.name} has a field with the number 0")
        keys = np.where(np.isin(keys, known), keys, keys & np.uint64(7))
        for key in np.unique(keys).tolist():
            chosen = rows[keys == key]
            values, position[chosen] = _values_at(octets, position[chosen], key & 7)
            if key in message.by_key:
                field = message.by_key[key]
                columns[field.name][chosen] = _as_kind(values, field.kind)
        if np.any(position[rows] > end[rows]):
            raise ValueError(f"a {message.name} is cut off")
        rows = rows[position[rows] < end[rows]]
    raise ValueError(f"a {message.name} has more than {MAX_FIELDS_OF_A_ROW} fields")


def _values_at(
    octets: Octets, position: Positions, wire_type: int
) -> tuple[NDArray[np.uint64], Positions]:
    """Read one value of each row as 64 bits, and say where they end."""
    if wire_type == VARINT:
        return _varints_at(octets, position)
    if wire_type == COUNTED:  # only fields that are skipped
        n_bytes, position = _varints_at(octets, position)
        n_bytes = np.minimum(n_bytes, np.uint64(len(octets)))
        return n_bytes, position + n_bytes.astype(np.int64)
    n_bytes_each = _fixed_size(wire_type)
    places = np.minimum(position, len(octets) - 8)[:, None] + np.arange(n_bytes_each)
    values = octets[places].view(f"<u{n_bytes_each}")[:, 0]
    return values.astype(np.uint64), position + n_bytes_each


def _varints_at(octets: Octets, position: Positions) -> tuple[NDArray[np.uint64], Positions]:
    """Read one varint of each row, and say where they end."""
    after = np.minimum(position, len(octets) - MAX_VARINT_BYTES)
    octet = octets[after]
    values = (octet & 0x7F).astype(np.uint64)
    goes_on = octet >= 0x80
    after = after + 1
    for shift in range(7, 7 * MAX_VARINT_BYTES, 7):
        if not goes_on.any():
            return values, after
        octet = np.where(goes_on, octets[np.minimum(after, len(octets) - 1)], 0).astype(np.uint8)
        values |= (octet & 0x7F).astype(np.uint64) << np.uint64(shift)
        after += goes_on
        goes_on = octet >= 0x80
    if goes_on.any():
        raise ValueError("it is not a message: a number has no end")
    return values, after


def _as_kind(values: NDArray[np.uint64], kind: str) -> NDArray[Any]:
    match kind:
        case "double":
            return np.asarray(values.view("<f8"))
        case "bool":
            return np.asarray(values != 0)
        case "int32":
            return np.asarray(values.astype(np.uint32).view(np.int32))
        case "fixed32":
            return np.asarray(values.astype(np.uint32))
    return np.asarray(values.view(np.int64))


def _rows_octets(columns: Columns, field: Field) -> bytes:
    """Write all rows of a table: a grid of bytes, of which each row keeps some."""
    if not isinstance(field.kind, Message):
        raise TypeError(f"{field.name} is no message")
    grids: list[Octets] = []
    kept: list[NDArray[np.bool_]] = []
    for column in (f for f in field.kind.fields if f.name in columns):
        values = np.asarray(columns[column.name])
        is_there = (values != 0)[:, None]
        for grid, used in (_constant(column.key, len(values)), _grid(values, str(column.kind))):
            grids.append(grid)
            kept.append(used & is_there)
    n_bytes = np.concatenate(kept, axis=1).sum(axis=1)
    heads = (_constant(field.key, len(n_bytes)), _grid(n_bytes, "int64"))
    whole = np.concatenate([*(grid for grid, _ in heads), *grids], axis=1)
    is_kept = np.concatenate([*(used for _, used in heads), *kept], axis=1)
    return bytes(whole[is_kept].tobytes())


def _constant(key: int, n_rows: int) -> tuple[Octets, NDArray[np.bool_]]:
    """Write the same varint in every row."""
    octets = np.frombuffer(varint(key), np.uint8)
    grid = np.broadcast_to(octets, (n_rows, len(octets)))
    return grid, np.ones(grid.shape, np.bool_)


def _grid(values: NDArray[Any], kind: str) -> tuple[Octets, NDArray[np.bool_]]:
    """Write the numbers of a column, one a row, and say which bytes each needs."""
    if KINDS[kind].wire_type in FIXED_SIZES:
        numbers = np.ascontiguousarray(values, KINDS[kind].dtype)
        fixed = numbers.view(np.uint8).reshape(-1, numbers.itemsize)
        return fixed, np.ones(fixed.shape, np.bool_)
    bits = values.astype(np.int64).view(np.uint64)
    n_bytes = len(varint(int(bits.max(initial=0))))
    rest = bits[:, None] >> np.arange(0, 7 * n_bytes, 7, dtype=np.uint64)
    used = rest > 0
    used[:, 0] = True
    goes_on = np.append(used[:, 1:], np.zeros((len(bits), 1), np.bool_), axis=1)
    return ((rest & np.uint64(0x7F)) | goes_on * np.uint64(0x80)).astype(np.uint8), used
