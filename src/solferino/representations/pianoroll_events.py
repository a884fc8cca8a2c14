"""The vocabulary of piano roll events, and the rolls that they write down.

Each step is written as the pitches that sound, from the lowest to the highest, and then the
end of the step; so a roll has one spelling.
"""

import numpy as np
from numpy.typing import NDArray

from solferino.representations.representation import Ids

STEP_END, START, FIRST_PITCH = 0, 1, 2


def write_sounding(sounding: NDArray[np.bool_]) -> Ids:
    """Write what sounds as events.

    Parameters
    ----------
    sounding : ndarray of bool, shape (n_steps, n_pitches)
        Whether each pitch of the range sounds at each step.

    Returns
    -------
    ndarray of int16, shape (n_events,)
        Without START.
    """
    n_steps, n_pitches = sounding.shape
    events = np.arange(FIRST_PITCH, FIRST_PITCH + n_pitches + 1, dtype=np.int16)
    events[-1] = STEP_END
    is_there = np.ones((n_steps, n_pitches + 1), np.bool_)
    is_there[:, :-1] = sounding
    return np.asarray(np.broadcast_to(events, is_there.shape)[is_there])


def read_sounding(ids: Ids, n_pitches: int) -> NDArray[np.bool_]:
    """Read what sounds from events.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
    n_pitches : int
        Size of the range.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_pitches)
        Of the steps that end.
    """
    steps = np.cumsum(ids == STEP_END)
    n_steps = int(steps[-1]) if len(steps) else 0
    is_pitch = (ids >= FIRST_PITCH) & (steps < n_steps)
    sounding = np.zeros((n_steps, n_pitches), np.bool_)
    sounding[steps[is_pitch], ids[is_pitch] - FIRST_PITCH] = True
    return sounding
