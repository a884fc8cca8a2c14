"""The order in which the measures of a score are played: repeats, endings and jumps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

MAX_PLAYED = 20_000
MAX_TURNS = 100


@final
@dataclass
class Signs:
    """What a measure says about the order of playing, while a score is read.

    Parameters
    ----------
    opens_repeat : bool
        Whether a repeated section begins with it.
    n_turns : int
        How often the section is played that ends with it; 0 if none does.
    repeats_after_jump : bool
        Whether its repeat is also played after a da capo or dal segno.
    begins_ending : frozenset of int
        The turns of the ending that begins with it; empty if none does.
    ends_ending : bool
        Whether an ending ends with it.
    segno, coda : str or None
        The name of the mark at which it begins.
    jumps_to_segno, jumps_to_coda : str or None
        The name of the mark at which it goes on: at once, or after a jump.
    jumps_to_begin : bool
        Whether a da capo stands at its end.
    is_fine : bool
        Whether the piece ends with it after a jump.
    """

    opens_repeat: bool = False
    n_turns: int = 0
    repeats_after_jump: bool = False
    begins_ending: frozenset[int] = frozenset()
    ends_ending: bool = False
    segno: str | None = None
    coda: str | None = None
    jumps_to_segno: str | None = None
    jumps_to_coda: str | None = None
    jumps_to_begin: bool = False
    is_fine: bool = False


def playing_order(signs: Sequence[Signs]) -> list[int]:
    """Unfold repeats, endings, da capo, dal segno, fine and coda.

    A repeat goes back to the last opening sign, or else to the end of the repeat before. After
    a jump repeats are left out and last endings are taken, as musicians do.

    Parameters
    ----------
    signs : sequence of Signs
        One for each measure as written.

    Returns
    -------
    list of int
        Indices of the measures as played.

    Raises
    ------
    ValueError
        If the piece gets too long.
    """
    return _Walk(signs).order()


@final
class _Walk:
    """A way through a score."""

    def __init__(self, signs: Sequence[Signs]) -> None:
        self._signs = signs
        self._passes = _passes(signs)
        self._start, self._turn = 0, 1
        self._has_jumped = False
        self._jumps_done: set[int] = set()

    def order(self) -> list[int]:
        order: list[int] = []
        k: int | None = 0
        while k is not None and k < len(self._signs):
            if self._signs[k].opens_repeat and k > self._start:
                self._start, self._turn = k, 1
            if self._is_skipped(k):
                self._leave_ending(k)
                k += 1
                continue
            order.append(k)
            if len(order) > MAX_PLAYED:
                raise ValueError(f"it has more than {MAX_PLAYED} bars with its repeats; split it")
            k = self._following(k)
        return order

    def _is_skipped(self, k: int) -> bool:
        passes = self._passes[k]
        if not passes:
            return False
        if self._has_jumped and not self._repeats_after_jump(k):
            return self._last_turn(_group(self._passes, k)) not in passes
        return self._turn not in passes

    def _last_turn(self, group: range) -> int:
        """Return the ending that is played after a jump: the last, or one that leads out."""
        ways_out = [k for k in group if self._signs[k].is_fine or self._signs[k].jumps_to_coda]
        turns = self._passes[ways_out[0]] if ways_out else _turns(self._passes, group)
        return max(turns)

    def _following(self, k: int) -> int | None:
        """Return where to go on after measure `k`; None at the end."""
        signs = self._signs[k]
        if signs.n_turns and (signs.repeats_after_jump or not self._has_jumped):
            if self._turn < self._n_turns(k):
                self._turn += 1
                return self._start
            self._begin_section(k + 1)
        else:
            self._leave_ending(k)
        if self._has_jumped and signs.is_fine:
            return None
        target = self._target(k)
        if target is None:
            return k + 1
        self._jumps_done.add(k)
        self._has_jumped = True
        self._begin_section(target)
        return target

    def _leave_ending(self, k: int) -> None:
        """Begin a new section behind the last of some endings that a repeat closes."""
        if self._passes[k] and not self._has_passes(k + 1):
            group = _group(self._passes, k)
            if any(self._signs[j].n_turns for j in group):
                self._begin_section(k + 1)

    def _begin_section(self, k: int) -> None:
        self._start, self._turn = k, 1

    def _target(self, k: int) -> int | None:
        """Return where a jump at the end of measure `k` leads, if there is one to be made."""
        signs = self._signs[k]
        if k in self._jumps_done:
            return None
        if self._has_jumped and signs.jumps_to_coda is not None:
            names = [signs.coda for signs in self._signs]
            return _mark(names, signs.jumps_to_coda, range(k + 1, len(names)))
        if signs.jumps_to_begin:
            return 0
        if signs.jumps_to_segno is not None:
            names = [signs.segno for signs in self._signs]
            return _mark(names, signs.jumps_to_segno, range(k, -1, -1))
        return None

    def _has_passes(self, k: int) -> bool:
        return k < len(self._passes) and bool(self._passes[k])

    def _repeats_after_jump(self, k: int) -> bool:
        while self._has_passes(k + 1) and not self._signs[k].n_turns:
            k += 1
        return self._signs[k].repeats_after_jump

    def _n_turns(self, k: int) -> int:
        """Return how often the section that closes with measure `k` is played."""
        section = range(self._start, _group(self._passes, k).stop)
        return min(max([self._signs[k].n_turns, *_turns(self._passes, section)]), MAX_TURNS)


def _mark(names: Sequence[str | None], name: str, others: range) -> int | None:
    """Find a mark by its name, or else the nearest one."""
    if name and name in names:
        return names.index(name)
    return next((k for k in others if names[k] is not None), None)


def _passes(signs: Sequence[Signs]) -> list[frozenset[int]]:
    """Return the turns in which each measure is played; empty where in all.

    Endings are taken as written only where every one of them is played: those whose numbers are
    not 1, 2, 3 ... are numbered in their order, and those that no repeat or jump ever reaches
    again are no endings.
    """
    passes: list[frozenset[int]] = [frozenset()] * len(signs)
    for k, begin in enumerate(signs):
        if begin.begins_ending:
            for j in range(k, _ending_stop(signs, k)):
                passes[j] = begin.begins_ending
    has_jumps = any(s.jumps_to_begin or s.jumps_to_segno is not None for s in signs)
    k = 0
    while k < len(signs):
        group = _group(passes, k)
        if passes[k]:
            _repair(passes, signs, group)
            if not (has_jumps or _is_repeated(signs, group)):
                passes[group.start : group.stop] = [frozenset()] * len(group)
        k = group.stop
    return passes


def _repair(passes: list[frozenset[int]], signs: Sequence[Signs], group: range) -> None:
    """Give endings side by side the numbers of their order, unless they have good ones."""
    begins = [k for k in group if signs[k].begins_ending]
    expected = 1
    for k in begins:
        turns = sorted(signs[k].begins_ending)
        expected = 1 if turns[0] == 1 else expected
        if turns != list(range(expected, expected + len(turns))):
            break
        expected += len(turns)
    else:
        return
    for number, (start, stop) in enumerate(pairwise([*begins, group.stop]), 1):
        passes[start:stop] = [frozenset({number})] * (stop - start)


def _is_repeated(signs: Sequence[Signs], group: range) -> bool:
    """Whether a repeat closes in some endings, or behind them before another opens."""
    for k in range(group.start, len(signs)):
        if k >= group.stop and signs[k].opens_repeat:
            return False
        if signs[k].n_turns:
            return True
    return False


def _group(passes: Sequence[frozenset[int]], k: int) -> range:
    """Return the measures of all endings that stand side by side around measure `k`."""
    if not passes[k]:
        return range(k, k + 1)
    first, last = k, k
    while first > 0 and passes[first - 1]:
        first -= 1
    while last + 1 < len(passes) and passes[last + 1]:
        last += 1
    return range(first, last + 1)


def _turns(passes: Sequence[frozenset[int]], measures: range) -> frozenset[int]:
    return frozenset[int]().union(*(passes[k] for k in measures))


def _ending_stop(signs: Sequence[Signs], k: int) -> int:
    """Find where the ending that begins with measure `k` is over.

    A bracket may be shorter than its ending, which then goes on to the repeat before the next
    one. Without an end it stops before the next one, or with the repeat that it closes.
    """
    stop = None
    for j in range(k, len(signs)):
        if j > k and (signs[j].begins_ending or signs[j].opens_repeat):
            return stop or (j if signs[j].begins_ending else k + 1)
        if signs[j].ends_ending and stop is None:
            stop = j + 1
        if signs[j].n_turns:
            is_followed = j + 1 < len(signs) and bool(signs[j + 1].begins_ending)
            return j + 1 if stop is None or is_followed else stop
    return stop or k + 1
