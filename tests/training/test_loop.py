"""The loop: it learns, it stops when told, it resumes as if it had never stopped."""

import json
import os
import signal
from dataclasses import replace

import pytest
import torch

from solferino.datasets.examples import ExampleSet
from solferino.errors import DatasetError, TrainingError
from solferino.models.lstm import EventLstm, LstmConfig
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from solferino.training.checkpoints import read_checkpoint
from solferino.training.evaluation import evaluate
from solferino.training.loop import FitOptions, fit
from solferino.training.recipe import TrainingSettings
from solferino.training.run import load_weights, new_model, read_run, train


def options(steps, **changes):
    fixed = {
        "device": "cpu",
        "eval_every": 5,
        "log_every": 2,
        "tensorboard": False,
        "num_threads": 1,
    }
    return FitOptions(num_training_steps=steps, **{**fixed, **changes})


def weights_of(path):
    return read_checkpoint(path)["model"]


def test_a_tiny_model_learns_three_tunes_by_heart(recipe, examples, tmp_path):
    recipe = recipe.with_hparams("batch_size=12,dropout_keep_prob=1.0,rnn_layer_sizes=[16,16]")
    result = train(recipe, examples, tmp_path, options(150, eval_every=150))
    assert result.reason == "finished"
    # three tunes: what is left to guess is which one it is, and there 3 of 27 steps differ
    assert result.best["loss_per_step"] < 0.25
    model, representation, values = read_run(tmp_path / "best.pt")
    measured = evaluate(model, examples.eval, representation)
    assert measured["nats_per_step"] == pytest.approx(result.best["loss_per_step"], abs=1e-5)
    assert measured["num_steps"] == 11 + 9 + 7
    assert values["recipe"] == recipe.to_json()
    assert values["progress"]["best_step"] == result.best_step


def test_examples_serve_recipes_of_another_encoding(recipe, examples, tmp_path):
    options_of = {**recipe.representation["options"], "encoding": "key"}
    recipe = replace(recipe, representation={"name": "melody", "options": options_of})
    train(recipe, examples, tmp_path, options(1))
    assert read_run(tmp_path / "best.pt")[1].encoding == "key"


def test_a_resumed_run_equals_one_that_never_stopped(recipe, examples, tmp_path):
    whole = train(recipe, examples, tmp_path / "whole", options(12))
    train(recipe, examples, tmp_path / "parts", options(7))
    parts = train(recipe, examples, tmp_path / "parts", options(12, resume=True))
    assert parts.step == whole.step == 12
    assert parts.best["loss"] <= whole.best["loss"]
    one, other = (read_checkpoint(tmp_path / run / "last.pt") for run in ("whole", "parts"))
    for name, weight in one["model"].items():
        assert torch.equal(weight, other["model"][name]), name
    for moments, others in zip(
        one["optimizer"]["state"].values(), other["optimizer"]["state"].values(), strict=True
    ):
        assert all(torch.equal(moments[key], others[key]) for key in moments)


def test_the_seed_decides_the_run(recipe, examples, tmp_path):
    for run, seed in [("a", 1), ("b", 1), ("c", 2)]:
        train(recipe, examples, tmp_path / run, options(3, seed=seed))
    a, b, c = (weights_of(tmp_path / run / "last.pt") for run in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert any(not torch.equal(a[name], c[name]) for name in a)


def test_the_best_checkpoint_is_kept_and_patience_ends_a_run(recipe, examples, tmp_path):
    recipe = recipe.with_hparams("learning_rate=5.0")  # it gets worse and worse
    result = train(recipe, examples, tmp_path, options(500, eval_every=2, patience=2))
    assert result.reason == "patience"
    assert result.step == result.best_step + 4
    best, last = (read_checkpoint(tmp_path / name) for name in ("best.pt", "last.pt"))
    assert best["progress"]["step"] == result.best_step
    assert last["progress"]["step"] == result.step


def test_the_clock_ends_a_run_with_a_checkpoint(recipe, examples, tmp_path):
    result = train(recipe, examples, tmp_path, options(500, minutes=0.0))
    assert (result.reason, result.step) == ("minutes", 0)
    assert read_checkpoint(tmp_path / "last.pt")["progress"]["step"] == 0


def test_ctrl_c_ends_a_run_with_a_checkpoint(recipe, examples, tmp_path):
    def press_ctrl_c(model, writer, step):
        os.kill(os.getpid(), signal.SIGINT)

    chosen = options(500, eval_every=3, tensorboard=True)
    result = train(recipe, examples, tmp_path, chosen, preview=press_ctrl_c)
    assert (result.reason, result.step) == ("interrupted", 3)
    assert read_checkpoint(tmp_path / "last.pt")["progress"]["step"] == 3


def test_scalars_are_written_as_lines_and_for_tensorboard(recipe, examples, tmp_path):
    train(recipe, examples, tmp_path, options(5, tensorboard=True))
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 5]
    assert {
        "loss", "perplexity", "accuracy", "event_accuracy", "no_event_accuracy",
        "loss_per_step", "perplexity_per_step", "steps_per_second",
    } <= set(lines[0])  # fmt: skip
    assert {"eval_loss", "eval_perplexity", "eval_accuracy", "eval_event_accuracy"} <= set(lines[2])
    assert list(tmp_path.glob("events.out.tfevents.*"))


