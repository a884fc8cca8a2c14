"""Batches: event sequences to padded tensors, in an order that only seed and step decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from solferino.datasets.examples import ExampleSet
from solferino.representations.representation import EventSequence, Representation

BATCHES_PER_CHUNK = 10
CACHE_BYTES = 2 * 10**9

Rows = NDArray[np.int64]


@final
@dataclass(frozen=True, eq=False)
class Batch:
    """Sequences side by side: at each step what the model sees and what comes next.

    Parameters
    ----------
    inputs : Tensor of float32, shape (batch, time, input_size)
    labels : Tensor of int64, shape (batch, time)
        Class to train on.
    mask : Tensor of bool, shape (batch, time)
        Where there is something to predict; the rest is padding.
    is_event : Tensor of bool, shape (batch, time)
        Where the next event is not the representation's default event.
    meanings : Tensor of bool, shape (batch, time, num_classes), or None
        Classes that mean the event that really comes next.
    """

    inputs: Tensor
    labels: Tensor
    mask: Tensor
    is_event: Tensor
    meanings: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        meanings = None if self.meanings is None else self.meanings.to(device)
        parts = (self.inputs, self.labels, self.mask, self.is_event)
        inputs, labels, mask, is_event = (part.to(device, non_blocking=True) for part in parts)
        return Batch(inputs.float(), labels.long(), mask, is_event, meanings)


class _Encoded(NamedTuple):
    """One sequence of n events: n - 1 steps."""

    inputs: NDArray[np.generic]
    labels: NDArray[np.int16]
    is_event: NDArray[np.bool_]
    meanings: NDArray[np.bool_] | None


@final
class EncodedExamples:
    """Examples as tensors; each sequence is encoded once and kept, while memory lasts.

    Parameters
    ----------
    examples : ExampleSet
    representation : Representation
    augmentation : mapping
        How examples vary each time they are seen; see `Representation.augment`.
    seed : int >= 0
        Of the augmentation.
    with_meanings : bool
        Whether batches say which classes mean the true event; evaluation needs it.
    cache_bytes : int
        How much is kept; the rest is encoded again each time.
    """

    def __init__(
        self,
        examples: ExampleSet,
        representation: Representation,
        *,
        augmentation: Mapping[str, Any] = MappingProxyType({}),
        seed: int = 0,
        with_meanings: bool = False,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._examples = examples
        self._representation = representation
        self._augmentation = augmentation
        self._seed = seed
        self._with_meanings = with_meanings
        self._free_bytes = cache_bytes
        self._cache: dict[int, _Encoded] = {}
        self.num_labels = np.maximum(np.diff(examples.offsets) - 1, 0)

    def batch(self, rows: Rows, step: int = 0) -> Batch:
        """Return some sequences as a batch on the CPU; a pure function of what is given.

        Parameters
        ----------
        rows : ndarray of int64, shape (batch,)
            Indices of sequences of at least two events.
        step : int >= 0
            Training step; it decides how the sequences vary, if they do.

        Returns
        -------
        Batch
            ``inputs`` may be int8 here; `Batch.to` makes them float32.
        """
        if self._augmentation:
            encoded = _encode(self._varied(rows, step), self._representation)
        else:
            encoded = self._kept(rows.tolist())
        lengths = np.array([len(one.labels) for one in encoded])
        steps = int(lengths.max())
        mask = np.arange(steps) < lengths[:, None]
        meanings = [one.meanings for one in encoded if one.meanings is not None]
        return Batch(
            _padded([one.inputs for one in encoded], steps),
            _padded([one.labels for one in encoded], steps),
            torch.from_numpy(mask),
            _padded([one.is_event for one in encoded], steps),
            _padded(meanings, steps) if meanings else None,
        )

    def _varied(self, rows: Rows, step: int) -> list[EventSequence]:
        return [
            self._representation.augment(
                self._examples[row],
                self._augmentation,
                np.random.default_rng([self._seed, step, row]),
            )
            for row in rows.tolist()
        ]

    def _kept(self, rows: list[int]) -> list[_Encoded]:
        missing = [row for row in rows if row not in self._cache]
        sequences = [self._examples[row] for row in missing]
        encoded = _encode(sequences, self._representation, with_meanings=self._with_meanings)
        fresh = dict(zip(missing, encoded, strict=True))
        for row, one in fresh.items():
            size = sum(part.nbytes for part in one if part is not None)
            if size <= self._free_bytes:
                self._free_bytes -= size
                self._cache[row] = one
        return [fresh[row] if row in fresh else self._cache[row] for row in rows]


def _encode(
    sequences: Sequence[EventSequence],
    representation: Representation,
    *,
    with_meanings: bool = False,
) -> list[_Encoded]:
    """Walk along sequences side by side with one tracker."""
    if not sequences:
        return []
    default, steps = representation.default_event, max(map(len, sequences)) - 1
    ids = np.full((len(sequences), steps + 1), default, np.int16)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence.ids
    tracker = representation.tracker(sequences)
    inputs = np.empty((len(ids), steps, representation.input_size), np.float32)
    labels = np.empty((len(ids), steps), np.int16)
    shape = (len(ids), steps, representation.num_classes)
    meanings = np.empty(shape, np.bool_) if with_meanings else None
    for step in range(steps):
        following = ids[:, step + 1]
        inputs[:, step] = tracker.feed(ids[:, step])
        labels[:, step] = tracker.labels(following)
        if meanings is not None:
            meanings[:, step] = tracker.class_events() == following[:, None]
    small = _smallest(inputs)
    lengths = [len(sequence) - 1 for sequence in sequences]
    return [
        _Encoded(
            small[row, :n].copy(),
            labels[row, :n].copy(),
            ids[row, 1 : n + 1] != default,
            None if meanings is None else meanings[row, :n].copy(),
        )
        for row, n in enumerate(lengths)
    ]


def _smallest(inputs: NDArray[np.float32]) -> NDArray[np.generic]:
    """Return the inputs as int8 where that is exact: most are 0 and 1."""
    small = inputs.astype(np.int8)
    return small if np.array_equal(small, inputs) else inputs


def _padded(parts: Sequence[NDArray[np.generic]], steps: int) -> Tensor:
    """Put arrays of different lengths side by side, zeros after their ends."""
    dtype = np.result_type(*(part.dtype for part in parts))
    padded = np.zeros((len(parts), steps, *parts[0].shape[1:]), dtype)
    for row, part in enumerate(parts):
        padded[row, : len(part)] = part
    return torch.from_numpy(padded)


@final
class BatchOrder:
    """Which sequences make the batch of each step; a pure function of seed and step.

    Each epoch is a new permutation. Within chunks of it sequences are put in order of
    length, so that those of one batch are about as long; the batches of a chunk then come in
    random order. What does not fill a batch at the end of an epoch waits for another one.

    Parameters
    ----------
    num_labels : ndarray of int64, shape (n_sequences,)
        Steps of each sequence; those without any are left out.
    batch_size : int > 0
    seed : int >= 0
    """

    def __init__(self, num_labels: Rows, batch_size: int, seed: int) -> None:
        self._num_labels = num_labels
        (self._rows,) = np.nonzero(num_labels)
        self._batch_size = min(batch_size, len(self._rows))
        self._seed = seed
        self._epoch: tuple[int, list[Rows]] = (-1, [])

    @property
    def batches_per_epoch(self) -> int:
        """Number of training steps in which each sequence is seen about once; 0 if empty."""
        return len(self._rows) // self._batch_size if self._batch_size else 0

    def rows(self, step: int) -> Rows:
        """Return the sequences of a training step, shape (batch,); steps count from 0."""
        epoch, index = divmod(step, self.batches_per_epoch)
        if self._epoch[0] != epoch:
            self._epoch = (epoch, self._batches(epoch))
        return self._epoch[1][index]

    def _batches(self, epoch: int) -> list[Rows]:
        rng = np.random.default_rng([self._seed, epoch])
        kept = self.batches_per_epoch * self._batch_size
        shuffled = rng.permutation(self._rows)[:kept]
        chunk_size = self._batch_size * BATCHES_PER_CHUNK
        batches: list[Rows] = []
        for start in range(0, kept, chunk_size):
            chunk = shuffled[start : start + chunk_size]
            chunk = chunk[np.argsort(self._num_labels[chunk], kind="stable")]
            parts = chunk.reshape(-1, self._batch_size)
            batches += list(parts[rng.permutation(len(parts))])
        return batches


def evaluation_batches(num_labels: Rows, batch_size: int) -> list[Rows]:
    """Return all sequences that have steps, in batches of about equal length."""
    order = np.argsort(num_labels, kind="stable")
    order = order[num_labels[order] > 0]
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
