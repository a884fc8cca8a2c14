"""Do scores in MusicXML hold the notes? Prints one row a corpus; needs music21 and partitura.

    python benchmarks/musicxml_writing.py FOLDER [FOLDER ...] [--files 100] [--xsd musicxml.xsd]
        [--longest 6000]

From each folder so many MIDI files are drawn, of at most so many notes. Each is written, checked
against the schema, and read by Solferino, music21 and partitura; their notes are compared with
the notes on the grid of the score: instrument, pitch, onset and release. Drums are compared by
instrument, place in the staff, onset and release. Seconds a file are for reading MIDI and
writing MusicXML, ours and music21's, on
the first ten.
"""

import argparse
import random
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import music21
import numpy as np
import partitura
from lxml import etree

from solferino.errors import SolferinoError
from solferino.notes.beat_grids import quantize_by_beat
from solferino.notes.files import load, save
from solferino.notes.midi import read_midi
from solferino.notes.musicxml import read_musicxml
from solferino.notes.musicxml_writing_parts import drum_sign
from solferino.notes.quantization import QuantizedSequence, quantize
from solferino.notes.score import TICKS_PER_QUARTER
from solferino.notes.timing import TempoMap

STAFF_STEPS = {step: k for k, step in enumerate("CDEFGAB")}
TIMED_FILES = 10
CLOSE_TICKS = 84  # 1/240 of a quarter, what other programs may round

Row = tuple[int, int, int, int]
"""Part, place or pitch, onset and release."""


def staff_place(step: str, octave: int) -> int:
    return 1000 + 7 * octave + STAFF_STEPS[step]


def rows_on_grid(quantized: QuantizedSequence, *, drums_by_place: bool) -> list[Row]:
    used = np.unique(quantized.notes["instrument"]).tolist()
    rows = []
    for start, stop, pitch, _, index in quantized.notes.tolist():
        place = pitch
        if quantized.instruments[index].is_drum and drums_by_place:
            place = staff_place(*drum_sign(pitch)[:2])
        rows.append((used.index(index), place, start, stop))
    return sorted(rows)


def n_equal(rows: list[Row], others: list[Row]) -> int:
    """Count the notes that both have, to within the rounding of the other program."""
    near = [(p, q, round(a / CLOSE_TICKS / 2), round(b / CLOSE_TICKS / 2)) for p, q, a, b in rows]
    other = [
        (p, q, round(a / CLOSE_TICKS / 2), round(b / CLOSE_TICKS / 2)) for p, q, a, b in others
    ]
    return sum((Counter(near) & Counter(other)).values())


def rows_of_music21(score: Any, tree: ElementTree.Element) -> Iterator[Row]:
    """Yield the notes as they stand in measures and voices, tied ones joined."""
    staves = list(score.parts)
    for number, part in enumerate(tree.findall("part")):
        n_staves = int(part.findtext(".//staves") or 1)
        for staff in staves[:n_staves]:
            yield from staff_rows(number, staff)
        staves = staves[n_staves:]


def staff_rows(number: int, staff: Any) -> Iterator[Row]:
    open_notes: dict[tuple[str, int, Fraction], list[Fraction]] = {}
    sounds = []
    for measure in staff.getElementsByClass("Measure"):
        for k, voice in enumerate(list(measure.voices) or [measure]):
            name = str(voice.id) if k else ""  # the first voice of a staff is in every measure
            for sound in voice.notes:
                if not isinstance(sound, music21.harmony.Harmony):
                    onset = Fraction(measure.offset) + Fraction(sound.offset)
                    stop = onset + Fraction(sound.duration.quarterLength)
                    sounds += [(onset, stop, name, x) for x in getattr(sound, "notes", [sound])]
    for onset, stop, voice, note in sorted(sounds, key=lambda row: row[0]):
        is_drum = isinstance(note, music21.note.Unpitched)
        pitch = staff_place(note.displayStep, note.displayOctave) if is_drum else note.pitch.midi
        tie = note.tie.type if note.tie else ""
        begun = open_notes.get((voice, pitch, onset), []) if tie in ("stop", "continue") else []
        start = begun.pop() if begun else onset
        if tie in ("start", "continue"):
            open_notes.setdefault((voice, pitch, stop), []).append(start)
        else:
            yield number, pitch, int(start * TICKS_PER_QUARTER), int(stop * TICKS_PER_QUARTER)


def incomplete_bars(score: Any, tree: ElementTree.Element) -> int:
    """Count the bars in which a voice is not as long as its bar, without any repair."""
    implicit = {m.get("number") for m in tree.find("part").iter("measure") if m.get("implicit")}
    count = 0
    meter = music21.meter.TimeSignature("4/4")
    for measure in (m for part in score.parts for m in part.getElementsByClass("Measure")):
        meter = measure.timeSignature or meter
        length = Fraction(meter.barDuration.quarterLength)
        sums = {
            sum(
                (Fraction(n.duration.quarterLength) for n in voice.notesAndRests
                 if not isinstance(n, music21.harmony.Harmony)), Fraction(0),
            )
            for voice in list(measure.voices) or [measure]
        }  # fmt: skip
        is_full = all(abs(s - length) < Fraction(1, 200) for s in sums)
        if not is_full and (len(sums) > 1 or measure.measureNumberWithSuffix() not in implicit):
            count += 1
    return count


