"""Primers and constraints as they are typed."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import typer

from solferino.notes.sequence import DEFAULT_QPM, Instrument, NoteSequence
from solferino.representations.constraints import Constraints

NO_EVENT = -2
NOTE_OFF = -1


def melody_primer(text: str, qpm: float | None, steps_per_quarter: int) -> NoteSequence:
    """Read a primer in Magenta's notation.

    Parameters
    ----------
    text : str
        A list such as ``"[60, -2, 62, -2]"``, one number a step: a pitch begins a note, -1
        ends it, -2 lets it sound on.
    qpm : float, optional
        Tempo, in quarter notes a minute.
    steps_per_quarter : int > 0
        Resolution of the grid.

    Raises
    ------
    typer.BadParameter
        If it is no such list.
    GenerationError
        If the tempo is not above 0.
    """
    from solferino.generation.request import check_qpm  # noqa: PLC0415

    events = _melody_events(text)
    check_qpm(qpm)
    step_s = 60 / (qpm or DEFAULT_QPM) / steps_per_quarter
    is_onset = events >= 0
    changes = np.append(np.flatnonzero(events != NO_EVENT), len(events))
    onsets = np.flatnonzero(is_onset)
    ends = changes[np.searchsorted(changes, onsets, side="right")]
    return NoteSequence.from_columns(
        pitch=events[is_onset],
        onset_s=onsets * step_s,
        release_s=ends * step_s,
        tempos=[(0.0, qpm or DEFAULT_QPM)],
        total_time_s=len(events) * step_s,
    )


def drum_primer(text: str, qpm: float | None, steps_per_quarter: int) -> NoteSequence:
    """Read a primer of drums in Magenta's notation.

    Parameters
    ----------
    text : str
        A list such as ``"[(36, 42), (), (42,), ()]"``: the drums that are hit at each step.
    qpm : float, optional
        Tempo, in quarter notes a minute.
    steps_per_quarter : int > 0
        Resolution of the grid.

    Raises
    ------
    typer.BadParameter
        If it is no such list.
    GenerationError
        If the tempo is not above 0.
    """
    from solferino.generation.request import check_qpm  # noqa: PLC0415

    hits = _drum_hits(text)
    check_qpm(qpm)
    step_s = 60 / (qpm or DEFAULT_QPM) / steps_per_quarter
    onsets = np.repeat(np.arange(len(hits)), [len(pitches) for pitches in hits])
    return NoteSequence.from_columns(
        pitch=[pitch for pitches in hits for pitch in pitches],
        onset_s=onsets * step_s,
        release_s=(onsets + 1) * step_s,
        instruments=[Instrument(is_drum=True)],
        tempos=[(0.0, qpm or DEFAULT_QPM)],
        total_time_s=len(hits) * step_s,
    )


def pitches_primer(text: str, qpm: float | None) -> NoteSequence:
    """Read a primer of pitches that sound together for a quarter note.

    Parameters
    ----------
    text : str
        A list such as ``"[60, 64, 67]"``.
    qpm : float, optional
        Tempo, in quarter notes a minute.

    Raises
    ------
    typer.BadParameter
        If it is no such list.
    GenerationError
        If the tempo is not above 0.
    """
    from solferino.generation.request import check_qpm  # noqa: PLC0415

    wrong = typer.BadParameter(
        f"{text!r} is no chord; write a list of pitches from 0 to 127, such as [60, 64, 67]",
        param_hint="--primer-pitches",
    )
    pitches = _literal(text, wrong)
    if not all(type(pitch) is int and 0 <= pitch <= 127 for pitch in pitches):
        raise wrong
    check_qpm(qpm)
    quarter_s = 60 / (qpm or DEFAULT_QPM)
    return NoteSequence.from_columns(
        pitch=list(dict.fromkeys(pitches)),
        onset_s=0.0,
        release_s=quarter_s,
        tempos=[(0.0, qpm or DEFAULT_QPM)],
        total_time_s=quarter_s,
    )


def _drum_hits(text: str) -> list[tuple[int, ...]]:
    wrong = typer.BadParameter(
        f"{text!r} is no drum track; write a list of the drums at each step, pitches from 0 to "
        '127, such as "[(36,), (), (42,), ()]"',
        param_hint="--primer-drums",
    )
    steps = _literal(text, wrong)
    for pitches in steps:
        if not isinstance(pitches, list | tuple):
            raise wrong
        if not all(type(pitch) is int and 0 <= pitch <= 127 for pitch in pitches):
            raise wrong
    return [tuple(dict.fromkeys(pitches)) for pitches in steps]


def _melody_events(text: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    wrong = typer.BadParameter(
        f"{text!r} is no melody; write a list of pitches from 0 to 127, -2 (go on) and "
        '-1 (stop), such as "[60, -2, 62, -2]"',
        param_hint="--primer-melody",
    )
    values = _literal(text, wrong)
    if not all(type(value) is int and NO_EVENT <= value <= 127 for value in values):
        raise wrong
    return np.array(values, np.int64)


def _literal(text: str, wrong: typer.BadParameter) -> list[Any] | tuple[Any, ...]:
    """Read a list that is not empty, or raise what is wrong."""
    try:
        values = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise wrong from error
    if not isinstance(values, list | tuple) or not values:
        raise wrong
    return values


def constraints_of(
    key: str | None,
    scale: str | None,
    pitch_range: tuple[int, int] | None,
    keep: Path | None,
    drums: str | None,
) -> Constraints:
    """Read the constraints.

    Parameters
    ----------
    key : str, optional
        Such as ``"D minor"``.
    scale : str, optional
        Instead of the key's own; on C without a key.
    pitch_range : tuple of int, optional
        Lowest and highest pitch.
    keep : Path, optional
        A music file with notes to keep.
    drums : str, optional
        MIDI pitches of the drums that may sound, such as ``"36,38,42"``.

    Raises
    ------
    typer.BadParameter
        If one of them cannot be read.
    """
    from solferino.notes.files import load  # noqa: PLC0415
    from solferino.notes.harmony import parse_key, scale_pitch_classes  # noqa: PLC0415

    pitch_classes = None
    try:
        tonic, mode = parse_key(key) if key else (0, "major")
        if key or scale:
            name = (scale or mode).lower().replace("_", " ").replace("-", " ")
            pitch_classes = scale_pitch_classes(tonic, name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    low, high = pitch_range or (0, 127)
    return Constraints(pitch_classes, low, high, load(keep) if keep else None, _drum_pitches(drums))


def _drum_pitches(text: str | None) -> frozenset[int] | None:
    if text is None:
        return None
    try:
        return frozenset(int(pitch) for pitch in text.split(",") if pitch.strip())
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} names no drums; write their MIDI pitches, such as 36,38,42",
            param_hint="--drums",
        ) from error
