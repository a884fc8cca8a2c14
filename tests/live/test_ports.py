"""Ports are opened by their names, tell when a message came, and say what is wrong."""

import subprocess
import sys
import threading

import pytest
from mido import Message

from solferino.errors import PortError
from solferino.live import port_client, ports
from solferino.live.ports import MidiSystem
from tests.live.fakes import FakeClock
from tests.live.rtmidi_in_memory import RtMidiInMemory

KEYS, SYNTH = "Keystation:MIDI 1 20:0", "Synth:MIDI 1 21:0"
NOTE = Message("note_on", channel=15, note=60, velocity=1)


def nobody(_message, _time_s):
    raise AssertionError("nothing should arrive")


@pytest.fixture
def rtmidi(monkeypatch):
    module = RtMidiInMemory([KEYS], [SYNTH])
    for place in (ports, port_client):
        monkeypatch.setattr(place, "load_rtmidi", lambda: module)
    return module


@pytest.fixture
def system(rtmidi):
    return MidiSystem("alsa")


def test_the_ports_of_others_are_listed(system):
    assert (system.input_names(), system.output_names()) == ([KEYS], [SYNTH])


def test_to_list_ports_again_and_again_makes_no_new_clients(system, rtmidi):
    for _ in range(5):
        system.input_names()
        system.output_names()
    assert len(rtmidi.clients) == 2


def test_a_part_of_a_name_opens_the_port(system, rtmidi):
    out = system.open_output("synth")
    out.send(NOTE)
    assert (out.name, out.is_virtual) == (SYNTH, False)
    client = rtmidi.clients[-1]
    assert (client.port, client.own_name, client.name) == (SYNTH, "solferino_out", "solferino")
    assert client.sent == [[0x9F, 60, 1]]


def test_without_a_name_the_ports_are_our_own(system, rtmidi):
    out, port = system.open_output(None), system.open_input(None, nobody, FakeClock())
    assert (out.name, out.is_virtual) == ("solferino_out", True)
    assert (port.name, port.is_virtual) == ("solferino_in", True)
    assert [c.own_name for c in rtmidi.clients] == ["solferino_out", "solferino_in"]


def test_a_message_is_told_with_the_time_it_came(system, rtmidi):
    told, clock = [], FakeClock(7.5)
    system.open_input("keys", lambda *both: told.append(both), clock)
    rtmidi.clients[-1].callback(([0x9F, 60, 1], 0.0), None)
    clock.advance(0.5)
    rtmidi.clients[-1].callback(([0xF8], 0.5), None)
    assert told == [(NOTE, 7.5), (Message("clock"), 8.0)]


def test_clock_and_system_exclusive_come_through_and_active_sensing_does_not(system, rtmidi):
    system.open_input("keys", nobody, FakeClock())
    assert rtmidi.clients[-1].types == {"sysex": False, "timing": False, "active_sense": True}


def test_bytes_that_are_no_message_are_left_out(system, rtmidi):
    system.open_input("keys", nobody, FakeClock())
    rtmidi.clients[-1].callback(([0xF4], 0.0), None)
    rtmidi.clients[-1].callback(([0x90, 60], 0.0), None)


def test_what_jack_brings_is_fetched_by_a_thread_of_ours(rtmidi):
    came, told = threading.Event(), []

    def receive(message, _time_s):
        told.append(message)
        came.set()

    port = MidiSystem("jack").open_input(None, receive, FakeClock())
    client = rtmidi.clients[-1]
    client.queue.append(([0x9F, 60, 1], 0.0))
    assert came.wait(5)
    assert (told, client.callback) == ([NOTE], None)
    port.close()
    assert client.is_deleted
    assert "solferino_in" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    "open_port",
    [MidiSystem.open_output, lambda s, name: s.open_input(name, nobody, FakeClock())],
)
def test_a_name_that_is_not_there_is_an_error_that_lists_the_ports(system, open_port):
    with pytest.raises(PortError, match=r"is named 'organ', there are .*20:0|.*21:0: plug it in"):
        open_port(system, "organ")


def test_a_port_that_another_program_holds_is_an_error(system, rtmidi):
    out = system.open_output("synth")
    rtmidi.is_broken = True
    with pytest.raises(PortError, match=r"MIDI system alsa cannot be used \(not running\?\): see"):
        system.open_output("synth")
    with pytest.raises(PortError, match=r"21:0 takes no messages \(device gone\): plug it in"):
        out.send(NOTE)


