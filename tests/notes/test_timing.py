import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import solferino
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import (
    TempoMap,
    bar_times_s,
    beat_times_s,
    meter_changes,
    quarters_per_bar,
    quarters_per_beat,
)
from tests.notes.strategies import note_sequences, times_s

SLOWING_DOWN = NoteSequence(tempos=[(0, 120), (2, 60), (6, 30)], total_time_s=10)


@pytest.mark.parametrize(
    ("time_s", "quarters"),
    [(0, 0), (1, 2), (2, 4), (3, 5), (6, 8), (10, 10), (-1, -2)],
)
def test_quarters_pass_at_the_tempo_of_their_moment(time_s, quarters):
    tempo_map = TempoMap.from_sequence(SLOWING_DOWN)
    assert tempo_map.seconds_to_quarters(time_s) == quarters
    assert tempo_map.quarters_to_seconds(quarters) == time_s


def test_before_the_first_tempo_the_tempo_is_120():
    tempo_map = TempoMap.from_sequence(NoteSequence(tempos=[(1, 60)]))
    assert tempo_map.seconds_to_quarters([0.5, 1, 2]).tolist() == [1, 2, 3]
    assert tempo_map.qpm_at([0, 0.99, 1, 5]).tolist() == [120, 120, 60, 60]


def test_of_two_tempi_at_one_moment_the_later_row_counts():
    assert TempoMap.from_sequence(NoteSequence(tempos=[(0, 90), (0, 60)])).change_qpm.tolist() == [
        60
    ]


def test_a_tempo_stated_again_changes_nothing():
    piece = NoteSequence(tempos=[(0, 90), (1, 90), (2, 100), (3, 100)])
    assert TempoMap.from_sequence(piece).change_s.tolist() == [0, 2]


def test_times_keep_their_shape():
    tempo_map = TempoMap.from_sequence(SLOWING_DOWN)
    assert tempo_map.seconds_to_quarters(np.zeros((3, 2))).shape == (3, 2)
    assert tempo_map.quarters_to_seconds([]).shape == (0,)


def test_ticks_divide_the_quarter():
    tempo_map = TempoMap.from_sequence(SLOWING_DOWN)
    assert tempo_map.seconds_to_ticks([0.5, 3], 480).tolist() == [480, 2400]
    assert tempo_map.seconds_to_ticks(0.5, 480).dtype == np.int64
    assert tempo_map.ticks_to_seconds([480, 2400], 480).tolist() == [0.5, 3]


def test_a_tempo_map_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        TempoMap.from_sequence(SLOWING_DOWN).change_qpm[0] = 1


@given(note_sequences(max_notes=0), st.lists(times_s(), max_size=9))
@settings(max_examples=50, deadline=None)
def test_seconds_to_quarters_and_back_is_where_we_were(piece, moments_s):
    tempo_map = TempoMap.from_sequence(piece)
    quarters = tempo_map.seconds_to_quarters(moments_s)
    np.testing.assert_allclose(tempo_map.quarters_to_seconds(quarters), moments_s, atol=1e-9)
    assert (np.argsort(quarters, kind="stable") == np.argsort(moments_s, kind="stable")).all()


@given(note_sequences(max_notes=0))
@settings(max_examples=30, deadline=None)
def test_a_tempo_map_built_from_quarters_is_the_same(piece):
    tempo_map = TempoMap.from_sequence(piece)
    again = TempoMap.from_quarters(tempo_map.change_quarters, tempo_map.change_qpm)
    np.testing.assert_allclose(again.change_s, tempo_map.change_s, atol=1e-9)


@given(note_sequences(max_notes=0), st.integers(0, 100_000))
@settings(max_examples=30, deadline=None)
def test_ticks_to_seconds_and_back_is_the_same_tick(piece, tick):
    tempo_map = TempoMap.from_sequence(piece)
    assert tempo_map.seconds_to_ticks(tempo_map.ticks_to_seconds(tick, 480), 480) == tick


@pytest.mark.parametrize(
    ("meter", "bar_quarters", "beat_quarters"),
    [
        ((4, 4), 4, 1),
        ((3, 4), 3, 1),
        ((2, 2), 4, 2),
        ((6, 8), 3, 1.5),  # two dotted quarters
        ((12, 8), 6, 1.5),
        ((3, 8), 1.5, 0.5),
        ((7, 8), 3.5, 0.5),
        ((5, 16), 1.25, 0.25),
    ],
)
def test_a_meter_says_how_long_bars_and_beats_are(meter, bar_quarters, beat_quarters):
    assert quarters_per_bar(*meter) == bar_quarters
    assert quarters_per_beat(*meter) == beat_quarters


