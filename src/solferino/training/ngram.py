"""What counting can do: an interpolated n-gram, the baseline that every model has to beat."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_CODE = 2**62
CHUNK_CONTEXTS = 4096
"""Contexts whose distributions are in memory at once."""


class _Counts(NamedTuple):
    """How often contexts of one length, and events after them, were seen.

    Contexts and continuations are codes in rising order: a context is its events as digits,
    a continuation is its context's code times the number of events, plus the event.
    """

    contexts: Codes
    totals: Codes
    kinds: Codes
    continuations: Codes
    occurrences: Codes


class Measured(NamedTuple):
    """How surprised a model was.

    Parameters
    ----------
    nats : float
        Sum of the negative natural logarithms of the probabilities.
    num_events : int
        How many events were predicted.
    """

    nats: float
    num_events: int


class Guesses(NamedTuple):
    """What a model held for likeliest, and what came.

    Parameters
    ----------
    likeliest, events : ndarray of int64, shape (num_events,)
    """

    likeliest: Codes
    events: Codes


@final
@dataclass(frozen=True, eq=False)
class InterpolatedNgram:
    """An n-gram model of events, interpolated by Witten and Bell's rule.

    The probability of event w after the context h is
    ``(c(hw) + t(h) * p(w | h')) / (c(h) + t(h))``, where c counts, t(h) is how many different
    events followed h, and h' is h without its oldest event. Below the empty context all
    events are equally likely. A sequence begins after default events.

    Parameters
    ----------
    num_events : int
        Size of the event vocabulary.
    default_event : int
        What the context holds before the start of a sequence.
    order : int
        Length of the context, plus one.
    counts : tuple
        For each length of context from 0; `fit` makes them.

    References
    ----------
    I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on
    Information Theory 37 (4), 1991, method C.
    """

    num_events: int
    default_event: int = 0
    order: int = 5
    counts: tuple[_Counts, ...] = ()

    def __post_init__(self) -> None:
        """Check that the codes of the longest context fit."""
        if self.order < 1 or self.num_events < 1:
            raise ValueError(
                f"an n-gram needs an order and a vocabulary of at least 1, not {self.order} "
                f"and {self.num_events}"
            )
        if self.num_events**self.order > MAX_CODE:
            raise ValueError(
                f"order {self.order} is too high for {self.num_events} events; take a lower one"
            )

    def fit(self, sequences: Iterable[ArrayLike]) -> Self:
        """Return the model that has counted these sequences.

        Parameters
        ----------
        sequences : iterable of int arrays, shape (n_events,)
            Event ids. The first event of each is context only, because that is what a model
            of sequences predicts.
        """
        contexts, events = self._targets(sequences)
        lengths = range(self.order if len(events) else 0)
        counts = tuple(
            _count(contexts % self.num_events**length, events, self.num_events)
            for length in lengths
        )
        return type(self)(self.num_events, self.default_event, self.order, counts)

    def nats(self, sequences: Iterable[ArrayLike]) -> Measured:
        """Measure how well the model predicts sequences, all events but the first of each.

        Parameters
        ----------
        sequences : iterable of int arrays, shape (n_events,)

        Returns
        -------
        Measured
        """
        contexts, events = self._targets(sequences)
        probabilities = self._probabilities(contexts, events)
        return Measured(float(-np.log(probabilities).sum()), len(events))

    def guesses(self, sequences: Iterable[ArrayLike]) -> Guesses:
        """Tell the likeliest event in each place, beside the event that came.

        Parameters
        ----------
        sequences : iterable of int arrays, shape (n_events,)

        Returns
        -------
        Guesses
        """
        contexts, events = self._targets(sequences)
        different, rows = np.unique(contexts, return_inverse=True)
        candidates = np.arange(self.num_events, dtype=np.int64)
        likeliest = np.empty(len(different), np.int64)
        for start in range(0, len(different), CHUNK_CONTEXTS):
            chunk = different[start : start + CHUNK_CONTEXTS]
            probabilities = self._probabilities(
                np.repeat(chunk, self.num_events), np.tile(candidates, len(chunk))
            )
            best = probabilities.reshape(len(chunk), -1).argmax(axis=1)
            likeliest[start : start + CHUNK_CONTEXTS] = best
        return Guesses(likeliest[rows], events)

    def distribution(self, context: ArrayLike) -> Floats:
        """Probabilities of all events after a context.

        Parameters
        ----------
        context : int array, shape (n_events,)
            The events before, oldest first; default events stand before them.

        Returns
        -------
        ndarray of float64, shape (num_events,)
            They add up to 1.
        """
        events = np.append(np.asarray(context, np.int64), self.default_event)
        code = self._codes(events, np.arange(len(events)))[-1]
        return self._probabilities(
            np.full(self.num_events, code), np.arange(self.num_events, dtype=np.int64)
        )

    def _targets(self, sequences: Iterable[ArrayLike]) -> tuple[Codes, Codes]:
        """Events to predict, and the code of the longest context before each."""
        arrays = [np.asarray(sequence, np.int64) for sequence in sequences]
        lengths = np.array([len(array) for array in arrays], np.int64)
        events = np.concatenate([np.empty(0, np.int64), *arrays])
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        if len(events) and not 0 <= events.min() <= events.max() < self.num_events:
            raise ValueError(f"events must be in 0..{self.num_events - 1}")
        is_target = np.arange(len(events)) > starts
        return self._codes(events, np.arange(len(events)) - starts)[is_target], events[is_target]

    def _codes(self, events: Codes, ages: Codes) -> Codes:
        """Code of the context before each event; `ages` counts the events that it has."""
        codes = np.zeros(len(events), np.int64)
        padded = np.concatenate([np.zeros(self.order, np.int64), events])
        for back in range(1, self.order):
            before = padded[self.order - back : len(padded) - back]
            before = np.where(ages >= back, before, self.default_event)
            codes += before * self.num_events ** (back - 1)
        return codes

    def _probabilities(self, contexts: Codes, events: Codes) -> Floats:
        """Probability of each event after its context."""
        probabilities = np.full(len(events), 1 / self.num_events)
        for length, counts in enumerate(self.counts):
            codes = contexts % self.num_events**length
            rows, known = _find(counts.contexts, codes)
            total, kinds = counts.totals[rows] * known, counts.kinds[rows] * known
            rows, seen = _find(counts.continuations, codes * self.num_events + events)
            times = counts.occurrences[rows] * seen
            mixed = (times + kinds * probabilities) / np.maximum(total + kinds, 1)
            probabilities = np.where(known, mixed, probabilities)
        return probabilities


def _count(contexts: Codes, events: Codes, num_events: int) -> _Counts:
    codes, occurrences = np.unique(contexts * num_events + events, return_counts=True)
    found, first = np.unique(codes // num_events, return_index=True)
    ends = np.append(first, len(codes))[1:]
    running = np.concatenate([[0], np.cumsum(occurrences)])
    return _Counts(found, running[ends] - running[first], ends - first, codes, occurrences)


def _find(table: Codes, codes: Codes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Row of each code in a sorted table, and whether it is there; row 0 where it is not."""
    rows = np.searchsorted(table, codes)
    rows[rows == len(table)] = 0
    return rows, table[rows] == codes
