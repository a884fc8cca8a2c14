"""Control changes of a keyboard or controller, and what each of them does."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, final

from mido import Message

from solferino.errors import LiveError
from solferino.live.partner import MAX_TEMPERATURE, MIN_TEMPERATURE

PRESSED = 64
"""From this value on a switch is on and a button is pressed."""

SLOWEST_QPM = 60


class Controllable(Protocol):
    """What controls act on: a live session."""

    def change(self, **settings: object) -> None:
        """Set fields of `PartnerSettings`."""

    def end_call(self) -> None:
        """End the call on the next bar line."""

    def mutate(self) -> None:
        """Make a new answer out of the last one."""

    def panic(self) -> None:
        """Silence everything."""

    def select(self, number: int) -> None:
        """Let another bundle answer."""

    def set_tempo(self, qpm: float) -> None:
        """Go on at another tempo."""

    def set_metronome(self, *, is_on: bool) -> None:
        """Let the metronome click or not."""

    def save(self) -> None:
        """Write what was played so far."""

    def clock_tick(self, time_s: float) -> None:
        """Take a bar line of another clock."""


Action = Callable[[Controllable, int, float], None]
"""What a control does with its value, and the time at which it came."""


@final
@dataclass(frozen=True)
class Control:
    """One thing that can be controlled.

    Parameters
    ----------
    name : str
        As it is written in a file of controls.
    does : str
        For people.
    action : callable or None
        What it does with a value from 0 to 127; None if it is sent, not received.
    """

    name: str
    does: str
    action: Action | None


def temperature_of(value: int) -> float:
    """Temperature of a control's value: linear from 0.1 to 2."""
    return MIN_TEMPERATURE + value / 127 * (MAX_TEMPERATURE - MIN_TEMPERATURE)


def _button(press: Callable[[Controllable], None]) -> Action:
    def action(desk: Controllable, value: int, time_s: float) -> None:  # noqa: ARG001
        if value >= PRESSED:
            press(desk)

    return action


def _bars(field: str) -> Action:
    return lambda desk, value, _: desk.change(**{field: value})


def _switch(field: str) -> Action:
    return lambda desk, value, _: desk.change(**{field: value >= PRESSED})


def _on_bar(desk: Controllable, value: int, time_s: float) -> None:
    if value == 127:
        desk.clock_tick(time_s)


_ALL = (
    Control("clock", "a bar line of another clock, at value 127", _on_bar),
    Control("end_call", "ends the call on the next bar line", _button(lambda d: d.end_call())),
    Control("panic", "silences everything", _button(lambda d: d.panic())),
    Control("mutate", "makes a new answer out of the last one", _button(lambda d: d.mutate())),
    Control("min_listen_bars", "bars to listen at least", _bars("min_listen_bars")),
    Control("max_listen_bars", "bars to listen at most; 0 is no limit", _bars("max_listen_bars")),
    Control("response_bars", "length of the answer; 0 is that of the call", _bars("response_bars")),
    Control(
        "tempo",
        "60 quarter notes a minute and the value",
        lambda desk, value, _: desk.set_tempo(SLOWEST_QPM + value),
    ),
    Control(
        "temperature",
        "how daring: 0.1 to 2",
        lambda desk, value, _: desk.change(temperature=temperature_of(value)),
    ),
    Control("loop", "repeats the answer until you play", _switch("is_looping")),
    Control("select", "which bundle answers", lambda desk, value, _: desk.select(value)),
    Control(
        "metronome",
        "lets the metronome click",
        lambda desk, value, _: desk.set_metronome(is_on=value >= PRESSED),
    ),
    Control("save", "writes what was played so far", _button(lambda d: d.save())),
    Control("state", "is sent: 0 idle, 1 listening, 2 responding", None),
)
CONTROLS: Mapping[str, Control] = {control.name: control for control in _ALL}
"""Everything that can be controlled."""


@final
@dataclass(frozen=True)
class Assignment:
    """Which control change does what.

    Parameters
    ----------
    numbers : mapping of str to int
        A number from 0 to 127 for names of `CONTROLS`; no number twice.

    Raises
    ------
    LiveError
        If a name is unknown, or a number is out of range or given twice.
    """

    numbers: Mapping[str, int]

    def __post_init__(self) -> None:
        """Check names and numbers."""
        seen: dict[int, str] = {}
        for name, number in self.numbers.items():
            if name not in CONTROLS:
                raise LiveError(f"no control is called {name!r}: there are {', '.join(CONTROLS)}")
            if type(number) is not int or not 0 <= number <= 127:
                raise LiveError(f"{name} has control number {number!r}: give 0 to 127")
            if number in seen:
                raise LiveError(
                    f"{name} and {seen[number]} have the same control number {number}: give each "
                    "its own"
                )
            seen[number] = name

    def act(self, desk: Controllable, message: Message, time_s: float) -> bool:
        """Do what a message asks for.

        Returns
        -------
        bool
            Whether it is one of these controls, whatever its value.
        """
        if message.type != "control_change":
            return False
        for name, number in self.numbers.items():
            action = CONTROLS[name].action
            if number == message.control and action is not None:
                action(desk, message.value, time_s)
                return True
        return False

    def to_toml(self) -> str:
        """Return the text of a file of controls."""
        lines = (
            f"{name} = {number}  # {CONTROLS[name].does}\n" for name, number in self.numbers.items()
        )
        return "".join(lines)


def read_controls(path: Path) -> Assignment:
    """Read a file of controls, such as `Learning` makes.

    Raises
    ------
    LiveError
        If it is no such file, or cannot be read.
    """
    try:
        return Assignment(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LiveError(
            f"{path} is no file of controls ({error}): write lines such as `tempo = 20`, or let "
            "--learn-controls write it"
        ) from error
    except OSError as error:
        raise LiveError(
            f"{path} cannot be read ({error.strerror}): check the path, or let --learn-controls "
            "write it"
        ) from error
    except LiveError as error:
        raise LiveError(f"{path}: {error}") from error


@final
class Learning:
    """MIDI learn: one after the other, controls are given the knob that is moved.

    Parameters
    ----------
    names : iterable of str
        What to learn; by default all of `CONTROLS`.
    """

    def __init__(self, names: Iterable[str] = tuple(CONTROLS)) -> None:
        self._waiting = list(names)
        self._numbers: dict[str, int] = {}

    @property
    def current(self) -> Control | None:
        """What the next new knob is for; None when all are learnt."""
        return CONTROLS[self._waiting[0]] if self._waiting else None

    @property
    def learnt(self) -> Assignment:
        """What was learnt so far."""
        return Assignment(dict(self._numbers))

    def hear(self, message: Message) -> bool:
        """Take a message; a knob that has its control already may move on.

        Returns
        -------
        bool
            Whether it was a new knob.
        """
        if message.type != "control_change" or not self._waiting:
            return False
        if message.control in self._numbers.values():
            return False
        self._numbers[self._waiting.pop(0)] = message.control
        return True

    def skip(self) -> None:
        """Leave the current control without a knob."""
        if self._waiting:
            self._waiting.pop(0)
