"""``solferino evaluate``: how well a bundle predicts held-out music."""

import json
from pathlib import Path
from typing import Annotated

import typer

from solferino.cli.extras import needing


def evaluate(
    bundle: Annotated[
        str, typer.Argument(metavar="BUNDLE", help="Name of a bundle, or path of its file.")
    ],
    examples: Annotated[
        Path, typer.Argument(metavar="EXAMPLES", help="Folder made by `solferino dataset`.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Measure a bundle on the evaluation examples, beside a 5-gram of the training examples."""
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415
    from solferino.datasets.examples import check_same_events, read_examples  # noqa: PLC0415
    from solferino.generation.opening import open_generator  # noqa: PLC0415
    from solferino.training.baseline import baseline_figures  # noqa: PLC0415

    music = read_examples(examples)
    generator = open_generator(open_bundle(bundle))
    check_same_events(music, generator.representation, "the bundle")
    with needing("train"):
        from solferino.training.evaluation import evaluate as measure  # noqa: PLC0415
    found = {
        **measure(generator.session, music.eval, generator.representation),
        **baseline_figures(music, generator.representation),
    }
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        typer.echo(f"{name:24} {value:.4f}" if isinstance(value, float) else f"{name:24} {value}")
