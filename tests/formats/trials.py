"""Pieces that have every feature, and ways to see whether it survived."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from solferino.notes.files import load, save
from solferino.notes.sequence import Instrument, NoteSequence, Text

Look = Callable[[NoteSequence], object]

PIECE = NoteSequence(
    notes=[
        (0.0, 0.5, 60, 90, 0),
        (0.0, 0.5, 64, 40, 0),
        (0.5, 0.75, 61, 90, 0),
        (0.75, 1.5, 67, 90, 0),
        (2.0, 4.5, 48, 70, 1),
        (1.5, 2.0, 38, 100, 2),
    ],
    instruments=(
        Instrument(40, name="Violin"),
        Instrument(32, name="Bass"),
        Instrument(0, is_drum=True, name="Kit"),
    ),
    tempos=[(0.0, 120.0), (2.0, 60.0)],
    meters=[(0.0, 4, 4), (2.0, 3, 4)],
    keys=[(0.0, -3, True), (2.0, 2, False)],
    control_changes=[(0.0, 7, 100, 0)],
    pitch_bends=[(0.0, -512, 0)],
    texts=(
        Text(0.0, "Cm7", "chord"),
        Text(0.0, "la", "lyric", 0),
        Text(0.0, "Chorus", "marker"),
        Text(0.0, "slowly", "text"),
    ),
    title="Air",
    source="airs.mid",
    ticks_per_quarter=480,
)
"""All of its times lie on sixteenths, so that a grid keeps them."""

TRIPLETS = NoteSequence.from_columns(
    [60, 62, 64, 65], np.array([0, 1, 2, 3]) / 6, np.array([1, 2, 3, 6]) / 6, meters=[(0, 4, 4)]
)
TIED = NoteSequence.from_columns(60, [1.0], [3.0], tempos=[(0, 120)], meters=[(0, 4, 4)])
PADDED = PIECE.replace(total_time_s=19.0)
WITH_TACET = PIECE.replace(instruments=(*PIECE.instruments, Instrument(71, name="Clarinet")))


def column(name: str, table: str = "notes") -> Look:
    """Look at a column, in the order of the onsets and pitches."""

    def look(piece: NoteSequence) -> object:
        rows = getattr(piece, table)
        order = np.lexsort((rows["pitch"], rows["onset_s"])) if table == "notes" else slice(None)
        return np.round(rows[name][order].astype(float), 5).tolist()

    return look


def columns(*names: str, table: str = "notes") -> Look:
    """Look at some columns."""
    looks = [column(name, table) for name in names]
    return lambda piece: [look(piece) for look in looks]


def words(*kinds: str) -> Look:
    """Look at the texts of some kinds."""
    return lambda piece: [(round(t.time_s, 5), t.text) for t in piece.texts if t.kind in kinds]


def attribute(name: str) -> Look:
    """Look at a field."""
    return lambda piece: getattr(piece, name)


def of_notes(name: str) -> Look:
    """Look at a property of the instrument that plays each note."""
    return lambda piece: sorted(
        (int(note["pitch"]), getattr(piece.instruments[note["instrument"]], name))
        for note in piece.notes
    )


PITCHES, VELOCITIES = column("pitch"), column("velocity")
TIMES = columns("pitch", "onset_s", "release_s")
TEMPOS = columns("time_s", "qpm", table="tempos")
METERS = columns("time_s", "numerator", "denominator", table="meters")
KEYS = columns("time_s", "sharps", "is_minor", table="keys")
CONTROLS = columns("time_s", "number", "value", table="control_changes")
BENDS = columns("time_s", "bend", table="pitch_bends")
END = attribute("total_time_s")


class Read(NamedTuple):
    """A file that has the feature, and what there is to see if it is kept."""

    data: bytes
    look: Look
    expected: object

    def is_kept(self, folder: Path, suffix: str) -> bool:
        """Read the file and look."""
        (folder / f"given{suffix}").write_bytes(self.data)
        return bool(self.look(load(folder / f"given{suffix}")) == self.expected)


class Written(NamedTuple):
    """A piece that has the feature, and where to see it."""

    look: Look
    piece: NoteSequence = PIECE

    def is_kept(self, folder: Path, suffix: str) -> bool:
        """Write the piece, read it and look."""
        save(self.piece, folder / f"made{suffix}")
        return bool(self.look(load(folder / f"made{suffix}")) == self.look(self.piece))


class Feature(NamedTuple):
    """How to try out a feature of a format; None where a format or a piece cannot have it."""

    read: Read | None
    written: Written | None
