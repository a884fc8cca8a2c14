"""What a model has to beat: an n-gram that counted the same training examples."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solferino.datasets.examples import Examples
from solferino.errors import DatasetError
from solferino.representations.registry import build_representation
from solferino.representations.representation import Representation
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
        ``baseline``, its name, and ``baseline_nats_per_step``, ``baseline_perplexity``,
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
    nats_per_step = nats / max(num_events, 1)
    return {
        "baseline": f"{ORDER}-gram",
        "baseline_nats_per_step": nats_per_step,
        "baseline_perplexity": math.exp(nats_per_step),
        "baseline_accuracy": _mean(is_right),
        "baseline_event_accuracy": _mean(is_right[guesses.events != representation.default_event]),
    }


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0


def check_same_events(examples: Examples, representation: Representation) -> None:
    """Refuse examples whose ids mean other events than the representation's.

    Parameters
    ----------
    examples : Examples
    representation : Representation
        Of a bundle. It may encode the events in another way for its model.

    Raises
    ------
    DatasetError
        If vocabulary, grid or key differ.
    """
    other = build_representation(examples.representation_name, examples.representation_options)
    ours, theirs = ((r.name, {**r.options, "encoding": None}) for r in (representation, other))
    if ours != theirs:
        raise DatasetError(
            f"the bundle's events are {_said(representation)}, the examples' {_said(other)}; "
            "make examples with the bundle's own recipe"
        )


def _said(representation: Representation) -> str:
    options = ", ".join(f"{name}={value}" for name, value in representation.options.items())
    return f"{representation.name} ({options})"
