"""The table of models: name in recipes and bundles, configuration, class."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from solferino.errors import RecipeError
from solferino.models.attention_stack import AttentionStackConfig, AttentionStackLstm
from solferino.models.lstm import EventLstm, LstmConfig
from solferino.models.rnn_nade import RnnNade, RnnNadeConfig

EventModel = EventLstm | AttentionStackLstm | RnnNade


def _rnn_nade(**config: Any) -> RnnNade:
    sizes = RnnNadeConfig(**config)
    layers = LstmConfig(
        input_size=sizes.num_pitches,
        num_classes=sizes.num_pitches + sizes.nade_units,
        rnn_layer_sizes=sizes.rnn_layer_sizes,
        attn_length=sizes.attn_length,
        residual_connections=sizes.residual_connections,
    )
    return RnnNade(sizes, EventLstm(layers))


MODELS: dict[str, Callable[..., EventModel]] = {
    "attention_stack": lambda **config: AttentionStackLstm(AttentionStackConfig(**config)),
    "lstm": lambda **config: EventLstm(LstmConfig(**config)),
    "rnn_nade": _rnn_nade,
}


def build_model(name: str, config: Mapping[str, Any]) -> EventModel:
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
    try:
        return MODELS[name](**config)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"the configuration of model {name!r} is not valid: {error}") from error


def model_config(model: EventModel) -> dict[str, Any]:
    """Return the configuration that builds `model` again, as JSON values."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(model.config).items()
    }
