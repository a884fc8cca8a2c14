"""Tests of the line through ticks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.live.tempo_tracking import TempoTracker

PERIOD_S = 60 / 24 / 120


def _after(times_s: list[float], qpm: float = 100.0) -> tuple[TempoTracker, int]:
    line = TempoTracker(qpm)
    return line, sum(line.add(time_s) for time_s in times_s)


def test_before_any_tick_nothing_is_known() -> None:
    line = TempoTracker(100)
    assert line.fit is None
    assert not line.is_settled


def test_at_the_first_tick_the_tempo_is_the_one_that_was_given() -> None:
    line, _ = _after([5.0], qpm=90.0)
    assert line.fit is not None
    assert (line.fit.time_s, line.fit.qpm) == (5.0, pytest.approx(90.0))


@settings(max_examples=30)
@given(st.floats(2, 900), st.integers(2, 100), st.floats(0, 1e4))
def test_even_ticks_say_their_tempo(qpm: float, count: int, start_s: float) -> None:
    times_s = [start_s + number * 60 / 24 / qpm for number in range(count)]
    line, went_on = _after(times_s)
    assert line.fit is not None
    assert went_on == count
    assert line.fit.qpm == pytest.approx(qpm, rel=1e-4)
    assert line.fit.time_s == pytest.approx(times_s[-1], abs=1e-6)


@pytest.mark.parametrize("jitter_s", [0.001, 0.003])
def test_jitter_is_averaged_away(jitter_s: float) -> None:
    random = np.random.default_rng(1)
    line = TempoTracker(100)
    errors_s = []
    for number in range(480):
        line.add(number * PERIOD_S + random.uniform(-jitter_s, jitter_s))
        if number >= 48 and line.fit:
            errors_s.append(abs(line.fit.time_s - number * PERIOD_S))
    assert np.median(errors_s) < jitter_s / 6


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(12, 60), st.integers(0, 1000))
def test_ticks_that_were_lost_are_counted(lost: int, before: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    numbers = [*range(before), *range(before + lost, before + lost + 12)]
    times_s = [number * PERIOD_S + random.uniform(-0.001, 0.001) for number in numbers]
    line, went_on = _after(times_s)
    assert went_on == numbers[-1] + 1
    assert line.fit is not None
    assert line.fit.time_s == pytest.approx(numbers[-1] * PERIOD_S, abs=0.001)


def test_a_tick_that_is_merely_delayed_is_not_taken_for_a_lost_one() -> None:
    times_s = [number * PERIOD_S for number in range(40)]
    times_s[30] += 0.9 * PERIOD_S
    line, went_on = _after(times_s)
    assert went_on == 40
    assert line.fit is not None
    assert line.fit.time_s == pytest.approx(times_s[-1], abs=1e-6)


def test_ticks_that_wait_and_then_come_all_at_once_are_none_too_many() -> None:
    times_s = [number * PERIOD_S for number in range(60)]
    times_s[30:40] = [times_s[40] + number * 1e-4 for number in range(-10, 0)]
    line, went_on = _after(times_s)
    assert went_on == 60
    assert line.fit is not None
    assert line.fit.qpm == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("qpm", [*range(40, 160, 4), 200, 240, 480])
def test_a_sudden_tempo_loses_and_adds_no_tick_and_is_known_two_quarters_later(qpm: float) -> None:
    random = np.random.default_rng(qpm)
    times_s = [number * PERIOD_S for number in range(48)]
    times_s += [times_s[-1] + number * 60 / 24 / qpm for number in range(1, 49)]
    jittery_s = [time_s + random.uniform(-0.0005, 0.0005) for time_s in times_s]
    line, went_on = _after(jittery_s)
    assert went_on == len(times_s)
    assert line.fit is not None
    assert line.fit.qpm == pytest.approx(qpm, rel=0.01)
    assert line.fit.time_s == pytest.approx(times_s[-1], abs=0.001)


def test_while_a_strange_tick_is_in_doubt_the_line_runs_on() -> None:
    line, _ = _after([number * PERIOD_S for number in range(24)])
    line.add(25 * PERIOD_S)
    assert line.is_in_doubt
    assert line.fit is not None
    assert line.fit.time_s == pytest.approx(24 * PERIOD_S)


def test_after_a_pause_the_tempo_is_remembered_and_the_phase_is_not() -> None:
    line, _ = _after([number * PERIOD_S for number in range(24)])
    line.forget()
    assert line.fit is None
    line.add(99.0)
    assert line.fit is not None
    assert line.fit.time_s == 99.0
    assert line.fit.qpm == pytest.approx(120, rel=1e-6)
