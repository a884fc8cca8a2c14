"""Melody generators with random weights, and small pieces to continue."""

from functools import cache

from solferino.bundles.card import Card
from solferino.bundles.session import StepSession
from solferino.generation.continuation import EventGenerator
from solferino.notes.sequence import NoteSequence
from solferino.representations.melody import Melody
from tests.bundles.step_graphs import lstm_graph

CARD = Card(name="toy", makes="melodies", representation={}, model={})
ENCODINGS = ("one_hot", "lookback", "key")
STEP_S = 0.125  # a sixteenth note at 120 quarter notes a minute


@cache
def melody_generator(encoding="one_hot", **options):
    """A generator of melodies; sessions do not change, so tests share them."""
    representation = Melody(encoding=encoding, **options)
    graph = lstm_graph(representation.input_size, representation.num_classes, (16,), seed=1)
    return EventGenerator(CARD, representation, StepSession(*graph))


def piece(*rows, **others):
    """A piece from rows of pitch, first step and last step (not included), at 120."""
    pitches, onsets, releases = zip(*rows, strict=True) if rows else ((), (), ())
    return NoteSequence.from_columns(
        list(pitches),
        [step * STEP_S for step in onsets],
        [step * STEP_S for step in releases],
        **others,
    )


def rows_of(notes, step_s=STEP_S):
    """Pitch, first step and last step of every note."""
    columns = [notes["pitch"], notes["onset_s"] / step_s, notes["release_s"] / step_s]
    return list(zip(*(column.round(4).tolist() for column in columns), strict=True))
