"""Plans: what a live session is made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from solferino.live.controls import Assignment
from solferino.live.manners import Manners
from solferino.live.metronome import DRUM_CHANNEL
from solferino.live.transport import FOUR_FOUR, Meter
from solferino.notes.sequence import DEFAULT_QPM

UNASSUMING = Manners()
NO_CONTROLS = Assignment({})


@final
@dataclass(frozen=True)
class PartnerPlan:
    """One partner of a session.

    Parameters
    ----------
    bundles : tuple of str
        At least one; one answers at a time.
    channels : frozenset of int in [0, 15], optional
        Channels that it listens to; by default all.
    playback_channel : int in [0, 15], optional
        Where its answers go; by default to the channel of the call, drums to theirs.
    """

    bundles: tuple[str, ...]
    channels: frozenset[int] | None = None
    playback_channel: int | None = None


@final
@dataclass(frozen=True, kw_only=True)
class SessionPlan:
    """Everything that a session is made of.

    Parameters
    ----------
    partners : tuple of PartnerPlan
        At least one.
    manners : Manners
        Of all partners, to begin with.
    input_ports, output_ports : tuple of str or None
        Names; None is the virtual port. What is played goes to all outputs.
    qpm : float
        Tempo to begin with, in quarter notes a minute.
    meter : Meter
    starts : bool
        Whether the music runs from the start; otherwise another clock starts it.
    has_metronome : bool
    metronome_channel : int in [0, 15]
    passes_through : bool
        Whether what is played is sent on to the outputs.
    passthrough_channel : int in [0, 15], optional
        On this channel; by default on that on which it came.
    is_mono : bool
        Whether a note that is played ends the one before it.
    playback_offset_s : float
        Answers are played so much later, or earlier below 0, in seconds.
    controls : Assignment
    path : Path, optional
        Where `save` writes.
    seed : int
    """

    partners: tuple[PartnerPlan, ...]
    manners: Manners = UNASSUMING
    input_ports: tuple[str | None, ...] = (None,)
    output_ports: tuple[str | None, ...] = (None,)
    qpm: float = DEFAULT_QPM
    meter: Meter = FOUR_FOUR
    starts: bool = True
    has_metronome: bool = True
    metronome_channel: int = DRUM_CHANNEL
    passes_through: bool = True
    passthrough_channel: int | None = None
    is_mono: bool = False
    playback_offset_s: float = 0.0
    controls: Assignment = NO_CONTROLS
    path: Path | None = None
    seed: int = 0
