"""An RNN-NADE plays from a bundle what the trained model would."""

import numpy as np
import onnx
import pytest
import torch

from solferino.bundles.card import Card
from solferino.bundles.session import StepSession
from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import EventControls, Section
from solferino.models.registry import build_model
from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints
from solferino.representations.pianoroll import Pianoroll
from solferino.training.export import TOLERANCE, prove_equal, rounded_weights
from solferino.training.run import load_weights
from solferino.training.step_graph import step_graph

ONE_OCTAVE = Pianoroll(min_note=60, max_note=72)
SIZES = {
    "plain": {"rnn_layer_sizes": [6, 7]},
    "attention": {"rnn_layer_sizes": [6, 7], "attn_length": 3},
    "residual": {"rnn_layer_sizes": [6, 6, 7], "residual_connections": True},
}


def rounded(size):
    """A model with weights of ordinary size everywhere, and the weights of its bundle."""
    torch.manual_seed(0)
    n = ONE_OCTAVE.num_classes
    config = {"input_size": n, "num_classes": n, "nade_units": 5, **SIZES[size]}
    model = build_model("rnn_nade", config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    weights = rounded_weights(model)
    load_weights(model, weights)
    return model, weights


@pytest.mark.parametrize("size", list(SIZES))
def test_the_graph_computes_what_the_model_computes(size):
    model, weights = rounded(size)
    graph = step_graph(model, weights)
    onnx.shape_inference.infer_shapes(
        onnx.load_from_string(graph), check_type=True, strict_mode=True
    )
    assert prove_equal(model, StepSession(graph, weights)) < TOLERANCE


@pytest.fixture(scope="module")
def player():
    model, weights = rounded("attention")
    session = StepSession(step_graph(model, weights), weights)
    card = Card(name="tiny", makes="polyphony", representation={}, model={})
    return model, EventGenerator(card, ONE_OCTAVE, session)


def test_generated_music_is_as_likely_as_the_model_finds_it(player):
    model, generator = player
    primer = ONE_OCTAVE.default_primer()
    found = generator.continue_events(primer, 12, seed=1, outputs=range(3))
    for ids, log_likelihood in zip(*found, strict=True):
        assert ONE_OCTAVE.num_steps(ids) == 12
        tracker = ONE_OCTAVE.tracker([primer])
        events = np.concatenate((primer.ids, ids))
        inputs = np.stack([tracker.feed(events[k : k + 1]) for k in range(len(ids))], axis=1)
        with torch.no_grad():
            chances = torch.log_softmax(model(torch.from_numpy(inputs))[0][0].double(), dim=-1)
        expected = float(chances[range(len(ids)), ids.astype(np.int64)].sum())
        assert log_likelihood == pytest.approx(expected, abs=1e-3)


def test_a_melody_is_harmonised_in_its_key(player):
    _, generator = player
    melody = NoteSequence.from_columns([71, 69, 67], [0, 0.5, 1], [0.5, 1, 2])
    constraints = Constraints(pitch_classes=frozenset({0, 2, 4, 5, 7, 9, 11}), keep=melody)
    controls = EventControls(constraints=constraints)
    for output in generator.generate_batch(
        NoteSequence.from_columns([], [], []), Section(0, 2), controls, num_outputs=2
    ):
        notes = output.notes.notes
        spans = notes[["pitch", "onset_s", "release_s"]].tolist()
        assert set(melody.notes[["pitch", "onset_s", "release_s"]].tolist()) <= set(spans)
        assert len(notes) > 3
        assert not {61, 63, 66, 68, 70} & set(notes["pitch"].tolist())
