"""How ABC notation spells pitches, lengths and keys: numbers to signs."""

from fractions import Fraction

from solferino.notes.spelling import SpelledPitch, name_on_line_of_fifths

_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


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


def note_sign(pitch: SpelledPitch) -> str:
    """Write a pitch: accidental, letter and octave."""
    accidental = _SIGNS[pitch.alteration] if pitch.has_accidental else ""
    if pitch.octave > 4:
        return accidental + pitch.letter.lower() + "'" * (pitch.octave - 5)
    return accidental + pitch.letter + "," * (4 - pitch.octave)
