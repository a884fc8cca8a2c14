"""Composing ahead of time: what to write, and who writes it while the music plays."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, final

from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import PLAIN, EventControls, Section
from solferino.generation.opening import open_generator
from solferino.live.phrases import Phrase
from solferino.live.transport import FOUR_FOUR, Meter
from solferino.notes.sequence import DEFAULT_QPM, Text

MAX_OPEN_BUNDLES = 16
LOWEST_PRIORITY = 19


@final
@dataclass(frozen=True)
class Order:
    """What is to be written.

    Parameters
    ----------
    bundle : str
        Name of a bundle, or path of a bundle file.
    past : Phrase
        What the new music continues; may be empty, and of length 0.
    length_quarters : float > 0
        Length of the new music, in quarter notes.
    qpm : float > 0
        Tempo, in quarter notes a minute.
    meter : Meter
    controls : EventControls
        How events are chosen.
    seed : int
        The same order is answered with the same music.
    chords : tuple of str
        Chord symbols, one a bar from the start of the new music, for bundles that improvise.
    """

    bundle: str
    past: Phrase
    length_quarters: float
    qpm: float = DEFAULT_QPM
    meter: Meter = FOUR_FOUR
    controls: EventControls = PLAIN
    seed: int = 0
    chords: tuple[str, ...] = ()


def compose(order: Order) -> Phrase:
    """Write what an order asks for.

    Parameters
    ----------
    order : Order

    Returns
    -------
    Phrase
        The new music alone; the same order gives the same.

    Raises
    ------
    SolferinoError
        If the bundle cannot be opened, or no notes obey the constraints.
    """
    generator = _opened(order.bundle)
    start_s = order.past.length_quarters * 60 / order.qpm
    end_s = start_s + order.length_quarters * 60 / order.qpm
    bar_s = order.meter.bar_quarters * 60 / order.qpm
    chords = tuple(
        Text(start_s + bar * bar_s, symbol, "chord") for bar, symbol in enumerate(order.chords)
    )
    meter = (order.meter.numerator, order.meter.denominator)
    past = order.past.to_notes(order.qpm, meter, chords)
    piece = generator.generate(past, Section(start_s, end_s), order.controls, seed=order.seed)
    return Phrase.from_notes(piece, start_s, end_s, order.qpm)


class Composer(Protocol):
    """Writes music ahead of time."""

    def submit(self, order: Order) -> Future[Phrase]:
        """Begin to write, and return at once; an error is in what is returned."""

    def close(self) -> None:
        """Stop; what was begun is dropped."""


@final
class InlineComposer:
    """Writes at once, so that what is played does not depend on how fast the computer is."""

    def submit(self, order: Order) -> Future[Phrase]:
        """Write, and return it done."""
        done: Future[Phrase] = Future()
        try:
            done.set_result(compose(order))
        except Exception as error:
            done.set_exception(error)
        return done

    def close(self) -> None:
        """Nothing is open."""


@final
class ProcessComposer:
    """Writes in processes of its own, which never hold up the player.

    Parameters
    ----------
    bundles : iterable of str
        Opened in every process before the first order.
    num_workers : int > 0
        How many orders are written at once.

    Notes
    -----
    An order during which a process dies is written once more, in a new one.
    """

    def __init__(self, bundles: Iterable[str] = (), num_workers: int = 1) -> None:
        self._bundles = tuple(dict.fromkeys(bundles))
        self._num_workers = num_workers
        self._pool = self._new_pool()
        self._lock = threading.Lock()
        self._desk = ThreadPoolExecutor(num_workers, "solferino composer")
        for started in self._starts:
            started.result()

    def submit(self, order: Order) -> Future[Phrase]:
        """Begin to write, and return at once."""
        return self._desk.submit(self._written, order)

    def close(self) -> None:
        """Stop; what was begun is dropped."""
        self._desk.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _written(self, order: Order) -> Phrase:
        pool = self._pool
        try:
            return pool.submit(compose, order).result()
        except BrokenProcessPool:
            with self._lock:
                if pool is self._pool:
                    self._pool = self._new_pool()
            return self._pool.submit(compose, order).result()

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            self._num_workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(self._bundles,),
        )
        with _ctrl_c_later():  # which would end workers that have not yet come to _prepare
            self._starts = [pool.submit(_ready) for _ in range(self._num_workers)]
        return pool


def _prepare(bundles: tuple[str, ...]) -> None:
    """Set up a worker: leave Ctrl-C to the player's process, yield to it, open the bundles."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_player, daemon=True).start()
    lower_priority()
    for bundle in bundles:
        with contextlib.suppress(Exception):  # whoever orders from it is told
            _opened(bundle)


def _end_with_player() -> None:
    """End this worker when the player's process is gone, even if that was killed."""
    player = multiprocessing.parent_process()
    if player:
        player.join()
        os._exit(1)


@contextlib.contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Hold Ctrl-C back for a moment, and for good from the processes started in it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ready() -> bool:
    return True


@lru_cache(maxsize=MAX_OPEN_BUNDLES)
def _opened(bundle: str) -> EventGenerator:
    return open_generator(bundle)


def lower_priority() -> None:
    """Let the calling process run when no other wants to."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(LOWEST_PRIORITY)
