"""What a training loop optimises: here, the next event of a sequence."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, final

import torch
from torch import Tensor

from solferino.datasets.examples import ExampleSet
from solferino.errors import TrainingError
from solferino.representations.representation import Representation
from solferino.training.batches import Batch, BatchOrder, EncodedExamples
from solferino.training.evaluation import Sums, count, count_examples, figures

Forward = Callable[..., Any]
"""The model, wrapped for its device, precision and number of processes."""


class Objective(Protocol):
    """All that `solferino.training.loop.fit` knows of a model and its data."""

    @property
    def model(self) -> torch.nn.Module:
        """The module that is trained."""

    def batch(self, step: int, rank: int, num_ranks: int) -> Any:
        """One process's share of the batch of a step, on the CPU.

        It has a method ``to(device)``, and depends on the arguments alone.
        """

    def loss(self, forward: Forward, batch: Any) -> tuple[Tensor, Sums]:
        """Loss of a share, whose mean over the processes is minimised, and sums to report."""

    def evaluate(self, forward: Forward, device: torch.device, rank: int, num_ranks: int) -> Sums:
        """Add up over one process's share of the evaluation examples."""

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Means to show, from sums over all processes; ``loss`` chooses the best checkpoint."""


@final
class NextEvent:
    """Cross-entropy of the next event's label, averaged over all events of a batch.

    Parameters
    ----------
    model : torch module
        Called with inputs (batch, time, input_size) and ``keep_prob``; gives logits and state.
    representation : Representation
    train, evaluation : ExampleSet
    batch_size : int > 0
    keep_prob : float in (0, 1]
    augmentation : mapping
        How training examples vary; see `Representation.augment`. Evaluation never does.
    seed : int >= 0
        Of the order of the batches, and of the augmentation.

    Raises
    ------
    TrainingError
        If there is nothing to learn from.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        representation: Representation,
        train: ExampleSet,
        evaluation: ExampleSet,
        *,
        batch_size: int,
        keep_prob: float = 1.0,
        augmentation: Mapping[str, Any] = MappingProxyType({}),
        seed: int = 0,
    ) -> None:
        self._model = model
        self._train = EncodedExamples(train, representation, augmentation=augmentation, seed=seed)
        self._evaluation = EncodedExamples(evaluation, representation, with_meanings=True)
        self._order = BatchOrder(self._train.num_labels, batch_size, seed)
        self._batch_size = batch_size
        self._keep_prob = keep_prob
        if not self._order.batches_per_epoch:
            raise TrainingError(
                "the training examples hold no sequence of two events or more; make them again "
                "from more music, and see `solferino dataset --explain`"
            )

    @property
    def model(self) -> torch.nn.Module:
        """The module that is trained."""
        return self._model

    def batch(self, step: int, rank: int, num_ranks: int) -> "Share":
        """See `Objective.batch`: every `num_ranks`-th sequence of the step's batch."""
        rows = self._order.rows(step)
        if len(rows) < num_ranks:
            raise TrainingError(
                f"{len(rows)} sequences a batch cannot be shared by {num_ranks} processes; "
                "raise batch_size, or start fewer processes"
            )
        labels = int(self._train.num_labels[rows].sum())
        return Share(self._train.batch(rows[rank::num_ranks], step), num_ranks / labels)

    def loss(self, forward: Forward, batch: "Share") -> tuple[Tensor, Sums]:
        """See `Objective.loss`."""
        logits, _ = forward(batch.events.inputs, keep_prob=self._keep_prob)
        logits, mask = logits.float(), batch.events.mask
        nats = torch.nn.functional.cross_entropy(
            logits[mask], batch.events.labels[mask], reduction="sum"
        )
        return nats * batch.scale, count(logits.detach(), batch.events)

    def evaluate(self, forward: Forward, device: torch.device, rank: int, num_ranks: int) -> Sums:
        """See `Objective.evaluate`."""
        return count_examples(
            lambda inputs: forward(inputs)[0],
            self._evaluation,
            batch_size=self._batch_size,
            device=device,
            rank=rank,
            num_ranks=num_ranks,
        )

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """See `solferino.training.evaluation.figures`."""
        return figures(sums)


@final
class Share:
    """One process's part of a batch.

    Parameters
    ----------
    events : Batch
    scale : float
        Number of processes over the number of labels of the whole batch, counted before its
        examples are varied, which changes their number by a percent at most.
    """

    def __init__(self, events: Batch, scale: float) -> None:
        self.events = events
        self.scale = scale

    def to(self, device: torch.device) -> "Share":
        """Return the share on a device."""
        return Share(self.events.to(device), self.scale)
