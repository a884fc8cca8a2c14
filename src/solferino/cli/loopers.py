"""Loopers as they are typed: ``drums=drum_kit:2:10``."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from solferino.cli.playing import chords_of
from solferino.notes.general_midi import PROGRAM_NAMES

if TYPE_CHECKING:
    from solferino.live.parts import Part

DEFAULT_LOOPERS = (
    "drums=drum_kit:2:10",
    "melody=attention_rnn:4:1:electric piano",
    "cat=lookback_rnn:4:3:cat",
)
OPTION = "--looper"

_LOOPER = re.compile(
    r"(?P<name>[^=]+)=(?P<bundle>.+?)(:(?P<bars>\d+)(:(?P<channel>\d+)(:(?P<instrument>.+))?)?)?"
)


class LoopSettings(NamedTuple):
    """How all loopers play."""

    key: str | None
    scale: str | None
    temperature: float
    chords: str | None
    seed: int


def parts_of(
    texts: Sequence[str], settings: LoopSettings, outputs: Sequence[str] = ()
) -> list["Part"]:
    """Read loopers.

    Parameters
    ----------
    texts : sequence of str
        Each ``NAME=BUNDLE[:BARS[:CHANNEL[:INSTRUMENT]]]``.
    settings : LoopSettings
    outputs : sequence of str
        Names of the outputs, one a looper; the loopers that are left over share the last.

    Raises
    ------
    typer.BadParameter
        If one cannot be read.
    SolferinoError
        If a bundle cannot be opened, or a number is out of range.
    """
    from solferino.live.looper import derived_seed  # noqa: PLC0415

    parts = []
    for number, text in enumerate(texts):
        output = outputs[min(number, len(outputs) - 1)] if outputs else ""
        part = replace(_part(text, settings), seed=derived_seed(settings.seed, number))
        parts.append(replace(part, output=output))
    return parts


def _part(text: str, settings: LoopSettings) -> "Part":
    from solferino.cli.primers import constraints_of  # noqa: PLC0415
    from solferino.generation.generator import EventControls  # noqa: PLC0415
    from solferino.live.output import DRUM_CHANNEL  # noqa: PLC0415
    from solferino.live.partner import responder_of  # noqa: PLC0415
    from solferino.live.parts import Part  # noqa: PLC0415

    found = _LOOPER.fullmatch(text)
    if not found:
        raise typer.BadParameter(
            f"{text!r} is no looper; write NAME=BUNDLE:BARS:CHANNEL:INSTRUMENT, of which BARS and "
            "what follows may be left out, such as drums=drum_kit:2:10",
            param_hint=OPTION,
        )
    bundle = responder_of(found["bundle"])
    is_free = bundle.is_drum or settings.key is None
    rules = (None, None) if is_free else (settings.key, settings.scale)
    return Part(
        name=found["name"],
        bundle=found["bundle"],
        bars=int(found["bars"] or 4),
        channel=int(found["channel"] or (DRUM_CHANNEL + 1 if bundle.is_drum else 1)),
        chords=chords_of(settings.chords) if bundle.takes_chords else (),
        controls=EventControls(
            temperature=settings.temperature, constraints=constraints_of(*rules, None, None, None)
        ),
        **(_instrument(found["instrument"]) if found["instrument"] else {}),
    )


def _instrument(text: str) -> dict[str, Any]:
    """Read an instrument: General MIDI's number or name, a sound of the package, or a path."""
    from solferino.audio.sample import BUILTIN_SAMPLES  # noqa: PLC0415

    if text.isdecimal() and 1 <= int(text) <= len(PROGRAM_NAMES):
        return {"program": int(text) - 1}
    if text in BUILTIN_SAMPLES or Path(text).exists():
        return {"sample": text}
    names = {name.casefold(): program for program, name in enumerate(PROGRAM_NAMES)}
    if text.casefold() in names:
        return {"program": names[text.casefold()]}
    known = [*BUILTIN_SAMPLES, *names]
    nearest = difflib.get_close_matches(text.casefold(), known, n=1, cutoff=0.0)[0]
    raise typer.BadParameter(
        f"no instrument is {text!r}, and no file; the nearest is {nearest!r}. Give a name or "
        "number, 1 to 128, of General MIDI, or a path of a WAV or a folder of them",
        param_hint=OPTION,
    )
