"""What every generator of notes can do, and how it is told what to do."""

import math
from dataclasses import dataclass, field
from typing import Protocol, final

from solferino.bundles.card import Card
from solferino.errors import GenerationError
from solferino.notes.sequence import NoteSequence
from solferino.representations.conditions import UNCONDITIONED, Conditions
from solferino.representations.constraints import Constraints


@final
@dataclass(frozen=True)
class Section:
    """The stretch of time to fill with new notes: half-open, [start_s, end_s).

    Parameters
    ----------
    start_s, end_s : float
        In seconds from the start of the piece.

    Raises
    ------
    GenerationError
        If it starts before the piece or has no length.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        """Check that the section has a length."""
        if not (0 <= self.start_s < self.end_s < math.inf):
            raise GenerationError(
                f"a section cannot go from {self.start_s} s to {self.end_s} s: "
                "start at 0 s or later and end after that"
            )


@final
@dataclass(frozen=True)
class EventControls:
    """How events are chosen.

    Parameters
    ----------
    temperature : float >= 0
        Divides the logits: below 1 is more ordinary, above 1 more daring; 0 always takes
        the likeliest event.
    top_k : int >= 0
        Choose among so many likeliest classes; 0 chooses among all.
    top_p : float in (0, 1]
        Choose among the fewest classes that hold this share of the probability.
    beam_size, branch_factor : int > 0
        How many sequences go on, and how many ways each is continued, before only the
        `beam_size` likeliest are kept. 1 and 1 is plain sampling.
    steps_per_iteration : int > 0
        Events between two such prunings.
    constraints : Constraints
        What every new note has to obey.
    conditions : Conditions
        What the new music is asked to be like, for models that can be told.

    Raises
    ------
    GenerationError
        If a number is out of its range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    beam_size: int = 1
    branch_factor: int = 1
    steps_per_iteration: int = 1
    constraints: Constraints = field(default_factory=Constraints)
    conditions: Conditions = UNCONDITIONED

    def __post_init__(self) -> None:
        """Check every range."""
        rules = {
            "temperature": (0 <= self.temperature < math.inf, "0 or more"),
            "top_k": (self.top_k >= 0, "0 (all) or more"),
            "top_p": (0 < self.top_p <= 1, "above 0 and at most 1"),
            "beam_size": (self.beam_size >= 1, "1 or more"),
            "branch_factor": (self.branch_factor >= 1, "1 or more"),
            "steps_per_iteration": (self.steps_per_iteration >= 1, "1 or more"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise GenerationError(f"{name} is {getattr(self, name)}: it must be {rule}")


PLAIN = EventControls()
"""Plain sampling at temperature 1 with no constraints."""


@final
@dataclass(frozen=True)
class Output:
    """One generated piece.

    Parameters
    ----------
    notes : NoteSequence
        The primer's notes as they were, and the new ones.
    log_likelihood : float
        Of the new events, in nats: what the model itself thinks of them, at temperature 1
        and without constraints.
    num_events : int
        How many new events there are.
    start_s : float
        Where they begin, in seconds.
    """

    notes: NoteSequence
    log_likelihood: float
    num_events: int
    start_s: float = 0.0


class SequenceGenerator(Protocol):
    """Makes new notes after given ones."""

    @property
    def card(self) -> Card:
        """What the generator says of itself."""

    def generate(
        self,
        primer: NoteSequence,
        section: Section,
        controls: EventControls = PLAIN,
        *,
        seed: int = 0,
    ) -> NoteSequence:
        """Return the primer with new notes in the section."""

    def generate_batch(
        self,
        primer: NoteSequence,
        section: Section,
        controls: EventControls = PLAIN,
        *,
        seed: int = 0,
        num_outputs: int = 1,
        first_output: int = 0,
    ) -> list[Output]:
        """Return several continuations of the primer, made together.

        Output k depends on the seed and on k alone: outputs ``first_output`` and after are
        the same whether or not the others are made too.
        """
