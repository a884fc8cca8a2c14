"""What a model has to beat: an n-gram that counted the same training examples."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solferino.datasets.examples import Examples
from solferino.errors import DatasetError
from solferino.representations.representation import Representation
from solferino.training.evaluation import num_steps_of
from solferino.training.ngram import InterpolatedNgram

ORDER = 5


def baseline_figures(examples: Examples, representation: Representation) -> dict[str, Any]:
    """Fit an n-gram on the training examples and measure it on the evaluation examples.

    Parameters
    ----------
    examples : Examples
    representation : Representation
        The one that they were made with.

    Returns
    -------
    dict
        ``baseline``, its name, and ``baseline_nats_per_step``,
        ``baseline_nats_per_event``, ``baseline_perplexity``,
        ``baseline_accuracy``, ``baseline_event_accuracy``: the figures of
        `solferino.training.evaluation.evaluate` for it.

    Raises
    ------
    DatasetError
        If there are no evaluation examples.
    """
    if not len(examples.eval):
        raise DatasetError(
            "there are no evaluation examples to measure on; make the examples again with "
            "`solferino dataset --eval-ratio 0.1`, from more than one tune"
        )
    ngram = InterpolatedNgram(representation.num_events, representation.default_event, ORDER)
    ngram = ngram.fit(e.ids for e in examples.train)
    held_out = [e.ids for e in examples.eval]
    nats, num_events = ngram.nats(held_out)
    guesses = ngram.guesses(held_out)
    is_right = guesses.likeliest == guesses.events
    nats_per_event = nats / max(num_events, 1)
    return {
        "baseline": f"{ORDER}-gram",
        "baseline_nats_per_step": nats / max(num_steps_of(examples.eval, representation), 1),
        "baseline_nats_per_event": nats_per_event,
        "baseline_perplexity": math.exp(nats_per_event),
        "baseline_accuracy": _mean(is_right),
        "baseline_event_accuracy": _mean(is_right[guesses.events != representation.default_event]),
    }


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0
