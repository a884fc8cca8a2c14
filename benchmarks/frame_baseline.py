"""How well do the last frames alone predict a piano roll? The yardstick of RNN-NADE.

    python benchmarks/frame_baseline.py EXAMPLES_FOLDER [--frames 1,4] [--epochs 30]

Every pitch is a logistic regression on which pitches sounded in the last frames; pitches are
independent of each other within a frame. It learns the training split in random transpositions,
as the recipe does, stops at the epoch that is best on the held-out split (which flatters it),
and prints nats a step there, the first step of each example included.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from solferino.datasets.examples import read_examples
from solferino.representations.pianoroll_events import read_sounding

Roll = NDArray[np.bool_]

TRANSPOSITIONS = range(-4, 5)
BATCH_FRAMES = 512


def rolls_of(split: Sequence[NDArray[np.int16]], num_pitches: int) -> list[Roll]:
    """What sounds at each step of each example."""
    return [read_sounding(ids, num_pitches) for ids in split]


def lagged(roll: Roll, frames: int) -> NDArray[np.float32]:
    """The last frames before each frame, the latest first; silence before the first."""
    padded = np.concatenate([np.zeros((frames, roll.shape[1]), np.bool_), roll])
    return np.concatenate(
        [padded[frames - lag : len(padded) - lag] for lag in range(1, frames + 1)], axis=1
    ).astype(np.float32)


def moved(roll: Roll, semitones: int) -> Roll:
    """Transpose a roll; what leaves the range is lost."""
    result = np.zeros_like(roll)
    low, high = max(semitones, 0), roll.shape[1] + min(semitones, 0)
    result[:, low:high] = roll[:, low - semitones : high - semitones]
    return result


def nats_per_step(model: torch.nn.Module, rolls: Sequence[Roll], frames: int) -> float:
    """Negative log-likelihood of held-out frames."""
    inputs = torch.from_numpy(np.concatenate([lagged(roll, frames) for roll in rolls]))
    targets = torch.from_numpy(np.concatenate(rolls).astype(np.float32))
    with torch.no_grad():
        nats = binary_cross_entropy_with_logits(model(inputs), targets, reduction="sum")
    return float(nats) / len(targets)


def best_nats(
    train: Sequence[Roll], held_out: Sequence[Roll], frames: int, epochs: int, seed: int
) -> float:
    """Train, and return the best figure that was reached."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    num_pitches = train[0].shape[1]
    model = torch.nn.Linear(frames * num_pitches, num_pitches)
    torch.nn.init.constant_(model.bias, -3.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    best = np.inf
    for _ in range(epochs):
        now = [moved(roll, int(rng.choice(TRANSPOSITIONS))) for roll in train]
        inputs = torch.from_numpy(np.concatenate([lagged(roll, frames) for roll in now]))
        targets = torch.from_numpy(np.concatenate(now).astype(np.float32))
        for rows in torch.from_numpy(rng.permutation(len(inputs))).split(BATCH_FRAMES):
            loss = binary_cross_entropy_with_logits(
                model(inputs[rows]), targets[rows], reduction="sum"
            )
            optimizer.zero_grad()
            (loss / len(rows)).backward()
            optimizer.step()
        best = min(best, nats_per_step(model, held_out, frames))
    return best


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("examples", type=Path)
    parser.add_argument("--frames", default="1,4", help="lengths of the past to try")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main() -> None:
    options = parsed()
    examples = read_examples(options.examples)
    wanted = examples.representation_options
    num_pitches = wanted["max_note"] - wanted["min_note"]
    train, held_out = (
        rolls_of([split[k].ids for k in range(len(split))], num_pitches)
        for split in (examples.train, examples.eval)
    )
    print(f"{len(train)} examples to learn, {len(held_out)} held out, {num_pitches} pitches")
    for frames in map(int, options.frames.split(",")):
        nats = best_nats(train, held_out, frames, options.epochs, options.seed)
        print(f"logistic regression on the last {frames} frames: {nats:.3f} nats a step")


if __name__ == "__main__":
    main()
