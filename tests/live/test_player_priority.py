"""The player goes first, where the system permits it."""

import os
import sys
import threading

import pytest

from solferino.live.player import raise_priority


def _in_a_thread(function: object) -> None:
    thread = threading.Thread(target=function)  # type: ignore[arg-type]
    thread.start()
    thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="schedulers of Linux")
def test_real_time_priority_is_had_where_it_is_permitted_but_not_inherited() -> None:
    found: dict[str, int] = {}

    def child() -> None:
        found["child"] = os.sched_getscheduler(0)

    def parent() -> None:
        found["is_granted"] = raise_priority()
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
    assert raise_priority() is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert raise_priority() is False
