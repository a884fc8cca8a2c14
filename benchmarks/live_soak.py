"""Does a player stay in time, end every note and keep its memory for as long as it plays?

    python benchmarks/live_soak.py [--minutes 10] [--bundles attention_rnn drum_kit] [--seed 1]

On the steady clock, at random: notes on 16 channels of two outputs, keys that pass through, new
tempi, jumps, stops and restarts, panics, sources that fail, and ports that are unplugged and
plugged in again, while bundles write phrases without pause that are then played. Prints a table
once a minute, and at the end what must hold; the exit status is 1 if something does not:

- no note sounds after a stop, a panic or the end, at either port;
- notes go out less than 1 ms after their time at the median (the time is that of the
  transport, computed anew from its line, so that a drift would show);
- memory grows by less than 5 % after the first fifth of the time, and threads by none.
"""

import argparse
import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from time import sleep

import numpy as np
from mido import Message

from solferino.errors import PortError
from solferino.live.clock import MonotonicClock
from solferino.live.composing import Composer, InlineComposer, Order, ProcessComposer
from solferino.live.midi_clock import MidiClock
from solferino.live.output import Output
from solferino.live.phrases import Phrase
from solferino.live.player import Player
from solferino.live.source import Event
from solferino.live.transport import Transport

NAMES = ("a", "b")
PHRASE_QUARTERS = 8.0


class PluggedPort:
    """A port that can be unplugged; it knows what sounds at its far end."""

    def __init__(self) -> None:
        self.is_plugged = True
        self.sounding: set[tuple[int, int]] = set()
        self.num_sent = 0

    def send(self, message: Message) -> None:
        if not self.is_plugged:
            raise PortError("unplugged")
        self.num_sent += 1
        if message.type == "note_on" and message.velocity:
            self.sounding.add((message.channel, message.note))
        elif message.type in ("note_on", "note_off"):
            self.sounding.discard((message.channel, message.note))

    def unplug(self) -> None:
        """Go away; an instrument whose cable is pulled falls silent."""
        self.is_plugged = False
        self.sounding.clear()


class RandomNotes:
    """Notes at random positions, the same whenever a stretch is asked for."""

    def __init__(self, seed: int, notes_a_quarter: int = 12) -> None:
        self._seed = seed
        self._notes_a_quarter = notes_a_quarter

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:
        for quarter in range(int(start_quarters), int(np.ceil(end_quarters))):
            chance = random.Random(quarter * 1000 + self._seed)
            for _ in range(self._notes_a_quarter):
                quarters = quarter + chance.random()
                message = Message(
                    "note_on",
                    channel=chance.randrange(16),
                    note=chance.randrange(36, 84),
                    velocity=chance.randrange(1, 128),
                )
                event = Event(quarters, message, chance.choice(NAMES), chance.expovariate(2) + 0.01)
                if start_quarters <= quarters < end_quarters:
                    yield event

    def interrupted(self) -> None:
        pass


class Failing:
    """A source that gives up after a moment."""

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:  # noqa: ARG002
        yield Event(start_quarters, Message("note_on", channel=7, note=90), "a", 1000.0)
        raise RuntimeError("gave up")

    def interrupted(self) -> None:
        pass


class Written:
    """Plays the phrases that a bundle writes, one after the other, and orders the next at once."""

    def __init__(self, composer: Composer, bundle: str) -> None:
        self._composer = composer
        self._bundle = bundle
        self._future: Future[Phrase] | None = None
        self._phrase = Phrase(PHRASE_QUARTERS)
        self.num_written = 0

    def between(self, start_quarters: float, end_quarters: float) -> Iterator[Event]:
        self._take()
        for row in self._phrase.notes:
            lap = np.ceil((start_quarters - row["onset_quarters"]) / PHRASE_QUARTERS)
            quarters = float(row["onset_quarters"] + lap * PHRASE_QUARTERS)
            if start_quarters <= quarters < end_quarters:
                message = Message("note_on", note=int(row["pitch"]), velocity=int(row["velocity"]))
                yield Event(quarters, message, "b", float(row["duration_quarters"]))

    def interrupted(self) -> None:
        pass

    def _take(self) -> None:
        if self._future and self._future.done():
            self._phrase = self._future.result()
            self.num_written += 1
            self._future = None
        if self._future is None:
            order = Order(self._bundle, Phrase(0.0), PHRASE_QUARTERS, seed=self.num_written)
            self._future = self._composer.submit(order)


