"""Does what a bundle plays look like the corpus? Prints one table for any event bundle.

    python benchmarks/bundle_statistics.py BUNDLE EXAMPLES [--outputs 100] [--seconds 32]
        [--starts 50] [--primed] [--primer-s 4] [--corpus 300] [--temperature 1]
        [--plot out.png] [--seed 1]

EXAMPLES is a folder that `solferino dataset` made with the bundle's events; with "-" for BUNDLE
the table shows the corpus alone. Music on a metric grid is read at 120 quarter notes a minute,
so that 4 s are two bars of 4/4.

Outputs start like --starts held-out examples: from their meter and chords, and with --primed from
their first --primer-s seconds, which are then left out on both sides. Every excerpt is at most
--seconds long; a note that sounds at its end has no known duration. Of the corpus at most
--corpus excerpts of each side count.

± is one standard deviation of the figure over draws of as many training excerpts as there are
outputs: what lies within it is no difference. Overlap is the sum of the smaller shares of two
histograms (1: the same), against the held-out excerpts; that of training is the mean over the
draws, and a perfect model would reach it. `excerpts.py` says what else is counted.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from excerpts import Counts, Excerpt, Source, count, describe, excerpt_of, names_of, piece_of

import solferino as sf
from solferino.datasets.examples import ExampleSet, check_same_events, read_examples
from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import EventControls, Output
from solferino.notes.editing import extract
from solferino.notes.sequence import NoteSequence
from solferino.representations.registry import build_representation
from solferino.representations.representation import Representation

SHORTEST_EXCERPT_S = 8.0
DRAWS, RUNS = 30, 3
BATCH_SIZES = (1, 10)


def corpus_excerpts(
    examples: ExampleSet, representation: Representation, options: argparse.Namespace
) -> list[Excerpt]:
    """Excerpts of examples that are drawn at random, each once."""
    order = np.random.default_rng(options.seed).permutation(len(examples)).tolist()
    skip_s = options.primer_s * options.primed
    found: list[Excerpt] = []
    for row in order:
        piece = piece_of(representation, examples[row])
        if piece.total_time_s >= skip_s + SHORTEST_EXCERPT_S:
            span = skip_s, skip_s + options.seconds
            found.append(excerpt_of(piece, representation, *span))
        if len(found) == options.corpus:
            break
    return found


def starts_of(
    examples: ExampleSet, representation: Representation, options: argparse.Namespace
) -> list[NoteSequence]:
    """What outputs start from: meter and chords of held-out examples, and their notes if asked."""
    order = np.random.default_rng(options.seed).permutation(len(examples)).tolist()
    primer_s = options.primer_s * options.primed
    found: list[NoteSequence] = []
    for row in order:
        piece = piece_of(representation, examples[row])
        if piece.total_time_s < primer_s + SHORTEST_EXCERPT_S:
            continue
        start = extract(piece, 0, primer_s)
        if len(start) or not options.primed:
            found.append(start)
        if len(found) == options.starts:
            return found
    if not found:
        raise SystemExit(f"no held-out example is {primer_s + SHORTEST_EXCERPT_S:g} s long")
    return found


def play(
    generator: EventGenerator, options: argparse.Namespace, held_out: ExampleSet
) -> list[Output]:
    """Let a bundle play, and print how fast it is."""
    starts = starts_of(held_out, generator.representation, options)
    start_s = options.primer_s * options.primed
    section = sf.Section(start_s, start_s + options.seconds)
    controls = EventControls(temperature=options.temperature)
    shares = np.diff(np.linspace(0, options.outputs, len(starts) + 1).astype(int)).tolist()
    outputs: list[Output] = []
    for seed, (start, number) in enumerate(zip(starts, shares, strict=True), options.seed):
        if number:
            outputs += generator.generate_batch(
                start, section, controls, seed=seed, num_outputs=number
            )
    speeds = {}
    for number in BATCH_SIZES:
        runs = []
        for seed in range(RUNS):
            before = perf_counter()
            made = generator.generate_batch(starts[0], section, seed=seed, num_outputs=number)
            runs.append(sum(output.num_events for output in made) / (perf_counter() - before))
        speeds[number] = median(runs)
    num_events = np.mean([output.num_events for output in outputs])
    print(
        f"{generator.card.name}: {len(outputs)} outputs of {options.seconds:g} s, "
        f"{num_events:.0f} events each; "
        + ", ".join(f"{speed:,.0f} events/s in batches of {n}" for n, speed in speeds.items())
    )
    return outputs


def draw(outputs: Sequence[Output], path: Path) -> None:
    """Draw four outputs, one below the other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.image import imsave  # noqa: PLC0415

    pictures = []
    for number in np.linspace(0, len(outputs) - 1, min(4, len(outputs))).astype(int).tolist():
        output = outputs[number]
        figure = output.notes.plot(
            title=f"output {number}", width_inches=16, new_from_s=output.start_s
        )
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pictures.append(np.asarray(canvas.buffer_rgba()))
    imsave(path, np.concatenate(pictures))


