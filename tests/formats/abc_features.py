"""What ABC notation keeps."""

from tests.formats.trials import (
    BENDS,
    CONTROLS,
    END,
    KEYS,
    METERS,
    PADDED,
    PITCHES,
    TEMPOS,
    TIED,
    TIMES,
    TRIPLETS,
    VELOCITIES,
    WITH_TACET,
    Feature,
    Read,
    Written,
    attribute,
    column,
    of_notes,
    words,
)


def abc(music: str, header: str = "", key: str = "C") -> bytes:
    """Return a tune in eighths at 120."""
    return f"X:1\nT:Air\nM:4/4\nL:1/8\nQ:1/4=120\n{header}K:{key}\n{music}\n".encode()


FEATURES = {
    "pitches": Feature(Read(abc("^C D"), PITCHES, [61, 62]), Written(PITCHES)),
    "lengths, tuplets and broken rhythm": Feature(
        Read(abc("(3C2D2E2 F>G"), column("release_s"), [0.33333, 0.66667, 1, 1.375, 1.5]),
        Written(TIMES, TRIPLETS),
    ),
    "ties": Feature(Read(abc("C8-|C8"), TIMES, [[60], [0], [4]]), Written(TIMES, TIED)),
    "chords of notes": Feature(
        Read(abc("[CEG]"), TIMES, [[60, 64, 67], [0] * 3, [0.25] * 3]), Written(TIMES)
    ),
    "voices": Feature(
        Read(abc("V:1\nC8|\nV:2\nE8|"), column("instrument"), [0, 1]), Written(column("instrument"))
    ),
    "voice names": Feature(
        Read(abc('V:1 name="Lute"\nC'), of_notes("name"), [(60, "Lute")]), Written(of_notes("name"))
    ),
    "programs": Feature(
        Read(abc("%%MIDI program 40\nC"), of_notes("program"), [(60, 40)]),
        Written(of_notes("program")),
    ),
    "drums": Feature(
        Read(abc("%%MIDI channel 10\nC"), of_notes("is_drum"), [(60, True)]),
        Written(of_notes("is_drum")),
    ),
    "tempos": Feature(Read(abc("C8|\nQ:1/4=60\nC8"), TEMPOS, [[0, 2], [120, 60]]), Written(TEMPOS)),
    "meters": Feature(
        Read(abc("C8|\nM:3/4\nC6"), METERS, [[0, 2], [4, 3], [4, 4]]), Written(METERS)
    ),
    "major and minor keys": Feature(
        Read(abc("C8|\nK:Gm\nC8", key="D"), KEYS, [[0, 2], [2, -2], [0, 1]]), Written(KEYS)
    ),
    "other modes": Feature(Read(abc("C", key="Ddor"), KEYS, [[0], [0], [1]]), None),
    "chord symbols": Feature(
        Read(abc('"Am7"C'), words("chord"), [(0, "Am7")]), Written(words("chord"))
    ),
    "title": Feature(Read(abc("C"), attribute("title"), "Air"), Written(attribute("title"))),
    "repeats and endings": Feature(
        Read(abc("|:C8|1D8:|2E8|"), column("pitch"), [60, 62, 60, 64]), None
    ),
    "order of parts (`P:`)": Feature(
        Read(abc("P:A\nC8|\nP:B\nD8|", "P:ABA\n"), PITCHES, [60, 62, 60]), None
    ),
    "da capo, dal segno, fine and coda": Feature(
        Read(abc("C8!fine!|!segno!D8!D.C.!|"), PITCHES, [60, 62, 60]), None
    ),
    'the same as words, like `"D.C."`': Feature(
        Read(abc('C8|"D.C."D8|'), PITCHES, [60, 62, 60, 62]), None
    ),
    "lyrics (`w:`)": Feature(
        Read(abc("C4 D4|\nw: hal-lo"), words("lyric"), [(0, "hal-"), (1, "lo")]),
        Written(words("lyric")),
    ),
    "words behind the tune (`W:`)": Feature(
        Read(abc("C\nW: last"), words("text"), [(0, "last")]), Written(words("text"))
    ),
    "grace notes": Feature(Read(abc("{d}C"), PITCHES, [62, 60]), None),
    "ornaments, slurs and dynamics": Feature(Read(abc("!ff!(C ~D)"), VELOCITIES, [112, 112]), None),
    "composer, rhythm and other fields": Feature(
        Read(abc("C", "C:Me\nR:reel\n"), lambda piece: len(piece.texts), 2), None
    ),
    "velocities": Feature(None, Written(VELOCITIES)),
    "controllers": Feature(None, Written(CONTROLS)),
    "pitch bends": Feature(None, Written(BENDS)),
    "markers": Feature(None, Written(words("marker"))),
    "instruments without notes": Feature(None, Written(attribute("instruments"), WITH_TACET)),
    "silence at the end": Feature(Read(abc("C8|z8|"), END, 4), Written(END, PADDED)),
}
