"""A request to generate, from what was typed."""

import ast
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import typer

from solferino.notes.sequence import DEFAULT_QPM, NoteSequence, Text

if TYPE_CHECKING:
    from solferino.bundles.card import Card
    from solferino.generation.request import GenerationRequest
    from solferino.representations.conditions import Conditions
    from solferino.representations.constraints import Constraints
    from solferino.representations.representation import Representation

DEFAULT_NUM_STEPS = 128
DEFAULT_LENGTH_S = 30
DEFAULT_CHORDS = "C G Am F C G F C"


class Primers(NamedTuple):
    """What to start from, one at most, and what becomes of it."""

    melody: str | None
    drums: str | None
    pitches: str | None
    midi: Path | None
    is_injected: bool


class Chords(NamedTuple):
    """What to improvise over."""

    symbols: str | None
    steps_per_chord: int


class Lengths(NamedTuple):
    """How many outputs, and how long they are."""

    num_outputs: int
    num_steps: int | None
    new_bars: int | None


class Rules(NamedTuple):
    """What every new note has to obey."""

    key: str | None
    scale: str | None
    pitch_range: tuple[int, int] | None
    keep: Path | None
    drums: str | None


class Wishes(NamedTuple):
    """What the model is told that the music shall be like."""

    notes_per_second: str | None
    pitch_class_histogram: str | None
    disable_conditioning: str | None


def request_of(
    bundle: str,
    *,
    primers: Primers,
    chords: Chords,
    lengths: Lengths,
    rules: Rules,
    wishes: Wishes,
    choosing: tuple[float, int, float, int, int, int],
    qpm: float | None,
    seed: int | None,
) -> "GenerationRequest":
    """Collect what was typed in one value.

    Parameters
    ----------
    bundle : str
        Name or path.
    primers, chords, lengths, rules, wishes
        Options that belong together.
    choosing : tuple
        Temperature, top_k, top_p, beam_size, branch_factor, steps_per_iteration.
    qpm : float, optional
        Tempo, in quarter notes a minute.
    seed : int, optional
        Drawn if not given.

    Raises
    ------
    typer.BadParameter
        If something cannot be read, or contradicts something else.
    SolferinoError
        If a file or the bundle cannot be read, or a value is out of range.
    """
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415
    from solferino.cli.primers import constraints_of  # noqa: PLC0415
    from solferino.generation.generator import EventControls  # noqa: PLC0415
    from solferino.generation.request import GenerationRequest, check_qpm  # noqa: PLC0415

    check_qpm(qpm)
    if lengths.num_steps and lengths.new_bars:
        raise typer.BadParameter("it says another length than --num-steps", param_hint="--new-bars")
    card = open_bundle(bundle).card
    constraints = constraints_of(*rules)
    primer = _primer(primers, card, qpm)
    if primers.is_injected:
        constraints = _injected(primer, constraints)
        lengths = lengths._replace(num_steps=lengths.num_steps or _length_of(primer, card))
        primer = None
    if primer is None and constraints.keep is not None:
        keep = constraints.keep
        primer = NoteSequence(tempos=keep.tempos, meters=keep.meters, texts=_chords_of(keep))
    primer, lengths = _over_chords(primer, chords, lengths, card, qpm)
    return GenerationRequest(
        bundle=bundle,
        primer=primer,
        qpm=qpm,
        num_outputs=lengths.num_outputs,
        num_steps=lengths.num_steps or _default_num_steps(card),
        new_bars=lengths.new_bars,
        controls=EventControls(*choosing, constraints, conditions_of(wishes)),
        seed=int.from_bytes(os.urandom(4), "big") if seed is None else seed,
    )


def conditions_of(wishes: Wishes) -> "Conditions":
    """Read numbers and lists of numbers.

    Raises
    ------
    typer.BadParameter
        If one cannot be read.
    ConditionError
        If a value is out of its range.
    """
    from solferino.representations.conditions import Conditions  # noqa: PLC0415

    density = _several("--notes-per-second", wishes.notes_per_second, (int, float))
    disable = _several("--disable-conditioning", wishes.disable_conditioning, (bool,))
    histogram = _several(
        "--pitch-class-histogram", wishes.pitch_class_histogram, (int, float, list)
    )
    if not any(isinstance(weights, list) for weights in histogram):
        histogram = [histogram] if histogram else []
    for weights in histogram:
        if not (isinstance(weights, list) and all(type(w) in (int, float) for w in weights)):
            raise typer.BadParameter(
                f"{weights!r} is no list of numbers; write 12 weights from C to B, or several such "
                "lists",
                param_hint="--pitch-class-histogram",
            )
    return Conditions(tuple(density), tuple(map(tuple, histogram)), tuple(disable))


def _several(option: str, text: str | None, kinds: tuple[type, ...]) -> list[Any]:
    """Read one value or a list of values; none gives an empty list."""
    if text is None:
        return []
    wrong = typer.BadParameter(
        f"{text!r} cannot be read; write one value, or a list such as [2, 8]", param_hint=option
    )
    try:
        value = ast.literal_eval(text.replace("true", "True").replace("false", "False"))
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise wrong from error
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values or not all(type(v) in kinds for v in values):
        raise wrong
    return values


def _primer(given: Primers, card: "Card", qpm: float | None) -> NoteSequence | None:
    from solferino.cli.primers import drum_primer, melody_primer, pitches_primer  # noqa: PLC0415
    from solferino.notes.files import load  # noqa: PLC0415

    if sum(primer is not None for primer in given[:4]) > 1:
        raise typer.BadParameter(
            "give one primer, a melody, drums, pitches or a file", param_hint="--primer-midi"
        )
    if given.melody is not None:
        return melody_primer(given.melody, qpm, _steps_per_quarter(card, "--primer-melody"))
    if given.drums is not None:
        return drum_primer(given.drums, qpm, _steps_per_quarter(card, "--primer-drums"))
    if given.pitches is not None:
        _steps_per_quarter(card, "--primer-pitches")
        return pitches_primer(given.pitches, qpm)
    return load(given.midi) if given.midi else None


