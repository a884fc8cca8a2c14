"""Sections among notes: what leads up to one, what may sound in it, and how it joins on."""

from dataclasses import replace
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from solferino.errors import ConstraintError, GenerationError
from solferino.generation.generator import EventControls, Section
from solferino.notes.sequence import DEFAULT_QPM, Instrument, NoteSequence
from solferino.notes.timing import TempoMap
from solferino.representations.constraints import Constraints
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
    primer: NoteSequence, section: Section, tempo_map: TempoMap, steps_per_quarter: int
) -> StepRange:
    """Find the whole steps of the grid that lie in a section.

    Parameters
    ----------
    primer : NoteSequence
        The section has to lie after its notes.
    section : Section
    tempo_map : TempoMap
        Of the primer.
    steps_per_quarter : int > 0
        Resolution of the grid.

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
    quarters = tempo_map.seconds_to_quarters([section.start_s, section.end_s])
    start, end = (quarters * steps_per_quarter).tolist()
    first = int(np.ceil(start - SAME_TIME_STEPS))
    steps = StepRange(first, int(np.floor(end + SAME_TIME_STEPS)))
    if steps.end_step <= steps.start_step:
        raise GenerationError(
            f"the section from {section.start_s:g} s to {section.end_s:g} s holds no whole step "
            f"of the grid of {steps_per_quarter} steps a quarter: make it longer"
        )
    return steps


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
        If a note to keep begins before the section and lasts into it.
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
    keep = keep.replace(tempos=primer.tempos)
    return replace(controls, constraints=replace(controls.constraints, keep=keep))


def ends_of_held_notes(representation: Representation, past: EventSequence) -> NDArray[np.bool_]:
    """Find the events that let notes which sound right up to a section end there.

    The primer's notes end where they stand. If a model held one on, it would go on as if
    something sounded, and the listener would hear silence.

    Parameters
    ----------
    representation : Representation
    past : EventSequence
        What leads up to the section.

    Returns
    -------
    ndarray of bool, shape (num_events,)
        Which events may be the first of the section; all where nothing is held.
    """
    from_zero = replace(past, start_step=0)
    sounding = representation.decode(from_zero, qpm=SECONDS_ARE_QUARTERS_QPM)
    end_s = (len(past) - SAME_TIME_STEPS) / representation.steps_per_quarter
    held = sounding.with_notes(sounding.notes[sounding.notes["release_s"] > end_s])
    return np.asarray(representation.allowed(Constraints(keep=held), from_zero, 1)[0])


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
    if len(past) > 0 and (past.ids != representation.default_event).any():
        return past
    num_events = past.steps_per_bar + start_step % past.steps_per_bar
    default = representation.default_primer()
    ids = np.full(num_events, representation.default_event, np.int16)
    ids[: len(default)] = default.ids[:num_events]
    return replace(
        default, ids=ids, start_step=start_step - num_events, steps_per_bar=past.steps_per_bar
    )


def joined(
    primer: NoteSequence, in_quarters: NoteSequence, tempo_map: TempoMap, end_s: float
) -> NoteSequence:
    """Add new notes to a primer.

    Parameters
    ----------
    primer : NoteSequence
        All of it is kept.
    in_quarters : NoteSequence
        The new notes, their times in quarter notes instead of seconds.
    tempo_map : TempoMap
        Of the primer.
    end_s : float
        Where the section ends, in seconds.

    Returns
    -------
    NoteSequence
        With the new notes on the primer's instrument where it has one of their kind, and a
        tempo that is written down.
    """
    new = in_quarters.notes.copy()
    for name in ("onset_s", "release_s"):
        new[name] = tempo_map.quarters_to_seconds(new[name])
    instruments = primer.instruments
    for index, instrument in enumerate(in_quarters.instruments):
        place, instruments = _place_of(instrument, instruments, primer)
        new["instrument"][in_quarters.notes["instrument"] == index] = place
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
