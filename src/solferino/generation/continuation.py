"""Event models continue music: encode the primer, feed it, sample event by event, decode."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from solferino.bundles.card import Card
from solferino.bundles.session import StepSession
from solferino.errors import GenerationError
from solferino.generation.beam_search import best_rows, surviving_rows
from solferino.generation.generator import PLAIN, EventControls, Output, Section, SequenceGenerator
from solferino.generation.sampling import uniform_numbers
from solferino.generation.sections import (
    SECONDS_ARE_QUARTERS_QPM,
    ends_of_held_notes,
    events_before,
    joined,
    on_grid_of,
    step_range,
)
from solferino.generation.walk import Walk
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import TempoMap
from solferino.representations.representation import EventSequence, Ids, Representation

MAX_ROWS = 2**14
"""Most sequences that grow at once; each holds a state of the model in memory."""

MAX_EVENTS = 2**24
"""Most events of one batch, in all its sequences together."""


@final
class EventGenerator:
    """Continues music with a model that predicts one event after another.

    Parameters
    ----------
    card : Card
        What the model says of itself.
    representation : Representation
        Between notes and events; each event fills one step of its grid.
    session : StepSession
        The model.
    bundle_sha256 : str
        Hash of the bundle that all this came from; empty if from none.
    """

    def __init__(
        self,
        card: Card,
        representation: Representation,
        session: StepSession,
        bundle_sha256: str = "",
    ) -> None:
        self.card = card
        self.representation = representation
        self.session = session
        self.bundle_sha256 = bundle_sha256

    def generate(
        self,
        primer: NoteSequence,
        section: Section,
        controls: EventControls = PLAIN,
        *,
        seed: int = 0,
    ) -> NoteSequence:
        """Continue music once: output 0 of `generate_batch`, which tells the parameters."""
        return self.generate_batch(primer, section, controls, seed=seed)[0].notes

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
        """Continue music several times at once.

        Parameters
        ----------
        primer : NoteSequence
            The music to continue; it may be empty. Its tempo and meter go on, 120 quarter
            notes a minute and 4/4 if it has none. Between its end and the section is silence.
        section : Section
            Where the new notes go, at or after the end of the primer's notes. They fill the
            whole steps of the grid that lie in it.
        controls : EventControls
            How events are chosen.
        seed : int in [0, 2**64)
            The same seed gives the same output, whatever else is in the batch.
        num_outputs : int > 0
            How many.
        first_output : int >= 0
            Number of the first: what comes out is the end of a batch of ``first_output +
            num_outputs``, without the outputs before.

        Returns
        -------
        list of Output
            The primer as it was, with the new notes.

        Raises
        ------
        GenerationError
            If the section cannot be filled, or a number is out of range.
        ConstraintError
            If no notes can obey the constraints.
        """
        _check_numbers(seed, num_outputs, first_output)
        tempo_map = TempoMap.from_sequence(primer)
        steps = step_range(primer, section, tempo_map, self.representation.steps_per_quarter)
        _check_size(num_outputs, controls, steps.end_step - steps.start_step)
        controls = on_grid_of(primer, controls, section)
        past = events_before(self.representation, primer, steps.start_step)
        num_events = steps.end_step - steps.start_step
        allowed = self.representation.allowed(controls.constraints, past, num_events)
        allowed[0] &= ends_of_held_notes(self.representation, past)
        outputs = range(first_output, first_output + num_outputs)
        ids, log_likelihoods = self._sample(past, allowed, controls, seed, outputs)
        pieces = []
        for row, log_likelihood in zip(ids, log_likelihoods.tolist(), strict=True):
            future = replace(past, ids=row, start_step=steps.start_step)
            in_quarters = self.representation.decode(future, qpm=SECONDS_ARE_QUARTERS_QPM)
            notes = joined(primer, in_quarters, tempo_map, section.end_s)
            pieces.append(Output(notes, log_likelihood, len(row), section.start_s))
        return pieces

    def continue_events(
        self,
        primer: EventSequence,
        num_events: int,
        controls: EventControls = PLAIN,
        *,
        seed: int = 0,
        outputs: Sequence[int] = (0,),
    ) -> tuple[Ids, NDArray[np.float64]]:
        """Continue a sequence of events.

        Parameters
        ----------
        primer : EventSequence
            At least one event.
        num_events : int > 0
            How many to add.
        controls : EventControls
            How they are chosen.
        seed : int in [0, 2**64)
        outputs : sequence of int
            Numbers of the outputs to make; each stands for its own random numbers.

        Returns
        -------
        ids : ndarray of int16, shape (len(outputs), num_events)
            The new events.
        log_likelihoods : ndarray of float64, shape (len(outputs),)
            Of the new events under the model itself, in nats.

        Raises
        ------
        GenerationError
            If the model's logits are not numbers.
        ConstraintError
            If no events can obey the constraints.
        """
        allowed = self.representation.allowed(controls.constraints, primer, num_events)
        return self._sample(primer, allowed, controls, seed, outputs)

    def _sample(
        self,
        primer: EventSequence,
        allowed: NDArray[np.bool_],
        controls: EventControls,
        seed: int,
        outputs: Sequence[int],
    ) -> tuple[Ids, NDArray[np.float64]]:
        """Continue a sequence of events by as many as there are rows of `allowed`."""
        num_events = len(allowed)
        beam_shape = (len(outputs), controls.beam_size, controls.branch_factor)
        width = controls.beam_size * controls.branch_factor
        uniforms = _uniforms(seed, outputs, num_events, width)
        walk = Walk(self.representation, self.session, primer, len(outputs) * width, num_events)
        stride = num_events if width == 1 else controls.steps_per_iteration
        walk.extend(stride, controls, allowed, uniforms)
        while walk.length < num_events:
            walk.select(surviving_rows(walk.log_likelihoods(), *beam_shape))
            walk.extend(stride, controls, allowed, uniforms)
        totals = walk.log_likelihoods()
        if not np.isfinite(totals).all():
            raise GenerationError(
                f"the model {self.card.name!r} gave logits that are not numbers: its training "
                "diverged; use another bundle, or train again with a lower learning_rate"
            )
        best = best_rows(totals, len(outputs))
        return walk.ids[best], totals[best]


if TYPE_CHECKING:
    _IS_A_GENERATOR: type[SequenceGenerator] = EventGenerator


def _check_numbers(seed: int, num_outputs: int, first_output: int) -> None:
    if not 0 <= seed < 2**64:
        raise GenerationError(f"the seed {seed} is out of range: give one from 0 to 2**64 - 1")
    if num_outputs < 1 or first_output < 0:
        raise GenerationError(
            f"cannot make {num_outputs} outputs from number {first_output} on: "
            "make 1 or more, from number 0 or later"
        )


def _check_size(num_outputs: int, controls: EventControls, num_events: int) -> None:
    """Refuse what would fill the memory, before it does."""
    width = controls.beam_size * controls.branch_factor
    num_rows = num_outputs * width
    if num_rows > MAX_ROWS or num_rows * num_events > MAX_EVENTS:
        raise GenerationError(
            f"{num_outputs} outputs of {num_events} new steps, {width} sequences each, are too "
            f"much at once: at most {MAX_ROWS} sequences and {MAX_EVENTS} events; ask for less"
        )


def _uniforms(
    seed: int, outputs: Sequence[int], num_events: int, width: int
) -> NDArray[np.float64]:
    """Random numbers of a batch, shape (num_events, len(outputs) * width)."""
    of_each = [uniform_numbers(seed, k, num_events * width) for k in outputs]
    return np.concatenate([u.reshape(num_events, width) for u in of_each], axis=1)
