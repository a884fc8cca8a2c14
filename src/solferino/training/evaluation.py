"""How well a model predicts music: nats a step and accuracies, pooled over all events.

The first event of each sequence is given, not predicted, so it does not count. Where several
output classes mean the same event, their probabilities are added: *nats per step* is what
the true event costs, whichever class said it. *Label nats* is what training minimises.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from solferino.datasets.examples import ExampleSet
from solferino.representations.representation import Representation
from solferino.training.batches import Batch, EncodedExamples, evaluation_batches

Sums = dict[str, Tensor]
Predict = Callable[[Tensor], Tensor]
"""From inputs (batch, time, input_size) to logits (batch, time, num_classes)."""


def count(logits: Tensor, batch: Batch) -> Sums:
    """Add up what there is to measure in a batch.

    Parameters
    ----------
    logits : Tensor, shape (batch, time, num_classes)
    batch : Batch
        With ``meanings``, nats and hits are those of events; without, those of labels.

    Returns
    -------
    dict of Tensor of float64, shape ()
        ``label_nats``, ``nats``, ``labels``, ``hits``, ``events``, ``event_hits``.
    """
    log_probabilities = torch.log_softmax(logits.float(), dim=-1)
    labels = batch.labels.unsqueeze(-1)
    label_nats = -log_probabilities.gather(-1, labels).squeeze(-1)
    best = log_probabilities.argmax(dim=-1, keepdim=True)
    if batch.meanings is None:
        nats, hits = label_nats, best == labels
    else:
        meant = log_probabilities.masked_fill(~batch.meanings, -math.inf)
        nats = -torch.logsumexp(meant, dim=-1)
        hits = batch.meanings.gather(-1, best)
    mask, hits = batch.mask, hits.squeeze(-1) & batch.mask
    events = batch.is_event & mask
    return {
        "label_nats": label_nats[mask].sum(dtype=torch.float64),
        "nats": nats[mask].sum(dtype=torch.float64),
        "labels": mask.sum(dtype=torch.float64),
        "hits": hits.sum(dtype=torch.float64),
        "events": events.sum(dtype=torch.float64),
        "event_hits": (hits & events).sum(dtype=torch.float64),
    }


def figures(sums: Mapping[str, float]) -> dict[str, float]:
    """Turn the sums of `count` into means.

    Parameters
    ----------
    sums : mapping of str to float

    Returns
    -------
    dict of str to float
        ``loss`` and ``perplexity`` of the labels, in nats; ``loss_per_step`` and
        ``perplexity_per_step`` of the events; ``accuracy``, ``event_accuracy`` where
        something happens, ``no_event_accuracy`` where nothing does (nan if there is none).
    """
    labels, events = sums["labels"], sums["events"]
    loss, per_step = _share(sums["label_nats"], labels), _share(sums["nats"], labels)
    return {
        "loss": loss,
        "perplexity": _exp(loss),
        "accuracy": _share(sums["hits"], labels),
        "event_accuracy": _share(sums["event_hits"], events),
        "no_event_accuracy": _share(sums["hits"] - sums["event_hits"], labels - events),
        "loss_per_step": per_step,
        "perplexity_per_step": _exp(per_step),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < 700 else math.inf


def count_examples(
    predict: Predict,
    encoded: EncodedExamples,
    *,
    batch_size: int = 64,
    device: torch.device | None = None,
    rank: int = 0,
    num_ranks: int = 1,
) -> Sums:
    """Add up over examples, or over one process's share of them; see `count`."""
    device = device or torch.device("cpu")
    batches = evaluation_batches(encoded.num_labels, batch_size)[rank::num_ranks]
    names = ("label_nats", "nats", "labels", "hits", "events", "event_hits")
    sums = {name: torch.zeros((), dtype=torch.float64, device=device) for name in names}
    with torch.no_grad():
        for rows in batches:
            batch = encoded.batch(rows).to(device)
            for name, value in count(predict(batch.inputs), batch).items():
                sums[name] += value
    return sums


class _Session(Protocol):
    """What is needed of `solferino.bundles.session.StepSession`."""

    def initial_state(self, batch_size: int, /) -> tuple[NDArray[np.float32], ...]: ...

    def step(
        self, inputs: NDArray[np.float32], state: tuple[NDArray[np.float32], ...], /
    ) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]: ...


def session_predictor(session: _Session) -> Predict:
    """Let a bundle's session read whole sequences, step by step."""

    def predict(inputs: Tensor) -> Tensor:
        state, logits = session.initial_state(len(inputs)), []
        for step in inputs.float().numpy().swapaxes(0, 1):
            logit, state = session.step(np.ascontiguousarray(step), state)
            logits.append(torch.from_numpy(logit))
        return torch.stack(logits, dim=1)

    return predict


def model_predictor(model: torch.nn.Module) -> Predict:
    """Let a model read whole sequences, without dropout."""
    return lambda inputs: model(inputs)[0]


def evaluate(
    model: "torch.nn.Module | _Session",
    examples: ExampleSet,
    representation: Representation,
    *,
    batch_size: int = 64,
) -> dict[str, float]:
    """Measure a model, or the session of a bundle, on examples.

    Parameters
    ----------
    model : torch module or StepSession
        A module maps inputs (batch, time, input_size) to logits and state.
    examples : ExampleSet
        Music that it has not learnt from.
    representation : Representation
        The one that the model was trained with.
    batch_size : int > 0

    Returns
    -------
    dict of str to float
        ``nats_per_step`` of the grid, ``nats_per_event`` and its ``perplexity``,
        ``label_nats_per_event``, ``accuracy``, ``event_accuracy``, ``no_event_accuracy``,
        and ``num_steps`` and ``num_events`` counted.
    """
    predict = (
        model_predictor(model) if isinstance(model, torch.nn.Module) else session_predictor(model)
    )
    encoded = EncodedExamples(examples, representation, with_meanings=True, cache_bytes=0)
    sums = count_examples(predict, encoded, batch_size=batch_size)
    found = figures({name: value.item() for name, value in sums.items()})
    num_steps = num_steps_of(examples, representation)
    return {
        "nats_per_step": sums["nats"].item() / max(num_steps, 1),
        "nats_per_event": found["loss_per_step"],
        "perplexity": found["perplexity_per_step"],
        "label_nats_per_event": found["loss"],
        "accuracy": found["accuracy"],
        "event_accuracy": found["event_accuracy"],
        "no_event_accuracy": found["no_event_accuracy"],
        "num_steps": num_steps,
        "num_events": int(sums["labels"].item()),
    }


def num_steps_of(examples: ExampleSet, representation: Representation) -> int:
    """Count the steps of the grid that are filled by what is to predict in examples."""
    return sum(representation.num_steps(example.ids[1:]) for example in examples)
