"""Names of models and their configurations."""

import pytest

from solferino.errors import RecipeError
from solferino.models.registry import build_model, model_config


def test_a_model_is_built_again_from_its_configuration():
    config = {"input_size": 5, "num_classes": 4, "rnn_layer_sizes": [6], "attn_length": 2}
    model = build_model("lstm", config)
    assert model_config(model) == {**config, "residual_connections": False}
    assert model_config(build_model("lstm", model_config(model))) == model_config(model)


def test_an_unknown_model_is_named_with_those_there_are():
    with pytest.raises(RecipeError, match=r"no model 'gru'; use one of .*lstm"):
        build_model("gru", {})


def test_an_unknown_size_is_named():
    with pytest.raises(RecipeError, match=r"not valid: .*'width'"):
        build_model("lstm", {"input_size": 5, "num_classes": 4, "width": 3})
