"""Settings as they are typed: ``min_bars=5,too_long=split``."""

import tomllib
from collections.abc import Iterable
from typing import Any


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Read settings: numbers, true, false, lists, and words.

    Parameters
    ----------
    texts : iterable of str
        Each ``name=value`` or several of them with commas between.

    Raises
    ------
    RecipeError
        If a part is not of the form ``name=value``.
    """
    from solferino.training.recipe import split_hparams  # noqa: PLC0415

    pairs = (pair for text in texts for pair in split_hparams(text))
    return {name: _value(text) for name, text in pairs}


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return {"True": True, "False": False}.get(text, text)
