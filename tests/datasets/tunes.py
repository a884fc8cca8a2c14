"""Tunes for small corpora."""

import numpy as np

from solferino.notes.midi import write_midi
from solferino.notes.sequence import NoteSequence

SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12])
STEP_S = 0.25


def tune(seed, num_notes=64, transpose=0, **others):
    """A tune of eighth notes and quarter notes at 120, all steps of the major scale."""
    rng = np.random.default_rng(seed)
    pitches = 60 + transpose + SCALE[rng.integers(0, 8, num_notes)]
    lengths_s = STEP_S * rng.integers(1, 3, num_notes)
    onsets_s = np.concatenate([[0], np.cumsum(lengths_s)[:-1]])
    return NoteSequence.from_columns(pitches, onsets_s, onsets_s + lengths_s, **others)


def write_corpus(folder, num_tunes=6):
    """A folder of MIDI files, one of them damaged, one no music, in two levels."""
    (folder / "more").mkdir(parents=True)
    for number in range(num_tunes):
        place = folder / "more" if number % 2 else folder
        write_midi(tune(number), place / f"tune{number}.mid")
    (folder / "broken.mid").write_bytes(b"no MIDI at all")
    (folder / "notes.txt").write_text("no music")
    return folder


ABC_BOOK = """X:1
T:One
M:4/4
L:1/8
K:C
CDEF GABc|cBAG FEDC|CDEF GABc|cBAG FEDC|CDEF GABc|cBAG FEDC|CDEF GABc|cBAG FEDC|

X:2
T:Two
M:3/4
L:1/8
K:D
DEFGAB|ABcdef|DEFGAB|ABcdef|DEFGAB|ABcdef|DEFGAB|ABcdef|
"""
