"""``solferino bundles`` from the user's side."""

import json

import pytest

from solferino.bundles.bundle import open_bundle
from solferino.cli.bundles import quality_of


@pytest.fixture
def installed(bundle, monkeypatch):
    monkeypatch.setattr("solferino.bundles.bundle.shipped_bundles", lambda: (open_bundle(bundle),))


def test_a_list_for_people(solferino, installed, bundle):
    assert solferino("bundles").out == (
        f"toy  makes melodies, {bundle.stat().st_size / 1e6:.1f} MB of float16, CC0-1.0\n"
        "  Random melodies.\n"
        "  held out: 2.500 nats a step, 5-gram 1.500\n"
        "  learnt from Nothing (3 pieces, CC0-1.0): thanks to nobody\n"
    )


def test_a_list_for_programs(solferino, installed, bundle):
    (found,) = json.loads(solferino("bundles", "--json").out)
    assert found["name"] == "toy"
    assert found["makes"] == "melodies"
    assert found["learnt_from"][0]["attribution"] == "thanks to nobody"
    assert found["precision"] == "float16"
    assert found["bytes"] == bundle.stat().st_size
    assert found["sha256"] == open_bundle(bundle).sha256
    assert found["held_out"]["baseline_nats_per_step"] == 1.5


def test_an_empty_list_says_what_to_do(solferino, monkeypatch):
    monkeypatch.setattr("solferino.bundles.bundle.shipped_bundles", tuple)
    assert "solferino train" in solferino("bundles").out
    assert json.loads(solferino("bundles", "--json").out) == []


def test_what_was_not_measured_is_not_claimed():
    assert quality_of({}) == ""
    assert quality_of({"nats_per_step": 1, "accuracy": 0.5}) == (
        "held out: 1.000 nats a step, accuracy 50.0%"
    )
