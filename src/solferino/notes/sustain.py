"""The sustain pedal: notes last as long as the pedal holds them."""

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table, copied
from solferino.notes.sequence import NoteSequence

SUSTAIN_PEDAL = 64
"""Controller number of the sustain pedal."""

PEDAL_DOWN = 64
"""The pedal is down from this value on."""

Floats = NDArray[np.float64]


def apply_sustain_pedal(notes: NoteSequence) -> NoteSequence:
    """Let each note last as long as the sustain pedal holds it.

    Parameters
    ----------
    notes : NoteSequence
        With the pedal as controller 64, down from the value 64 on.

    Returns
    -------
    NoteSequence
        A note released while its instrument's pedal is down lasts until the pedal is
        lifted or its instrument strikes the same pitch again, whichever comes first, and
        to the end of the piece if neither comes. No note becomes shorter and none
        disappears. Drums and instruments without pedal stay as they are; controllers do
        too, and applying the pedal again changes nothing: a note released just as the
        pedal is lifted is not held, even where it is pressed again at once.
    """
    controls = notes.control_changes
    pedal = controls[controls["number"] == SUSTAIN_PEDAL]
    table = copied(notes.notes)
    next_strike_s = _next_strikes_s(notes.notes)
    for instrument in np.unique(pedal["instrument"]).tolist():
        if notes.instruments[instrument].is_drum:
            continue
        rows = np.flatnonzero(table["instrument"] == instrument)
        release_s = table["release_s"][rows]
        own = pedal[pedal["instrument"] == instrument]
        held_until_s = _lifts_s(own, release_s, notes.total_time_s)
        held_until_s = np.minimum(held_until_s, next_strike_s[rows])
        table["release_s"][rows] = np.maximum(release_s, held_until_s)
    table.flags.writeable = False
    return notes.with_notes(table)


def _lifts_s(pedal: Table, release_s: Floats, end_s: float) -> Floats:
    """When a pedal lets go of notes released at some times; at once where it is up."""
    is_down = pedal["value"] >= PEDAL_DOWN
    last = np.searchsorted(pedal["time_s"], release_s, side="right") - 1
    lifts_s = np.append(pedal["time_s"][~is_down], end_s)
    is_held = (last >= 0) & is_down[last] & ~np.isin(release_s, lifts_s[:-1])
    next_lift = np.searchsorted(lifts_s[:-1], release_s, side="right")
    return np.where(is_held, lifts_s[next_lift], release_s)


def _next_strikes_s(table: Table) -> Floats:
    """When each note's instrument next strikes its pitch after its onset, or infinity."""
    voice = table["instrument"].astype(np.int64) * 128 + table["pitch"]
    order = np.lexsort((table["onset_s"], voice))
    voice, onset_s = voice[order], table["onset_s"][order]
    is_strike = np.ones(len(table), np.bool_)
    is_strike[1:] = (np.diff(voice) != 0) | (np.diff(onset_s) > 0)
    strikes = np.flatnonzero(is_strike)
    following_s = np.full(len(strikes), np.inf)
    is_followed = voice[strikes[1:]] == voice[strikes[:-1]]
    following_s[:-1][is_followed] = onset_s[strikes[1:]][is_followed]
    next_s = np.empty(len(table))
    next_s[order] = following_s[np.cumsum(is_strike) - 1]
    return next_s
