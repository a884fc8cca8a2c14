"""Which of the system's ways to MIDI is taken: CoreMIDI, Windows, ALSA or JACK."""

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from solferino.errors import MissingExtraError, PortError

API_VARIABLE = "SOLFERINO_MIDI_API"
JACK, WINDOWS = "jack", "winmm"

_SEQUENCER = Path("/dev/snd/seq")
_SOCKETS = Path("/proc/net/unix")
_LISTENS = "00010000"
_NO_SYSTEM = (
    "there is no MIDI on this computer: load the ALSA sequencer (sudo modprobe snd-seq) "
    "or start a JACK server (jackd)"
)


@cache
def load_rtmidi() -> Any:
    """Import python-rtmidi, and make the JACK library in it tell nothing on standard error.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import rtmidi  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            f"MIDI ports need python-rtmidi, which cannot be imported ({error}): "
            "pip install 'solferino[live]'"
        ) from error
    _silence_jack(rtmidi)
    return rtmidi


def choose_api(
    compiled: Sequence[str],
    *,
    forced: str = "",
    has_sequencer: bool = False,
    has_jack: Callable[[], bool] = lambda: False,
) -> str:
    """Choose the way to MIDI.

    Parameters
    ----------
    compiled : sequence of str
        Those that python-rtmidi has, in its own names: alsa, jack, core, winmm.
    forced : str
        The one that the user wants; empty if there is no wish.
    has_sequencer : bool
        Whether ALSA's sequencer is there.
    has_jack : function without arguments
        Whether a JACK server runs; only asked if it matters.

    Returns
    -------
    str
        One of `compiled`.

    Raises
    ------
    PortError
        If the one that is wanted is not compiled in, or none works here.
    """
    if forced:
        if forced.casefold() not in compiled:
            raise PortError(
                f"{API_VARIABLE} is {forced!r} and python-rtmidi has {', '.join(compiled)} here: "
                "set it to one of these, or leave it out"
            )
        return forced.casefold()
    for api in compiled:
        if api not in {"alsa", JACK, "dummy"}:
            return api
    if "alsa" in compiled and has_sequencer:
        return "alsa"
    if JACK in compiled and has_jack():
        return JACK
    raise PortError(_NO_SYSTEM)


def find_api(has_jack: Callable[[], bool]) -> str:
    """Choose the way to MIDI on this computer; ``SOLFERINO_MIDI_API`` may name one.

    Parameters
    ----------
    has_jack : function without arguments
        Whether a JACK server runs.

    Raises
    ------
    MissingExtraError
        If python-rtmidi is not installed.
    PortError
        If there is none.
    """
    rtmidi = load_rtmidi()
    return choose_api(
        [rtmidi.get_api_name(number) for number in rtmidi.get_compiled_api()],
        forced=os.environ.get(API_VARIABLE, ""),
        has_sequencer=_SEQUENCER.exists(),
        has_jack=has_jack,
    )


def jack_session() -> frozenset[str]:
    """Tell the JACK server that runs here apart from those that ran before.

    A client of a server that was killed still lists the ports that were there, and what is sent
    to it makes Python stand still for ever once some thousand messages have come together;
    nothing but the server's socket shows that it is gone.

    Returns
    -------
    frozenset of str
        Number and path of the socket; empty if there is none, or the system does not tell.
    """
    server = os.environ.get("JACK_DEFAULT_SERVER") or "default"
    try:
        lines = _SOCKETS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    rows = (line.split() for line in lines if f"/jack_{server}_" in line)
    return frozenset(" ".join(row[6:]) for row in rows if row[3] == _LISTENS)


def abandon(client: Any) -> None:
    """Let a client of a JACK server that is gone be, for ever.

    To close it while a new server runs may crash Python, and so may its end with the last
    reference; so one reference stays.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


def _silence_jack(rtmidi: Any) -> None:
    """Hand JACK a function of the C library to tell its messages to: it only reads them.

    One in Python would have JACK's own thread wait for the interpreter.
    """
    if sys.platform == "win32":
        return
    try:
        library = ctypes.CDLL(rtmidi._rtmidi.__file__)
        reader = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
        library.jack_set_error_function(reader)
        library.jack_set_info_function(reader)
    except (AttributeError, OSError):
        return  # compiled without JACK
