"""What a run tells while it runs: TensorBoard, a file of lines, and the terminal."""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

METRICS = "metrics.jsonl"


@final
class Journal:
    """Scalars of a run, for people and for programs; a silent one writes nothing.

    Scalars go to TensorBoard and to ``metrics.jsonl`` in the folder of the run. On a terminal
    a bar shows how far the run is and the time left; elsewhere each validation is one line.

    Parameters
    ----------
    run_dir : Path
    start_step, num_steps : int
        Where the run starts and where it is to end.
    silent : bool
        True in all processes but the first.
    tensorboard : bool
        Whether to write for TensorBoard.
    console : rich Console, optional
        Where people read; standard error unless given.
    """

    def __init__(
        self,
        run_dir: Path,
        start_step: int,
        num_steps: int,
        *,
        silent: bool = False,
        tensorboard: bool = True,
        console: Console | None = None,
    ) -> None:
        self._path = run_dir / METRICS
        self._silent = silent
        self._console = console or Console(stderr=True)
        self._start_s = time.monotonic()
        self.writer = _summary_writer(run_dir, start_step) if tensorboard and not silent else None
        self._progress = Progress(
            TextColumn("step"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=silent or not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", total=num_steps, completed=start_step)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Take the bar away and close the files."""
        self._progress.stop()
        if self.writer is not None:
            self.writer.close()

    def advance(self, step: int) -> None:
        """Move the bar to a step."""
        self._progress.update(self._task, completed=step)

    def training(self, step: int, scalars: Mapping[str, float]) -> None:
        """Note what training measured at a step."""
        self._note(step, scalars)
        self._progress.update(
            self._task,
            description=f"loss {scalars['loss']:.4f} {scalars['steps_per_second']:.2f} steps/s",
        )

    def validation(self, step: int, scalars: Mapping[str, float], *, is_best: bool) -> None:
        """Note what validation measured at a step; the names get ``eval_`` before them."""
        self._note(step, {f"eval_{name}": value for name, value in scalars.items()})
        shown = "  ".join(
            f"{name} {scalars[name]:.4f}"
            for name in ("loss", "loss_per_step", "accuracy", "event_accuracy")
            if name in scalars
        )
        passed_s = time.monotonic() - self._start_s
        self.say(f"step {step}  {passed_s:.0f} s  {shown}{'  best' if is_best else ''}")

    def say(self, line: str) -> None:
        """Tell people one line."""
        if not self._silent:
            self._progress.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _note(self, step: int, scalars: Mapping[str, float]) -> None:
        if self._silent:
            return
        known = {name: value for name, value in scalars.items() if math.isfinite(value)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **known}) + "\n")
        if self.writer is not None:
            for name, value in known.items():
                self.writer.add_scalar(name, value, step)


def _summary_writer(run_dir: Path, start_step: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415

    return SummaryWriter(str(run_dir), purge_step=start_step + 1 if start_step else None)
