"""What happens in excerpts of music: counted, summed up, and ready to be compared.

Music on a metric grid is read at 120 quarter notes a minute. A note that sounds at the end of its
excerpt has no known duration. The top voice are the notes that begin while nothing higher sounds.
Bars are compared where either of two neighbours has onsets: "groove" is the share of the steps
of a bar that both leave empty or both fill [1]_; "onsets" is the share of their onsets, of one
pitch or drum at one step, that both have.

.. [1] Wu and Yang, "The Jazz Transformer on the front line", ISMIR 2020.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.chord_symbols import KINDS
from solferino.notes.chords import name_chord, parse_chord
from solferino.notes.editing import trim
from solferino.notes.general_midi import drum_name
from solferino.notes.harmony import PITCH_CLASS_NAMES, major_key_histogram
from solferino.notes.melody_features import skyline
from solferino.notes.quantization import MetricGrid
from solferino.notes.sequence import NoteSequence, Text
from solferino.representations.chord_encodings import CHORD_ENCODINGS, NO_CHORD_NUMBER, transposed
from solferino.representations.improv import Improv
from solferino.representations.representation import EventSequence, Representation

QPM, QUARTER_S = 120.0, 0.5
KEY_WINDOW_S = 16.0
SILENCE_S = LONG_S = 4.0
FOUR_FOUR_S = 2.0
"""Length of a bar where a piece does not say its meter."""

SAME_MOMENT_S = {True: 1e-3, False: 0.03}
"""Onsets so near to each other count as one; by whether the grid is metric."""

WIDEST_SEMITONES, MOST_STEPS = 13, 33
"""Where histograms stop: the last bin is "or more"."""

Numbers = NDArray[Any]
Figures = dict[str, float]


class Excerpt(NamedTuple):
    """Music from 0 s on, and the grid it lies on; `step_s` is 0 where that is in seconds."""

    notes: NoteSequence
    length_s: float
    bar_s: float
    step_s: float


class Counts(NamedTuple):
    """What one excerpt shows: sums, each with what it is divided by, and samples."""

    sums: Mapping[str, tuple[float, float]]
    samples: Mapping[str, Numbers]


class Source(NamedTuple):
    """What the excerpts of one source show together."""

    figures: Figures
    histograms: Mapping[str, Numbers]


def piece_of(representation: Representation, events: EventSequence) -> NoteSequence:
    """Write an example as notes from 0 s on, with its chords."""
    events = replace(events, start_step=0)
    piece = representation.decode(events, QPM)
    if not isinstance(representation, Improv) or not len(events.context):
        return piece
    numbers = transposed(events.context[:, 0].astype(np.int64), -events.transposition)
    changes = np.flatnonzero(np.append(True, np.diff(numbers) != 0)).tolist()
    step_s = QUARTER_S / representation.steps_per_quarter
    symbols = (chord_symbol(representation.chord_encoding, int(numbers[k])) for k in changes)
    texts = tuple(Text(k * step_s, s, "chord") for k, s in zip(changes, symbols, strict=True))
    return piece.replace(texts=texts)


def chord_symbol(encoding: str, number: int) -> str:
    """Name a chord that was written as a number; the nearest one where none has just its notes."""
    known = _chord_symbols(encoding)
    if number in known:
        return known[number]
    row = CHORD_ENCODINGS[encoding].rows(np.array([number]))[0]
    return name_chord(np.flatnonzero(row[13:25]).tolist(), int(row[25:37].argmax()))


@cache
def _chord_symbols(encoding: str) -> Mapping[int, str]:
    numbers = {NO_CHORD_NUMBER: "N.C."}
    for root in PITCH_CLASS_NAMES:
        for kind in KINDS:
            for bass in ("", *(f"/{name}" for name in PITCH_CLASS_NAMES)):
                symbol = f"{root}{kind}{bass}"
                numbers.setdefault(CHORD_ENCODINGS[encoding].number(symbol), symbol)
    return numbers


def excerpt_of(
    piece: NoteSequence, representation: Representation, start_s: float, end_s: float
) -> Excerpt:
    """Cut an excerpt out of a piece, without the notes that began before it."""
    rows = piece.notes[piece.notes["onset_s"] >= start_s - 1e-6]
    end_s = min(end_s, piece.total_time_s)
    grid, bar_s = representation.grid, FOUR_FOUR_S
    if isinstance(grid, MetricGrid) and len(piece.meters):
        meter = piece.meters[0]
        bar_s = 4 * QUARTER_S * float(meter["numerator"]) / float(meter["denominator"])
    step_s = QUARTER_S / grid.steps_per_quarter if isinstance(grid, MetricGrid) else 0.0
    cut = trim(piece.with_notes(rows), start_s, max(end_s, start_s))
    return Excerpt(cut, max(end_s - start_s, 0.0), bar_s, step_s)


def count(excerpt: Excerpt, *, is_drums: bool) -> Counts:
    """Count what happens in an excerpt."""
    table, length_s = excerpt.notes.notes, excerpt.length_s
    onset, release = table["onset_s"], table["release_s"]
    groups = _moments(onset, excerpt)
    spans = _sounding_spans(onset, release)
    silences = np.diff(np.concatenate([[0.0], spans.ravel(), [length_s]]))[::2]
    sounding_s = float(np.diff(spans, axis=1).sum())
    total_s = float((release - onset).sum())
    is_late = onset >= length_s / 2
    sums = {
        "notes a second": (len(onset), length_s),
        "notes, 2nd half : 1st half": (int(is_late.sum()), int((~is_late).sum())),
        "notes that begin together": (len(onset), len(groups)),
        "silence, %": (100 * (length_s - sounding_s), length_s),
        f"excerpts with {SILENCE_S:g} s of silence, %": (
            100.0 * bool(silences.max() > SILENCE_S), 1
        ),
    }  # fmt: skip
    samples = {
        "pitch": table["pitch"].astype(np.int64),
        "velocity": table["velocity"].astype(np.int64),
        "between onsets": _bins(np.diff(groups), excerpt.step_s),
        "between onsets, s": np.diff(groups),
    }
    if excerpt.step_s:
        sums |= _bar_sums(_onsets_in_bars(excerpt))
    if is_drums:
        return Counts(sums, samples)
    tones = _count_tones(excerpt)
    together = {"notes that sound together": (total_s, sounding_s)}
    return Counts({**sums, **together, **tones.sums}, {**samples, **tones.samples})


def _count_tones(excerpt: Excerpt) -> Counts:
    """Count what only notes with a pitch have."""
    table = excerpt.notes.notes
    onset, release, pitch = table["onset_s"], table["release_s"], table["pitch"].astype(np.int64)
    is_top = skyline(onset / QUARTER_S, release / QUARTER_S, table["pitch"])
    top = pitch[is_top][np.argsort(onset[is_top], kind="stable")]
    interval = np.diff(top)
    duration = release - onset
    is_known = release < excerpt.length_s - 1e-6
    windows = np.unique(onset // KEY_WINDOW_S)
    in_window = [pitch[onset // KEY_WINDOW_S == window] for window in windows]
    in_key = sum(int(major_key_histogram(pitches).max()) for pitches in in_window)
    runs = np.diff(np.flatnonzero(np.concatenate([[True], interval != 0, [True]])))
    size = np.abs(interval)
    sums: dict[str, tuple[float, float]] = {
        "top voice: same note again, %": (100 * int((size == 0).sum()), len(size)),
        "top voice: step (1-2), %": (100 * int(((size >= 1) & (size <= 2)).sum()), len(size)),
        "top voice: third (3-4), %": (100 * int(((size >= 3) & (size <= 4)).sum()), len(size)),
        "top voice: leap (5 and more), %": (100 * int((size >= 5).sum()), len(size)),
        "in the best major key of 16 s, %": (100 * in_key, len(pitch)),
        f"notes of more than {LONG_S:g} s, %": (100 * int((duration > LONG_S).sum()), len(pitch)),
    }
    chord_s, all_s = chord_tone_s(excerpt.notes)
    if all_s:
        sums["time on chord tones, %"] = (100 * chord_s, all_s)
    samples = {
        "interval": np.clip(interval, -WIDEST_SEMITONES, WIDEST_SEMITONES) + WIDEST_SEMITONES,
        "duration": _bins(duration[is_known], excerpt.step_s),
        "duration, s": duration[is_known],
        "length, s": duration,
        "run": runs if len(top) else np.zeros(1, np.int64),
    }
    return Counts(sums, samples)


def _moments(onset: Numbers, excerpt: Excerpt) -> Numbers:
    """First onset of each group of notes that begin together."""
    gap_s = SAME_MOMENT_S[excerpt.step_s > 0]
    begins: NDArray[np.bool_] = np.append(True, np.diff(onset) > gap_s)[: len(onset)]
    return np.asarray(onset[begins])


def _sounding_spans(onset: Numbers, release: Numbers) -> Numbers:
    """Spans in which anything sounds, shape (n_spans, 2)."""
    last = np.maximum.accumulate(release)
    begins = np.flatnonzero(np.append(True, onset[1:] > last[:-1] + 1e-6)[: len(onset)])
    ends = np.append(begins[1:], len(onset)) - 1
    return np.stack([onset[begins], last[ends[: len(begins)]]], axis=1)


def _bins(spans_s: Numbers, step_s: float) -> Numbers:
    """Number of the bin of each time: steps, or thirds of an octave from 10 ms on."""
    if step_s:
        return np.clip(np.rint(spans_s / step_s), 1, MOST_STEPS).astype(np.int64) - 1
    octaves = np.log2(np.maximum(spans_s, 0.01) / 0.01)
    return np.minimum(np.floor(3 * octaves + 1e-6), MOST_STEPS - 1).astype(np.int64)


def _onsets_in_bars(excerpt: Excerpt) -> NDArray[np.bool_]:
    """Onsets in whole bars, shape (n_bars, n_steps, 128)."""
    num_steps = round(excerpt.bar_s / excerpt.step_s)
    num_bars = int(excerpt.length_s / excerpt.bar_s + 1e-6)
    table = excerpt.notes.notes
    steps = np.rint(table["onset_s"] / excerpt.step_s).astype(np.int64)
    hits = np.zeros(((num_bars + 1) * num_steps, 128), np.bool_)
    is_in = steps < len(hits)
    hits[steps[is_in], table["pitch"][is_in]] = True
    return hits.reshape(num_bars + 1, num_steps, 128)[:-1]


def _bar_sums(hits: NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
    """Compare each bar with the one before, where either has onsets."""
    now, before = hits[1:], hits[:-1]
    is_music = now.any(axis=(1, 2)) | before.any(axis=(1, 2))
    now, before = now[is_music], before[is_music]
    same_rhythm = 1 - (now.any(axis=2) ^ before.any(axis=2)).mean(axis=1)
    shared, either = (f(now, before).sum(axis=(1, 2)) for f in (np.logical_and, np.logical_or))
    return {
        "groove: steps as a bar before, %": (100 * float(same_rhythm.sum()), len(now)),
        "onsets as a bar before, %": (100 * float((shared / either).sum()), len(now)),
        "bars as the bar before, %": (100 * int((shared == either).sum()), len(now)),
    }


def chord_tone_s(notes: NoteSequence) -> tuple[float, float]:
    """Time that notes spend on tones of the chord that sounds, and in all, under any chord."""
    on_chord = all_s = 0.0
    for weights, tones in chord_regions(notes):
        on_chord += float(weights[sorted(tones)].sum())
        all_s += float(weights.sum())
    return on_chord, all_s


def chord_regions(notes: NoteSequence) -> Iterator[tuple[Numbers, frozenset[int]]]:
    """Seconds of each pitch class, shape (12,), while a chord sounds, and the chord's tones."""
    chords = sorted(text for text in notes.texts if text.kind == "chord")
    ends = [*(text.time_s for text in chords), notes.total_time_s][1:]
    table = notes.notes
    for text, end_s in zip(chords, ends, strict=True):
        tones = parse_chord(text.text).pitch_classes()
        if tones:
            shared_s = np.minimum(table["release_s"], end_s) - np.maximum(
                table["onset_s"], text.time_s
            )
            yield np.bincount(table["pitch"] % 12, shared_s.clip(min=0), 12), tones


