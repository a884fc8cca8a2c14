import pytest

from solferino.datasets.examples import write_examples
from solferino.datasets.extraction import ExtractionPlan
from solferino.datasets.own_music import is_music, own_examples
from solferino.errors import DatasetError
from solferino.notes.midi import write_midi
from tests.datasets.tunes import tune, write_corpus

PLAN = ExtractionPlan("melody", {}, {"min_bars": 4, "min_unique_pitches": 3})


def songs(folder, *tunes):
    folder.mkdir()
    for number, piece in enumerate(tunes):
        write_midi(piece, folder / f"{number}.mid")
    return folder


def test_some_of_the_music_is_held_out_and_what_cannot_be_read_is_told(tmp_path):
    examples, failures = own_examples(write_corpus(tmp_path / "songs", 10), PLAN)
    split = examples.statistics["split"]
    assert (split["train_pieces"], split["eval_pieces"]) == (8, 2)
    assert [failure.piece_id for failure in failures] == ["broken.mid"]
    assert examples.learnt_from[0]["name"] == "songs"


def test_a_folder_of_examples_is_no_music(tmp_path):
    folder = write_corpus(tmp_path / "songs")
    assert is_music(folder)
    assert is_music(folder / "tune0.mid")
    write_examples(own_examples(folder, PLAN)[0], tmp_path / "examples")
    assert not is_music(tmp_path / "examples")


def test_two_pieces_are_too_few(tmp_path):
    folder = songs(tmp_path / "two", tune(0), tune(1))
    with pytest.raises(DatasetError, match=r"2 of the 2 pieces in .*two gave examples, too few"):
        own_examples(folder, PLAN)


def test_variants_of_one_tune_cannot_be_held_out_from_one_another(tmp_path):
    folder = songs(tmp_path / "one", *(tune(0, transpose=k) for k in range(4)))
    with pytest.raises(DatasetError, match=r"all 4 pieces in .*one are variants of one another"):
        own_examples(folder, PLAN)


def test_a_folder_without_music_says_what_is_wanted(tmp_path):
    with pytest.raises(DatasetError, match="holds no examples and no music; name a folder made by"):
        own_examples(tmp_path, PLAN)
    with pytest.raises(DatasetError, match=r"nothing does not exist"):
        own_examples(tmp_path / "nothing", PLAN)
