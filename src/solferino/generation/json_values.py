"""Music and controls as JSON values, without loss."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from solferino.generation.generator import EventControls
from solferino.notes.sequence import TABLES, Instrument, NoteSequence, Text
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints
from solferino.representations.representation import EventSequence

_NUMBERS_AND_WORDS = ("title", "source", "total_time_s", "ticks_per_quarter")


def notes_to_json(notes: NoteSequence) -> dict[str, Any]:
    """Return a piece as JSON values: each table as a list of its rows.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    dict
        Empty tables are left out.
    """
    tables = {name: getattr(notes, name).tolist() for name in TABLES}
    found: dict[str, Any] = {
        name: [list(row) for row in rows] for name, rows in tables.items() if rows
    }
    found["instruments"] = [list(instrument) for instrument in notes.instruments]
    found["texts"] = [list(text) for text in notes.texts]
    return found | {name: getattr(notes, name) for name in _NUMBERS_AND_WORDS}


def notes_from_json(found: Mapping[str, Any]) -> NoteSequence:
    """Read what `notes_to_json` gave.

    Parameters
    ----------
    found : mapping

    Returns
    -------
    NoteSequence

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        If it is no such thing.
    """
    others: dict[str, Any] = {
        name: np.array([tuple(row) for row in found.get(name, [])], dtype)
        for name, dtype in TABLES.items()
    }
    others["instruments"] = tuple(Instrument(*row) for row in found["instruments"])
    others["texts"] = tuple(Text(*row) for row in found["texts"])
    return NoteSequence(**others, **{name: found[name] for name in _NUMBERS_AND_WORDS})


def events_to_json(events: EventSequence) -> dict[str, Any]:
    """Return events as JSON values.

    Parameters
    ----------
    events : EventSequence

    Returns
    -------
    dict
    """
    found = {
        "ids": events.ids.tolist(),
        "start_step": int(events.start_step),
        "steps_per_bar": int(events.steps_per_bar),
        "transposition": int(events.transposition),
    }
    return found | ({"context": events.context.tolist()} if len(events.context) else {})


def events_from_json(found: Mapping[str, Any]) -> EventSequence:
    """Read what `events_to_json` gave.

    Parameters
    ----------
    found : mapping

    Returns
    -------
    EventSequence

    Raises
    ------
    ValueError, TypeError, OverflowError
        If it is no such thing.
    """
    events = EventSequence(**found)
    numbers = (events.start_step, events.steps_per_bar, events.transposition)
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError(f"start_step, steps_per_bar and transposition are {numbers}")
    if (events.ids.ndim, events.context.ndim) != (1, 2):
        raise ValueError("ids is no list, or context no list of rows")
    return events


def controls_to_json(controls: EventControls) -> dict[str, Any]:
    """Return controls, with their constraints, as JSON values.

    Parameters
    ----------
    controls : EventControls

    Returns
    -------
    dict
    """
    constraints = controls.constraints
    found = {f.name: getattr(controls, f.name) for f in fields(controls)}
    found["constraints"] = {f.name: getattr(constraints, f.name) for f in fields(constraints)}
    found["conditions"] = {
        name: list(getattr(controls.conditions, name)) for name in controls.conditions.given
    }
    if constraints.pitch_classes is not None:
        found["constraints"]["pitch_classes"] = sorted(constraints.pitch_classes)
    if constraints.drums is not None:
        found["constraints"]["drums"] = sorted(constraints.drums)
    if constraints.keep is not None:
        found["constraints"]["keep"] = notes_to_json(constraints.keep)
    return found


def controls_from_json(found: Mapping[str, Any]) -> EventControls:
    """Read what `controls_to_json` gave.

    Parameters
    ----------
    found : mapping

    Returns
    -------
    EventControls

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is no such thing.
    GenerationError, ConstraintError, ConditionError
        If a number is out of its range.
    """
    constraints = dict(found["constraints"])
    if constraints["pitch_classes"] is not None:
        constraints["pitch_classes"] = frozenset(constraints["pitch_classes"])
    if constraints.get("drums") is not None:
        constraints["drums"] = frozenset(constraints["drums"])
    if constraints["keep"] is not None:
        constraints["keep"] = notes_from_json(constraints["keep"])
    conditions: dict[str, Any] = {
        name: tuple(tuple(v) if isinstance(v, list) else v for v in values)
        for name, values in found.get("conditions", {}).items()
    }
    values = {
        "constraints": Constraints(**constraints),
        "conditions": Conditions(**conditions),
    }
    return EventControls(**{**found, **values})
