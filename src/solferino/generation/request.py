"""A request to generate: a value that says everything, and is written into what comes out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType, NoneType
from typing import Any, Self, final

import numpy as np

from solferino.errors import BundleError, GenerationError
from solferino.generation.continuation import EventGenerator, check_size
from solferino.generation.generator import PLAIN, EventControls, Output, Section
from solferino.generation.json_values import (
    controls_from_json,
    controls_to_json,
    events_from_json,
    events_to_json,
    notes_from_json,
    notes_to_json,
)
from solferino.generation.opening import open_generator
from solferino.generation.sections import SAME_TIME_STEPS
from solferino.notes.quantization import quantize_on, seconds_to_steps, steps_to_seconds
from solferino.notes.sequence import DEFAULT_QPM, NoteSequence, Text
from solferino.notes.timing import (
    SAME_MOMENT_QUARTERS,
    TempoMap,
    meter_changes,
    quarters_per_bar,
)
from solferino.representations.representation import EventSequence, Representation

PROVENANCE_PREFIX = "solferino:"
REQUEST_VERSION = 1

Primer = NoteSequence | EventSequence | None

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)
"""What reading values of other kinds than they must be can end in."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GenerationRequest:
    """What to generate, from what, and how: the same request gives the same notes.

    Parameters
    ----------
    bundle : str
        Name of a bundle, or path of a bundle file.
    bundle_sha256 : str
        Hash that the bundle must have; empty for any.
    primer : NoteSequence, EventSequence or None
        The music to continue, as notes or as events of the bundle's representation; None is
        the representation's own default.
    qpm : float > 0, or None
        Tempo, in quarter notes a minute. None is the primer's own, or 120 if it has none.
    num_steps : int > 0
        Length of each output in steps of the grid, the primer included.
    new_bars : int > 0, or None
        Instead of `num_steps`: how many bars follow the one in which the primer ends, which
        is filled up first.
    num_outputs : int > 0
        How many outputs.
    controls : EventControls
        How events are chosen.
    seed : int in [0, 2**64)
        The same seed gives the same outputs.
    output : int >= 0, or None
        Make only the output of this number; None makes all.
    """

    bundle: str
    bundle_sha256: str = ""
    primer: Primer = None
    qpm: float | None = None
    num_steps: int = 128
    new_bars: int | None = None
    num_outputs: int = 1
    controls: EventControls = PLAIN
    seed: int = 0
    output: int | None = None

    def to_json(self) -> str:
        """Return the request as one line of ASCII; `from_json` reads it."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        found["primer"] = _primer_to_json(self.primer)
        found["controls"] = controls_to_json(self.controls)
        return json.dumps({"version": REQUEST_VERSION, **found}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a request.

        Parameters
        ----------
        text : str
            What `to_json` gave.

        Returns
        -------
        GenerationRequest

        Raises
        ------
        GenerationError
            If it is no request, one of a newer version, or out of range.
        """
        try:
            found = dict(json.loads(text))
            version = found.pop("version")
            if version == REQUEST_VERSION:
                found["primer"] = _primer_from_json(found["primer"])
                found["controls"] = controls_from_json(found["controls"])
                request = cls(**found)
                _check_kinds(request)
                return request
        except _UNREADABLE as error:
            raise GenerationError(
                f"the request cannot be read ({type(error).__name__}: {error}): "
                "take a file as solferino wrote it"
            ) from error
        raise GenerationError(
            f"the request has version {version} and this solferino reads {REQUEST_VERSION}: "
            "upgrade with pip install --upgrade solferino"
        )


def run(request: GenerationRequest, generator: EventGenerator | None = None) -> list[Output]:
    """Generate what a request asks for.

    The new notes begin one step after the end of the primer's last note.

    Parameters
    ----------
    request : GenerationRequest
    generator : EventGenerator or None
        The opened bundle of the request, where there is one already; None opens it.

    Returns
    -------
    list of Output
        In order of their numbers. Each piece holds, as a text at its start, the request
        that makes it again, alone; see `read_provenance`.

    Raises
    ------
    BundleError
        If the bundle cannot be opened, or is another than the request says.
    GenerationError
        If the primer is too long, or a number is out of range.
    ConstraintError
        If no notes can obey the constraints.
    """
    generator = generator or open_generator(request.bundle)
    found = generator.bundle_sha256
    if request.bundle_sha256 not in ("", found):
        raise BundleError(
            f"the bundle {request.bundle} has changed: its SHA-256 is {found[:12]}..., "
            f"the request was made with {request.bundle_sha256[:12]}...; get that bundle"
        )
    if isinstance(request.primer, NoteSequence):
        request = replace(request, primer=_without_provenance(request.primer))
    primer = _primer_notes(request, generator.representation)
    section = _section(primer, request, generator.representation)
    outputs = generator.generate_batch(
        primer,
        section,
        request.controls,
        seed=request.seed,
        num_outputs=request.num_outputs if request.output is None else 1,
        first_output=request.output or 0,
    )
    signed = replace(request, bundle_sha256=found, num_outputs=1)
    return [
        replace(output, notes=_signed(output.notes, replace(signed, output=number)))
        for number, output in enumerate(outputs, start=request.output or 0)
    ]


def read_provenance(notes: NoteSequence) -> GenerationRequest:
    """Find the request that a piece was made by.

    Parameters
    ----------
    notes : NoteSequence
        As generated, or as read back from its MIDI file.

    Returns
    -------
    GenerationRequest
        `run` makes the same notes from it, if the bundle is still the same.

    Raises
    ------
    GenerationError
        If the piece does not say how it was made.
    """
    for text in notes.texts:
        if text.text.startswith(PROVENANCE_PREFIX):
            return GenerationRequest.from_json(text.text.removeprefix(PROVENANCE_PREFIX))
    raise GenerationError(
        f"the piece {notes.title or notes.source!r} does not say how it was made: "
        "take a MIDI file as solferino generated it"
    )


