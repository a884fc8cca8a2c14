"""Do generated melodies look like the corpus? Prints one table, bundles beside the corpus.

    python benchmarks/melody_statistics.py EXAMPLES BUNDLE [BUNDLE ...] [--tunes 200]
        [--steps 256] [--primed] [--steps-per-bar 16] [--temperature 1] [--plot out.png] [--seed 1]

EXAMPLES is a folder that `solferino dataset` made, with the vocabulary of the bundles. Each
bundle makes tunes from its default primer or, with --primed, from the first two bars of
held-out tunes; those two bars are then left out on both sides. Only tunes whose bars have
--steps-per-bar steps count (16 is 4/4, 12 is 3/4 and 6/8), and the bundles are told that bar.
Corpus tunes are cut after --steps steps, and a note that sounds at the end has no duration.

The yardstick is the training set: as many of its tunes, drawn many times over, compared with
the held-out tunes. A perfect model would show these figures, give or take ±, one standard
deviation. Overlapping area is the sum of the smaller shares of two histograms (1: the same);
Jensen-Shannon divergence is in bits (0: the same).
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import solferino as sf
from solferino.datasets.examples import Examples, ExampleSet, read_examples
from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import EventControls
from solferino.generation.sampling import UniformNumbers, class_weights, draw
from solferino.notes.harmony import SCALES
from solferino.representations.melody_events import FIRST_NOTE, read_line
from solferino.representations.representation import EventSequence, Ids

PRIMER_BARS = 2
EXCERPT_BARS = 8
LAGS_BARS = (1, 2, 4, 8)
DURATIONS_STEPS = (1, 2, 3, 4, 6, 8)
LONGEST_STEPS, WIDEST_SEMITONES, MOST_NOTES = 17, 13, 16
"""Where the histograms of durations, intervals and notes a bar stop: the last bin is "or more"."""

DRAWS = 100
"""How often the yardstick is drawn."""
CLASSES = np.arange(12)
IN_MAJOR_KEY = np.isin(
    CLASSES[:, None] - CLASSES, [p - 12 * k for p in SCALES["major"] for k in (0, 1)]
)
"""Whether a pitch class (first axis) belongs to the major key on another (second axis)."""

Numbers = NDArray[Any]
Counts = Mapping[str, Numbers]
"""Counters, one row a tune, so that a sum over rows describes any choice of tunes."""


class Notes(NamedTuple):
    """Notes of many tunes: the tune, first step, step after the last, and MIDI pitch of each."""

    tune: Numbers
    onset: Numbers
    end: Numbers
    pitch: Numbers


class Result(NamedTuple):
    """What the tunes of one source show."""

    name: str
    figures: Mapping[str, float]
    histograms: Mapping[str, Numbers]


def count(tunes: Sequence[Ids], steps_per_bar: int, lowest_pitch: int) -> Counts:
    """Count what happens in tunes that begin with a bar.

    Parameters
    ----------
    tunes : sequence of ndarray of int16
        Melody events.
    steps_per_bar : int
    lowest_pitch : int
        Pitch of the first note event.

    Returns
    -------
    Counts
    """
    lengths = np.array([len(tune) for tune in tunes])
    lines = [read_line(tune, 0, lowest_pitch) for tune in tunes]
    tune_of = np.repeat(np.arange(len(tunes)), [len(line.pitches) for line in lines])
    notes = Notes(tune_of, *(np.concatenate(column) for column in zip(*lines, strict=True)))
    return {
        "steps": lengths,
        **_count_pitches(notes, len(tunes)),
        **_count_excerpts(notes, lengths, EXCERPT_BARS * steps_per_bar),
        **_count_durations(notes, lengths),
        **_count_bars(tunes, lengths // steps_per_bar, steps_per_bar),
        "longest_run": _longest_runs(notes, len(tunes)),
    }


def _count_pitches(notes: Notes, num_tunes: int) -> Counts:
    pitch = _rows_of(notes.tune, notes.pitch, num_tunes, 128)
    follows = notes.tune[1:] == notes.tune[:-1]
    tune, interval = notes.tune[1:][follows], np.diff(notes.pitch)[follows]
    clipped = np.clip(interval, -WIDEST_SEMITONES, WIDEST_SEMITONES) + WIDEST_SEMITONES
    return {
        "pitch": pitch,
        "span": _spans(pitch),
        "has_notes": np.asarray(pitch.any(axis=1)),
        "in_key": _in_best_key(pitch),
        "interval": _rows_of(tune, clipped, num_tunes, 2 * WIDEST_SEMITONES + 1),
        "semitones": np.bincount(tune, np.abs(interval), num_tunes),
    }


def _count_excerpts(notes: Notes, lengths: Numbers, excerpt_steps: int) -> Counts:
    """Span and key of every whole excerpt, the first from step 0 on."""
    most = max(1, int(lengths.max()) // excerpt_steps)
    excerpt = notes.onset // excerpt_steps
    whole = (excerpt + 1) * excerpt_steps <= lengths[notes.tune]
    rows = (notes.tune * most + excerpt)[whole]
    pitch = _rows_of(rows, notes.pitch[whole], len(lengths) * most, 128)
    columns = {
        "excerpt_span": _spans(pitch),
        "excerpts": pitch.any(axis=1),
        "excerpt_in_key": _in_best_key(pitch),
        "excerpt_notes": pitch.sum(axis=1),
    }
    return {name: column.reshape(-1, most).sum(axis=1) for name, column in columns.items()}


def _count_durations(notes: Notes, lengths: Numbers) -> Counts:
    duration = notes.end - notes.onset
    is_known = notes.end < lengths[notes.tune]
    bins = np.minimum(duration[is_known], LONGEST_STEPS) - 1
    return {
        "duration": _rows_of(notes.tune[is_known], bins, len(lengths), LONGEST_STEPS),
        "sounding": np.bincount(notes.tune, duration, len(lengths)),
    }


def _count_bars(tunes: Sequence[Ids], num_bars: Numbers, steps_per_bar: int) -> Counts:
    """Onsets in whole bars, and bars that equal an earlier bar; bars without onsets are none."""
    most = int(num_bars.max())
    padded = np.full((len(tunes), most * steps_per_bar), -1, np.int16)
    for row, events, n in zip(padded, tunes, num_bars.tolist(), strict=True):
        row[: n * steps_per_bar] = events[: n * steps_per_bar]
    bars = padded.reshape(len(tunes), most, steps_per_bar)
    begins = bars >= FIRST_NOTE
    onsets = begins.sum(axis=2)
    tune, bar = np.nonzero(np.arange(most) < num_bars[:, None])
    crowd = np.minimum(onsets[tune, bar], MOST_NOTES)
    counts: dict[str, Numbers] = {
        "bars": num_bars,
        "bar_onsets": onsets.sum(axis=1),
        "onset": begins.sum(axis=1),
        "crowd": _rows_of(tune, crowd, len(tunes), MOST_NOTES + 1),
    }
    for lag in LAGS_BARS:
        is_music = onsets[:, lag:] > 0
        is_same = (bars[:, lag:] == bars[:, : max(0, most - lag)]).all(axis=2)
        counts[f"comparable_{lag}"] = is_music.sum(axis=1)
        counts[f"repeated_{lag}"] = (is_same & is_music).sum(axis=1)
    return counts


def _longest_runs(notes: Notes, num_tunes: int) -> Numbers:
    """Most notes in a row on one pitch, of each tune."""
    begins = np.ones(len(notes.tune), np.bool_)
    begins[1:] = (np.diff(notes.pitch) != 0) | (np.diff(notes.tune) != 0)
    longest = np.zeros(num_tunes, np.int64)
    np.maximum.at(longest, notes.tune[begins], np.bincount(np.cumsum(begins))[1:])
    return longest


def _rows_of(rows: Numbers, bins: Numbers, num_rows: int, num_bins: int) -> Numbers:
    """One histogram a row."""
    flat = np.bincount(rows * num_bins + bins, minlength=num_rows * num_bins)
    return flat.reshape(num_rows, num_bins)


def _spans(pitch: Numbers) -> Numbers:
    """Semitones from the lowest to the highest note of each histogram of pitches."""
    sounds = pitch > 0
    spans = pitch.shape[1] - 1 - sounds[:, ::-1].argmax(axis=1) - sounds.argmax(axis=1)
    return np.where(sounds.any(axis=1), spans, 0)


def _in_best_key(pitch: Numbers) -> Numbers:
    """How many notes of each histogram of pitches the best-fitting major key holds."""
    padded = np.pad(pitch, ((0, 0), (0, 4)))  # 128 pitches are no whole number of octaves
    by_class = padded.reshape(len(pitch), -1, 12).sum(axis=1)
    return np.asarray((by_class @ IN_MAJOR_KEY.astype(np.int64)).max(axis=1))


def histograms(counts: Counts) -> dict[str, Numbers]:
    """Shares of each distribution, all tunes together."""
    pitch = counts["pitch"].sum(axis=0)
    totals = {
        "pitch": pitch,
        "pitch class": np.bincount(np.arange(128) % 12, pitch),
        "interval": counts["interval"].sum(axis=0),
        "duration": counts["duration"].sum(axis=0),
        "onset in the bar": counts["onset"].sum(axis=0),
        "notes in a bar": counts["crowd"].sum(axis=0),
    }
    return {name: total / max(1, total.sum()) for name, total in totals.items()}


def describe(name: str, counts: Counts, profile: Numbers) -> Result:
    """Sum up tunes; `profile` is the shares of the onsets at each step of the bar in the corpus."""
    shares = histograms(counts)
    figures = {"steps a tune": float(counts["steps"].mean())}
    figures |= {**_pitch_figures(counts), **_interval_figures(counts, shares["interval"])}
    figures |= _rhythm_figures(counts, shares["duration"])
    onsets = shares["onset in the bar"]
    varies = onsets.std() > 0 and profile.std() > 0
    figures["metrical profile, correlation"] = (
        float(np.corrcoef(onsets, profile)[0, 1]) if varies else np.nan
    )
    for lag in LAGS_BARS:
        label = f"bar as {lag} bar{'s' * (lag > 1)} before, %"
        figures[label] = _percent(counts, f"repeated_{lag}", f"comparable_{lag}")
    figures["longest run of one note, mean"] = float(counts["longest_run"].mean())
    figures["longest run of one note, most"] = float(counts["longest_run"].max())
    return Result(name, figures, shares)


def _pitch_figures(counts: Counts) -> dict[str, float]:
    pitch = counts["pitch"]
    (used,) = np.nonzero(pitch.any(axis=0))
    notes = pitch.sum(axis=0)
    return {
        "span of 8 bars, semitones": _percent(counts, "excerpt_span", "excerpts") / 100,
        "span of a tune, semitones": _percent(counts, "span", "has_notes") / 100,
        "lowest pitch": float(used[0]) if len(used) else np.nan,
        "highest pitch": float(used[-1]) if len(used) else np.nan,
        "mean pitch": float(notes @ np.arange(128) / max(1, notes.sum())),
        "in best major key, 8 bars, %": _percent(counts, "excerpt_in_key", "excerpt_notes"),
        "in best major key, tune, %": _percent(counts, "in_key", "pitch"),
    }


def _interval_figures(counts: Counts, shares: Numbers) -> dict[str, float]:
    size = np.abs(np.arange(-WIDEST_SEMITONES, WIDEST_SEMITONES + 1))
    return {
        "same note again, %": 100 * float(shares[size == 0].sum()),
        "step (1-2 semitones), %": 100 * float(shares[(size >= 1) & (size <= 2)].sum()),
        "third (3-4), %": 100 * float(shares[(size >= 3) & (size <= 4)].sum()),
        "leap (5 and more), %": 100 * float(shares[size >= 5].sum()),
        "mean interval, semitones": _percent(counts, "semitones", "interval") / 100,
    }


def _rhythm_figures(counts: Counts, shares: Numbers) -> dict[str, float]:
    listed = {f"duration {n} steps, %": 100 * float(shares[n - 1]) for n in DURATIONS_STEPS}
    return {
        "notes a bar": _percent(counts, "bar_onsets", "bars") / 100,
        **listed,
        "duration above 8 steps, %": 100 * float(shares[8:].sum()),
        "duration 5 or 7 steps, %": 100 * float(shares[[4, 6]].sum()),
        "steps in silence, %": 100 - _percent(counts, "sounding", "steps"),
    }


def _percent(counts: Counts, part: str, whole: str) -> float:
    total = counts[whole].sum()
    return float(100 * counts[part].sum() / total) if total else np.nan


def overlap(p: Numbers, q: Numbers) -> float:
    """Overlapping area of two histograms: 1 where they are the same, 0 where they share none."""
    return float(np.minimum(p, q).sum())


def divergence_bits(p: Numbers, q: Numbers) -> float:
    """Jensen-Shannon divergence of two histograms, in bits: 0 where they are the same."""
    middle = (p + q) / 2
    terms = [a[a > 0] @ np.log2(a[a > 0] / middle[a > 0]) for a in (p, q)]
    return float(sum(terms) / 2)


def corpus_tunes(examples: ExampleSet, steps_per_bar: int, skip: int, num_steps: int) -> list[Ids]:
    """Tunes of one bar length, without `skip` steps at the beginning, cut after `num_steps`."""
    chosen = (examples.steps_per_bar == steps_per_bar) & (examples.lengths >= skip + steps_per_bar)
    starts = examples.offsets[:-1][chosen] + skip
    ends = np.minimum(starts + num_steps, examples.offsets[1:][chosen])
    return [examples.ids[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def primers_of(examples: ExampleSet, steps_per_bar: int, number: int, seed: int) -> Ids:
    """First bars of held-out tunes, each tune at most once while there are enough."""
    length = PRIMER_BARS * steps_per_bar
    tunes = corpus_tunes(examples, steps_per_bar, 0, length)
    firsts = [tune for tune in tunes if len(tune) == length and (tune >= FIRST_NOTE).any()]
    if not firsts:
        raise SystemExit(f"no held-out tune with bars of {steps_per_bar} steps can be a primer")
    order = np.random.default_rng(seed).permutation(len(firsts))
    return np.array([firsts[k] for k in np.resize(order, number).tolist()])


def generate(
    generator: EventGenerator,
    primers: Ids,
    num_events: int,
    *,
    steps_per_bar: int,
    temperature: float,
    seed: int,
) -> Ids:
    """Continue many primers of one length at once, as `EventGenerator` continues one.

    Takes events of shape (n_tunes, n_events) and returns new ones, (n_tunes, num_events).
    """
    rows, session = np.arange(len(primers)), generator.session
    controls = EventControls(temperature=temperature)
    uniforms = UniformNumbers(seed, rows.tolist())
    tracker = generator.representation.tracker(
        [EventSequence(primer, steps_per_bar=steps_per_bar) for primer in primers]
    )
    state = session.initial_state(len(rows))
    ids = np.empty((len(rows), num_events), np.int16)
    for column in np.ascontiguousarray(primers.T):
        logits, state = session.step(tracker.feed(column), state)
    for step in range(num_events):
        chosen = draw(class_weights(logits, controls), uniforms.of_event(step))
        ids[:, step] = tracker.class_events()[rows, chosen]
        logits, state = session.step(tracker.feed(ids[:, step]), state)
    return ids


def generated_tunes(name: str, examples: Examples, options: argparse.Namespace) -> list[Ids]:
    """Let a bundle make tunes; those from the default primer begin with it."""
    generator = sf.open_generator(name)
    _check_vocabulary(name, generator, examples)
    bar, num_events = options.steps_per_bar, options.steps
    if options.primed:
        primers = primers_of(examples.eval, bar, options.tunes, options.seed)
    else:
        primers = np.tile(generator.representation.default_primer().ids, (options.tunes, 1))
        num_events -= primers.shape[1]
    start = perf_counter()
    ids = generate(
        generator,
        primers,
        num_events,
        steps_per_bar=bar,
        temperature=options.temperature,
        seed=options.seed,
    )
    seconds = perf_counter() - start
    print(f"{name}: {len(ids)} tunes of {options.steps} steps in {seconds:.1f} s")
    return list(ids if options.primed else np.concatenate([primers, ids], axis=1))


def _check_vocabulary(name: str, generator: EventGenerator, examples: Examples) -> None:
    """The same ids have to mean the same notes; what the model sees may differ."""
    ours, theirs = (
        {key: value for key, value in options.items() if key != "encoding"}
        for options in (generator.representation.options, examples.representation_options)
    )
    if ours != theirs:
        raise SystemExit(
            f"{name} writes melodies with {ours} but the examples have {theirs}: "
            "give the folder of examples that it learnt from"
        )


def print_figures(sources: Sequence[Result], draws: Sequence[Result]) -> None:
    """Print the figures: held-out, the spread of the yardstick, and the other sources."""
    names = [sources[0].name, sources[1].name, "±", *(source.name for source in sources[2:])]
    _print_row("", names)
    for label, held_out in sources[0].figures.items():
        spread = float(np.std([result.figures[label] for result in draws]))
        values = [source.figures[label] for source in sources[1:]]
        digits = 3 if "correlation" in label else 1 if "%" in label else 2
        cells = [held_out, values[0], spread, *values[1:]]
        _print_row(label, [f"{cell:.{digits}f}" for cell in cells])


def print_distances(sources: Sequence[Result], draws: Sequence[Result]) -> None:
    """Print how far every source is from the first; the yardstick is the mean of the draws."""
    for title, distance in (
        ("overlapping area with held-out", overlap),
        ("Jensen-Shannon divergence, bits", divergence_bits),
    ):
        print()
        _print_row(title, ["", "train", "±", *(source.name for source in sources[2:])])
        for label, reference in sources[0].histograms.items():
            drawn = [distance(result.histograms[label], reference) for result in draws]
            others = [distance(s.histograms[label], reference) for s in sources[2:]]
            cells = [float(np.mean(drawn)), float(np.std(drawn)), *others]
            _print_row(label, ["", *(f"{cell:.4f}" for cell in cells)])


def _print_row(label: str, cells: Sequence[str]) -> None:
    widths = [9, 9, 8, *[15] * len(cells)]
    cut = [f"{cell[:14]:>{width}}" for cell, width in zip(cells, widths, strict=False)]
    print(f"{label:<33}" + "".join(cut))


def draw_plot(sources: Sequence[Result], path: Path) -> None:
    """Draw small multiples: a row a source, in front of the first source in grey."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    kinds = ("interval", "duration", "onset in the bar", "pitch")
    figure = Figure(figsize=(14, 0.9 + 2 * (len(sources) - 1)), layout="constrained")
    grid = figure.subplots(len(sources) - 1, len(kinds), sharex="col", sharey="col", squeeze=False)
    reference = sources[0]
    for row, source in zip(grid, sources[1:], strict=True):
        for axes, kind in zip(row, kinds, strict=True):
            p, q = reference.histograms[kind], source.histograms[kind]
            x = np.arange(len(p)) - {"interval": WIDEST_SEMITONES, "duration": -1}.get(kind, 0)
            axes.bar(x, 100 * p, width=0.9, color="#c9c9cf", label=reference.name)
            edges = np.append(x, x[-1] + 1) - 0.5
            axes.stairs(100 * q, edges, color="#b5179e", linewidth=1.6, label="this row")
            axes.set_title(f"overlap {overlap(p, q):.3f}", loc="right", fontsize=9)
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
        row[0].set_ylabel(f"{source.name}, %")
    _label_columns(
        grid[-1], reference.histograms["pitch"], len(reference.histograms["onset in the bar"])
    )
    grid[0][0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def _label_columns(row: Sequence[Any], pitch: Numbers, bar_steps: int) -> None:
    """Say below the lowest multiples what is across, and leave out the pitches nobody uses."""
    titles = ("interval, semitones", "duration, steps", "onsets, step of the bar", "pitch, MIDI")
    for axes, title in zip(row, titles, strict=True):
        axes.set_xlabel(title)
    row[0].set_xticks(range(-12, 13, 4))
    row[1].set_xticks([1, 2, 3, 4, 6, 8, 12, 17], [*"123468", "12", "17+"])
    row[2].set_xticks(range(0, bar_steps, 2))
    (used,) = np.nonzero(pitch)
    row[3].set_xlim(used[0] - 3, used[-1] + 3)


def compare(options: argparse.Namespace) -> tuple[list[Result], list[Result]]:
    """Count everything: the held-out tunes, the yardstick and the bundles; and the draws."""
    examples = read_examples(options.examples)
    lowest, bar = int(examples.representation_options["min_note"]), options.steps_per_bar
    skip = PRIMER_BARS * bar * options.primed
    held_out, train = (
        corpus_tunes(part, bar, skip, options.steps) for part in (examples.eval, examples.train)
    )
    if not held_out or not train:
        known = np.unique(examples.eval.steps_per_bar).tolist()
        raise SystemExit(f"no tunes with bars of {bar} steps: there are bars of {known}")
    print(f"bars of {bar} steps: {len(held_out)} held-out and {len(train)} training tunes")
    reference, of_train = count(held_out, bar, lowest), count(train, bar, lowest)
    profile = histograms(reference)["onset in the bar"]
    sources = [describe("held-out", reference, profile)]
    random = np.random.default_rng(options.seed)
    draws = []
    num_drawn = min(options.tunes, len(train))
    print(f"yardstick: mean and ± of {DRAWS} draws of {num_drawn} training tunes")
    for _ in range(DRAWS):
        rows = random.choice(len(train), num_drawn, replace=False)
        drawn = {name: column[rows] for name, column in of_train.items()}
        draws.append(describe("train", drawn, profile))
    means = {k: float(np.mean([d.figures[k] for d in draws])) for k in draws[0].figures}
    sources.append(Result("train", means, draws[0].histograms))
    for name in options.bundles:
        tunes = generated_tunes(name, examples, options)
        sources.append(describe(Path(name).stem, count(tunes, bar, lowest), profile))
    return sources, draws


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("examples", help="folder of examples")
    parser.add_argument("bundles", nargs="*", help="names or paths; none shows the corpus alone")
    parser.add_argument("--tunes", type=int, default=200, help="how many each bundle makes")
    parser.add_argument("--steps", type=int, default=256, help="events a tune")
    parser.add_argument("--primed", action="store_true", help="continue held-out tunes")
    parser.add_argument("--steps-per-bar", type=int, default=16, help="16 is 4/4, 12 is 3/4 or 6/8")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--plot", type=Path, help="PNG picture to write")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sources, draws = compare(options)
    print()
    print_figures(sources, draws)
    print_distances(sources, draws)
    if options.plot:
        draw_plot(sources, options.plot)


if __name__ == "__main__":
    main()
