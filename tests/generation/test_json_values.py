import json

import numpy as np

from solferino.generation.generator import EventControls
from solferino.generation.json_values import (
    controls_from_json,
    controls_to_json,
    events_from_json,
    events_to_json,
    notes_from_json,
    notes_to_json,
)
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.representations.constraints import Constraints
from solferino.representations.representation import EventSequence

FULL = NoteSequence.from_columns(
    [60, 64],
    [0.1, 1 / 3],
    [0.7, 2 / 3],
    velocity=[1, 127],
    instrument=[0, 1],
    instruments=(Instrument(73, False, "flûte"), Instrument(0, True)),
    tempos=[(0.0, 107.3)],
    meters=[(0.0, 6, 8)],
    keys=[(0.0, -3, True)],
    control_changes=[(0.5, 64, 127, 1)],
    pitch_bends=[(0.25, -8192, 0)],
    texts=(Text(0.3, "Dø7", "chord", 1),),
    title="A",
    source="b.mid",
    total_time_s=9.5,
    ticks_per_quarter=960,
)


def through_json(values):
    return json.loads(json.dumps(values))


def test_notes_survive():
    assert notes_from_json(through_json(notes_to_json(FULL))) == FULL
    assert notes_from_json(through_json(notes_to_json(NoteSequence()))) == NoteSequence()


def test_events_survive():
    events = EventSequence(np.array([2, 0, 1]), 16, 12, -5)
    read = events_from_json(through_json(events_to_json(events)))
    assert (read.ids.tolist(), read.start_step, read.steps_per_bar, read.transposition) == (
        [2, 0, 1],
        16,
        12,
        -5,
    )


def test_controls_survive():
    constraints = Constraints(frozenset({11, 0}), 40, 80, FULL)
    controls = EventControls(0.7, 5, 0.9, 2, 3, 4, constraints)
    assert controls_from_json(through_json(controls_to_json(controls))) == controls
    controls = EventControls(constraints=Constraints(drums=frozenset({36, 42})))
    assert controls_from_json(through_json(controls_to_json(controls))) == controls
    assert controls_from_json(through_json(controls_to_json(EventControls()))) == EventControls()