def test_a_port_that_cannot_be_joined_leaves_nothing_open(system, rtmidi, monkeypatch):
    out_names = system.output_names()
    rtmidi.has_virtual = False
    with pytest.raises(PortError, match=r"solferino_out cannot be opened .*: name a port"):
        system.open_output(None)
    assert rtmidi.clients[-1].is_deleted
    monkeypatch.setattr(system, "output_names", lambda: [*out_names, "Ghost"])
    with pytest.raises(PortError, match="Ghost is not there any more: plug it in or start it"):
        system.open_output("Ghost")
    assert rtmidi.clients[-1].is_deleted


def test_a_system_that_is_gone_lists_nothing_and_says_so(system, rtmidi, monkeypatch):
    def gone(_client):
        raise rtmidi.RtMidiError("connection lost")

    system.input_names()
    monkeypatch.setattr(type(rtmidi.clients[0]), "get_ports", gone)
    with pytest.raises(PortError, match=r"alsa cannot be used \(connection lost\): see"):
        system.input_names()


def test_jack_without_a_server_is_told_to_start_one(rtmidi):
    rtmidi.is_broken = True
    with pytest.raises(PortError, match=r"MIDI system jack cannot be used .*: start jackd"):
        MidiSystem("jack").input_names()


@pytest.mark.parametrize("is_broken", [True, False])
def test_without_alsa_a_jack_server_is_looked_for(rtmidi, monkeypatch, is_broken):
    monkeypatch.setattr(ports, "find_api", lambda has_jack: "jack" if has_jack() else "alsa")
    rtmidi.is_broken = is_broken
    assert MidiSystem().api == ("alsa" if is_broken else "jack")
    assert all(client.is_deleted for client in rtmidi.clients)


def test_an_open_port_joins_another_with_the_same_client(system, rtmidi):
    out = system.open_output("synth")
    n_clients = len(rtmidi.clients)
    rtmidi.outputs[:] = ["Synth:MIDI 1 24:0"]
    out.reconnect("Synth:MIDI 1 24:0")
    out.send(NOTE)
    assert (out.name, len(rtmidi.clients)) == ("Synth:MIDI 1 24:0", n_clients)
    assert rtmidi.clients[-1].port == "Synth:MIDI 1 24:0"


def test_a_port_that_is_not_back_yet_is_closed_and_opened_when_it_is(system, rtmidi):
    port = system.open_input("keys", nobody, FakeClock())
    rtmidi.inputs.clear()
    with pytest.raises(PortError, match="20:0 is not there any more: plug it in"):
        port.reconnect(KEYS)
    assert rtmidi.clients[-1].is_deleted
    rtmidi.inputs.append(KEYS)
    port.reconnect(KEYS)
    assert (rtmidi.clients[-1].port, rtmidi.clients[-1].is_deleted) == (KEYS, False)
    assert rtmidi.clients[-1].callback is not None


def test_clients_of_a_jack_server_that_died_are_left_alone(rtmidi, monkeypatch):
    monkeypatch.setattr(ports, "jack_session", lambda: frozenset({"first"}))
    system = MidiSystem("jack")
    out, other = system.open_output(SYNTH), system.open_output(SYNTH)
    stale = list(rtmidi.clients)
    monkeypatch.setattr(ports, "jack_session", lambda: frozenset({"second"}))
    out.reconnect(SYNTH)
    other.close()
    assert system.output_names() == [SYNTH]
    assert [client.is_deleted for client in stale] == [False] * 4
    assert [client.port for client in stale] == [None, None, SYNTH, SYNTH]
    assert [client.port for client in rtmidi.clients[4:]] == [SYNTH, None, None]


def test_a_closed_port_takes_nothing_and_may_be_closed_twice(system, rtmidi):
    out, port = system.open_output("synth"), system.open_input("keys", nobody, FakeClock())
    client = rtmidi.clients[-1]
    for each in (out, out, port, port):
        each.close()
    assert (client.callback, client.port, client.is_deleted) == (None, None, True)
    with pytest.raises(PortError, match="21:0 is closed: open it again"):
        out.send(NOTE)


def test_to_import_the_live_ports_loads_no_driver():
    code = "import sys, solferino.live.port_watch; print('rtmidi' in sys.modules)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
