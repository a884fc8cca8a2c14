"""Who has the processor first: the player before everything, models after everything."""

import contextlib
import os
import sys

REALTIME_PRIORITY = 5
"""Above all ordinary threads, below those that make sound and serve devices."""

LOWEST = 19


def hurry() -> bool:
    """Let the calling thread run as soon as it wants to, where the system permits it.

    Threads and processes that it starts do not inherit this.

    Returns
    -------
    bool
        Whether it is permitted. On Linux users need the right to real-time priority, which
        membership of the group ``audio`` gives where sound software is set up; elsewhere ordinary
        priority has to do.
    """
    if sys.platform != "linux":
        return False
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(REALTIME_PRIORITY))
    except OSError:
        return False
    return True


def stand_back() -> None:
    """Let the calling process run when no other wants to."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(LOWEST)
