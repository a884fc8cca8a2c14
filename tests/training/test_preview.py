"""Previews: what a model would play now, to see and to hear."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from solferino.errors import SynthesisError
from solferino.representations.registry import build_representation
from solferino.training import preview as preview_module
from solferino.training.preview import sample_events, samples_preview
from solferino.training.run import new_model

MELODY = build_representation("melody", {"encoding": "one_hot", "min_note": 60, "max_note": 72})


class Scale(torch.nn.Module):
    """After event n it always says n + 1, and after the highest note the lowest."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, state):
        following = inputs.argmax(-1) + 1
        following[(following < 2) | (following > 13)] = 2
        return 100.0 * torch.nn.functional.one_hot(following, 14), state


class FakeWriter:
    def __init__(self):
        self.written = {}

    def add_image(self, tag, picture, step, dataformats):
        self.written[f"{tag} picture"] = picture

    def add_audio(self, tag, sound, step, sample_rate):
        self.written[f"{tag} sound"] = sound

    def add_text(self, tag, text, step):
        self.written[f"{tag} text"] = text


def test_samples_follow_the_model():
    first, second = sample_events(Scale(), MELODY, num_samples=2, num_steps=12)
    start = len(MELODY.default_primer())
    played = first.ids[start - 1 :].tolist()
    assert all(b == a + 1 or (a, b) in {(13, 2), (0, 2)} for a, b in pairwise(played))
    assert len(first) == 12
    assert np.array_equal(first.ids, second.ids)


def test_samples_of_a_cold_model_differ_but_come_again(recipe):
    model = new_model(recipe, build_representation(**recipe.representation), seed=0)
    representation = build_representation(**recipe.representation)
    one, two = sample_events(model, representation, num_steps=40, seed=1)
    again, _ = sample_events(model, representation, num_steps=40, seed=1)
    assert not np.array_equal(one.ids, two.ids)
    assert np.array_equal(one.ids, again.ids)


def test_a_preview_is_a_picture_and_a_sound():
    writer = FakeWriter()
    samples_preview(MELODY, num_samples=1, num_steps=24)(Scale(), writer, step=5)
    picture, sound = writer.written["sample 1 picture"], writer.written["sample 1 sound"]
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 3  # not blank
    assert sound.shape[0] == 1
    assert 0.01 < sound.abs().max() <= 1


@pytest.mark.parametrize("failure", [SynthesisError("no SoundFont"), ImportError("no SoundFont")])
def test_a_preview_that_fails_leaves_a_note_and_no_error(monkeypatch, failure):
    def fail(notes):
        raise failure

    monkeypatch.setattr(preview_module, "_sound", fail)
    writer = FakeWriter()
    samples_preview(MELODY, num_samples=1, num_steps=8)(Scale(), writer, step=5)
    assert writer.written["sample 1 text"] == "no preview: no SoundFont"


@pytest.mark.parametrize("sound", [True, False])
def test_sound_can_be_left_out(sound):
    writer = FakeWriter()
    samples_preview(MELODY, num_samples=1, num_steps=8, sound=sound)(Scale(), writer, step=5)
    assert ("sample 1 sound" in writer.written) == sound
