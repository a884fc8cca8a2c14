from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "chorales.py"


@pytest.fixture(scope="module")
def script():
    spec = spec_from_file_location("chorales", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def options(script):
    return script.parsed(["file.npz", "--layers", "3", "--nade-units", "2", "--epochs", "1"])


def roll(*frames):
    """Frames of MIDI pitches."""
    result = np.zeros((len(frames), 88), np.bool_)
    for row, pitches in enumerate(frames):
        result[row, [pitch - 21 for pitch in pitches]] = True
    return result


CHORALES = [roll([60, 64, 67], [60, 64, 67], []), roll([59, 67]), roll([55, 59, 62, 67], [48])]


def test_a_model_that_knows_nothing_needs_88_bits_a_frame(script, options):
    """Silent keys count as much as those that sound, and the first frame as much as others."""
    model = script.build(options)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert script.nats_as_they_stand(model, CHORALES) == pytest.approx(88 * np.log(2))
    assert script.nats_over_keys(model, CHORALES) == pytest.approx(88 * np.log(2))


def test_static_chances_are_those_of_training(script):
    train = [roll([60], [60], [60, 62], [])]  # 60 sounds in 3 of 4 frames, 62 in 1
    others = -86 * np.log(1 - 0.5 / 4)  # are taken to sound in half a frame
    expected = -np.log(3 / 4) - np.log(1 - 1 / 4) + others
    assert script.static_nats(train, [roll([60])]) == pytest.approx(expected)


def test_a_frame_of_the_file_is_a_frame_of_the_split(script, tmp_path):
    together = np.packbits(np.concatenate(CHORALES), axis=1)
    lengths = [len(chorale) for chorale in CHORALES]
    arrays = {f"{split}_roll": together for split in ("train", "valid", "test")}
    arrays |= {f"{split}_len": lengths for split in ("train", "valid", "test")}
    np.savez(tmp_path / "chorales.npz", **arrays)
    for found in script.read_splits(tmp_path / "chorales.npz").values():
        assert len(found) == 3
        assert all(np.array_equal(a, b) for a, b in zip(found, CHORALES, strict=True))


def test_transposing_moves_every_note_or_nothing(script):
    np.testing.assert_array_equal(script.moved(roll([60, 64]), -3), roll([57, 61]))
    np.testing.assert_array_equal(script.moved(roll([60, 64]), 0), roll([60, 64]))
    assert script.moved(roll([60, 108]), 1) is None
    assert script.moved(roll([21]), -1) is None


@pytest.mark.parametrize("key", range(12))
def test_a_scale_is_moved_to_c_by_at_most_six_semitones(script, key):
    scale = roll(*([60 + key + step] for step in (0, 2, 4, 5, 7, 9, 11, 12)))
    semitones = script.semitones_to_c(scale)
    assert (key + semitones) % 12 == 0
    assert semitones in script.TRANSPOSITIONS


def test_a_chorale_alone_is_as_likely_as_in_a_batch(script, options):
    model = script.build(options)
    together = script.negative_log_likelihoods(model, CHORALES)
    alone = [script.negative_log_likelihoods(model, [chorale])[0] for chorale in CHORALES]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_a_hidden_key_costs_no_more_than_to_name_it(script, options):
    torch.manual_seed(1)
    model = script.build(options)
    total = script.nats_over_keys(model, CHORALES[1:2])
    each = [
        script.nats_as_they_stand(model, [script.moved(CHORALES[1], semitones)])
        for semitones in script.TRANSPOSITIONS
    ]
    assert min(each) < total < min(each) + np.log(12)
    chances = np.exp(-np.array(each))  # one frame: nats a frame are nats of the chorale
    assert total == pytest.approx(-np.log(chances.mean()), rel=1e-5)


def test_training_returns_the_model_that_was_best_on_valid(script, options, capsys):
    splits = dict.fromkeys(("train", "valid", "test"), CHORALES)
    model = script.train_model(splits, options)
    printed = capsys.readouterr().out
    assert printed.startswith("epoch 1 ")
    assert f"valid {script.nats_in_c(model, CHORALES):.3f}" in printed
