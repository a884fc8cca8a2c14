"""Pieces become examples, and every piece is accounted for."""

import pytest

from solferino.datasets.conversion import convert
from solferino.datasets.extraction import (
    ExtractionPlan,
    crashed_file,
    crashed_slice,
    extract_piece,
    extract_pieces,
    make_dataset,
)
from solferino.datasets.music_files import MusicFile
from solferino.datasets.sources import Origin
from solferino.datasets.tables import Piece
from solferino.errors import DatasetError, QuantizationError, RecipeError
from solferino.notes.midi import write_midi
from solferino.representations.representation import Drop
from tests.datasets.tunes import tune, write_corpus

PLAN = ExtractionPlan("melody", {"encoding": "one_hot"}, {"min_bars": 7, "max_steps": 512})


@pytest.fixture
def corpus(tmp_path):
    """Six tunes, a variant of the first, one that is too short, and a broken file."""
    folder = write_corpus(tmp_path / "music")
    write_midi(tune(0, transpose=3), folder / "variant.mid")
    write_midi(tune(9, num_notes=8), folder / "short.mid")
    return folder


@pytest.fixture
def notes_file(corpus, tmp_path):
    return convert([corpus], tmp_path / "notes.parquet").path


def summary(extraction):
    return [
        (piece.piece_id, [s.ids.tolist() for s in piece.sequences], piece.drops)
        for piece in extraction.pieces
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_and_its_notes_file_give_the_same_examples(corpus, notes_file, workers):
    seen = []
    from_folder = extract_pieces(corpus, PLAN, workers=workers)
    from_file = extract_pieces(
        notes_file, PLAN, workers=workers, progress=lambda done, total: seen.append((done, total))
    )
    assert summary(from_folder) == summary(from_file)
    assert [failure.piece_id for failure in from_folder.failures] == ["broken.mid"]
    assert from_file.failures == ()
    assert seen[-1] == (8, 8)


def test_one_music_file_is_a_corpus_too(corpus):
    pieces = extract_pieces(corpus / "tune0.mid", PLAN).pieces
    assert [piece.piece_id for piece in pieces] == ["tune0.mid"]


def test_a_drop_says_the_rule_and_the_remedy(notes_file):
    dropped = extract_pieces(notes_file, PLAN).dropped
    assert [(drop.piece_id, drop.rule) for drop in dropped] == [("short.mid", "too_short")]
    assert dropped[0].remedy.startswith("min_bars=")


def test_the_remedy_keeps_the_piece(notes_file):
    remedy = extract_pieces(notes_file, PLAN).dropped[0].remedy
    name, value = remedy.split("=")
    lenient = ExtractionPlan("melody", {}, {**PLAN.rules, name: int(value)})
    assert extract_pieces(notes_file, lenient).dropped == ()


def test_all_pieces_are_accounted_for(notes_file):
    examples = make_dataset(extract_pieces(notes_file, PLAN), PLAN, eval_ratio=0.3, seed=1)
    statistics = examples.statistics
    assert (statistics["pieces"], statistics["pieces_with_examples"]) == (8, 7)
    assert statistics["drops"] == {"too_short": 1}
    split = statistics["split"]
    assert (split["train_pieces"], split["eval_pieces"]) == (5, 2)
    assert (split["groups"], split["groups_by_size"]) == (6, {"1": 5, "2": 1})
    assert sum(statistics["lengths_bars"].values()) == len(examples.train) + len(examples.eval)
    assert statistics["train_events"] == len(examples.train.ids)
    assert examples.representation_name == "melody"
    assert examples.representation_options["encoding"] == "one_hot"


@pytest.mark.parametrize("seed", range(4))
def test_variants_stand_on_the_same_side(notes_file, seed):
    examples = make_dataset(extract_pieces(notes_file, PLAN), PLAN, eval_ratio=0.3, seed=seed)
    train, evaluation = set(examples.train.piece_ids), set(examples.eval.piece_ids)
    assert not train & evaluation
    assert ({"tune0.mid", "variant.mid"} <= train) != ({"tune0.mid", "variant.mid"} <= evaluation)


def test_only_what_is_learnt_from_is_thanked(notes_file):
    sources = {"more/": Origin("More tunes", "CC0-1.0")}
    examples = make_dataset(
        extract_pieces(notes_file, PLAN), PLAN, eval_ratio=0, sources=sources, corpus="notes"
    )
    assert [(s["name"], s["pieces"]) for s in examples.learnt_from] == [
        ("notes", 4),
        ("More tunes", 3),
    ]


def test_if_nothing_comes_out_the_rule_and_the_remedy_are_told(notes_file):
    plan = ExtractionPlan("melody", {}, {"min_bars": 400})
    with pytest.raises(DatasetError, match=r"No examples came out of 8 .*too_short.*min_bars="):
        make_dataset(extract_pieces(notes_file, plan), plan)


@pytest.mark.parametrize("ratio", [-0.1, 1.0, float("nan")])
def test_a_ratio_outside_its_range_is_refused(notes_file, ratio):
    with pytest.raises(DatasetError, match=r"eval_ratio is .* below 1"):
        make_dataset(extract_pieces(notes_file, PLAN), PLAN, eval_ratio=ratio)


def test_an_unknown_rule_is_refused_before_any_work(tmp_path):
    plan = ExtractionPlan("melody", {}, {"min_bar": 5})
    with pytest.raises(RecipeError, match="min_bars"):
        extract_pieces(tmp_path / "gone.parquet", plan)


def test_a_missing_corpus_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"gone\.parquet does not exist"):
        extract_pieces(tmp_path / "gone.parquet", PLAN)


class Fussy:
    """A representation that refuses every piece in its own way."""

    def __init__(self, error=None):
        self.error = error

    def extract(self, notes, rules):
        if self.error:
            raise self.error
        return (), ()


def test_a_piece_that_cannot_be_extracted_is_a_drop():
    piece = Piece("a", tune(0))
    drops = extract_piece(Fussy(QuantizationError("no grid")), {}, piece).drops
    assert drops == (Drop("not_extractable", "no grid", ""),)
    assert extract_piece(Fussy(), {}, piece).drops == (Drop("nothing_found", "64 notes", ""),)
    with pytest.raises(RecipeError, match="wrong"):
        extract_piece(Fussy(RecipeError("wrong")), {}, piece)


def test_pieces_that_crash_a_process_are_failures():
    assert crashed_file(MusicFile("x/a.mid", "a.mid", 0.1)).failures[0].piece_id == "a.mid"
    assert "crashed" in crashed_slice(b"").failures[0].reason


def test_a_published_split_is_kept_and_the_variants_it_parts_are_counted(notes_file):
    extraction = extract_pieces(notes_file, PLAN)
    examples = make_dataset(extraction, PLAN, held_out=["var", "more/"])
    train, evaluation = (set(part.piece_ids) for part in (examples.train, examples.eval))
    assert {name.startswith(("var", "more/")) for name in evaluation} == {True}
    assert {name.startswith(("var", "more/")) for name in train} == {False}
    assert {"variant.mid"} < evaluation
    assert examples.statistics["split"]["parted_groups"] == 1


def test_a_split_that_holds_out_nothing_is_refused(notes_file):
    with pytest.raises(DatasetError, match=r"None of the 1 pieces to keep .* begin like 'more"):
        make_dataset(extract_pieces(notes_file, PLAN), PLAN, held_out=["elsewhere/"])
