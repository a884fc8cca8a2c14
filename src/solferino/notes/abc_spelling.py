"""How ABC notation spells pitches, lengths and keys: numbers to signs."""

from fractions import Fraction
from typing import final

from solferino.notes.abc_fields import LETTERS
from solferino.notes.harmony import LETTER_PITCH_CLASSES

_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_FLATS_OF_C = -1  # where F stands on the line of fifths, with C at 0
_LINE = range(-3, 9)  # the twelve fifths around a key: Eb to G# in C major


def name_on_line_of_fifths(position: int) -> tuple[str, int]:
    """Name a tone by its distance from C in fifths.

    Parameters
    ----------
    position : int
        0 is C, 1 is G, -1 is F.

    Returns
    -------
    letter : str
    alteration : int
        Semitones; negative for flats.
    """
    fifths_from_f = position - _FLATS_OF_C
    return LETTERS[fifths_from_f % 7], fifths_from_f // 7


def key_field(sharps: int, *, is_minor: bool) -> str:
    """Write a key as a ``K:`` field has it: ``G``, ``F#m``.

    Parameters
    ----------
    sharps : int in [-7, 7]
        Sharps of the signature; negative for flats.
    is_minor : bool
        Whether it is the minor key with that signature.
    """
    letter, alteration = name_on_line_of_fifths(sharps + 3 * is_minor)
    return letter + {-1: "b", 0: "", 1: "#"}[alteration] + "m" * is_minor


def length_sign(units: Fraction) -> str:
    """Write a length, in units of ``L:``, as it stands behind a note."""
    if units.denominator == 1:
        return "" if units == 1 else str(units.numerator)
    numerator = "" if units.numerator == 1 else str(units.numerator)
    return f"{numerator}/" if units.denominator == 2 else f"{numerator}/{units.denominator}"


@final
class Speller:
    """Spells the pitches of a voice, bar by bar, with the accidentals that each needs.

    Some programs let an accidental hold in all octaves and all layers of a bar, others in its
    own octave only; an accidental is written wherever one of them would need it.

    Parameters
    ----------
    sharps : int in [-7, 7]
        Key signature at the beginning.
    """

    def __init__(self, sharps: int) -> None:
        self._by_letter: dict[str, int] = {}
        self._by_octave: dict[tuple[str, int, int], int] = {}
        self._uncertain: set[str] = set()
        self.set_key(sharps)

    def set_key(self, sharps: int) -> None:
        """Change the key signature."""
        line = (name_on_line_of_fifths(sharps + fifths) for fifths in _LINE)
        self._names = {(LETTER_PITCH_CLASSES[name] + alt) % 12: (name, alt) for name, alt in line}
        diatonic = (name_on_line_of_fifths(sharps + fifths) for fifths in range(-1, 6))
        self._signature = dict(diatonic)

    def begin_bar(self, *, is_tied: bool, has_key_change: bool) -> None:
        """Forget the accidentals of the bar before.

        Parameters
        ----------
        is_tied : bool
            Whether a note is held over the bar line, and perhaps its accidental.
        has_key_change : bool
            Whether the signature changes within the bar, so that nothing is certain.
        """
        self._uncertain = set(self._by_letter) if is_tied else set()
        if has_key_change:
            self._uncertain = set(LETTERS)
        self._stays_uncertain = has_key_change
        self._by_letter, self._by_octave = {}, {}

    def spell(self, pitch: int, layer: int) -> str:
        """Spell a pitch: accidental, letter and octave.

        Parameters
        ----------
        pitch : int in [0, 127]
            MIDI number.
        layer : int
            Which of the layers of the voice it is in.
        """
        letter, alteration = self._names[pitch % 12]
        octave = (pitch - LETTER_PITCH_CLASSES[letter] - alteration) // 12
        place = letter, octave, layer
        usual = self._signature[letter]
        is_certain = letter not in self._uncertain and alteration == self._by_letter.get(
            letter, usual
        ) == self._by_octave.get(place, usual)
        accidental = "" if is_certain else _SIGNS[alteration]
        if accidental:
            self._by_letter[letter] = self._by_octave[place] = alteration
            if not self._stays_uncertain:
                self._uncertain.discard(letter)
        if octave > 5:
            return accidental + letter.lower() + "'" * (octave - 6)
        return accidental + letter + "," * (5 - octave)
