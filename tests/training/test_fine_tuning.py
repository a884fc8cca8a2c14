"""A bundle goes on learning from a little music, gently."""

from dataclasses import replace

import numpy as np
import pytest

from solferino.bundles.bundle import open_bundle
from solferino.errors import TrainingError
from solferino.training.export import export_bundle
from solferino.training.fine_tuning import (
    check_start,
    gentle,
    gentle_limits,
    nats_before,
    sized_like,
    with_sources_of,
)
from solferino.training.loop import FitOptions
from solferino.training.recipe import read_recipe, recipe_from
from solferino.training.run import train
from tests.training.conftest import RECIPE


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle that three tunes made, and what its card says of it."""
    from solferino.datasets.examples import Examples
    from tests.training.conftest import tunes

    folder = tmp_path_factory.mktemp("start")
    source = {"name": "Three tunes", "licence": "", "attribution": "", "pieces": 3}
    representation = RECIPE["representation"]
    examples = Examples(
        representation["name"], representation["options"], tunes(4), tunes(1), [source]
    )
    train(recipe_from(RECIPE), examples, folder, FitOptions(3, device="cpu", tensorboard=False))
    export_bundle(folder / "last.pt", folder / "start.solferino", examples=examples)
    return open_bundle(folder / "start.solferino")


def test_steps_are_small_and_constant(recipe):
    settings = gentle(read_recipe("attention_rnn")).training
    assert settings.batch_size == 16
    assert settings.learning_rate_at(1500) == settings.learning_rate < 1e-3
    assert settings.learning_rate_at(0) < settings.learning_rate / 5
    assert gentle(recipe).training.batch_size == 4  # a smaller one stays


def test_the_held_out_music_is_measured_once_an_epoch_and_before_the_first_step():
    limits = gentle_limits(500, 16)
    assert limits["eval_every"] == 32
    assert gentle_limits(10, 16)["eval_every"] == 10
    options = FitOptions(**limits)
    assert options.eval_at_start
    assert options.patience > 0
    assert options.minutes


def test_a_bundle_of_another_model_is_refused_before_anything_is_done(bundle, recipe):
    check_start(bundle, recipe)
    with pytest.raises(TrainingError, match=r"which was made with recipe tiny and its --hparams;"):
        check_start(bundle, read_recipe("drum_kit"))


def test_a_recipe_takes_the_sizes_of_the_bundle_it_starts_from(bundle, recipe):
    other = recipe.with_hparams("rnn_layer_sizes=[9],learning_rate=0.5")
    fitting = sized_like(bundle, other)
    check_start(bundle, fitting)
    assert fitting.training.learning_rate == 0.5


def test_a_recipe_of_other_sizes_is_told_the_hparams_that_fit_the_bundle(bundle, recipe):
    other = recipe.with_hparams("rnn_layer_sizes=[9]")
    with pytest.raises(TrainingError, match=r'recipe tiny and --hparams ".*"; train') as caught:
        check_start(bundle, other)
    hparams = str(caught.value).split('"')[1]
    check_start(bundle, other.with_hparams(hparams))


def test_the_card_still_names_what_the_bundle_had_learnt_from(bundle, examples):
    mine = replace(examples, learnt_from=[{"name": "mine", "pieces": 7}])
    names = [source["name"] for source in with_sources_of(bundle, mine).learnt_from]
    assert names == ["Three tunes", "mine"]


def test_what_the_bundle_knew_before_is_what_its_card_says(bundle, recipe, examples):
    assert nats_before(bundle, recipe, examples) == pytest.approx(
        bundle.card.held_out["nats_per_step"], abs=1e-5
    )


def test_weights_that_are_never_bettered_are_kept(bundle, recipe, examples, tmp_path):
    wild = recipe.with_hparams("learning_rate=5.0")
    options = FitOptions(3, eval_every=1, device="cpu", tensorboard=False, eval_at_start=True)
    result = train(wild, examples, tmp_path, options, weights=bundle.weights())
    assert result.best_step == 0
    export_bundle(tmp_path / "best.pt", tmp_path / "mine.solferino")
    kept = open_bundle(tmp_path / "mine.solferino").weights()
    for name, array in bundle.weights().items():
        np.testing.assert_array_equal(kept[name], array)
