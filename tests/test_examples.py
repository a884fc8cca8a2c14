"""The example scripts do what they say, from files on disk to files on disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from solferino.bundles.bundle import open_bundle
from solferino.notes.files import load

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Folder in which the whole path was walked once, with ten steps of training."""
    folder = tmp_path_factory.mktemp("work")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", EXAMPLES / "first_melody.sh", EXAMPLES / "songs", folder, "10"]
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, capture_output=True)  # noqa: S603
    return folder


def test_one_script_goes_from_songs_to_new_music(work):
    for suffix in (".mid", ".wav", ".png"):
        assert len(list((work / "out").glob(f"*{suffix}"))) == 2
    for output in (work / "out").glob("*.mid"):
        assert load(output).notes["pitch"][:3].tolist() == [60, 62, 64]


def test_its_bundle_says_how_it_compares_with_counting(work):
    held_out = open_bundle(work / "mine.solferino").card.held_out
    assert {"nats_per_step", "baseline_nats_per_step", "event_accuracy"} <= held_out.keys()


def test_tensorboard_shows_and_plays_what_the_model_makes(work):
    events = EventAccumulator(str(work / "run"), size_guidance={"images": 0, "audio": 0})
    events.Reload()
    tags = events.Tags()
    assert tags["images"] == tags["audio"] == ["sample 1", "sample 2"]
    scalars = {"loss", "perplexity", "event_accuracy", "no_event_accuracy", "steps_per_second"}
    assert scalars <= set(tags["scalars"])


def test_a_track_is_written_by_hand_and_with_loopers(tmp_path):
    command = [sys.executable, EXAMPLES / "track.py", tmp_path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, capture_output=True)  # noqa: S603
    by_hand = load(tmp_path / "by_hand.mid")
    assert by_hand.notes["onset_s"].min() >= 24
    assert by_hand.notes["release_s"].max() <= 32
    with_loopers = load(tmp_path / "with_loopers.mid")
    assert [instrument.name for instrument in with_loopers.instruments] == [
        "drums",
        "melody",
        "cat",
    ]
    melody = with_loopers.notes[with_loopers.notes["instrument"] == 1]
    late = melody[melody["onset_s"] >= 15.99]
    third, fourth = late[late["onset_s"] < 23.99], late[late["onset_s"] >= 23.99]
    assert third["pitch"].tolist() == fourth["pitch"].tolist()
    assert (tmp_path / "with_loopers.wav").stat().st_size > 1_000_000
