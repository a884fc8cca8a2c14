"""What is written down is as long as what sounds."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.score import TICKS_PER_QUARTER, Bar, Chord, cut, filled, layers_of
from solferino.notes.written_values import VALUES, Symbol, symbols_of


def ticks_of(symbol: Symbol) -> Fraction:
    """Return what value, dots and tuplet of a symbol say."""
    plain = Fraction(TICKS_PER_QUARTER, 256) * 2 ** VALUES.index(symbol.value)
    dotted = plain * (2 - Fraction(1, 2**symbol.dots))
    return dotted * symbol.normal / symbol.actual


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([1, 2, 8, 6, 24, 5, 7, 9, 48, 480]),
    st.lists(st.integers(1, 100), min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_symbols_are_as_long_as_the_chords(steps_per_quarter, lengths, n_beats):
    step = TICKS_PER_QUARTER // steps_per_quarter
    now = origin = n_beats * TICKS_PER_QUARTER
    chords = []
    for length in lengths:
        chords.append(Chord(now, now + length * step, (60,), (80,)))
        now += length * step
    symbols = list(symbols_of(chords, origin))
    assert [s.chord.start_tick for s in symbols] == [
        origin,
        *(s.chord.stop_tick for s in symbols[:-1]),
    ]
    assert symbols[-1].chord.stop_tick == now
    assert all(ticks_of(s) == s.chord.stop_tick - s.chord.start_tick for s in symbols)
    assert [s.chord.start_tick for s in symbols if not s.chord.is_held] == [
        c.start_tick for c in chords
    ]
    assert [s.begins_tuplet for s in symbols].count(True) == [s.ends_tuplet for s in symbols].count(
        True
    )


def test_cut_chords_are_tied_and_cut_rests_are_not():
    held = list(cut(Chord(0, 4, (60,), (80,)), [2]))
    assert [(c.start_tick, c.stop_tick, c.is_held, c.is_tied) for c in held] == [
        (0, 2, False, True), (2, 4, True, False),
    ]  # fmt: skip
    assert not any(c.is_tied or c.is_held for c in cut(Chord(0, 4), [2]))


def test_long_rests_are_made_of_halves():
    rest = Chord(TICKS_PER_QUARTER, 6 * TICKS_PER_QUARTER)
    assert [symbol.value for symbol in symbols_of([rest], 0)] == ["quarter", "half", "half"]


def test_rests_fill_a_bar():
    bar = Bar(0, 8, 4, 4)
    spans = [
        (c.start_tick, c.stop_tick) for c in filled([Chord(2, 4, (60,)), Chord(4, 5, (62,))], bar)
    ]
    assert spans == [(0, 2), (2, 4), (4, 5), (5, 8)]


def test_a_chord_goes_to_the_first_free_layer_the_highest_first():
    chords = [Chord(0, 4, (60,)), Chord(0, 2, (72,)), Chord(2, 4, (71,)), Chord(3, 5, (80,))]
    assert [[c.pitches[0] for c in layer] for layer in layers_of(chords)] == [[72, 71], [60], [80]]


@pytest.mark.parametrize(
    ("meter", "beats"), [((4, 4), 1), ((6, 8), 1.5), ((7, 8), 0.5), ((3, 2), 2), ((12, 16), 0.75)]
)
def test_beats_of_bars(meter, beats):
    assert Bar(0, 1, *meter).beat_ticks == beats * TICKS_PER_QUARTER
