"""From logits to classes: temperature, top-k, top-p, masks, and one uniform number an event."""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from solferino.generation.generator import EventControls

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EVENTS_AT_ONCE = 256


@final
class UniformNumbers:
    """The random numbers of a batch: each output has its own, whatever the others do.

    They are the same on every machine and in every version of NumPy.

    Parameters
    ----------
    seed : int in [0, 2**64)
    outputs : sequence of int in [0, 2**64)
        Numbers of the outputs.
    width : int > 0
        Rows of the batch that each output has, one after the other.

    References
    ----------
    The counter-based generator Philox 4x64: Salmon et al., "Parallel random numbers: as easy
    as 1, 2, 3", 2011. The upper 53 bits of each word become a float.
    """

    def __init__(self, seed: int, outputs: Sequence[int], width: int = 1) -> None:
        keys = (np.array([seed, output], np.uint64) for output in outputs)
        self._sources = [np.random.Philox(key=key) for key in keys]
        self._width = width
        self._block: Floats = np.empty((0, len(outputs) * width))
        self._end = 0

    def of_event(self, event: int) -> Floats:
        """Return one number in [0, 1) for each row, shape (len(outputs) * width,).

        Parameters
        ----------
        event : int >= 0
            Number of the event, not before that of the last call.
        """
        while event >= self._end:
            self._draw()
        return np.asarray(self._block[event - self._end])

    def _draw(self) -> None:
        shape = EVENTS_AT_ONCE, self._width
        size = EVENTS_AT_ONCE * self._width
        of_each = [source.random_raw(size).reshape(shape) for source in self._sources]
        bits = np.concatenate(of_each, axis=1) >> np.uint64(11)
        self._block = bits.astype(np.float64) * 2.0**-53
        self._end += EVENTS_AT_ONCE


def relative_probabilities(logits: NDArray[np.float32]) -> Floats:
    """Return the model's probabilities up to a factor for each row; the greatest is 1.

    Parameters
    ----------
    logits : ndarray of float32, shape (batch, num_classes)

    Returns
    -------
    ndarray of float64, shape (batch, num_classes)
    """
    return np.asarray(np.exp(_below_greatest(logits), dtype=np.float64))


def class_weights(
    logits: NDArray[np.float32], controls: EventControls, mask: Mask | None = None
) -> Floats:
    """Return how probable each class shall be, up to a factor for each row.

    Parameters
    ----------
    logits : ndarray of float32, shape (batch, num_classes)
    controls : EventControls
        Its temperature, `top_k` and `top_p` count, in this order, after the mask.
    mask : ndarray of bool, shape (batch, num_classes), or None
        Classes that may be chosen, at least one in each row; None allows all.

    Returns
    -------
    ndarray of float64, shape (batch, num_classes)
        0 for classes that may not be chosen, and more than 0 for at least one in each row.
    """
    if mask is not None:
        logits = np.where(mask, logits, np.float32(-np.inf))
    if controls.temperature == 0:
        return _one_hot(logits.argmax(axis=1), logits.shape[1])
    if controls.temperature == 1:
        weights = relative_probabilities(logits)
    else:
        weights = np.exp(_below_greatest(logits).astype(np.float64) / controls.temperature)
    if controls.top_k > 0 or controls.top_p < 1:
        weights = _only_likeliest(weights, controls.top_k, controls.top_p)
    return weights


def draw(weights: Floats, uniforms: Floats) -> NDArray[np.intp]:
    """Choose a class in each row: the inverse of the cumulative distribution.

    Parameters
    ----------
    weights : ndarray of float64, shape (batch, num_classes)
        0 or more, with a sum above 0 in each row; they need not sum to 1.
    uniforms : ndarray of float64, shape (batch,)
        In [0, 1).

    Returns
    -------
    ndarray of intp, shape (batch,)
        Never a class of weight 0.
    """
    cumulative = weights.cumsum(axis=1)
    points = uniforms * cumulative[:, -1]
    return np.asarray(np.add.reduce(cumulative <= points[:, None], axis=1, dtype=np.intp))


def event_probabilities(
    relative: Floats, class_events: NDArray[np.int16], ids: NDArray[np.int16]
) -> Floats:
    """Return how probable the model finds given events.

    Parameters
    ----------
    relative : ndarray of float64, shape (batch, num_classes)
        What `relative_probabilities` gave.
    class_events : ndarray of int16, shape (batch, num_classes)
        The event that each class means.
    ids : ndarray of int16, shape (batch,)
        The events.

    Returns
    -------
    ndarray of float64, shape (batch,)
        Summed over all classes that mean the event.
    """
    of_event = np.where(class_events == ids[:, None], relative, 0.0)
    return np.asarray(np.add.reduce(of_event, axis=1) / np.add.reduce(relative, axis=1))


def _below_greatest(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    # ufunc.reduce, here and above, is the method `max` or `sum` without its 1 us of Python
    return np.asarray(logits - np.maximum.reduce(logits, axis=1, keepdims=True))


def _one_hot(classes: NDArray[np.intp], num_classes: int) -> Floats:
    weights = np.zeros((len(classes), num_classes))
    weights[np.arange(len(classes)), classes] = 1.0
    return weights


def _only_likeliest(weights: Floats, top_k: int, top_p: float) -> Floats:
    """Set all but the likeliest classes to 0; of equally likely ones the first stay."""
    order = np.argsort(-weights, axis=1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=1)
    if top_k > 0:
        ranked[:, top_k:] = 0.0
    mass_before = ranked.cumsum(axis=1) - ranked
    ranked[mass_before >= top_p * ranked.sum(axis=1, keepdims=True)] = 0.0
    kept = np.zeros_like(weights)
    np.put_along_axis(kept, order, ranked, axis=1)
    return kept
