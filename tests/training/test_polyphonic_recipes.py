"""The recipes of polyphony: the sizes of Magenta's models."""

import pytest

from solferino.models.registry import build_model
from solferino.representations.registry import build_representation
from solferino.training.recipe import read_recipe


@pytest.mark.parametrize(
    ("name", "batch_size", "max_steps", "num_classes", "num_weights"),
    [
        ("polyphony", 64, 512, 259, 1_645_571),
        ("rnn-nade", 64, 2048, 90, 424_664),
        ("rnn-nade_attn", 48, 2048, 90, None),
    ],
)
def test_recipes_have_the_sizes_of_magenta(name, batch_size, max_steps, num_classes, num_weights):
    recipe = read_recipe(name)
    assert (recipe.name, recipe.makes) == (name, "polyphony")
    assert recipe.rules == {"min_steps": 80, "max_steps": max_steps}
    assert recipe.augmentation == {"transpose_semitones": [-4, 4]}
    training = recipe.training
    assert (training.batch_size, training.learning_rate) == (batch_size, 0.001)
    assert (training.clip_norm, training.dropout_keep_prob) == (5, 0.5)
    representation = build_representation(**recipe.representation)
    sizes = {"input_size": representation.input_size, "num_classes": representation.num_classes}
    assert sizes == {"input_size": num_classes, "num_classes": num_classes}
    model = build_model(recipe.model["name"], {**recipe.model["config"], **sizes})
    if num_weights is not None:
        assert sum(parameter.numel() for parameter in model.parameters()) == num_weights


def test_the_recipe_with_attention_attends_to_two_bars():
    config = read_recipe("rnn-nade_attn").model["config"]
    assert (config["rnn_layer_sizes"], config["attn_length"]) == ([128, 128], 32)


def test_the_nade_can_be_given_another_size():
    recipe = read_recipe("rnn-nade").with_hparams("nade_units=64")
    assert recipe.model["config"]["nade_units"] == 64
