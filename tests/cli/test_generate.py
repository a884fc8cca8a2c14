"""``solferino generate`` from the user's side."""

import re

import numpy as np
import pytest

from solferino.notes.files import load
from solferino.notes.midi import write_midi
from solferino.notes.sequence import NoteSequence
from tests.datasets.tunes import tune


def midi_files(folder):
    return sorted(path.name for path in folder.glob("*.mid"))


def test_each_output_is_a_file_named_after_bundle_seed_and_number(solferino, bundle, tmp_path):
    done = solferino("generate", bundle, "--num_outputs", "3", "--seed=7", "--output_dir", tmp_path)
    assert done.status == 0, done.err
    assert midi_files(tmp_path) == [f"toy_7_{k}.mid" for k in range(3)]
    lines = done.out.splitlines()
    for number, line in enumerate(lines[:3]):
        path = re.escape(str(tmp_path / f"toy_7_{number}.mid"))
        assert re.fullmatch(rf"{path}  log-likelihood -\d+\.\d\d", line)
    assert re.fullmatch(r"seed 7: \d+ events in \d+\.\d\d s, \d+ events a second", lines[3])
    assert len(lines) == 4


def test_the_same_seed_makes_the_same_files_whatever_the_number(solferino, bundle, tmp_path):
    solferino("generate", bundle, "--num-outputs=3", "--seed=7", "-o", tmp_path / "three")
    solferino("generate", bundle, "--num-outputs=2", "--seed=7", "-o", tmp_path / "two")
    three, two = (load(tmp_path / name / "toy_7_1.mid").notes for name in ("three", "two"))
    np.testing.assert_array_equal(three, two)


def test_without_a_seed_one_is_drawn_and_told(solferino, bundle, tmp_path):
    for _ in range(2):
        done = solferino("generate", bundle, "--num-outputs=1", "-o", tmp_path)
        seed = re.search(r"seed (\d+):", done.out)[1]
        assert f"toy_{seed}_0.mid" in midi_files(tmp_path)
    assert len(midi_files(tmp_path)) == 2


def test_ten_or_more_outputs_sort_by_number(solferino, bundle, tmp_path):
    solferino("generate", bundle, "--num-outputs=11", "--num-steps=8", "--seed=1", "-o", tmp_path)
    assert midi_files(tmp_path)[:2] == ["toy_1_00.mid", "toy_1_01.mid"]


def test_a_melody_primer_stands_at_the_start(solferino, bundle, tmp_path):
    solferino(
        "generate",
        bundle,
        "--num-outputs=1",
        "--seed=1",
        "--qpm=60",
        "--primer_melody=[60, -2, -1, 64, 67, -2]",
        "-o",
        tmp_path,
    )
    notes = load(tmp_path / "toy_1_0.mid")
    first = notes.notes[:3]
    assert first["pitch"].tolist() == [60, 64, 67]
    np.testing.assert_allclose(first["onset_s"], [0, 0.75, 1.0], atol=1e-3)
    np.testing.assert_allclose(first["release_s"], [0.5, 1.0, 1.5], atol=1e-3)
    assert notes.tempos["qpm"].tolist() == pytest.approx([60])


def test_a_file_as_primer_stands_at_the_start(solferino, bundle, tmp_path):
    write_midi(tune(0, num_notes=4), tmp_path / "primer.mid")
    solferino(
        "generate", bundle, "--num-outputs=1", "--seed=1", "-o", tmp_path / "out",
        "--primer-midi", tmp_path / "primer.mid",
    )  # fmt: skip
    notes = load(tmp_path / "out" / "toy_1_0.mid")
    assert notes.notes["pitch"][:4].tolist() == tune(0, num_notes=4).notes["pitch"].tolist()


D_MAJOR = {2, 4, 6, 7, 9, 11, 1}


@pytest.mark.parametrize(
    ("options", "pitch_classes"),
    [
        (["--key", "D major"], D_MAJOR),
        (["--key", "D", "--scale", "major-pentatonic"], {2, 4, 6, 9, 11}),
        (["--scale", "blues"], {0, 3, 5, 6, 7, 10}),
    ],
)
def test_key_and_scale_hold_for_every_new_note(solferino, bundle, tmp_path, options, pitch_classes):
    solferino(
        "generate", bundle, "--num-outputs=2", "--seed=1", "-o", tmp_path, "--primer-melody=[62]",
        "--pitch-range", "55", "70", *options,
    )  # fmt: skip
    for name in midi_files(tmp_path):
        pitches = load(tmp_path / name).notes["pitch"][1:]
        assert len(pitches) > 5
        assert set((pitches % 12).tolist()) <= pitch_classes
        assert 55 <= pitches.min() <= pitches.max() <= 70


