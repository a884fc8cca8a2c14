"""Stochastic beam search: sample several ways on, keep the likeliest, and again.

Each branch is a fresh sample, so the search stays random; the beams of all outputs go on
in one batch. Row ``(k * beam_size + b) * branch_factor + j`` of the batch is branch j of
beam b of output k.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def surviving_rows(
    log_likelihoods: Floats, num_outputs: int, beam_size: int, branch_factor: int
) -> NDArray[np.intp]:
    """Return which rows go on after pruning, already branched again.

    Parameters
    ----------
    log_likelihoods : ndarray of float64, shape (num_outputs * beam_size * branch_factor,)
        Of each row so far, in nats.
    num_outputs, beam_size, branch_factor : int > 0

    Returns
    -------
    ndarray of intp, same shape
        The row that each new row continues: for each output its `beam_size` likeliest, the
        likeliest first and of equals the earlier, each `branch_factor` times.
    """
    width = beam_size * branch_factor
    by_output = log_likelihoods.reshape(num_outputs, width)
    best = np.argsort(-by_output, axis=1, kind="stable")[:, :beam_size]
    rows = best + np.arange(num_outputs)[:, None] * width
    return np.repeat(rows.reshape(-1), branch_factor)


def best_rows(log_likelihoods: Floats, num_outputs: int) -> NDArray[np.intp]:
    """Return the likeliest row of each output, shape (num_outputs,); of equals the first."""
    by_output = log_likelihoods.reshape(num_outputs, -1)
    width = by_output.shape[1]
    return np.asarray(by_output.argmax(axis=1) + np.arange(num_outputs) * width)
