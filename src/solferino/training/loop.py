"""The one training loop: it knows an objective, not music."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor

from solferino.errors import TrainingError
from solferino.training.checkpoints import BEST, LAST, read_checkpoint, write_checkpoint
from solferino.training.journal import Journal
from solferino.training.objective import Objective
from solferino.training.recipe import TrainingSettings

PRECISIONS: dict[str, Any] = {"32": "32-true", "bf16-mixed": "bf16-mixed", "16-mixed": "16-mixed"}
DEVICES = ("auto", "cpu", "cuda")

Preview = Callable[[torch.nn.Module, Any, int], None]
"""Called with the model, a TensorBoard writer and the step."""


@final
@dataclass(frozen=True)
class FitOptions:
    """How long and where to train; a recipe says what.

    Parameters
    ----------
    num_training_steps : int
        The run ends after this many steps, counted from the start of the first run.
    seed : int >= 0
        Decides the first weights, the order of the batches and the dropout.
    eval_every : int > 0
        Steps from one validation to the next.
    log_every : int > 0
        Steps from one line of training scalars to the next.
    checkpoint_every_s : float
        Seconds from one checkpoint to the next.
    patience : int >= 0
        The run ends after this many validations without a better one; 0 never does.
    minutes : float or None
        The run ends after this much time.
    device : {"auto", "cpu", "cuda"}
    precision : {"32", "bf16-mixed", "16-mixed"}
    num_threads : int >= 0
        Threads of each process; 0 leaves it to PyTorch.
    resume : bool
        Continue the run in its folder; there is nothing else in the way then.
    tensorboard : bool
        Whether to write scalars for TensorBoard.
    eval_at_start : bool
        Whether to validate before the first step, so that weights that are never bettered
        are kept.
    """

    num_training_steps: int = 20_000
    seed: int = 0
    eval_every: int = 500
    log_every: int = 10
    checkpoint_every_s: float = 60.0
    patience: int = 0
    minutes: float | None = None
    device: str = "auto"
    precision: str = "32"
    num_threads: int = 0
    resume: bool = False
    tensorboard: bool = True
    eval_at_start: bool = False

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name, known in (("device", DEVICES), ("precision", tuple(PRECISIONS))):
            if getattr(self, name) not in known:
                raise TrainingError(
                    f"{name} {getattr(self, name)!r} is unknown; use one of {', '.join(known)}"
                )
        if self.seed >= 2**63:
            raise TrainingError(f"seed is {self.seed}; it is below 2**63")
        lowest = {"eval_every": 1, "log_every": 1, "seed": 0, "patience": 0, "num_threads": 0}
        for name, least in lowest.items():
            if getattr(self, name) < least:
                raise TrainingError(f"{name} is {getattr(self, name)}; it is at least {least}")


@final
@dataclass(frozen=True)
class FitResult:
    """How a run ended.

    Parameters
    ----------
    step : int
        Training steps done, those of earlier runs included.
    best_step : int
        Step of the best validation; 0 if there was none.
    best : mapping of str to float
        What it measured.
    reason : str
        ``"finished"``, ``"patience"``, ``"minutes"`` or ``"interrupted"``.
    """

    step: int
    best_step: int
    best: Mapping[str, float]
    reason: str


@dataclass
class _Progress:
    """Where a run is: all of it goes into checkpoints."""

    step: int = 0
    best_step: int = 0
    best: dict[str, float] = field(default_factory=dict)
    bad_validations: int = 0
    validated_step: int = 0


@final
class _Run:
    """One process of a run."""

    def __init__(
        self,
        objective: Objective,
        run_dir: Path,
        *,
        settings: TrainingSettings,
        options: FitOptions,
        description: Mapping[str, Any],
        preview: Preview | None,
    ) -> None:
        self.objective, self.run_dir, self.settings = objective, run_dir, settings
        self.options, self.description, self.preview = options, dict(description), preview
        self.fabric = _fabric(options)
        self.progress = _Progress()
        model = objective.model
        adam = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
        self.forward, self.adam = self.fabric.setup(model, adam)
        self.sums: list[Mapping[str, Tensor]] = []
        self.losses: list[Tensor] = []
        self.checkpoint_s = self.logged_s = self.start_s = time.monotonic()

    def train(self, journal: Journal, interrupted: Callable[[], bool]) -> FitResult:
        """Train until a reason to stop comes up."""
        if self.options.eval_at_start and not self.progress.best:
            self._validate(journal)
        reason = self._reason_to_stop(interrupted)
        while not reason:
            self._step()
            step = self.progress.step
            journal.advance(step)
            if step % self.options.log_every == 0:
                self._log(journal)
            if step % self.options.eval_every == 0:
                self._validate(journal)
            if time.monotonic() - self.checkpoint_s >= self.options.checkpoint_every_s:
                self._checkpoint(LAST)
            reason = self._reason_to_stop(interrupted)
        if reason != "interrupted" and self.progress.validated_step < self.progress.step:
            self._validate(journal)
        self._checkpoint(LAST)
        progress = self.progress
        return FitResult(progress.step, progress.best_step, dict(progress.best), reason)

    def _step(self) -> None:
        fabric, step = self.fabric, self.progress.step
        torch.manual_seed(_seed_of(self.options.seed, step, fabric.global_rank))
        for group in self.adam.param_groups:
            group["lr"] = self.settings.learning_rate_at(step)
        batch = self.objective.batch(step, fabric.global_rank, fabric.world_size)
        self.adam.zero_grad()
        loss, sums = self.objective.loss(self.forward, batch.to(fabric.device))
        fabric.backward(loss)
        fabric.clip_gradients(
            self.forward, self.adam, max_norm=self.settings.clip_norm, error_if_nonfinite=False
        )
        self.adam.step()
        self.progress.step += 1
        self.sums.append(sums)
        self.losses.append(loss.detach())

    def _check_losses(self) -> None:
        """Stop if a loss since the last look was not a number."""
        finite = torch.isfinite(torch.stack(self.losses)).tolist() if self.losses else []
        if False in finite:
            step = self.progress.step - len(self.losses) + finite.index(False) + 1
            raise TrainingError(
                f"the loss of step {step} is not a number; lower learning_rate or clip_norm and "
                f"continue from {self.run_dir / LAST} with --resume"
            )
        self.losses = []

    def _log(self, journal: Journal) -> None:
        self._check_losses()
        steps, self.sums, sums = len(self.sums), [], self._pooled(_added(self.sums))
        now_s = time.monotonic()
        passed_s, self.logged_s = now_s - self.logged_s, now_s
        scalars = self.objective.figures(sums)
        scalars["learning_rate"] = self.adam.param_groups[0]["lr"]
        journal.training(
            self.progress.step, {**scalars, "steps_per_second": steps / max(passed_s, 1e-9)}
        )

    def _pooled(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        """Add the sums of all processes."""
        together = self._over_processes(torch.stack(list(sums.values())))
        return dict(zip(sums, together, strict=True))

    def _over_processes(self, values: Tensor) -> list[float]:
        """Add a vector of each process."""
        if self.fabric.world_size > 1:
            values = torch.as_tensor(self.fabric.all_reduce(values, reduce_op="sum"))
        return [float(value) for value in values.tolist()]

    def _validate(self, journal: Journal) -> None:
        self._check_losses()
        fabric, progress, began_s = self.fabric, self.progress, time.monotonic()
        with torch.no_grad():
            sums = self.objective.evaluate(
                self.forward, fabric.device, fabric.global_rank, fabric.world_size
            )
        scalars = self.objective.figures(self._pooled(sums))
        progress.validated_step = progress.step
        is_best = scalars["loss"] < progress.best.get("loss", float("inf"))
        if is_best:
            progress.best, progress.best_step = scalars, progress.step
            progress.bad_validations = 0
            self._checkpoint(BEST)
        else:
            progress.bad_validations += 1
        journal.validation(progress.step, scalars, is_best=is_best)
        if self.preview is not None and journal.writer is not None:
            self.preview(self.objective.model, journal.writer, progress.step)
        self.logged_s += time.monotonic() - began_s

    def _reason_to_stop(self, interrupted: Callable[[], bool]) -> str:
        options, progress = self.options, self.progress
        if progress.step >= options.num_training_steps:
            return "finished"
        if 0 < options.patience <= progress.bad_validations:
            return "patience"
        late = (
            options.minutes is not None and time.monotonic() - self.start_s >= 60 * options.minutes
        )
        if self.fabric.world_size > 1:  # all processes have to stop at the same step
            if progress.step % options.log_every:
                return ""
            votes = torch.tensor([float(interrupted()), float(late)], device=self.fabric.device)
            stop, late = (vote > 0 for vote in self._over_processes(votes))
        else:
            stop = interrupted()
        return "interrupted" if stop else "minutes" if late else ""

    def _checkpoint(self, name: str) -> None:
        """Write a checkpoint, in the first process only."""
        self._check_losses()
        self.checkpoint_s = time.monotonic()
        if self.fabric.global_rank:
            return
        write_checkpoint(
            self.run_dir / name,
            {
                **self.description,
                "seed": self.options.seed,
                "model": self.objective.model.state_dict(),
                "optimizer": self.adam.optimizer.state_dict(),
                "scaler": self.fabric.strategy.precision.state_dict(),
                "progress": vars(self.progress),
            },
        )

    def restore(self) -> None:
        """Go on where the last checkpoint was written."""
        values = read_checkpoint(self.run_dir / LAST, self.fabric.device)
        if values["seed"] != self.options.seed:
            raise TrainingError(
                f"{self.run_dir} was trained with seed {values['seed']}, not "
                f"{self.options.seed}; give --seed {values['seed']} to resume it"
            )
        try:
            self.objective.model.load_state_dict(values["model"])
            self.adam.optimizer.load_state_dict(values["optimizer"])
        except (RuntimeError, ValueError) as error:
            raise TrainingError(
                f"{self.run_dir} holds a model of other sizes than the recipe; resume with the "
                "same recipe and --hparams, or choose another --run-dir"
            ) from error
        self.fabric.strategy.precision.load_state_dict(values["scaler"])
        self.progress = _Progress(**values["progress"])


def fit(
    objective: Objective,
    run_dir: str | Path,
    settings: TrainingSettings,
    options: FitOptions | None = None,
    *,
    description: Mapping[str, Any] | None = None,
    preview: Preview | None = None,
) -> FitResult:
    """Train a model, and leave ``last.pt`` and ``best.pt`` in the folder of the run.

    Started by ``torchrun``, the processes share each batch, and the result is the same up to
    rounding and dropout.

    Parameters
    ----------
    objective : Objective
        The model, its data and its loss.
    run_dir : path
        Made if it is missing; it may hold a run only with ``options.resume``.
    settings : TrainingSettings
        Learning rate and clipping.
    options : FitOptions, optional
    description : mapping, optional
        JSON values that are kept in the checkpoints.
    preview : function, optional
        Called after each validation; see `Preview`.

    Returns
    -------
    FitResult

    Raises
    ------
    TrainingError
        If the run cannot start or resume, or a loss is not a number.
    """
    options, run_dir = options or FitOptions(), Path(run_dir)
    if options.num_threads:
        torch.set_num_threads(options.num_threads)
    check_run_dir(run_dir, resume=options.resume)
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(
            f"--run-dir {run_dir} cannot be made ({error.strerror}); choose another"
        ) from error
    run = _Run(
        objective,
        run_dir,
        settings=settings,
        options=options,
        description=description or {},
        preview=preview,
    )
    if options.resume:
        run.restore()
    journal = Journal(
        run_dir,
        run.progress.step,
        options.num_training_steps,
        silent=run.fabric.global_rank > 0,
        tensorboard=options.tensorboard,
    )
    with journal, _interruption() as interrupted:
        result = run.train(journal, interrupted)
        journal.say(f"stopped after step {result.step}: {result.reason}")
    _part_from_others()
    return result


def _part_from_others() -> None:
    """Let all processes end together: one that is left alone at its end aborts."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def check_run_dir(run_dir: Path, *, resume: bool) -> None:
    """Refuse the folder of another run.

    Raises
    ------
    TrainingError
        If it holds a run that is not to be resumed.
    """
    if (run_dir / LAST).exists() and not resume:
        raise TrainingError(
            f"{run_dir} holds a run already; continue it with --resume, or choose another --run-dir"
        )


def _fabric(options: FitOptions) -> Fabric:
    """Set up device, precision and processes; quietly."""
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    if options.device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("there is no CUDA device here; use --device cpu or auto")
    world = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    device = options.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    fabric = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=max(world // local, 1),
        strategy="ddp" if world > 1 else "auto",
        precision=PRECISIONS[options.precision],
    )
    fabric.launch()
    return fabric


def _seed_of(seed: int, step: int, rank: int) -> int:
    """Seed of the dropout of one step in one process."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> 1)


def _added(sums: list[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([one[name] for one in sums]).sum(0) for name in sums[0]}


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and a polite kill end the current step instead of breaking it."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: asked.set()) for number in signals]
    try:
        yield asked.is_set
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
