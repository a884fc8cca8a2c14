"""Options by name."""

import pytest

from solferino.errors import RecipeError
from solferino.representations.options import check_names, check_whole_number, options_of


def test_known_names_pass():
    check_names("colour", ["red"], ["red", "blue"])
    assert options_of("colour", {"red": 1}, ["red"]) == {"red": 1}


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(RecipeError, match=r"unknown colour 'rde': did you mean 'red'\? There are"):
        check_names("colour", ["rde"], ["blue", "red"])


@pytest.mark.parametrize("value", [0, 5, True, 2.0, "2", None])
def test_only_whole_numbers_in_the_range_pass(value):
    check_whole_number("size", 1, 1, 4)
    with pytest.raises(RecipeError, match=r"size=.*: it must be a whole number from 1 to 4"):
        check_whole_number("size", value, 1, 4)
