"""What Magenta's NoteSequence messages keep."""

import struct
from collections.abc import Iterable

from tests.formats.trials import (
    BENDS,
    CONTROLS,
    END,
    KEYS,
    METERS,
    PADDED,
    PIECE,
    TEMPOS,
    TIMES,
    WITH_TACET,
    Feature,
    Read,
    Written,
    attribute,
    column,
    columns,
    of_notes,
    words,
)


def counted(number: int, data: bytes) -> bytes:
    """Return a field of text, bytes or a message, of less than 128 bytes."""
    return bytes(key(number, 2)) + bytes([len(data)]) + data


def whole(number: int, value: int) -> bytes:
    """Return a field of a number from 0 to 127."""
    return bytes(key(number, 0)) + bytes([value])


def real(number: int, value: float) -> bytes:
    """Return a field of eight bytes."""
    return bytes(key(number, 1)) + struct.pack("<d", value)


def key(number: int, wire_type: int) -> Iterable[int]:
    """Return what stands in front of a value."""
    head = number << 3 | wire_type
    return (head,) if head < 128 else (head & 127 | 128, head >> 7)


def message(*fields: bytes, note: bytes = b"") -> bytes:
    """Return a message with a note of half a second, and these fields."""
    middle_c = whole(1, 60) + whole(2, 80) + real(4, 0.5) + note
    return counted(8, middle_c) + real(9, 0.5) + b"".join(fields)


MODE_AND_TYPE = {"minor": 1, "dorian": 4, "chord": 1, "beat": 2}

FEATURES = {
    "pitches and velocities": Feature(
        Read(message(), columns("pitch", "velocity"), [[60], [80]]),
        Written(columns("pitch", "velocity")),
    ),
    "onsets and releases": Feature(
        Read(message(), TIMES, [[60], [0], [0.5]]),
        Written(
            lambda p: p.notes["release_s"].tolist(), PIECE.replace(notes=[(0, 1 / 3, 60, 1, 0)])
        ),
    ),
    "programs and drums": Feature(
        Read(message(note=whole(8, 40) + whole(9, 1)), lambda p: p.instruments[0][:2], (40, True)),
        Written(lambda p: [i[:2] for i in p.instruments]),
    ),
    "instrument names": Feature(
        Read(message(counted(23, counted(2, b"Lute"))), of_notes("name"), [(60, "Lute")]),
        Written(of_notes("name")),
    ),
    "instruments without notes": Feature(
        Read(
            message(counted(23, whole(1, 1) + counted(2, b"Lute"))),
            lambda piece: [i.name for i in piece.instruments],
            ["", "Lute"],
        ),
        Written(attribute("instruments"), WITH_TACET),
    ),
    "tempos": Feature(Read(message(counted(7, real(2, 90))), TEMPOS, [[0], [90]]), Written(TEMPOS)),
    "meters": Feature(
        Read(message(counted(5, whole(2, 6) + whole(3, 8))), METERS, [[0], [6], [8]]),
        Written(METERS),
    ),
    "major and minor keys": Feature(
        Read(
            message(counted(6, whole(2, 2) + whole(3, MODE_AND_TYPE["minor"]))),
            KEYS,
            [[0], [-1], [1]],
        ),
        Written(KEYS),
    ),
    "other modes": Feature(
        Read(
            message(counted(6, whole(2, 2) + whole(3, MODE_AND_TYPE["dorian"]))),
            KEYS,
            [[0], [0], [1]],
        ),
        None,
    ),
    "controllers": Feature(
        Read(message(counted(11, whole(2, 7) + whole(3, 100))), CONTROLS, [[0], [7], [100]]),
        Written(CONTROLS),
    ),
    "pitch bends": Feature(
        Read(message(counted(10, whole(2, 100))), BENDS, [[0], [100]]), Written(BENDS)
    ),
    "chord symbols": Feature(
        Read(
            message(counted(14, counted(2, b"Am7") + whole(3, MODE_AND_TYPE["chord"]))),
            words("chord"),
            [(0, "Am7")],
        ),
        Written(words("chord")),
    ),
    "beats": Feature(
        Read(
            message(counted(14, counted(2, b"1") + whole(3, MODE_AND_TYPE["beat"]))),
            words("marker"),
            [(0, "1")],
        ),
        Written(words("marker")),
    ),
    "lyrics": Feature(
        Read(
            message(counted(14, counted(2, b"la") + counted(1001, b"lyric"))),
            words("lyric"),
            [(0, "la")],
        ),
        Written(words("lyric")),
    ),
    "markers": Feature(
        Read(
            message(counted(14, counted(2, b"Coda") + counted(1001, b"marker"))),
            words("marker"),
            [(0, "Coda")],
        ),
        Written(words("marker")),
    ),
    "title": Feature(
        Read(message(counted(19, counted(1, b"Air"))), attribute("title"), "Air"),
        Written(attribute("title")),
    ),
    "source": Feature(
        Read(message(counted(1, b"/id/1")), attribute("source"), "/id/1"),
        Written(attribute("source")),
    ),
    "total time": Feature(Read(message(real(9, 7)), END, 7), Written(END, PADDED)),
    "resolution": Feature(
        Read(message(whole(4, 96)), attribute("ticks_per_quarter"), 96),
        Written(attribute("ticks_per_quarter")),
    ),
    "quantized steps": Feature(
        Read(
            counted(8, whole(1, 60) + whole(2, 80) + whole(13, 4) + whole(14, 8))
            + counted(15, whole(1, 4)),
            TIMES,
            [[60], [0.5], [1.0]],
        ),
        None,
    ),
    "collection name": Feature(
        Read(message(counted(3, b"airs")), lambda p: (p.title, p.source), ("", "airs")), None
    ),
    "part and voice of notes": Feature(
        Read(message(note=whole(10, 1) + whole(12, 2)), lambda piece: len(piece.instruments), 2),
        None,
    ),
    "sections": Feature(
        Read(message(counted(20, real(1, 0.25) + whole(4, 1))), lambda p: len(p.texts), 1), None
    ),
    "where a subsequence came from": Feature(
        Read(message(counted(17, real(1, 4))), column("onset_s"), [4]), None
    ),
}
