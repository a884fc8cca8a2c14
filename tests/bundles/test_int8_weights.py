import numpy as np
import pytest

from solferino.bundles.int8_weights import to_float16, to_int8

RANDOM = np.random.default_rng(0)
MATRIX = (RANDOM.normal(size=(4, 50)) * [[1e-3], [1], [100], [0]]).astype(np.float16)
WEIGHTS = {"layer.weight": MATRIX, "layer.bias": np.array([3, 0.1], np.float16)}


def test_each_row_of_a_matrix_has_a_scale_of_its_own():
    stored = to_int8(WEIGHTS)
    assert stored["layer.weight"].dtype == np.int8
    assert np.abs(stored["layer.weight"]).max(axis=1).tolist() == [127, 127, 127, 0]
    assert stored["layer.weight.scale"].shape == (4, 1)


def test_a_number_moves_by_half_a_step_of_its_row_at_most():
    back = to_float16(to_int8(WEIGHTS))["layer.weight"].astype(np.float32)
    largest = np.abs(MATRIX).max(axis=1, keepdims=True).astype(np.float32)
    half_a_step = 0.5 * largest / 127 + largest / 4096  # and the rounding to float16
    assert (np.abs(back - MATRIX) <= 1.001 * half_a_step).all()
    assert (back[:3] != MATRIX[:3]).any()


def test_a_vector_stays_as_it_is():
    assert to_int8(WEIGHTS)["layer.bias"] is WEIGHTS["layer.bias"]


def test_names_come_back_as_the_network_has_them():
    back = to_float16(to_int8(WEIGHTS))
    assert {name: array.dtype for name, array in back.items()} == {
        "layer.weight": np.float16,
        "layer.bias": np.float16,
    }


def test_what_is_no_int8_stays_as_it_is():
    assert to_float16(WEIGHTS)["layer.weight"] is MATRIX


def test_a_matrix_without_its_scales_is_no_weight():
    stored = to_int8(WEIGHTS)
    del stored["layer.weight.scale"]
    with pytest.raises(KeyError, match=r"layer\.weight\.scale"):
        to_float16(stored)
