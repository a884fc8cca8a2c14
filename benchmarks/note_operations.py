"""How fast the operations on notes are, beside note-seq's, on one piece in one run.

    python benchmarks/note_operations.py [--notes 10000] [--repeats 5]

Every number is the median of several runs. Both sides get the same piece, and making it does not
count. Where note-seq is not installed its column is left out, with a line that says so.
"""

import argparse
import contextlib
import importlib.util
import logging
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from solferino.notes.augmentation import augment
from solferino.notes.editing import extract, shift, stretch, transpose, trim
from solferino.notes.joining import concatenate, expand_sections, merge, repeat_to_duration
from solferino.notes.pianoroll import PianoRoll
from solferino.notes.quantization import quantize, quantize_absolute
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.settings import remove_redundant
from solferino.notes.splitting import split_at_changes, split_at_silence, split_every
from solferino.notes.sustain import apply_sustain_pedal
from solferino.notes.warping import adjust_times, rectify_beats

LENGTH_S = 600.0
FRAMES_PER_SECOND = 31.25
BEATS_S = np.arange(0, LENGTH_S, 0.5) + 0.02 * np.sin(np.arange(1200))
BEATS_S[0] = 0.0
Action = Callable[[], object]


def long_piece(n_notes: int) -> NoteSequence:
    """A piece of ten minutes with pedal, chord symbols, two tempi and silences of four seconds."""
    chance = np.random.default_rng(0)
    onset_s = np.sort(chance.uniform(0, LENGTH_S - 10, n_notes))
    onset_s = onset_s[(onset_s % 60 < 54)]
    length_s = np.minimum(chance.uniform(0.05, 1.5, len(onset_s)), 56 - onset_s % 60)
    pedal_s = np.arange(0, LENGTH_S - 10, 2.0)
    return NoteSequence.from_columns(
        chance.integers(36, 97, len(onset_s)),
        onset_s,
        onset_s + length_s,
        chance.integers(1, 128, len(onset_s)),
        chance.integers(0, 2, len(onset_s)),
        instruments=(Instrument(), Instrument(33)),
        tempos=[(0, 120), (300, 90), (400, 90)],
        meters=[(0, 4, 4), (300, 3, 4)],
        keys=[(0, 1, False)],
        control_changes=[(t + d, 64, v, 0) for t in pedal_s for d, v in ((0, 127), (1.8, 0))],
        texts=[Text(t, "Am7", "chord") for t in np.arange(0, LENGTH_S - 10, 4.0).tolist()],
        total_time_s=LENGTH_S,
    )


def as_note_seq(piece: NoteSequence) -> Any:
    """The same piece as note-seq's message."""
    from note_seq.protobuf import music_pb2  # noqa: PLC0415

    sequence = music_pb2.NoteSequence(ticks_per_quarter=220, total_time=piece.total_time_s)
    for onset_s, release_s, pitch, velocity, k in piece.notes.tolist():
        sequence.notes.add(
            start_time=onset_s,
            end_time=release_s,
            pitch=pitch,
            velocity=velocity,
            instrument=k,
            program=piece.instruments[k].program,
        )
    for time_s, qpm in piece.tempos.tolist():
        sequence.tempos.add(time=time_s, qpm=qpm)
    for time_s, numerator, denominator in piece.meters.tolist():
        sequence.time_signatures.add(time=time_s, numerator=numerator, denominator=denominator)
    sequence.key_signatures.add(time=0, key=7)
    for time_s, number, value, k in piece.control_changes.tolist():
        sequence.control_changes.add(
            time=time_s, control_number=number, control_value=value, instrument=k
        )
    kinds = music_pb2.NoteSequence.TextAnnotation
    for text in piece.texts:
        sequence.text_annotations.add(
            time=text.time_s, text=text.text, annotation_type=kinds.CHORD_SYMBOL
        )
    return sequence


def our_actions(piece: NoteSequence) -> dict[str, Action]:
    steady = piece.replace(tempos=[(0, 120)], meters=[(0, 4, 4)])
    roll = PianoRoll.from_notes(piece, FRAMES_PER_SECOND)
    return {
        "trim": lambda: trim(piece, 100, 500),
        "extract": lambda: extract(piece, 100, 500),
        "shift": lambda: shift(piece, 10),
        "transpose": lambda: transpose(piece, 3),
        "stretch": lambda: stretch(piece, 1.1),
        "concatenate two": lambda: concatenate([piece, piece]),
        "merge two": lambda: merge([piece, piece]),
        "repeat to 1,500 s": lambda: repeat_to_duration(piece, 2.5 * LENGTH_S),
        "expand four sections": lambda: expand_sections(
            piece, [(0, 300), (0, 300), (300, LENGTH_S), (0, 300)]
        ),
        "remove redundant": lambda: remove_redundant(piece),
        "split every 10 s": lambda: split_every(piece, 10),
        "split every 10 s, no note cut": lambda: split_every(piece, 10, cut_notes=False),
        "split at changes": lambda: split_at_changes(piece),
        "split at silence": lambda: split_at_silence(piece),
        "sustain pedal": lambda: apply_sustain_pedal(piece),
        "adjust times": lambda: adjust_times(piece, lambda times_s: 1.1 * times_s),
        "rectify beats": lambda: rectify_beats(piece, BEATS_S, 120),
        "augment": lambda: augment(piece, seed=0),
        "piano roll": lambda: PianoRoll.from_notes(piece, FRAMES_PER_SECOND, 21, 108),
        "piano roll to notes": roll.to_notes,
        "quantize": lambda: quantize(steady),
        "quantize absolute": lambda: quantize_absolute(piece),
    }


