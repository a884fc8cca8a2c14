"""Representations by name, as recipes and bundles write them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from solferino.representations.drums import Drums
from solferino.representations.improv import Improv
from solferino.representations.melody import Melody
from solferino.representations.note_tuples import NoteTuples
from solferino.representations.options import check_names, options_of
from solferino.representations.performance import Performance
from solferino.representations.pianoroll import Pianoroll
from solferino.representations.polyphony import Polyphony
from solferino.representations.representation import Representation

_CLASSES: dict[
    str,
    type[Drums]
    | type[Improv]
    | type[Melody]
    | type[NoteTuples]
    | type[Performance]
    | type[Pianoroll]
    | type[Polyphony],
] = {
    "drums": Drums,
    "improv": Improv,
    "melody": Melody,
    "note_tuples": NoteTuples,
    "performance": Performance,
    "pianoroll": Pianoroll,
    "polyphony": Polyphony,
}


def build_representation(name: str, options: Mapping[str, Any]) -> Representation:
    """Build a representation from what a recipe or a bundle says.

    Parameters
    ----------
    name : str
        Such as ``"melody"``.
    options : Mapping
        Its options; those left out have their defaults.

    Returns
    -------
    Representation

    Raises
    ------
    RecipeError
        If the name or an option is unknown, naming the nearest, or a value is out of range.
    """
    check_names("representation", [name], _CLASSES)
    chosen = _CLASSES[name]
    known = (field.name for field in fields(chosen))
    return chosen(**options_of(f"option of {name}", options, known))
