import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.bundles.bundle import Bundle, open_bundle, write_bundle
from solferino.bundles.card import Card
from solferino.bundles.fingerprints import (
    FINGERPRINTS,
    Fingerprints,
    fingerprints_before,
    fingerprints_of,
)
from solferino.errors import BundleError

CODES = st.lists(st.integers(0, 2**64 - 1), max_size=80).map(lambda v: np.array(v, np.uint64))


def random_codes(n, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


def written(folder, parts) -> Bundle:
    card = Card(name="toy", makes="melodies", representation={}, model={})
    path = folder / "toy.solferino"
    write_bundle(path, card, {"step.onnx": b"", "weights.safetensors": b"", **parts})
    return open_bundle(path)


@settings(max_examples=50, deadline=None)
@given(CODES)
def test_what_went_in_is_found_after_it_was_written_and_read(codes):
    learnt = Fingerprints.of([codes], 2)
    again = Fingerprints.from_bytes(learnt.to_bytes())
    assert again.codes.tolist() == learnt.codes.tolist()
    assert (again.bits, again.ratios_per_octave) == (learnt.bits, 2)
    assert again.has(codes).all()


def test_strangers_are_hardly_ever_found():
    learnt = Fingerprints.of([random_codes(20_000)], 2)
    assert learnt.false_positive_rate < 1e-4
    assert learnt.has(random_codes(200_000, seed=1)).mean() < 1e-4


def test_five_thousand_tunes_take_300_kib():
    assert len(Fingerprints.of([random_codes(144_000)], 2).to_bytes()) <= 300 * 2**10


def test_a_fine_tuned_bundle_knows_both_what_it_and_what_its_parent_learnt():
    old, new = random_codes(500), random_codes(50, seed=1)
    parent = Fingerprints(np.sort(old >> np.uint64(24)), 40)
    child = Fingerprints.of([new], 2).joined(parent)
    assert child.has(old).all()
    assert child.has(new).all()
    assert child.missing == ()


def test_a_parent_without_fingerprints_is_named(tmp_path):
    unknown = fingerprints_before(written(tmp_path, {}))
    child = Fingerprints.of([random_codes(50)], 1).joined(unknown)
    assert Fingerprints.from_bytes(child.to_bytes()).missing == ("toy",)
    assert child.has(random_codes(50)).all()
    known = written(tmp_path, {FINGERPRINTS: child.to_bytes()})
    assert fingerprints_before(known).codes.tolist() == child.codes.tolist()


def test_a_bundle_without_fingerprints_says_how_to_add_them(tmp_path):
    with pytest.raises(BundleError, match="no fingerprints of the music it learnt from"):
        fingerprints_of(written(tmp_path, {}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        b"[]\n",
        Fingerprints.of([random_codes(50)], 2).to_bytes()[:-60],
        Fingerprints.of([random_codes(50)], 2).to_bytes().replace(b'"codes": 50', b'"codes": -3'),
        Fingerprints.of([random_codes(50)], 2).to_bytes().replace(b'"codes": 50', b'"codes": 5e9'),
        Fingerprints.of([random_codes(50)], 2)
        .to_bytes()
        .replace(b'"codes": 50', b'"codes": 9999999'),
        Fingerprints.of([random_codes(50)], 2).to_bytes().replace(b"{}", b'{"share": [1, 0]}'),
        Fingerprints.of([random_codes(50)], 2)
        .to_bytes()
        .replace(b"{}", b'{"longest_run_notes": [1, 0]}'),
    ],
)
def test_damaged_fingerprints_name_their_bundle(tmp_path, data):
    bundle = written(tmp_path, {FINGERPRINTS: data})
    with pytest.raises(BundleError, match=r"toy\.solferino: the fingerprints cannot be read"):
        fingerprints_of(bundle)


def test_fingerprints_of_a_newer_version_ask_for_an_upgrade():
    data = Fingerprints.of([], 2).to_bytes().replace(b'version": 1', b'version": 2')
    with pytest.raises(BundleError, match="have version 2 and this solferino reads 1: upgrade"):
        Fingerprints.from_bytes(data)
