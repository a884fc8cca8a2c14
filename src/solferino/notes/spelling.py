"""Names of pitches in a key: letters, alterations, octaves, and which need an accidental."""

from typing import NamedTuple, final

from solferino.notes.harmony import LETTER_PITCH_CLASSES

LETTERS_BY_FIFTHS = "FCGDAEB"
"""The letters in the order in which sharps come; flats come in the opposite order."""

_FLATS_OF_C = -1  # where F stands on the line of fifths, with C at 0
_LINE = range(-3, 9)  # the twelve fifths around a key: Eb to G# in C major


class SpelledPitch(NamedTuple):
    """A pitch by its name.

    Parameters
    ----------
    letter : str
        ``"A"`` to ``"G"``.
    alteration : int in [-2, 2]
        Semitones; negative for flats.
    octave : int
        4 begins with middle C; the B# below it is still in octave 3.
    has_accidental : bool
        Whether it needs one where it stands.
    """

    letter: str
    alteration: int
    octave: int
    has_accidental: bool


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
    return LETTERS_BY_FIFTHS[fifths_from_f % 7], fifths_from_f // 7


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
            self._uncertain = set(LETTERS_BY_FIFTHS)
        self._stays_uncertain = has_key_change
        self._by_letter, self._by_octave = {}, {}

    def name(self, pitch: int) -> SpelledPitch:
        """Name a pitch that needs no accidental, because it is held from a note before."""
        letter, alteration = self._names[pitch % 12]
        octave = (pitch - LETTER_PITCH_CLASSES[letter] - alteration) // 12 - 1
        return SpelledPitch(letter, alteration, octave, has_accidental=False)

    def spell(self, pitch: int, layer: int) -> SpelledPitch:
        """Name a pitch, and say whether it needs an accidental after those before it.

        Parameters
        ----------
        pitch : int in [0, 127]
            MIDI number.
        layer : int
            Which of the layers of the voice it is in.
        """
        name = self.name(pitch)
        letter, alteration = name.letter, name.alteration
        place = letter, name.octave, layer
        usual = self._signature[letter]
        is_certain = letter not in self._uncertain and alteration == self._by_letter.get(
            letter, usual
        ) == self._by_octave.get(place, usual)
        if not is_certain:
            self._by_letter[letter] = self._by_octave[place] = alteration
            if not self._stays_uncertain:
                self._uncertain.discard(letter)
        return name._replace(has_accidental=not is_certain)
