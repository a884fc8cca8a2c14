"""Does a bundle do what it is asked for? Prints what was asked beside what came.

    python benchmarks/condition_response.py BUNDLE [--outputs 50] [--seconds 20] [--bars 16]
        [--temperature 1] [--seed 1]

Performance bundles that can be told are asked for densities and for pitch classes; "nothing" is
what they play by default. Share is that of the notes whose pitch class was asked for, mean over
the outputs; the histograms weigh pitch classes by how long they sound. Chance is the share that
the outputs made without a wish have of the same classes.

Improvisation bundles play --bars bars over progressions, a chord a bar. Told is the share of
their notes' time that is on tones of the chord of the bar; two chance levels stand beside it:
the same notes under the other chords of the progression, and notes played without chords under
these chords. Their difference to the first column is what the chords do.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from excerpts import chord_regions
from numpy.typing import NDArray

import solferino as sf
from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import EventControls
from solferino.notes.chords import parse_chord
from solferino.notes.sequence import NoteSequence, Text
from solferino.representations.conditions import Conditions
from solferino.representations.improv import Improv
from solferino.representations.performance import Performance

DENSITIES = (1.0, 2.0, 4.0, 8.0, 16.0)
PITCH_CLASSES = {
    "C major": (0, 2, 4, 5, 7, 9, 11),
    "F# major": (6, 8, 10, 11, 1, 3, 5),
    "whole tones on C": (0, 2, 4, 6, 8, 10),
    "E minor triad": (4, 7, 11),
}
PROGRESSIONS = {
    "C G Am F": ("C", "G", "Am", "F"),
    "Dm7 G7 Cmaj7 Cmaj7": ("Dm7", "G7", "Cmaj7", "Cmaj7"),
    "C Db D Eb": ("C", "Db", "D", "Eb"),
    "C Gb A Eb": ("C", "Gb", "A", "Eb"),
    "Fm Db Ab Eb": ("Fm", "Db", "Ab", "Eb"),
}
BAR_S = 2.0
"""Length of a bar of 4/4 at 120 quarter notes a minute."""

Numbers = NDArray[Any]


def histogram(classes: Sequence[int]) -> tuple[float, ...]:
    """Ask for some pitch classes alike."""
    return tuple(float(pitch_class in classes) for pitch_class in range(12))


def performances(
    generator: EventGenerator, conditions: Conditions, options: argparse.Namespace
) -> list[NoteSequence]:
    """Let a bundle play from silence."""
    outputs = generator.generate_batch(
        NoteSequence(),
        sf.Section(0.0, options.seconds),
        EventControls(temperature=options.temperature, conditions=conditions),
        seed=options.seed,
        num_outputs=options.outputs,
    )
    return [output.notes for output in outputs]


def sounding_s(notes: NoteSequence) -> Numbers:
    """How long each pitch class sounds, shape (12,)."""
    table = notes.notes
    return np.bincount(table["pitch"] % 12, table["release_s"] - table["onset_s"], 12)


def share_in(notes: NoteSequence, classes: Sequence[int]) -> float:
    """Share of the notes that are of some pitch classes."""
    return float(np.isin(notes.notes["pitch"] % 12, classes).mean()) if len(notes) else np.nan


def print_densities(generator: EventGenerator, options: argparse.Namespace) -> None:
    """Ask for densities."""
    print(f"{'notes/s asked':<24}{'median':>9}{'quartiles':>16}")
    wishes = [(f"{density:g}", Conditions(notes_per_second=(density,))) for density in DENSITIES]
    means: list[float] = []
    for label, wish in [*wishes, ("nothing", Conditions())]:
        rates = [len(notes) / options.seconds for notes in performances(generator, wish, options)]
        low, middle, high = np.percentile(rates, [25, 50, 75]).tolist()
        means.append(middle)
        print(f"{label:<24}{middle:>9.2f}{low:>9.2f}{high:>7.2f}")
    asked, got = np.log(DENSITIES), np.log(np.maximum(means[:-1], 1 / options.seconds))
    print(f"correlation of the logarithms: {np.corrcoef(asked, got)[0, 1]:.3f}\n")


def print_histograms(generator: EventGenerator, options: argparse.Namespace) -> None:
    """Ask for pitch classes."""
    heads = ("notes/s", "share, %", "chance, %", "cosine", "correlation")
    print(f"{'pitch classes asked':<24}" + "".join(f"{head:>12}" for head in heads))
    untold = performances(generator, Conditions(), options)
    for label, classes in PITCH_CLASSES.items():
        asked = np.array(histogram(classes))
        wish = Conditions(pitch_class_histogram=(histogram(classes),))
        pieces = performances(generator, wish, options)
        got = np.array([sounding_s(notes) for notes in pieces if len(notes)]).reshape(-1, 12)
        cosines = got @ asked / np.linalg.norm(got, axis=1) / np.linalg.norm(asked)
        correlations = [np.corrcoef(row, asked)[0, 1] for row in got]
        shares, chances = (
            100 * np.nanmean([share_in(notes, classes) for notes in part])
            for part in (pieces, untold)
        )
        rate = np.median([len(notes) for notes in pieces]) / options.seconds
        print(
            f"{label:<24}{rate:>12.2f}{shares:>12.1f}{chances:>12.1f}"
            f"{np.mean(cosines):>12.3f}{np.mean(correlations):>12.3f}"
        )


def improvisations(
    generator: EventGenerator, chords: Sequence[str], options: argparse.Namespace
) -> list[NoteSequence]:
    """Let a bundle play over chords, again and again from the first."""
    bars = range(options.bars if chords else 0)
    texts = tuple(Text(bar * BAR_S, chords[bar % len(chords)], "chord") for bar in bars)
    outputs = generator.generate_batch(
        NoteSequence(texts=texts),
        sf.Section(0.0, options.bars * BAR_S),
        EventControls(temperature=options.temperature),
        seed=options.seed,
        num_outputs=options.outputs,
    )
    return [output.notes for output in outputs]


def share_on_chords(pieces: Sequence[NoteSequence]) -> tuple[float, float]:
    """Share of time on tones of the chord, and on tones of the piece's other chords, in percent."""
    own = other = total = 0.0
    for notes in pieces:
        regions = list(chord_regions(notes))
        every_chord = dict.fromkeys(tones for _, tones in regions)
        for weights, tones in regions:
            others = [weights[sorted(c)].sum() for c in every_chord if c != tones]
            own += float(weights[sorted(tones)].sum())
            other += float(np.mean(others))
            total += float(weights.sum())
    return 100 * own / total, 100 * other / total


