"""Finding performances in a piece, note by note, and dividing them where they get too long."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from solferino.notes.sequence import NoteSequence
from solferino.representations.note_tuple_events import (
    EVENTS_PER_NOTE,
    LONGEST_STEPS,
    num_events_of,
)
from solferino.representations.options import check_whole_number
from solferino.representations.performance_events import PlayedNotes, Vocabulary
from solferino.representations.performance_extraction import (
    PerformanceRules,
    check_one_program,
    played_notes,
)
from solferino.representations.representation import Drop

_DEFAULTS = {"min_events": 1 + 32 * EVENTS_PER_NOTE, "max_events": 1 + 512 * EVENTS_PER_NOTE}


def tuple_rules(rules: Mapping[str, Any]) -> PerformanceRules:
    """Read the rules of a recipe; unless it says otherwise, examples have 32 to 512 notes.

    Raises
    ------
    RecipeError
        If a rule is unknown or its value makes no sense.
    """
    found = PerformanceRules.from_mapping({**_DEFAULTS, **rules})
    check_whole_number("max_events", found.max_events, 1 + EVENTS_PER_NOTE, 2**31 - 1)
    return found


def find_parts(
    notes: NoteSequence, touch: Vocabulary, steps_per_second: int, rules: PerformanceRules
) -> tuple[list[PlayedNotes], list[Drop]]:
    """Find the performance in a piece, in parts of at most `max_events`.

    A part ends before the moment that would make it too long, and the next part begins there;
    a moment is divided only if it is too long by itself. A note belongs to the part in which
    it begins, as long as it is.

    Parameters
    ----------
    notes : NoteSequence
    touch : Vocabulary
        Says which velocities count as one.
    steps_per_second : int > 0
    rules : PerformanceRules

    Returns
    -------
    parts : list of PlayedNotes
        In order of time.
    drops : list of Drop
        All that was left out, by the rules ``no_notes``, ``more_than_one_program``,
        ``too_short``, and ``notes_shortened``: notes lose what they last beyond 1000 steps.
    """
    drops = check_one_program(notes, rules)
    if drops:
        return [], drops
    played = played_notes(notes, touch, steps_per_second)
    if not len(played.pitches):
        return [], [Drop("no_notes", "no pitched notes", "")]
    parts: list[PlayedNotes] = []
    for part, num_events in _parts(played, rules.max_events):
        if num_events < rules.min_events:
            drops.append(Drop("too_short", f"{num_events} events", f"min_events={num_events}"))
        else:
            parts.append(part)
    num_long = int((played.ends_steps - played.onsets_steps > LONGEST_STEPS).sum())
    if num_long:
        found = f"{num_long} notes of more than {LONGEST_STEPS} steps, which end there"
        drops.append(Drop("notes_shortened", found, ""))
    return parts, drops


def _parts(notes: PlayedNotes, max_events: int) -> Iterator[tuple[PlayedNotes, int]]:
    """Divide a performance into parts of at most so many events, and count these."""
    start = 0
    while start < len(notes.pitches):
        window = PlayedNotes(
            *(column[start : start + max_events // EVENTS_PER_NOTE + 1] for column in notes)
        )
        gaps = np.diff(window.onsets_steps, prepend=window.onsets_steps[0])
        sizes = 1 + np.cumsum(num_events_of(gaps))
        n = int(np.searchsorted(sizes, max_events, side="right"))
        if n < len(gaps):
            (moments,) = np.nonzero(gaps[: n + 1])
            n = int(moments[-1]) if len(moments) else n
        yield PlayedNotes(*(column[:n] for column in window)), int(sizes[n - 1])
        start += n
