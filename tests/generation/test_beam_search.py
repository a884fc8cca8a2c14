import numpy as np
import pytest

from solferino.generation.beam_search import best_rows, surviving_rows
from solferino.generation.generator import EventControls
from tests.generation.letters import letters, lstm_generator, table_generator, words

# A leads to B more often than to C, but after C all is certain and after B nothing is.
TRAP = np.array(
    [[0, 0.6, 0.4, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]]
)


def test_survivors_are_the_likeliest_of_each_output_each_branched():
    likelihoods = np.array([-3.0, -1.0, -2.0, -9.0, -1.0, -5.0, -4.0, -1.0])
    rows = surviving_rows(likelihoods, num_outputs=2, beam_size=2, branch_factor=2)
    assert rows.tolist() == [1, 1, 2, 2, 4, 4, 7, 7]


def test_the_best_row_of_each_output_is_found():
    assert best_rows(np.array([-3.0, -1.0, -1.0, -2.0]), num_outputs=2).tolist() == [1, 2]


def test_looking_ahead_escapes_the_trap():
    greedy = EventControls(temperature=0)
    beam = EventControls(beam_size=4, branch_factor=4, steps_per_iteration=2)
    generator = table_generator(TRAP)
    by_greed, poor = generator.continue_events(letters("A"), 8, greedy)
    by_beam, rich = generator.continue_events(letters("A"), 8, beam)
    assert words(by_greed)[0].startswith("B")
    assert words(by_beam) == ["CCCCCCCC"]
    assert rich[0] == pytest.approx(np.log(0.4), abs=0.05)
    assert poor[0] < rich[0] - 5


def test_beam_search_finds_likelier_events_than_plain_sampling_does():
    generator, outputs = lstm_generator(), range(10)
    _, plain = generator.continue_events(letters("AB"), 30, EventControls(), outputs=outputs)
    controls = EventControls(beam_size=4, branch_factor=3)
    _, searched = generator.continue_events(letters("AB"), 30, controls, outputs=outputs)
    assert searched.min() > plain.max()


@pytest.mark.parametrize("stride", [1, 3, 7, 100])
def test_an_output_has_its_own_beams_whatever_else_is_in_the_batch(stride):
    generator = lstm_generator()
    controls = EventControls(beam_size=2, branch_factor=3, steps_per_iteration=stride)
    together, likelihoods = generator.continue_events(
        letters("A"), 12, controls, seed=5, outputs=range(6)
    )
    alone, likelihood = generator.continue_events(letters("A"), 12, controls, seed=5, outputs=[4])
    assert alone[0].tolist() == together[4].tolist()
    assert likelihood[0] == likelihoods[4]


def test_the_search_stays_random():
    controls = EventControls(beam_size=2, branch_factor=2, steps_per_iteration=4)
    ids, _ = lstm_generator().continue_events(letters("A"), 12, controls, outputs=range(5))
    assert len(set(words(ids))) > 1


def test_the_likelihood_of_the_best_is_that_of_its_own_events():
    generator = table_generator(TRAP)
    ids, likelihoods = generator.continue_events(
        letters("B"), 6, EventControls(beam_size=3, branch_factor=2), outputs=range(3)
    )
    table = np.maximum(TRAP, 1e-4)
    table /= table.sum(axis=1, keepdims=True)
    for row, likelihood in zip(ids, likelihoods, strict=True):
        pairs = zip([1, *row[:-1]], row, strict=True)
        expected = sum(np.log(table[before, after]) for before, after in pairs)
        assert likelihood == pytest.approx(expected, abs=0.02)  # the table is in float16
