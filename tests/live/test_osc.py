"""Messages of Open Sound Control do what keys and calls do."""

import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from solferino.errors import LiveError
from solferino.live.commands import COMMANDS
from solferino.live.osc import OscRemote, OscServer
from solferino.live.parts import Action
from tests.live.test_commands import Performance


@pytest.fixture
def show():
    return Performance()


@pytest.fixture
def remote(show):
    return OscRemote(show.desk)


def message(address, *arguments):
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()


def test_a_message_to_a_looper_is_carried_out(show, remote):
    remote.receive("/solferino/melody/reset_generate")
    assert show.track["melody"].action is Action.RESET_GENERATE
    assert (remote.num_done, remote.num_refused, remote.words) == (1, 0, "1 done, 0 refused")


def test_a_message_to_the_track_is_carried_out(show, remote):
    remote.receive("/solferino/tempo", [90])
    assert show.line.qpm == 90


def test_every_command_has_its_message(show, remote, tmp_path):
    show.desk.save_path = tmp_path / "track.mid"
    values = {"tempo": [90.0], "temperature": [0.5], "locate": [3], "save": ["a.mid"]}  # fmt: skip
    for name, command in COMMANDS.items():
        looper = "/drums" if command.to_looper else ""
        remote.receive(f"/solferino{looper}/{name}", values.get(name, ()))
    assert remote.last_refusal == ""
    assert remote.num_done == len(COMMANDS)
    assert (tmp_path / "a.mid").exists()


@pytest.mark.parametrize(
    ("address", "arguments", "words"),
    [
        ("/solferino/drums/lop", [], "no command is called 'lop': the nearest is 'loop'"),
        ("/other/drums/loop", [], "no address is '/other/drums/loop': write /solferino/COMMAND"),
        ("/solferino/a/b/c", [], "no address is '/solferino/a/b/c'"),
        ("/solferino/tempo", [90, 91], "came with [90, 91]: send one number or string"),
        ("/solferino/tempo", [b"90"], "came with [b'90']"),
        ("/solferino/tempo", [float("nan")], "no tempo is nan"),
        ("/solferino/save", ["../a.mid"], "'../a.mid' is in another folder: give the name"),
        ("/solferino/save", [""], "'' is in another folder: give the name"),
        ("/solferino/save", ["a.txt"], "a.txt"),
    ],
)
def test_a_bad_message_is_counted_and_its_reason_told(remote, address, arguments, words):
    remote.receive(address, arguments)
    assert (remote.num_done, remote.num_refused) == (0, 1)
    assert words in remote.last_refusal


def test_a_bundle_carries_several_messages(show, remote):
    bundle = OscBundleBuilder(IMMEDIATELY)
    bundle.add_content(message("/solferino/drums/loop"))
    bundle.add_content(message("/solferino/tempo", 100))
    remote.receive_datagram(bundle.build().dgram)
    assert show.track["drums"].action is Action.LOOP
    assert show.line.qpm == 100


DATAGRAMS = st.one_of(
    st.binary(max_size=80),
    st.binary(max_size=40).map(lambda tail: b"/solferino/tempo\0\0\0\0,f\0\0" + tail),
    st.binary(max_size=60).map(lambda tail: b"#bundle\0" + tail),
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(DATAGRAMS)
def test_no_bytes_can_crash_it(remote, datagram):
    before = remote.num_done + remote.num_refused
    remote.receive_datagram(datagram)
    assert remote.num_done + remote.num_refused >= before


def test_bytes_that_are_no_message_are_counted(remote):
    remote.receive_datagram(b"hello")
    assert remote.num_refused == 1
    assert "5 bytes are no OSC message" in remote.words


def test_messages_arrive_over_the_network(show):
    arrived = threading.Event()

    class Told:
        """Tells when a message has been carried out."""

        def __init__(self, remote):
            self.remote = remote

        def receive_datagram(self, datagram):
            self.remote.receive_datagram(datagram)
            arrived.set()

    with (
        OscServer(Told(OscRemote(show.desk)), 0) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.sendto(message("/solferino/tempo", 77.0).dgram, ("127.0.0.1", server.port))
        assert arrived.wait(10)
    assert show.line.qpm == 77


def test_a_port_that_is_taken_is_refused(remote):
    with (
        OscServer(remote, 0) as server,
        pytest.raises(LiveError, match=r"cannot be received on 127.0.0.1:.*choose another port"),
    ):
        OscServer(remote, server.port)
