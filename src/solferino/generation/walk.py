"""Walking through a model event by event, a whole batch at a time."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from solferino.bundles.session import StepSession
from solferino.generation.generator import EventControls
from solferino.generation.sampling import (
    class_weights,
    draw,
    event_probabilities,
    relative_probabilities,
)
from solferino.representations.representation import EventSequence, Representation

Floats = NDArray[np.float64]

_LEAST_PROBABILITY = np.finfo(np.float64).tiny


@final
class Walk:
    """Sequences that grow together, each a continuation of the same primer.

    The primer is taken in once, as a batch of one, and its outcome then copied to all rows.

    Parameters
    ----------
    representation : Representation
        Says what the model sees, and what its classes mean.
    session : StepSession
        The model.
    primer : EventSequence
        At least one event.
    num_rows : int > 0
        How many sequences.
    num_events : int > 0
        How many events each may grow by.

    Attributes
    ----------
    ids : ndarray of int16, shape (num_rows, num_events)
        The new events; those not chosen yet are 0.
    length : int
        How many have been chosen.
    """

    def __init__(
        self,
        representation: Representation,
        session: StepSession,
        primer: EventSequence,
        num_rows: int,
        num_events: int,
    ) -> None:
        self.ids = np.zeros((num_rows, num_events), np.int16)
        self.length = 0
        self._probabilities = np.ones((num_rows, num_events))
        self._rows = np.arange(num_rows)
        self._session = session
        self._tracker = representation.tracker(np.array([primer.steps_per_bar], np.int64))
        self._state = session.initial_state(1)
        for i in range(len(primer)):
            self._take_in(primer.ids[i : i + 1])
        self._keep(np.zeros(num_rows, np.intp))

    def extend(
        self,
        num_events: int,
        controls: EventControls,
        allowed: NDArray[np.bool_],
        uniforms: Floats,
    ) -> None:
        """Choose the next events of every row.

        Parameters
        ----------
        num_events : int
            How many; fewer where the rows are full.
        controls : EventControls
            How they are chosen.
        allowed : ndarray of bool, shape (num_events in all, size of the vocabulary)
            The events that the constraints leave at each step.
        uniforms : ndarray of float64, shape (num_events in all, num_rows)
            One random number for each event, in [0, 1).
        """
        is_free = np.asarray(allowed.all(axis=1))
        is_plain = (controls.temperature, controls.top_k, controls.top_p) == (1, 0, 1)
        last = self.ids.shape[1]
        for step in range(self.length, min(self.length + num_events, last)):
            class_events = self._tracker.class_events()
            relative = weights = relative_probabilities(self._logits)
            if not (is_free[step] and is_plain):
                mask = None if is_free[step] else allowed[step].take(class_events)
                weights = class_weights(self._logits, controls, mask)
            ids = class_events[self._rows, draw(weights, uniforms[step])]
            self._probabilities[:, step] = event_probabilities(relative, class_events, ids)
            self.ids[:, step] = ids
            self.length = step + 1
            if self.length < last:
                self._take_in(ids)

    def log_likelihoods(self) -> Floats:
        """Return how likely the model finds each row's new events, in nats, shape (num_rows,)."""
        chosen = self._probabilities[:, : self.length]
        return np.asarray(np.log(np.maximum(chosen, _LEAST_PROBABILITY)).sum(axis=1))

    def select(self, rows: NDArray[np.intp]) -> None:
        """Let row k go on from where row ``rows[k]`` is."""
        self.ids = self.ids[rows]
        self._probabilities = self._probabilities[rows]
        self._keep(rows)

    def _take_in(self, ids: NDArray[np.int16]) -> None:
        self._logits, self._state = self._session.step(self._tracker.feed(ids), self._state)

    def _keep(self, rows: NDArray[np.intp]) -> None:
        self._tracker = self._tracker.select(rows)
        self._state = self._session.select(self._state, rows)
        self._logits = self._logits[rows]
