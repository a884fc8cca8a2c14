"""``solferino dataset`` from the user's side."""

import pytest

from solferino.datasets.examples import read_examples
from solferino.notes.midi import write_midi
from tests.datasets.tunes import tune, write_corpus


@pytest.fixture
def corpus(tmp_path):
    folder = write_corpus(tmp_path / "music")
    write_midi(tune(9, num_notes=8), folder / "short.mid")
    return folder


def test_from_music_to_examples_and_a_report(solferino, corpus, tmp_path):
    done = solferino("dataset", "basic_rnn", corpus, "-o", tmp_path / "ex", "--eval_ratio=0.3")
    assert done.status == 0
    for words in (
        "train.parquet: 4 examples",
        "eval.parquet: 2 examples",
        "near-duplicates: 0 groups, the largest of 1 pieces",
        "dropped or shortened: too_short 1; 1 of 7 pieces gave no example (--explain lists all)",
    ):
        assert words in done.out
    assert done.err.startswith("cannot read broken.mid")
    examples = read_examples(tmp_path / "ex")
    assert (len(examples.train), len(examples.eval)) == (4, 2)
    assert examples.representation_options["encoding"] == "one_hot"
    assert examples.learnt_from == [
        {"name": "music", "licence": "", "attribution": "", "pieces": 4}
    ]


def test_explain_lists_drops_with_the_setting_that_keeps_them(solferino, corpus, tmp_path):
    done = solferino("dataset", "basic_rnn", corpus, "-o", tmp_path / "ex", "--explain")
    lines = done.out.splitlines()
    assert lines[0] == "too_short: 1"
    assert lines[2].startswith("    short.mid: ")
    rule = lines[1].split()[0]
    again = solferino(
        "dataset",
        "basic_rnn",
        corpus,
        "-o",
        tmp_path / "ex",
        "--rules",
        f"{rule},min_unique_pitches=1",
    )
    assert "dropped or shortened: nothing; 0 of 7" in again.out


def test_sources_go_into_the_examples(solferino, corpus, tmp_path):
    sources = tmp_path / "sources.toml"
    sources.write_text('["tune"]\nname = "Tunes"\nlicence = "CC0-1.0"\n')
    done = solferino(
        "dataset",
        "basic_rnn",
        corpus,
        "-o",
        tmp_path / "ex",
        "--sources",
        sources,
        "--eval-ratio=0",
    )
    assert "no evaluation examples" in done.out
    assert {s["name"]: s["pieces"] for s in read_examples(tmp_path / "ex").learnt_from} == {
        "Tunes": 3,
        "music": 3,
    }


def test_if_nothing_comes_out_the_status_is_1_and_nothing_is_written(solferino, corpus, tmp_path):
    done = solferino(
        "dataset", "basic_rnn", corpus / "short.mid", "-o", tmp_path / "ex", "--explain"
    )
    assert done.status == 1
    assert done.out.startswith("too_short: 1\n")
    assert "solferino: error: No examples came out of 1 pieces" in done.err
    assert "min_bars=" in done.err
    assert not (tmp_path / "ex").exists()


def test_an_unknown_recipe_names_the_nearest(fails, corpus):
    assert "'basic_rnn'" in fails(1, "dataset", "basic_rn", corpus)


def test_a_rule_that_is_none_is_refused(fails, corpus):
    assert "min_bars" in fails(1, "dataset", "basic_rnn", corpus, "--rules", "min_bar=3")
    assert "name=value" in fails(1, "dataset", "basic_rnn", corpus, "--rules", "min_bars")


def test_a_rule_may_be_a_word(fails, corpus):
    message = fails(1, "dataset", "basic_rnn", corpus, "--rules", "too_long=sometimes")
    assert "'sometimes'" in message


def test_the_folder_of_examples_cannot_be_a_file(solferino, corpus):
    done = solferino("dataset", "basic_rnn", corpus, "-o", corpus / "notes.txt")
    assert done.status == 1
    assert "is a file; examples need a folder" in done.err
