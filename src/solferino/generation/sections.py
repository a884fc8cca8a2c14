"""Sections among notes: what leads up to one, what may sound in it, and how it joins on."""

from dataclasses import replace
from typing import NamedTuple, final

import numpy as np

from solferino.errors import ConstraintError, GenerationError
from solferino.generation.generator import EventControls, Section
from solferino.notes.quantization import Grid, MetricGrid, seconds_to_steps
from solferino.notes.sequence import DEFAULT_QPM, Instrument, NoteSequence
from solferino.notes.timing import TempoMap
from solferino.representations.representation import EventSequence, Representation

SAME_TIME_S = 1e-6
"""Times nearer to each other than this many seconds are the same."""

SAME_TIME_STEPS = 1e-4
"""By how much of a step a time may miss the step that is meant, through rounding."""

SECONDS_ARE_QUARTERS_QPM = 60.0
"""Tempo at which a quarter note lasts a second."""


@final
class StepRange(NamedTuple):
    """A section on the grid, half-open."""

    start_step: int
    end_step: int


def step_range(
    primer: NoteSequence, section: Section, tempo_map: TempoMap, grid: Grid
) -> StepRange:
    """Find the whole steps of the grid that lie in a section.

    Parameters
    ----------
    primer : NoteSequence
        The section has to lie after its notes.
    section : Section
    tempo_map : TempoMap
        Of the primer.
    grid : MetricGrid or SecondsGrid
        What a step is.

    Returns
    -------
    StepRange
        At least one step, counted from the start of the piece.

    Raises
    ------
    GenerationError
        If the section lies in the music, or holds no whole step.
    """
    last_release_s = float(primer.notes["release_s"].max(initial=0.0))
    if section.start_s < last_release_s - SAME_TIME_S:
        raise GenerationError(
            f"the section starts at {section.start_s:g} s but the music sounds until "
            f"{last_release_s:g} s, and it can only be extended: start there or later, "
            "or trim the music first"
        )
    start, end = seconds_to_steps(grid, tempo_map, [section.start_s, section.end_s]).tolist()
    first = int(np.ceil(start - SAME_TIME_STEPS))
    found = StepRange(first, int(np.floor(end + SAME_TIME_STEPS)))
    if found.end_step <= found.start_step:
        raise GenerationError(
            f"the section from {section.start_s:g} s to {section.end_s:g} s holds no whole step "
            f"of the grid, {grid}: make it longer"
        )
    return found


def on_grid_of(primer: NoteSequence, controls: EventControls, section: Section) -> EventControls:
    """Put the notes to keep, whose seconds count, on the primer's tempo map.

    Parameters
    ----------
    primer : NoteSequence
    controls : EventControls
        Only its notes to keep matter here.
    section : Section

    Returns
    -------
    EventControls

    Raises
    ------
    ConstraintError
        If a note to keep begins before the section and lasts into it, or after its end.
    """
    keep = controls.constraints.keep
    if keep is None:
        return controls
    onsets_s, releases_s = keep.notes["onset_s"], keep.notes["release_s"]
    begins_before = onsets_s < section.start_s - SAME_TIME_S
    crossing = begins_before & (releases_s > section.start_s + SAME_TIME_S)
    if crossing.any():
        raise ConstraintError(
            f"a note to keep begins at {onsets_s[crossing][0]:g} s, before the section at "
            f"{section.start_s:g} s, and lasts into it, but the primer stays as it is: "
            "let the note begin in the section"
        )
    if (onsets_s >= section.end_s - SAME_TIME_S).any():
        raise ConstraintError(
            f"a note to keep begins at {onsets_s.max():g} s, but the section ends at "
            f"{section.end_s:g} s: make more steps, or trim what is to be kept"
        )
    keep = keep.replace(tempos=primer.tempos)
    return replace(controls, constraints=replace(controls.constraints, keep=keep))


def events_before(
    representation: Representation, primer: NoteSequence, start_step: int
) -> EventSequence:
    """Encode what leads up to a section.

    Where nothing sounds at all, the model is told instead that the default primer sounded,
    at the start of the bar before.

    Parameters
    ----------
    representation : Representation
    primer : NoteSequence
    start_step : int >= 0
        Where the section begins.

    Returns
    -------
    EventSequence
        At least one event, the last just before `start_step`.
    """
    past = representation.encode(primer, start_step)
    if len(past) > 0 and not representation.is_silent(past):
        return past
    return representation.opening(start_step, past.steps_per_bar)


def joined(
    primer: NoteSequence,
    representation: Representation,
    events: EventSequence,
    tempo_map: TempoMap,
    end_s: float,
) -> NoteSequence:
    """Add new events to a primer.

    Parameters
    ----------
    primer : NoteSequence
        All of it is kept.
    representation : Representation
    events : EventSequence
        The new events.
    tempo_map : TempoMap
        Of the primer.
    end_s : float
        Where the section ends, in seconds; notes end there at the latest.

    Returns
    -------
    NoteSequence
        With the new notes on the primer's instrument where it has one of their kind, and a
        tempo that is written down.
    """
    added = representation.decode(events, SECONDS_ARE_QUARTERS_QPM)
    new = added.notes.copy()
    if isinstance(representation.grid, MetricGrid):
        for name in ("onset_s", "release_s"):
            new[name] = tempo_map.quarters_to_seconds(new[name])
    new = new[new["onset_s"] < end_s - SAME_TIME_S]
    new["release_s"] = np.minimum(new["release_s"], end_s)
    instruments = primer.instruments
    index_of_new = new["instrument"].copy()
    for index, instrument in enumerate(added.instruments):
        place, instruments = _place_of(instrument, instruments, primer)
        new["instrument"][index_of_new == index] = place
    return primer.replace(
        notes=np.concatenate([primer.notes, new]),
        instruments=instruments,
        tempos=primer.tempos if len(primer.tempos) else [(0.0, DEFAULT_QPM)],
        total_time_s=max(primer.total_time_s, end_s),
    )


def _place_of(
    instrument: Instrument, instruments: tuple[Instrument, ...], primer: NoteSequence
) -> tuple[int, tuple[Instrument, ...]]:
    """Find the instrument that plays on: the only one of its kind, a like one, or a new one."""
    playing = np.unique(primer.notes["instrument"]).tolist()
    of_kind = [i for i in playing if instruments[i].is_drum == instrument.is_drum]
    if len(of_kind) == 1:
        return of_kind[0], instruments
    for index, known in enumerate(instruments):
        if (known.program, known.is_drum) == (instrument.program, instrument.is_drum):
            return index, instruments
    return len(instruments), (*instruments, instrument)
