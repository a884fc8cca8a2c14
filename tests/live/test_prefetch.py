"""Orders are given ahead of time, and no answer is waited for."""

import math
from concurrent.futures import Future

import pytest

from solferino.live.composing import Order
from solferino.live.phrases import Phrase
from solferino.live.prefetch import Prefetch
from tests.live.composers import HandComposer
from tests.live.fakes import FakeClock

ORDER = Order("piano", Phrase(4.0), 4.0)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def composer():
    return HandComposer()


@pytest.fixture
def prefetch(clock, composer):
    return Prefetch(composer, clock)


def test_how_long_an_order_takes_is_learnt_from_those_before_it(prefetch, clock, composer):
    assert prefetch.expected_s("piano", 8.0) == math.inf
    prefetch.order("a", ORDER)
    clock.advance(0.8)
    composer.finish_quarters()
    # 0.1 s a quarter note, half as long again, and 20 ms
    assert prefetch.expected_s("piano", 8.0) == pytest.approx(1.22)
    assert prefetch.expected_s("piano", 16.0) == pytest.approx(2.42)
    assert prefetch.expected_s("drums", 8.0) == math.inf


def test_the_slowest_of_the_latest_orders_counts(prefetch, clock, composer):
    for took_s in (8.0, 0.8, 1.6, *[0.8] * 7):
        prefetch.order("a", ORDER)
        clock.advance(took_s)
        composer.finish_quarters()
        prefetch.take()
    assert prefetch.expected_s("piano", 8.0) == pytest.approx(1.6 * 1.5 + 0.02)


def test_what_is_ordered_is_not_ordered_twice(prefetch, composer):
    assert prefetch.wants("a", 1.0, math.inf)
    prefetch.order("a", ORDER)
    assert prefetch.is_begun
    assert not prefetch.wants("a", 1.0, 0.1)
    assert not prefetch.wants("b", 1.0, 0.1)  # the first is not done yet
    composer.finish_quarters()
    assert not prefetch.wants("a", 1.0, 0.1)
    assert prefetch.wants("b", 1.0, 0.1)
    assert not prefetch.wants("b", 0.05, 0.1)


def test_the_latest_answer_that_is_done_is_taken(prefetch, composer):
    prefetch.order("a", ORDER)
    composer.finish_quarters(60)
    prefetch.order("b", ORDER)
    assert prefetch.take_done() is None
    assert prefetch.take().notes["pitch"][0] == 60
    assert prefetch.take() is None
    assert composer.futures[1].cancelled()


def test_a_done_answer_can_be_taken_without_giving_up_others(prefetch, composer):
    prefetch.order("a", ORDER)
    assert prefetch.take_done() is None
    assert prefetch.is_begun
    composer.finish_quarters(60)
    assert prefetch.take_done().notes["pitch"][0] == 60
    assert not prefetch.is_begun


def test_an_error_is_counted_and_remembered(prefetch, composer):
    prefetch.order("a", ORDER)
    composer.futures[0].set_exception(ValueError("too bad"))
    assert prefetch.take() is None
    assert (prefetch.failures, prefetch.last_error) == (1, "too bad")
    prefetch.order("a", ORDER)
    composer.futures[1].set_exception(ValueError())
    assert prefetch.take() is None
    assert prefetch.last_error == "ValueError"
    assert prefetch.expected_s("piano", 8.0) == math.inf


def test_after_a_success_the_error_is_forgotten_but_counted(prefetch, composer):
    prefetch.order("a", ORDER)
    composer.futures[0].set_exception(ValueError("too bad"))
    prefetch.take()
    prefetch.order("a", ORDER)
    composer.finish_quarters()
    prefetch.take()
    assert (prefetch.failures, prefetch.last_error) == (1, "")


def test_an_order_that_was_dropped_by_the_composer_is_no_answer(prefetch, composer):
    prefetch.order("a", ORDER)
    composer.futures[0].cancel()
    assert prefetch.take() is None
    assert prefetch.failures == 0


def test_dropped_orders_are_forgotten(prefetch, composer):
    prefetch.order("a", ORDER)
    prefetch.drop()
    assert not prefetch.is_begun
    assert composer.futures[0].cancelled()
    assert prefetch.take() is None
    assert isinstance(composer.futures[0], Future)
