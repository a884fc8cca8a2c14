"""Event models continue music: encode the primer, feed it, sample event by event, decode."""

import sys
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
from solferino.generation.sampling import UniformNumbers
from solferino.generation.sections import (
    events_before,
    joined,
    on_grid_of,
    step_range,
)
from solferino.generation.walk import Walk
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import TempoMap
from solferino.representations.representation import EventSequence, Guide, Ids, Representation

MAX_ROWS = 2**14
"""Most sequences that grow at once; each holds a state of the model in memory."""

MAX_STEPS = 2**24
"""Most steps of one batch, in all its sequences together."""


@final
class EventGenerator:
    """Continues music with a model that predicts one event after another.

    Parameters
    ----------
    card : Card
        What the model says of itself.
    representation : Representation
        Between notes and events.
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
        ConditionError
            If the model cannot be told what the controls' conditions say.
        """
        _check_numbers(seed, num_outputs, first_output)
        representation = self.representation
        tempo_map = TempoMap.from_sequence(primer)
        steps = step_range(primer, section, tempo_map, representation.grid)
        check_size(num_outputs, controls, steps.end_step - steps.start_step)
        controls = on_grid_of(primer, controls, section)
        past = events_before(representation, primer, steps.start_step)
        past = representation.with_context(past, primer, controls.conditions, steps.end_step)
        guide = representation.guide(controls.constraints, past, steps.end_step, releases=True)
        outputs = range(first_output, first_output + num_outputs)
        all_ids, log_likelihoods = self._sample(past, guide, controls, seed, outputs)
        pieces = []
        for ids, log_likelihood in zip(all_ids, log_likelihoods.tolist(), strict=True):
            future = replace(past, ids=ids, start_step=steps.start_step)
            notes = joined(primer, representation, future, tempo_map, section.end_s)
            pieces.append(Output(notes, log_likelihood, len(ids), section.start_s))
        return pieces

    def continue_events(
        self,
        primer: EventSequence,
        num_steps: int,
        controls: EventControls = PLAIN,
        *,
        seed: int = 0,
        outputs: Sequence[int] = (0,),
    ) -> tuple[list[Ids], NDArray[np.float64]]:
        """Continue a sequence of events.

        Parameters
        ----------
        primer : EventSequence
            At least one event; its context, if any, reaches to the end of the new steps.
        num_steps : int > 0
            How many steps to add.
        controls : EventControls
            How their events are chosen.
        seed : int in [0, 2**64)
        outputs : sequence of int
            Numbers of the outputs to make; each stands for its own random numbers.

        Returns
        -------
        ids : list of ndarray of int16, each of shape (n_events,)
            The new events of each output.
        log_likelihoods : ndarray of float64, shape (len(outputs),)
            Of the new events under the model itself, in nats.

        Raises
        ------
        GenerationError
            If the model's logits are not numbers.
        ConstraintError
            If no events can obey the constraints.
        """
        past_steps = self.representation.num_steps(primer.ids)
        end_step = primer.start_step + past_steps + num_steps
        guide = self.representation.guide(controls.constraints, primer, end_step, releases=False)
        return self._sample(primer, guide, controls, seed, outputs)

    def _sample(
        self,
        primer: EventSequence,
        guide: Guide,
        controls: EventControls,
        seed: int,
        outputs: Sequence[int],
    ) -> tuple[list[Ids], NDArray[np.float64]]:
        """Continue a sequence of events until the guide says that it is full."""
        beam_shape = (len(outputs), controls.beam_size, controls.branch_factor)
        width = controls.beam_size * controls.branch_factor
        uniforms = UniformNumbers(seed, outputs, width)
        walk = Walk(self.representation, self.session, primer, guide, len(outputs) * width)
        stride = sys.maxsize if width == 1 else controls.steps_per_iteration
        walk.extend(stride, controls, uniforms)
        while not walk.is_done:
            walk.select(surviving_rows(walk.log_likelihoods(), *beam_shape))
            walk.extend(stride, controls, uniforms)
        totals = walk.log_likelihoods()
        if not np.isfinite(totals).all():
            raise GenerationError(
                f"the model {self.card.name!r} gave logits that are not numbers: its training "
                "diverged; use another bundle, or train again with a lower learning_rate"
            )
        best = best_rows(totals, len(outputs))
        return [walk.events(row) for row in best.tolist()], totals[best]


if TYPE_CHECKING:
    _IS_A_GENERATOR: type[SequenceGenerator] = EventGenerator


def _check_numbers(seed: int, num_outputs: int, first_output: int) -> None:
    if not 0 <= seed < 2**64:
        raise GenerationError(f"the seed {seed} is out of range: give one from 0 to 2**64 - 1")
    if num_outputs < 1 or not 0 <= first_output < 2**64:
        raise GenerationError(
            f"cannot make {num_outputs} outputs from number {first_output} on: "
            "make 1 or more, from number 0 to 2**64 - 1"
        )


def check_size(num_outputs: int, controls: EventControls, num_steps: int) -> None:
    """Refuse what would fill the memory, before it does.

    Parameters
    ----------
    num_outputs : int > 0
    controls : EventControls
        Beams and branches make more sequences of each output.
    num_steps : int
        New steps of each output.

    Raises
    ------
    GenerationError
        If there would be more than `MAX_ROWS` sequences, or `MAX_STEPS` steps in all of them.
    """
    num_rows = num_outputs * controls.beam_size * controls.branch_factor
    if num_rows > MAX_ROWS or num_rows * num_steps > MAX_STEPS:
        raise GenerationError(
            f"this is too much at once: outputs {num_outputs}, new steps of each {num_steps}, "
            f"sequences in all {num_rows}; at most {MAX_ROWS} sequences may hold at most "
            f"{MAX_STEPS} steps together, so ask for less"
        )
