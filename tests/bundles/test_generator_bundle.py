"""Magenta's bundles: who made them and what is in them."""

import os

import numpy as np
import pytest

from solferino.bundles.generator_bundle import read_generator_bundle
from solferino.errors import BundleError
from tests.bundles.tensorflow_files import counted, first_format, magenta_bundle, second_format

TENSORS = {"fully_connected/biases": np.arange(3, dtype=np.float32)}
CHECKPOINT = first_format(TENSORS)


def read(path):
    return read_generator_bundle(path, lambda name: True)


def test_a_bundle_says_which_generator_it_is(tmp_path):
    path = tmp_path / "a.mag"
    path.write_bytes(magenta_bundle("drum_kit", CHECKPOINT, description="A kit\nof mine"))
    bundle = read(path)
    assert (bundle.path, bundle.generator, bundle.description) == (
        path,
        "drum_kit",
        "A kit of mine",
    )
    assert bundle.tensors["fully_connected/biases"].tolist() == [0, 1, 2]


def test_without_a_description_of_its_own_it_has_that_of_the_generator(tmp_path):
    (tmp_path / "a.mag").write_bytes(magenta_bundle("drum_kit", CHECKPOINT))
    assert read(tmp_path / "a.mag").description == "What it does."


def test_a_bare_checkpoint_does_not_say_what_it_is(tmp_path):
    (tmp_path / "one.ckpt").write_bytes(CHECKPOINT)
    second_format(tmp_path / "two.ckpt", TENSORS)
    for name in ("one.ckpt", "two.ckpt", "two.ckpt.index"):
        bundle = read(tmp_path / name)
        assert bundle.generator == ""
        assert bundle.tensors["fully_connected/biases"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>Not found</html>", "is no bundle of Magenta, or not all of it"),
        (magenta_bundle("drum_kit", CHECKPOINT)[:-5], "or not all of it .*bytes are missing"),
        (magenta_bundle("drum_kit"), "holds 0 checkpoints and a bundle of Magenta holds one"),
        (magenta_bundle("drum_kit", CHECKPOINT, CHECKPOINT), "holds 2 checkpoints"),
        (counted(9, "something else"), "holds 0 checkpoints"),
        (magenta_bundle("drum_kit", CHECKPOINT[1:]), "the checkpoint in .*a.mag is no checkpoint"),
    ],
)
def test_what_is_no_bundle_is_told_in_one_line(tmp_path, data, message):
    (tmp_path / "a.mag").write_bytes(data)
    with pytest.raises(BundleError, match=message) as caught:
        read(tmp_path / "a.mag")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"a\.mag cannot be read \(No such file"):
        read(tmp_path / "a.mag")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.mag")
    with pytest.raises(BundleError, match=r"a\.mag is not an ordinary file: copy its content"):
        read(tmp_path / "a.mag")
