"""An answer: a phrase at its place in the music, and what stands in for one that is late."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from solferino.live.phrases import SAME_MOMENT_QUARTERS, Phrase
from solferino.live.source import Event, phrase_events


@final
@dataclass(frozen=True)
class Answer:
    """A phrase that is played.

    Parameters
    ----------
    phrase : Phrase
    start_quarters : float
        Where it begins, in quarter notes.
    channel : int in [0, 15]
    """

    phrase: Phrase
    start_quarters: float
    channel: int

    @property
    def end_quarters(self) -> float:
        """Where it ends, in quarter notes."""
        return self.start_quarters + self.phrase.length_quarters

    def events(self, start_quarters: float, end_quarters: float, output: str) -> Iterator[Event]:
        """Yield the notes that begin in a stretch; none sounds beyond the answer."""
        return phrase_events(
            self.phrase,
            self.start_quarters,
            self.phrase.length_quarters,
            between=(start_quarters, end_quarters),
            channel=self.channel,
            output=output,
        )


def stand_in(
    call: Phrase, last_answer: Phrase | None, length_quarters: float, bar_quarters: float
) -> Phrase:
    """Return what is played when the answer is not there in time.

    Parameters
    ----------
    call : Phrase
        Is echoed, where there was no answer before.
    last_answer : Phrase or None
        Is played from its second bar on, its first bar last; or, if it has only one, from its
        second quarter note on.
    length_quarters, bar_quarters : float > 0
        In quarter notes.

    Returns
    -------
    Phrase
        As long as asked for: repeated if it is too short, cut if it is too long.
    """
    if last_answer is None or not len(last_answer):
        return fitted(call, length_quarters)
    has_bars = last_answer.length_quarters > bar_quarters
    return fitted(rotated(last_answer, bar_quarters if has_bars else 1.0), length_quarters)


def rotated(phrase: Phrase, by_quarters: float) -> Phrase:
    """Begin a phrase later in it, and end with its beginning."""
    length = phrase.length_quarters
    notes = phrase.notes.copy()
    onsets = (notes["onset_quarters"] - by_quarters) % length
    onsets[onsets > length - SAME_MOMENT_QUARTERS] = 0  # what the remainder rounded
    notes["onset_quarters"] = onsets
    return Phrase(length, _cut(notes, length), phrase.is_drum)


def fitted(phrase: Phrase, length_quarters: float) -> Phrase:
    """Repeat or cut a phrase to a length, in quarter notes."""
    if phrase.length_quarters <= 0:
        return Phrase(length_quarters, is_drum=phrase.is_drum)
    times = math.ceil(length_quarters / phrase.length_quarters)
    notes = np.concatenate([phrase.notes] * times)
    starts = np.repeat(np.arange(times) * phrase.length_quarters, len(phrase))
    notes["onset_quarters"] += starts
    notes = notes[notes["onset_quarters"] < length_quarters]
    return Phrase(length_quarters, _cut(notes, length_quarters), phrase.is_drum)


def latest(phrase: Phrase, length_quarters: float) -> Phrase:
    """Return the end of a phrase, no longer than so many quarter notes."""
    start = phrase.length_quarters - length_quarters
    if start <= 0:
        return phrase
    notes = phrase.notes[phrase.notes["onset_quarters"] >= start].copy()
    notes["onset_quarters"] -= start
    return Phrase(length_quarters, notes, phrase.is_drum)


def _cut(notes: NDArray[np.void], length_quarters: float) -> NDArray[np.void]:
    """End notes with the phrase at the latest."""
    left = length_quarters - notes["onset_quarters"]
    notes["duration_quarters"] = np.minimum(notes["duration_quarters"], left)
    return notes