def new_section(request: GenerationRequest, representation: Representation) -> Section:
    """Return the time that a request fills with new notes.

    Parameters
    ----------
    request : GenerationRequest
    representation : Representation
        Of its bundle.

    Raises
    ------
    GenerationError
        If the primer is too long, or a number is out of range.
    """
    return _section(_primer_notes(request, representation), request, representation)


def check_qpm(qpm: float | None) -> None:
    """Refuse a tempo that is none.

    Raises
    ------
    GenerationError
        If it is given and not above 0 quarter notes a minute, or infinite.
    """
    if qpm is None:
        return
    try:
        NoteSequence().replace(tempos=[(0.0, qpm)])
    except ValueError as error:
        raise GenerationError(f"qpm is {qpm}: it must be above 0 quarter notes a minute") from error


def _check_kinds(request: GenerationRequest) -> None:
    """Raise TypeError where a field that was read is of another kind than it must be."""
    for name, kinds in _KINDS.items():
        if not isinstance(getattr(request, name), kinds):
            raise TypeError(f"{name} is {getattr(request, name)!r}")
    for name in ("top_k", "beam_size", "branch_factor", "steps_per_iteration"):
        if not isinstance(getattr(request.controls, name), int):
            raise TypeError(f"{name} is {getattr(request.controls, name)!r}")


_KINDS: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    {
        "bundle": str,
        "bundle_sha256": str,
        "qpm": (int, float, NoneType),
        "num_steps": int,
        "new_bars": (int, NoneType),
        "num_outputs": int,
        "seed": int,
        "output": (int, NoneType),
    }
)


def _signed(notes: NoteSequence, request: GenerationRequest) -> NoteSequence:
    text = Text(0.0, PROVENANCE_PREFIX + request.to_json())
    return notes.replace(texts=(*notes.texts, text))


def _without_provenance(notes: NoteSequence) -> NoteSequence:
    """Forget how a primer was made, or each generation would carry all those before."""
    texts = tuple(t for t in notes.texts if not t.text.startswith(PROVENANCE_PREFIX))
    return notes.replace(texts=texts)


def _primer_notes(request: GenerationRequest, representation: Representation) -> NoteSequence:
    """Return the primer as notes, in the tempo that was asked for."""
    primer, qpm = request.primer, request.qpm
    check_qpm(qpm)
    if primer is None:
        primer = representation.default_primer()
    if isinstance(primer, EventSequence):
        return representation.decode(primer, qpm or DEFAULT_QPM)
    if qpm is None:
        return primer
    if len(primer.tempos) and (primer.tempos["qpm"] != qpm).any():
        raise GenerationError(
            f"qpm is {qpm:g} but the primer has a tempo of its own, "
            f"{primer.tempos['qpm'][0]:g}: leave qpm out, or take the tempos off the primer"
        )
    return primer.replace(tempos=[(0.0, qpm)])


def _section(
    primer: NoteSequence, request: GenerationRequest, representation: Representation
) -> Section:
    """Return the time from one step after the primer's last note to the end."""
    # each bar has a step or more; sharper when the section is known
    check_size(request.num_outputs, request.controls, request.new_bars or request.num_steps)
    grid = representation.grid
    end_steps = quantize_on(primer, grid).notes["end_step"]
    past_steps = int(end_steps.max(initial=0))
    start_step = past_steps + 1 if len(end_steps) else 0
    tempo_map = TempoMap.from_sequence(primer)
    num_steps = request.num_steps
    if request.new_bars is not None:
        past_s = float(steps_to_seconds(grid, tempo_map, past_steps))
        end_s = _end_of_bars(primer, tempo_map, past_s, request.new_bars)
        num_steps = int(seconds_to_steps(grid, tempo_map, end_s) + SAME_TIME_STEPS)
    if num_steps <= start_step:
        raise GenerationError(
            f"num_steps is {num_steps}, the primer included, but the primer alone takes "
            f"{start_step}: ask for more steps or for new bars, or trim the primer"
        )
    return Section(*steps_to_seconds(grid, tempo_map, [start_step, num_steps]).tolist())


def _end_of_bars(primer: NoteSequence, tempo_map: TempoMap, past_s: float, new_bars: int) -> float:
    """Time at which so many bars after the bar that holds a moment are over."""
    if new_bars < 1:
        raise GenerationError(f"new_bars is {new_bars}: ask for 1 or more")
    changes = meter_changes(primer)
    meter = changes[changes["time_s"] <= past_s][-1]
    bar_quarters = quarters_per_bar(int(meter["numerator"]), int(meter["denominator"]))
    past_quarters = float(tempo_map.seconds_to_quarters(past_s)) - float(meter["quarters"])
    begun_bars = np.ceil(past_quarters / bar_quarters - SAME_MOMENT_QUARTERS)
    end_quarters = meter["quarters"] + (begun_bars + new_bars) * bar_quarters
    return float(tempo_map.quarters_to_seconds(end_quarters))


def _primer_to_json(primer: Primer) -> dict[str, Any] | None:
    if isinstance(primer, NoteSequence):
        return {"notes": notes_to_json(primer)}
    if isinstance(primer, EventSequence):
        return {"events": events_to_json(primer)}
    return None


def _primer_from_json(found: Mapping[str, Any] | None) -> Primer:
    if found is None:
        return None
    return (
        notes_from_json(found["notes"]) if "notes" in found else events_from_json(found["events"])
    )