def test_notes_to_keep_come_out_as_they_are(solferino, bundle, tmp_path):
    kept = tune(0, num_notes=40)
    kept = kept.with_notes(kept.notes[20:24])
    write_midi(kept, tmp_path / "keep.mid")
    solferino(
        "generate", bundle, "--num-outputs=1", "--seed=1", "-o", tmp_path, "--keep",
        tmp_path / "keep.mid",
    )  # fmt: skip
    found = load(tmp_path / "toy_1_0.mid").notes[["onset_s", "pitch"]].tolist()
    for onset_s, pitch in kept.notes[["onset_s", "pitch"]].tolist():
        assert (pytest.approx(onset_s, abs=1e-3), pitch) in found


def test_notes_to_keep_bring_their_tempo_and_meter(solferino, bundle, tmp_path):
    kept = NoteSequence.from_columns(
        [60, 64], [0.0, 2.0], [2 / 3, 4.0], tempos=[(0.0, 90.0)], meters=[(0.0, 3, 4)]
    )
    write_midi(kept, tmp_path / "keep.mid")
    done = solferino(
        "generate", bundle, "--num-outputs=1", "--num-steps=32", "--seed=1", "-o", tmp_path,
        "--keep", tmp_path / "keep.mid",
    )  # fmt: skip
    assert done.status == 0, done.err
    made = load(tmp_path / "toy_1_0.mid")
    assert made.tempos["qpm"].tolist() == pytest.approx([90.0], abs=1e-3)
    assert made.meters["numerator"].tolist() == [3]
    found = made.notes[["onset_s", "pitch"]].tolist()
    for onset_s, pitch in kept.notes[["onset_s", "pitch"]].tolist():
        assert (pytest.approx(onset_s, abs=1e-3), pitch) in found


