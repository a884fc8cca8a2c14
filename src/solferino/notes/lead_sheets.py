"""Lead sheets: a melody with chord symbols on one grid."""

from itertools import pairwise

import numpy as np

from solferino.notes.chord_inference import infer_chords
from solferino.notes.columns import Table
from solferino.notes.melody_inference import infer_melody
from solferino.notes.quantization import QuantizedSequence, QuantizedText, quantize, to_notes
from solferino.notes.sequence import NoteSequence

DEFAULT_STEPS_PER_QUARTER = 4


def lead_sheet(
    notes: NoteSequence,
    steps_per_quarter: int = DEFAULT_STEPS_PER_QUARTER,
    chords_per_bar: int | None = None,
) -> NoteSequence:
    """Make a lead sheet of a piece: its melody, and the chords that go with it.

    Parameters
    ----------
    notes : NoteSequence
    steps_per_quarter : int > 0
        The grid on which melody and chords are put; 12 holds sixteenths and triplets.
    chords_per_bar : int > 0, optional
        How many chords a bar may have where they are inferred; see `infer_chords`.

    Returns
    -------
    NoteSequence
        One instrument with the melody (see `infer_melody`), no two notes at once; its texts of
        kind "chord" are those of the piece, or else inferred from all of its notes, each only
        where the chord changes. Lyrics, keys, meters, tempi and the title are kept.

    Raises
    ------
    QuantizationError
        If the grid does not fit.
    ValueError
        If `chords_per_bar` is out of range.
    """
    if not any(text.kind == "chord" for text in notes.texts):
        notes = infer_chords(notes, chords_per_bar)
    melody = infer_melody(notes)
    quantized = quantize(melody, steps_per_quarter)
    lyrics = [text for text in quantized.texts if text.kind == "lyric"]
    symbols = {text.step: text for text in quantized.chords}
    chords = [symbols[step] for step in sorted(symbols)]
    changes = [
        chord for before, chord in pairwise([None, *chords]) if chord and _is_new(before, chord)
    ]
    sheet = QuantizedSequence(
        quantized.grid,
        _one_at_a_time(quantized.notes),
        quantized.instruments,
        quantized.meters,
        quantized.tempos,
        (*lyrics, *changes),
        quantized.total_steps,
    )
    return to_notes(sheet).replace(
        keys=notes.keys,
        title=notes.title,
        source=notes.source,
        ticks_per_quarter=notes.ticks_per_quarter,
    )


def _is_new(before: QuantizedText | None, chord: QuantizedText) -> bool:
    return before is None or before.text != chord.text


def _one_at_a_time(table: Table) -> Table:
    """Keep the longest of the notes that begin on one step, and end each where the next begins."""
    order = np.lexsort((-table["end_step"], table["start_step"]))
    table = table[order]
    _, first = np.unique(table["start_step"], return_index=True)
    table = table[first]
    table["end_step"][:-1] = np.minimum(table["end_step"][:-1], table["start_step"][1:])
    return table
