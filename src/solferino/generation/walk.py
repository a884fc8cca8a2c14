"""Walking through a model event by event, a whole batch at a time."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from solferino.bundles.session import StepSession
from solferino.generation.generator import EventControls
from solferino.generation.sampling import (
    UniformNumbers,
    class_weights,
    draw,
    event_probabilities,
    relative_probabilities,
)
from solferino.representations.representation import EventSequence, Guide, Ids, Representation

Floats = NDArray[np.float64]

_FIRST_ROOM = 256  # events; doubled when full
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
    guide : Guide
        Says what may follow the primer, and when a sequence is full; of one sequence.
    num_rows : int > 0
        How many sequences.

    Attributes
    ----------
    length : int
        How many events have been chosen for each row that is not full.
    is_done : bool
        Whether all rows are full.
    """

    def __init__(
        self,
        representation: Representation,
        session: StepSession,
        primer: EventSequence,
        guide: Guide,
        num_rows: int,
    ) -> None:
        self.length = 0
        self.is_done = False
        self._ids = np.zeros((_FIRST_ROOM, num_rows), np.int16)
        self._probabilities = np.ones((_FIRST_ROOM, num_rows))
        self._lengths = np.zeros(num_rows, np.int64)
        self._rows = np.arange(num_rows)
        self._session = session
        self._tracker = representation.tracker([primer])
        self._guide = guide
        self._state = session.initial_state(1)
        for i in range(len(primer)):
            self._take_in(primer.ids[i : i + 1])
        self._keep(np.zeros(num_rows, np.intp))

    def extend(self, num_events: int, controls: EventControls, uniforms: UniformNumbers) -> None:
        """Choose the next events of every row.

        Parameters
        ----------
        num_events : int
            How many; fewer where all rows are full before.
        controls : EventControls
            How they are chosen.
        uniforms : UniformNumbers
            The random numbers of each event.
        """
        is_plain = (controls.temperature, controls.top_k, controls.top_p) == (1, 0, 1)
        for _ in range(num_events):
            if self.is_done:
                return
            class_events = self._tracker.class_events()
            relative = weights = relative_probabilities(self._logits)
            allowed = self._guide.allowed()
            if allowed is not None or not is_plain:
                mask = None if allowed is None else _of_classes(allowed, class_events)
                weights = class_weights(self._logits, controls, mask)
            ids = class_events[self._rows, draw(weights, uniforms.of_event(self.length))]
            self._record(ids, event_probabilities(relative, class_events, ids))
            if not self.is_done:
                self._take_in(ids)

    def events(self, row: int) -> Ids:
        """Return the new events of a row, shape (n_events,)."""
        return self._ids[: self._lengths[row], row].copy()

    def log_likelihoods(self) -> Floats:
        """Return how likely the model finds each row's new events, in nats, shape (num_rows,)."""
        chosen = np.maximum(self._probabilities[: self.length].T.copy(), _LEAST_PROBABILITY)
        return np.asarray(np.log(chosen).sum(axis=1))

    def select(self, rows: NDArray[np.intp]) -> None:
        """Let row k go on from where row ``rows[k]`` is."""
        self._ids = self._ids[:, rows]
        self._probabilities = self._probabilities[:, rows]
        self._lengths = self._lengths[rows]
        self._keep(rows)

    def _record(self, ids: Ids, probabilities: Floats) -> None:
        """Write down the next event of the rows that are not full."""
        if self.length == len(self._ids):
            self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
            self._probabilities = np.concatenate(
                [self._probabilities, np.ones_like(self._probabilities)]
            )
        grows = ~self._guide.is_full()
        self._ids[self.length] = ids
        self._probabilities[self.length] = np.where(grows, probabilities, 1.0)
        self._lengths += grows
        self.length += 1
        self._guide.feed(ids)
        self.is_done = bool(self._guide.is_full().all())

    def _take_in(self, ids: Ids) -> None:
        self._logits, self._state = self._session.step(self._tracker.feed(ids), self._state)

    def _keep(self, rows: NDArray[np.intp]) -> None:
        self._tracker = self._tracker.select(rows)
        self._guide = self._guide.select(rows)
        self._state = self._session.select(self._state, rows)
        self._logits = self._logits[rows]


def _of_classes(allowed: NDArray[np.bool_], class_events: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which classes may be chosen, from which events may come."""
    if len(allowed) == 1:
        return np.asarray(allowed[0].take(class_events))
    if class_events.strides[0] == 0:  # broadcast, so the same in every row: 5 us, not 47
        return np.asarray(allowed.take(class_events[0], axis=1))
    return np.take_along_axis(allowed, class_events.astype(np.intp), axis=1)
