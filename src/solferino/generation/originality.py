"""How much of a piece stands in the music that a model learnt from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from solferino.bundles.fingerprints import Fingerprints
from solferino.datasets.examples import Examples
from solferino.notes.fingerprints import STRETCH_NOTES, Stretches, stretches
from solferino.notes.quantization import Grid, MetricGrid
from solferino.notes.sequence import DEFAULT_QPM, NoteSequence
from solferino.representations.registry import build_representation

PERCENTILES = (50, 95)


class Run(NamedTuple):
    """Notes in a row, all of which stand in the training set.

    Parameters
    ----------
    num_notes : int
    start_s, end_s : float
        From the first onset to the last release, in seconds from the start of the piece.
    instrument : int
        Index into ``NoteSequence.instruments``.
    """

    num_notes: int
    start_s: float
    end_s: float
    instrument: int


@final
@dataclass(frozen=True)
class Originality:
    """What was found of a piece in the training set.

    Parameters
    ----------
    longest_run : Run or None
        None if nothing was found.
    num_found, num_compared : int
        Stretches of ten notes that were found, and that were looked up.
    """

    longest_run: Run | None
    num_found: int
    num_compared: int

    @property
    def share(self) -> float:
        """Part of the stretches that was found; 0 if the piece has none."""
        return self.num_found / self.num_compared if self.num_compared else 0.0

    @property
    def longest_run_notes(self) -> int:
        """Length of the longest run; 0 if there is none."""
        return self.longest_run.num_notes if self.longest_run else 0


def originality(notes: NoteSequence, learnt: Fingerprints, *, from_s: float = 0.0) -> Originality:
    """Look for stretches of a piece in the music that a model learnt from.

    Parameters
    ----------
    notes : NoteSequence
    learnt : Fingerprints
        Of the model's bundle.
    from_s : float
        Notes that begin before this time do not count, such as a primer's.

    Returns
    -------
    Originality
        A run joins found stretches between which no stretch that was looked up is missing. It
        ends with what was looked up, so it may in truth be up to ten notes longer.
    """
    if from_s > 0:
        notes = notes.replace(notes=notes.notes[notes.notes["onset_s"] >= from_s - 1e-6])
    runs: list[Run] = []
    num_found = num_compared = 0
    for index, voice in enumerate(stretches(notes, learnt.ratios_per_octave)):
        is_known = learnt.has(voice.codes)
        num_found += int(is_known.sum())
        num_compared += len(is_known)
        runs += _runs(voice, is_known, index)
    longest = max(runs, key=lambda run: run.num_notes, default=None)
    return Originality(longest, num_found, num_compared)


def fingerprints_of_examples(
    examples: Examples, before: Fingerprints | None = None
) -> Fingerprints:
    """Take the fingerprints of the music that examples were made of; see `learn_fingerprints`."""
    representation = build_representation(
        examples.representation_name, examples.representation_options
    )
    train, held_out = (
        (representation.decode(events, DEFAULT_QPM) for events in part)
        for part in (examples.train, examples.eval)
    )
    return learn_fingerprints(train, held_out, representation.grid, before)


def learn_fingerprints(
    pieces: Iterable[NoteSequence],
    held_out: Iterable[NoteSequence],
    grid: Grid,
    before: Fingerprints | None = None,
) -> Fingerprints:
    """Take the fingerprints of training music, and the yardstick of held-out music.

    Parameters
    ----------
    pieces : iterable of NoteSequence
        What the model learnt from.
    held_out : iterable of NoteSequence
        Real music that it did not see. Pieces too short to compare do not count.
    grid : Grid
        On a metrical grid durations are compared in half octaves, on one of seconds, where
        music is played and not written, in octaves.
    before : Fingerprints, optional
        Of the bundle that the model started from.
    """
    per_octave = 2 if isinstance(grid, MetricGrid) else 1
    codes = (voice.codes for piece in pieces for voice in stretches(piece, per_octave))
    learnt = Fingerprints.of(codes, per_octave)
    if before is not None:
        learnt = learnt.joined(before)
    found = [originality(piece, learnt) for piece in held_out]
    found = [each for each in found if each.num_compared]
    return replace(learnt, held_out=_yardstick(found) if found else {})


def report(found: Originality, learnt: Fingerprints) -> Iterator[str]:
    """Yield lines that say what was found, beside the same of held-out real music."""
    real = dict(learnt.held_out) or dict.fromkeys(("longest_run_notes", "share"), ())
    run = found.longest_run
    where = f" ({run.end_s - run.start_s:.1f} s, from {run.start_s:.1f} s on)" if run else ""
    yardstick = _beside(*(f"{value:.0f}" for value in real["longest_run_notes"]))
    yield f"longest run that was learnt: {found.longest_run_notes} notes{where}{yardstick}"
    share = f"{found.share:.1%}" if found.num_compared else "too few notes to say"
    yardstick = _beside(*(f"{value:.1%}" for value in real["share"]))
    yield f"runs of {STRETCH_NOTES} notes that were learnt: {share}{yardstick}"
    if learnt.missing:
        names = ", ".join(learnt.missing)
        yield f"not compared with the music of {names}: it came without fingerprints"


def as_json(found: Originality, learnt: Fingerprints) -> dict[str, Any]:
    """Return what `report` says as JSON values."""
    run = found.longest_run
    return {
        "longest_run": run._asdict() if run else None,
        "num_found": found.num_found,
        "num_compared": found.num_compared,
        "share": found.share,
        "held_out": dict(learnt.held_out),
        "not_compared_with": list(learnt.missing),
    }


def _beside(*yardstick: str) -> str:
    if not yardstick:
        return ""
    median, high = yardstick
    return f"; held-out real music: median {median}, 95 % of it at most {high}"


def _yardstick(found: list[Originality]) -> dict[str, Any]:
    runs, shares = (
        np.percentile(np.array(values, np.float64), PERCENTILES).tolist()
        for values in ([o.longest_run_notes for o in found], [o.share for o in found])
    )
    return {"examples": len(found), "longest_run_notes": runs, "share": shares}


def _runs(voice: Stretches, is_known: NDArray[np.bool_], instrument: int) -> list[Run]:
    """Join the found stretches of one instrument that follow one another."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_known, [False]]).astype(np.int8)))
    starts, ends = voice.first[edges[::2]], voice.first[edges[1::2] - 1] + STRETCH_NOTES
    line = voice.line
    return [
        Run(end - start, float(line.onset_s[start]), float(line.release_s[end - 1]), instrument)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
