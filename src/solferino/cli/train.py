"""``solferino train``: examples to a trained model."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from solferino.cli.extras import needing
from solferino.cli.runs import remembering_examples

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="Name of a recipe, or path of a TOML file.")
]
ExamplesFolder = Annotated[
    Path, typer.Argument(metavar="EXAMPLES", help="Folder made by `solferino dataset`.")
]
RunDir = Annotated[
    Path, Option("--run-dir", "-o", "--output", help="Folder for checkpoints and the journal.")
]
NumTrainingSteps = Annotated[int, Option(min=1, help="Steps of the whole run.")]
Hparams = Annotated[
    str, Option(metavar="NAME=VALUE,...", help='"batch_size=64,rnn_layer_sizes=[64,64]".')
]
FromBundle = Annotated[
    str | None, Option(help="Start from the weights of a bundle: its name or its path.")
]
Resume = Annotated[bool, Option("--resume", help="Continue the run in its folder.")]
Seed = Annotated[int, Option(min=0, help="Decides first weights, batches and dropout.")]
Device = Annotated[str, Option(help="auto, cpu or cuda.")]
Precision = Annotated[str, Option(help="32, bf16-mixed or 16-mixed.")]
Minutes = Annotated[float | None, Option(min=0, help="Stop after so much time.")]
Threads = Annotated[int, Option(min=0, help="Threads of each process; 0 leaves it to PyTorch.")]
EvalEvery = Annotated[int, Option(min=1, help="Steps from one validation to the next.")]
Patience = Annotated[
    int, Option(min=0, help="Stop after so many validations without a better one; 0 never.")
]


def train(
    recipe: RecipeName,
    examples: ExamplesFolder,
    *,
    run_dir: RunDir,
    num_training_steps: NumTrainingSteps = 20_000,
    hparams: Hparams = "",
    from_bundle: FromBundle = None,
    resume: Resume = False,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "32",
    minutes: Minutes = None,
    threads: Threads = 0,
    eval_every: EvalEvery = 500,
    patience: Patience = 0,
) -> None:
    """Train the model of a recipe on examples; --resume goes on where it was stopped."""
    from solferino.datasets.examples import read_examples  # noqa: PLC0415
    from solferino.representations.registry import build_representation  # noqa: PLC0415
    from solferino.training.recipe import read_recipe  # noqa: PLC0415

    chosen = read_recipe(recipe).with_hparams(hparams)
    music = read_examples(examples)
    weights = _weights(from_bundle)
    with needing("train"):
        from solferino.training.loop import FitOptions  # noqa: PLC0415
        from solferino.training.preview import samples_preview  # noqa: PLC0415
        from solferino.training.run import train as train_model  # noqa: PLC0415
    options = FitOptions(
        num_training_steps=num_training_steps,
        seed=seed,
        eval_every=eval_every,
        patience=patience,
        minutes=minutes,
        device=device,
        precision=precision,
        num_threads=threads,
        resume=resume,
    )
    heard = samples_preview(build_representation(**chosen.representation))
    with remembering_examples(run_dir, examples):
        result = train_model(chosen, music, run_dir, options, weights=weights, preview=heard)
    typer.echo(f"{run_dir}: {result.step} steps, {result.reason}; best at step {result.best_step}")
    if result.reason == "interrupted":
        raise typer.Exit(130)
    typer.echo(f"make a bundle with `solferino bundle {run_dir} -o {chosen.name}.solferino`")


def _weights(bundle: str | None) -> "dict[str, Any] | None":
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415

    return open_bundle(bundle).weights() if bundle else None
