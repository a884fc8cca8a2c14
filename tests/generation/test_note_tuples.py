"""Performances go on note by note: the section is filled, from its start to its end."""

from functools import cache

import numpy as np
import pytest

from solferino.bundles.card import Card
from solferino.bundles.session import StepSession
from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import EventControls, Section
from solferino.notes.harmony import scale_pitch_classes
from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints
from solferino.representations.note_tuples import NoteTuples
from tests.bundles.step_graphs import lstm_graph

PRIMER = NoteSequence.from_columns([60, 64, 67], [0.1, 0.35, 0.353], [0.5, 1.2, 2.004])
SECTION = Section(3.5, 6.0)  # 3.15 s after the last note begins


@cache
def generator():
    """A generator with random weights."""
    tuples = NoteTuples()
    graph = lstm_graph(tuples.input_size, tuples.num_classes, (16,), seed=1)
    card = Card(name="toy", makes="piano performances", representation={}, model={})
    return EventGenerator(card, tuples, StepSession(*graph))


@pytest.mark.parametrize("primer", [PRIMER, NoteSequence()])
def test_new_notes_lie_in_the_section_and_the_primer_stays(primer):
    section = Section(3.5, 60.0)
    outputs = generator().generate_batch(primer, section, seed=1, num_outputs=3)
    for output in outputs:
        new = output.notes.notes[len(primer) :]
        assert output.notes.notes[: len(primer)].tolist() == primer.notes.tolist()
        assert new["onset_s"].min() >= 3.5 - 1e-9
        assert new["onset_s"].max() > 49
        assert new["release_s"].max() <= 60
        assert output.notes.total_time_s == 60
    first = generator().generate(primer, section, seed=1)
    assert first.notes.tolist() == outputs[0].notes.notes.tolist()


def test_constraints_are_obeyed_and_kept_notes_come_out():
    keep = NoteSequence.from_columns([61, 66], [4.0, 4.75], [4.5, 5.5], [100, 20])
    c_major = Constraints(scale_pitch_classes(0), 48, 72, keep=keep)
    song = generator().generate(PRIMER, SECTION, EventControls(constraints=c_major), seed=2)
    new = song.notes[len(PRIMER) :]
    for kept in keep.notes:
        (found,) = new[new["pitch"] == kept["pitch"]]
        assert found["onset_s"] == pytest.approx(kept["onset_s"])
        assert found["release_s"] == pytest.approx(kept["release_s"])
        assert abs(int(found["velocity"]) - int(kept["velocity"])) < 4
    others = new["pitch"][~np.isin(new["pitch"], [61, 66])]
    assert set((others % 12).tolist()) <= {0, 2, 4, 5, 7, 9, 11}
    assert ((others >= 48) & (others <= 72)).all()


def test_events_are_continued_from_where_their_silence_ends():
    tuples = NoteTuples()
    past = tuples.encode(PRIMER, 350)
    (ids,), _ = generator().continue_events(past, 2000, seed=3)
    whole = np.concatenate([past.ids, ids])
    assert past.start_step + tuples.num_steps(whole) >= 350 + 2000
    assert past.start_step + tuples.num_steps(past.ids) == 350
