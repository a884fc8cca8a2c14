"""Several sounds at once."""

from collections.abc import Sequence

import numpy as np

from solferino.audio.synthesis import resampled
from solferino.audio.waveform import Waveform


def mixed(waveforms: Sequence[Waveform], gains_db: Sequence[float] | None = None) -> Waveform:
    """Add up sounds that begin together.

    Parameters
    ----------
    waveforms : sequence of Waveform
        At least one. All have the same number of channels, or one, which is heard on all.
    gains_db : sequence of float, optional
        How much louder each is made, in decibels; 0 without it, ``-inf`` is silence.

    Returns
    -------
    Waveform
        As long as the longest, at the highest of their sample rates. It is not made quieter, so
        it may exceed full scale: see `Waveform.normalised`.

    Raises
    ------
    ValueError
        If there is none, a gain is missing, or the channels do not fit.
    """
    gains_db = [0.0] * len(waveforms) if gains_db is None else gains_db
    if not waveforms or len(waveforms) != len(gains_db):
        raise ValueError(f"{len(waveforms)} sounds and {len(gains_db)} gains: give one gain each")
    n_channels = max(waveform.n_channels for waveform in waveforms)
    if not {waveform.n_channels for waveform in waveforms} <= {1, n_channels}:
        raise ValueError(f"sounds must have {n_channels} channels or one, to be mixed")
    rate_hz = max(waveform.sample_rate_hz for waveform in waveforms)
    parts = [resampled(w.samples, w.sample_rate_hz, rate_hz) for w in waveforms]
    total = np.zeros((max(map(len, parts)), n_channels), np.float32)
    for part, gain_db in zip(parts, gains_db, strict=True):
        total[: len(part)] += part * np.float32(10.0 ** (gain_db / 20.0))
    return Waveform(total, rate_hz)
