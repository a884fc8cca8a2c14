"""The interpolated n-gram against its formula, written out slowly."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.training.ngram import InterpolatedNgram

NUM_EVENTS = 4
corpora = st.lists(
    st.lists(st.integers(0, NUM_EVENTS - 1), max_size=12).map(tuple), min_size=1, max_size=4
)


class SlowNgram:
    """Witten and Bell's rule, one event at a time, with dictionaries."""

    def __init__(self, corpus, order, default_event):
        self.order, self.default_event = order, default_event
        self.after = {}
        for sequence in corpus:
            for position in range(1, len(sequence)):
                context = self.context(sequence[:position])
                for length in range(order):
                    key = context[len(context) - length :]
                    self.after.setdefault(key, Counter())[sequence[position]] += 1

    def context(self, before):
        padded = (self.default_event,) * (self.order - 1) + tuple(before)
        return padded[len(padded) - self.order + 1 :]

    def probability(self, event, before):
        context = self.context(before)
        probability = 1 / NUM_EVENTS
        for length in range(self.order):
            after = self.after.get(context[len(context) - length :])
            if after is not None:
                kinds = len(after)
                probability = (after[event] + kinds * probability) / (after.total() + kinds)
        return probability

    def nats(self, corpus):
        return -sum(
            np.log(self.probability(sequence[position], sequence[:position]))
            for sequence in corpus
            for position in range(1, len(sequence))
        )


@settings(max_examples=40, deadline=None)
@given(train=corpora, held_out=corpora, order=st.integers(1, 5), default=st.integers(0, 3))
def test_it_equals_the_formula_written_out(train, held_out, order, default):
    fast = InterpolatedNgram(NUM_EVENTS, default, order).fit(train).nats(held_out)
    slow = SlowNgram(train, order, default)
    assert fast.nats == pytest.approx(slow.nats(held_out))
    assert fast.num_events == sum(max(len(sequence) - 1, 0) for sequence in held_out)


@settings(max_examples=40, deadline=None)
@given(train=corpora, context=st.lists(st.integers(0, NUM_EVENTS - 1), max_size=7))
def test_the_probabilities_of_all_events_add_up_to_one(train, context):
    ngram = InterpolatedNgram(NUM_EVENTS, default_event=2, order=4).fit(train)
    probabilities = ngram.distribution(context)
    slow = SlowNgram(train, 4, 2)
    expected = [slow.probability(event, context) for event in range(NUM_EVENTS)]
    assert probabilities.sum() == pytest.approx(1)
    np.testing.assert_allclose(probabilities, expected)


def test_a_longer_memory_predicts_a_pattern_of_four_better():
    pattern = [0, 0, 1, 0, 2, 0, 1, 3] * 20
    corpus = [np.array(pattern[k:], np.int16) for k in range(4)]
    nats = [InterpolatedNgram(4, 0, order).fit(corpus).nats(corpus).nats for order in range(1, 6)]
    assert nats == sorted(nats, reverse=True)
    assert nats[4] < 0.2 * nats[0]


def test_the_start_of_a_sequence_is_a_context_of_default_events():
    ngram = InterpolatedNgram(3, default_event=1, order=3).fit([[0, 2]] * 9)
    np.testing.assert_array_equal(ngram.distribution([0]), ngram.distribution([1, 1, 0]))
    assert ngram.distribution([0])[2] > ngram.distribution([2, 0])[2]


def test_without_any_event_all_are_equally_likely():
    for corpus in ([], [[1]]):
        ngram = InterpolatedNgram(8).fit(corpus)
        assert ngram.nats([[1, 2, 3]]).nats == pytest.approx(2 * np.log(8))


def test_an_event_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"events must be in 0\.\.3"):
        InterpolatedNgram(4).fit([[0, 4]])


@pytest.mark.parametrize(("num_events", "order"), [(0, 5), (4, 0)])
def test_order_and_vocabulary_are_at_least_one(num_events, order):
    with pytest.raises(ValueError, match="at least 1"):
        InterpolatedNgram(num_events, order=order)


def test_an_order_whose_codes_would_overflow_is_refused():
    with pytest.raises(ValueError, match="order 9 is too high for 388 events"):
        InterpolatedNgram(388, order=9)
