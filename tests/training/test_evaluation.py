"""Figures of quality, against sums done by hand."""

import math

import numpy as np
import pytest
import torch

from solferino.bundles.session import StepSession
from solferino.datasets.examples import ExampleSet
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from solferino.training.batches import Batch
from solferino.training.evaluation import count, evaluate, figures
from solferino.training.export import rounded_weights
from solferino.training.run import load_weights, new_model
from solferino.training.step_graph import step_graph

OPTIONS = {"encoding": "lookback", "min_note": 60, "max_note": 72}


def batch_of_two_steps(meanings=None):
    return Batch(
        inputs=torch.zeros(1, 3, 1),
        labels=torch.tensor([[0, 1, 0]]),
        mask=torch.tensor([[True, True, False]]),  # the third step is padding
        is_event=torch.tensor([[True, False, True]]),
        meanings=meanings,
    )


LOGITS = torch.log(torch.tensor([[[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [1.0, 1.0, 1.0]]]))


def test_labels_are_counted_where_there_are_any():
    sums = {name: value.item() for name, value in count(LOGITS, batch_of_two_steps()).items()}
    assert sums["label_nats"] == pytest.approx(-math.log(0.5) - math.log(0.3))
    assert sums["nats"] == sums["label_nats"]
    # the first guess is right and something happens; the second, where nothing does, is wrong
    assert (sums["labels"], sums["hits"], sums["events"], sums["event_hits"]) == (2, 1, 1, 1)


def test_classes_that_mean_the_same_event_count_together():
    meanings = torch.tensor([[[1, 0, 1], [1, 1, 0], [0, 0, 0]]], dtype=torch.bool)
    sums = count(LOGITS, batch_of_two_steps(meanings))
    assert sums["nats"].item() == pytest.approx(-math.log(0.5 + 0.2) - math.log(0.6 + 0.3))
    assert sums["hits"].item() == 2  # the second guess means the true event too


def test_figures_are_means_over_all_events():
    found = figures(
        {"label_nats": 6.0, "nats": 3.0, "labels": 4, "hits": 3, "events": 1, "event_hits": 1}
    )
    assert found == {
        "loss": 1.5,
        "perplexity": pytest.approx(math.exp(1.5)),
        "accuracy": 0.75,
        "event_accuracy": 1.0,
        "no_event_accuracy": pytest.approx(2 / 3),
        "loss_per_step": 0.75,
        "perplexity_per_step": pytest.approx(math.exp(0.75)),
    }


def test_without_events_there_is_no_accuracy():
    names = ("label_nats", "nats", "labels", "hits", "events", "event_hits")
    assert math.isnan(figures(dict.fromkeys(names, 0.0))["event_accuracy"])


def test_a_huge_loss_has_an_infinite_perplexity():
    sums = dict.fromkeys(("hits", "events", "event_hits"), 0.0)
    assert (
        figures({"label_nats": 800.0, "nats": 1.0, "labels": 1, **sums})["perplexity"] == math.inf
    )


def phrases():
    rng = np.random.default_rng(0)
    return ExampleSet.from_sequences(
        (str(n), EventSequence(rng.integers(0, 14, n).astype(np.int16), steps_per_bar=4))
        for n in (1, 2, 9, 30)
    )


def test_model_and_session_measure_the_same_and_the_batch_does_not_matter(recipe):
    representation = build_representation("melody", OPTIONS)
    model = new_model(recipe, representation, seed=0)
    weights = rounded_weights(model)
    load_weights(model, weights)
    session = StepSession(step_graph(model, weights), weights)
    measured = evaluate(model, phrases(), representation)
    assert measured["num_steps"] == 1 + 8 + 29  # the first event of each is given
    assert measured["nats_per_step"] < measured["label_nats_per_event"]
    for other in (
        evaluate(session, phrases(), representation),
        evaluate(model, phrases(), representation, batch_size=1),
    ):
        assert other == pytest.approx(measured, abs=1e-5)


def test_an_untrained_guess_costs_what_chance_costs():
    class Shrug(torch.nn.Module):
        def forward(self, inputs):
            return torch.zeros(*inputs.shape[:2], 14), None

    representation = build_representation("melody", {**OPTIONS, "encoding": "one_hot"})
    measured = evaluate(Shrug(), phrases(), representation)
    assert measured["nats_per_step"] == pytest.approx(math.log(14))
    assert measured["perplexity"] == pytest.approx(14)
