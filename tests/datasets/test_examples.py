"""Example sets keep their sequences, in memory and on disk."""

import json
from dataclasses import replace

import numpy as np
import pytest

from solferino.datasets.examples import (
    Examples,
    ExampleSet,
    check_same_events,
    read_examples,
    write_examples,
)
from solferino.errors import DatasetError
from solferino.representations.melody import Melody
from solferino.representations.representation import EventSequence

PAIRS = [
    ("a", EventSequence(np.array([3, 0, 1], np.int16), 0, 16, 2)),
    ("a", EventSequence(np.array([], np.int16), 48, 12, 0)),
    ("b", EventSequence(np.array([511, 7], np.int16), 32, 16, -5)),
]
EXAMPLES = Examples(
    "melody",
    {"encoding": "key", "min_note": 48},
    ExampleSet.from_sequences(PAIRS),
    ExampleSet.from_sequences(PAIRS[:1]),
    [{"name": "Tünes", "licence": "CC0-1.0", "attribution": "", "pieces": 2}],
    {"pieces": 3},
)


def as_tuples(examples):
    return [
        (piece_id, e.ids.tolist(), e.start_step, e.steps_per_bar, e.transposition)
        for piece_id, e in zip(examples.piece_ids, examples, strict=True)
    ]


def test_a_set_gives_back_its_sequences():
    examples = EXAMPLES.train
    assert as_tuples(examples) == [
        ("a", [3, 0, 1], 0, 16, 2),
        ("a", [], 48, 12, 0),
        ("b", [511, 7], 32, 16, -5),
    ]
    assert len(examples) == 3
    assert examples.lengths.tolist() == [3, 0, 2]
    assert examples[-1].ids.tolist() == [511, 7]


def test_there_is_no_sequence_beyond_the_last():
    with pytest.raises(IndexError):
        EXAMPLES.train[3]


@pytest.mark.parametrize("name", ["ids", "offsets", "steps_per_bar", "start_step"])
def test_columns_cannot_be_written(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(EXAMPLES.train, name)[0] = 1


@pytest.mark.parametrize("change", [{"piece_ids": ("a",)}, {"ids": [1]}, {"start_step": [0]}])
def test_columns_that_do_not_fit_are_refused(change):
    examples = EXAMPLES.train
    columns = {name: getattr(examples, name) for name in examples.__dataclass_fields__}
    with pytest.raises(ValueError, match=r"piece ids need .* offsets"):
        ExampleSet(**{**columns, **change})


def test_a_folder_holds_the_same_examples(tmp_path):
    write_examples(EXAMPLES, tmp_path / "new" / "examples")
    found = read_examples(tmp_path / "new" / "examples")
    assert as_tuples(found.train) == as_tuples(EXAMPLES.train)
    assert as_tuples(found.eval) == as_tuples(EXAMPLES.eval)
    assert found.representation_name == "melody"
    assert found.representation_options == EXAMPLES.representation_options
    assert found.learnt_from == EXAMPLES.learnt_from
    assert found.statistics == {"pieces": 3}
    names = {path.name for path in (tmp_path / "new" / "examples").iterdir()}
    assert names == {"train.parquet", "eval.parquet", "dataset.json"}


def test_an_empty_side_stays_empty(tmp_path):
    write_examples(Examples("melody", {}, EXAMPLES.train, ExampleSet.from_sequences([])), tmp_path)
    assert len(read_examples(tmp_path).eval) == 0


def test_examples_are_not_written_over_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DatasetError, match="is a file; examples need a folder"):
        write_examples(EXAMPLES, tmp_path / "file")


def test_a_folder_without_examples_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"has no dataset\.json.*solferino dataset"):
        read_examples(tmp_path)


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_damaged_description_is_refused(tmp_path, text):
    write_examples(EXAMPLES, tmp_path)
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=r"dataset\.json is damaged"):
        read_examples(tmp_path)


def test_another_version_is_refused(tmp_path):
    write_examples(EXAMPLES, tmp_path)
    card = json.loads((tmp_path / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps({**card, "format_version": 99}))
    with pytest.raises(DatasetError, match="of version 99 and this program reads version 2"):
        read_examples(tmp_path)


def test_a_missing_or_damaged_table_is_named(tmp_path):
    write_examples(EXAMPLES, tmp_path)
    (tmp_path / "eval.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match=r"eval\.parquet is damaged"):
        read_examples(tmp_path)
    (tmp_path / "train.parquet").unlink()
    with pytest.raises(DatasetError, match=r"train\.parquet is missing"):
        read_examples(tmp_path)


@pytest.mark.parametrize("encoding", ["one_hot", "lookback", "key"])
def test_the_same_events_serve_every_encoding(encoding):
    check_same_events(EXAMPLES, Melody(encoding), "the bundle")


def test_other_events_are_refused():
    with pytest.raises(DatasetError, match=r"the bundle's events .*max_note=72.*max_note=84"):
        check_same_events(EXAMPLES, Melody(max_note=72), "the bundle")


def test_context_is_kept_with_the_events_it_stands_beside(tmp_path):
    context = np.arange(6, dtype=np.float32).reshape(3, 2)
    sequences = [
        ("a", EventSequence(np.array([1, 2]), context=context[:2])),
        ("b", EventSequence(np.array([3]), context=context[2:])),
    ]
    examples = replace(EXAMPLES, train=ExampleSet.from_sequences(sequences))
    write_examples(examples, tmp_path)
    read = read_examples(tmp_path)
    assert [row.context.tolist() for row in read.train] == [[[0, 1], [2, 3]], [[4, 5]]]
    assert [row.context.shape for row in read.eval] == [(0, 0)] * len(EXAMPLES.eval)


def test_context_of_another_length_than_the_events_is_refused():
    with pytest.raises(ValueError, match="a row of context for each id or none"):
        ExampleSet.from_sequences([("a", EventSequence(np.array([1, 2]), context=[[1.0]]))])
