"""A JACK server of our own without sound hardware, and ports of other programs on it."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from mido import Message

from solferino.live.clock import MonotonicClock
from solferino.live.midi_api import jack_session
from solferino.live.ports import MidiSystem

LIMIT_S = 10.0
JOINING = Message("control_change", channel=0, control=119, value=119)


def until(is_so, limit_s=LIMIT_S):
    """Wait until something holds that nobody tells; fail if it takes too long."""
    pause = threading.Event()
    end_s = time.monotonic() + limit_s
    while not (found := is_so()):
        assert time.monotonic() < end_s, "it did not happen in time"
        pause.wait(0.002)
    return found


class Server:
    """``jackd`` with its dummy driver, which can be killed and started anew."""

    def __init__(self, name):
        self.name = name
        self.start()

    def start(self):
        command = ["jackd", "--no-realtime", "--sync", "-t", "5000", "-n", self.name]
        self._process = subprocess.Popen(  # noqa: S603
            [*command, "-d", "dummy", "-r", "48000", "-p", "128"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(jack_session)

    def kill(self):
        self._process.kill()
        self._process.wait(LIMIT_S)

    def close(self):
        self._process.terminate()
        self._process.wait(LIMIT_S)
        for left_by_the_dead in Path("/dev/shm").glob(f"jack*{self.name}*"):  # noqa: S108
            left_by_the_dead.unlink()


@pytest.fixture(scope="session")
def server():
    if not shutil.which("jackd"):
        pytest.skip("jackd is not installed")
    with pytest.MonkeyPatch.context() as patch:
        name = f"solferino-test-{os.getpid()}"
        patch.setenv("JACK_DEFAULT_SERVER", name)
        patch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
        running = Server(name)
        yield running
        running.close()


@pytest.fixture(scope="session")
def system(server):
    return MidiSystem("jack")


@pytest.fixture
def clock():
    return MonotonicClock()


class Inbox:
    """Keeps what arrives, and waits for it."""

    def __init__(self):
        self.messages, self.times_s = [], []
        self._more = threading.Condition()

    def receive(self, message, time_s):
        with self._more:
            self.messages.append(message)
            self.times_s.append(time_s)
            self._more.notify()

    def wait(self, number):
        """Return the messages as soon as there are so many, but for those of `join`."""
        with self._more:
            self._more.wait_for(lambda: len(self._told()) >= number, LIMIT_S)
            return self._told()

    def join(self, send):
        """Send until something comes: JACK joins ports in its own time."""
        with self._more:
            num_before = len(self.messages)
        until(lambda: send(JOINING) or len(self.messages) > num_before)

    def _told(self):
        return [message for message in self.messages if message != JOINING]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def opened():
    """Ports and watches to close at the end."""
    things = []
    yield lambda thing: things.append(thing) or thing
    for thing in reversed(things):
        thing.close()


class Peer:
    """A port of another program, which can be taken away."""

    def __init__(self, make, client, port):
        self.name = f"{client}:{port}"
        self.client = make(client)
        self.client.open_virtual_port(port)

    def send(self, message):
        self.client.send_message(message.bytes())

    def heard(self):
        """Return what has come since this was last called."""
        events = iter(self.client.get_message, None)
        return [Message.from_bytes(data) for data, _ in events]

    def close(self):
        if self.client is not None:
            self.client.close_port()
            self.client.delete()
            self.client = None


@pytest.fixture
def keyboard(system, opened):
    """Make a keyboard to listen to."""
    return lambda: opened(Peer(system.new_output, "keyboard", "keys"))


@pytest.fixture
def synthesiser(system, opened):
    """Make a synthesiser to play to."""
    return lambda: opened(Peer(system.new_input, "synthesiser", "midi"))
