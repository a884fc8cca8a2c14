"""Representations by name."""

import json

import pytest

from solferino.errors import RecipeError
from solferino.representations.registry import build_representation


def test_a_representation_is_built_again_from_its_name_and_options():
    built = build_representation("melody", {"encoding": "key", "transpose_to_key": 0})
    options = json.loads(json.dumps(dict(built.options)))
    assert build_representation(built.name, options) == built


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("melodie", {}, r"unknown representation 'melodie': did you mean 'melody'\?"),
        ("melody", {"min_notes": 1}, r"unknown option of melody 'min_notes': .*'min_note'\?"),
        ("melody", {"encoding": "keys"}, "encoding='keys': it is one of one_hot, lookback, key"),
    ],
)
def test_unknown_names_are_refused(name, options, message):
    with pytest.raises(RecipeError, match=message):
        build_representation(name, options)
