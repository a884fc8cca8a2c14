"""A tiny tune book: three tunes of six events, for models that learn in a second."""

import numpy as np
import pytest
import torch

from solferino.datasets.examples import Examples, ExampleSet
from solferino.representations.representation import EventSequence
from solferino.training.recipe import recipe_from

torch.set_num_threads(1)  # models this small only wait for a second thread

TUNES = (
    [2, 3, 4, 0, 5, 0, 1, 0, 2, 3, 4, 0],
    [5, 4, 3, 2, 0, 1, 5, 4, 3, 2],
    [2, 2, 3, 3, 4, 4, 5, 5],
)
RECIPE = {
    "name": "tiny",
    "makes": "tunes",
    "description": "For tests.",
    "representation": {
        "name": "melody",
        "options": {"encoding": "lookback", "min_note": 60, "max_note": 72},
    },
    "model": {"name": "lstm", "config": {"rnn_layer_sizes": [8, 8], "attn_length": 3}},
    "training": {"batch_size": 4, "learning_rate": 0.02, "dropout_keep_prob": 0.9},
}


def tunes(copies):
    """The three tunes again and again, each in bars of four steps."""
    return ExampleSet.from_sequences(
        (f"tune {k}", EventSequence(np.array(TUNES[k % 3], np.int16), steps_per_bar=4))
        for k in range(3 * copies)
    )


@pytest.fixture
def recipe():
    return recipe_from(RECIPE)


@pytest.fixture
def examples():
    representation = RECIPE["representation"]
    return Examples(
        representation["name"],
        representation["options"],
        tunes(4),
        tunes(1),
        learnt_from=[{"name": "Three tunes", "licence": "CC0-1.0", "attribution": "", "pieces": 3}],
    )
