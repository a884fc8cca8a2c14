"""Tests of priority: the player goes first, and models stand back."""

import os
import subprocess
import sys
import threading

import pytest

from solferino.live.priority import hurry


def _in_a_thread(function: object) -> None:
    thread = threading.Thread(target=function)  # type: ignore[arg-type]
    thread.start()
    thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="schedulers of Linux")
def test_who_hurries_has_realtime_priority_if_it_is_permitted_and_nobody_it_starts() -> None:
    found: dict[str, int] = {}

    def child() -> None:
        found["child"] = os.sched_getscheduler(0)

    def parent() -> None:
        found["is_granted"] = hurry()
        found["parent"] = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        _in_a_thread(child)

    _in_a_thread(parent)
    assert found["parent"] == (os.SCHED_RR if found["is_granted"] else os.SCHED_OTHER)
    assert found["child"] == os.SCHED_OTHER
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_where_realtime_is_forbidden_ordinary_priority_has_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbid(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", forbid, raising=False)
    assert hurry() is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert hurry() is False


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="niceness of Unix")
def test_who_stands_back_runs_when_no_other_wants_to() -> None:
    code = (
        "import os; from solferino.live.priority import stand_back; stand_back(); "
        "print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    told = subprocess.check_output([sys.executable, "-c", code], text=True)  # noqa: S603
    assert told.strip() == "19"
