"""Magenta's bundles: a generator's name and the checkpoint of its network, in one message.

The message also holds the graph of the network, as operators for TensorFlow to run; it is
never looked at. A bare checkpoint is read as a bundle that does not say what it is.

References
----------
note_seq, ``generator.proto``; Magenta, ``models/shared/sequence_generator.py``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from solferino.bundles.tensorflow_checkpoints import (
    INDEX_SUFFIX,
    Keep,
    checkpoint_tensors,
    read_checkpoint,
    read_limited,
)
from solferino.bundles.tensorflow_tables import is_table
from solferino.bundles.tensorflow_tensors import Tensors
from solferino.errors import BundleError
from solferino.notes.wire_format import Field, Message, decode

MAX_TEXT = 1000

_DETAILS = Message("details", (Field(1, "id", "string"), Field(2, "description", "string")))
_BUNDLE_DETAILS = Message("bundle details", (Field(1, "description", "string"),))
_GENERATOR_BUNDLE = Message(
    "generator bundle",
    (
        Field(1, "generator", _DETAILS),
        Field(2, "checkpoints", "bytes", is_repeated=True),
        Field(4, "bundle", _BUNDLE_DETAILS),
    ),
)


@final
@dataclass(frozen=True, eq=False)
class GeneratorBundle:
    """What Magenta saved of a generator.

    Parameters
    ----------
    path : Path
        Where it was read.
    generator : str
        Name of the configuration, such as ``"lookback_rnn"``; empty where it is not told.
    description : str
        What its maker says of the bundle, or else of the configuration.
    tensors : dict of str to ndarray
        The variables of the network, by their names in TensorFlow.
    """

    path: Path
    generator: str
    description: str
    tensors: Tensors


def read_generator_bundle(path: str | Path, keep: Keep) -> GeneratorBundle:
    """Read a bundle of Magenta, or a checkpoint of TensorFlow.

    Parameters
    ----------
    path : path
        A bundle, a checkpoint of format 1, the ``.index`` file of a checkpoint of format 2,
        or what the names of its files begin with.
    keep : function of str
        Whether a variable is wanted.

    Returns
    -------
    GeneratorBundle

    Raises
    ------
    BundleError
        If it is none of these, damaged, or of a newer version.
    """
    file = Path(path)
    index = file if file.suffix == INDEX_SUFFIX else Path(f"{path}{INDEX_SUFFIX}")
    if index.is_file() and (index == file or not file.is_file()):
        return GeneratorBundle(file, "", "", read_checkpoint(index, keep))
    data = read_limited(file)
    if is_table(data):
        return GeneratorBundle(file, "", "", checkpoint_tensors(data, str(file), keep))
    found = _message(data, file)
    generator = found.get("generator", {})
    description = found.get("bundle", {}).get("description") or generator.get("description", "")
    tensors = checkpoint_tensors(found["checkpoints"][0], f"the checkpoint in {file}", keep)
    return GeneratorBundle(
        file, _printable(generator.get("id", "")), _printable(description), tensors
    )


def _message(data: bytes, file: Path) -> dict[str, Any]:
    """Read the message, and refuse what is none, or more than one network."""
    try:
        found = decode(data, _GENERATOR_BUNDLE)
    except ValueError as error:
        raise BundleError(
            f"{file} is no bundle of Magenta, or not all of it ({error}): get it again"
        ) from error
    n_checkpoints = len(found.get("checkpoints", []))
    if n_checkpoints != 1:
        raise BundleError(
            f"{file} holds {n_checkpoints} checkpoints and a bundle of Magenta holds one: "
            "check the path"
        )
    return found


def _printable(text: str) -> str:
    """Return a text in one line of at most ``MAX_TEXT`` letters."""
    one_line = "".join(c if c.isprintable() else " " for c in text[:MAX_TEXT])
    return " ".join(one_line.split())
