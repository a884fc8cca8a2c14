"""Parts: what a looper is given to play, and what a performer can ask of it."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import final

from solferino.errors import LiveError
from solferino.generation.generator import PLAIN, EventControls
from solferino.live.output import DRUM_CHANNEL
from solferino.live.phrases import Phrase

MAX_BARS = 64

NOTHING = Phrase(0.0)
"""A phrase of no length: music that begins from nothing."""

_NAME = re.compile(r"[A-Za-z0-9_-]+")


@final
class Action(Enum):
    """What a looper does at the end of a pass; the value is what performers call it."""

    LOOP = "loop"
    """Play the same loop again."""

    GENERATE = "generate"
    """Play a new loop in every pass, which continues the one before."""

    GENERATE_ONCE = "generate_once"
    """Play one new loop, which continues the one before, and then loop."""

    RESET_ONCE = "reset_once"
    """Go back to the primer, which is silence unless one was given, and loop."""

    RESET_GENERATE = "reset_generate"
    """Play one new loop that knows only the primer, and then loop."""

    @property
    def composes(self) -> bool:
        """Whether music has to be written for it."""
        return self not in (Action.LOOP, Action.RESET_ONCE)


@final
@dataclass(frozen=True, kw_only=True)
class Part:
    """One voice of a track.

    Parameters
    ----------
    name : str
        Letters, digits, hyphens and underscores.
    bundle : str
        Name of a bundle, or path of a bundle file.
    bars : int in [1, 64]
        Length of its loop.
    channel : int in [1, 16]
        MIDI channel as musicians count; 10 is for drums.
    output : str
        Name of the output it plays to; empty for the first.
    program : int in [0, 127], or None
        General MIDI program, counted from 0; None leaves the choice to whoever plays it.
    sample : str
        Instead of a program, where sound is rendered: a sample instrument of the package, or a
        path of a WAV or a folder of them.
    chords : tuple of str
        Chord symbols, one a bar, over and over, for bundles that improvise.
    controls : EventControls
        How events are chosen.
    seed : int >= 0
        The same seed and the same actions make the same music.
    primer : Phrase
        What the first loop continues, and what it is reset to.
    action : Action
        What it does from the start.

    Raises
    ------
    LiveError
        If the name or a number cannot be.
    """

    name: str
    bundle: str
    bars: int = 4
    channel: int = 1
    output: str = ""
    program: int | None = None
    sample: str = ""
    chords: tuple[str, ...] = ()
    controls: EventControls = PLAIN
    seed: int = 0
    primer: Phrase = NOTHING
    action: Action = Action.GENERATE

    def __post_init__(self) -> None:
        """Check the name and the ranges."""
        if not _NAME.fullmatch(self.name):
            raise LiveError(
                f"no looper can be called {self.name!r}: use letters, digits, - and _ only"
            )
        ranges = {"bars": (1, MAX_BARS), "channel": (1, 16), "program": (0, 127)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise LiveError(f"{self.name} has {name} {value}: give {low} to {high}")
        if self.seed < 0:
            raise LiveError(f"{self.name} has seed {self.seed}: give 0 or more")

    @property
    def is_drum(self) -> bool:
        """Whether it plays on the channel for drums."""
        return self.channel == DRUM_CHANNEL + 1