def test_a_loss_that_is_not_a_number_names_its_step(tmp_path):
    class Broken:
        model = torch.nn.Linear(1, 1)

        def batch(self, step, rank, num_ranks):
            return torch.full((1, 1), float("nan") if step == 3 else 1.0)

        def loss(self, forward, batch):
            return forward(batch).sum(), {"count": torch.ones((), dtype=torch.float64)}

        def figures(self, sums):
            return {"loss": sums["count"]}

    with pytest.raises(TrainingError, match=r"the loss of step 4 is not a number; lower learning"):
        fit(Broken(), tmp_path, TrainingSettings(), options(10, log_every=10))
    assert not (tmp_path / "last.pt").exists()  # no checkpoint of a broken model


def test_the_learning_rate_follows_the_recipe(recipe, examples, tmp_path):
    recipe = recipe.with_hparams("learning_rate=0.1,learning_rate_decay=0.5,decay_steps=1")
    train(recipe, examples, tmp_path, options(2))
    line = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])
    assert line["learning_rate"] == pytest.approx(0.05)


def test_fine_tuning_starts_from_given_weights(recipe, examples, tmp_path):
    model = new_model(recipe, build_representation(**recipe.representation), seed=5)
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    train(recipe, examples, tmp_path, options(0), weights=weights)
    kept = weights_of(tmp_path / "last.pt")
    assert all(torch.equal(kept[name], torch.from_numpy(weights[name])) for name in weights)
    with pytest.raises(TrainingError, match="weights do not fit the model"):
        load_weights(model, {"score": weights["to_logits.bias"]})


def test_a_run_is_not_overwritten(recipe, examples, tmp_path):
    train(recipe, examples, tmp_path, options(1))
    with pytest.raises(TrainingError, match=r"holds a run already; continue it with --resume"):
        train(recipe, examples, tmp_path, options(2))


@pytest.mark.parametrize(
    ("hparams", "changes", "message"),
    [
        ("", {"seed": 7}, r"was trained with seed 0, not 7; give --seed 0"),
        ("rnn_layer_sizes=[4]", {}, r"holds a model of other sizes"),
    ],
)
def test_a_run_is_resumed_only_with_what_it_was(
    recipe, examples, tmp_path, hparams, changes, message
):
    train(recipe, examples, tmp_path, options(1))
    with pytest.raises(TrainingError, match=message):
        train(recipe.with_hparams(hparams), examples, tmp_path, options(2, resume=True, **changes))


def test_there_must_be_something_to_resume(recipe, examples, tmp_path):
    with pytest.raises(TrainingError, match=r"there is no checkpoint .*last\.pt; train first"):
        train(recipe, examples, tmp_path, options(2, resume=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": "tpu"}, r"device 'tpu' is unknown; use one of auto, cpu, cuda"),
        ({"precision": "8"}, r"precision '8' is unknown"),
        ({"eval_every": 0}, r"eval_every is 0; it is at least 1"),
        ({"seed": 2**63}, r"seed is 9223372036854775808; it is below 2\*\*63"),
    ],
)
def test_an_option_out_of_range_is_refused(changes, message):
    with pytest.raises(TrainingError, match=message):
        options(1, **changes)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_named(recipe, examples, tmp_path):
    with pytest.raises(TrainingError, match="no CUDA device here; use --device cpu"):
        train(recipe, examples, tmp_path, options(1, device="cuda"))


def test_a_folder_that_cannot_be_made_is_named(recipe, examples, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be made"):
        train(recipe, examples, tmp_path / "file" / "run", options(1))


def test_examples_of_another_representation_are_refused(recipe, examples, tmp_path):
    other = {"name": "melody", "options": {"encoding": "key"}}
    changed = type(recipe)(**{**vars(recipe), "representation": other})
    with pytest.raises(DatasetError, match="recipe tiny's events are"):
        train(changed, examples, tmp_path, options(1))


def test_nothing_to_learn_from_is_refused(recipe, examples, tmp_path):
    single = ExampleSet.from_sequences([("a", EventSequence([2]))])
    empty = type(examples)(**{**vars(examples), "train": single})
    with pytest.raises(TrainingError, match="no sequence of two events or more"):
        train(recipe, empty, tmp_path, options(1))


def test_bf16_trains(recipe, examples, tmp_path):
    result = train(recipe, examples, tmp_path, options(2, precision="bf16-mixed"))
    assert result.step == 2


def test_a_model_that_is_told_more_starts_from_one_that_was_told_less():
    told, untold = (EventLstm(LstmConfig(inputs, 4, (3,))) for inputs in (7, 5))
    weights = {name: value.numpy() for name, value in untold.state_dict().items()}
    load_weights(told, weights)
    events = torch.rand(2, 6, 5)
    told_events = torch.cat([torch.rand(2, 6, 2), events], dim=2)
    torch.testing.assert_close(told(told_events)[0], untold(events)[0])
