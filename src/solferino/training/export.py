"""Checkpoint to bundle: the graph of one step, its weights, a card; proved equal to torch.

Weights of float16 play what torch plays, to `TOLERANCE`. Weights of int8 cannot, so there the
held-out music decides: what they play must be as likely, to `INT8_TOLERANCE`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save as save_arrays

from solferino.bundles.bundle import STEP_GRAPH, WEIGHTS, Bundle, write_bundle
from solferino.bundles.card import FLOAT16, INT8, Card, Source
from solferino.bundles.fingerprints import FINGERPRINTS, fingerprints_before
from solferino.bundles.int8_weights import to_int8
from solferino.bundles.session import StepSession
from solferino.datasets.examples import Examples, check_same_events
from solferino.errors import TrainingError
from solferino.generation.originality import fingerprints_of_examples
from solferino.models.registry import EventModel, model_config
from solferino.representations.representation import Representation
from solferino.training.baseline import baseline_figures
from solferino.training.evaluation import evaluate
from solferino.training.run import load_weights, read_run
from solferino.training.step_graph import step_graph

TOLERANCE = 1e-4
INT8_TOLERANCE = 0.005
"""How far nats an event of held-out music may move, as a share of them."""
PROOF_STEPS = 100
PROOF_BATCHES = (1, 3)
SINGLE_STEPS_EVERY = 12


def rounded_weights(model: torch.nn.Module) -> dict[str, NDArray[np.float16]]:
    """Return the weights as float16, by the names of the parameters.

    Raises
    ------
    TrainingError
        If one is too large for float16 or not a number.
    """
    weights = {
        name: np.ascontiguousarray(value.detach().cpu().half().numpy())
        for name, value in model.state_dict().items()
    }
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise TrainingError(
                f"weight {name} does not fit into float16; train with a lower learning_rate"
            )
    return weights


@np.errstate(invalid="ignore")  # of infinities that no longer are numbers, which it tells
def prove_equal(
    model: EventModel, session: StepSession, *, steps: int = PROOF_STEPS, seed: int = 0
) -> float:
    """Compare a model with its session on random inputs, step by step.

    Small differences may grow without end in a sound model. Where the whole sequences differ,
    single steps that begin in the same state are compared instead.

    Parameters
    ----------
    model : EventModel
        With the weights as the session has them.
    session : StepSession
    steps : int
        Length of the sequence.
    seed : int

    Returns
    -------
    float
        The largest difference of two logits, at batches of 1 and of 3; for single steps that
        of logits and states, as a share of the largest beside them where that is above 1.

    Raises
    ------
    TrainingError
        If it is more than ``TOLERANCE``.
    """
    rng, largest = np.random.default_rng(seed), 0.0
    for batch in PROOF_BATCHES:
        inputs = rng.integers(-1, 2, (batch, steps, model.config.input_size)).astype(np.float32)
        with torch.no_grad():
            expected = model(torch.from_numpy(inputs))[0].numpy()
        state, states = session.initial_state(batch), []
        played = np.empty_like(expected)
        for step in range(steps):
            states.append(state)
            played[:, step], state = session.step(np.ascontiguousarray(inputs[:, step]), state)
        difference = float(np.abs(played - expected).max())
        if not difference <= TOLERANCE:
            difference = _of_single_steps(model, session, inputs, states)
        largest = float(np.maximum(largest, difference))  # which keeps what is not a number
    if not largest <= TOLERANCE:
        raise TrainingError(
            f"the exported graph differs from the model by {largest:.2g}, more than {TOLERANCE}; "
            "the bundle was not written: report this with the recipe"
        )
    return largest


def _of_single_steps(
    model: EventModel,
    session: StepSession,
    inputs: NDArray[np.float32],
    states: Sequence[tuple[NDArray[np.float32], ...]],
) -> float:
    """Return the largest difference after one of some single steps."""
    largest = 0.0
    for step in range(0, len(states), SINGLE_STEPS_EVERY):
        x = np.ascontiguousarray(inputs[:, step])
        with torch.no_grad():
            logits, after = model(
                torch.from_numpy(x).unsqueeze(1), tuple(map(torch.from_numpy, states[step]))
            )
        expected = [part.numpy() for part in (logits[:, 0], *after)]
        played, following = session.step(x, states[step])
        for a, b in zip(expected, (played, *following), strict=True):
            largest = np.maximum(largest, np.abs(a - b).max() / max(1.0, np.abs(a).max()))
    return float(largest)


def export_bundle(
    checkpoint: str | Path,
    path: str | Path,
    *,
    name: str | None = None,
    licence: str = "",
    examples: Examples | None = None,
    before: Bundle | None = None,
    precision: str = FLOAT16,
) -> Card:
    """Turn a checkpoint into a bundle.

    Parameters
    ----------
    checkpoint : path
        A file such as ``runs/1/best.pt``.
    path : path
        The bundle to write.
    name : str, optional
        Name of the bundle; that of the recipe unless given.
    licence : str
        Terms of the bundle.
    examples : Examples, optional
        Music to measure the bundle on, if it has any for evaluation; the figures of
        `evaluate` then go into the card, and those of the baseline beside them. The
        fingerprints of the training examples go into the bundle.
    before : Bundle, optional
        What the run started from; its fingerprints go along, and its steps count too.
    precision : "float16" or "int8"
        What matrices are stored as. int8 halves the file and plays large models twice as fast;
        it needs `examples` with some for evaluation. The figures on the card are then those
        of what plays, and ``float16_nats_per_step`` stands beside them.

    Returns
    -------
    Card
        As written.

    Raises
    ------
    DatasetError
        If the examples are of other events.
    TrainingError
        If the checkpoint cannot be read, or model and bundle do not agree, or int8 cannot be
        measured or is worse.
    ValueError
        If there is no such precision.
    """
    if precision not in (FLOAT16, INT8):
        raise ValueError(f"there is no precision {precision!r}; use {FLOAT16} or {INT8}")
    model, representation, values = read_run(checkpoint)
    if examples is not None:
        check_same_events(examples, representation, "the run")
    parts = proven_parts(model)
    held_out = _held_out(model, representation, examples)
    if precision == INT8:
        int8_parts, measured = _as_good_parts(model, representation, examples, held_out)
        parts, held_out = {**parts, **int8_parts}, {**held_out, **measured}
    if examples is not None:
        learnt = fingerprints_before(before) if before else None
        parts[FINGERPRINTS] = fingerprints_of_examples(examples, learnt).to_bytes()
    recipe = values["recipe"]
    card = Card(
        name=name or recipe["name"],
        makes=recipe["makes"],
        description=recipe["description"],
        representation=values["representation"],
        model={"name": recipe["model"]["name"], "config": model_config(model)},
        learnt_from=tuple(
            Source(**{key: source[key] for key in ("name", "licence", "attribution", "pieces")})
            for source in values["learnt_from"]
        ),
        licence=licence,
        seed=values["seed"],
        steps=values["progress"]["step"] + (before.card.steps if before else 0),
        recipe=recipe,
        precision=precision,
        held_out=held_out,
    )
    return write_bundle(path, card, parts)


def proven_parts(model: EventModel) -> dict[str, bytes]:
    """Return the parts of a bundle that plays as a model does, whose weights become float16.

    Parameters
    ----------
    model : EventModel
        Its weights are rounded in place.

    Returns
    -------
    dict of str to bytes

    Raises
    ------
    TrainingError
        If a weight does not fit into float16, or model and graph do not agree.
    """
    weights = rounded_weights(model)
    load_weights(model, weights)
    graph = step_graph(model, weights)
    prove_equal(model, StepSession(graph, weights))
    return {STEP_GRAPH: graph, WEIGHTS: save_arrays(weights)}


def _as_good_parts(
    model: EventModel,
    representation: Representation,
    examples: Examples | None,
    held_out: Mapping[str, Any],
) -> tuple[dict[str, bytes], dict[str, float]]:
    """Return the parts of a bundle of int8, and what is measured with it."""
    if examples is None or not len(examples.eval):
        raise TrainingError(
            "int8 has to be measured on held-out music and the examples have none for "
            "evaluation; make them with --eval-ratio 0.1, or leave the bundle in float16"
        )
    weights = to_int8(rounded_weights(model))
    graph = step_graph(model, weights)
    measured = evaluate(StepSession(graph, weights), examples.eval, representation)
    before, after = held_out["nats_per_event"], measured["nats_per_event"]
    if not abs(after - before) < INT8_TOLERANCE * before:
        raise TrainingError(
            f"int8 moves held-out nats an event from {before:.4f} to {after:.4f}, by "
            f"{INT8_TOLERANCE:.1%} or more; the bundle was not written: leave it in float16"
        )
    parts = {STEP_GRAPH: graph, WEIGHTS: save_arrays(weights)}
    return parts, {**measured, "float16_nats_per_step": held_out["nats_per_step"]}


def _held_out(
    model: EventModel, representation: Representation, examples: Examples | None
) -> dict[str, Any]:
    """Measure a model beside the baseline, where there is music to measure on."""
    if examples is None or not len(examples.eval):
        return {}
    measured = evaluate(model, examples.eval, representation)
    return {**measured, **baseline_figures(examples, representation)}
