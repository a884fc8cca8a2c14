"""A clock that is set by hand, and ports that remember."""

from collections.abc import Callable, Iterable

from mido import Message

from solferino.live.output import Output
from solferino.live.player import Player
from solferino.live.source import Event
from solferino.live.transport import Transport


class FakeClock:
    """Tells the time that it was set to."""

    def __init__(self, now_s: float = 100.0) -> None:
        self.time_s = now_s

    def now_s(self) -> float:
        return self.time_s

    def advance(self, seconds: float) -> None:
        self.time_s += seconds


class FakeOutPort:
    """Remembers what was sent, and when."""

    def __init__(self, clock: FakeClock, name: str = "fake") -> None:
        self.name = name
        self._clock = clock
        self.sent: list[tuple[float, Message]] = []
        self.on_send: Callable[[Message], object] = lambda message: None

    def send(self, message: Message) -> None:
        self.sent.append((self._clock.now_s(), message))
        self.on_send(message)

    def close(self) -> None:
        pass

    def told(self) -> list[str]:
        """What was sent, in short: ``"100.5 on 0 60"``."""
        return [f"{round(time_s, 6):g} {_short(message)}" for time_s, message in self.sent]

    def hung(self) -> set[tuple[int, int]]:
        """(channel, pitch) of notes that were begun more often than ended."""
        balance: dict[tuple[int, int], int] = {}
        for _, message in self.sent:
            if message.type in ("note_on", "note_off"):
                key = (message.channel, message.note)
                is_on = message.type == "note_on" and message.velocity > 0
                balance[key] = max(balance.get(key, 0) + (1 if is_on else -1), 0)
        return {key for key, number in balance.items() if number}


class ListSource:
    """Plays a list of events."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = list(events)
        self.windows: list[tuple[float, float]] = []
        self.interruptions = 0

    def between(self, start_quarters: float, end_quarters: float) -> list[Event]:
        self.windows.append((start_quarters, end_quarters))
        return [e for e in self.events if start_quarters <= e.quarters < end_quarters]

    def interrupted(self) -> None:
        self.interruptions += 1


class Stage:
    """A player on a fake clock and one fake port."""

    def __init__(self, qpm: float = 120.0) -> None:
        self.clock = FakeClock()
        self.port = FakeOutPort(self.clock)
        self.transport = Transport(qpm)
        self.output = Output(self.port)
        self.player = Player(self.clock, self.transport, {"main": self.output})

    def run_until(self, time_s: float) -> None:
        """Let the player work whenever it asks to, up to a moment of the clock."""
        while True:
            next_s = self.player.play_due()
            if next_s > time_s:
                self.clock.time_s = max(self.clock.time_s, time_s)
                return
            self.clock.time_s = max(self.clock.time_s, next_s)


def note(
    quarters: float,
    pitch: int = 60,
    duration_quarters: float = 1.0,
    *,
    channel: int = 0,
    velocity: int = 80,
    output: str = "",
) -> Event:
    """A note to play."""
    message = Message("note_on", channel=channel, note=pitch, velocity=velocity)
    return Event(quarters, message, output, duration_quarters)


def _short(message: Message) -> str:
    if message.type in ("note_on", "note_off"):
        return f"{message.type[5:]} {message.channel} {message.note}"
    return str(message)
