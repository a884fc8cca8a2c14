"""How often are melodies found right? Prints one row a corpus and view.

    python benchmarks/melody_accuracy.py [--nottingham FOLDER] [--lieder FOLDER]
        [--quartets FOLDER] [--chorales FOLDER] [--openewld FOLDER] [--files 60]
        [--tuned] [--fit]

A folder is where the corpus of that name was unpacked. The melody is known: the first track of
Nottingham's MIDI files, the voice of the songs, the first violin, the soprano, and the melody of
the lead sheets, whose chords are rendered. Pieces are seen as they are; with names and programs
hidden; and with all notes in one instrument. Velocities are hidden in all of them. Rows are
notes: F, precision and recall, over all notes of a corpus, beside the plain skyline. Every
other of the pieces that are drawn is left out: on those of the first 60 the weights of the
method were fitted. --tuned asks for these alone, and --fit prints the weights that they give:
first those of what a note is, with all notes in one instrument, then those of its instrument,
the others held. The costs of the path and the biases were chosen by hand.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from harmony_accuracy import openewld

from solferino.notes.chords import render_chords
from solferino.notes.melody_features import FEATURES, melody_features, skyline
from solferino.notes.melody_inference import melody_mask
from solferino.notes.midi import read_midi
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.timing import TempoMap

SEED = 6
LONGEST = 9000
N_FITTING_STEPS = 20
RIDGE = 2e-3
VOICE_PROGRAM = 68  # how the songs of OpenScore play the voice


class Labelled(NamedTuple):
    """A piece, and which of its notes are melody."""

    piece: NoteSequence
    is_melody: np.ndarray


def is_song(piece: NoteSequence) -> bool:
    return [i.program for i in piece.instruments] == [VOICE_PROGRAM, 0]


def is_quartet(piece: NoteSequence) -> bool:
    return len(piece.instruments) == 4


def is_chorale(piece: NoteSequence) -> bool:
    return [i.name for i in piece.instruments] == ["Soprano", "Alto", "Tenor", "Bass"]


def has_two(piece: NoteSequence) -> bool:
    return len(piece.instruments) == 2


def first_instrument(folder: Path, fits: Callable[[NoteSequence], bool]) -> Iterator[Labelled]:
    """Yield the pieces of a folder in which the first instrument has the melody."""
    paths = sorted(folder.rglob("*.mid"))
    random.Random(SEED).shuffle(paths)
    for path in paths:
        piece = read_midi(path)
        if fits(piece) and len(piece) <= LONGEST:
            yield Labelled(piece, piece.notes["instrument"] == 0)


def lead_sheets(folder: Path) -> Iterator[Labelled]:
    """Yield melodies with their chords as notes."""
    sheets = [piece for piece, _ in openewld(folder)]
    random.Random(SEED).shuffle(sheets)
    for sheet in sheets:
        try:
            played = render_chords(sheet).replace(texts=())
        except ValueError:
            continue
        yield Labelled(played, played.notes["instrument"] == 0)


def as_it_is(piece: NoteSequence) -> NoteSequence:
    table = piece.notes.copy()
    table["velocity"] = 80
    return piece.replace(notes=table, texts=())


def without_names(piece: NoteSequence) -> NoteSequence:
    return as_it_is(piece).replace(instruments=tuple(Instrument() for _ in piece.instruments))


def as_one_instrument(piece: NoteSequence) -> NoteSequence:
    table = as_it_is(piece).notes.copy()
    table["instrument"] = 0
    return piece.replace(
        notes=table,
        instruments=(Instrument(),),
        texts=(),
        control_changes=piece.control_changes[:0],
        pitch_bends=piece.pitch_bends[:0],
    )


VIEWS = {
    "as it is": as_it_is, "names hidden": without_names, "one instrument": as_one_instrument,
}  # fmt: skip


def highest(piece: NoteSequence) -> np.ndarray:
    """Find the melody as the plain skyline has it."""
    tempo_map = TempoMap.from_sequence(piece)
    onset, release = (
        tempo_map.seconds_to_quarters(piece.notes[name]) for name in ("onset_s", "release_s")
    )
    return skyline(onset, release, piece.notes["pitch"])


def row(name: str, pieces: list[Labelled], find: Callable[[NoteSequence], np.ndarray]) -> None:
    """Print how many notes are right."""
    right = found = wanted = 0
    begin = time.perf_counter()
    for piece, is_melody in pieces:
        mask = find(piece)
        right += int((mask & is_melody).sum())
        found += int(mask.sum())
        wanted += int(is_melody.sum())
    seconds = (time.perf_counter() - begin) / len(pieces)
    share = 200 * right / (found + wanted)
    print(
        f"{name} | {len(pieces)} pieces | F {share:.1f} % | precision {100 * right / found:.1f} % "
        f"| recall {100 * right / wanted:.1f} % | {seconds:.2f} s a piece",
        flush=True,
    )


def examples(
    pieces: list[Labelled], views: tuple[Callable[[NoteSequence], NoteSequence], ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, labels and weights of the notes; every piece weighs the same."""
    rows = [(melody_features(view(p)), mask * 1.0) for p, mask in pieces for view in views]
    weights = np.concatenate([np.full(len(mask), 1 / len(mask)) for _, mask in rows])
    features, labels = (np.concatenate(column) for column in zip(*rows, strict=True))
    return features, labels, weights / weights.sum()


