"""Lines of lyrics in ABC notation: ``w:`` fields to syllables under notes.

The rules are those of the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r"(?P<syllable>(?:\\-|[^\s\-_*|])+)(?P<hyphen>-?)|(?P<sign>[-_*|])")


def aligned_syllables(
    words: str, n_notes: int, measure_starts: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """Put the syllables of a line under the notes of a line of music.

    Parameters
    ----------
    words : str
        What stands behind ``w:``. ``-`` parts syllables, ``_`` holds one for a note more,
        ``*`` leaves a note out, ``~`` is a space within a syllable, ``|`` goes on to the next
        measure.
    n_notes : int
        Number of notes; a chord counts as one, a rest as none.
    measure_starts : sequence of int
        Index of the first note of each measure.

    Yields
    ------
    tuple of int and str
        Index of a note and its syllable, with a hyphen where the word goes on. Syllables
        behind the last note are left out.
    """
    k = 0
    for token in _TOKEN.finditer(words):
        if k >= n_notes:
            return
        if token["syllable"]:
            text = token["syllable"].replace("~", " ").replace("\\-", "-")
            yield k, text + token["hyphen"]
            k += 1
        elif token["sign"] == "|":
            k = _next_measure(k, n_notes, measure_starts)
        else:
            k += 1


def _next_measure(k: int, n_notes: int, starts: Sequence[int]) -> int:
    """Return the first note of the next measure; where one has just begun, it is that."""
    if k in starts and k:
        return k
    following = bisect_right(starts, k)
    return starts[following] if following < len(starts) else n_notes
