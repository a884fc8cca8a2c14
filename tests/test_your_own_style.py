"""Every command of docs/your_own_style.md does what the page says, on the songs of the examples."""

import re
import shlex
from pathlib import Path

import pytest

from solferino.bundles.bundle import open_bundle
from solferino.cli.app import main
from solferino.notes.files import load

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "your_own_style.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.split("\n")
]
QUICK = {
    "train": ["--num-training-steps", "1", "--threads", "1", "--device", "cpu"],
    "generate": ["--num-steps", "32"],
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Folder in which all commands were run, with the smallest bundle and one step each."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "my_songs").symlink_to(ROOT / "examples" / "songs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in filter(None, COMMANDS):
            name, *arguments = shlex.split(
                command.replace("--wav", "").replace("attention", "basic")
            )
            assert name == "solferino"
            assert main([*arguments, *QUICK.get(arguments[0], [])]) == 0, command
    return folder


def test_the_page_has_its_commands():
    assert [command.split()[1] for command in filter(None, COMMANDS)] == [
        "train", "generate", "generate", "originality", "train", "dataset", "train",
    ]  # fmt: skip


def test_a_folder_of_songs_becomes_a_bundle_that_plays(work):
    assert len(load(work / "out" / "mine_7_0.mid")) > 1
    assert (work / "runs" / "my_songs" / "examples" / "train.parquet").exists()
    assert (work / "runs" / "longer" / "longer.solferino").exists()


def test_its_card_names_what_both_bundles_learnt_from(work):
    for name in ("mine", "other"):
        card = open_bundle(work / f"{name}.solferino").card
        before = [source.name for source in open_bundle("basic_rnn").card.learnt_from]
        assert [source.name for source in card.learnt_from][:-1] == before
        assert card.held_out["nats_per_step"] > 0


def test_the_figures_on_the_page_are_the_settings_of_the_program():
    from solferino.datasets.own_music import EVAL_RATIO
    from solferino.training import fine_tuning

    assert f"{EVAL_RATIO * 100:.0f} %" in PAGE
    assert f"batches of {fine_tuning.BATCH_SIZE}" in PAGE
    assert f"a warmup of {fine_tuning.WARMUP_STEPS} steps" in " ".join(PAGE.split())
    assert f"{1 - fine_tuning.KEEP_PROB:.0%} dropout".replace("%", " %") in PAGE
    assert f"learning rate {fine_tuning.LEARNING_RATE:.0e}".replace("e-04", "e-4") in PAGE
    assert f"{fine_tuning.MOST_STEPS:,} steps" in PAGE
    assert f"{fine_tuning.MOST_MINUTES:.0f} minutes" in PAGE
