"""From examples to a bundle that plays, and what goes wrong on the way."""

import json
import sys

import pytest

from solferino.bundles.bundle import open_bundle
from solferino.bundles.fingerprints import fingerprints_of
from solferino.cli.extras import needing
from solferino.cli.runs import bundle_before, examples_of, remembering_examples
from solferino.errors import MissingExtraError, TrainingError
from tests.datasets.tunes import write_corpus

SMALL = ("--hparams", "batch_size=2,rnn_layer_sizes=[4]", "--threads", "1")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """Examples and a run of two steps."""
    from solferino.cli.app import main

    folder = tmp_path_factory.mktemp("workplace")
    write_corpus(folder / "music")
    examples, run = str(folder / "ex"), str(folder / "run")
    assert main(["dataset", "basic_rnn", str(folder / "music"), "-o", examples, "--seed=1"]) == 0
    steps = ("--num_training_steps", "2", "--eval_every", "1")
    assert main(["train", "basic_rnn", examples, "--run_dir", run, *steps, *SMALL]) == 0
    return folder


def test_a_run_becomes_a_bundle_that_is_measured_and_plays(solferino, workplace, tmp_path):
    path = tmp_path / "mine.solferino"
    done = solferino("bundle", workplace / "run", "-o", path, "--name", "mine", "--licence", "CC0")
    assert done.status == 0, done.err
    assert done.out.startswith(f"{path}: mine, ")
    assert "held out: " in done.out
    assert "5-gram" in done.out
    measured = json.loads(solferino("evaluate", path, workplace / "ex", "--json").out)
    assert measured["baseline"] == "5-gram"
    assert measured["nats_per_step"] > measured["baseline_nats_per_step"] > 0
    lines = solferino("evaluate", path, workplace / "ex").out.splitlines()
    assert f"{'nats_per_step':24} {measured['nats_per_step']:.4f}" in lines
    done = solferino("generate", path, "--num-outputs=1", "--seed=1", "-o", tmp_path / "out")
    assert done.status == 0
    assert (tmp_path / "out" / "mine_1_0.mid").exists()


def test_a_bundle_of_int8_says_what_float16_would_have(solferino, workplace, tmp_path):
    path, large = tmp_path / "small.solferino", tmp_path / "large.solferino"
    done = solferino("bundle", workplace / "run", "-o", path, "--int8")
    assert done.status == 0, done.err
    assert f"{path.stat().st_size} bytes of int8\n" in done.out
    solferino("bundle", workplace / "run", "-o", large)
    nats = open_bundle(large).card.held_out["nats_per_step"]
    assert f"float16 has {nats:.3f} nats a step" in done.out
    assert open_bundle(path).card.held_out["float16_nats_per_step"] == nats


def test_int8_is_made_from_a_run(fails, workplace, bundle, tmp_path):
    line = fails(2, "bundle", bundle, "-o", tmp_path / "x.solferino", "--int8")
    assert "is a bundle; name the folder of its training run" in line


