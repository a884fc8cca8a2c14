"""Composers that write what the test says, at once or when it says so."""

from concurrent.futures import Future

from solferino.live.composing import Order
from solferino.live.phrases import Phrase


class HandComposer:
    """Keeps the orders; the test answers them."""

    def __init__(self):
        self.orders: list[Order] = []
        self.futures: list[Future[Phrase]] = []
        self.is_closed = False

    def submit(self, order):
        self.orders.append(order)
        self.futures.append(Future())
        return self.futures[-1]

    def finish(self, *onsets, pitch=60, duration=0.5, length=8.0):
        """Answer the last order with a phrase of notes at these onsets."""
        self.futures[-1].set_result(phrase(*onsets, pitch=pitch, duration=duration, length=length))

    def finish_quarters(self, pitch=72):
        """Answer the last order with quarter notes of its whole length."""
        self.futures[-1].set_result(quarters(self.orders[-1].length_quarters, pitch))

    def fail(self, error):
        self.futures[-1].set_exception(error)

    def close(self):
        self.is_closed = True


class CountingComposer:
    """Answers the order number k at once, with one note of pitch 60 + k at its start."""

    def __init__(self):
        self.orders: list[Order] = []

    def submit(self, order):
        done = Future()
        done.set_result(phrase(0.0, pitch=60 + len(self.orders), length=order.length_quarters))
        self.orders.append(order)
        return done

    def close(self):
        pass


class QuarterNotes:
    """Writes quarter notes at once, from one pitch up."""

    def __init__(self, pitch: int = 72) -> None:
        self.pitch = pitch
        self.orders: list[Order] = []

    def submit(self, order: Order) -> Future[Phrase]:
        self.orders.append(order)
        done: Future[Phrase] = Future()
        done.set_result(quarters(order.length_quarters, self.pitch, is_drum=order.past.is_drum))
        return done

    def close(self) -> None:
        pass


def phrase(*onsets, pitch=60, duration=0.5, length=8.0):
    return Phrase.from_columns(
        length, pitch=pitch, onset_quarters=list(onsets), duration_quarters=duration
    )


def quarters(length_quarters: float, pitch: int, *, is_drum: bool = False) -> Phrase:
    """Quarter notes going up."""
    onsets = [float(k) for k in range(int(-(-length_quarters // 1)))]
    return Phrase.from_columns(
        length_quarters,
        pitch=[(pitch + k) % 128 for k in range(len(onsets))],
        onset_quarters=onsets,
        duration_quarters=1.0,
        is_drum=is_drum,
    )