def test_sound_and_picture_stand_beside(solferino, bundle, tmp_path):
    done = solferino(
        "generate", bundle, "--num-outputs=1", "--num-steps=8", "--seed=1", "--wav", "--plot",
        "-o", tmp_path,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert (tmp_path / "toy_1_0.wav").read_bytes()[:4] == b"RIFF"
    assert (tmp_path / "toy_1_0.png").read_bytes()[1:4] == b"PNG"
    assert f"{tmp_path / 'toy_1_0.wav'} {tmp_path / 'toy_1_0.png'}  log" in done.out


def test_a_file_can_be_made_again_and_again(solferino, bundle, tmp_path):
    solferino(
        "generate", bundle, "--num-outputs=2", "--seed=5", "-o", tmp_path, "--temperature=1.2",
        "--key=C", "--primer-melody=[60,-2,-2,64]",
    )  # fmt: skip
    original = tmp_path / "toy_5_1.mid"
    done = solferino("generate", "--again", original, "-o", tmp_path / "again")
    assert done.status == 0, done.err
    assert f"the same as {original}" in done.out
    assert (tmp_path / "again" / "toy_5_1.mid").read_bytes() == original.read_bytes()
    assert midi_files(tmp_path / "again") == ["toy_5_1.mid"]


def test_again_allows_no_other_wishes(fails):
    assert "--seed" in fails(2, "generate", "--again", "x.mid", "--seed", "3")


def test_a_file_can_be_made_again_where_the_bundle_has_moved(solferino, fails, bundle, tmp_path):
    solferino("generate", bundle, "--seed", 5, "--num-steps", 32, "-o", tmp_path / "out")
    original = tmp_path / "out" / "toy_5_0.mid"
    moved = bundle.rename(tmp_path / "moved.solferino")
    try:
        assert "toy" in fails(1, "generate", "--again", original, "-o", tmp_path / "again")
        done = solferino("generate", moved, "--again", original, "-o", tmp_path / "again")
        assert "the same as" in done.out
    finally:
        moved.rename(bundle)


def test_an_output_is_the_same_file_alone_and_in_a_batch(solferino, bundle, tmp_path):
    for folder, num_outputs in (("alone", 1), ("batch", 10)):
        options = ["--seed", 5, "--num-steps", 32, "--num-outputs", num_outputs]
        solferino("generate", bundle, *options, "-o", tmp_path / folder)
    alone, first = (tmp_path / folder / "toy_5_0.mid" for folder in ("alone", "batch"))
    assert alone.read_bytes() == first.read_bytes()


def test_a_file_that_was_not_generated_cannot_be_made_again(fails, tmp_path):
    write_midi(tune(0), tmp_path / "mine.mid")
    message = fails(1, "generate", "--again", tmp_path / "mine.mid", "-o", tmp_path / "out")
    assert "does not say how it was made" in message
    assert f"{tmp_path / 'mine.mid'}: " in message
    assert not (tmp_path / "out").exists()


def test_bundle_file_is_another_way_to_name_the_bundle(solferino, fails, bundle, tmp_path):
    done = solferino(
        "generate", "--bundle_file", bundle, "--num-outputs=1", "--num_steps=4", "-o", tmp_path
    )
    assert done.status == 0
    assert "name one bundle" in fails(2, "generate", bundle, "--bundle_file", bundle)
    assert "name one bundle" in fails(2, "generate")


@pytest.mark.parametrize("primer", ["[60, 2.5]", "[128]", "[]", "60", "[60", "[True]", "[-3]"])
def test_a_primer_that_is_no_melody_is_wrong_usage(fails, bundle, tmp_path, primer):
    message = fails(2, "generate", bundle, "--primer-melody", primer, "-o", tmp_path / "out")
    assert "is no melody; write a list" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("status", "options", "words"),
    [
        (1, ["--temperature=-1"], "temperature is -1.0: it must be 0 or more"),
        (1, ["--top-p=0"], "top_p is 0.0"),
        (1, ["--beam_size=0"], "beam_size is 0"),
        (1, ["--qpm=0"], "qpm is 0"),
        (1, ["--qpm=-5", "--primer-melody=[60]"], "qpm is -5.0: it must be above 0"),
        (1, ["--qpm=nan", "--primer-melody=[60]"], "qpm is nan: it must be above 0"),
        (1, ["--num_steps=1"], "num_steps is 1"),
        (1, ["--pitch-range", "70", "60"], "pitches from 70 to 60"),
        (1, ["--primer_midi=gone.mid"], "gone.mid does not exist"),
        (1, ["--keep=gone.mid"], "gone.mid does not exist"),
        (2, ["--key=H major"], "no key is called 'H major'"),
        (2, ["--scale=majr"], "the nearest is 'major'"),
        (2, ["--num_outputs=0"], "num-outputs"),
        (2, ["--seed=-1"], "seed"),
        (2, ["--new_bars=0"], "new-bars"),
        (2, ["--new-bars=4", "--num-steps=64"], "another length than --num-steps"),
        (2, ["--soundfont=x.sf2"], "--soundfont: it is for sound; add --wav"),
        (1, ["--num-steps=99999999999"], "too much at once"),
        (1, ["--num-steps=1" + 400 * "0"], "too much at once"),
        (1, ["--new-bars=1" + 400 * "0"], "too much at once"),
        (1, ["--qpm=1e-300"], "qpm is 1e-300: it must be above 0"),
        (1, ["--qpm=1", "--num-steps=8", "--wav"], "cannot be MIDI"),
        (2, ["--primer-melody=[60]", "--primer-midi=x.mid"], "give one primer"),
        (2, ["--primer-melody=[60]", "--primer-drums=[(36,)]"], "give one primer"),
        (2, ["--primer-drums=[(36,)]"], "toy makes melodies; give --primer-melody or"),
    ],
)
def test_a_wrong_wish_is_refused_and_nothing_is_written(
    fails, bundle, tmp_path, status, options, words
):
    assert words in fails(status, "generate", bundle, "-o", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_an_unknown_bundle_and_a_file_in_the_way_are_named(fails, bundle, tmp_path):
    assert "no bundle is named 'nonsense'" in fails(1, "generate", "nonsense", "-o", tmp_path)
    assert "no bundle is named ''" in fails(1, "generate", "", "-o", tmp_path)
    assert "-o names a folder" in fails(1, "generate", bundle, "-o", bundle)


def test_if_there_is_no_sound_there_is_no_file_at_all(solferino, bundle, tmp_path):
    done = solferino(
        "generate", bundle, "--wav", "--soundfont", tmp_path / "gone.sf2", "-o", tmp_path / "out"
    )
    assert done.status == 1
    assert "gone.sf2" in done.err
    assert not (tmp_path / "out").exists()