def test_a_bundle_can_be_trained_on(solferino, workplace, tmp_path):
    path = tmp_path / "mine.solferino"
    solferino("bundle", workplace / "run", "-o", path, "--checkpoint", "last")
    done = solferino(
        "train", "basic_rnn", workplace / "ex", "--run-dir", tmp_path / "run",
        "--from-bundle", path, "--num-training-steps=1", *SMALL,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert f"solferino bundle {tmp_path / 'run'} -o basic_rnn.solferino" in done.out


def test_a_fine_tuned_bundle_remembers_where_it_started(solferino, workplace, tmp_path):
    start, mine = tmp_path / "start.solferino", tmp_path / "mine.solferino"
    solferino("bundle", workplace / "run", "-o", start, "--checkpoint", "last")
    run = tmp_path / "run"
    arguments = ("--from-bundle", start, "--num-training-steps=1", *SMALL)
    solferino("train", "basic_rnn", workplace / "ex", "--run-dir", run, *arguments)
    assert bundle_before(run) == str(start)
    assert bundle_before(workplace / "run") is None
    done = solferino("bundle", run, "-o", mine)
    assert done.status == 0, done.err
    assert [s.name for s in open_bundle(mine).card.learnt_from] == ["music"]  # the same music
    old, new = (fingerprints_of(open_bundle(path)).codes for path in (start, mine))
    assert set(old) <= set(new)
    assert open_bundle(mine).card.steps == open_bundle(start).card.steps + 1


def test_the_note_of_a_shipped_bundle_is_its_name(tmp_path):
    from solferino.bundles.catalogue import find_bundle

    with remembering_examples(tmp_path / "run", tmp_path, find_bundle("basic_rnn")):
        pass
    assert bundle_before(tmp_path / "run") == "basic_rnn"


def test_music_itself_becomes_a_bundle_that_says_what_changed(solferino, workplace, tmp_path):
    start, run = tmp_path / "start.solferino", tmp_path / "run"
    solferino("bundle", workplace / "run", "-o", start, "--checkpoint", "last")
    arguments = ("train", "basic_rnn", workplace / "music", "--from-bundle", start)
    done = solferino(*arguments, "--run-dir", run, "--num-training-steps=2", *SMALL)
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert (
        lines[0] == f"{workplace / 'music'}: 5 pieces to learn from, 1 held out; 0 gave no example"
    )
    assert lines[2].startswith("start before, held out: ") or lines[2].startswith(
        "basic_rnn before"
    )
    assert lines[3].startswith("run, held out: ")
    assert (
        lines[4]
        == f"{run / 'run.solferino'}: play it with `solferino generate {run / 'run.solferino'}`"
    )
    card = open_bundle(run / "run.solferino").card
    assert card.name == "run"
    assert card.recipe["training"]["learning_rate"] < 1e-3
    assert "holds a run already" in solferino(*arguments, "--run-dir", run, *SMALL).err
    again = solferino(*arguments, "--run-dir", run, "--resume", "--num-training-steps=3", *SMALL)
    assert again.status == 0, again.err
    assert "pieces to learn from" not in again.out  # the examples are those of before


def test_without_a_folder_for_the_run_it_is_named_after_the_music(
    solferino, workplace, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = ("--num-training-steps=1", *SMALL, "-o", "mine.solferino")
    done = solferino("train", "basic_rnn", workplace / "music", *arguments)
    assert done.status == 0, done.err
    assert (tmp_path / "runs" / "music" / "last.pt").exists()
    assert open_bundle("mine.solferino").card.name == "mine"
    assert "before" not in done.out


def test_music_that_cannot_be_learnt_from_leaves_nothing(fails, workplace, tmp_path, solferino):
    run, empty = tmp_path / "run", tmp_path / "empty"
    empty.mkdir()
    arguments = ("--run-dir", run, *SMALL)
    assert "holds no examples and no music" in fails(1, "train", "basic_rnn", empty, *arguments)
    one = workplace / "music" / "tune0.mid"
    assert "too few to hold one out" in fails(1, "train", "basic_rnn", one, *arguments)
    assert "too few to hold one out" in fails(
        1, "train", "basic_rnn", workplace / "music" / "more" / "tune1.mid", *arguments
    )
    music, start = workplace / "music", ("--from-bundle", "lookback_rnn")
    message = fails(1, "train", "attention_rnn", music, *start, "--run-dir", run)
    assert "was made with recipe lookback_rnn" in message
    assert not run.exists()


def test_the_output_of_a_training_is_a_bundle_not_a_folder(fails, workplace, tmp_path):
    message = fails(2, "train", "basic_rnn", workplace / "ex", "-o", tmp_path / "run")
    assert (
        "names the bundle to write, such as run.solferino; the folder of the run is --run-dir"
        in message
    )


def test_a_run_can_be_resumed_but_not_started_twice(solferino, workplace):
    arguments = ("train", "basic_rnn", workplace / "ex", "--run-dir", workplace / "run", *SMALL)
    done = solferino(*arguments, "--num-training-steps", "3")
    assert done.status == 1
    assert "--resume" in done.err
    assert examples_of(workplace / "run") == workplace / "ex"
    done = solferino(*arguments, "--num-training-steps", "3", "--resume")
    assert done.status == 0, done.err
    assert "3 steps, finished" in done.out


def test_a_run_that_cannot_start_leaves_nothing(fails, workplace, tmp_path):
    run = tmp_path / "run"
    message = fails(1, "train", "mono_rnn", workplace / "ex", "--run-dir", run)
    assert "recipe mono_rnn's events are melody (max_note=128" in message
    assert "precision '8'" in fails(
        1, "train", "basic_rnn", workplace / "ex", "--run-dir", run, "--precision", "8"
    )
    assert "'batch_size'" in fails(
        1, "train", "basic_rnn", workplace / "ex", "--run-dir", run, "--hparams", "batchsize=3"
    )
    assert "holds no examples" in fails(1, "train", "basic_rnn", tmp_path, "--run-dir", run)
    assert not run.exists()


def test_a_folder_that_is_no_run_makes_no_bundle(fails, tmp_path):
    path = tmp_path / "x.solferino"
    assert "so it is no run" in fails(1, "bundle", tmp_path, "-o", path)
    (tmp_path / "last.pt").touch()
    assert "take --checkpoint last" in fails(1, "bundle", tmp_path, "-o", path)
    assert "neither best nor last" in fails(2, "bundle", tmp_path, "-o", path, "--checkpoint", "x")
    assert not path.exists()


def test_without_evaluation_examples_the_bundle_says_so(solferino, workplace, tmp_path):
    solferino("dataset", "basic_rnn", workplace / "music", "-o", tmp_path / "ex", "--eval-ratio=0")
    path = tmp_path / "x.solferino"
    done = solferino("bundle", workplace / "run", "-o", path, "--examples", tmp_path / "ex")
    assert (done.status, done.err) == (0, "")
    assert "not measured" in done.out


def test_examples_of_other_events_are_not_measured(fails, workplace, tmp_path, bundle, solferino):
    music = workplace / "music"
    solferino("dataset", "mono_rnn", music, "-o", tmp_path / "ex", "--eval-ratio=0.4")
    assert "the bundle's events are" in fails(1, "evaluate", bundle, tmp_path / "ex")
    path = tmp_path / "x.solferino"
    arguments = ("bundle", workplace / "run", "-o", path, "--examples", tmp_path / "ex")
    assert "the run's events are" in fails(1, *arguments)
    assert not path.exists()


def test_the_note_of_a_run_that_did_not_start_is_taken_back(tmp_path):
    def fail(folder):
        with remembering_examples(folder, tmp_path):
            raise TrainingError("no")

    (tmp_path / "old").mkdir()
    for name in ("old", "new"):
        with pytest.raises(TrainingError, match="no"):
            fail(tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == ["old"]


def test_a_run_without_note_asks_for_the_examples(tmp_path):
    with pytest.raises(TrainingError, match="name them with --examples"):
        examples_of(tmp_path)


def test_a_run_cannot_be_inside_a_file(tmp_path):
    (tmp_path / "file").write_text("")

    def start():
        with remembering_examples(tmp_path / "file" / "run", tmp_path):
            pass

    with pytest.raises(TrainingError, match="cannot be written"):
        start()


def test_a_missing_extra_says_what_to_install(fails, workplace, monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.startswith("solferino.training.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    message = fails(1, "train", "basic_rnn", workplace / "ex", "--run-dir", tmp_path / "run")
    assert "needs torch" in message
    assert "pip install 'solferino[train]'" in message
    assert not (tmp_path / "run").exists()


def test_a_missing_module_of_ours_is_no_missing_extra():
    def fail(name):
        with needing("train"):
            raise ModuleNotFoundError(name, name=name)

    with pytest.raises(ModuleNotFoundError, match="solferino"):
        fail("solferino.nothing")
    with pytest.raises(MissingExtraError, match="needs lightning"):
        fail("lightning.fabric")
