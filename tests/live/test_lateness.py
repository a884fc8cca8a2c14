"""Tests of lateness: how punctual a player was."""

import pytest

from solferino.live.lateness import KEPT, Lateness


def test_who_played_nothing_was_never_late() -> None:
    assert Lateness().report() == (0, 0, 0.0, 0.0, 0.0)


def test_half_of_the_events_are_later_than_the_median_and_one_in_a_hundred_later_than_p99() -> None:
    lateness = Lateness()
    for number in range(101):
        lateness.add(number / 1000)
    assert lateness.report() == pytest.approx((101, 0, 50.0, 99.0, 100.0))


def test_percentiles_are_of_the_latest_events_and_the_maximum_of_all() -> None:
    lateness = Lateness()
    lateness.add(0.2)
    for _ in range(KEPT):
        lateness.add(0.001)
    report = lateness.report()
    assert report.events == KEPT + 1
    assert report.p99_ms == pytest.approx(1.0)
    assert report.max_ms == pytest.approx(200.0)


def test_notes_that_were_left_out_are_counted_apart() -> None:
    lateness = Lateness()
    lateness.dropped += 2
    assert lateness.report()[:2] == (0, 2)
