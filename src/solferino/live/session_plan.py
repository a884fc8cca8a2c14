"""Plans: what a live session is made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from solferino.errors import LiveError
from solferino.live.controls import Assignment
from solferino.live.output import DRUM_CHANNEL
from solferino.live.partner import PartnerSettings
from solferino.live.transport import FOUR_FOUR, Meter
from solferino.notes.sequence import DEFAULT_QPM

UNASSUMING = PartnerSettings()
NO_CONTROLS = Assignment({})
MAX_OFFSET_S = 1.0


@final
@dataclass(frozen=True)
class PartnerPlan:
    """One partner of a session.

    Parameters
    ----------
    bundles : tuple of str
        At least one; one answers at a time.
    channels : frozenset of int in [1, 16], optional
        Channels that it listens to; by default all.
    playback_channel : int in [1, 16], optional
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
    settings : PartnerSettings
        Of all partners, to begin with.
    input_ports, output_ports : tuple of str or None
        Names; None is the virtual port. What is played goes to all outputs.
    qpm : float
        Tempo to begin with, in quarter notes a minute.
    meter : Meter
    starts : bool
        Whether the music runs from the start; otherwise another clock starts it.
    has_metronome : bool
    metronome_channel : int in [1, 16]
    passes_through : bool
        Whether what is played is sent on to the outputs.
    passthrough_channel : int in [1, 16], optional
        On this channel; by default on that on which it came.
    is_mono : bool
        Whether a note that is played ends the one before it.
    playback_offset_s : float in [-1, 1]
        Answers are played so much later, or earlier below 0, in seconds.
    controls : Assignment
    path : Path, optional
        Where `save` writes.
    seed : int

    Raises
    ------
    LiveError
        If there is no partner, or a channel is out of its range.
    """

    partners: tuple[PartnerPlan, ...]
    settings: PartnerSettings = UNASSUMING
    input_ports: tuple[str | None, ...] = (None,)
    output_ports: tuple[str | None, ...] = (None,)
    qpm: float = DEFAULT_QPM
    meter: Meter = FOUR_FOUR
    starts: bool = True
    has_metronome: bool = True
    metronome_channel: int = DRUM_CHANNEL + 1
    passes_through: bool = True
    passthrough_channel: int | None = None
    is_mono: bool = False
    playback_offset_s: float = 0.0
    controls: Assignment = NO_CONTROLS
    path: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check partners and channels."""
        if not self.partners:
            raise LiveError("nobody answers: name a bundle, such as attention_rnn")
        channels = {self.metronome_channel, self.passthrough_channel}
        for partner in self.partners:
            channels |= {partner.playback_channel, *(partner.channels or ())}
        for channel in channels:
            if channel is not None and not 1 <= channel <= 16:
                raise LiveError(f"no channel is {channel}: give 1 to 16")
        if not abs(self.playback_offset_s) <= MAX_OFFSET_S:
            raise LiveError(
                f"answers cannot begin {self.playback_offset_s} s late: "
                f"give {-MAX_OFFSET_S} to {MAX_OFFSET_S}"
            )