def print_table(columns: Mapping[str, Source], spread: Source) -> None:
    """Print the figures and the overlaps of the histograms with those of the first column."""
    sources = list(columns.values())
    heads = list(columns)
    _print_row("", [*heads[:2], "±", *heads[2:]])
    for label in names_of(source.figures for source in sources):
        cells = [source.figures.get(label, np.nan) for source in sources]
        cells.insert(2, spread.figures.get(label, np.nan))
        digits = 1 if "%" in label or "pitch" in label or "velocity" in label else 2
        _print_row(label, ["-" if np.isnan(cell) else f"{cell:.{digits}f}" for cell in cells])
    print()
    for label, reference in sources[0].histograms.items():
        if (reference > 0).sum() > 1:
            cells = [np.minimum(reference, s.histograms[label]).sum() for s in sources]
            cells[1:2] = spread.histograms[label].tolist()
            _print_row(f"overlap: {label}", [f"{cell:.3f}" for cell in cells])


def _print_row(label: str, cells: Sequence[str]) -> None:
    print(f"{label:<38}" + "".join(f"{cell:>11}" for cell in cells))


def spread_of(counts: Sequence[Counts], reference: Source, number: int, seed: int) -> Source:
    """Standard deviations of figures over draws; means and deviations of overlaps, (2,) each."""
    random = np.random.default_rng(seed)
    draws = []
    for _ in range(DRAWS):
        rows = random.choice(len(counts), min(number, len(counts)), replace=True)
        draws.append(describe([counts[row] for row in rows.tolist()]))
    figures = {
        name: float(np.std([d.figures.get(name, 0.0) for d in draws])) for name in draws[0].figures
    }
    overlaps = {}
    for name, histogram in reference.histograms.items():
        drawn = [np.minimum(d.histograms[name], histogram).sum() for d in draws]
        overlaps[name] = np.array([np.mean(drawn), np.std(drawn)])
    return Source(figures, overlaps)


def compare(options: argparse.Namespace) -> None:
    """Count everything and print it."""
    examples = read_examples(options.examples)
    representation = build_representation(
        examples.representation_name, examples.representation_options
    )
    is_drums = representation.name == "drums"
    sides = {
        name: [count(e, is_drums=is_drums) for e in corpus_excerpts(part, representation, options)]
        for name, part in (("held-out", examples.eval), ("training", examples.train))
    }
    columns = {name: describe(counts) for name, counts in sides.items()}
    print("excerpts: " + ", ".join(f"{len(counts)} {name}" for name, counts in sides.items()))
    spread = spread_of(sides["training"], columns["held-out"], options.outputs, options.seed)
    if options.bundle != "-":
        generator = sf.open_generator(options.bundle)
        check_same_events(examples, generator.representation, "the bundle")
        outputs = play(generator, options, examples.eval)
        if options.plot:
            draw(outputs, options.plot)
        counts = [
            count(
                excerpt_of(o.notes, representation, o.start_s, o.start_s + options.seconds),
                is_drums=is_drums,
            )
            for o in outputs
        ]
        columns["generated"] = describe(counts)
    print_table(columns, spread)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", help="name or path; - shows the corpus alone")
    parser.add_argument("examples", help="folder of examples")
    parser.add_argument("--outputs", type=int, default=100, help="how many the bundle makes")
    parser.add_argument("--seconds", type=float, default=32.0, help="length of new music")
    parser.add_argument("--starts", type=int, default=50, help="held-out examples to start like")
    parser.add_argument("--primed", action="store_true", help="continue held-out examples")
    parser.add_argument("--primer-s", type=float, default=4.0, help="how much of them is given")
    parser.add_argument("--corpus", type=int, default=300, help="most excerpts of each side")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--plot", type=Path, help="PNG picture of four outputs to write")
    parser.add_argument("--seed", type=int, default=1)
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
