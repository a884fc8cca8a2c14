import numpy as np
import pytest
from onnx import TensorProto, helper

from solferino.bundles.session import StepSession
from solferino.errors import BundleError
from tests.bundles.step_graphs import lstm_graph, table_graph

GRAPH, WEIGHTS = lstm_graph(5, 7, (4, 3))


def random_inputs(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(x, states):
    """The two cells of the graph, in NumPy."""
    following = []
    for layer in range(2):
        c, h = states[2 * layer : 2 * layer + 2]
        gates = np.concatenate([x, h], axis=1) @ WEIGHTS[f"cell{layer}.w"].astype(np.float32)
        i, j, f, o = np.split(gates, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(j)
        x = sigmoid(o) * np.tanh(c)
        following += [c, x]
    return x @ WEIGHTS["out.w"].astype(np.float32), following


def test_sizes_are_those_of_the_graph():
    session = StepSession(GRAPH, WEIGHTS)
    assert (session.input_size, session.num_classes) == (5, 7)
    assert [array.shape for array in session.initial_state(2)] == [(2, 4), (2, 4), (2, 3), (2, 3)]


def test_the_session_computes_what_the_cells_say():
    session = StepSession(GRAPH, WEIGHTS)
    state = by_hand = session.initial_state(3)
    for inputs in random_inputs(4, 3, 5):
        logits, state = session.step(inputs, state)
        expected, by_hand = lstm_by_hand(inputs, by_hand)
        np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_a_row_does_not_depend_on_the_rest_of_the_batch():
    session = StepSession(*lstm_graph(40, 38, (128, 128)))
    inputs = random_inputs(10, 40)
    together, _ = session.step(inputs, session.initial_state(10))
    for k in range(10):
        alone, _ = session.step(inputs[k : k + 1], session.initial_state(1))
        assert alone[0].tolist() == together[k].tolist()


def test_a_step_leaves_the_state_before_it_as_it_was():
    session = StepSession(GRAPH, WEIGHTS)
    before = session.initial_state(1)
    once, _ = session.step(random_inputs(1, 5), before)
    again, _ = session.step(random_inputs(1, 5), before)
    assert not any(array.any() for array in before)
    assert once.tolist() == again.tolist()


def test_selected_rows_go_on_like_the_rows_they_were():
    session = StepSession(GRAPH, WEIGHTS)
    _, state = session.step(random_inputs(3, 5), session.initial_state(3))
    rows = np.array([2, 0, 2])
    whole, _ = session.step(random_inputs(3, 5), state)
    chosen, _ = session.step(random_inputs(3, 5)[rows], session.select(state, rows))
    assert chosen.tolist() == whole[rows].tolist()


def test_a_model_may_have_no_memory():
    session = StepSession(*table_graph(np.array([[1.0, 2.0], [3.0, 4.0]])))
    logits, state = session.step(np.eye(2, dtype=np.float32), session.initial_state(2))
    assert logits.tolist() == [[1, 2], [3, 4]]
    assert state == ()


def test_bytes_that_are_no_graph_are_refused():
    with pytest.raises(BundleError, match="graph of the bundle cannot be loaded"):
        StepSession(b"not a graph", {})


def test_a_weight_that_is_missing_is_noticed():
    with pytest.raises(BundleError, match=r"cannot be loaded .*out.w"):
        StepSession(GRAPH, {name: a for name, a in WEIGHTS.items() if name != "out.w"})


def test_a_weight_of_another_shape_is_noticed():
    with pytest.raises(BundleError, match=r"cannot be loaded .*dimensions do not match"):
        StepSession(GRAPH, WEIGHTS | {"out.w": WEIGHTS["out.w"].T})


def test_inputs_and_logits_are_one_vector_for_each_sequence():
    node = helper.make_node("Identity", ["inputs"], ["logits"])
    ends = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch"]) for n in ("inputs", "logits")
    ]
    graph = helper.make_graph([node], "step", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(BundleError, match="of known sizes: export the bundle again"):
        StepSession(model.SerializeToString(), {})


def test_a_graph_of_another_kind_is_refused():
    graph = GRAPH.replace(b"next.1", b"past.1")
    with pytest.raises(BundleError, match=r"gives .*'past.1'.*: export the bundle again"):
        StepSession(graph, WEIGHTS)
