"""Wishes: what the new music is asked to be like."""

import pytest

from solferino.errors import ConditionError
from solferino.representations.conditions import Conditions

C_MAJOR = (2, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1)


def test_wishes_that_were_made_are_named():
    assert Conditions().given == ()
    made = Conditions(pitch_class_histogram=(C_MAJOR,), disable_conditioning=(True,))
    assert made.given == ("pitch_class_histogram", "disable_conditioning")


@pytest.mark.parametrize("density", [0, -1.0, float("nan"), float("inf")])
def test_a_density_that_is_none_is_refused(density):
    with pytest.raises(ConditionError, match=r"notes_per_second is .* above 0 and finite"):
        Conditions(notes_per_second=(4.0, density))


@pytest.mark.parametrize(
    "weights",
    [(1.0,) * 11, (0.0,) * 12, (-1.0, *C_MAJOR[1:]), (float("nan"), *C_MAJOR[1:]), (1e308,) * 12],
)
def test_weights_that_have_no_shares_are_refused(weights):
    with pytest.raises(ConditionError, match="12 numbers of 0 or more, from C to B, not all 0"):
        Conditions(pitch_class_histogram=(C_MAJOR, weights))
