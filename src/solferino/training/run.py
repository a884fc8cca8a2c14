"""From a recipe and examples to a trained model, and back from the folder of a run."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from solferino.datasets.examples import Examples, check_same_events
from solferino.errors import TrainingError
from solferino.models.registry import EventModel, build_model, model_config
from solferino.representations.registry import build_representation
from solferino.representations.representation import Representation
from solferino.training.checkpoints import read_checkpoint
from solferino.training.loop import FitOptions, FitResult, Preview, fit
from solferino.training.objective import NextEvent
from solferino.training.recipe import Recipe

FIRST_LAYER = "layers.0.weight_ih"
"""Weights of what a model sees; its context comes first."""


def new_model(recipe: Recipe, representation: Representation, seed: int) -> EventModel:
    """Build the model of a recipe with fresh weights.

    Parameters
    ----------
    recipe : Recipe
    representation : Representation
        It gives the widths of input and output.
    seed : int >= 0
        The same seed gives the same weights.

    Returns
    -------
    EventModel
    """
    torch.manual_seed(seed)
    sizes = {
        "input_size": representation.input_size,
        "num_classes": representation.num_classes,
    }
    return build_model(recipe.model["name"], {**sizes, **recipe.model["config"]})


def train(
    recipe: Recipe,
    examples: Examples,
    run_dir: str | Path,
    options: FitOptions | None = None,
    *,
    weights: Mapping[str, NDArray[Any]] | None = None,
    preview: Preview | None = None,
) -> FitResult:
    """Train the model of a recipe on examples.

    Parameters
    ----------
    recipe : Recipe
    examples : Examples
        Of the recipe's events; the encoding that they were made with does not matter.
    run_dir : path
        Folder of the run; see `solferino.training.loop.fit`.
    options : FitOptions, optional
    weights : mapping of str to ndarray, optional
        To start from, as ``Bundle.weights()`` gives them: fine-tuning.
    preview : function, optional
        See `solferino.training.preview`.

    Returns
    -------
    FitResult

    Raises
    ------
    DatasetError
        If the examples are of other events.
    TrainingError
        If the weights do not fit the recipe, or the run cannot start or resume.
    """
    options = options or FitOptions()
    representation = build_representation(**recipe.representation)
    check_same_events(examples, representation, f"recipe {recipe.name}")
    model = new_model(recipe, representation, options.seed)
    if weights is not None:
        load_weights(model, weights)
    objective = NextEvent(
        model,
        representation,
        examples.train,
        examples.eval,
        batch_size=recipe.training.batch_size,
        keep_prob=recipe.training.dropout_keep_prob,
        augmentation=recipe.augmentation,
        seed=options.seed,
    )
    description = {
        "recipe": recipe.to_json(),
        "representation": {
            "name": representation.name,
            "options": dict(representation.options),
        },
        "model_config": {"name": recipe.model["name"], "config": model_config(model)},
        "learnt_from": [dict(source) for source in examples.learnt_from],
        "options": asdict(options),
    }
    return fit(
        objective, run_dir, recipe.training, options, description=description, preview=preview
    )


def load_weights(model: torch.nn.Module, weights: Mapping[str, NDArray[Any]]) -> None:
    """Put the weights of a bundle into a model.

    A model may see more than the bundle's did, in front of it: a performance model that is
    told how dense to play can start from one that was not. What is new starts without
    influence.

    Raises
    ------
    TrainingError
        If names or shapes differ otherwise.
    """
    tensors = {name: torch.from_numpy(values).float() for name, values in weights.items()}
    first, wanted = tensors.get(FIRST_LAYER), model.state_dict().get(FIRST_LAYER)
    if first is not None and wanted is not None and wanted.shape[1] > first.shape[1]:
        more = wanted.shape[1] - first.shape[1]
        tensors[FIRST_LAYER] = torch.nn.functional.pad(first, (more, 0))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise TrainingError(
            "the weights do not fit the model; train with the recipe and --hparams that the "
            "bundle was made with"
        ) from error


def read_run(path: str | Path) -> tuple[EventModel, Representation, dict[str, Any]]:
    """Read the model of a checkpoint.

    Parameters
    ----------
    path : path
        A file such as ``runs/1/best.pt``.

    Returns
    -------
    model : EventModel
    representation : Representation
    values : dict
        All that the checkpoint holds: ``recipe``, ``progress``, ``learnt_from`` and others.

    Raises
    ------
    TrainingError
        If it cannot be read, or is no checkpoint of `train`.
    """
    values = read_checkpoint(Path(path))
    if "model_config" not in values:
        raise TrainingError(f"{path} does not say which model it holds; train with a recipe")
    model = build_model(**values["model_config"])
    model.load_state_dict(values["model"])
    representation = build_representation(**values["representation"])
    return model, representation, values
