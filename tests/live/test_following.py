"""Tests of following: small differences are bent away, large ones are jumps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.live.following import converging, follow
from solferino.live.transport import Line, Transport


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
