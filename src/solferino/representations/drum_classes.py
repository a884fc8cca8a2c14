"""Which drums count as the same."""

from solferino.errors import RecipeError
from solferino.representations.options import check_whole_number

PitchClasses = tuple[tuple[int, ...], ...]

NINE_DRUMS: PitchClasses = (
    (36, 35),
    (38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85),
    (42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22),
    (46, 67, 72, 74, 79, 81, 26),
    (45, 29, 41, 43, 61, 64, 84),
    (48, 47, 60, 63, 77, 86, 87),
    (50, 30, 62, 76, 83),
    (49, 52, 55, 57, 58),
    (51, 53, 59, 82),
)
"""Kick, snare, closed and open hi-hat, low, mid and high tom, crash and ride: the MIDI pitches
of each, first the one that it sounds as."""

_MAX_CLASSES = 12


def check_pitch_classes(classes: PitchClasses) -> None:
    """Refuse classes without pitches, and pitches in two classes.

    Parameters
    ----------
    classes : tuple of tuple of int

    Raises
    ------
    RecipeError
        Naming the first thing that is wrong.
    """
    if not 1 <= len(classes) <= _MAX_CLASSES:
        raise RecipeError(f"pitch_classes has {len(classes)} classes: write 1 to {_MAX_CLASSES}")
    seen: set[int] = set()
    for pitches in classes:
        if not pitches:
            raise RecipeError("pitch_classes has a class without pitches: write one, or leave it")
        for pitch in pitches:
            check_whole_number("pitch_classes", pitch, 0, 127)
            if pitch in seen:
                raise RecipeError(f"pitch_classes has the pitch {pitch} twice: leave one")
            seen.add(pitch)