def logistic(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """Fit a logistic regression to what is given already, by Newton's method."""
    coefficients = np.zeros(features.shape[1])
    for _ in range(N_FITTING_STEPS):
        odds = 1 / (1 + np.exp(-(features @ coefficients + given)))
        slope = features.T @ (weights * (odds - labels)) + RIDGE * coefficients
        bend = (features * (weights * odds * (1 - odds))[:, np.newaxis]).T @ features
        coefficients -= np.linalg.solve(bend + RIDGE * np.eye(len(coefficients)), slope)
    return coefficients


def print_fit(pieces: list[Labelled]) -> None:
    """Print the weights that the pieces give."""
    of_instrument = [FEATURES.index(n) for n in ("instrument_top", "instrument_lines", "name")]
    last = FEATURES.index("lyric")
    of_note = [k for k in range(len(FEATURES)) if k not in (*of_instrument, last)]
    features, *others = examples(pieces, (as_one_instrument,))
    with_bias = np.column_stack([features[:, of_note], np.ones(len(features))])
    *weights, bias = logistic(with_bias, *others, np.zeros(len(features)))
    features, *others = examples(pieces, (as_it_is, without_names))
    more = logistic(features[:, of_instrument], *others, features[:, of_note] @ weights + bias)
    for k, weight in zip([*of_note, *of_instrument], [*weights, *more], strict=True):
        print(f"{FEATURES[k]} {weight:.2f}")
    print(f"bias {bias:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    rules = {"nottingham": has_two, "lieder": is_song, "quartets": is_quartet,
             "chorales": is_chorale}  # fmt: skip
    for name in (*rules, "openewld"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--files", type=int, default=60, help="pieces drawn of each corpus")
    parser.add_argument("--tuned", action="store_true", help="the pieces used for fitting only")
    parser.add_argument("--fit", action="store_true", help="print the weights of the method")
    options = parser.parse_args()
    fitted: list[Labelled] = []
    for name in (*rules, "openewld"):
        folder = getattr(options, name)
        if folder is None:
            continue
        labelled = lead_sheets(folder) if name == "openewld" else first_instrument(
            folder, rules[name]
        )  # fmt: skip
        drawn = [piece for piece, _ in zip(labelled, range(options.files), strict=False)]
        pieces = drawn[0 if options.tuned or options.fit else 1 :: 2]
        if options.fit:
            fitted += pieces
            continue
        row(f"{name}, skyline", pieces, highest)
        for view, change in VIEWS.items():
            row(f"{name}, {view}", pieces, lambda piece, change=change: melody_mask(change(piece)))
    if fitted:
        print_fit(fitted)


if __name__ == "__main__":
    main()
