"""What this computer can play, and what to install where it cannot."""

import os
import platform
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Literal, final

from mido import Message

import solferino
from solferino.errors import BundleError, PortError, SolferinoError
from solferino.live.clock import Clock, MonotonicClock
from solferino.live.port_names import without_numbers
from solferino.live.ports import MidiSystem, midi_system

if TYPE_CHECKING:
    from solferino.bundles.bundle import Bundle

State = Literal["ok", "absent", "broken"]

LOOPBACK_NOTES = 20
LOOPBACK_LIMIT_S = 1.0
SPEED_S = 1.0
OPTIONAL_PACKAGES = {
    "torch": "train",
    "python-rtmidi": "live",
    "python-osc": "live",
    "textual": "live",
    "aalink": "link",
}
LOOP_MIDI = "install loopMIDI and make a port in it"
IAC = "for ports that stay, switch on the IAC driver in Audio MIDI Setup"

Send = Callable[[Message], None]

_TEST_VELOCITY = 64
_FAVOURITE = "attention_rnn"


@final
@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What.
    state : {"ok", "absent", "broken"}
        ``absent``: something cannot be done without it; ``broken``: no music can be made.
    told : str
        What was found.
    remedy : str
        What to do, where it is not ok and what was found does not say it.
    """

    name: str
    state: State
    told: str
    remedy: str = ""


def diagnose(
    system: Callable[[], MidiSystem] = midi_system, speed_s: float = SPEED_S
) -> Iterator[Finding]:
    """Look at everything that music needs.

    Parameters
    ----------
    system : function without arguments
        Gives the MIDI system, or raises PortError or MissingExtraError.
    speed_s : float
        How many seconds to generate for, to tell how fast it is.

    Yields
    ------
    Finding
    """
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield Finding("solferino", "ok", solferino.__version__)
    yield Finding("computer", "ok", _computer())
    yield _package("onnxruntime", "broken", "pip install --upgrade --force-reinstall solferino")
    yield from _bundles(speed_s)
    yield _sound()
    yield from _midi(system)
    for name, extra in OPTIONAL_PACKAGES.items():
        yield _package(name, "absent", f"pip install 'solferino[{extra}]'")
    yield _fluidsynth()


def loopback_ms(system: MidiSystem, clock: Clock) -> list[float]:
    """Send test notes out of a port and wait until each comes back in.

    Parameters
    ----------
    system : MidiSystem
        Where it has virtual ports, one is made; elsewhere a loopMIDI port is used.
    clock : Clock

    Returns
    -------
    list of float
        Milliseconds that each of `LOOPBACK_NOTES` notes took.

    Raises
    ------
    PortError
        If there is no loop, or a note does not come back.
    """
    loop = _Loop(clock)
    before = set(system.input_names())
    name = None if system.has_virtual_ports else _loop_name(system)
    out_port = system.open_output(name)
    try:
        fresh = [n for n in system.input_names() if n not in before]
        name = fresh[0] if fresh else name or out_port.name
        in_port = system.open_input(name, loop.receive, clock)
        try:
            loop.wait_until_closed(out_port.send)
            return [loop.round_trip_ms(out_port.send, 1 + k) for k in range(LOOPBACK_NOTES)]
        finally:
            in_port.close()
    finally:
        out_port.close()


@final
class _Loop:
    """What comes back of the test notes; each has a pitch of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._came = threading.Condition()
        self._times_s: dict[int, float] = {}

    def receive(self, message: Message, time_s: float) -> None:
        if message.type == "note_on":
            with self._came:
                self._times_s.setdefault(message.note, time_s)
                self._came.notify()

    def wait_until_closed(self, send: Send) -> None:
        """Send until something comes: what is sent before the ports are joined is lost."""
        if not any(self._comes_back(send, 0, LOOPBACK_LIMIT_S / 20) for _ in range(20)):
            raise _lost_note()

    def round_trip_ms(self, send: Send, pitch: int) -> float:
        start_s = self._clock.now_s()
        if not self._comes_back(send, pitch, LOOPBACK_LIMIT_S):
            raise _lost_note()
        return 1000 * (self._times_s[pitch] - start_s)

    def _comes_back(self, send: Send, pitch: int, limit_s: float) -> bool:
        send(Message("note_on", note=pitch, velocity=_TEST_VELOCITY))
        with self._came:
            is_back = self._came.wait_for(lambda: pitch in self._times_s, limit_s)
        send(Message("note_off", note=pitch))
        return is_back


def _lost_note() -> PortError:
    limit = f"{LOOPBACK_LIMIT_S:g} s"
    return PortError(f"a test note did not come back within {limit}: start the MIDI system anew")


