"""Recipes: those of the package, hparams as Magenta writes them, and every refusal."""

import subprocess
import sys

import pytest

from solferino.errors import RecipeError
from solferino.training.recipe import (
    TrainingSettings,
    read_recipe,
    recipe_from,
    recipe_names,
    split_hparams,
)

VALID = {
    "name": "tiny",
    "makes": "tunes",
    "description": "",
    "representation": {"name": "melody"},
    "model": {"name": "lstm"},
}


@pytest.mark.parametrize(
    ("name", "encoding", "attn_length", "clip_norm", "input_size", "num_classes"),
    [
        ("basic_rnn", "one_hot", 0, 5, 38, 38),
        ("mono_rnn", "one_hot", 0, 5, 130, 130),
        ("lookback_rnn", "lookback", 0, 5, 121, 40),
        ("attention_rnn", "key", 40, 3, 74, 40),
    ],
)
def test_melody_recipes_have_the_sizes_of_magenta(
    name, encoding, attn_length, clip_norm, input_size, num_classes
):
    from solferino.representations.registry import build_representation

    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.representation["options"]["encoding"] == encoding
    assert recipe.model["config"]["rnn_layer_sizes"] == [128, 128]
    assert recipe.model["config"]["attn_length"] == attn_length
    assert recipe.rules == {
        "min_bars": 7, "max_steps": 512, "min_unique_pitches": 5, "gap_bars": 1,
    }  # fmt: skip
    training = recipe.training
    assert (training.batch_size, training.learning_rate) == (128, 0.001)
    assert (training.clip_norm, training.dropout_keep_prob) == (clip_norm, 0.5)
    representation = build_representation(**recipe.representation)
    assert (representation.input_size, representation.num_classes) == (input_size, num_classes)


def test_every_recipe_of_the_package_is_read():
    assert {read_recipe(name).name for name in recipe_names()} == set(recipe_names())


def test_a_recipe_survives_json():
    recipe = read_recipe("attention_rnn")
    assert recipe_from(recipe.to_json()) == recipe


def test_hparams_change_model_and_training():
    recipe = read_recipe("attention_rnn").with_hparams(
        "batch_size=64, rnn_layer_sizes=[64,32],dropout_keep_prob=1.0,attn_length=0,"
        "clip_norm=5,learning_rate=1e-4,residual_connections=True"
    )
    assert recipe.model["config"] == {
        "rnn_layer_sizes": [64, 32], "attn_length": 0, "residual_connections": True,
    }  # fmt: skip
    assert recipe.training.batch_size == 64
    assert recipe.training.learning_rate == 1e-4
    assert recipe.training.clip_norm == 5
    assert recipe.training.dropout_keep_prob == 1.0


def test_hparams_are_split_at_commas_outside_lists():
    assert split_hparams("a=[1,2],b=3") == [("a", "[1,2]"), ("b", "3")]
    assert split_hparams("") == []


def test_a_number_may_start_with_its_point():
    assert read_recipe("basic_rnn").with_hparams("learning_rate=.01").training.learning_rate == 0.01


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ("batchsize=64", r"unknown hparam 'batchsize': did you mean 'batch_size'"),
        ("batch_size", r"'batch_size' is not of the form name=value"),
        ("batch_size=many", r"batch_size=many has no value that can be read"),
        ("batch_size=0", r"batch_size=0 is not valid; it is a whole number above 0"),
        ("batch_size=1.5", r"batch_size=1\.5 is not valid"),
        ("rnn_layer_sizes=[]", r"rnn_layer_sizes=\[\] is not valid; it is a list"),
        ("dropout_keep_prob=1.5", r"it is a number above 0, up to 1"),
        ("learning_rate=0", r"learning_rate=0 is not valid; it is a number above 0"),
        ("residual_connections=2", r"it is true or false"),
        ("attn_length=-1", r"it is a whole number of 0 or more"),
        ("min_learning_rate=-1", r"it is a number of 0 or more"),
        ("warmup_steps=-1", r"it is a whole number of 0 or more"),
    ],
)
def test_a_wrong_hparam_is_refused(hparams, message):
    with pytest.raises(RecipeError, match=message):
        read_recipe("basic_rnn").with_hparams(hparams)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lable": "x"}, r"unknown key of recipe 'lable'"),
        ({"name": None}, r"recipe has no 'name'; add it"),
        ({"makes": 3}, r"'makes' in recipe is not a str"),
        ({"model": {"config": {}}}, r"'model' in recipe has no name; add model\.name"),
        (
            {"model": {"name": "lstm", "cfg": {}}},
            r"unknown key of model in recipe 'cfg': .*'config'",
        ),
        ({"training": {"batch_sise": 1}}, r"training of recipe 'batch_sise': .*'batch_size'"),
        ({"model": {"name": "lstm", "config": {"units": 1}}}, r"model\.config of recipe 'units'"),
        ({"training": {"batch_size": "many"}}, r"batch_size='many' is not valid"),
    ],
)
def test_a_wrong_recipe_is_refused(change, message):
    values = {key: value for key, value in {**VALID, **change}.items() if value is not None}
    with pytest.raises(RecipeError, match=message):
        recipe_from(values)


def test_an_unknown_recipe_is_named_with_the_nearest():
    with pytest.raises(RecipeError, match=r"unknown recipe 'attention': did you mean 'attention_"):
        read_recipe("attention")


def test_a_recipe_is_read_from_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nmakes = "tunes"\ndescription = ""\n'
        '[representation]\nname = "melody"\n[model]\nname = "lstm"\n'
    )
    assert read_recipe(path).training == TrainingSettings()
    path.write_text("name = ")
    with pytest.raises(RecipeError, match="is not valid TOML"):
        read_recipe(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")


def test_the_learning_rate_decays_down_to_its_floor():
    settings = TrainingSettings(
        learning_rate=0.1, learning_rate_decay=0.5, decay_steps=10, min_learning_rate=0.03
    )
    assert settings.learning_rate_at(0) == pytest.approx(0.1)
    assert settings.learning_rate_at(10) == pytest.approx(0.05)
    assert settings.learning_rate_at(100) == pytest.approx(0.03)
    assert TrainingSettings().learning_rate_at(10**6) == 1e-3  # constant unless asked


def test_the_learning_rate_warms_up_from_nothing():
    settings = TrainingSettings(learning_rate=0.1, warmup_steps=9)
    rates = [settings.learning_rate_at(step) for step in (0, 4, 9, 100)]
    assert rates == pytest.approx([0.01, 0.05, 0.1, 0.1])


def test_reading_recipes_needs_no_torch():
    code = "import sys, solferino.training.recipe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
