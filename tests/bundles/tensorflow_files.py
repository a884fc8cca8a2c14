"""Tables, checkpoints and bundles as TensorFlow and Magenta write them, byte by byte."""

import struct

import numpy as np

MAGIC = bytes.fromhex("57fb808b247547db")
KINDS = {"float32": 1, "int32": 3, "int64": 9, "float16": 19}
NUMBERS = {"float32": 5, "int32": 7, "int64": 10, "float16": 13}


def varint(value):
    value &= 2**64 - 1
    octets = []
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])


def counted(number, content):
    """A field of bytes, text or a message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def whole(number, value):
    """A field of a whole number."""
    return varint(number << 3) + varint(value)


def of_one_byte(state):
    for _ in range(8):
        state = state >> 1 ^ (state & 1) * 0x82F63B78
    return state


CRC32C = [of_one_byte(octet) for octet in range(256)]


def crc32c(data):
    state = 0xFFFFFFFF
    for octet in data:
        state = CRC32C[(state ^ octet) & 255] ^ state >> 8
    return state ^ 0xFFFFFFFF


def masked(data):
    checksum = crc32c(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def block(pairs):
    """Entries that leave out what their key shares with the one before; one restart."""
    content, before = b"", b""
    for key, value in pairs:
        shared = 0
        while shared < min(len(before), len(key)) and before[shared] == key[shared]:
            shared += 1
        head = varint(shared) + varint(len(key) - shared) + varint(len(value))
        content += head + key[shared:] + value
        before = key
    return content + struct.pack("<II", 0, 1)


def literal(content):
    """Snappy without any copies."""
    return varint(len(content)) + b"\xf4" + struct.pack("<H", len(content) - 1) + content


def table(entries, entries_a_block=3, packing=0, pack=bytes):
    """A sorted table: blocks, an index, an empty index of other things, a footer."""
    pairs, file, places = sorted(entries.items()), b"", []

    def written(content, kind):
        nonlocal file
        place = varint(len(file)) + varint(len(content))
        file += content + bytes([kind]) + struct.pack("<I", masked(content + bytes([kind])))
        return place

    for begin in range(0, len(pairs), entries_a_block):
        chosen = pairs[begin : begin + entries_a_block]
        places.append((chosen[-1][0], written(pack(block(chosen)), packing)))
    footer = written(block([]), 0) + written(block(places), 0)
    return file + footer.ljust(40, b"\0") + MAGIC


def shape(sizes):
    return b"".join(counted(2, whole(1, size)) for size in sizes)


def ordered(number):
    """A small signed number whose bytes sort as the numbers do."""
    if -64 <= number < 64:
        return bytes([number & 255 ^ 0x80])
    return struct.pack(">H", number & 0xFFFF ^ 0xC000)  # up to 8191


def slice_key(name, extents):
    """Key of a slice; extents are (start, length), length -1 is all."""
    numbers = b"".join(ordered(number) for extent in extents for number in extent)
    rank = bytes([1, len(extents)]) if extents else b"\0"
    return b"\0" + name.encode() + b"\0\1" + rank + numbers


def slice_message(extents):
    return b"".join(
        counted(1, b"" if length < 0 else whole(1, start) + whole(2, length))
        for start, length in extents
    )


def slices_of(array, n_parts):
    """Cut an array along its first axis: extents and numbers of each part."""
    if n_parts == 1:
        return [([(0, -1)] * array.ndim, array)]
    pieces, start, found = np.array_split(array, n_parts), 0, []
    for piece in pieces:
        rest = [(0, size) for size in array.shape[1:]]
        found.append(([(start, len(piece)), *rest], piece))
        start += len(piece)
    return found


def packed_numbers(array):
    """The numbers in the field of their type: floats as they are, others as varints."""
    kind = array.dtype.name
    flat = array.ravel()
    if kind == "float16":
        flat = flat.view(np.uint16)
    content = flat.tobytes() if kind == "float32" else b"".join(varint(int(n)) for n in flat)
    return counted(NUMBERS[kind], content)


def first_format(tensors, n_parts=1, version=0, **options):
    """A checkpoint of format 1."""
    meta, entries = b"", {}
    for name, array in tensors.items():
        parts = slices_of(array, n_parts)
        slices = b"".join(counted(4, slice_message(extents)) for extents, _ in parts)
        about = counted(1, name) + counted(2, shape(array.shape))
        meta += counted(1, about + whole(3, KINDS[array.dtype.name]) + slices)
        for extents, piece in parts:
            data = counted(1, name) + counted(2, slice_message(extents))
            entries[slice_key(name, extents)] = counted(2, data + counted(3, packed_numbers(piece)))
    versions = counted(2, whole(1, 1) + whole(2, version))
    return table({b"": counted(1, meta + versions), **entries}, **options)


def second_format(prefix, tensors, n_parts=1, version=0, big_endian=False):
    """Write a checkpoint of format 2: an index and one file of numbers."""
    numbers, entries = b"", {}

    def entry(array):
        nonlocal numbers
        stored = array.astype(array.dtype.newbyteorder(">")) if big_endian else array
        content = stored.tobytes()
        place = whole(4, len(numbers)) + whole(5, len(content))
        numbers += content
        about = whole(1, KINDS[array.dtype.name]) + counted(2, shape(array.shape))
        return about + place + varint(6 << 3 | 5) + struct.pack("<I", masked(content))

    for name, array in tensors.items():
        if n_parts == 1:
            entries[name.encode()] = entry(array)
            continue
        parts = slices_of(array, n_parts)
        slices = b"".join(counted(7, slice_message(extents)) for extents, _ in parts)
        about = whole(1, KINDS[array.dtype.name]) + counted(2, shape(array.shape))
        entries[name.encode()] = about + slices
        entries |= {slice_key(name, extents): entry(piece) for extents, piece in parts}
    head = whole(1, 1) + whole(2, big_endian) + counted(3, whole(1, 1) + whole(2, version))
    prefix.with_name(prefix.name + ".index").write_bytes(table({b"": head, **entries}))
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(numbers)


def magenta_bundle(generator, *checkpoints, description=""):
    """A bundle of Magenta; its graph is never looked at."""
    details = counted(1, generator) + counted(2, "What it does.")
    bundle = counted(1, details) + b"".join(counted(2, c) for c in checkpoints)
    bundle += counted(3, b"\xff\xff no graph")
    return bundle + (counted(4, counted(1, description)) if description else b"")
