"""Other programs leave and come back, the server dies and is born again: music goes on."""

import threading

import pytest
from mido import Message

from solferino.live import port_watch
from solferino.live.port_watch import PortWatch
from tests.jack.conftest import LIMIT_S, until

NOTE = Message("note_on", channel=3, note=60, velocity=90)
MORE_THAN_JACK_HOLDS = 5000


@pytest.fixture
def news():
    return []


@pytest.fixture
def watch(system, opened, news):
    return opened(
        PortWatch(
            system,
            lambda port: news.append(("lost", port.name)),
            lambda port: news.append(("found", port.name)),
        )
    )


def test_a_synthesiser_leaves_and_returns_and_hears_us_again(watch, news, synthesiser):
    synth = synthesiser()
    out = watch.open_output("synthesiser")
    synth.close()
    watch.look()
    out.send(NOTE)
    assert (news, out.num_dropped) == ([("lost", synth.name)], 1)
    again = synthesiser()
    watch.look()
    assert news[1:] == [("found", again.name)]
    assert until(lambda: out.send(NOTE) or again.heard())[0] == NOTE


def test_a_keyboard_leaves_and_returns_and_is_heard_again(watch, news, keyboard, inbox, clock):
    keys = keyboard()
    watch.open_input("keyboard", inbox.receive, clock)
    inbox.join(keys.send)
    keys.send(NOTE)
    assert inbox.wait(1) == [NOTE]
    keys.close()
    watch.look()
    again = keyboard()
    watch.look()
    assert news == [("lost", keys.name), ("found", keys.name)]
    inbox.join(again.send)
    again.send(NOTE)
    assert inbox.wait(2) == [NOTE, NOTE]


def test_the_watch_sees_it_by_itself(system, synthesiser, opened, monkeypatch):
    monkeypatch.setattr(port_watch, "PERIOD_S", 0.01)
    lost, found = threading.Event(), threading.Event()
    watch = opened(PortWatch(system, lambda _: lost.set(), lambda _: found.set()))
    synth = synthesiser()
    out = watch.open_output("synthesiser")
    watch.start()
    synth.close()
    assert lost.wait(LIMIT_S)
    assert out.is_lost
    synthesiser()
    assert found.wait(LIMIT_S)
    assert not out.is_lost


def test_when_the_server_dies_nothing_stands_still_and_a_new_one_is_used(
    server, system, watch, news, clock, inbox
):
    out = watch.open_output(None)
    port = watch.open_input(None, inbox.receive, clock)
    server.kill()
    watch.look()
    for _ in range(MORE_THAN_JACK_HOLDS):
        out.send(NOTE)
    assert out.num_dropped == MORE_THAN_JACK_HOLDS
    assert port.is_lost
    assert news == [("lost", "solferino_out"), ("lost", "solferino_in")]
    server.start()
    watch.look()
    assert news[2:] == [("found", "solferino_out"), ("found", "solferino_in")]
    (name,) = (n for n in system.output_names() if n.endswith(":solferino_in"))
    sender = watch.open_output(name)
    inbox.join(sender.send)
    sender.send(NOTE)
    assert inbox.wait(1) == [NOTE]
