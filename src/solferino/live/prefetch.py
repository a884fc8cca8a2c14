"""Prefetch: an answer is ordered before its bar line, as early as past answers took long."""

import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple, final

from solferino.live.clock import Clock
from solferino.live.composing import Composer, Order
from solferino.live.phrases import Phrase

REMEMBERED = 8
SAFETY = 1.5
"""So much longer than the slowest of the remembered orders may one take."""

SAFETY_S = 0.02


@final
class _Pending(NamedTuple):
    """An order that was given."""

    reason: object
    future: "Future[Phrase]"


@final
class Prefetch:
    """Gives orders ahead of time for one moment to come; for one thread.

    Parameters
    ----------
    composer : Composer
    clock : Clock
        Measures how long an order takes.

    Attributes
    ----------
    failures : int
        How many orders were answered with an error.
    last_error : str
        The last of them in words; empty if the latest answer was none.
    """

    def __init__(self, composer: Composer, clock: Clock) -> None:
        self._composer = composer
        self._clock = clock
        self._pending: list[_Pending] = []
        self._durations: dict[str, deque[float]] = {}
        self.failures = 0
        self.last_error = ""

    def expected_s(self, bundle: str, quarters: float) -> float:
        """How long an order may take, from those before it; infinite if there were none.

        Parameters
        ----------
        bundle : str
        quarters : float
            Length of the new music and of what it continues, in quarter notes.
        """
        known = self._durations.get(bundle)
        if not known:
            return math.inf
        return max(tuple(known)) * quarters * SAFETY + SAFETY_S

    def wants(self, reason: object, left_s: float, expected_s: float) -> bool:
        """Whether to order now.

        Parameters
        ----------
        reason : object
            Everything that the order depends on.
        left_s, expected_s : float
            Time until the answer has to be there, and time that it may take, in seconds.
        """
        if not self._pending:
            return True
        latest = self._pending[-1]
        return latest.reason != reason and latest.future.done() and expected_s <= left_s

    def order(self, reason: object, order: Order) -> None:
        """Give an order."""
        durations = self._durations.setdefault(order.bundle, deque(maxlen=REMEMBERED))
        quarters = order.past.length_quarters + order.length_quarters
        future = self._composer.submit(order)
        future.add_done_callback(self._stopwatch(durations, quarters))
        self._pending.append(_Pending(reason, future))

    def take(self) -> Phrase | None:
        """Return the answer to the latest order that is done, None if none is, and start anew."""
        pending, self._pending = self._pending, []
        for each in reversed(pending):
            if not each.future.done():
                each.future.cancel()
                continue
            if each.future.cancelled():
                continue
            error = each.future.exception()
            if error is None:
                self.last_error = ""
                return each.future.result()
            self.failures += 1
            self.last_error = str(error) or type(error).__name__
        return None

    def take_done(self) -> Phrase | None:
        """Return the answer to the latest order if it is done; otherwise it goes on."""
        if self._pending and self._pending[-1].future.done():
            return self.take()
        return None

    @property
    def is_begun(self) -> bool:
        """Whether something is ordered."""
        return bool(self._pending)

    def drop(self) -> None:
        """Start anew."""
        for each in self._pending:
            each.future.cancel()
        self._pending = []

    def _stopwatch(
        self, durations: "deque[float]", quarters: float
    ) -> "Callable[[Future[Phrase]], None]":
        start_s = self._clock.now_s()

        def stop(future: "Future[Phrase]") -> None:
            if not future.cancelled() and future.exception() is None:
                durations.append((self._clock.now_s() - start_s) / quarters)

        return stop
