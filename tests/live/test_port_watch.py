"""Ports are unplugged and plugged in again, and music does not notice."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mido import Message

from solferino.errors import PortError
from solferino.live import port_watch
from solferino.live.port_watch import PortWatch
from tests.live.fakes import FakeClock
from tests.live.midi_systems import FakeSystem

NOTE = Message("note_on", channel=9, note=36)
KEYS, SYNTH = "Keys 20:0", "Synth 21:0"


class Told:
    """A watch of a fake system, and what it told."""

    def __init__(self, system):
        self.system, self.news = system, []
        self.watch = PortWatch(
            system,
            lambda port: self.news.append(("lost", port.name)),
            lambda port: self.news.append(("found", port.name)),
        )

    def look(self):
        self.news.clear()
        self.watch.look()
        return self.news


@pytest.fixture
def told():
    return Told(FakeSystem([KEYS], [SYNTH]))


def test_nothing_is_told_while_nothing_happens(told):
    told.watch.open_output(SYNTH)
    told.watch.open_input(KEYS, lambda *_: None, FakeClock())
    assert told.look() == told.look() == []


def test_what_is_sent_arrives_at_the_port(told):
    out = told.watch.open_output(SYNTH)
    out.send(NOTE)
    (port,) = told.system.opened
    assert port.sent == [NOTE]
    assert (out.name, out.is_lost, out.num_dropped) == (SYNTH, False, 0)


def test_an_unplugged_output_takes_messages_and_counts_them(told):
    out = told.watch.open_output(SYNTH)
    told.system.outputs.clear()
    assert told.look() == [("lost", SYNTH)]
    out.send(NOTE)
    out.send(NOTE)
    assert (out.is_lost, out.num_dropped, told.system.opened[0].sent) == (True, 2, [])
    assert told.look() == []


def test_it_says_in_words_which_ports_are_gone(told):
    told.watch.open_output(SYNTH)
    told.watch.open_input(KEYS, lambda *_: None, FakeClock())
    assert told.watch.words == ""
    told.system.outputs = []
    told.look()
    assert told.watch.words == f"{SYNTH} is gone; waiting for it"
    told.system.outputs = [SYNTH]
    told.look()
    assert told.watch.words == ""


def test_an_output_that_returns_plays_on(told):
    out = told.watch.open_output(SYNTH)
    told.system.outputs = []
    told.look()
    told.system.outputs = [SYNTH]
    assert told.look() == [("found", SYNTH)]
    out.send(NOTE)
    assert (out.is_lost, told.system.opened[0].sent) == (False, [NOTE])


def test_an_input_that_returns_with_another_number_is_joined_again(told):
    port = told.watch.open_input(KEYS, lambda *_: None, FakeClock())
    told.system.inputs = []
    assert told.look() == [("lost", KEYS)]
    assert port.is_lost
    told.system.inputs = ["Keys 24:0"]
    assert told.look() == [("found", "Keys 24:0")]
    assert (port.name, port.is_lost) == ("Keys 24:0", False)
    assert told.system.opened[0].joined == [KEYS, "Keys 24:0"]


def test_a_device_that_changed_its_number_between_two_looks_is_joined_again(told):
    told.watch.open_output(SYNTH)
    told.system.outputs = ["Synth 22:0"]
    assert told.look() == [("lost", SYNTH), ("found", "Synth 22:0")]


def test_the_neighbour_of_a_lost_port_is_not_taken_for_it():
    told = Told(FakeSystem([], ["Drum 30:0", "Drum 31:0"]))
    told.watch.open_output("Drum 30:0")
    told.system.outputs = ["Drum 31:0"]
    assert told.look() == [("lost", "Drum 30:0")]
    assert told.look() == []


def test_a_port_that_does_not_open_yet_is_tried_again(told):
    out = told.watch.open_output(SYNTH)
    told.system.outputs = []
    told.look()
    told.system.outputs, told.system.refusing = [SYNTH], {SYNTH}
    assert told.look() == []
    assert out.is_lost
    told.system.refusing.clear()
    assert told.look() == [("found", SYNTH)]


def test_a_driver_that_refuses_a_message_is_a_lost_port_and_never_an_error(told):
    out = told.watch.open_output(SYNTH)
    told.system.refusing = {SYNTH}
    out.send(NOTE)
    assert (out.is_lost, out.num_dropped) == (True, 1)
    assert told.look() == [("lost", SYNTH)]
    told.system.refusing.clear()
    assert told.look() == [("found", SYNTH)]


def test_a_virtual_port_is_not_missed_in_the_lists(told):
    told.watch.open_output(None)
    told.system.inputs = []
    assert told.look() == []


def test_when_the_system_is_started_anew_every_port_is_joined_again(told):
    told.watch.open_output(None)
    told.watch.open_input(KEYS, lambda *_: None, FakeClock())
    told.system.is_up, told.system.number = False, 0
    assert told.look() == [("lost", "solferino_out"), ("lost", KEYS)]
    assert told.look() == []
    told.system.is_up, told.system.number = True, 2
    assert told.look() == [("found", "solferino_out"), ("found", KEYS)]
    told.system.number = 3
    assert [what for what, _ in told.look()] == ["lost", "found", "lost", "found"]


def test_a_port_that_was_closed_is_neither_missed_nor_opened_again(told):
    out = told.watch.open_output(SYNTH)
    port = told.watch.open_input(KEYS, lambda *_: None, FakeClock())
    out.close()
    port.close()
    told.system.outputs = told.system.inputs = []
    assert told.look() == []
    for closed in (out, port):
        with pytest.raises(PortError, match=f"{closed.name} is closed: open it again"):
            closed.reconnect(closed.name)
    assert [each.joined for each in told.system.opened] == [[SYNTH], [KEYS]]


def test_a_port_that_is_not_there_is_an_error_when_it_is_first_opened(told):
    told.system.open_output = lambda name: (_ for _ in ()).throw(PortError(f"no {name}"))
    with pytest.raises(PortError, match="no organ"):
        told.watch.open_output("organ")


@given(st.lists(st.sets(st.sampled_from([SYNTH, "Drum 30:0", "Drum 31:0"])), max_size=12))
def test_losses_and_findings_take_turns_and_the_end_is_what_is_there(looks):
    told = Told(FakeSystem([], [SYNTH, "Drum 30:0", "Drum 31:0"]))
    outs = [told.watch.open_output(name) for name in (SYNTH, "Drum 30:0", "Drum 31:0")]
    was_lost = dict.fromkeys((SYNTH, "Drum 30:0", "Drum 31:0"), False)
    for names in looks:
        told.system.outputs = sorted(names)
        for what, name in told.look():
            assert was_lost[name] == (what == "found")
            was_lost[name] = what == "lost"
        assert all(out.is_lost == (out.name not in names) for out in outs)


def test_the_thread_looks_until_the_watch_is_closed(told, monkeypatch):
    monkeypatch.setattr(port_watch, "PERIOD_S", 0.001)
    lost = threading.Event()
    watch = PortWatch(told.system, on_lost=lambda _: lost.set())
    out = watch.open_output(SYNTH)
    with watch:
        told.system.outputs = []
        assert lost.wait(5)
    assert told.system.opened[0].is_closed
    out.send(NOTE)
    assert told.system.opened[0].sent == []
    assert "port watch" not in {thread.name for thread in threading.enumerate()}