def print_chords(generator: EventGenerator, options: argparse.Namespace) -> None:
    """Ask for progressions."""
    heads = ("told, %", "other chords, %", "not told, %", "share of 12, %")
    print(f"{'chords, one a bar':<24}" + "".join(f"{head:>17}" for head in heads))
    untold = improvisations(generator, (), options)
    for label, chords in PROGRESSIONS.items():
        pieces = improvisations(generator, chords, options)
        told, others = share_on_chords(pieces)
        not_told, _ = share_on_chords([notes.replace(texts=pieces[0].texts) for notes in untold])
        blind = 100 * np.mean([len(parse_chord(chord).pitch_classes()) / 12 for chord in chords])
        cells = (told, others, not_told, blind)
        print(f"{label:<24}" + "".join(f"{cell:>17.1f}" for cell in cells))


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", help="name or path")
    parser.add_argument("--outputs", type=int, default=50, help="outputs for each wish")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of performances")
    parser.add_argument("--bars", type=int, default=16, help="length of improvisations")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = sf.open_generator(options.bundle)
    match generator.representation:
        case Improv():
            print_chords(generator, options)
        case Performance(note_density=density, pitch_histogram=classes) if density or classes:
            if density:
                print_densities(generator, options)
            if classes:
                print_histograms(generator, options)
        case _:
            raise SystemExit(f"{generator.card.name} cannot be told anything: take another bundle")


if __name__ == "__main__":
    main()
