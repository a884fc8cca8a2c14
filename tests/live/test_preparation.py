"""Orders are given ahead of time, and no answer is waited for."""

import math
from concurrent.futures import Future

import pytest

from solferino.live.composing import Order
from solferino.live.phrases import Phrase
from solferino.live.preparation import Preparation
from tests.live.fakes import FakeClock
from tests.live.rehearsal import SlowComposer

ORDER = Order("piano", Phrase(4.0), 4.0)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def composer():
    return SlowComposer()


@pytest.fixture
def preparation(clock, composer):
    return Preparation(composer, clock)


def test_how_long_an_order_takes_is_learnt_from_those_before_it(preparation, clock, composer):
    assert preparation.expected_s("piano", 8.0) == math.inf
    preparation.order("a", ORDER)
    clock.advance(0.8)
    composer.finish()
    # 0.1 s a quarter note, half as long again, and 20 ms
    assert preparation.expected_s("piano", 8.0) == pytest.approx(1.22)
    assert preparation.expected_s("piano", 16.0) == pytest.approx(2.42)
    assert preparation.expected_s("drums", 8.0) == math.inf


def test_the_slowest_of_the_latest_orders_counts(preparation, clock, composer):
    for took_s in (8.0, 0.8, 1.6, *[0.8] * 7):
        preparation.order("a", ORDER)
        clock.advance(took_s)
        composer.finish()
        preparation.take()
    assert preparation.expected_s("piano", 8.0) == pytest.approx(1.6 * 1.5 + 0.02)


def test_what_is_ordered_is_not_ordered_twice(preparation, composer):
    assert preparation.wants("a", 1.0, math.inf)
    preparation.order("a", ORDER)
    assert preparation.is_begun
    assert not preparation.wants("a", 1.0, 0.1)
    assert not preparation.wants("b", 1.0, 0.1)  # the first is not done yet
    composer.finish()
    assert not preparation.wants("a", 1.0, 0.1)
    assert preparation.wants("b", 1.0, 0.1)
    assert not preparation.wants("b", 0.05, 0.1)


def test_the_latest_answer_that_is_done_is_taken(preparation, composer):
    preparation.order("a", ORDER)
    composer.finish(60)
    preparation.order("b", ORDER)
    assert preparation.take_done() is None
    assert preparation.take().notes["pitch"][0] == 60
    assert preparation.take() is None
    assert composer.futures[1].cancelled()


def test_a_done_answer_can_be_taken_without_giving_up_others(preparation, composer):
    preparation.order("a", ORDER)
    assert preparation.take_done() is None
    assert preparation.is_begun
    composer.finish(60)
    assert preparation.take_done().notes["pitch"][0] == 60
    assert not preparation.is_begun


def test_an_error_is_counted_and_remembered(preparation, composer):
    preparation.order("a", ORDER)
    composer.futures[0].set_exception(ValueError("too bad"))
    assert preparation.take() is None
    assert (preparation.failures, preparation.last_error) == (1, "too bad")
    preparation.order("a", ORDER)
    composer.futures[1].set_exception(ValueError())
    assert preparation.take() is None
    assert preparation.last_error == "ValueError"
    assert preparation.expected_s("piano", 8.0) == math.inf


def test_after_a_success_the_error_is_forgotten_but_counted(preparation, composer):
    preparation.order("a", ORDER)
    composer.futures[0].set_exception(ValueError("too bad"))
    preparation.take()
    preparation.order("a", ORDER)
    composer.finish()
    preparation.take()
    assert (preparation.failures, preparation.last_error) == (1, "")


def test_an_order_that_was_dropped_by_the_composer_is_no_answer(preparation, composer):
    preparation.order("a", ORDER)
    composer.futures[0].cancel()
    assert preparation.take() is None
    assert preparation.failures == 0


def test_dropped_orders_are_forgotten(preparation, composer):
    preparation.order("a", ORDER)
    preparation.drop()
    assert not preparation.is_begun
    assert composer.futures[0].cancelled()
    assert preparation.take() is None
    assert isinstance(composer.futures[0], Future)
