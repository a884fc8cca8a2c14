"""Notes to a tune in ABC notation.

The rules are those of the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1). Each
instrument is a voice. Notes of one voice that begin and end together are a chord; where they
do not, the voice is written in layers, with ``&`` between them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import final

import numpy as np

from solferino.errors import MusicFileError, QuantizationError
from solferino.notes.abc_fields import parse_tempo
from solferino.notes.abc_spelling import key_field, length_sign, note_sign
from solferino.notes.disk import PathOrText, write_beside
from solferino.notes.quantization import QuantizedSequence, quantize
from solferino.notes.score import (
    DYADIC_TICKS,
    TICKS_PER_QUARTER,
    TICKS_PER_WHOLE,
    Bar,
    Chord,
    bars_of,
    by_bar,
    check_meters,
    cut,
    filled,
    keys_of,
    layers_of,
    with_pickup,
)
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.spelling import Speller
from solferino.notes.written_values import beats_around_tuplets

DEFAULT_STEPS_PER_QUARTER = 12
BARS_PER_LINE = 4
LONGEST_TUPLET = 64
SLOWEST_QPM, FASTEST_QPM = 4, 10_000
TEMPO_PRECISION_QPM = 0.001

_UNITS = (Fraction(1, 8), Fraction(1, 16))


@final
@dataclass
class _Score:
    """A piece as it is to be written: all times in ticks of `TICKS_PER_QUARTER`."""

    bars: list[Bar]
    voices: list[list[list[Chord]]]
    instruments: list[Instrument]
    keys: dict[int, tuple[int, bool]]
    signs: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


def write_abc(
    notes: NoteSequence, path: PathOrText, steps_per_quarter: int = DEFAULT_STEPS_PER_QUARTER
) -> None:
    """Write a piece as a tune in ABC notation; see `abc_text` for what is kept.

    Parameters
    ----------
    notes : NoteSequence
    path : str or path
        Where; the file is there whole or not at all.
    steps_per_quarter : int > 0
        The grid on which the notes are put; 12 holds sixteenths and triplets.

    Raises
    ------
    MusicFileError
        If the piece cannot be a tune, or the file cannot be written.
    QuantizationError
        If the grid does not fit.
    """
    write_beside(path, abc_text(notes, steps_per_quarter).encode())


def abc_text(notes: NoteSequence, steps_per_quarter: int = DEFAULT_STEPS_PER_QUARTER) -> str:
    """Write a piece as the text of a tune in ABC notation.

    Kept are notes, instruments, meters, keys, tempi to a thousandth of a quarter note a
    minute, chord symbols and the title. Left out
    are velocities, controllers, bends, words other than chord symbols, instruments without
    notes, and what stands after the end. A note ends where its instrument begins the same
    pitch again. A meter that begins again before a bar of it is full keeps its notes but not
    all its bar lines. Without a key signature it is written in the major key that holds the most
    notes. A rest before the first note makes a pickup bar.

    Parameters
    ----------
    notes : NoteSequence
    steps_per_quarter : int > 0
        The grid on which the notes are put; 12 holds sixteenths and triplets. It must divide
        20160, as 4, 12, 24, 48 and 480 do.

    Returns
    -------
    str
        Reading it gives the quantized piece back.

    Raises
    ------
    MusicFileError
        If the piece has no notes, or a meter or tempo that ABC notation cannot say.
    QuantizationError
        If the grid does not fit.
    """
    if not len(notes):
        raise MusicFileError(
            f"{notes.title or 'the piece'} has no notes, so there is no tune to write; add some"
        )
    quantized = quantize(notes, steps_per_quarter)
    if TICKS_PER_QUARTER % steps_per_quarter:
        raise QuantizationError(
            f"ABC notation is written on a grid that divides {TICKS_PER_QUARTER}, "
            f"got {steps_per_quarter} steps a quarter; take 12, or 48 for finer rhythms"
        )
    _check(quantized)
    score = _score(notes, quantized, TICKS_PER_QUARTER // steps_per_quarter)
    bodies = {unit: _body(score, unit) for unit in _UNITS}
    unit = min(_UNITS, key=lambda unit: len(bodies[unit]))
    meter = quantized.meters[0]
    header = [
        "X:1",
        f"T:{_words(notes.title)}".replace("T::", "T: :").replace("T:|", "T: |"),
        f"M:{meter['numerator']}/{meter['denominator']}",
        f"L:{unit}",
        f"Q:{_tempo_field(float(quantized.tempos['qpm'][0]), int(meter['numerator']))}",
        *_voice_fields(score.instruments),
        f"K:{key_field(score.keys[0][0], is_minor=score.keys[0][1])}",
    ]
    return "\n".join([*header, bodies[unit], ""])


def _check(quantized: QuantizedSequence) -> None:
    """Raise for meters and tempi that cannot be written."""
    check_meters(quantized, "ABC notation")
    for qpm in quantized.tempos["qpm"]:
        if not SLOWEST_QPM <= qpm <= FASTEST_QPM:
            raise MusicFileError(
                f"ABC notation is read with {SLOWEST_QPM} to {FASTEST_QPM} quarter notes a "
                f"minute, got {qpm:g}; stretch the piece"
            )


def _voice_fields(instruments: list[Instrument]) -> Iterator[str]:
    """Write names and sounds of the voices; one plain piano goes without saying."""
    is_alone = len(instruments) == 1
    for number, instrument in enumerate(instruments, start=1):
        name = _words(instrument.name).replace('"', "'")
        if not is_alone or name:
            yield f'V:{number} name="{name}"'
        if instrument.is_drum:
            yield "%%MIDI channel 10"
        if instrument.program or not is_alone:
            yield f"%%MIDI program {instrument.program}"


def _words(text: str) -> str:
    """Leave out what would end a line of ABC notation, or join it to the next."""
    line = " ".join(text.replace("%", " ").replace("\0", " ").splitlines())
    return line.strip(" \\")


def _tempo_field(qpm: float, numerator: int = 4) -> str:
    """Write a tempo in quarters, or in dotted quarters where the beats are."""
    rounded = float(f"{round(qpm / TEMPO_PRECISION_QPM) * TEMPO_PRECISION_QPM:.10g}")
    if numerator in (6, 9, 12):
        dotted = f"3/8={rounded / 1.5:g}"
        if parse_tempo(dotted, Fraction(1, 8)) == rounded:
            return dotted
    return f"1/4={rounded:.10g}"


def _score(notes: NoteSequence, quantized: QuantizedSequence, step_ticks: int) -> _Score:
    """Lay a piece out in bars, voices and layers."""
    used = np.unique(quantized.notes["instrument"]).tolist()
    keys = keys_of(notes, quantized, TICKS_PER_QUARTER // step_ticks)
    score = _Score(
        bars=list(bars_of(quantized, step_ticks)),
        voices=[layers_of(_chords(quantized, index, step_ticks)) for index in used],
        instruments=[notes.instruments[index] for index in used],
        keys={step * step_ticks: key for step, key in keys.items()},
    )
    for tempo in quantized.tempos[1:]:
        score.signs[int(tempo["step"]) * step_ticks].append(
            f"[Q:{_tempo_field(float(tempo['qpm']))}]"
        )
    for text in quantized.chords:
        symbol = _words(text.text).replace('"', "'")
        score.signs[text.step * step_ticks].append(f'"{symbol}"')
    begins = [layer[0].start_tick for voice in score.voices for layer in voice]
    changes = [tick for tick in score.keys if tick]
    score.bars = with_pickup(score.bars, [*begins, *changes, *score.signs])
    return score


def _chords(quantized: QuantizedSequence, index: int, step_ticks: int) -> Iterator[Chord]:
    """Gather the notes of an instrument that begin and end on the same steps."""
    table = quantized.notes[quantized.notes["instrument"] == index]
    ends: dict[tuple[int, int], int] = {}
    for note in table.tolist():
        ends[note[2], note[0]] = max(note[1], ends.get((note[2], note[0]), 0))
    spans = sorted((*place, end) for place, end in ends.items())
    following = [*spans[1:], (-1, 0, 0)]
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for (pitch, start, end), after in zip(spans, following, strict=True):
        stop = min(end, after[1]) if after[0] == pitch else end
        together[start * step_ticks, stop * step_ticks].append(pitch)
    for span, pitches in together.items():
        yield Chord(*span, tuple(sorted(pitches)))


def _body(score: _Score, unit: Fraction) -> str:
    """Write the music of all voices."""
    lines = []
    for number, layers in enumerate(score.voices):
        if len(score.voices) > 1:
            lines.append(f"V:{number + 1}")
        signs = score.signs if number == 0 else {}
        bars = list(_VoiceWriter(score, layers, signs, unit).bars())
        starts = range(0, len(bars), BARS_PER_LINE)
        lines += ["".join(bars[k : k + BARS_PER_LINE]).rstrip() for k in starts]
        lines[-1] += "]"
    return "\n".join(lines)


@final
class _VoiceWriter:
    """Writes one voice, bar by bar."""

    def __init__(
        self,
        score: _Score,
        layers: list[list[Chord]],
        signs: dict[int, list[str]],
        unit: Fraction,
    ) -> None:
        self._bars = score.bars
        self._keys = score.keys
        self._signs = signs
        self._unit_ticks = unit * TICKS_PER_WHOLE
        self._speller = Speller(score.keys[0][0])
        self._layers = [by_bar(layer, score.bars) for layer in layers]

    def bars(self) -> Iterator[str]:
        """Yield each bar with the bar line behind it."""
        is_tied = False
        for k, bar in enumerate(self._bars):
            changes = [tick for tick in self._keys if bar.start_tick < tick < bar.stop_tick]
            self._speller.begin_bar(is_tied=is_tied, has_key_change=bool(changes))
            is_tied = any(
                c.is_tied and c.stop_tick == bar.stop_tick for n in self._layers for c in n[k]
            )
            parts = [_meter_field(bar) + self._layer(0, k, bar)]
            parts += [
                self._layer(n, k, bar) for n in range(1, len(self._layers)) if self._layers[n][k]
            ]
            yield " & ".join(parts) + " | "

    def _layer(self, n: int, k: int, bar: Bar) -> str:
        """Write what a layer has in a bar."""
        events = set[int]()
        if n == 0:
            events = {t for t in (*self._keys, *self._signs) if bar.start_tick < t < bar.stop_tick}
        chords = list(filled(self._layers[n][k], bar))
        chords = [part for chord in chords for part in cut(chord, events)]
        chords = [part for chord in chords for part in cut(chord, beats_around_tuplets(chord))]
        words: list[str] = []
        left, factor = 0, Fraction(1)
        for i, chord in enumerate(chords):
            if i and not left and (chord.start_tick - bar.start_tick) % bar.beat_ticks == 0:
                words.append(" ")
            if n == 0:
                words += self._changes(chord.start_tick)
            if not left:
                left, factor = _tuplet(chords[i : i + LONGEST_TUPLET])
                words.append({0: "", 3: "(3"}.get(left, f"(3:2:{left}"))
            words.append(self._sign(chord, n, factor))
            left = max(left - 1, 0)
        return "".join(words)

    def _changes(self, tick: int) -> Iterator[str]:
        """Write the fields and chord symbols at a moment."""
        if tick and tick in self._keys:
            sharps, is_minor = self._keys[tick]
            self._speller.set_key(sharps)
            yield f"[K:{key_field(sharps, is_minor=is_minor)}]"
        yield from self._signs.get(tick, ())

    def _sign(self, chord: Chord, layer: int, factor: Fraction) -> str:
        """Write a note, chord or rest."""
        length = length_sign((chord.stop_tick - chord.start_tick) / self._unit_ticks / factor)
        names = [note_sign(self._speller.spell(pitch, layer)) for pitch in chord.pitches]
        if not names:
            return ("x" if layer else "z") + length
        sounds = names[0] if len(names) == 1 else f"[{''.join(names)}]"
        return sounds + length + "-" * chord.is_tied


def _meter_field(bar: Bar) -> str:
    """Write what stands before a bar."""
    if bar.is_cut_short:
        return "[M:none]"
    return f"[M:{bar.numerator}/{bar.denominator}]" if bar.is_new_meter else ""


def _tuplet(chords: list[Chord]) -> tuple[int, Fraction]:
    """Count the notes of the triplet that begins here, with its factor; 0 if none does."""
    total = 0
    for k, chord in enumerate(chords):
        length = chord.stop_tick - chord.start_tick
        total += length
        if length % (DYADIC_TICKS // 3) or not length or (k == 0 and length % DYADIC_TICKS == 0):
            break
        if total % DYADIC_TICKS == 0:
            return k + 1, Fraction(2, 3)
    return 0, Fraction(1)
