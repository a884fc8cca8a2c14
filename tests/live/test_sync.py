"""Tests of sync: small differences are bent away, large ones are jumps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.live.sync import BarClock, converging, follow
from solferino.live.transport import Line, Meter, Transport


@settings(max_examples=50)
@given(st.floats(20, 300), st.floats(20, 300), st.floats(-0.2, 0.2))
def test_music_comes_to_where_it_should_be_without_going_back_or_skipping(
    qpm: float, target_qpm: float, ahead_quarters: float
) -> None:
    here = Line(0.0, 10.0, qpm, is_running=True)
    there = Line(0.0, 10.0 + ahead_quarters, target_qpm, is_running=True)
    for step in range(200):
        now_s = step * 0.02
        after = converging(here, there, now_s)
        assert after.quarters_at(now_s) == here.quarters_at(now_s)
        assert 0.5 <= after.qpm / target_qpm <= 2 or after.qpm in (1.0, 1000.0)
        here = after
    assert here.quarters_at(4.0) == pytest.approx(there.quarters_at(4.0), abs=1e-5)


def test_a_small_difference_is_no_jump_and_a_large_one_is() -> None:
    transport = Transport(120)
    transport.start(0.0)
    follow(transport, Line(1.0, 2.1, 120, is_running=True), 1.0)
    assert transport.last_jump.number == 1
    assert transport.line.quarters_at(1.0) == 2.0
    follow(transport, Line(1.0, 9.0, 90, is_running=True), 1.0)
    assert transport.last_jump == (2, 9.0)
    assert transport.line == Line(1.0, 9.0, 90, is_running=True)


def test_a_clock_from_before_its_start_takes_the_music_to_the_start() -> None:
    transport = Transport(120)
    transport.start(0.0)
    follow(transport, Line(10.0, -3.0, 120, is_running=True), 10.0)
    assert transport.line == Line(10.0, 0.0, 120, is_running=True)


def test_music_that_stands_takes_the_tempo_and_stays() -> None:
    transport = Transport(120)
    transport.locate(3.0, 0.0)
    follow(transport, Line(0.0, 50.0, 90, is_running=True), 1.0)
    assert transport.line == Line(0.0, 3.0, 90, is_running=False)


def followed(*times_s, meter=None, qpm=120.0):
    transport = Transport(qpm)
    if meter:
        transport.set_meter(meter)
    clock = BarClock(transport)
    for time_s in times_s:
        clock.tick(time_s)
    return transport


def test_one_bar_line_tells_no_tempo():
    assert not followed(10.0).line.is_running


@pytest.mark.parametrize(("meter", "qpm"), [(Meter(4, 4), 96.0), (Meter(7, 8), 84.0)])
def test_two_bar_lines_tell_the_tempo_and_start_the_music_on_the_second(meter, qpm):
    line = followed(10.0, 12.5, meter=meter).line
    assert line.is_running
    assert line.qpm == pytest.approx(qpm)
    assert line.quarters_at(12.5) == 0


def test_a_bar_line_that_is_late_slows_the_music_without_a_leap():
    transport = followed(10.0, 12.0)
    clock = BarClock(transport)
    clock.tick(12.0)
    before = transport.line.quarters_at(14.02)
    clock.tick(14.02)
    assert transport.line.quarters_at(14.02) == before
    assert transport.line.qpm < 120
    # with the tempo of the other clock both are together again on its next bar line
    assert transport.line.quarters_at(16.04) == pytest.approx(8)


def test_bar_lines_that_are_missing_are_counted():
    transport = followed(10.0, 12.0, 18.0)
    assert transport.line.qpm == pytest.approx(120)
    assert transport.line.quarters_at(18.0) == pytest.approx(12)


def test_a_bar_line_that_is_far_off_is_jumped_to():
    transport = followed(10.0, 12.0)
    jumps = transport.last_jump.number
    clock = BarClock(transport)
    clock.tick(11.2)
    clock.tick(13.2)
    assert transport.last_jump.number == jumps + 1
    assert transport.line.quarters_at(13.2) == pytest.approx(4)
    assert transport.line.quarters_at(15.2) == pytest.approx(8)


def test_bar_lines_at_one_moment_or_at_no_tempo_are_left_out():
    assert not followed(10.0, 10.0).line.is_running
    assert not followed(10.0, 10.001).line.is_running
