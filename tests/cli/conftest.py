"""The command line, run in this process, and a bundle for it to play."""

from types import SimpleNamespace

import pytest
from safetensors.numpy import save

from solferino.bundles.bundle import STEP_GRAPH, WEIGHTS, write_bundle
from solferino.bundles.card import Card, Source
from solferino.cli.app import main
from solferino.representations.melody import Melody
from tests.bundles.step_graphs import lstm_graph

REPRESENTATION = Melody(encoding="one_hot")


@pytest.fixture
def solferino(capsys):
    """Run ``solferino`` with some arguments; gives status, out and err."""

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """Path of a bundle of melodies with random weights."""
    graph, weights = lstm_graph(
        REPRESENTATION.input_size, REPRESENTATION.num_classes, (16,), seed=1
    )
    card = Card(
        name="toy",
        makes="melodies",
        description="Random melodies.",
        representation={"name": "melody", "options": dict(REPRESENTATION.options)},
        model={"name": "lstm", "config": {}},
        learnt_from=(Source("Nothing", "CC0-1.0", "thanks to nobody", 3),),
        licence="CC0-1.0",
        held_out={"nats_per_step": 2.5, "baseline": "5-gram", "baseline_nats_per_step": 1.5},
    )
    path = tmp_path_factory.mktemp("bundle") / "toy.solferino"
    write_bundle(path, card, {STEP_GRAPH: graph, WEIGHTS: save(weights)})
    return path


@pytest.fixture
def fails(solferino):
    """Run ``solferino``, expect one line on standard error and a status; gives the line."""

    def run(status, *arguments):
        done = solferino(*arguments)
        assert (done.status, done.out) == (status, ""), done
        assert done.err.startswith("solferino: error: ")
        assert done.err.count("\n") == 1
        return done.err

    return run
