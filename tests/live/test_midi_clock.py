"""Tests of MIDI clock: leading other machines, and following one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

from solferino.live.midi_clock import MidiClock, MidiClockFollower
from solferino.live.transport import Line
from tests.live.fakes import FakeOutPort, ListSource, Stage

TICK_S = 60 / 24 / 120


@pytest.fixture
def stage() -> Stage:
    stage = Stage(120)
    stage.player.add(MidiClock(stage.player))
    return stage


def _kinds(port: FakeOutPort) -> list[str]:
    """Return what was sent, without the ticks."""
    return [
        f"{round(time_s, 6):g} {m.type}" + (f" {m.pos}" if m.type == "songpos" else "")
        for time_s, m in port.sent
        if m.type != "clock"
    ]


def _ticks_s(port: FakeOutPort) -> list[float]:
    return [time_s for time_s, message in port.sent if message.type == "clock"]


def test_there_are_24_ticks_a_quarter_and_start_comes_before_the_first(stage: Stage) -> None:
    stage.transport.start(100.0)
    stage.run_until(100.999)
    assert stage.port.sent[0][1].type == "start"
    assert _ticks_s(stage.port) == pytest.approx([100 + number * TICK_S for number in range(48)])


def test_ticks_are_never_added_up_so_that_they_do_not_drift(stage: Stage) -> None:
    stage.transport.locate(4000.0, 100.0)
    stage.transport.resume(100.0)
    stage.run_until(101.0)
    assert _ticks_s(stage.port)[-1] == 101.0


def test_a_stop_is_told_and_music_that_goes_on_continues_at_its_song_position(stage: Stage) -> None:
    stage.transport.start(100.0)
    stage.run_until(101.0)
    stage.transport.stop(101.0)
    stage.run_until(105.0)
    stage.transport.resume(105.0)
    stage.run_until(105.0)
    assert _kinds(stage.port) == [
        "100 start",
        "101 stop",
        "101 songpos 8",
        "105 songpos 8",
        "105 continue",
    ]
    assert stage.port.sent[-1] == (105.0, Message("clock"))


def test_between_two_sixteenths_the_others_go_on_at_the_next(stage: Stage) -> None:
    stage.transport.locate(2.1, 100.0)
    stage.run_until(100.0)
    stage.transport.resume(100.0)
    stage.run_until(100.2)
    assert _kinds(stage.port) == ["100 songpos 9", "100 songpos 9", "100.075 continue"]
    assert _ticks_s(stage.port)[0] == pytest.approx(100.075)


def test_a_jump_stops_the_others_and_takes_them_there(stage: Stage) -> None:
    stage.transport.start(100.0)
    stage.run_until(100.5)
    stage.transport.locate(16.0, 100.5)
    stage.run_until(100.6)
    stage.transport.start(100.6)
    stage.run_until(100.7)
    assert _kinds(stage.port) == [
        "100 start",
        "100.5 stop",
        "100.5 songpos 64",
        "100.5 continue",
        "100.6 stop",
        "100.6 start",
    ]


def test_a_position_that_midi_cannot_say_is_told_modulo_16384_sixteenths(stage: Stage) -> None:
    stage.transport.locate(4096.0 + 4.0, 100.0)
    stage.run_until(100.0)
    assert _kinds(stage.port) == ["100 songpos 16"]


def test_a_new_tempo_changes_the_ticks_at_once(stage: Stage) -> None:
    stage.transport.start(100.0)
    stage.run_until(100.5)
    stage.transport.set_tempo(60, 100.5)
    stage.run_until(102.0)
    ticks_s = _ticks_s(stage.port)
    assert ticks_s[24] == pytest.approx(100.5)
    assert np.diff(ticks_s[24:]) == pytest.approx([2 * TICK_S] * (len(ticks_s) - 25))


def test_when_the_player_closes_the_others_stop(stage: Stage) -> None:
    stage.transport.start(100.0)
    stage.run_until(100.5)
    stage.player.close()
    assert _kinds(stage.port)[:2] == ["100 start", "100.5 stop"]


# Following.


class Slave:
    """A player that follows a clock, on a fake clock of its own."""

    def __init__(self, qpm: float = 100.0) -> None:
        self.stage = Stage(qpm)
        self.transport = self.stage.transport
        self.follower = MidiClockFollower(self.transport)
        self.source = ListSource([])
        self.stage.player.add(self.follower)
        self.stage.player.add(self.source)

    def hear(self, message: str | Message, time_s: float) -> None:
        self.stage.run_until(time_s)
        self.follower.receive(Message(message) if isinstance(message, str) else message, time_s)

    def hear_ticks(self, count: int, start_s: float, period_s: float = TICK_S) -> float:
        """Hear so many ticks; returns when the next one is due."""
        for number in range(count):
            self.hear("clock", start_s + number * period_s)
        return start_s + count * period_s

    def at(self, time_s: float) -> float:
        return self.transport.line.quarters_at(time_s)


def test_the_music_begins_at_the_first_tick_after_start() -> None:
    slave = Slave()
    slave.hear("start", 101.0)
    assert not slave.transport.line.is_running
    slave.hear("clock", 101.5)
    assert slave.transport.line == Line(101.5, 0.0, 100.0, is_running=True)


def test_ticks_before_the_start_tell_the_tempo() -> None:
    slave = Slave()
    next_s = slave.hear_ticks(26, 101.0)
    assert slave.transport.line.qpm == pytest.approx(120, rel=0.001)
    assert slave.follower.qpm == pytest.approx(120, rel=0.001)
    slave.hear("start", next_s - 0.001)
    slave.hear("clock", next_s)
    assert slave.at(next_s + 1.0) == pytest.approx(2.0, rel=0.001)


def test_music_that_runs_here_takes_the_tempo_of_ticks_without_a_start_and_does_not_jump() -> None:
    slave = Slave(100)
    slave.transport.start(100.0)
    slave.hear_ticks(24, 101.0, 60 / 24 / 150)
    jump, last_s = slave.transport.last_jump, slave.stage.clock.time_s
    assert slave.transport.line.qpm == pytest.approx(150, rel=0.001)
    assert slave.at(last_s) == pytest.approx((last_s - 100) * 100 / 60)
    assert slave.transport.last_jump == jump


def test_a_stop_stands_still_and_continue_goes_on_with_the_next_tick() -> None:
    slave = Slave(120)
    slave.hear("start", 101.0)
    next_s = slave.hear_ticks(48, 101.0)
    slave.hear("stop", next_s - 0.001)
    assert not slave.transport.line.is_running
    slave.hear("continue", 110.0)
    slave.hear("clock", 110.01)
    assert slave.at(110.01) == 2.0
    assert slave.transport.line.is_running


def test_song_position_is_in_sixteenths_and_continue_goes_on_there() -> None:
    slave = Slave(120)
    slave.hear(Message("songpos", pos=10), 101.0)
    assert slave.at(101.0) == 2.5
    slave.hear("continue", 101.5)
    slave.hear("clock", 102.0)
    assert slave.at(102.0) == 2.5
    assert slave.transport.line.is_running


def test_a_master_that_jumps_while_it_runs_takes_the_slave_along() -> None:
    slave = Slave(120)
    slave.hear("start", 101.0)
    next_s = slave.hear_ticks(48, 101.0)
    for sixteenth in (4, 5):
        slave.hear(Message("songpos", pos=sixteenth), next_s - 0.001)
        slave.hear("clock", next_s)
        assert slave.at(next_s) == sixteenth / 4
        next_s = slave.hear_ticks(1, next_s + TICK_S)


def test_a_pause_is_no_row_of_lost_ticks_but_a_gap_is() -> None:
    slave = Slave(120)
    slave.hear("start", 101.0)
    next_s = slave.hear_ticks(48, 101.0)
    slave.hear("stop", next_s)
    slave.hear("continue", next_s + 1)
    next_s = slave.hear_ticks(26, next_s + 400 * TICK_S)
    assert slave.at(next_s) == pytest.approx(2 + 26 / 24, abs=1e-4)
    assert slave.follower.lost_ticks == 0
    next_s = slave.hear_ticks(24, next_s + 3 * TICK_S)
    assert slave.follower.lost_ticks == 3
    assert slave.at(next_s) == pytest.approx(2 + (2 + 24 + 3 + 24) / 24, abs=1e-3)


def test_other_messages_are_no_clock() -> None:
    slave = Slave()
    before = slave.transport.moment
    slave.hear(Message("note_on"), 101.0)
    assert slave.transport.moment == before


def test_when_ticks_stay_away_the_music_stops_where_the_next_belongs_and_goes_on_with_it() -> None:
    slave = Slave(120)
    slave.hear("start", 101.0)
    last_s = slave.hear_ticks(48, 101.0) - TICK_S
    slave.stage.run_until(last_s + 0.45)
    assert slave.transport.line.is_running
    slave.stage.run_until(last_s + 0.55)
    assert not slave.transport.line.is_running
    assert slave.at(0.0) == 2.0
    assert slave.follower.losses == 1
    slave.hear_ticks(1, 110.0)
    assert slave.transport.line.is_running
    assert slave.at(110.0) == 2.0


def test_a_slow_clock_is_not_taken_for_a_lost_one() -> None:
    slave = Slave(5)
    slave.hear("start", 101.0)
    slave.hear_ticks(30, 101.0, 60 / 24 / 5)
    assert slave.follower.losses == 0
    assert slave.transport.line.is_running


def test_music_that_was_stopped_here_stays_stopped_and_is_in_step_when_it_goes_on() -> None:
    slave = Slave(120)
    slave.hear("start", 101.0)
    next_s = slave.hear_ticks(24, 101.0)
    slave.transport.stop(next_s)
    next_s = slave.hear_ticks(48, next_s)
    assert not slave.transport.line.is_running
    assert slave.follower.losses == 0
    slave.transport.resume(next_s)
    next_s = slave.hear_ticks(12, next_s)
    assert slave.at(next_s) == pytest.approx(3.5, abs=1e-3)


def _error_s(slave: Slave, time_s: float, quarters: float, qpm: float) -> float:
    return (slave.at(time_s) - quarters) * 60 / qpm


@settings(max_examples=12, deadline=None)
@given(st.floats(40, 220), st.integers(0, 10_000))
def test_with_a_millisecond_of_jitter_the_slave_is_within_one_after_two_quarters(
    qpm: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    slave = Slave(100)
    slave.follower.receive(Message("start"), 100.0)
    errors_s, positions = [], []
    period_s = 60 / 24 / qpm
    for number in range(24 * 8):
        late_s = random.uniform(-0.001, 0.001)
        slave.follower.receive(Message("clock"), 101 + number * period_s + late_s)
        positions.append(slave.at(101 + (number + 0.5) * period_s))
        if number > 48:
            errors_s.append(abs(_error_s(slave, 101 + number * period_s, number / 24, qpm)))
    assert np.median(errors_s) < 0.0005
    assert max(errors_s) < 0.0015
    assert np.all(np.diff(positions) > 0)


def test_a_master_that_slows_down_steadily_is_followed_within_a_millisecond_and_a_half() -> None:
    slave, random = Slave(140), np.random.default_rng(2)
    seconds = np.arange(0, 15, 0.001)
    quarters = (140 * seconds - 1.5 * seconds**2) / 60
    slave.follower.receive(Message("start"), 0.0)
    errors_s = []
    for number in range(int(quarters[-1] * 24)):
        time_s = float(np.interp(number / 24, quarters, seconds))
        slave.follower.receive(Message("clock"), time_s + random.uniform(-0.001, 0.001))
        if number > 48:
            errors_s.append(abs(_error_s(slave, time_s, number / 24, 140 - 3 * time_s)))
    assert np.median(errors_s) < 0.001
    assert max(errors_s) < 0.003


def test_ticks_that_waited_and_come_all_at_once_do_not_hurry_the_music() -> None:
    slave = Slave(120)
    slave.follower.receive(Message("start"), 100.0)
    times_s = [101 + number * TICK_S for number in range(120)]
    times_s[60:72] = [times_s[72] + number * 1e-4 for number in range(-12, 0)]
    for number, time_s in enumerate(times_s):
        slave.follower.receive(Message("clock"), time_s)
        assert 100 < slave.transport.line.qpm < 140
        assert slave.at(time_s) == pytest.approx((time_s - 101) * 2, abs=0.01)
        assert number < 60 or slave.transport.last_jump.number == 1


def test_two_players_that_are_locked_stay_within_a_millisecond_for_ten_minutes() -> None:
    random = np.random.default_rng(3)
    master, slave = Stage(50), Slave(100)
    master.player.add(MidiClock(master.player))
    master.port.on_send = lambda message: slave.follower.receive(
        message, master.clock.now_s() + random.uniform(-0.001, 0.001)
    )
    master.transport.start(100.0)
    errors_ms = []
    for second in range(1, 601):
        master.run_until(100.0 + second)
        if second == 200:
            master.transport.set_tempo(45, 300.0)
        ahead = slave.at(100.0 + second) - master.transport.line.quarters_at(100.0 + second)
        if second > 2 and not 200 < second < 204:
            errors_ms.append(abs(ahead) * 60 / master.transport.line.qpm * 1000)
    assert max(errors_ms) < 1.0
    assert np.median(errors_ms) < 0.25
    assert slave.transport.last_jump.number == 1