class Soak:
    """The player, and all that is done to it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.clock = MonotonicClock()
        self.random = random.Random(options.seed)
        self.transport = Transport(120)
        self.ports = {name: PluggedPort() for name in NAMES}
        self.outputs = {name: Output(port) for name, port in self.ports.items()}
        self.player = Player(self.clock, self.transport, self.outputs)
        self.composer: Composer = InlineComposer()
        if options.bundles:
            self.composer = ProcessComposer(options.bundles, len(options.bundles))
        self.writers = [Written(self.composer, bundle) for bundle in options.bundles]
        self.counts: dict[str, int] = {}
        self.hung = 0
        for source in (RandomNotes(options.seed), MidiClock(self.player, "a"), *self.writers):
            self.player.add(source)

    def act(self) -> None:
        """Do something to it."""
        acts = {
            self.tempo: 6,
            self.stop: 2,
            self.jump: 2,
            self.panic: 1,
            self.unplug: 2,
            self.press: 8,
            self.fail: 1,
        }
        act = self.random.choices(list(acts), list(acts.values()))[0]
        self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1
        act()

    def tempo(self) -> None:
        self.transport.set_tempo(self.random.uniform(60, 200), self.clock.now_s())

    def stop(self) -> None:
        self.transport.stop(self.clock.now_s())
        sleep(0.2)
        self.count_hung()
        self.transport.resume(self.clock.now_s())

    def jump(self) -> None:
        self.transport.locate(self.random.uniform(0, 400), self.clock.now_s())

    def panic(self) -> None:
        self.player.panic()

    def unplug(self) -> None:
        port = self.random.choice(list(self.ports.values()))
        port.unplug()
        sleep(self.random.uniform(0, 0.5))
        port.is_plugged = True

    def press(self) -> None:
        kind = self.random.choice(["note_on", "note_on", "note_off"])
        message = Message(kind, channel=15, note=self.random.randrange(36, 84), velocity=64)
        self.player.send_now(message, self.random.choice(NAMES))

    def fail(self) -> None:
        self.player.add(Failing())

    def count_hung(self) -> None:
        """Count what sounds although nothing may."""
        self.hung += sum(len(port.sounding) for port in self.ports.values())


def memory_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def state(soak: Soak, started_s: float) -> tuple[float, float, int]:
    """Print a row; returns minutes, memory and threads."""
    late = soak.player.lateness.report()
    minutes = (soak.clock.now_s() - started_s) / 60
    row = minutes, memory_mb(), threading.active_count()
    written = sum(writer.num_written for writer in soak.writers)
    print(
        f"{minutes:7.2f} {late.events:8d} {late.dropped:8d} {late.median_ms:9.3f} "
        f"{late.p99_ms:7.3f} {late.max_ms:7.2f} {written:8d} "
        f"{soak.hung:5d} {row[1]:9.1f} {row[2]:8d}",
        flush=True,
    )
    return row


def verdicts(soak: Soak, rows: list[tuple[float, float, int]], minutes: float) -> dict[str, bool]:
    """What must hold."""
    settled = [row for row in rows if row[0] >= minutes / 5]
    first, last = settled[0], settled[-1]
    late = soak.player.lateness.report()
    return {
        f"{soak.hung} notes sounding after a stop or the end": soak.hung == 0,
        f"median {late.median_ms:.3f} ms late": late.median_ms < 1,
        f"memory {first[1]:.1f} MB, then {last[1]:.1f} MB": last[1] < first[1] * 1.05,
        f"threads {first[2]}, then {last[2]}": last[2] <= first[2],
    }


def main() -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--bundles", nargs="*", default=["attention_rnn", "drum_kit"])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    soak = Soak(options)
    print("minutes   events left_out median_ms  p99_ms  max_ms  written  hung memory_mb  threads")
    started_s = soak.clock.now_s()
    rows = []
    with soak.player:
        soak.transport.start(soak.clock.now_s())
        for tenth in range(1, 11):
            end_s = started_s + options.minutes * 6 * tenth
            while soak.clock.now_s() < end_s:
                sleep(soak.random.expovariate(3))
                soak.act()
            rows.append(state(soak, started_s))
    soak.count_hung()
    soak.composer.close()
    print("done to it:", ", ".join(f"{number} {name}" for name, number in soak.counts.items()))
    lost = sum(output.lost for output in soak.outputs.values())
    print(f"{lost} messages went nowhere, {len(soak.player.faults)} sources gave up")
    found = verdicts(soak, rows, options.minutes)
    for told, holds in found.items():
        print("holds:" if holds else "FAILS:", told)
    unexpected = [error for error in soak.player.faults if str(error) != "gave up"]
    print(f"real-time priority: {soak.player.is_realtime}; other faults: {unexpected}")
    return 0 if all(found.values()) and not unexpected else 1


if __name__ == "__main__":
    raise SystemExit(main())
