"""Tests of the certificate: what is measured, and what is said about it."""

from dataclasses import replace

import pytest
from mido import Message

from solferino.errors import BundleError, PortError
from solferino.live import certificate, ports
from solferino.live.certificate import (
    Certificate,
    Composing,
    Passage,
    Trips,
    certify,
    report_lines,
)
from solferino.live.clock import Clock
from solferino.live.lateness import LatenessReport
from solferino.live.loopback import Cable, Loopback
from solferino.live.ports import MidiSystem, Receiver
from tests.live.fakes import FakeClock, FakeOutPort

IN_TIME = Passage(
    "inside this program",
    LatenessReport(800, 0, 0.2, 0.9, 2.0),
    Trips(0.1, 0.4, 0.05, dropped=0, hung=0),
    is_realtime=True,
)
CERTIFICATE = Certificate(10.0, ("attention_rnn",), (IN_TIME,), Composing(40, 0, 1, 0.5))


def _on(pitch: int = 60, velocity: int = 80) -> Message:
    return Message("note_on", note=pitch, velocity=velocity)


def _off(pitch: int = 60) -> Message:
    return Message("note_off", note=pitch)


@pytest.fixture
def loop() -> Loopback:
    clock = FakeClock(1.0)
    loop = Loopback(clock)
    loop.port = FakeOutPort(clock)
    return loop


def test_a_note_is_timed_from_when_it_is_sent_to_when_it_is_back(loop: Loopback) -> None:
    loop.send(_on())
    assert loop.num_under_way == 1
    loop.receive(_on(), 1.002)
    assert loop.trips_s().tolist() == pytest.approx([0.002])
    assert loop.num_under_way == 0


def test_what_is_not_back_is_under_way_and_what_was_never_sent_is_strange(loop: Loopback) -> None:
    loop.send(_on(60))
    loop.send(Message("clock"))
    loop.receive(_on(61), 1.5)
    loop.receive(Message("clock"), 1.5)
    assert (loop.num_sent, loop.num_under_way, loop.num_strange) == (2, 1, 1)
    assert len(loop.trips_s()) == 0


def test_the_far_end_knows_what_sounds_there(loop: Loopback) -> None:
    for message in (_on(60), _on(61), _off(60), _on(61, 0)):
        loop.send(message)
    loop.receive(_on(60), 1.0)
    loop.receive(_on(61), 1.0)
    loop.receive(_off(60), 1.0)
    assert loop.sounding == {(0, 61)}
    loop.receive(_on(61, 0), 1.0)
    assert loop.sounding == frozenset()


def test_a_cable_lets_everything_come_out_before_it_is_closed(loop: Loopback) -> None:
    cable = Cable(loop)
    loop.port = cable
    for pitch in range(100):
        loop.send(_on(pitch))
    cable.close()
    assert loop.num_under_way == 0


def test_a_certificate_of_a_punctual_computer_says_so_in_lines() -> None:
    assert report_lines(replace(CERTIFICATE, no_ports="there is no MIDI")) == [
        "10 s of 32 notes a second and MIDI clock, attention_rnn writing",
        "inside this program, real-time priority:",
        "  late: median 0.20 ms, p99 0.90 ms, most 2.00 ms, of 800 messages",
        "  back: median 0.10 ms, p99 0.40 ms, jitter 0.05 ms",
        "  left out 0, dropped 0, left sounding 0",
        "through ports: not measured, there is no MIDI",
        "written: 40 times 16 quarter notes, 0 failed, 1 too late, the slowest in 0.50 s",
        "passed (median at most 1 ms, p99 at most 5 ms, none lost)",
    ]


@pytest.mark.parametrize(
    "passage",
    [
        IN_TIME._replace(late=LatenessReport(800, 0, 1.1, 2.0, 3.0)),
        IN_TIME._replace(late=LatenessReport(800, 0, 0.1, 5.1, 6.0)),
        IN_TIME._replace(late=LatenessReport(800, 1, 0.1, 0.2, 0.3)),
        IN_TIME._replace(trips=Trips(0.1, 0.4, 0.05, dropped=1, hung=0)),
        IN_TIME._replace(trips=Trips(0.1, 0.4, 0.05, dropped=0, hung=1)),
    ],
)
def test_late_dropped_and_hanging_notes_are_no_pass(passage: Passage) -> None:
    bad = replace(CERTIFICATE, passages=(IN_TIME, passage._replace(is_realtime=False)))
    assert not bad.is_passed
    assert report_lines(bad)[-1].startswith("not passed")
    assert "inside this program, ordinary priority:" in report_lines(bad)


def test_a_certificate_is_measured_and_everything_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loops: list[Loopback] = []

    def nothing() -> MidiSystem:
        raise PortError("there is no MIDI on this computer")

    def cable(loop: Loopback) -> Cable:
        loops.append(loop)
        return Cable(loop)

    monkeypatch.setattr(ports, "midi_system", nothing)
    monkeypatch.setattr(certificate, "Cable", cable)
    found = certify(0.3, ())
    assert [passage.way for passage in found.passages] == ["inside this program"]
    assert found.no_ports == "there is no MIDI on this computer"
    assert found.passages[0].late.events > 15
    assert found.passages[0].trips[3:] == (0, 0)
    assert found.passages[0].trips.median_ms > 0
    assert loops[0].num_strange == 0
    assert found.composing == Composing()


def test_a_certificate_through_ports_uses_them_while_bundles_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str | None] = []
    cables: list[Cable] = []

    class VirtualOut:
        name = "virtual"

        def send(self, message: Message) -> None:
            cables[-1].send(message)

        def close(self) -> None:
            cables[-1].close()

    class In:
        def close(self) -> None:
            told.append("closed")

    class System:
        def open_output(self, name: str | None) -> VirtualOut:
            return VirtualOut()

        def open_input(self, name: str | None, receive: Receiver, clock: Clock) -> In:
            told.append(name)
            cables.append(Cable(receive.__self__))  # type: ignore[attr-defined]
            return In()

    monkeypatch.setattr(ports, "midi_system", System)
    found = certify(0.3, ("one_drum",))
    assert told == ["virtual", "closed"]
    assert [passage.way for passage in found.passages][1:] == ["through a virtual port"]
    assert found.passages[1].trips[3:] == (0, 0)
    assert found.composing.orders > 0
    assert found.composing.failed == 0


def test_a_bundle_that_cannot_be_opened_is_told_before_anything_is_measured() -> None:
    with pytest.raises(BundleError, match="no_such_bundle"):
        certify(60.0, ("no_such_bundle",))
