"""The status of a live session: what there is to be seen of it."""

from typing import NamedTuple, final

from solferino.live.lateness import LatenessReport
from solferino.live.states import State


@final
class Status(NamedTuple):
    """A session at one moment.

    Parameters
    ----------
    bar, beat : int
        Counted from 1; 0 while the music stands at its start and waits.
    is_running : bool
    qpm : float
    states : tuple of (str, State)
        Of each partner: the bundle that answers, and what it does.
    notes_in : int
        How many notes were played in.
    answers, misses : int
        How many answers began, and how many of them were not ready in time.
    lateness : LatenessReport
    trouble : str
        The last error, in words; empty if none.
    """

    bar: int
    beat: int
    is_running: bool
    qpm: float
    states: tuple[tuple[str, State], ...]
    notes_in: int
    answers: int
    misses: int
    lateness: LatenessReport
    trouble: str
