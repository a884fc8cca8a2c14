"""What MIDI files keep."""

import struct

from solferino.notes.sequence import Instrument
from tests.formats.trials import (
    BENDS,
    CONTROLS,
    END,
    KEYS,
    METERS,
    PADDED,
    PITCHES,
    TEMPOS,
    TIMES,
    VELOCITIES,
    WITH_TACET,
    Feature,
    Read,
    Written,
    attribute,
    of_notes,
    words,
)

NOTE = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x50"  # middle C, a quarter long, at 480 ticks


def midi(*events: bytes, after: bytes = b"") -> bytes:
    """Return a file of one track: some events, then a note of a quarter, then others."""
    body = b"".join(events) + NOTE + after + b"\x00\xff\x2f\x00"
    return (
        b"MThd" + struct.pack(">IHHH", 6, 1, 1, 480) + b"MTrk" + struct.pack(">I", len(body)) + body
    )


def meta(kind: int, data: bytes) -> bytes:
    """Return a meta event at time 0."""
    return bytes([0, 0xFF, kind, len(data)]) + data


FEATURES = {
    "pitches": Feature(Read(midi(), PITCHES, [60]), Written(PITCHES)),
    "velocities": Feature(Read(midi(), VELOCITIES, [64]), Written(VELOCITIES)),
    "onsets and releases": Feature(Read(midi(), TIMES, [[60], [0], [0.5]]), Written(TIMES)),
    "programs": Feature(
        Read(midi(b"\x00\xc0\x28"), of_notes("program"), [(60, 40)]), Written(of_notes("program"))
    ),
    "drums": Feature(
        Read(
            midi(b"\x00\x99\x24\x40\x60\x89\x24\x40"),
            of_notes("is_drum"),
            [(36, True), (60, False)],
        ),
        Written(of_notes("is_drum")),
    ),
    "track names": Feature(
        Read(midi(meta(3, b"Lute")), of_notes("name"), [(60, "Lute")]), Written(of_notes("name"))
    ),
    "instruments without notes": Feature(
        Read(midi(b"\x00\xc1\x28"), attribute("instruments"), (Instrument(0), Instrument(40))),
        Written(attribute("instruments"), WITH_TACET),
    ),
    "tempos": Feature(
        Read(midi(meta(0x51, b"\x09\x27\xc0")), TEMPOS, [[0], [100]]), Written(TEMPOS)
    ),
    "meters": Feature(
        Read(midi(meta(0x58, b"\x06\x03\x18\x08")), METERS, [[0], [6], [8]]), Written(METERS)
    ),
    "key signatures": Feature(
        Read(midi(meta(0x59, b"\xfd\x01")), KEYS, [[0], [-3], [1]]), Written(KEYS)
    ),
    "controllers": Feature(
        Read(midi(b"\x00\xb0\x07\x64"), CONTROLS, [[0], [7], [100]]), Written(CONTROLS)
    ),
    "pitch bends": Feature(Read(midi(b"\x00\xe0\x00\x3c"), BENDS, [[0], [-512]]), Written(BENDS)),
    "lyrics": Feature(
        Read(midi(meta(5, b"la")), words("lyric"), [(0, "la")]), Written(words("lyric"))
    ),
    "markers": Feature(
        Read(midi(meta(6, b"Coda")), words("marker"), [(0, "Coda")]), Written(words("marker"))
    ),
    "chord symbols": Feature(
        Read(midi(meta(6, b"chord:Am7")), words("chord"), [(0, "Am7")]), Written(words("chord"))
    ),
    "title": Feature(
        Read(midi(meta(6, b"title:Air")), attribute("title"), "Air"), Written(attribute("title"))
    ),
    "source": Feature(
        Read(midi(meta(6, b"source:a.abc#1")), attribute("source"), "a.abc#1"),
        Written(attribute("source")),
    ),
    "silence at the end": Feature(
        Read(midi(after=b"\x8f\x00\xff\x06\x04end:"), END, 2.5), Written(END, PADDED)
    ),
    "resolution": Feature(
        Read(midi(), attribute("ticks_per_quarter"), 480), Written(attribute("ticks_per_quarter"))
    ),
    "words that are no lyrics": Feature(
        Read(midi(meta(6, b"text:slowly")), words("text"), [(0, "slowly")]), Written(words("text"))
    ),
    "text events": Feature(
        Read(midi(meta(1, b"hello")), words("text", "marker"), [(0, "hello")]), None
    ),
    "copyright and cue events": Feature(
        Read(midi(meta(2, b"me"), meta(7, b"enter")), lambda piece: len(piece.texts), 2), None
    ),
    "system exclusive messages": Feature(
        Read(
            midi(b"\x00\xf0\x05\x7e\x7f\x09\x01\xf7"),
            lambda piece: len(piece.texts) + len(piece.control_changes),
            1,
        ),
        None,
    ),
    "pressure of keys and channels": Feature(
        Read(midi(b"\x00\xa0\x3c\x40", b"\x00\xd0\x40"), lambda p: len(p.control_changes), 2), None
    ),
    "release velocities": Feature(Read(midi(), VELOCITIES, [0x50]), None),
    "notes that never end": Feature(Read(midi(b"\x00\x90\x48\x40"), PITCHES, [60, 72]), None),
}
