"""Names of MIDI ports: what a user means by one, and which one has come back."""

import re
from collections.abc import Collection, Sequence

from solferino.errors import PortError

_NUMBERS = {"alsa": re.compile(r"\s+\d+:\d+$"), "winmm": re.compile(r"\s+\d+$")}


def find_port(name: str, names: Sequence[str], kind: str) -> str:
    """Find the port that a user means.

    Parameters
    ----------
    name : str
        The whole name, or a part of one name only; capitals and small letters are the same.
    names : sequence of str
        Those that are there.
    kind : str
        ``"input"`` or ``"output"``, for the message.

    Returns
    -------
    str
        One of `names`.

    Raises
    ------
    PortError
        If none is meant, or more than one.
    """
    if name in names:
        return name
    wanted = name.casefold()
    stems = {n: {without_numbers(n, api).casefold() for api in _NUMBERS} for n in names}
    meant = [n for n in names if wanted in stems[n]]
    meant = meant or [n for n in dict.fromkeys(names) if wanted in n.casefold()]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise PortError(
            f"{name!r} may be any of the MIDI {kind}s {_listed(meant)}: write more of the name"
        )
    there = f"there are {_listed(names)}" if names else "there is none"
    raise PortError(
        f"no MIDI {kind} is named {name!r}, {there}: plug it in or start it, and see "
        "`solferino doctor`"
    )


def returned_port(name: str, names: Sequence[str], others: Collection[str], api: str) -> str | None:
    """Find a port that had gone, among those that are there now.

    ALSA and Windows end a name with numbers that may be others when the device returns.

    Parameters
    ----------
    name : str
        What it was called.
    names : sequence of str
        Those that are there now.
    others : collection of str
        Those that are other ports, because they were there before it went or are known.
    api : str
        The MIDI system, in the words of python-rtmidi.

    Returns
    -------
    str or None
        One of `names`; None if it has not come back.
    """
    if name in names:
        return name
    stem = without_numbers(name, api)
    fresh = [n for n in names if n not in others and without_numbers(n, api) == stem]
    return fresh[0] if len(fresh) == 1 else None


def without_numbers(name: str, api: str) -> str:
    """Return the name of a port without the numbers that its MIDI system has added."""
    return _NUMBERS[api].sub("", name) if api in _NUMBERS else name


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)
