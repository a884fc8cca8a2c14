import json
import zipfile

import numpy as np
import pytest

from solferino.bundles.bundle import open_bundle, write_bundle
from solferino.bundles.card import Card
from solferino.errors import BundleError
from solferino.generation.generator import Section
from solferino.generation.opening import open_generator
from solferino.notes.sequence import NoteSequence
from solferino.representations.melody import Melody
from tests.bundles.step_graphs import lstm_graph, table_graph, write_toy_bundle

MELODY = Melody("lookback", min_note=60, max_note=72)
GRAPH = lstm_graph(MELODY.input_size, MELODY.num_classes, (4,))


@pytest.fixture
def path(tmp_path):
    write_toy_bundle(tmp_path / "toy.solferino", MELODY, GRAPH)
    return tmp_path / "toy.solferino"


def test_a_bundle_opens_as_a_generator_that_plays(path):
    generator = open_generator(path)
    assert generator.card.name == "toy"
    assert generator.representation == MELODY
    assert generator.bundle_sha256 == open_bundle(path).sha256
    song = generator.generate(NoteSequence(), Section(0, 8))
    assert len(song) > 0
    assert set(song.notes["pitch"].tolist()) <= set(range(60, 72))


def test_an_opened_bundle_opens_too(path):
    assert open_generator(open_bundle(path)).card.name == "toy"


@pytest.mark.parametrize(
    "representation",
    [
        {"name": "melodi"},
        {"options": {}},
        {"name": "melody", "options": {"encoding": "smell"}},
        {"name": "melody", "options": {"colour": 1}},
    ],
)
def test_a_representation_that_is_unknown_says_upgrade(tmp_path, representation):
    write_toy_bundle(tmp_path / "toy", MELODY, GRAPH)
    bundle = open_bundle(tmp_path / "toy")
    card = Card(name="toy", makes="", representation=representation, model={})
    write_bundle(tmp_path / "toy", card, bundle.parts)
    with pytest.raises(
        BundleError, match=r"toy has a representation that cannot be built.*upgrade"
    ):
        open_generator(tmp_path / "toy")


def test_a_model_of_another_size_than_the_representation_is_refused(tmp_path):
    write_toy_bundle(tmp_path / "toy", MELODY, table_graph(np.zeros((3, 5))))
    with pytest.raises(BundleError, match="a model of 3 inputs and 5 classes but"):
        open_generator(tmp_path / "toy")


def test_nothing_in_a_bundle_is_code(path):
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("card.json"))["parts"].keys() == {
            "step.onnx",
            "weights.safetensors",
        }
