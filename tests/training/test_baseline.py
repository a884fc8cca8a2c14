"""The baseline is measured on what the model is measured on."""

from dataclasses import replace

import numpy as np
import pytest

from solferino.datasets.examples import ExampleSet
from solferino.errors import DatasetError
from solferino.representations.registry import build_representation
from solferino.training.baseline import baseline_figures
from solferino.training.ngram import InterpolatedNgram


def melody(**options):
    return build_representation("melody", {"min_note": 60, "max_note": 72, **options})


def test_a_5_gram_of_the_training_tunes_is_measured_on_the_others(examples):
    representation = melody(encoding="lookback")
    ngram = InterpolatedNgram(representation.num_events).fit([e.ids for e in examples.train])
    nats, num_events = ngram.nats([e.ids for e in examples.eval])
    right, right_events, n_events = 0, 0, 0
    for tune in examples.eval:
        for position in range(1, len(tune)):
            guess = ngram.distribution(tune.ids[:position]).argmax()
            right += guess == tune.ids[position]
            right_events += guess == tune.ids[position] != 0
            n_events += tune.ids[position] != 0
    assert baseline_figures(examples, representation) == {
        "baseline": "5-gram",
        "baseline_nats_per_step": pytest.approx(nats / num_events),
        "baseline_nats_per_event": pytest.approx(nats / num_events),
        "baseline_perplexity": pytest.approx(np.exp(nats / num_events)),
        "baseline_accuracy": pytest.approx(right / num_events),
        "baseline_event_accuracy": pytest.approx(right_events / n_events),
    }
    assert nats / num_events < np.log(representation.num_events)


def test_without_evaluation_examples_there_is_nothing_to_measure(examples):
    nothing = replace(examples, eval=ExampleSet.from_sequences([]))
    with pytest.raises(DatasetError, match=r"no evaluation examples.*--eval-ratio"):
        baseline_figures(nothing, melody())