def describe(counts: Sequence[Counts]) -> Source:
    """Sum up excerpts."""
    figures: Figures = {}
    for name in names_of(c.sums for c in counts):
        part, whole = np.array([c.sums.get(name, (0, 0)) for c in counts]).sum(axis=0).tolist()
        figures[name] = part / whole if whole else np.nan
    samples = {
        name: np.concatenate([c.samples[name] for c in counts if name in c.samples])
        for name in names_of(c.samples for c in counts)
    }
    if "run" in samples:
        figures |= _tone_figures(samples)
        figures["longest run of one note, mean"] = float(
            np.mean([c.samples["run"].max() for c in counts])
        )
    else:
        drums, hits = np.unique(samples["pitch"], return_counts=True)
        shares = zip(drums.tolist(), (100 * hits / hits.sum()).tolist(), strict=True)
        figures |= {f"{drum_name(drum).lower()}, %": share for drum, share in shares}
    if len(np.unique(samples["velocity"])) > 1:
        figures["velocity, mean"] = float(samples["velocity"].mean())
        figures["velocity, standard deviation"] = float(samples["velocity"].std())
    widths = {"pitch": 128, "velocity": 128, "interval": 2 * WIDEST_SEMITONES + 1}
    histograms = {
        name: np.bincount(samples[name], minlength=widths.get(name, MOST_STEPS))
        for name in ("pitch", "interval", "duration", "between onsets", "velocity")
        if name in samples
    }
    return Source(figures, {name: h / max(1, h.sum()) for name, h in histograms.items()})


def _tone_figures(samples: Mapping[str, Numbers]) -> Figures:
    pitch = samples["pitch"] if len(samples["pitch"]) else np.array([np.nan])
    return {
        "pitch, lowest": float(pitch.min()),
        "pitch, mean": float(pitch.mean()),
        "pitch, standard deviation": float(pitch.std()),
        "pitch, highest": float(pitch.max()),
        "duration, median, s": _median(samples["duration, s"]),
        "between onsets, median, s": _median(samples["between onsets, s"]),
        "longest note, s": float(samples["length, s"].max(initial=0)),
        "longest run of one note, most": float(samples["run"].max()),
    }


def _median(values: Numbers) -> float:
    return float(np.median(values)) if len(values) else np.nan


def names_of(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names that occur in any of the mappings, in order."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))
