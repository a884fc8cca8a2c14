"""Work for other processes, which find it by its import path."""

import os
import signal


def double(numbers):
    return [2 * number for number in numbers]


def double_or_die(numbers):
    if 13 in numbers:
        os._exit(1)
    return double(numbers)


def dead(number):
    return [f"died of {number}"]


def hears_interrupts(_):
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
