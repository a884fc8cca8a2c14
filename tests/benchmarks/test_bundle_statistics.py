import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from solferino.datasets.examples import Examples, ExampleSet, write_examples
from solferino.errors import DatasetError
from solferino.representations.drums import Drums
from solferino.representations.melody import Melody
from tests.bundles.step_graphs import lstm_graph, write_toy_bundle

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
MELODY = Melody()


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        yield importlib.import_module("bundle_statistics")


@pytest.fixture
def examples(tmp_path):
    """Twelve bars of a scale up and down, in each of three keys."""
    scale = [0, 2, 4, 5, 7, 5, 4, 2] * 24
    tunes = [MELODY.from_melody_events([60 + key + step for step in scale]) for key in (0, 2, 4)]
    whole = ExampleSet.from_sequences([(f"tune {k}", tune) for k, tune in enumerate(tunes)])
    write_examples(Examples("melody", MELODY.options, whole, whole), tmp_path / "examples")
    return tmp_path / "examples"


@pytest.fixture
def table(script, examples, tmp_path, monkeypatch, capsys):
    def run(*options, representation=MELODY):
        sizes = representation.input_size, representation.num_classes
        write_toy_bundle(tmp_path / "toy.solferino", representation, lstm_graph(*sizes, (8,)))
        arguments = [tmp_path / "toy.solferino", examples, "--outputs=4", "--seconds=8", *options]
        monkeypatch.setattr(sys, "argv", ["bundle_statistics.py", *map(str, arguments)])
        script.main()
        return capsys.readouterr().out

    return run


def row(text, label):
    (line,) = [line for line in text.splitlines() if line.startswith(label + "  ")]
    return line[38:].split()


@pytest.mark.parametrize("options", [(), ("--primed",)])
def test_a_bundle_stands_beside_what_it_learnt_from(table, options):
    text = table(*options)
    assert row(text, "notes a second")[:2] == ["8.00", "8.00"]
    assert row(text, "top voice: step (1-2), %")[:3] == ["100.0", "100.0", "0.0"]
    assert len(row(text, "top voice: leap (5 and more), %")) == 4
    assert row(text, "overlap: interval")[:2] == ["1.000", "1.000"]
    assert "4 outputs of 8 s, 64 events each" in text


def test_the_corpus_can_stand_alone(script, examples, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bundle_statistics.py", "-", str(examples)])
    script.main()
    assert len(row(capsys.readouterr().out, "notes a second")) == 3


def test_four_outputs_are_drawn_one_below_the_other(table, tmp_path):
    from matplotlib.image import imread

    table(f"--plot={tmp_path / 'rolls.png'}")
    picture = imread(tmp_path / "rolls.png")
    assert picture.shape[1] == 1600
    assert picture.std() > 0


def test_a_bundle_with_other_events_is_refused(table):
    with pytest.raises(DatasetError, match="the bundle's events are drums"):
        table(representation=Drums())


def test_starts_keep_the_first_seconds_and_nothing_after(script, examples):
    options = type("Options", (), {"seed": 1, "primer_s": 4.0, "primed": True, "starts": 3})
    starts = script.starts_of(script.read_examples(examples).eval, MELODY, options)
    assert len(starts) == 3
    for start in starts:
        assert start.notes["release_s"].max() == 4.0
        assert len(start) == 32
    assert len({int(start.notes["pitch"][0]) for start in starts}) == 3
    assert np.unique([len(s) for s in starts]).tolist() == [32]


def test_examples_that_are_too_short_cannot_be_started_from(script):
    tune = MELODY.from_melody_events([60] * 16)
    short = ExampleSet.from_sequences([("short", tune)])
    options = type("Options", (), {"seed": 1, "primer_s": 4.0, "primed": False, "starts": 3})
    with pytest.raises(SystemExit, match="no held-out example is 8 s long"):
        script.starts_of(short, MELODY, options)
