"""What MusicXML keeps."""

from solferino.notes.sequence import NoteSequence, Text
from tests.formats.trials import (
    BENDS,
    CONTROLS,
    END,
    KEYS,
    METERS,
    PADDED,
    PIECE,
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

ATTRIBUTES = "<divisions>12</divisions><time><beats>4</beats><beat-type>4</beat-type></time>"


def score(
    *measures: str, attributes: str = ATTRIBUTES, head: str = "", name: str = "", sound: str = ""
) -> bytes:
    """Return a score of one part in 4/4, with 12 divisions a quarter."""
    first, *others = measures
    bars = "".join(
        f'<measure number="{number}">{bar}</measure>'
        for number, bar in enumerate([f"<attributes>{attributes}</attributes>{first}", *others], 1)
    )
    return (
        f'<score-partwise version="4.0">{head}<part-list><score-part id="P1">'
        f"<part-name>{name}</part-name>{sound}</score-part></part-list>"
        f'<part id="P1">{bars}</part></score-partwise>'
    ).encode()


def note(step: str = "C", length: int = 48, *, more: str = "", first: str = "") -> str:
    """Return a note of the octave above middle C."""
    pitch = f"<pitch><step>{step}</step><octave>4</octave></pitch>"
    return f"<note>{first}{pitch}<duration>{length}</duration>{more}</note>"


def direction(kind: str, sound: str = "") -> str:
    """Return a direction above the staff."""
    return f"<direction><direction-type>{kind}</direction-type>{sound}</direction>"


def attributes(text: str) -> str:
    """Return new attributes in the middle of a score."""
    return f"<attributes>{text}</attributes>"


def lyric(text: str, syllabic: str = "single", verse: int = 1) -> str:
    """Return a syllable."""
    return f'<lyric number="{verse}"><syllabic>{syllabic}</syllabic><text>{text}</text></lyric>'


def names(piece: NoteSequence) -> object:
    """Look at the names of the instruments."""
    return [instrument.name for instrument in piece.instruments]


SOUND = (
    '<score-instrument id="P1-I1"><instrument-name>Lute</instrument-name></score-instrument>'
    '<midi-instrument id="P1-I1"><midi-channel>{}</midi-channel>'
    "<midi-program>{}</midi-program></midi-instrument>"
)
BACKWARD = '<barline location="right"><repeat direction="backward"/></barline>'
FIRST_ENDING = '<barline location="left"><ending number="1" type="start"/></barline>'
END_OF_FIRST = (
    '<barline location="right"><ending number="1" type="stop"/>'
    '<repeat direction="backward"/></barline>'
)
DRUM = (
    "<note><unpitched><display-step>C</display-step><display-octave>5</display-octave>"
    '</unpitched><duration>48</duration><instrument id="P1-I1"/></note>'
)
DRUM_SOUND = (
    '<score-instrument id="P1-I1"><instrument-name>Snare</instrument-name></score-instrument>'
    '<midi-instrument id="P1-I1"><midi-channel>10</midi-channel>'
    "<midi-unpitched>39</midi-unpitched></midi-instrument>"
)
TACET = (
    b"</part-name></score-part>",
    b'</part-name></score-part><score-part id="P2"><part-name>Horn</part-name></score-part>',
)
BY_BACH = PIECE.replace(texts=[Text(0, "composer: Bach")])
RESTING_PART = (
    '</part><part id="P2"><measure number="1"><note><rest measure="yes"/>'
    "<duration>48</duration></note></measure></part></score"
)

FEATURES = {
    "pitches": Feature(Read(score(note("C") + note("D")), PITCHES, [60, 62]), Written(PITCHES)),
    "lengths and tuplets": Feature(
        Read(score(note("C", 4) + note("D", 44)), column("release_s"), [0.16667, 2]),
        Written(TIMES, TRIPLETS),
    ),
    "ties": Feature(
        Read(
            score(note(more='<tie type="start"/>'), note(more='<tie type="stop"/>')),
            TIMES,
            [[60], [0], [4]],
        ),
        Written(TIMES, TIED),
    ),
    "chords of notes": Feature(
        Read(score(note("C") + note("E", first="<chord/>")), TIMES, [[60, 64], [0, 0], [2, 2]]),
        Written(TIMES),
    ),
    "voices and staves of a part": Feature(
        Read(
            score(
                note("E", more="<voice>1</voice><staff>1</staff>")
                + "<backup><duration>48</duration></backup>"
                + note("C", more="<voice>5</voice><staff>2</staff>")
            ),
            TIMES,
            [[60, 64], [0, 0], [2, 2]],
        ),
        None,
    ),
    "parts": Feature(
        Read(
            score(note("C"))
            .replace(*TACET)
            .replace(
                b"</part></score",
                b'</part><part id="P2"><measure number="1">'
                + note("E").encode()
                + b"</measure></part></score",
            ),
            column("instrument"),
            [0, 1],
        ),
        Written(column("instrument")),
    ),
    "part names": Feature(
        Read(score(note(), name="Lute"), of_notes("name"), [(60, "Lute")]),
        Written(of_notes("name")),
    ),
    "programs": Feature(
        Read(score(note(), sound=SOUND.format(1, 25)), of_notes("program"), [(60, 24)]),
        Written(of_notes("program")),
    ),
    "drums": Feature(
        Read(score(DRUM, sound=DRUM_SOUND), of_notes("is_drum"), [(38, True)]),
        Written(of_notes("is_drum")),
    ),
    "velocities": Feature(
        Read(
            score(note("C", 24).replace("<note>", '<note dynamics="50">')),
            VELOCITIES,
            [45],
        ),
        Written(VELOCITIES),
    ),
    "tempos": Feature(
        Read(
            score('<sound tempo="90"/>' + note(), '<sound tempo="60"/>' + note()),
            TEMPOS,
            [[0, 2.66667], [90, 60]],
        ),
        Written(TEMPOS),
    ),
    "meters": Feature(
        Read(
            score(
                note(),
                attributes("<time><beats>3</beats><beat-type>4</beat-type></time>") + note("C", 36),
            ),
            METERS,
            [[0, 2], [4, 3], [4, 4]],
        ),
        Written(METERS),
    ),
    "major and minor keys": Feature(
        Read(
            score(
                attributes("<key><fifths>2</fifths></key>") + note(),
                attributes("<key><fifths>-2</fifths><mode>minor</mode></key>") + note(),
            ),
            KEYS,
            [[0, 2], [2, -2], [0, 1]],
        ),
        Written(KEYS),
    ),
    "chord symbols": Feature(
        Read(
            score(
                "<harmony><root><root-step>A</root-step></root>"
                "<kind>minor-seventh</kind></harmony>" + note()
            ),
            words("chord"),
            [(0, "Am7")],
        ),
        Written(words("chord")),
    ),
    "lyrics": Feature(
        Read(
            score(
                note("C", 24, more=lyric("hal", "begin") + lyric("two", verse=2))
                + note("D", 24, more=lyric("lo", "end"))
                + BACKWARD
            ),
            lambda piece: words("lyric")(piece)[:3],
            [(0, "hal-"), (1, "lo"), (2, "two")],
        ),
        Written(words("lyric")),
    ),
    "rehearsal marks": Feature(
        Read(score(direction("<rehearsal>B</rehearsal>") + note()), words("marker"), [(0, "B")]),
        Written(words("marker")),
    ),
    "other words": Feature(
        Read(score(direction("<words>dolce</words>") + note()), words("text"), [(0, "dolce")]),
        Written(words("text")),
    ),
    "title": Feature(
        Read(
            score(note(), head="<work><work-title>Air</work-title></work>"),
            attribute("title"),
            "Air",
        ),
        Written(attribute("title")),
    ),
    "composer": Feature(
        Read(
            score(
                note(),
                head='<identification><creator type="composer">Bach</creator></identification>',
            ),
            words("text"),
            [(0, "composer: Bach")],
        ),
        Written(words("text"), BY_BACH),
    ),
    "repeats and endings": Feature(
        Read(
            score(note("C"), FIRST_ENDING + note("D") + END_OF_FIRST, note("E")),
            column("pitch"),
            [60, 62, 60, 64],
        ),
        None,
    ),
    "da capo, dal segno, fine and coda": Feature(
        Read(
            score(
                note("C") + direction("<words>Fine</words>", '<sound fine="yes"/>'),
                note("D") + direction("<words>D.C.</words>", '<sound dacapo="yes"/>'),
            ),
            PITCHES,
            [60, 62, 60],
        ),
        None,
    ),
    "grace notes": Feature(
        Read(
            score(
                note("C"),
                "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>" + note("E"),
            ),
            PITCHES,
            [60, 62, 64],
        ),
        None,
    ),
    "cue notes": Feature(
        Read(score(note("C") + note("E", first="<cue/>")), PITCHES, [60, 64]), None
    ),
    "layout, stems, beams and slurs": Feature(
        Read(
            score(note(more='<stem>up</stem><notations><slur type="start"/></notations>')),
            lambda piece: len(piece.texts),
            1,
        ),
        None,
    ),
    "controllers": Feature(None, Written(CONTROLS)),
    "pitch bends": Feature(None, Written(BENDS)),
    "instruments without notes": Feature(
        Read(
            score(note(), name="Lute")
            .replace(*TACET)
            .replace(b"</part></score", RESTING_PART.encode()),
            names,
            ["Lute", "Horn"],
        ),
        Written(attribute("instruments"), WITH_TACET),
    ),
    "silence at the end": Feature(
        Read(score(note(), "<note><rest/><duration>48</duration></note>"), END, 4),
        Written(END, PADDED.replace(total_time_s=20.0)),
    ),
}