def rows_of_partitura(path: Path) -> list[Row]:
    rows = []
    for number, part in enumerate(partitura.load_musicxml(path).parts):
        quarter = part.quarter_map
        begin = quarter(part.first_point.t)
        for note in part.notes_tied:
            if isinstance(note, partitura.score.UnpitchedNote):
                pitch = staff_place(note.step, note.octave)
            else:
                pitch = note.midi_pitch
            onset = float(quarter(note.start.t) - begin) * TICKS_PER_QUARTER
            stop = float(quarter(note.end_tied.t) - begin) * TICKS_PER_QUARTER
            rows.append((number, pitch, round(onset), round(stop)))
    return rows


def from_first_note(rows: list[Row]) -> list[Row]:
    """Count from the first note, for programs that begin with a pickup at 0."""
    first = min((row[2] for row in rows), default=0)
    return [(part, pitch, start - first, stop - first) for part, pitch, start, stop in rows]


def deviation(piece: Any, quantized: QuantizedSequence) -> np.ndarray:
    """How far onsets were moved, in quarter notes; drums that became one are left out."""
    if len(piece) != len(quantized) or piece.is_drum.any():
        return np.zeros(0)
    quarters = TempoMap.from_sequence(piece).seconds_to_quarters(piece.notes["onset_s"])
    order = np.lexsort([piece.notes[c] for c in ("pitch", "instrument")] + [quarters])
    moved = quantized.notes["start_step"] / TICKS_PER_QUARTER
    return np.abs(np.sort(quarters[order]) - np.sort(moved))


def seconds_of_music21(path: Path, folder: Path) -> float:
    begin = time.perf_counter()
    music21.converter.parse(path, forceSource=True).write("musicxml", folder / "theirs.musicxml")
    return time.perf_counter() - begin


def measure(paths: list[Path], schema: Any, folder: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for path in paths:
        try:
            piece = load(path)
            begin = time.perf_counter()
            save(read_midi(path), folder / "ours.musicxml")
            seconds = time.perf_counter() - begin
        except SolferinoError as error:
            counts["failures"] += 1
            print(f"    {path.name}: {error}")
            continue
        quantized = quantize_by_beat(piece)
        count_readers(folder / "ours.musicxml", quantized, counts)
        text = (folder / "ours.musicxml").read_bytes()
        counts["invalid"] += schema is not None and not schema.validate(etree.fromstring(text))
        counts["files"] += 1
        counts["notes"] += len(piece)
        counts["written"] += len(quantized)
        moved = deviation(piece, quantized)
        counts["moved"] += int((moved > 0.5 / piece.ticks_per_quarter + 1e-4).sum())
        counts["farthest"] = max(counts["farthest"], float(moved.max(initial=0)))
        if counts["files"] <= TIMED_FILES:
            counts["our seconds"] += seconds
            counts["seconds of music21"] += seconds_of_music21(path, folder)
    return counts


def count_readers(path: Path, quantized: QuantizedSequence, counts: Counter[str]) -> None:
    own = rows_on_grid(quantized, drums_by_place=False)
    again = rows_on_grid(quantize(read_musicxml(path), TICKS_PER_QUARTER), drums_by_place=False)
    counts["read by solferino"] += n_equal(own, again)
    rows = from_first_note(rows_on_grid(quantized, drums_by_place=True))
    tree = ElementTree.parse(path).getroot()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        score = music21.converter.parse(path, forceSource=True)
    counts["warnings"] += len(caught)
    for warning in {str(w.message) for w in caught}:
        print(f"    {path.name}: {warning}")
    counts["read by music21"] += n_equal(rows, from_first_note(list(rows_of_music21(score, tree))))
    counts["incomplete bars"] += incomplete_bars(score, tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            counts["read by partitura"] += n_equal(rows, from_first_note(rows_of_partitura(path)))
        except AttributeError:  # it has no chords of drums
            counts["not opened by partitura"] += 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--longest", type=int, default=6000, help="notes a file")
    parser.add_argument("--xsd", type=Path)
    options = parser.parse_args()
    schema = etree.XMLSchema(etree.parse(options.xsd)) if options.xsd else None
    for folder in options.folders:
        paths = sorted(folder.rglob("*.mid"))
        random.Random(1).shuffle(paths)
        fitting = (path for path in paths if len(load(path)) <= options.longest)
        chosen = [path for path, _ in zip(fitting, range(options.files), strict=False)]
        with tempfile.TemporaryDirectory() as temporary:
            counts = measure(chosen, schema, Path(temporary))
        print(f"{folder.name} | {dict(counts)}", flush=True)


if __name__ == "__main__":
    main()