def _loop_name(system: MidiSystem) -> str:
    """Find a port that gives back what is sent to it."""
    inputs = {without_numbers(name, system.api) for name in system.input_names()}
    for name in system.output_names():
        stem = without_numbers(name, system.api)
        if "loop" in stem.casefold() and stem in inputs:
            return stem
    raise PortError(f"there is no port that leads back: {LOOP_MIDI}")


def _midi(system: Callable[[], MidiSystem]) -> Iterator[Finding]:
    try:
        found = system()
        inputs, outputs = found.input_names(), found.output_names()
    except SolferinoError as error:
        yield Finding("MIDI", "absent", str(error))
        return
    yield Finding("MIDI", "ok", found.api)
    yield _ports("MIDI inputs", inputs, found)
    yield _ports("MIDI outputs", outputs, found)
    try:
        took_ms = loopback_ms(found, MonotonicClock())
    except SolferinoError as error:
        yield Finding("test note", "absent", str(error))
        return
    told = f"out and in again in {median(took_ms):.1f} ms, at most {max(took_ms):.1f} ms"
    yield Finding("test note", "ok", told)


def _ports(name: str, names: list[str], system: MidiSystem) -> Finding:
    if names:
        return Finding(name, "ok", "; ".join(names))
    if not system.has_virtual_ports:
        return Finding(name, "absent", "none", LOOP_MIDI)
    remedy = IAC if system.api == "core" else ""
    return Finding(name, "ok", "none but those that solferino makes for others", remedy)


def _bundles(speed_s: float) -> Iterator[Finding]:
    """Open every bundle, and play the favourite one."""
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415
    from solferino.bundles.catalogue import bundle_names  # noqa: PLC0415

    readable = {}
    damaged = []
    for name in bundle_names():
        try:
            readable[name] = open_bundle(name)
        except BundleError as error:
            damaged.append(Finding(f"bundle {name}", "absent", str(error)))
    if not readable:
        remedy = "pip install --force-reinstall solferino"
        yield Finding("bundles", "broken", "none can be read", remedy)
    else:
        yield Finding("bundles", "ok", f"{len(readable)} can be read: {', '.join(readable)}")
    yield from damaged
    melodic = (name for name, bundle in readable.items() if bundle.card.makes == "melodies")
    chosen = _FAVOURITE if _FAVOURITE in readable else next(melodic, None)
    if chosen is not None:
        yield _speed(readable[chosen], speed_s)


def _speed(bundle: "Bundle", speed_s: float) -> Finding:
    try:
        speed = _events_per_s(bundle, speed_s)
    except SolferinoError as error:
        return Finding("speed", "broken", str(error))
    return Finding("speed", "ok", f"{bundle.card.name} makes {speed:,.0f} events a second")


def _events_per_s(bundle: "Bundle", speed_s: float) -> float:
    from solferino.generation.generator import Section  # noqa: PLC0415
    from solferino.generation.opening import open_generator  # noqa: PLC0415
    from solferino.notes.sequence import NoteSequence  # noqa: PLC0415

    generator = open_generator(bundle)
    primer = NoteSequence.from_columns([60], [0.0], [0.5])
    start, num_events = perf_counter(), 0
    while not num_events or perf_counter() - start < speed_s:
        (output,) = generator.generate_batch(primer, Section(0.5, 8.5), seed=num_events)
        num_events += output.num_events
    return num_events / (perf_counter() - start)


def _sound() -> Finding:
    """Play one note with the built-in synthesiser."""
    from solferino.audio.synthesis import soundfont_path, synthesize  # noqa: PLC0415
    from solferino.notes.sequence import NoteSequence  # noqa: PLC0415

    try:
        sound = synthesize(NoteSequence.from_columns([60], [0.0], [0.5]), peak=None)
        name = soundfont_path().name
    except SolferinoError as error:
        return Finding("sound", "absent", str(error))
    if sound.peak > 0:
        return Finding("sound", "ok", f"{name} plays")
    return Finding("sound", "absent", f"{name} is silent", "name another in SOLFERINO_SOUNDFONT")


def _package(name: str, state: State, remedy: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, state, "not installed", remedy)


def _fluidsynth() -> Finding:
    path = shutil.which("fluidsynth")
    if path:
        return Finding("fluidsynth", "ok", path)
    remedy = "install it, or any synthesiser with a MIDI input, to hear live music"
    return Finding("fluidsynth", "absent", "not installed", remedy)


def _computer() -> str:
    told = f"{os.cpu_count()} cores"
    try:
        num_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return told  # Windows does not tell in this way
    return f"{told}, {num_bytes / 2**30:.1f} GiB memory"
