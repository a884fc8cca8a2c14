"""Spreading work over processes, in order, and surviving the death of one."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

TASKS_AHEAD = 3

Item = TypeVar("Item")
Result = TypeVar("Result")


def default_workers() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    function: Callable[[Sequence[Item]], Result],
    chunks: Iterable[Sequence[Item]],
    workers: int,
    crashed: Callable[[Item], Result],
) -> Iterator[Result]:
    """Apply a function to chunks of items and yield the results in the order of the chunks.

    Few chunks are in flight at once, so memory stays small however many there are. What
    had no result when a process died is tried again item by item, each in a process of its own.

    Parameters
    ----------
    function : callable
        Takes a chunk; must be importable by name, because other processes run it.
    chunks : iterable of sequences
        Items that can be pickled.
    workers : int
        Number of processes; with 1 all happens in this one.
    crashed : callable
        Makes the result of an item that killed its process even alone.
    """
    if workers <= 1:
        yield from map(function, chunks)
        return
    waiting = iter(chunks)
    while True:
        in_flight: deque[tuple[Sequence[Item], Future[Result]]] = deque()
        try:
            yield from _run(function, waiting, workers, in_flight)
        except BrokenProcessPool:
            for chunk, future in in_flight:
                if future.done() and not future.cancelled() and not future.exception():
                    yield future.result()
                else:
                    yield from (_run_alone(function, item, crashed) for item in chunk)
        else:
            return


def _run(
    function: Callable[[Sequence[Any]], Any],
    waiting: Iterator[Sequence[Any]],
    workers: int,
    in_flight: deque[tuple[Sequence[Any], Future[Any]]],
) -> Iterator[Any]:
    """Run chunks in a pool; whatever is left in `in_flight` has given no result yet."""
    pool = _pool(workers)
    try:
        for chunk in waiting:
            in_flight.append((chunk, _submit(pool, function, chunk)))
            if len(in_flight) >= workers * TASKS_AHEAD:
                result = in_flight[0][1].result()
                in_flight.popleft()
                yield result
        while in_flight:
            result = in_flight[0][1].result()
            in_flight.popleft()
            yield result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, function: Callable[[Any], Any], chunk: Any) -> Future[Any]:
    try:
        with _empty_main(), _interrupt_later():
            return pool.submit(function, chunk)
    except BrokenProcessPool as error:
        future: Future[Any] = Future()
        future.set_exception(error)
        return future


@contextmanager
def _empty_main() -> Iterator[None]:
    """Keep new processes from running the user's script again, guarded or not.

    What they run is always found by its import path, never in ``__main__``.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupt_later() -> Iterator[None]:
    """Hold Ctrl-C back while processes start: they inherit that, and so leave it to this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_alone(
    function: Callable[[Sequence[Any]], Any], item: Any, crashed: Callable[[Any], Any]
) -> Any:
    with _pool(1) as pool:
        try:
            return _submit(pool, function, [item]).result()
        except BrokenProcessPool:
            return crashed(item)


def _pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt)


def _ignore_interrupt() -> None:
    """Leave Ctrl-C to the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
