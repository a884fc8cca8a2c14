"""How well does an RNN-NADE predict the JSB Chorales? Prints ours beside published figures.

    python benchmarks/chorales.py JSB_Chorales.npz [--epochs 200] [--keys c] [--seed 0]

The file holds the chorales in the split of 2012, quarter notes, 88 keys from pitch 21: for each
of train, valid and test ``<split>_roll``, rows packed by ``np.packbits``, and ``<split>_len``,
the number of rows of each chorale. A figure is the negative log-likelihood in nats a frame: the
sum over all frames of a split, the first of each chorale included, over their number. (The TCN
paper leaves the first frames out.) The checkpoint is chosen on valid; test is measured once.

With ``--keys all`` the model is trained on chorales in random transpositions, and measured on
them as they stand. With ``--keys c`` it is trained on chorales moved to C major or its relative
(and up to ``--jitter`` semitones away), and its key is a hidden variable: a chorale's likelihood
is the mean of those of its 12 transpositions from 6 semitones down to 5 up. Both are
probabilities of the same frames.
"""

import argparse
import copy
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy, one_hot

from solferino.models.registry import EventModel, build_model
from solferino.notes.harmony import estimate_major_key
from solferino.representations.pianoroll_events import FIRST_PITCH, START, write_sounding

Roll = NDArray[np.bool_]
Splits = dict[str, list[Roll]]

NUM_KEYS = 88
LOWEST_PITCH = 21
NUM_CLASSES = FIRST_PITCH + NUM_KEYS
TRANSPOSITIONS = range(-6, 6)
SEQUENCES_AT_ONCE = 16

PUBLISHED = {
    "LSTM, notes of a frame independent (TCN paper, arXiv:1803.01271)": 8.45,
    "TCN, likewise (the same)": 8.10,
    "RRU, likewise (its README)": 7.72,
    "RNN-RBM (arXiv:1206.6392; second-hand)": 6.27,
    "RNN-NADE (the same; second-hand)": 5.83,
    "RNN-NADE, Hessian-free training (the same; second-hand)": 5.56,
}


def read_splits(path: Path) -> Splits:
    """Read the rolls of train, valid and test, each of shape (n_frames, 88)."""
    with np.load(path) as arrays:
        return {
            split: np.split(
                np.unpackbits(arrays[f"{split}_roll"], axis=1)[:, :NUM_KEYS].astype(bool),
                np.cumsum(arrays[f"{split}_len"])[:-1],
            )
            for split in ("train", "valid", "test")
        }


def num_frames(rolls: Sequence[Roll]) -> int:
    return sum(map(len, rolls))


def static_nats(train: Sequence[Roll], rolls: Sequence[Roll]) -> float:
    """Nats a frame if each key sounds as often as in training, whatever came before.

    A key that never sounds there is taken to sound in half a frame.
    """
    together = np.concatenate(list(train))
    chances = np.maximum(together.sum(axis=0), 0.5) / len(together)
    frames = np.concatenate(list(rolls))
    nats = np.where(frames, -np.log(chances), -np.log1p(-chances))
    return float(nats.sum() / len(frames))


def moved(roll: Roll, semitones: int) -> Roll | None:
    """Transpose a roll; None if a note leaves the keyboard."""
    result = np.zeros_like(roll)
    low, high = max(semitones, 0), NUM_KEYS + min(semitones, 0)
    result[:, low:high] = roll[:, low - semitones : high - semitones]
    return result if result.sum() == roll.sum() else None


def semitones_to_c(roll: Roll) -> int:
    """Transposition that takes a chorale's major key, or the relative of its minor, to C."""
    key = estimate_major_key(roll.nonzero()[1] + LOWEST_PITCH)
    return (6 - key) % 12 - 6


