"""Pitch: how high a recorded sound is, and how sure that is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOWEST_HZ = 25.0
HIGHEST_HZ = 5000.0

CLEAR = 0.75
"""From this clarity on a sound has a pitch that a listener would sing back."""

_FRAME_PERIODS = 3.0  # of the lowest pitch
_MAX_FRAMES = 200
_HOP_S = 0.01
_FINEST_LAG = 256  # a period is read off over at least so many samples
_KEY_SHARE = 0.88  # of the best match, for a shorter period to be preferred
_AUDIBLE = 0.1  # of the loudest frame's amplitude
_LOWER = 2.5  # so much below a pitch found in long frames, short ones look for it again,
_LOWEST_OF_GLIDES_HZ = 75.0  # but in none so short: a glide is clear in short frames


class Pitch(NamedTuple):
    """What `estimate_pitch` heard.

    Parameters
    ----------
    hz : float
        Fundamental frequency; 0 if there is none at all.
    clarity : float in [0, 1]
        How exactly the sound repeats itself: 1 for a steady tone, near 0 for noise.
    """

    hz: float
    clarity: float

    @property
    def is_clear(self) -> bool:
        """Whether a listener would call it a pitch."""
        return self.clarity >= CLEAR

    @property
    def midi(self) -> float:
        """MIDI number with its fraction, 69.0 for 440 Hz; -inf if there is no pitch."""
        return 69.0 + 12.0 * float(np.log2(self.hz / 440.0)) if self.hz > 0 else float("-inf")


class Contour(NamedTuple):
    """Pitch over time, frame by frame.

    Parameters
    ----------
    time_s : ndarray of float64, shape (n_frames,)
        Middle of each frame.
    hz : ndarray of float64, shape (n_frames,)
        Fundamental frequency; 0 where there is none.
    clarity : ndarray of float64, shape (n_frames,)
        As in `Pitch`.
    amplitude : ndarray of float64, shape (n_frames,)
        Root mean square of the frame.
    """

    time_s: NDArray[np.float64]
    hz: NDArray[np.float64]
    clarity: NDArray[np.float64]
    amplitude: NDArray[np.float64]


def estimate_pitch(
    samples: ArrayLike,
    sample_rate_hz: int,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
) -> Pitch:
    """Find the pitch of a sound: the median of its contour where it is loud and clear.

    Parameters
    ----------
    samples : array_like of float, shape (n_samples,) or (n_samples, n_channels)
        Amplitudes; channels are averaged.
    sample_rate_hz : int > 0
        Samples a second.
    lowest_hz, highest_hz : float > 0
        Where to look.

    Returns
    -------
    Pitch
        Clarity is the mean over the frames that are heard, weighted by their amplitude, so
        that a sound of which only a moment has a pitch is not clear.

    References
    ----------
    See `pitch_contour`.
    """
    first = _summed_up(pitch_contour(samples, sample_rate_hz, lowest_hz, highest_hz))
    nearby_hz = min(first.hz / _LOWER, _LOWEST_OF_GLIDES_HZ)
    if nearby_hz <= lowest_hz:
        return first
    second = _summed_up(pitch_contour(samples, sample_rate_hz, nearby_hz, highest_hz))
    return max(first, second, key=lambda pitch: pitch.clarity)


def pitch_contour(
    samples: ArrayLike,
    sample_rate_hz: int,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
) -> Contour:
    """Follow the pitch of a sound through time.

    Each frame is compared with itself a little later; the shortest delay at which it matches
    nearly as well as at any is its period.

    Parameters
    ----------
    samples, sample_rate_hz, lowest_hz, highest_hz
        As in `estimate_pitch`.

    Returns
    -------
    Contour
        At most 200 frames, 10 ms apart or more; none if there are fewer than 4 samples.

    Raises
    ------
    ValueError
        If the samples have another shape or the two frequencies are no range.

    References
    ----------
    McLeod and Wyvill, A Smarter Way to Find Pitch, ICMC 2005: the normalised square
    difference and the choice among its maxima.
    """
    if not 0 < lowest_hz < highest_hz:
        raise ValueError(f"lowest_hz and highest_hz are no range: {lowest_hz} to {highest_hz}")
    sound = _one_channel(samples)
    frame = min(len(sound), round(_FRAME_PERIODS * sample_rate_hz / lowest_hz))
    if frame < 4:
        return Contour(*np.zeros((4, 0)))
    starts = _starts(len(sound), frame, sample_rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(sound, frame)[starts]
    frames = frames - frames.mean(axis=1, keepdims=True)
    longest = min(int(sample_rate_hz / lowest_hz) + 1, frame // 2)
    shortest = max(1.0, sample_rate_hz / highest_hz)
    matches = _matches(frames, longest)
    periods = np.array([_period(match, shortest) for match in matches]).reshape(-1, 2)
    hz = np.divide(
        sample_rate_hz, periods[:, 0], out=np.zeros(len(starts)), where=periods[:, 0] > 0
    )
    amplitude = np.sqrt(np.mean(frames**2, axis=1))
    return Contour((starts + frame / 2) / sample_rate_hz, hz, periods[:, 1], amplitude)


def _summed_up(contour: Contour) -> Pitch:
    heard = contour.amplitude > _AUDIBLE * contour.amplitude.max(initial=0.0)
    if not heard.any():
        return Pitch(0.0, 0.0)
    weight = np.where(heard, contour.amplitude, 0.0)
    clarity = float(np.average(contour.clarity, weights=weight))
    enough = min(CLEAR, contour.clarity[heard].max())
    sure = np.where(contour.clarity >= enough, weight, 0.0)
    return Pitch(_weighted_median(contour.hz, sure), clarity)


def _one_channel(samples: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of the channels, scaled to 1, so that squares neither vanish nor overflow."""
    sound = np.asarray(samples, np.float64)
    if sound.ndim not in (1, 2):
        raise ValueError(
            f"samples must be (n_samples,) or (n_samples, n_channels), not {sound.shape}"
        )
    sound = sound if sound.ndim == 1 else sound.mean(axis=1)
    peak = np.abs(sound).max(initial=0.0)
    return sound / peak if peak > 0 else sound


