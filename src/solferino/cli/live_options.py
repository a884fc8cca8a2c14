"""The plan of a live session, from what was typed."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from solferino.cli.playing import ClockSource, chords_of, meter_of, names_of

if TYPE_CHECKING:
    from solferino.live.controls import Assignment
    from solferino.live.partner import PartnerSettings
    from solferino.live.session_plan import PartnerPlan, SessionPlan

DEFAULT_BUNDLE = "attention_rnn"
_PARTNER = re.compile(r"(\d+)(?::(\d+))?=(.+)")

Rules = tuple[str | None, str | None, tuple[int, int] | None, str | None]
"""Key, scale, range of pitches, chords."""


class Playing(NamedTuple):
    """Who plays, how fast, and what is kept of it."""

    bundles: list[str] | None
    partners: list[str] | None
    qpm: float
    meter: str
    clock: ClockSource
    has_metronome: bool
    metronome_channel: int
    seed: int
    path: Path | None


class Routing(NamedTuple):
    """Where messages come from and go to."""

    inputs: tuple[str | None, ...]
    outputs: tuple[str | None, ...]
    channels: frozenset[int] | None
    playback_channel: int | None
    playback_offset_s: float
    passes_through: bool
    passthrough_channel: int | None


class Listening(NamedTuple):
    """How a partner listens and answers."""

    min_listen_bars: int
    max_listen_bars: int
    response_bars: int
    temperature: float
    is_looping: bool
    is_mutating: bool
    allows_overlap: bool
    is_mono: bool


class Numbers(NamedTuple):
    """Numbers of control changes, by the names of the controls."""

    clock: int | None
    end_call: int | None
    panic: int | None
    mutate: int | None
    min_listen_bars: int | None
    max_listen_bars: int | None
    response_bars: int | None
    tempo: int | None
    temperature: int | None
    loop: int | None
    select: int | None
    metronome: int | None
    save: int | None
    state: int | None

    def assignment(self, path: Path | None) -> "Assignment":
        """Read the file, if there is one; what was typed goes before.

        Raises
        ------
        LiveError
            If the file is none of controls, or a number does not fit.
        """
        from solferino.live.controls import Assignment, read_controls  # noqa: PLC0415

        typed = {name: number for name, number in self._asdict().items() if number is not None}
        written = read_controls(path).numbers if path else {}
        return Assignment({**written, **typed})


def plan_of(
    playing: Playing,
    routing: Routing,
    listening: Listening,
    *,
    rules: Rules,
    controls: "Assignment",
) -> "SessionPlan":
    """Put together what was typed.

    Raises
    ------
    typer.BadParameter
        If something cannot be read, or contradicts something else.
    LiveError
        If a value is out of its range.
    """
    from solferino.live.session_plan import SessionPlan  # noqa: PLC0415
    from solferino.live.transport import Transport  # noqa: PLC0415

    meter = meter_of(playing.meter)
    Transport(playing.qpm, meter)  # refuses a tempo that cannot be
    return SessionPlan(
        partners=_partners(playing, routing),
        settings=_settings(listening, rules),
        input_ports=routing.inputs,
        output_ports=routing.outputs,
        qpm=playing.qpm,
        meter=meter,
        starts=playing.clock is not ClockSource.MIDI and "clock" not in controls.numbers,
        has_metronome=playing.has_metronome,
        metronome_channel=playing.metronome_channel,
        passes_through=routing.passes_through,
        passthrough_channel=routing.passthrough_channel,
        is_mono=listening.is_mono,
        playback_offset_s=routing.playback_offset_s,
        controls=controls,
        path=playing.path,
        seed=playing.seed,
    )


def _partners(playing: Playing, routing: Routing) -> "tuple[PartnerPlan, ...]":
    from solferino.live.session_plan import PartnerPlan  # noqa: PLC0415

    if not playing.partners:
        bundles = names_of(playing.bundles) or (DEFAULT_BUNDLE,)
        return (PartnerPlan(bundles, routing.channels, routing.playback_channel),)
    if playing.bundles or routing.channels or routing.playback_channel:
        raise typer.BadParameter(
            "it says bundles and channels itself; leave out --bundle, --channel and "
            "--playback-channel",
            param_hint="--partner",
        )
    return tuple(_partner(text) for text in playing.partners)


def _partner(text: str) -> "PartnerPlan":
    """Read a partner: ``1=attention_rnn`` or ``1:3=attention_rnn,lookback_rnn``."""
    from solferino.live.session_plan import PartnerPlan  # noqa: PLC0415

    found = _PARTNER.fullmatch(text.strip())
    channels = [int(number) for number in found.groups()[:2] if number] if found else [0]
    if not found or not all(1 <= channel <= 16 for channel in channels):
        raise typer.BadParameter(
            f"{text!r} is no partner; write channel and bundle, such as 1=attention_rnn, or with "
            "the channel to answer on 1:3=attention_rnn; channels are counted from 1 to 16",
            param_hint="--partner",
        )
    playback = channels[1] if len(channels) > 1 else None
    return PartnerPlan(names_of([found[3]]), frozenset({channels[0]}), playback)


def _settings(listening: Listening, rules: Rules) -> "PartnerSettings":
    from solferino.cli.primers import constraints_of  # noqa: PLC0415
    from solferino.live.partner import PartnerSettings  # noqa: PLC0415

    key, scale, pitch_range, chords = rules
    return PartnerSettings(
        *listening[:-1],
        constraints=constraints_of(key, scale, pitch_range, None, None),
        chords=chords_of(chords),
    )
