"""What python-rtmidi offers, in memory: ports of others by their names, and what they take."""


class RtMidiError(Exception):
    pass


class RtMidiInMemory:
    """Stands for the module; `inputs` and `outputs` are the ports of others."""

    RtMidiError = RtMidiError

    def __init__(self, inputs=(), outputs=(), api="alsa"):
        self.inputs, self.outputs, self.api = list(inputs), list(outputs), api
        self.clients, self.has_virtual, self.is_broken = [], True, False

    def get_compiled_api_by_name(self, name):
        return {"alsa": 2, "jack": 3, "winmm": 4}[name]

    def get_compiled_api(self):
        return [self.get_compiled_api_by_name(self.api)]

    def get_api_name(self, _number):
        return self.api

    def MidiIn(self, number, name, queue_size_limit=1024):  # noqa: N802
        return self._made(Client(self, self.inputs, name))

    def MidiOut(self, number, name):  # noqa: N802
        return self._made(Client(self, self.outputs, name))

    def _made(self, client):
        if self.is_broken:
            raise RtMidiError("not running?")
        self.clients.append(client)
        return client


class Client:
    """A ``MidiIn`` or ``MidiOut``."""

    def __init__(self, module, ports, name):
        self.module, self.ports, self.name = module, ports, name
        self.port, self.own_name, self.callback, self.types = None, None, None, None
        self.sent, self.queue, self.is_deleted = [], [], False

    def get_ports(self):
        return list(self.ports)

    def ignore_types(self, **types):
        self.types = types

    def set_callback(self, callback):
        self.callback = callback

    def cancel_callback(self):
        self.callback = None

    def open_port(self, index, name):
        if self.module.is_broken:
            raise RtMidiError("in use")
        self.port, self.own_name = self.ports[index], name

    def open_virtual_port(self, name):
        if not self.module.has_virtual:
            raise RtMidiError("no virtual ports")
        self.port, self.own_name = "virtual", name

    def close_port(self):
        self.port = None

    def delete(self):
        self.is_deleted = True

    def send_message(self, data):
        if self.module.is_broken:
            raise RtMidiError("device gone")
        self.sent.append(data)

    def get_message(self):
        return self.queue.pop(0) if self.queue else None
