"""The table of models: name in recipes and bundles, configuration, class."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from solferino.errors import RecipeError
from solferino.models.lstm import EventLstm, LstmConfig

MODELS = {"lstm": (LstmConfig, EventLstm)}


def build_model(name: str, config: Mapping[str, Any]) -> EventLstm:
    """Build a model with fresh weights.

    Parameters
    ----------
    name : str
        Key of ``MODELS``.
    config : mapping
        Arguments of the model's configuration.

    Returns
    -------
    torch module

    Raises
    ------
    RecipeError
        If the model is unknown, or its configuration is.
    """
    if name not in MODELS:
        raise RecipeError(f"there is no model {name!r}; use one of {', '.join(sorted(MODELS))}")
    config_class, model_class = MODELS[name]
    try:
        return model_class(config_class(**config))
    except (TypeError, ValueError) as error:
        raise RecipeError(f"the configuration of model {name!r} is not valid: {error}") from error


def model_config(model: EventLstm) -> dict[str, Any]:
    """Return the configuration that builds `model` again, as JSON values."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(model.config).items()
    }
