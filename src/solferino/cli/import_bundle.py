"""``solferino import``: a bundle of Magenta to one of ours, without TensorFlow."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from solferino.cli.extras import needing

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A .mag bundle, or a checkpoint of TensorFlow 1."),
]
Output = Annotated[Path, Option("-o", "--output", "--bundle-file", help="The file to write.")]
Config = Annotated[str, Option(help="Configuration, where the file does not say it.")]
Hparams = Annotated[
    str, Option(help="What it was trained with besides: attn_length=20, for example.")
]
Name = Annotated[str, Option(help="Name of the bundle; by default the configuration's.")]
Licence = Annotated[str, Option(help="Terms of the bundle, such as CC-BY-4.0.")]


def import_bundle(
    file: File,
    *,
    output: Output,
    config: Config = "",
    hparams: Hparams = "",
    name: Name = "",
    licence: Licence = "",
) -> None:
    """Turn a bundle of Magenta into one of ours, with the same probabilities."""
    with needing("train"):
        from solferino.training import magenta_bundles  # noqa: PLC0415
    card = magenta_bundles.import_bundle(
        file, output, config=config, hparams=hparams, name=name, licence=licence
    )
    n_bytes = output.stat().st_size
    typer.echo(f"{output}: {card.name}, makes {card.makes}, {n_bytes} bytes")
