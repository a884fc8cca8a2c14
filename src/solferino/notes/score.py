"""A piece laid out for writing it down: bars, and layers of chords that do not overlap.

All times are whole ticks of a grid that holds every length down to 1/256 of a whole note and
its triplets, quintuplets and septuplets.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from solferino.errors import MusicFileError
from solferino.notes.harmony import estimate_major_key
from solferino.notes.quantization import QuantizedSequence
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import TempoMap

TICKS_PER_QUARTER = 20_160
TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER
DYADIC_TICKS = 315
"""Lengths of so many ticks, doubled any number of times, need no tuplet."""

LARGEST_DENOMINATOR = 128


class Chord(NamedTuple):
    """Notes that begin and end together, or a rest without pitches.

    Parameters
    ----------
    start_tick, stop_tick : int
        In ticks.
    pitches : tuple of int
        Going up.
    velocities : tuple of int
        Of the pitches.
    is_tied : bool
        Whether it is held into the next chord of its layer.
    is_held : bool
        Whether it is held from the chord before.
    """

    start_tick: int
    stop_tick: int
    pitches: tuple[int, ...] = ()
    velocities: tuple[int, ...] = ()
    is_tied: bool = False
    is_held: bool = False


class Bar(NamedTuple):
    """What stands between two bar lines.

    Parameters
    ----------
    start_tick, stop_tick : int
        In ticks.
    numerator, denominator : int
        Its meter.
    is_new_meter : bool
        Whether the meter changes here; not so in the first bar.
    is_cut_short : bool
        Whether it ends early because its own meter begins anew.
    """

    start_tick: int
    stop_tick: int
    numerator: int
    denominator: int
    is_new_meter: bool = False
    is_cut_short: bool = False

    @property
    def full_ticks(self) -> int:
        """Length that its meter gives a bar."""
        return TICKS_PER_WHOLE * self.numerator // self.denominator

    @property
    def beat_ticks(self) -> int:
        """Length of a beat: the note of the denominator, or three in 6/8, 9/8 and 12/8."""
        is_compound = self.numerator in (6, 9, 12)
        return TICKS_PER_WHOLE // self.denominator * (3 if is_compound else 1)


def check_meters(quantized: QuantizedSequence, form: str) -> None:
    """Raise for meters that cannot be written down.

    Parameters
    ----------
    quantized : QuantizedSequence
    form : str
        What it is to be written as, for the message.

    Raises
    ------
    MusicFileError
        If a denominator is no power of two, or above 128.
    """
    for meter in quantized.meters:
        denominator = int(meter["denominator"])
        if denominator & (denominator - 1) or denominator > LARGEST_DENOMINATOR:
            raise MusicFileError(
                f"{form} has no meter {meter['numerator']}/{denominator}; "
                "give it a denominator of 1, 2, 4 ... 128"
            )


def bars_of(quantized: QuantizedSequence, step_ticks: int) -> Iterator[Bar]:
    """Yield the bars of a piece; the last ends with it.

    Parameters
    ----------
    quantized : QuantizedSequence
        On a metrical grid.
    step_ticks : int
        Length of its steps.
    """
    meters = quantized.meters
    stops = [*meters["step"][1:].tolist(), quantized.total_steps]
    for k, (meter, stop) in enumerate(zip(meters, stops, strict=True)):
        sign = int(meter["numerator"]), int(meter["denominator"])
        now = int(meter["step"]) * step_ticks
        end = min(stop, quantized.total_steps) * step_ticks
        is_new = k > 0
        is_restated = k + 1 < len(meters) and tuple(meters[k + 1])[1:] == sign
        while now < end:
            bar = Bar(now, now, *sign)
            stop_ticks = now + bar.full_ticks
            is_cut = is_restated and stop_ticks > end
            yield bar._replace(
                stop_tick=min(stop_ticks, end), is_new_meter=is_new, is_cut_short=is_cut
            )
            now, is_new = stop_ticks, False


def layers_of(chords: Iterable[Chord]) -> list[list[Chord]]:
    """Share chords out among layers in which none overlap.

    Each goes to the first layer that is free; of chords that begin together the one with the
    highest note goes first.

    Parameters
    ----------
    chords : iterable of Chord
        In any order.
    """
    layers: list[list[Chord]] = []
    for chord in sorted(chords, key=lambda chord: (chord.start_tick, -max(chord.pitches))):
        free = next((layer for layer in layers if layer[-1].stop_tick <= chord.start_tick), None)
        if free is None:
            free = []
            layers.append(free)
        free.append(chord)
    return layers


def keys_of(
    notes: NoteSequence, quantized: QuantizedSequence, steps_per_quarter: int
) -> dict[int, tuple[int, bool]]:
    """Find the key signatures by step, each only where it is new.

    Parameters
    ----------
    notes : NoteSequence
        Without a signature it is in the major key that holds the most notes.
    quantized : QuantizedSequence
        The same piece on a grid.
    steps_per_quarter : int
        Resolution of that grid.

    Returns
    -------
    dict
        Sharps of the signature (negative: flats), and whether it is minor; the first at 0.
    """
    quarters = TempoMap.from_sequence(notes).seconds_to_quarters(notes.keys["time_s"])
    steps = np.floor(quarters * steps_per_quarter + 0.5 + 1e-6).astype(np.int64).tolist()
    rows = zip(steps, notes.keys.tolist(), strict=True)
    table = {step: (sharps, is_minor) for step, (_, sharps, is_minor) in rows}
    if table:
        table = {0: next(iter(table.values())), **table}
    else:
        tones = notes.notes["pitch"][~notes.is_drum]
        tonic = estimate_major_key(tones) if len(tones) else 0
        table = {0: ((7 * tonic + 5) % 12 - 5, False)}
    keys: dict[int, tuple[int, bool]] = {}
    last = None
    for step in sorted(table):
        if table[step] != last and step < quantized.total_steps:
            keys[step] = last = table[step]
    return keys


def by_bar(layer: Iterable[Chord], bars: list[Bar]) -> list[list[Chord]]:
    """Share the chords of a layer out among the bars, tied over the bar lines."""
    shares: list[list[Chord]] = [[] for _ in bars]
    lines = {bar.start_tick for bar in bars[1:]}
    starts = np.array([bar.start_tick for bar in bars])
    for chord in layer:
        first, last = (
            np.searchsorted(starts, [chord.start_tick, chord.stop_tick - 1], side="right") - 1
        )
        inner = {int(starts[k]) for k in range(first + 1, last + 1)} & lines
        for k, part in enumerate(cut(chord, inner)):
            shares[first + k].append(part)
    return shares


def cut(chord: Chord, ticks: Iterable[int]) -> Iterator[Chord]:
    """Cut a chord at those ticks that lie within it, and tie the parts."""
    inner = sorted({tick for tick in ticks if chord.start_tick < tick < chord.stop_tick})
    sounds = bool(chord.pitches)
    for start, stop in pairwise([chord.start_tick, *inner, chord.stop_tick]):
        yield chord._replace(
            start_tick=start,
            stop_tick=stop,
            is_tied=sounds and (chord.is_tied or stop < chord.stop_tick),
            is_held=sounds and (chord.is_held or start > chord.start_tick),
        )


def filled(chords: Iterable[Chord], bar: Bar) -> Iterator[Chord]:
    """Put rests between the chords of a bar."""
    now = bar.start_tick
    for chord in chords:
        if now < chord.start_tick:
            yield Chord(now, chord.start_tick)
        yield chord
        now = chord.stop_tick
    if now < bar.stop_tick:
        yield Chord(now, bar.stop_tick)


def with_pickup(bars: list[Bar], moments: Iterable[int]) -> list[Bar]:
    """Cut the rest off before the first note, where the second bar shows how long a bar is.

    Parameters
    ----------
    bars : list of Bar
    moments : iterable of int
        Where notes begin and signs stand, in ticks.
    """
    if len(bars) < 2:
        return bars
    first, second = bars[:2]
    length = first.stop_tick - first.start_tick
    begin = min(moments)
    if (
        0 < begin < first.stop_tick
        and not second.is_new_meter
        and second.stop_tick - second.start_tick == length
    ):
        return [first._replace(start_tick=begin), *bars[1:]]
    return bars