def their_actions(piece: NoteSequence) -> dict[str, Action]:
    from note_seq import sequences_lib as lib  # noqa: PLC0415
    from note_seq.protobuf import music_pb2  # noqa: PLC0415

    whole = as_note_seq(piece)
    steady = as_note_seq(piece.replace(tempos=[(0, 120)], meters=[(0, 4, 4)]))
    beats = as_note_seq(piece)
    for time_s in BEATS_S.tolist():
        kind = music_pb2.NoteSequence.TextAnnotation.BEAT
        beats.text_annotations.add(time=time_s, annotation_type=kind)
    sections = as_note_seq(piece)
    for k, time_s in enumerate((0, 300)):
        sections.section_annotations.add(time=time_s, section_id=k)
    for k in (0, 0, 1, 0):
        sections.section_groups.add(num_times=1).sections.add(section_id=k)
    roll = PianoRoll.from_notes(piece, FRAMES_PER_SECOND)

    def augmented() -> object:
        random.seed(0)
        copied = music_pb2.NoteSequence()
        copied.CopyFrom(whole)
        return lib.augment_note_sequence(copied, 0.95, 1.05, -5, 6)

    def notes_of_roll() -> object:
        return lib.pianoroll_to_note_sequence(
            roll.frames,
            FRAMES_PER_SECOND,
            0,
            min_midi_pitch=0,
            onset_predictions=roll.onsets,
            velocity_values=roll.velocities / 127,
        )

    return {
        "trim": lambda: lib.trim_note_sequence(whole, 100, 500),
        "extract": lambda: lib.extract_subsequence(whole, 100, 500),
        "shift": lambda: lib.shift_sequence_times(whole, 10),
        "transpose": lambda: lib.transpose_note_sequence(whole, 3),
        "stretch": lambda: lib.stretch_note_sequence(whole, 1.1),
        "concatenate two": lambda: lib.concatenate_sequences([whole, whole]),
        "merge two": lambda: lib.merge_sequences([whole, whole]),
        "repeat to 1,500 s": lambda: lib.repeat_sequence_to_duration(whole, 2.5 * LENGTH_S),
        "expand four sections": lambda: lib.expand_section_groups(sections),
        "remove redundant": lambda: lib.remove_redundant_data(whole),
        "split every 10 s": lambda: lib.split_note_sequence(whole, 10),
        "split every 10 s, no note cut": lambda: lib.split_note_sequence(whole, 10, True),
        "split at changes": lambda: lib.split_note_sequence_on_time_changes(whole),
        "split at silence": lambda: lib.split_note_sequence_on_silence(whole),
        "sustain pedal": lambda: lib.apply_sustain_control_changes(whole),
        "adjust times": lambda: lib.adjust_notesequence_times(whole, lambda time_s: 1.1 * time_s),
        "rectify beats": lambda: lib.rectify_beats(beats, 120),
        "augment": augmented,
        "piano roll": lambda: lib.sequence_to_pianoroll(whole, FRAMES_PER_SECOND, 21, 108),
        "piano roll to notes": notes_of_roll,
        "quantize": lambda: lib.quantize_note_sequence(steady, 4),
        "quantize absolute": lambda: lib.quantize_note_sequence_absolute(whole, 100),
    }


def milliseconds(action: Action, repeats: int) -> float:
    """Median wall-clock milliseconds of `action`, after one run that does not count."""
    action()
    times_s = []
    for _ in range(repeats):
        begin_s = time.perf_counter()
        action()
        times_s.append(time.perf_counter() - begin_s)
    return 1000 * statistics.median(times_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    piece = long_piece(round(arguments.notes / 0.9))
    is_installed = importlib.util.find_spec("note_seq") is not None
    logging.disable(logging.WARNING)
    print(f"{len(piece)} notes, {LENGTH_S:g} s; milliseconds, median of {arguments.repeats}")
    if not is_installed:
        print("note-seq is not installed: its column is left out")
    theirs: dict[str, Action] = their_actions(piece) if is_installed else {}
    for name, action in our_actions(piece).items():
        ours_ms = milliseconds(action, 3 * arguments.repeats)
        line = f"{name:<30} | {ours_ms:9.2f}"
        if name in theirs:
            with contextlib.redirect_stderr(open(os.devnull, "w")):  # noqa: PTH123
                theirs_ms = milliseconds(theirs[name], arguments.repeats)
            line += f" | {theirs_ms:10.1f} | {theirs_ms / ours_ms:7.0f}x"
        print(line, flush=True)


if __name__ == "__main__":
    main()
