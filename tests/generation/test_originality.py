"""A copy is found, and where it is; what is new is not."""

import numpy as np
import pytest

from solferino.generation.originality import (
    Originality,
    as_json,
    fingerprints_of_examples,
    learn_fingerprints,
    originality,
    report,
)
from solferino.notes.quantization import MetricGrid, SecondsGrid
from solferino.notes.sequence import Instrument, NoteSequence
from tests.datasets.tunes import tune

GRID = MetricGrid(4)
LEARNT = learn_fingerprints([tune(k) for k in range(20)], [tune(k) for k in range(20, 40)], GRID)


def one_after_the_other(*pieces):
    """Pieces in one voice, each a second after the last."""
    columns, at_s = [], 0.0
    for piece in pieces:
        table = piece.notes.copy()
        table["onset_s"] += at_s
        table["release_s"] += at_s
        columns.append(table)
        at_s = float(table["release_s"].max()) + 1.0
    return NoteSequence(np.concatenate(columns), (Instrument(),))


def test_a_learnt_tune_is_found_whole_even_in_another_key():
    found = originality(tune(3, transpose=5), LEARNT)
    assert found.share == 1.0
    assert found.longest_run.num_notes > 64 - 12


def test_a_new_tune_is_not_found():
    found = originality(tune(99), LEARNT)
    assert (found.longest_run, found.num_found, found.share) == (None, 0, 0.0)
    assert found.num_compared > 5


def test_the_longest_run_is_where_the_copy_is():
    quoted = NoteSequence(tune(3).notes[10:40], (Instrument(),))
    first, last = tune(98), tune(99)
    piece = one_after_the_other(first, quoted, last)
    start_s = first.total_time_s + 1.0 + float(quoted.notes["onset_s"][0])
    run = originality(piece, LEARNT).longest_run
    assert 30 - 12 <= run.num_notes <= 30
    assert start_s <= run.start_s < run.end_s
    assert run.end_s <= start_s + float(np.ptp(quoted.notes["onset_s"])) + 0.5
    assert run.instrument == 0


def test_a_primer_does_not_count():
    piece = one_after_the_other(tune(3), tune(99))
    assert originality(piece, LEARNT).num_found > 0
    new_from_s = tune(3).total_time_s + 1.0
    assert originality(piece, LEARNT, from_s=new_from_s).num_found == 0


def test_the_yardstick_is_what_real_pieces_share_with_the_training_set():
    learnt = learn_fingerprints([tune(1)], [tune(1), tune(2), tune(3, num_notes=4)], GRID)
    assert learnt.held_out["examples"] == 2  # four notes cannot be compared
    assert learnt.held_out["share"] == pytest.approx([0.5, 0.95])
    assert learnt.held_out["longest_run_notes"][0] > 20
    lines = list(report(originality(tune(1), learnt), learnt))
    assert lines[1] == (
        "runs of 10 notes that were learnt: 100.0%; "
        "held-out real music: median 50.0%, 95 % of it at most 95.0%"
    )
    assert lines[0] == (
        "longest run that was learnt: 55 notes (22.0 s, from 1.8 s on); "
        "held-out real music: median 28, 95 % of it at most 52"
    )


def test_without_held_out_pieces_there_is_no_yardstick():
    learnt = learn_fingerprints([tune(1)], [], GRID)
    lines = list(report(originality(tune(2, 5), learnt), learnt))
    assert lines == [
        "longest run that was learnt: 0 notes",
        "runs of 10 notes that were learnt: too few notes to say",
    ]


def test_what_cannot_be_compared_is_said():
    from dataclasses import replace

    learnt = replace(learn_fingerprints([tune(1)], [], GRID), missing=("basic_rnn",))
    found = originality(tune(1), learnt)
    assert "not compared with the music of basic_rnn" in list(report(found, learnt))[-1]
    values = as_json(found, learnt)
    assert values["not_compared_with"] == ["basic_rnn"]
    assert values["longest_run"]["num_notes"] == found.longest_run_notes
    assert as_json(Originality(None, 0, 0), learnt)["longest_run"] is None


def test_a_performance_that_breathes_is_still_known():
    rng = np.random.default_rng(0)
    table = tune(1, 200).notes.copy()
    table["onset_s"] *= 1 + 0.001 * rng.standard_normal(200)
    rubato = NoteSequence(table, (Instrument(),))
    shares = [
        originality(rubato, learn_fingerprints([tune(1, 200)], [], grid)).share
        for grid in (MetricGrid(4), SecondsGrid(100))
    ]
    assert shares[1] >= shares[0] > 0


def test_examples_are_read_back_into_music_before_they_are_compared():
    from solferino.datasets.examples import Examples, ExampleSet
    from solferino.representations.melody import Melody

    melody = Melody()
    events = melody.from_melody_events([60, 62, 64, 65, 67, -2, 69, 71, 72, 60, 62, 65, 64, -2, 60])
    part = ExampleSet.from_sequences([("one", events)])
    examples = Examples(melody.name, dict(melody.options), part, part)
    learnt = fingerprints_of_examples(examples)
    assert originality(melody.decode(events, 90.0), learnt).share == 1.0
    assert learnt.held_out["examples"] == 1
    joined = fingerprints_of_examples(examples, LEARNT)
    assert originality(tune(3), joined).share == 1.0
