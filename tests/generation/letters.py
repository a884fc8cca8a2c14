"""A fake representation: the letters A, B, C ..., one a step, and nothing forbidden."""

from dataclasses import dataclass

import numpy as np

from solferino.bundles.card import Card
from solferino.bundles.session import StepSession
from solferino.generation.continuation import EventGenerator
from solferino.representations.one_hot import OneHotTracker
from solferino.representations.representation import EventSequence
from solferino.representations.step_events import StepGuide
from tests.bundles.step_graphs import lstm_graph, table_graph

CARD = Card(name="letters", makes="letters", representation={}, model={})


@dataclass(frozen=True)
class Letters:
    """Only what `continue_events` needs of a representation."""

    num_events: int
    forbidden: frozenset[int] = frozenset()

    def tracker(self, sequences):
        return OneHotTracker(self.num_events, len(sequences))

    def num_steps(self, ids):
        return len(ids)

    def guide(self, constraints, after, end_step, *, releases):
        mask = np.ones((end_step - len(after), self.num_events), np.bool_)
        mask[:, sorted(self.forbidden)] = False
        return StepGuide(mask)


def letters(text):
    """Events of a word."""
    return EventSequence(np.array([ord(letter) - ord("A") for letter in text]))


def words(ids):
    """Words of rows of events."""
    return ["".join(chr(ord("A") + i) for i in row) for row in ids]


def table_generator(probabilities, forbidden=()):
    """A generator that chooses each letter by the one before, as the table's rows say."""
    logits = np.log(np.maximum(probabilities, 1e-4))
    representation = Letters(len(logits), frozenset(forbidden))
    return EventGenerator(CARD, representation, StepSession(*table_graph(logits)))


def lstm_generator(num_letters=6, seed=0):
    """A generator with a memory and random weights."""
    graph = lstm_graph(num_letters, num_letters, (8, 8), seed)
    return EventGenerator(CARD, Letters(num_letters), StepSession(*graph))