def as_batch(rolls: Sequence[Roll]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Inputs (batch, time, classes), what comes next (batch, time), and where that counts."""
    sequences = [np.concatenate(([START], write_sounding(roll))) for roll in rolls]
    lengths = np.array([len(ids) - 1 for ids in sequences])
    ids = np.zeros((len(rolls), lengths.max() + 1), np.int64)
    for row, one in enumerate(sequences):
        ids[row, : len(one)] = one
    counts = torch.from_numpy(np.arange(lengths.max()) < lengths[:, None])
    tokens = torch.from_numpy(ids)
    inputs = one_hot(tokens[:, :-1], NUM_CLASSES).float() * counts.unsqueeze(-1)
    return inputs, tokens[:, 1:], counts


def negative_log_likelihoods(model: EventModel, rolls: Sequence[Roll]) -> NDArray[np.float64]:
    """Nats of each of some chorales, shape (n_chorales,)."""
    nats = np.empty(len(rolls))
    order = np.argsort([roll.sum() + len(roll) for roll in rolls], kind="stable")
    for start in range(0, len(rolls), SEQUENCES_AT_ONCE):
        rows = order[start : start + SEQUENCES_AT_ONCE]
        inputs, following, counts = as_batch([rolls[row] for row in rows])
        with torch.no_grad():
            logits, _ = model(inputs)
        each = cross_entropy(logits.transpose(1, 2), following, reduction="none")
        nats[rows] = (each.double() * counts).sum(1).numpy()
    return nats


def nats_as_they_stand(model: EventModel, rolls: Sequence[Roll]) -> float:
    """Nats a frame of chorales in the keys they are in."""
    return float(negative_log_likelihoods(model, rolls).sum() / num_frames(rolls))


def nats_in_c(model: EventModel, rolls: Sequence[Roll]) -> float:
    """Nats a frame once each chorale is in C: what a checkpoint is chosen by, not a result."""
    in_c = [moved(roll, semitones_to_c(roll)) for roll in rolls]
    return nats_as_they_stand(model, [roll for roll in in_c if roll is not None])


def nats_over_keys(model: EventModel, rolls: Sequence[Roll]) -> float:
    """Nats a frame where each of 12 transpositions is as likely, and none is known."""
    total = 0.0
    for roll in rolls:
        possible = [moved(roll, semitones) for semitones in TRANSPOSITIONS]
        nats = negative_log_likelihoods(model, [r for r in possible if r is not None])
        total += math.log(len(TRANSPOSITIONS)) - np.logaddexp.reduce(-nats)
    return total / num_frames(rolls)


def build(options: argparse.Namespace) -> EventModel:
    """Build a model whose pitches are rare from the start."""
    sizes = [int(size) for size in options.layers.split(",")]
    config = {"rnn_layer_sizes": sizes, "attn_length": options.attention}
    model = build_model(
        "rnn_nade",
        {
            "input_size": NUM_CLASSES,
            "num_classes": NUM_CLASSES,
            "nade_units": options.nade_units,
            **config,
        },
    )
    with torch.no_grad():
        model.rnn.to_logits.bias[:NUM_KEYS] = -3.0
    return model


def epoch_of(
    train: Sequence[Roll], options: argparse.Namespace, rng: np.random.Generator
) -> Iterator[list[Roll]]:
    """Batches of about equally long chorales, each moved anew."""
    reach = 6 if options.keys == "all" else options.jitter
    order = rng.permutation(len(train))
    for start in range(0, len(order), 4 * options.batch_size):
        chunk = sorted(order[start : start + 4 * options.batch_size], key=lambda k: len(train[k]))
        for first in range(0, len(chunk), options.batch_size):
            batch = []
            for row in chunk[first : first + options.batch_size]:
                roll = moved(train[row], int(rng.integers(-reach, reach + 1)))
                batch.append(train[row] if roll is None else roll)
            yield batch


def train_model(splits: Splits, options: argparse.Namespace) -> EventModel:
    """Train, and return the model of the epoch that was best on valid."""
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model, train = build(options), splits["train"]
    if options.keys == "c":
        train = [roll for roll in (moved(r, semitones_to_c(r)) for r in train) if roll is not None]
    measure = nats_in_c if options.keys == "c" else nats_as_they_stand
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    best, best_weights, began = math.inf, model.state_dict(), time.monotonic()
    for epoch in range(options.epochs):
        left = 1 - epoch / options.epochs
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * min(1.0, 2 * left)
        for rolls in epoch_of(train, options, rng):
            inputs, following, counts = as_batch(rolls)
            logits, _ = model(inputs, keep_prob=options.keep_prob)
            nats = cross_entropy(logits[counts], following[counts], reduction="sum")
            optimizer.zero_grad()
            (nats / num_frames(rolls)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        if epoch % 5 == 4 or epoch == options.epochs - 1:
            valid = measure(model, splits["valid"])
            if valid < best:
                best, best_weights = valid, copy.deepcopy(model.state_dict())
            elapsed_s = time.monotonic() - began
            print(f"epoch {epoch + 1}  {elapsed_s:.0f} s  valid {valid:.3f}", flush=True)
    model.load_state_dict(best_weights)
    return model


def print_table(rows: dict[str, tuple[float | None, float]]) -> None:
    print(f"{'nats a frame':62} {'valid':>7} {'test':>7}")
    for name, (valid, test) in rows.items():
        print(f"{name:62} {'' if valid is None else f'{valid:7.2f}':>7} {test:7.2f}")


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chorales", type=Path)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--keys", choices=("c", "all"), default="c")
    parser.add_argument("--jitter", type=int, default=3, help="semitones away from C")
    parser.add_argument("--layers", default="256", help="units of each layer of the LSTM")
    parser.add_argument("--attention", type=int, default=0, help="frames attended to")
    parser.add_argument("--nade-units", type=int, default=128)
    parser.add_argument("--keep-prob", type=float, default=0.45)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main() -> None:
    """Train, measure and print."""
    options = parsed()
    splits = read_splits(options.chorales)
    model = train_model(splits, options)
    measure = nats_over_keys if options.keys == "c" else nats_as_they_stand
    size = sum(parameter.numel() for parameter in model.parameters())
    held_out = [splits["valid"], splits["test"]]
    uniform, static = (
        [NUM_KEYS * math.log(2)] * 2,
        [static_nats(splits["train"], r) for r in held_out],
    )
    print_table(
        {
            "every key as likely as not": (uniform[0], uniform[1]),
            "every key as often as in training": (static[0], static[1]),
            **{name: (None, test) for name, test in PUBLISHED.items()},
            f"solferino RNN-NADE, {size} weights, keys: {options.keys}": (
                measure(model, held_out[0]),
                measure(model, held_out[1]),
            ),
        }
    )


if __name__ == "__main__":
    main()
