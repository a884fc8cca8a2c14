"""PartnerSettings of a partner in call and response: who answers, how long, and how boldly."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, final

from solferino.bundles.bundle import open_bundle
from solferino.errors import LiveError
from solferino.generation.generator import EventControls
from solferino.representations.constraints import Constraints

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0
DEFAULT_CHORDS = ("C", "G", "Am", "F")
ANYTHING = Constraints()


@final
@dataclass(frozen=True)
class Responder:
    """A bundle that answers.

    Parameters
    ----------
    bundle : str
        Its name, or the path of its file.
    name : str
        What it is called.
    is_drum : bool
        Whether it hears and plays drums.
    takes_chords : bool
        Whether it improvises over chords.
    """

    bundle: str
    name: str
    is_drum: bool = False
    takes_chords: bool = False


def responder_of(bundle: str) -> Responder:
    """Look into a bundle.

    Raises
    ------
    BundleError
        If it is missing or damaged.
    """
    card = open_bundle(bundle).card
    kind = card.representation.get("name")
    return Responder(bundle, card.name, kind == "drums", kind == "improv")


@final
@dataclass(frozen=True)
class PartnerSettings:
    """How a partner listens and answers.

    Parameters
    ----------
    min_listen_bars, max_listen_bars : int >= 0
        How long a call is listened to; a maximum of 0 is none.
    response_bars : int >= 0
        Length of the answer; 0 is as long as the call.
    temperature : float in [0.1, 2]
        Above 1 more daring, below 1 more ordinary.
    is_looping : bool
        Whether the answer is repeated until something is played.
    is_mutating : bool
        Whether each repetition is made anew out of the one before.
    allows_overlap : bool
        Whether a new call is listened to while the answer plays.
    constraints : Constraints
        What every note of a bundle other than drums obeys.
    chords : tuple of str
        One a bar, over and over, for bundles that improvise.

    Raises
    ------
    LiveError
        If a number is out of its range.
    """

    min_listen_bars: int = 1
    max_listen_bars: int = 0
    response_bars: int = 0
    temperature: float = 1.0
    is_looping: bool = False
    is_mutating: bool = False
    allows_overlap: bool = False
    constraints: Constraints = field(default=ANYTHING)
    chords: tuple[str, ...] = DEFAULT_CHORDS

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("min_listen_bars", "max_listen_bars", "response_bars"):
            if not 0 <= getattr(self, name) <= 127:
                raise LiveError(
                    f"{name} is {getattr(self, name)}: give a number of bars from 0 to 127"
                )
        if not MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE:
            raise LiveError(
                f"temperature is {self.temperature:g}: give {MIN_TEMPERATURE:g} (ordinary) to "
                f"{MAX_TEMPERATURE:g} (daring)"
            )
        if not self.chords:
            raise LiveError(
                f"no chords are named: write some, one a bar, such as {' '.join(DEFAULT_CHORDS)!r}"
            )

    def controls_for(self, responder: Responder) -> EventControls:
        """How a bundle chooses its events."""
        constraints = ANYTHING if responder.is_drum else self.constraints
        return EventControls(temperature=self.temperature, constraints=constraints)

    def chords_for(self, responder: Responder, bar: int, num_bars: int) -> tuple[str, ...]:
        """Chords of so many bars from a bar of the music on; none for others than improvisers."""
        if not responder.takes_chords:
            return ()
        return tuple(self.chords[k % len(self.chords)] for k in range(bar, bar + num_bars))


@final
class State(IntEnum):
    """What a partner does; the values are those of the state control."""

    IDLE = 0
    LISTENING = 1
    RESPONDING = 2


@final
class Tally(NamedTuple):
    """What happened so far.

    Parameters
    ----------
    calls : int
        Calls that ended.
    answers : int
        Answers that began, repetitions not counted.
    misses : int
        Answers that were not ready on the bar line, so that another phrase was played.
    """

    calls: int = 0
    answers: int = 0
    misses: int = 0
