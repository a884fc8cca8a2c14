"""What a bundle says of itself: what it makes, what it learnt from, how good it is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self, final

from solferino.errors import BundleError

FORMAT_VERSION = 1
FLOAT16, INT8 = "float16", "int8"


@final
@dataclass(frozen=True)
class Source:
    """Music that a model learnt from.

    Parameters
    ----------
    name : str
        What the collection is called.
    licence : str
        Terms under which it was used: ``"CC0-1.0"``.
    attribution : str
        Whom to thank, as the licence asks for it.
    pieces : int
        How many of its pieces were used.
    """

    name: str
    licence: str = ""
    attribution: str = ""
    pieces: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class Card:
    """The description of one bundle, stored in it as ``card.json``.

    Parameters
    ----------
    name : str
        Short name, as typed on the command line.
    makes : str
        What comes out: ``"melodies"``.
    description : str
        One sentence for people.
    representation : mapping
        ``name`` and ``options`` that build the representation again.
    model : mapping
        ``name`` and ``config`` of the network.
    learnt_from : tuple of Source
        The collections it was trained on.
    licence : str
        Terms of the bundle itself.
    seed, steps : int
        Seed of the training run, and its length in training steps; those of the bundle that
        it started from are counted, too.
    recipe : mapping
        The recipe it was trained with.
    precision : str
        What the matrices of the weights are stored as: ``"float16"`` or ``"int8"``.
    held_out : mapping
        Measured on music it has not seen: ``nats_per_step``, ``perplexity`` and others.
    parts : mapping of str to str
        SHA-256, in hexadecimal, of each other file of the bundle; `write_bundle` fills it.
    format_version : int
        Version of this layout.
    """

    name: str
    makes: str
    description: str = ""
    representation: Mapping[str, Any]
    model: Mapping[str, Any]
    learnt_from: tuple[Source, ...] = ()
    licence: str = ""
    seed: int = 0
    steps: int = 0
    recipe: Mapping[str, Any] = field(default_factory=dict)
    precision: str = FLOAT16
    held_out: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the card as JSON text, the same text for equal cards."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a card.

        Parameters
        ----------
        text : str or bytes
            What `to_json` gave. Keys that this version does not know are left out.

        Returns
        -------
        Card

        Raises
        ------
        BundleError
            If it is no card, or one of a newer layout.
        """
        found = {"precision": FLOAT16, **_json_object(text)}
        version = found.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise BundleError(
                f"the bundle has format version {version}, newer than {FORMAT_VERSION}: "
                "upgrade with pip install --upgrade solferino"
            )
        known = {f.name: found[f.name] for f in fields(cls) if f.name in found}
        for name, kind in _KINDS.items():
            if not isinstance(known.get(name), kind):
                raise BundleError(f"the bundle's card has no valid {name!r}: get the bundle again")
        known["learnt_from"] = tuple(_source(row) for row in known["learnt_from"])
        return cls(**known)


_KINDS: dict[str, type] = {
    "format_version": int,
    "name": str,
    "makes": str,
    "description": str,
    "representation": dict,
    "model": dict,
    "learnt_from": list,
    "licence": str,
    "seed": int,
    "steps": int,
    "recipe": dict,
    "precision": str,
    "held_out": dict,
    "parts": dict,
}


def _json_object(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"the bundle's card is not JSON ({error}): get the bundle again"
        ) from error
    if not isinstance(found, dict):
        raise BundleError("the bundle's card is not a JSON object: get the bundle again")
    return found


def _source(row: Any) -> Source:
    try:
        return Source(**row)
    except TypeError as error:
        raise BundleError(
            f"the bundle's card has a source that cannot be read ({row}): get the bundle again"
        ) from error