def test_columns_of_a_table_do_not_overflow_in_a_bar():
    piece = NoteSequence(meters=[(0, 255, 4)])
    assert quarters_per_bar(piece.meters["numerator"][0], piece.meters["denominator"][0]) == 255


@pytest.mark.parametrize(
    ("piece", "bars_s"),
    [
        (NoteSequence(total_time_s=5), [0, 2, 4]),
        (NoteSequence(total_time_s=4), [0, 2]),  # a bar that begins at the end is not in the piece
        (NoteSequence(), []),
        (NoteSequence(meters=[(0, 3, 4)], total_time_s=4), [0, 1.5, 3]),
        # one quarter of pickup, then 3/4 from there
        (NoteSequence(meters=[(0, 1, 4), (0.5, 3, 4)], total_time_s=4), [0, 0.5, 2, 3.5]),
        # a change in the middle of a bar begins a bar
        (NoteSequence(meters=[(0, 4, 4), (3, 2, 4)], total_time_s=5), [0, 2, 3, 4]),
        # twice as slow from 2 s on
        (NoteSequence(tempos=[(2, 60)], total_time_s=10), [0, 2, 6]),
        # the tempo changes inside the second bar
        (NoteSequence(tempos=[(3, 60)], total_time_s=10), [0, 2, 5, 9]),
        # a change after the end says nothing
        (NoteSequence(meters=[(9, 3, 4)], total_time_s=3), [0, 2]),
    ],
)
def test_bars_follow_meters_and_tempi(piece, bars_s):
    np.testing.assert_allclose(bar_times_s(piece), bars_s)


def test_beats_follow_the_meter():
    piece = NoteSequence(meters=[(0, 6, 8), (1.5, 2, 4)], total_time_s=2.5)
    assert beat_times_s(piece).tolist() == [0, 0.75, 1.5, 2]


@given(note_sequences())
@settings(max_examples=50, deadline=None)
def test_every_bar_begins_on_a_beat_and_every_meter_on_a_bar(piece):
    bars_s, beats_s = bar_times_s(piece), beat_times_s(piece)
    assert (np.diff(bars_s) > 0).all()
    assert (bars_s < piece.total_time_s).all()
    changes_s = meter_changes(piece)["time_s"]
    changes_s = changes_s[changes_s < piece.total_time_s - 1e-3]
    for grid_s, moments_s in ((beats_s, bars_s), (bars_s, changes_s)):
        gaps_s = np.abs(moments_s[:, None] - grid_s[None, :]).min(axis=1, initial=1e9)
        assert (gaps_s < 1e-6).all()


@pytest.mark.parametrize(
    ("meters", "changes_s"),
    [
        ([], [0]),
        ([(0, 3, 4)], [0]),
        ([(2, 4, 4), (4, 4, 4)], [0]),  # 4/4 again on a bar line
        ([(1, 4, 4)], [0, 1]),  # 4/4 again in the middle of a bar moves the bar lines
        ([(2, 3, 4), (2, 2, 4)], [0, 2]),
        ([(2, 2, 2)], [0, 2]),
        ([(1e-6, 3, 4)], [0]),
    ],
)
def test_a_meter_stated_again_on_its_bar_line_is_no_change(meters, changes_s):
    changes = meter_changes(NoteSequence(meters=meters))
    assert changes["time_s"].tolist() == changes_s


FORBIDDEN = {"time", "start", "end", "duration", "tempo", "rate"}

NO_TIMES = {
    "live/link.py: LinkPeer(tempo)",  # what aalink calls it
    "cli/live_options.py: Numbers(tempo)",  # the number of the control named so
}


def _public_parameters(path):
    """Name of every argument and field that a module shows to others."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.startswith("_"):
            continue
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                yield node.name, argument.arg
        elif isinstance(node, ast.ClassDef):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield node.name, field.target.id


def test_public_parameters_carry_their_units():
    source = Path(solferino.__file__).parent
    unitless = {
        f"{path.relative_to(source).as_posix()}: {owner}({parameter})"
        for path in sorted(source.rglob("*.py"))
        for owner, parameter in _public_parameters(path)
        if parameter in FORBIDDEN
    }
    assert unitless == NO_TIMES
