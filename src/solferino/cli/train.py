"""``solferino train``: examples, or music itself, to a trained model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, final

import typer
from typer import Option

from solferino.cli.extras import needing
from solferino.cli.progress import progress_bar
from solferino.cli.runs import remembering_examples

if TYPE_CHECKING:
    from solferino.bundles.bundle import Bundle
    from solferino.datasets.examples import Examples
    from solferino.training.loop import FitOptions
    from solferino.training.recipe import Recipe

DEFAULT_NUM_STEPS = 20_000
DEFAULT_EVAL_EVERY = 500
EXAMPLES = "examples"
"""Folder inside that of a run for the examples that are made of music on the way."""

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="Name of a recipe, or path of a TOML file.")
]
Corpus = Annotated[
    Path,
    typer.Argument(
        metavar="EXAMPLES", help="Folder made by `solferino dataset`; or music: a folder, a file."
    ),
]
RunDir = Annotated[
    Path | None,
    Option("--run-dir", help="Folder for checkpoints and the journal; runs/ and EXAMPLES' name."),
]
Output = Annotated[
    Path | None,
    Option("-o", "--output", "--bundle-file", help="The bundle to write in the end."),
]
NumTrainingSteps = Annotated[
    int | None, Option(min=1, help="Steps of the whole run: 20000, 2000 of fine-tuning.")
]
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
EvalEvery = Annotated[int | None, Option(min=1, help="Steps from one validation to the next.")]
Patience = Annotated[
    int | None,
    Option(min=0, help="Stop after so many validations without a better one; 0 never."),
]


def train(
    recipe: RecipeName,
    examples: Corpus,
    *,
    run_dir: RunDir = None,
    output: Output = None,
    num_training_steps: NumTrainingSteps = None,
    hparams: Hparams = "",
    from_bundle: FromBundle = None,
    resume: Resume = False,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "32",
    minutes: Minutes = None,
    threads: Threads = 0,
    eval_every: EvalEvery = None,
    patience: Patience = None,
) -> None:
    """Train the model of a recipe on examples; --resume goes on where it was stopped.

    Music in place of examples is extracted, a part of it is held out, and a bundle is written.
    With --from-bundle it learns gently, and stops when it gets no better.
    """
    given = {
        "num_training_steps": num_training_steps,
        "eval_every": eval_every,
        "patience": patience,
        "minutes": minutes,
    }
    fixed = {
        "seed": seed,
        "device": device,
        "precision": precision,
        "num_threads": threads,
        "resume": resume,
    }
    _check_output(output)
    folder = run_dir or Path("runs") / examples.absolute().stem
    options = fixed | {name: value for name, value in given.items() if value is not None}
    plan = _plan(recipe, examples, folder, start=from_bundle, hparams=hparams, given=options)
    reason = _train(plan, folder)
    if reason == "interrupted":
        raise typer.Exit(130)
    if output is None and not plan.is_music:
        typer.echo(
            f"make a bundle with `solferino bundle {folder} -o {plan.recipe.name}.solferino`"
        )
        return
    _export(plan, folder, output or folder / f"{folder.absolute().name}.solferino")


@final
@dataclass(frozen=True, eq=False)
class _Plan:
    """What is learnt from what."""

    recipe: "Recipe"
    examples: "Examples"
    examples_folder: Path
    is_music: bool
    start: "Bundle | None"
    options: "FitOptions"


def _check_output(output: Path | None) -> None:
    if output is not None and (output.is_dir() or output.suffix != ".solferino"):
        raise typer.BadParameter(
            f"it names the bundle to write, such as {output.stem}.solferino; the folder of the run "
            "is --run-dir",
            param_hint="--output",
        )


def _plan(
    name: str,
    corpus: Path,
    run_dir: Path,
    *,
    start: str | None,
    hparams: str,
    given: dict[str, Any],
) -> _Plan:
    """Find or make the examples, and settle how to learn from them."""
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415
    from solferino.datasets.examples import read_examples  # noqa: PLC0415
    from solferino.datasets.own_music import is_music  # noqa: PLC0415
    from solferino.training.recipe import read_recipe  # noqa: PLC0415

    bundle, with_music = open_bundle(start) if start else None, is_music(corpus)
    with needing("train"):
        from solferino.training import fine_tuning  # noqa: PLC0415
        from solferino.training.loop import FitOptions, check_run_dir  # noqa: PLC0415
    plain = read_recipe(name)
    plain = fine_tuning.sized_like(bundle, plain) if bundle else plain
    recipe = plain.with_hparams(hparams)
    options = {"num_training_steps": DEFAULT_NUM_STEPS, "eval_every": DEFAULT_EVAL_EVERY}
    FitOptions(**{**options, **given})
    folder = run_dir / EXAMPLES if with_music else corpus
    if bundle:
        fine_tuning.check_start(bundle, recipe)
    if with_music:
        check_run_dir(run_dir, resume=given["resume"])
        if is_music(folder) or not given["resume"]:
            _extract(corpus, recipe, folder, given["seed"])
    examples = read_examples(folder)
    if bundle and with_music:
        recipe = fine_tuning.gentle(plain).with_hparams(hparams)
        options = fine_tuning.gentle_limits(len(examples.train), recipe.training.batch_size)
    if bundle:
        examples = fine_tuning.with_sources_of(bundle, examples)
    return _Plan(recipe, examples, folder, with_music, bundle, FitOptions(**{**options, **given}))


def _extract(corpus: Path, recipe: "Recipe", folder: Path, seed: int) -> None:
    """Make examples of music, and say what became of it."""
    from solferino.datasets.examples import write_examples  # noqa: PLC0415
    from solferino.datasets.extraction import ExtractionPlan  # noqa: PLC0415
    from solferino.datasets.own_music import own_examples  # noqa: PLC0415

    plan = ExtractionPlan(
        recipe.representation["name"], recipe.representation["options"], recipe.rules
    )
    with progress_bar("extracting") as progress:
        examples, failures = own_examples(corpus, plan, seed=seed, progress=progress)
    for failure in failures:
        typer.echo(f"cannot read {failure.piece_id}: {failure.reason}", err=True)
    write_examples(examples, folder)
    facts = examples.statistics
    without = facts["pieces"] - facts["pieces_with_examples"]
    typer.echo(
        f"{corpus}: {facts['split']['train_pieces']} pieces to learn from, "
        f"{facts['split']['eval_pieces']} held out; {without} gave no example"
        f"{f' (`solferino dataset {recipe.name} {corpus} --explain` lists why)' if without else ''}"
    )


def _train(plan: _Plan, run_dir: Path) -> str:
    """Train, and say how it ended; return why it did."""
    from solferino.representations.registry import build_representation  # noqa: PLC0415
    from solferino.training.preview import samples_preview  # noqa: PLC0415
    from solferino.training.run import train as train_model  # noqa: PLC0415

    heard = samples_preview(build_representation(**plan.recipe.representation))
    weights = plan.start.weights() if plan.start else None
    before = plan.start.path if plan.start else None
    with remembering_examples(run_dir, plan.examples_folder, before):
        result = train_model(
            plan.recipe, plan.examples, run_dir, plan.options, weights=weights, preview=heard
        )
    typer.echo(f"{run_dir}: {result.step} steps, {result.reason}; best at step {result.best_step}")
    return result.reason


def _export(plan: _Plan, run_dir: Path, path: Path) -> None:
    """Write the bundle of a run, and say how it compares with what it started from."""
    from solferino.cli.bundles import quality_of  # noqa: PLC0415
    from solferino.training.export import export_bundle  # noqa: PLC0415
    from solferino.training.fine_tuning import nats_before  # noqa: PLC0415

    best = run_dir / "best.pt"
    card = export_bundle(
        best if best.exists() else run_dir / "last.pt",
        path,
        name=path.stem,
        examples=plan.examples,
        before=plan.start,
    )
    if plan.start and len(plan.examples.eval):
        nats = nats_before(plan.start, plan.recipe, plan.examples)
        typer.echo(f"{plan.start.card.name} before, held out: {nats:.3f} nats a step")
    typer.echo(f"{card.name}, {quality_of(dict(card.held_out)) or 'not measured'}")
    typer.echo(f"{path}: play it with `solferino generate {path}`")