def _steps_per_quarter(card: "Card", option: str) -> int:
    """Find the grid of a typed primer, and refuse one that the bundle has no ear for."""
    makes_drums = card.representation.get("name") == "drums"
    if makes_drums != (option == "--primer-drums"):
        fitting = "--primer-drums" if makes_drums else "--primer-melody"
        raise typer.BadParameter(
            f"{card.name} makes {card.makes}; give {fitting} or --primer-midi", param_hint=option
        )
    return _resolution(card)


def _resolution(card: "Card") -> int:
    return int(card.representation.get("options", {}).get("steps_per_quarter", 4))


def _default_num_steps(card: "Card") -> int:
    """Return how much to make where nothing says it: half a minute of a performance."""
    steps_per_second = card.representation.get("options", {}).get("steps_per_second")
    return int(steps_per_second) * DEFAULT_LENGTH_S if steps_per_second else DEFAULT_NUM_STEPS


def _injected(primer: NoteSequence | None, constraints: "Constraints") -> "Constraints":
    """Keep the notes of a primer, so that the model plays with them."""
    if primer is None or constraints.keep is not None:
        raise typer.BadParameter(
            "it needs a primer, and no --keep, which says the same of a file",
            param_hint="--inject-primer-during-generation",
        )
    return replace(constraints, keep=primer)


def _length_of(primer: NoteSequence | None, card: "Card") -> int | None:
    """Return the length of a primer in steps, up to the end of its last note."""
    from solferino.notes.quantization import quantize_on  # noqa: PLC0415

    if primer is None:
        return None
    grid = _representation(card).grid
    return int(quantize_on(primer, grid).notes["end_step"].max(initial=0)) or None


def _representation(card: "Card") -> "Representation":
    from solferino.representations.registry import build_representation  # noqa: PLC0415

    found = card.representation
    return build_representation(found["name"], found.get("options", {}))


def _chords_of(notes: NoteSequence) -> tuple[Text, ...]:
    return tuple(text for text in notes.texts if text.kind == "chord")


def _over_chords(
    primer: NoteSequence | None, chords: Chords, lengths: Lengths, card: "Card", qpm: float | None
) -> tuple[NoteSequence | None, Lengths]:
    """Put chord symbols at their times into the primer, and let them say the length."""
    from solferino.generation.continuation import check_size  # noqa: PLC0415
    from solferino.generation.generator import PLAIN  # noqa: PLC0415

    takes_chords = card.representation.get("name") == "improv"
    if chords.symbols is not None and not takes_chords:
        raise typer.BadParameter(
            f"{card.name} makes {card.makes} without listening to chords; take a bundle such as "
            "chord_pitches_improv",
            param_hint="--backing-chords",
        )
    has_chords = primer is not None and bool(_chords_of(primer))
    if not takes_chords or (has_chords and chords.symbols is None):
        return primer, lengths
    symbols = _symbols(chords.symbols)
    primer = NoteSequence() if primer is None else primer
    if not len(primer.tempos):
        primer = primer.replace(tempos=[(0.0, qpm or DEFAULT_QPM)])
    if lengths.num_steps is None and lengths.new_bars is None:
        lengths = lengths._replace(num_steps=len(symbols) * chords.steps_per_chord)
    end_step = _end_step(primer, lengths, card)
    check_size(lengths.num_outputs, PLAIN, end_step)
    number = -(-end_step // chords.steps_per_chord)
    played = [symbols[k % len(symbols)] for k in range(number)]
    return with_chords(primer, played, chords.steps_per_chord / _resolution(card)), lengths


def _symbols(text: str | None) -> list[str]:
    symbols = (DEFAULT_CHORDS if text is None else text).split()
    if not symbols:
        raise typer.BadParameter(
            f"{text!r} names no chord; write symbols, such as {DEFAULT_CHORDS!r}",
            param_hint="--backing-chords",
        )
    return symbols


def _end_step(primer: NoteSequence, lengths: Lengths, card: "Card") -> int:
    """Return the step at which the music ends."""
    from solferino.generation.request import GenerationRequest, new_section  # noqa: PLC0415
    from solferino.notes.quantization import seconds_to_steps  # noqa: PLC0415
    from solferino.notes.timing import TempoMap  # noqa: PLC0415

    if lengths.new_bars is None:
        return lengths.num_steps or 0
    representation = _representation(card)
    request = GenerationRequest(bundle=card.name, primer=primer, new_bars=lengths.new_bars)
    end_s = new_section(request, representation).end_s
    steps = seconds_to_steps(representation.grid, TempoMap.from_sequence(primer), [end_s])
    return round(float(steps[0]))


def with_chords(
    primer: NoteSequence, symbols: list[str], quarters_per_chord: float
) -> NoteSequence:
    """Return the primer over chords, one after the other from its start.

    Parameters
    ----------
    primer : NoteSequence
    symbols : list of str
        In place of what chord symbols the primer has.
    quarters_per_chord : float > 0
        How long each lasts, in quarter notes.
    """
    from solferino.notes.timing import TempoMap  # noqa: PLC0415

    starts = np.arange(len(symbols)) * quarters_per_chord
    times_s = TempoMap.from_sequence(primer).quarters_to_seconds(starts).tolist()
    chords = (
        Text(time_s, symbol, "chord") for time_s, symbol in zip(times_s, symbols, strict=True)
    )
    others = (text for text in primer.texts if text.kind != "chord")
    return primer.replace(texts=(*others, *chords))
