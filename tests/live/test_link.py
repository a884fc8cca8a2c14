"""Tests of Ableton Link: one tempo, one bar, one start."""

import sys

import pytest

from solferino.errors import LiveError, MissingExtraError
from solferino.live.clock import MonotonicClock
from solferino.live.link import LinkFollower, LinkSession
from solferino.live.transport import Meter, Transport
from tests.live.fakes import FakeClock


class FakeLink:
    """A session whose beat runs with a fake clock."""

    def __init__(self, clock: FakeClock, tempo: float = 120.0, beat: float = 1.0) -> None:
        self._clock = clock
        self._tempo = tempo
        self._anchor = (clock.now_s(), beat)
        self.quantum = 0.0
        self.playing = False
        self.num_peers = 1

    @property
    def beat(self) -> float:
        time_s, beat = self._anchor
        return beat + (self._clock.now_s() - time_s) * self._tempo / 60

    @property
    def tempo(self) -> float:
        return self._tempo

    @tempo.setter
    def tempo(self, qpm: float) -> None:
        self._anchor = (self._clock.now_s(), self.beat)
        self._tempo = qpm

    def shift(self, beats: float) -> None:
        self._anchor = (self._clock.now_s(), self.beat + beats)


class Peer:
    """A transport that keeps step with a fake session."""

    def __init__(self, tempo: float = 120.0, meter: Meter = Meter()) -> None:  # noqa: B008
        self.clock = FakeClock(100.0)
        self.link = FakeLink(self.clock, tempo)
        self.transport = Transport(100, meter)
        self.follower = LinkFollower(self.transport, self.clock, self.link)
        self.follower.poll()

    def run_until(self, time_s: float) -> None:
        while self.clock.time_s < time_s - 1e-9:
            self.clock.time_s = min(self.clock.time_s + 0.02, time_s)
            self.follower.poll()

    @property
    def at(self) -> float:
        return self.transport.line.quarters_at(self.clock.time_s)


def test_who_joins_takes_the_tempo_of_the_session_and_gives_it_the_bar() -> None:
    peer = Peer(meter=Meter(7, 8))
    assert peer.transport.line.qpm == 120
    assert peer.link.quantum == 3.5
    assert peer.follower.num_peers == 1


def test_music_that_starts_here_begins_with_the_next_bar_and_starts_the_others() -> None:
    peer = Peer()
    peer.transport.start(100.0)
    peer.run_until(101.0)
    assert peer.link.playing
    assert peer.at == pytest.approx(-1.0)
    peer.run_until(102.5)
    assert peer.at == pytest.approx(2.0)
    assert peer.link.beat % 4 == pytest.approx(peer.at % 4)


def test_music_that_starts_elsewhere_starts_here_and_stops_when_it_stops_there() -> None:
    peer = Peer()
    peer.link.playing = True
    peer.run_until(102.5)
    assert peer.transport.line.is_running
    assert peer.at == pytest.approx(2.0)
    peer.link.playing = False
    peer.run_until(102.6)
    assert not peer.transport.line.is_running


def test_a_stop_here_stops_the_others() -> None:
    peer = Peer()
    peer.transport.start(100.0)
    peer.run_until(103.0)
    peer.transport.stop(103.0)
    peer.run_until(103.1)
    assert not peer.link.playing
    assert not peer.transport.line.is_running


def test_a_tempo_that_is_set_elsewhere_is_taken_over_without_a_jump() -> None:
    peer = Peer()
    peer.transport.start(100.0)
    peer.run_until(105.0)
    jump = peer.transport.last_jump
    peer.link.tempo = 90.0
    peer.run_until(107.0)
    assert peer.transport.line.qpm == 90.0
    assert peer.transport.last_jump == jump
    assert (peer.link.beat - peer.at + 2) % 4 == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("is_running", [True, False])
def test_a_tempo_that_is_set_here_is_given_to_the_others(is_running: bool) -> None:
    peer = Peer()
    if is_running:
        peer.transport.start(100.0)
    peer.run_until(105.0)
    peer.transport.set_tempo(144, 105.0)
    peer.run_until(106.0)
    assert peer.link.tempo == 144.0
    assert peer.transport.line.qpm == pytest.approx(144.0)


def test_small_corrections_are_not_taken_for_a_tempo_that_was_set_here() -> None:
    peer = Peer()
    peer.transport.start(100.0)
    for second in range(105, 115):
        peer.run_until(second)
        peer.link.shift(0.01)
    assert peer.link.tempo == 120.0


def test_a_session_that_moves_its_bar_takes_the_music_to_the_same_place_in_the_bar() -> None:
    peer = Peer()
    peer.transport.start(100.0)
    peer.run_until(105.5)
    peer.link.shift(101.0)
    peer.run_until(106.0)
    assert peer.at % 4 == pytest.approx(peer.link.beat % 4)
    assert peer.at == pytest.approx(10.0, abs=1e-6)


def test_music_that_jumps_keeps_the_place_in_the_bar_that_the_session_has() -> None:
    peer = Peer()
    peer.transport.start(100.0)
    peer.run_until(105.0)
    peer.transport.locate(33.0, 105.0)
    peer.run_until(106.0)
    assert peer.at % 4 == pytest.approx(peer.link.beat % 4)
    assert 32 < peer.at < 37


def test_over_ten_minutes_nothing_drifts() -> None:
    peer = Peer(tempo=123.4)
    peer.transport.start(100.0)
    peer.run_until(103.0)
    offset = peer.link.beat - peer.at
    jump = peer.transport.last_jump
    for minute in range(1, 11):
        peer.clock.time_s = 103.0 + 60 * minute
        peer.follower.poll()
    assert (peer.link.beat - peer.at) * 60 / 123.4 == pytest.approx(offset * 60 / 123.4, abs=1e-3)
    assert peer.transport.last_jump == jump


def test_without_aalink_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'solferino\[link\]'"):
        LinkSession(Transport(), MonotonicClock())


def test_a_session_opens_leaves_and_gives_its_thread_back(monkeypatch: pytest.MonkeyPatch) -> None:
    links: list[FakeLink] = []

    class Module:
        @staticmethod
        def Link(qpm: float) -> FakeLink:  # noqa: N802
            links.append(FakeLink(FakeClock(), qpm))
            return links[-1]

    monkeypatch.setitem(sys.modules, "aalink", Module)  # type: ignore[arg-type]
    with LinkSession(Transport(99), MonotonicClock()) as session:
        assert session.num_peers == 1
        assert links[0].tempo == 99
        assert links[0].enabled  # type: ignore[attr-defined]
    assert not links[0].enabled  # type: ignore[attr-defined]


def test_where_the_network_refuses_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        @staticmethod
        def Link(qpm: float) -> FakeLink:  # noqa: N802
            raise RuntimeError("no interface")

    monkeypatch.setitem(sys.modules, "aalink", Module)  # type: ignore[arg-type]
    with pytest.raises(LiveError, match=r"cannot be joined \(no interface\): check the network"):
        LinkSession(Transport(), MonotonicClock())
