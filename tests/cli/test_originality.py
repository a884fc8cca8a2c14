"""``solferino originality``, and the fingerprints that it needs."""

import json

import pytest

from solferino.bundles.bundle import open_bundle
from solferino.notes.midi import write_midi
from tests.cli.conftest import REPRESENTATION
from tests.datasets.tunes import tune, write_corpus


@pytest.fixture(scope="module")
def known(bundle, tmp_path_factory):
    """The toy bundle with fingerprints of six tunes, some of them held out."""
    from solferino.cli.app import main
    from solferino.datasets.examples import write_examples
    from solferino.datasets.extraction import ExtractionPlan, extract_pieces, make_dataset

    folder = tmp_path_factory.mktemp("known")
    music, path = write_corpus(folder / "music"), folder / "known.solferino"
    plan = ExtractionPlan("melody", REPRESENTATION.options, {"min_bars": 4, "max_steps": 1024})
    examples = make_dataset(extract_pieces(music, plan), plan, eval_ratio=0.4)
    write_examples(examples, folder / "examples")
    arguments = ["bundle", bundle, "--examples", folder / "examples", "-o", path]
    assert main([str(argument) for argument in arguments]) == 0
    return path


def learnt_tune(folder, known):
    """A tune that the bundle has learnt from, in another key and tempo."""
    from solferino.datasets.examples import read_examples

    piece_id = read_examples(known.parent / "examples").train.piece_ids[0]
    number = int("".join(c for c in piece_id if c.isdigit()))
    write_midi(tune(number, transpose=3), folder / "copy.mid")
    return folder / "copy.mid"


def test_fingerprints_change_nothing_else_of_a_bundle(bundle, known):
    old, new = open_bundle(bundle), open_bundle(known)
    assert {name: new.parts[name] for name in old.parts} == dict(old.parts)
    assert set(new.parts) - set(old.parts) == {"fingerprints.bin"}
    assert new.card.held_out == old.card.held_out


def test_a_copy_is_told_from_a_new_tune(solferino, known, tmp_path):
    done = solferino("originality", learnt_tune(tmp_path, known), "--bundle", known)
    lines = done.out.splitlines()
    assert lines[0] == f"{tmp_path / 'copy.mid'}, compared with what toy learnt from"
    assert "95 % of it at most" in lines[1]
    assert lines[2].startswith("runs of 10 notes that were learnt: 100.0%; held-out real music")
    write_midi(tune(99), tmp_path / "new.mid")
    done = solferino("originality", tmp_path / "new.mid", "--bundle", known, "--json")
    found = json.loads(done.out)
    assert (found["share"], found["longest_run"], found["new_from_s"]) == (0.0, None, 0.0)
    assert found["held_out"]["examples"] > 0


def test_a_generated_file_names_its_bundle_and_only_its_new_notes_count(solferino, known, tmp_path):
    primer = learnt_tune(tmp_path, known)
    done = solferino(
        "generate", known, "--primer-midi", primer, "--new-bars=4", "--num-outputs=1", "--seed=1",
        "-o", tmp_path, "--check-originality",
    )  # fmt: skip
    made = tmp_path / "known_1_0.mid"
    of_output = [line for line in done.out.splitlines() if line.startswith(f"{made.name}: ")]
    assert len(of_output) == 2
    done = solferino("originality", made)
    assert "; only what is new, from " in done.out
    assert [f"{made.name}: {line}" for line in done.out.splitlines()[1:]] == of_output
    assert "learnt: 0.0%" in of_output[1]


def test_another_bundle_hears_the_whole_file(solferino, known, bundle, tmp_path):
    primer = learnt_tune(tmp_path, known)
    solferino(
        "generate", bundle, "--primer-midi", primer, "--new-bars=4", "--num-outputs=1", "--seed=1",
        "-o", tmp_path,
    )  # fmt: skip
    done = solferino("originality", tmp_path / "toy_1_0.mid", "--bundle", known, "--json")
    found = json.loads(done.out)
    assert found["new_from_s"] == 0
    assert found["longest_run"]["num_notes"] > 40


def test_a_bundle_without_fingerprints_says_so_before_it_plays(fails, bundle, tmp_path):
    write_midi(tune(1), tmp_path / "a.mid")
    message = "has no fingerprints of the music it learnt from to compare with: add them with"
    assert message in fails(1, "originality", tmp_path / "a.mid", "--bundle", bundle)
    out = tmp_path / "out"
    assert message in fails(1, "generate", bundle, "--check-originality", "-o", out)
    assert not out.exists()


def test_a_file_that_does_not_name_its_bundle_needs_one(fails, tmp_path):
    write_midi(tune(1), tmp_path / "a.mid")
    message = fails(1, "originality", tmp_path / "a.mid")
    assert "does not say which bundle made it: name the one to compare with, --bundle" in message


def test_a_bundle_cannot_find_its_training_music_itself(fails, bundle, tmp_path):
    message = fails(2, "bundle", bundle, "-o", tmp_path / "x.solferino")
    assert "does not hold the music it learnt from" in message
    assert "--examples" in message
