"""Batches: what the model sees, what it is to say, and in which order."""

import numpy as np
import pytest
import torch

from solferino.datasets.examples import ExampleSet
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from solferino.training.batches import BatchOrder, EncodedExamples, evaluation_batches

MELODY = {"min_note": 60, "max_note": 72}  # fourteen events: none, off, and twelve notes


def encoded(*tunes, encoding="one_hot", **options):
    examples = ExampleSet.from_sequences(
        (str(k), EventSequence(np.array(tune, np.int16), steps_per_bar=2))
        for k, tune in enumerate(tunes)
    )
    representation = build_representation("melody", {"encoding": encoding, **MELODY})
    return EncodedExamples(examples, representation, **options)


def test_the_model_sees_each_event_and_is_to_say_the_next():
    batch = encoded([2, 3, 0, 1], [5, 4]).batch(np.array([0, 1])).to(torch.device("cpu"))
    assert batch.inputs.argmax(-1)[0].tolist() == [2, 3, 0]  # the last event is only predicted
    assert batch.labels.tolist() == [[3, 0, 1], [4, 0, 0]]
    assert batch.mask.tolist() == [[True, True, True], [True, False, False]]
    assert batch.is_event.tolist() == [[True, False, True], [True, False, False]]
    assert batch.inputs.dtype == torch.float32
    assert batch.inputs[1, 1:].abs().sum() == 0  # padding
    assert batch.meanings is None


def test_evaluation_knows_every_class_that_means_the_true_event():
    # with bars of two steps, the third event of 2 2 2 repeats one bar ago: a class of its own
    batch = encoded([2, 2, 2, 3], encoding="lookback", with_meanings=True).batch(np.array([0]))
    labels, meanings = batch.labels[0].tolist(), batch.meanings[0]
    assert all(meanings[step, label] for step, label in enumerate(labels))
    assert labels[1] > 13  # trained to say "repeat"
    assert meanings[1, 2]  # but the plain event would be as right
    assert not meanings[1, 3]


@pytest.mark.parametrize("encoding", ["one_hot", "lookback", "key"])
def test_sequences_are_encoded_alike_alone_and_in_company(encoding):
    alone, company = (encoded([2, 3, 0, 1, 4], [5, 4], encoding=encoding) for _ in range(2))
    together = company.batch(np.array([0, 1]))
    for row, steps in [(0, 4), (1, 1)]:
        one = alone.batch(np.array([row]))
        assert torch.equal(one.inputs[0], together.inputs[row, :steps])
        assert torch.equal(one.labels[0], together.labels[row, :steps])


def test_what_does_not_fit_into_memory_is_encoded_again():
    small, large = (encoded([2, 3, 4], [5, 4], cache_bytes=n) for n in (0, 10**6))
    for _ in range(2):
        first, second = (one.batch(np.array([1, 0])) for one in (small, large))
        assert torch.equal(first.inputs, second.inputs)


def test_fractional_inputs_stay_exact():
    class Halves:
        default_event, input_size, num_classes = 0, 1, 1

        def tracker(self, steps_per_bar):
            return self

        def feed(self, ids):
            return ids[:, None] / np.float32(2)

        def labels(self, ids):
            return np.zeros_like(ids)

    examples = encoded([1, 2, 3])._examples
    batch = EncodedExamples(examples, Halves()).batch(np.array([0]))
    assert batch.inputs.flatten().tolist() == [0.5, 1.0]


LENGTHS = np.array([3, 0, 5, 2, 8, 1, 1, 9, 4, 6, 7])  # one sequence has nothing to predict


def test_an_epoch_shows_each_sequence_at_most_once():
    order = BatchOrder(LENGTHS, batch_size=3, seed=1)
    assert order.batches_per_epoch == 3
    seen = np.concatenate([order.rows(step) for step in range(3)])
    assert len(set(seen.tolist())) == 9
    assert 1 not in seen


def test_the_order_depends_on_seed_and_step_alone():
    order, again = (BatchOrder(LENGTHS, batch_size=3, seed=1) for _ in range(2))
    walked = [order.rows(step).tolist() for step in range(12)]
    assert [again.rows(step).tolist() for step in reversed(range(12))] == walked[::-1]
    assert walked[:3] != walked[3:6]
    other = BatchOrder(LENGTHS, batch_size=3, seed=2)
    assert [other.rows(step).tolist() for step in range(12)] != walked


def test_sequences_of_a_batch_are_about_as_long():
    lengths = np.random.default_rng(0).integers(100, 500, size=2000)
    order = BatchOrder(lengths, batch_size=20, seed=0)
    batches = [lengths[order.rows(step)] for step in range(order.batches_per_epoch)]
    padding = 1 - lengths.sum() / sum(batch.max() * len(batch) for batch in batches)
    assert padding < 0.12


def test_a_batch_is_no_larger_than_what_there_is():
    assert len(BatchOrder(LENGTHS, batch_size=128, seed=0).rows(7)) == 10
    assert BatchOrder(np.zeros(3, int), batch_size=2, seed=0).batches_per_epoch == 0


def test_evaluation_takes_every_sequence_once():
    batches = evaluation_batches(LENGTHS, 4)
    assert sorted(np.concatenate(batches).tolist()) == [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [len(batch) for batch in batches] == [4, 4, 2]


def test_examples_vary_with_the_step_and_never_without_augmentation():
    class Shifting:
        """A melody whose examples are raised by a random number of semitones."""

        def __init__(self):
            self._melody = build_representation("melody", MELODY)

        def __getattr__(self, name):
            return getattr(self._melody, name)

        def augment(self, events, amounts, rng):
            shift = rng.integers(amounts["transpose"] + 1)
            return EventSequence(events.ids + np.int16(shift), steps_per_bar=2)

    examples = ExampleSet.from_sequences([("a", EventSequence(np.array([2, 3, 4])))])
    varied = EncodedExamples(examples, Shifting(), augmentation={"transpose": 5}, seed=1)
    row = np.array([0])
    labels = [tuple(varied.batch(row, step).labels[0].tolist()) for step in range(30)]
    assert set(labels) == {(3 + k, 4 + k) for k in range(6)}
    assert labels[7] == tuple(varied.batch(row, 7).labels[0].tolist())
    plain = EncodedExamples(examples, Shifting())
    assert all(plain.batch(row, step).labels.tolist() == [[3, 4]] for step in range(30))
