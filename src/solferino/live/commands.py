"""Commands: all that a performer can ask of a track, by call, key or message."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import final

from mido import Message

from solferino.errors import LiveError
from solferino.live.looper import Looper
from solferino.live.parts import Action
from solferino.live.player import Player
from solferino.live.track import Track
from solferino.live.transport import MAX_QPM, MIN_QPM

TEMPERATURE_STEP = 0.1
TEMPO_STEP_QPM = 2.0

Value = float | str | None
"""What a command may be given."""


@final
class Desk:
    """Where a performer sits: carries out commands on a track that is played.

    Parameters
    ----------
    track : Track
    player : Player
        Plays the track.
    save_path : Path
        Where what was played is saved; under another name if one is given.
    """

    def __init__(self, track: Track, player: Player, save_path: Path = Path("track.mid")) -> None:
        self.track = track
        self.player = player
        self.save_path = save_path
        self._is_ended = False

    def do(self, name: str, looper: str = "", value: Value = None) -> str:
        """Carry out a command.

        Parameters
        ----------
        name : str
            One of `COMMANDS`.
        looper : str
            Name of the looper that is meant, for commands of a looper.
        value : float or str, optional
            What the command takes.

        Returns
        -------
        str
            What to tell the performer; mostly nothing.

        Raises
        ------
        LiveError
            If there is no such command or looper, or the value does not fit.
        SolferinoError
            If it cannot be done.
        """
        command = find_command(name)
        value = command.checked(value)
        if command.to_looper:
            command.to_looper(self.track[looper], value)
        elif looper:
            raise LiveError(f"{name} is for the whole track: leave the looper {looper!r} out")
        return (command.to_track(self, value) or "") if command.to_track else ""

    def begin(self, bars: int | None = None, *, starts: bool = True) -> None:
        """Choose the instruments and play from the start.

        Parameters
        ----------
        bars : int > 0, optional
            Where the track ends.
        starts : bool
            False waits until somebody else starts the music.
        """
        if bars is not None:
            self.track.end_quarters = bars * self.player.transport.meter.bar_quarters
        for part in self.track.parts:
            if part.program is not None:
                choice = Message("program_change", channel=part.channel - 1, program=part.program)
                self.player.send_now(choice, part.output)
        if starts:
            self.player.transport.start(self.player.clock.now_s())

    def end(self) -> None:
        """End the performance, soon."""
        self._is_ended = True

    @property
    def has_ended(self) -> bool:
        """Whether the music has reached the end of the track, or was told to end."""
        now_s = self.player.clock.now_s()
        return (
            self._is_ended
            or self.player.transport.line.quarters_at(now_s) >= self.track.end_quarters
        )

    @property
    def is_playing(self) -> bool:
        """Whether the music runs."""
        return self.player.transport.line.is_running


LooperFunction = Callable[[Looper, Value], None]
TrackFunction = Callable[[Desk, Value], str | None]


@final
@dataclass(frozen=True)
class Command:
    """Something that can be done.

    Parameters
    ----------
    name : str
        The word in calls and messages.
    words : str
        What it does, in a few words.
    key : str
        The character that does it in the terminal; empty for none.
    to_looper : function of Looper and value, or None
        How it is done to one looper; None for what is done to the whole track.
    to_track : function of Desk and value, or None
        How it is done to the track; it may return what to tell the performer.
    takes : type, optional
        float or str: of which kind its value is; without it there is none.
    needs_value : bool
        Whether the value has to be given.
    """

    name: str
    words: str
    key: str = ""
    to_looper: LooperFunction | None = None
    to_track: TrackFunction | None = None
    takes: type[float] | type[str] | None = None
    needs_value: bool = False

    def checked(self, value: Value) -> Value:
        """Return a value as the command takes it.

        Raises
        ------
        LiveError
            If it is of another kind, or missing.
        """
        if value is None and not self.needs_value:
            return None
        if self.takes is float and isinstance(value, int | float):
            return float(value)
        if self.takes is str and isinstance(value, str):
            return value
        kind = "no value" if not self.takes else "a number" if self.takes is float else "words"
        raise LiveError(f"{self.name} takes {kind}, not {value!r}: give it as it should be")


def find_command(name: str) -> Command:
    """Return the command of a name.

    Raises
    ------
    LiveError
        If there is none; the message names the nearest.
    """
    if name not in COMMANDS:
        nearest = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.0)[0]
        raise LiveError(f"no command is called {name!r}: the nearest is {nearest!r}")
    return COMMANDS[name]


def _act(action: Action, looper: Looper, _: Value) -> None:
    looper.act(action)


def _mute(looper: Looper, value: Value) -> None:
    looper.is_muted = not looper.is_muted if value is None else bool(value)


def _heat(step: float, looper: Looper, _: Value) -> None:
    looper.set_temperature(round(max(0.0, looper.temperature + step), 3))


def _set_temperature(looper: Looper, value: Value) -> None:
    looper.set_temperature(float(value or 0.0))


def _play(desk: Desk, _: Value) -> None:
    desk.player.transport.start(desk.player.clock.now_s())


def _stop(desk: Desk, _: Value) -> None:
    desk.player.transport.stop(desk.player.clock.now_s())


def _toggle(desk: Desk, value: Value) -> None:
    if desk.is_playing:
        _stop(desk, value)
    else:
        desk.player.transport.resume(desk.player.clock.now_s())


def _locate(desk: Desk, value: Value) -> None:
    transport = desk.player.transport
    quarters = (float(value or 0.0) - 1) * transport.meter.bar_quarters
    transport.locate(quarters, desk.player.clock.now_s())


def _set_tempo(desk: Desk, value: Value) -> None:
    desk.player.transport.set_tempo(float(value or 0.0), desk.player.clock.now_s())


def _hurry(step_qpm: float, desk: Desk, _: Value) -> None:
    qpm = min(max(desk.player.transport.line.qpm + step_qpm, MIN_QPM), MAX_QPM)
    _set_tempo(desk, qpm)


def _save(desk: Desk, value: Value) -> str:
    path = desk.save_path
    if isinstance(value, str):
        if not value or Path(value).name != value:
            raise LiveError(
                f"{value!r} is in another folder: give the name of a file, such as a.mid"
            )
        path = path.with_name(value)
    desk.track.save(path)
    return f"saved as {path}"


def _panic(desk: Desk, _: Value) -> None:
    desk.player.panic()


COMMANDS = {
    command.name: command
    for command in (
        Command("loop", "loop", "l", partial(_act, Action.LOOP)),
        Command("generate", "generate", "g", partial(_act, Action.GENERATE)),
        Command("generate_once", "generate once", "o", partial(_act, Action.GENERATE_ONCE)),
        Command("reset_once", "reset once", "r", partial(_act, Action.RESET_ONCE)),
        Command("reset_generate", "reset and generate", "R", partial(_act, Action.RESET_GENERATE)),
        Command("mute", "mute", "m", _mute, takes=float),
        Command("hotter", "more daring", "+", partial(_heat, TEMPERATURE_STEP)),
        Command("cooler", "less daring", "-", partial(_heat, -TEMPERATURE_STEP)),
        Command("temperature", "set temperature", "", _set_temperature, None, float, True),
        Command("toggle", "stop or go on", " ", None, _toggle),
        Command("play", "play from the start", "", None, _play),
        Command("stop", "stop", "", None, _stop),
        Command("locate", "go to a bar", "", None, _locate, float, True),
        Command("tempo", "set the tempo", "", None, _set_tempo, float, True),
        Command("faster", "faster", "]", None, partial(_hurry, TEMPO_STEP_QPM)),
        Command("slower", "slower", "[", None, partial(_hurry, -TEMPO_STEP_QPM)),
        Command("save", "save", "s", None, _save, str),
        Command("panic", "silence all", "p", None, _panic),
    )
}
"""All commands by their names."""
