import numpy as np
import pytest

from solferino.errors import GenerationError
from solferino.generation.generator import EventControls
from tests.generation.letters import (
    CARD,
    letters,
    lstm_generator,
    table_generator,
    words,
)

CYCLE = np.eye(3)[[1, 2, 0]]  # A, B, C, A, B, C ...
COIN = np.full((2, 2), 0.5)


def test_a_certain_model_goes_its_way():
    ids, likelihoods = table_generator(CYCLE).continue_events(letters("AB"), 5, EventControls())
    assert words(ids) == ["CABCA"]
    assert likelihoods[0] == pytest.approx(0, abs=1e-2)


def test_a_coin_costs_log_2_a_toss():
    _, likelihoods = table_generator(COIN).continue_events(letters("A"), 10, EventControls())
    assert likelihoods[0] == pytest.approx(-10 * np.log(2))


@pytest.mark.parametrize(
    "controls",
    [
        EventControls(),
        EventControls(temperature=1.3),
        EventControls(top_k=3),
        EventControls(top_p=0.8),
        EventControls(beam_size=2, branch_factor=2),
    ],
)
def test_an_output_is_the_same_alone_and_in_a_batch(controls):
    generator = lstm_generator()
    together, _ = generator.continue_events(letters("AC"), 40, controls, seed=3, outputs=range(10))
    for k in (0, 1, 9):
        alone, _ = generator.continue_events(letters("AC"), 40, controls, seed=3, outputs=[k])
        assert words(alone)[0] == words(together)[k]


def test_the_same_seed_is_the_same_and_another_is_not():
    generator = lstm_generator()
    first, _ = generator.continue_events(letters("A"), 40, seed=3)
    again, _ = generator.continue_events(letters("A"), 40, seed=3)
    other, _ = generator.continue_events(letters("A"), 40, seed=4)
    assert words(first) == words(again)
    assert words(first) != words(other)


def test_outputs_of_a_batch_differ():
    ids, _ = lstm_generator().continue_events(letters("A"), 20, outputs=range(10))
    assert len(set(words(ids))) == 10


def test_temperature_0_and_top_k_1_both_take_the_likeliest():
    generator = lstm_generator()
    coldest, _ = generator.continue_events(letters("A"), 30, EventControls(temperature=0), seed=1)
    for controls in (
        EventControls(top_k=1),
        EventControls(top_p=1e-9),
        EventControls(temperature=0),
    ):
        ids, _ = generator.continue_events(letters("A"), 30, controls, seed=2)
        assert words(ids) == words(coldest)


def test_forbidden_events_never_come_and_likelihood_is_still_the_models_own():
    generator = table_generator(COIN, forbidden=[1])
    ids, likelihoods = generator.continue_events(letters("B"), 10)
    assert words(ids) == ["AAAAAAAAAA"]
    assert likelihoods[0] == pytest.approx(-10 * np.log(2))


def test_what_the_model_took_in_changes_what_it_says():
    generator = lstm_generator()
    one, _ = generator.continue_events(letters("AAAB"), 30, EventControls(temperature=0))
    other, _ = generator.continue_events(letters("FDEB"), 30, EventControls(temperature=0))
    assert words(one) != words(other)


def test_continuing_in_two_parts_with_argmax_is_continuing_at_once():
    generator, controls = lstm_generator(), EventControls(temperature=0)
    whole, _ = generator.continue_events(letters("AB"), 20, controls)
    first, _ = generator.continue_events(letters("AB"), 8, controls)
    second, _ = generator.continue_events(letters("AB" + words(first)[0]), 12, controls)
    assert words(whole) == [words(first)[0] + words(second)[0]]


def test_a_model_that_gives_no_numbers_is_named():
    generator = table_generator(np.array([[np.nan, 1.0], [1.0, 1.0]]))
    assert generator.card == CARD
    with pytest.raises(GenerationError, match="'letters' gave logits that are not numbers"):
        generator.continue_events(letters("A"), 3)
