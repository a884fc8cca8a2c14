"""A score in MusicXML while it is being read: measures, by part and for all parts.

All times are in ticks, which hold every duration of the score exactly.
"""

from dataclasses import dataclass, field

from solferino.notes.musicxml_directions import Key, Meter, Tempo
from solferino.notes.musicxml_notes import Lyric, Sound
from solferino.notes.musicxml_order import Signs
from solferino.notes.sequence import Instrument


@dataclass(eq=False)
class PartMeasure:
    """What one part has in a measure: its length is that of its longest voice, 0 without one."""

    sounds: list[Sound] = field(default_factory=list)
    lyrics: list[Lyric] = field(default_factory=list)
    length_ticks: int = 0
    meter: Meter | None = None


@dataclass(eq=False)
class Measure:
    """What all parts share in a measure; moments count from its beginning.

    Length and meter are known when all parts have been read.
    """

    length_ticks: int = 0
    meter: Meter | None = None
    tempos: dict[int, Tempo] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    chords: dict[int, str] = field(default_factory=dict)
    texts: list[tuple[int, str, str]] = field(default_factory=list)
    signs: Signs = field(default_factory=Signs)


@dataclass(eq=False)
class Score:
    """A score while it is being read, part by part."""

    ticks_per_quarter: int
    measures: list[Measure]
    parts: list[list[PartMeasure]] = field(default_factory=list)
    instruments: dict[tuple[int, int, bool], Instrument] = field(default_factory=dict)
    keys_from: int = -1

    def bar_ticks(self, meter: Meter | None) -> int:
        """Return the length of a full bar; 0 in free meter."""
        if meter is None:
            return 0
        return 4 * self.ticks_per_quarter * meter.numerator // meter.denominator
