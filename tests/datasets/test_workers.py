"""Work in other processes comes back in order, and one death stops nothing."""

import signal
import subprocess
import sys
from itertools import chain

import pytest

from solferino.datasets.workers import default_workers, in_order
from tests.datasets.chores import dead, double, double_or_die, hears_interrupts

CHUNKS = [[1, 2], [3], [], [4, 5, 6], [7]]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_chunks(workers):
    results = list(in_order(double, iter(CHUNKS), workers, dead))
    assert results == [[2, 4], [6], [], [8, 10, 12], [14]]


def test_an_item_that_kills_its_process_is_named_and_the_others_go_on():
    chunks = [[1, 2], [3, 13, 4], *([n] for n in range(20, 30))]
    results = chain.from_iterable(in_order(double_or_die, chunks, 2, dead))
    assert sorted(map(str, results)) == sorted(
        ["2", "4", "6", "died of 13", "8", *(str(2 * n) for n in range(20, 30))]
    )


def test_a_script_without_main_guard_works(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from solferino.datasets.workers import in_order\n"
        "from tests.datasets.chores import dead, double\n"
        "print(list(in_order(double, [[1], [2]], 2, dead)))\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(  # noqa: S603
        [sys.executable, script], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.stdout, done.stderr) == ("[[2], [4]]\n", "")


def test_there_is_at_least_one_worker():
    assert default_workers() >= 1


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no signal masks")
def test_control_c_is_held_back_from_the_processes_and_only_from_them():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert list(in_order(hears_interrupts, [[1], [2]], 2, dead)) == [False, False]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_without_signal_masks_the_work_is_done_all_the_same(monkeypatch):
    monkeypatch.delattr(signal, "pthread_sigmask", raising=False)
    assert list(in_order(double, [[1], [2]], 2, dead)) == [[2], [4]]
