"""A transport follows bar lines that come as control changes."""

import pytest

from solferino.live.bar_clock import BarClock
from solferino.live.transport import Meter, Transport


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
