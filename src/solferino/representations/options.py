"""Options by name, as recipes and bundles write them: unknown ones are never ignored."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from solferino.errors import RecipeError


def check_names(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that nobody reads.

    Parameters
    ----------
    what : str
        What the names are, for the message: ``"melody option"``.
    given, known : iterable of str
        The names to check, and the names there are.

    Raises
    ------
    RecipeError
        Naming the first unknown name and the nearest known one.
    """
    names = sorted(known)
    for name in given:
        if name not in names:
            near = get_close_matches(str(name), names, n=1, cutoff=0.0)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise RecipeError(f"unknown {what} {name!r}: {hint}There are {', '.join(names)}.")


def check_whole_number(what: str, value: Any, lowest: int, highest: int) -> None:
    """Refuse a value that is not a whole number in a range.

    Parameters
    ----------
    what : str
        Name of the option.
    value : object
        What was given.
    lowest, highest : int
        The range, both included.

    Raises
    ------
    RecipeError
        Giving the value and the range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise RecipeError(f"{what}={value!r}: it must be a whole number from {lowest} to {highest}")


def check_number_above_0(what: str, value: Any) -> None:
    """Refuse a value that is not a number above 0; see `check_whole_number`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise RecipeError(f"{what}={value!r}: it must be a number above 0")


def check_true_or_false(what: str, value: Any) -> None:
    """Refuse a value that is neither true nor false; see `check_whole_number`."""
    if not isinstance(value, bool):
        raise RecipeError(f"{what}={value!r}: it must be true or false")


def options_of(what: str, given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Return a copy of the options after checking their names; see `check_names`."""
    check_names(what, given, known)
    return dict(given)
