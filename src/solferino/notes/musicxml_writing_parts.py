"""The parts of a score to be written in MusicXML: staves, clefs, sounds, and where drums stand."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.general_midi import PROGRAM_NAMES, drum_name
from solferino.notes.musicxml_parts import DRUM_CHANNEL
from solferino.notes.sequence import Instrument

MIDDLE_C = 60
_KEYBOARDS = (*range(24), 46)
"""Programs written on two staves where they need them: pianos to accordions, and the harp."""
_LOWEST_ON_TREBLE, _HIGHEST_ON_BASS = 55, 65
_BASS_BELOW = 57
_VIOLA = 41
_CHANNELS = (*range(1, 10), *range(11, 17))


class Clef(NamedTuple):
    """A clef: its sign and the line that it stands on, counted from below."""

    sign: str
    line: int


TREBLE, ALTO, BASS, PERCUSSION = Clef("G", 2), Clef("C", 3), Clef("F", 4), Clef("percussion", 2)


class Part(NamedTuple):
    """How one instrument is written.

    Parameters
    ----------
    instrument_index : int
        Which of the instruments of the piece.
    number : int
        Its place in the score, from 1.
    instrument : Instrument
    clefs : tuple of Clef
        Of its staves, from above.
    drums : tuple of int
        The drums that it uses, as MIDI pitches; empty for what has a pitch.
    """

    instrument_index: int
    number: int
    instrument: Instrument
    clefs: tuple[Clef, ...]
    drums: tuple[int, ...] = ()

    def staff_of(self, pitch: int) -> int:
        """Staff of a pitch, from 0: of two, the upper has what lies on or above middle C."""
        return int(len(self.clefs) > 1 and pitch < MIDDLE_C)

    def hides(self, pitch: int, others: Iterable[int]) -> bool:
        """Tell whether a note would stand on the place of another in the same chord."""
        if self.drums:
            return drum_sign(pitch)[:2] in {drum_sign(other)[:2] for other in others}
        return pitch in others


class DrumSign(NamedTuple):
    """Where a drum stands in a staff with five lines, and its note head if not the usual one."""

    step: str
    octave: int
    head: str = ""


_DRUM_SIGNS: Mapping[int, DrumSign] = MappingProxyType({
    35: DrumSign("E", 4), 36: DrumSign("F", 4), 37: DrumSign("C", 5, "x"), 38: DrumSign("C", 5),
    39: DrumSign("C", 5, "slash"), 40: DrumSign("C", 5), 41: DrumSign("G", 4),
    43: DrumSign("A", 4), 45: DrumSign("B", 4), 47: DrumSign("D", 5), 48: DrumSign("E", 5),
    50: DrumSign("F", 5), 44: DrumSign("D", 4, "x"), 42: DrumSign("G", 5, "x"),
    22: DrumSign("G", 5, "x"), 46: DrumSign("G", 5, "circle-x"), 26: DrumSign("G", 5, "circle-x"),
    51: DrumSign("F", 5, "x"), 59: DrumSign("F", 5, "x"), 53: DrumSign("F", 5, "diamond"),
    49: DrumSign("A", 5, "x"), 57: DrumSign("A", 5, "x"), 55: DrumSign("B", 5, "x"),
    52: DrumSign("B", 5, "circle-x"), 54: DrumSign("B", 5, "triangle"),
    56: DrumSign("E", 5, "triangle"),
})  # fmt: skip
_OTHER_DRUM = DrumSign("D", 5, "diamond")


def drum_sign(pitch: int) -> DrumSign:
    """Find where a drum is written; those without a usual place stand on the fourth line."""
    return _DRUM_SIGNS.get(pitch, _OTHER_DRUM)


def part_of(
    instrument_index: int, number: int, instrument: Instrument, pitches: NDArray[np.uint8]
) -> Part:
    """Choose staves and clefs for an instrument.

    A keyboard that goes both below the G under middle C and above the F over it has two
    staves. Otherwise it is the bass clef where more than half of the notes lie below the A
    under middle C, the alto clef for violas, and the treble clef.

    Parameters
    ----------
    instrument_index, number : int
        See `Part`.
    instrument : Instrument
    pitches : ndarray, shape (n_notes,)
        Its MIDI pitches.
    """
    if instrument.is_drum:
        drums = tuple(np.unique(pitches).tolist())
        return Part(instrument_index, number, instrument, (PERCUSSION,), drums)
    is_wide = pitches.min() < _LOWEST_ON_TREBLE and pitches.max() > _HIGHEST_ON_BASS
    clefs: tuple[Clef, ...] = (TREBLE,)
    if is_wide and instrument.program in _KEYBOARDS:
        clefs = TREBLE, BASS
    elif instrument.program == _VIOLA:
        clefs = (ALTO,)
    elif np.median(pitches) < _BASS_BELOW:
        clefs = (BASS,)
    return Part(instrument_index, number, instrument, clefs)


def part_list(parts: list[Part]) -> Iterator[str]:
    """Write the parts with their names and sounds.

    Parameters
    ----------
    parts : list of Part

    Yields
    ------
    str
        Lines of XML.
    """
    n_pitched = 0
    yield "<part-list>"
    for part in parts:
        channel = DRUM_CHANNEL
        if not part.instrument.is_drum:
            channel = _CHANNELS[n_pitched % len(_CHANNELS)]
            n_pitched += 1
        yield f'<score-part id="P{part.number}">'
        yield f"<part-name>{plain(part.instrument.name)}</part-name>"
        yield from _sounds(part, channel)
        yield "</score-part>"
    yield "</part-list>"


def _sounds(part: Part, channel: int) -> Iterator[str]:
    """Write the one sound of a part, or those of its drums."""
    program = part.instrument.program
    sounds: tuple[int | None, ...] = part.drums or (None,)
    for drum in sounds:
        name = PROGRAM_NAMES[program] if drum is None else drum_name(drum)
        yield f'<score-instrument id="{instrument_id(part, drum)}">'
        yield f"<instrument-name>{plain(name)}</instrument-name></score-instrument>"
    for drum in sounds:
        yield f'<midi-instrument id="{instrument_id(part, drum)}">'
        yield f"<midi-channel>{channel}</midi-channel><midi-program>{program + 1}</midi-program>"
        if drum is not None:
            yield f"<midi-unpitched>{drum + 1}</midi-unpitched>"
        yield "</midi-instrument>"


def instrument_id(part: Part, drum: int | None) -> str:
    """Name the sound of a part, or of one of its drums, within the score."""
    return f"P{part.number}-I{1 if drum is None else drum + 1}"


def plain(words: str) -> str:
    """Write words so that XML holds them: on one line, without control characters."""
    line = "".join(letter if letter.isprintable() else " " for letter in " ".join(words.split()))
    return escape(line, quote=True)