def _starts(n_samples: int, frame: int, sample_rate_hz: int) -> NDArray[np.intp]:
    n_frames = min(_MAX_FRAMES, 1 + int((n_samples - frame) / (_HOP_S * sample_rate_hz)))
    return np.linspace(0, n_samples - frame, n_frames).astype(np.intp)


def _matches(frames: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """Return how well each frame matches itself at delays 0 to `longest`, in [-1, 1].

    Returns
    -------
    ndarray of float64, shape (n_frames, longest + 1)
        Twice the correlation of the two parts that overlap, over the sum of their energies.
    """
    n_samples = frames.shape[1]
    size = 1 << (n_samples + longest).bit_length()
    correlation = np.empty((len(frames), longest + 1))
    for row, frame in zip(correlation, frames, strict=True):
        row[:] = np.fft.irfft(np.abs(np.fft.rfft(frame, size)) ** 2, size)[: longest + 1]
    energy = np.pad(np.cumsum(frames**2, axis=1), ((0, 0), (1, 0)))
    delays = np.arange(longest + 1)
    energies = energy[:, n_samples - delays] + energy[:, -1:] - energy[:, delays]
    return np.divide(
        2 * correlation, energies, out=np.zeros_like(correlation), where=energies > 1e-12
    )


def _period(match: NDArray[np.float64], shortest: float) -> tuple[float, float]:
    """Return the period in samples and how well it matches; (0, 0) if nothing repeats."""
    below = np.flatnonzero(match < 0)
    if not len(below):
        return 0.0, 0.0
    inner = match[1:-1]
    peaks = np.flatnonzero((inner > 0) & (inner >= match[:-2]) & (inner > match[2:])) + 1
    peaks = peaks[(peaks > below[0]) & (peaks >= shortest - 1)]
    if not len(peaks):
        return 0.0, 0.0
    lags, heights = _tops(match, peaks)
    first = int((heights >= _KEY_SHARE * heights.max()).argmax())
    return _refined(match, float(lags[first])), min(float(heights[first]), 1.0)


def _refined(match: NDArray[np.float64], period: float) -> float:
    """Read a short period off over several: two are measured twice as finely as one."""
    n_periods = 1
    while period * n_periods < _FINEST_LAG:
        expected = 2 * n_periods * period
        near = round(expected)
        if near + 2 >= len(match):
            break
        peak = near - 1 + int(match[near - 1 : near + 2].argmax())
        lags, heights = _tops(match, np.array([peak]))
        if heights[0] < _KEY_SHARE or abs(lags[0] - expected) > 1:
            break
        n_periods *= 2
        period = float(lags[0]) / n_periods
    return period


def _tops(
    match: NDArray[np.float64], peaks: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places and heights of the parabolas through maxima and their neighbours."""
    left, middle, right = match[peaks - 1], match[peaks], match[peaks + 1]
    bend = np.minimum(left - 2 * middle + right, -1e-12)
    shift = np.clip(0.5 * (left - right) / bend, -1.0, 1.0)
    return peaks + shift, middle - 0.25 * (left - right) * shift


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the value with half of the weight on each side, between two if need be."""
    order = np.argsort(values)
    order = order[weights[order] > 0]
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(weights.sum() / 2, reached, values[order]))
