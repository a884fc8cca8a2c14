"""Rows of tables are moved whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.columns import copied, frozen_table, lie_within, stacked, taken

DTYPE = np.dtype([("time_s", np.float64), ("number", np.uint8), ("bend", np.int16)])
ROWS = st.lists(
    st.tuples(st.floats(0, 9), st.integers(0, 255), st.integers(-9, 9)), max_size=6
).map(lambda rows: np.array(rows, DTYPE))


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms())
def test_rows_are_taken_by_index_and_by_mask(table, random):
    rows = np.array([random.randrange(len(table)) for _ in range(4)] if len(table) else [], int)
    mask = np.array([random.random() < 0.5 for _ in table], bool)
    np.testing.assert_array_equal(taken(table, rows), table[rows])
    np.testing.assert_array_equal(taken(table, mask), table[mask])
    assert taken(table, mask).dtype == DTYPE


@settings(max_examples=20, deadline=None)
@given(ROWS, ROWS)
def test_tables_are_put_one_after_the_other(one, other):
    np.testing.assert_array_equal(stacked([one, other]), np.concatenate([one, other]))


def test_a_copy_can_be_written_and_its_original_stays():
    table = np.array([(1.0, 2, 3), (4.0, 5, 6), (7.0, 8, 9)], DTYPE)
    table.flags.writeable = False
    for view in (table, table[::2], table[1:]):
        copy = copied(view)
        copy["number"] = 0
    assert table["number"].tolist() == [2, 5, 8]


def test_rows_of_one_time_stay_in_their_order():
    rows = [(1.0, 1, 0), (0.0, 2, 0), (1.0, 3, 0), (0.0, 4, 0)]
    assert frozen_table(rows, DTYPE, "time_s")["number"].tolist() == [2, 4, 1, 3]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], True), ([0.0, 1.0], True), ([2.0], False), ([-1.0], False), ([0.5, np.nan], False)],
)
def test_values_lie_within_bounds(values, expected):
    assert lie_within(values, 0, 1) is expected


def test_infinity_lies_within_no_bounds():
    assert not lie_within([np.inf], 0)
