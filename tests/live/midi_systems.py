"""A MIDI system in memory: ports that are plugged and unplugged, and loops of our own."""

from solferino.errors import PortError


class FakePort:
    """A port of the fake system; records what it is sent."""

    def __init__(self, system, name, receive=None, clock=None):
        self.system, self.name, self.receive, self.clock = system, name, receive, clock
        self.is_virtual = name.startswith("solferino_")
        self.sent, self.joined, self.is_closed = [], [name], False
        self.on_send = lambda message: None

    def send(self, message):
        if self.name in self.system.refusing:
            raise PortError(f"{self.name} takes no messages (it said no): plug it in")
        self.sent.append(message)
        self.on_send(message)
        for other in self.system.opened:
            if other.receive and other.name == self.name and self.system.lets_through():
                other.receive(message, other.clock.now_s())

    def reconnect(self, name):
        if name in self.system.refusing:
            raise PortError(f"{name} is not there any more: plug it in or start it")
        self.name = name
        self.joined.append(name)

    def close(self):
        self.is_closed = True


class FakeSystem:
    """Lists and opens ports as `MidiSystem` does; all is set by the test."""

    api = "alsa"

    def __init__(self, inputs=(), outputs=(), *, has_virtual_ports=True):
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.has_virtual_ports = has_virtual_ports
        self.refusing, self.opened = set(), []
        self.is_up, self.is_deaf, self.number = True, False, 1
        self.num_to_lose, self.num_to_keep = 0, 10_000

    def lets_through(self):
        """Lose the first messages, or keep the first only."""
        if self.is_deaf or self.num_to_lose > 0:
            self.num_to_lose -= 1
            return False
        self.num_to_keep -= 1
        return self.num_to_keep >= 0

    def session(self):
        return self.number

    def input_names(self):
        if not self.is_up:
            raise PortError("the MIDI system fake cannot be used (it is down): start it")
        return list(self.inputs)

    def output_names(self):
        self.input_names()
        return list(self.outputs)

    def open_input(self, name, receive, clock):
        return self._open(FakePort(self, name or "solferino_in", receive, clock), self.outputs)

    def open_output(self, name):
        return self._open(FakePort(self, name or "solferino_out"), self.inputs)

    def _open(self, port, seen_by_others):
        if port.is_virtual:
            seen_by_others.append(port.name)
        self.opened.append(port)
        return port
