import json

import pytest

from solferino.bundles.card import FORMAT_VERSION, Card, Source
from solferino.errors import BundleError

CARD = Card(
    name="toy",
    makes="melodies",
    description="Two bars of é",
    representation={"name": "melody", "options": {"encoding": "key"}},
    model={"name": "lstm", "config": {"rnn_layer_sizes": [8, 8]}},
    learnt_from=(Source("Tunes", "CC0-1.0", "the singers", 12),),
    licence="Apache-2.0",
    seed=3,
    steps=100,
    recipe={"name": "toy"},
    held_out={"nats_per_step": 0.5},
    parts={"step.onnx": "00"},
)


def changed(**changes):
    return json.dumps({**json.loads(CARD.to_json()), **changes})


def test_a_card_survives_json():
    assert Card.from_json(CARD.to_json()) == CARD


def test_equal_cards_are_equal_text():
    assert Card.from_json(CARD.to_json()).to_json() == CARD.to_json()


def test_an_unknown_key_is_left_out():
    assert Card.from_json(changed(mood="blue")) == CARD


def test_a_card_that_does_not_say_its_precision_is_of_float16():
    older = json.loads(changed(precision="int8"))
    assert Card.from_json(json.dumps(older)).precision == "int8"
    del older["precision"]
    assert Card.from_json(json.dumps(older)).precision == "float16"


def test_a_newer_card_says_upgrade():
    with pytest.raises(BundleError, match=r"format version 2, newer than 1: upgrade"):
        Card.from_json(changed(format_version=FORMAT_VERSION + 1))


@pytest.mark.parametrize(
    "changes", [{"name": 3}, {"parts": None}, {"learnt_from": "tunes"}, {"precision": 8}]
)
def test_a_card_with_a_wrong_value_names_it(changes):
    with pytest.raises(BundleError, match=f"no valid '{next(iter(changes))}'"):
        Card.from_json(changed(**changes))


def test_a_source_with_a_wrong_key_is_shown():
    with pytest.raises(BundleError, match=r"a source that cannot be read.*'artist'"):
        Card.from_json(changed(learnt_from=[{"artist": "B"}]))


@pytest.mark.parametrize(
    ("text", "rule"), [("{", "is not JSON"), ("[1]", "is not a JSON object"), (b"\xff", "not JSON")]
)
def test_other_text_is_no_card(text, rule):
    with pytest.raises(BundleError, match=rule):
        Card.from_json(text)


def test_deep_nesting_is_refused_and_not_followed():
    with pytest.raises(BundleError, match="is not JSON"):
        Card.from_json("[" * 1_000_000)
