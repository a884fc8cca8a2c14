"""What a run says, on a terminal and elsewhere."""

import io
import json
import math

import pytest
from rich.console import Console

from solferino.training.journal import Journal

SCALARS = {"loss": 1.25, "steps_per_second": 2.0, "event_accuracy": math.nan}


def told(tmp_path, *, terminal, silent=False):
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=120)
    with Journal(tmp_path, 0, 10, tensorboard=False, silent=silent, console=console) as journal:
        journal.training(2, SCALARS)
        journal.advance(2)
        journal.validation(2, {"loss": 1.5, "accuracy": 0.5}, is_best=True)
    return text.getvalue()


def test_elsewhere_each_validation_is_one_line(tmp_path):
    lines = told(tmp_path, terminal=False).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("step 2 ")
    assert lines[0].endswith("loss 1.5000  accuracy 0.5000  best")


def test_a_terminal_has_a_bar(tmp_path):
    text = told(tmp_path, terminal=True)
    assert "2/10" in text
    assert "loss 1.2500 2.00 steps/s" in text


def test_lines_hold_what_is_a_number(tmp_path):
    told(tmp_path, terminal=False)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [
        {"step": 2, "loss": 1.25, "steps_per_second": 2.0},
        {"step": 2, "eval_loss": 1.5, "eval_accuracy": 0.5},
    ]


def test_a_silent_journal_says_and_writes_nothing(tmp_path):
    assert told(tmp_path, terminal=False, silent=True) == ""
    assert not (tmp_path / "metrics.jsonl").exists()


@pytest.mark.parametrize(("start_step", "first_purged"), [(0, None), (500, 501)])
def test_a_resumed_run_keeps_what_its_last_step_said(
    tmp_path, monkeypatch, start_step, first_purged
):
    seen = []

    class Writer:
        def __init__(self, folder, purge_step):
            seen.append(purge_step)

    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter", Writer)
    Journal(tmp_path, start_step, 1000)
    assert seen == [first_purged]
