"""Why pieces were dropped, counted by rule, with the setting that would keep them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, NamedTuple

import numpy as np

from solferino.datasets.conversion import Failure
from solferino.datasets.examples import ExampleSet
from solferino.representations.representation import Representation

_BOUND = re.compile(r"((min|max)_\w+)=(\d+)")
REMEDIES_SHOWN = 5
LENGTHS_BARS = (0, 1, 10, 20, 30, 40, 50, 100, 200, 500)


class Dropped(NamedTuple):
    """A piece, or a part of one, that a rule kept out.

    Parameters
    ----------
    piece_id : str
    rule, found, remedy : str
        As in `Drop`.
    """

    piece_id: str
    rule: str
    found: str
    remedy: str


class RuleSummary(NamedTuple):
    """What one rule kept out.

    Parameters
    ----------
    rule : str
    num_drops : int
        How many times it dropped something.
    remedies : dict of str to int
        Settings that would keep something, and how many drops each is the remedy of.
    dropped : tuple of Dropped
    """

    rule: str
    num_drops: int
    remedies: dict[str, int]
    dropped: tuple[Dropped, ...]


def by_rule(dropped: Sequence[Dropped]) -> list[RuleSummary]:
    """Group drops by rule, the most frequent rule first."""
    groups: defaultdict[str, list[Dropped]] = defaultdict(list)
    for drop in dropped:
        groups[drop.rule].append(drop)
    summaries = [
        RuleSummary(rule, len(drops), _remedies(drops), tuple(drops))
        for rule, drops in groups.items()
    ]
    return sorted(summaries, key=lambda summary: (-summary.num_drops, summary.rule))


def explain(dropped: Sequence[Dropped]) -> Iterator[str]:
    """Yield lines that list every drop, grouped by rule, with what would keep it.

    Of many settings that would keep something the most frequent come first, and few.
    """
    for rule, count, remedies, drops in by_rule(dropped):
        yield f"{rule}: {count}"
        for remedy, number in islice(remedies.items(), REMEDIES_SHOWN):
            yield f"  {remedy} would keep {number}"
        for drop in drops:
            remedy = f" -> {drop.remedy}" if drop.remedy else ""
            yield f"    {drop.piece_id}: {drop.found}{remedy}"


def explain_nothing(
    num_pieces: int, dropped: Sequence[Dropped], failures: Sequence[Failure]
) -> str:
    """Say in one line why a corpus gave no example, and what to change."""
    if not dropped:
        first = "".join(f" The first, {f.piece_id}: {f.reason.rstrip('.')}." for f in failures[:1])
        return (
            f"No examples: there are {num_pieces} pieces and {len(failures)} unreadable files or "
            f"tunes.{first} Give it music with notes."
        )
    rule, count, remedies, drops = by_rule(dropped)[0]
    example = f"for instance {drops[0].piece_id}: {drops[0].found}"
    start = f"No examples came out of {num_pieces} pieces. "
    reason = f"Most often the rule {rule!r} dropped them ({count} times; {example}). "
    if not remedies:
        return f"{start}{reason}No setting changes that; --explain lists every drop."
    remedy, number = next(iter(remedies.items()))
    return (
        f"{start}{reason}{remedy} would keep {number} of them (set it with --rules); "
        "--explain lists every drop."
    )


def statistics_of(
    train: ExampleSet,
    evaluation: ExampleSet,
    dropped: Sequence[Dropped],
    rules: Mapping[str, Any],
    representation: Representation,
) -> dict[str, Any]:
    """Count examples, drops and lengths; JSON values."""
    bars = np.array(
        [
            representation.num_steps(example.ids) / max(example.steps_per_bar, 1)
            for examples in (train, evaluation)
            for example in examples
        ]
    )
    return {
        "train_examples": len(train),
        "eval_examples": len(evaluation),
        "train_events": len(train.ids),
        "eval_events": len(evaluation.ids),
        "drops": {summary.rule: summary.num_drops for summary in by_rule(dropped)},
        "lengths_bars": histogram(bars, edges_bars(rules.get("min_bars"))),
    }


def edges_bars(min_bars: int | None) -> list[int]:
    """Return where the buckets of lengths begin: Magenta's, and some around the shortest."""
    around = () if min_bars is None else (min_bars // 2, min_bars - 1, min_bars, min_bars + 1)
    return sorted({edge for edge in (*LENGTHS_BARS, *around) if edge >= 0})


def histogram(values: "np.ndarray[Any, Any]", edges: Sequence[int]) -> dict[str, int]:
    """Count values in half-open buckets, the last one open; empty buckets are left out.

    Parameters
    ----------
    values : ndarray, shape (n,)
    edges : sequence of int
        Where the buckets begin, rising.
    """
    names = [f"{low}-{high}" for low, high in pairwise(edges)] + [f"{edges[-1]}-"]
    counts = np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(names))
    return {name: int(n) for name, n in zip(names, counts, strict=True) if n}


def _remedies(drops: Sequence[Dropped]) -> dict[str, int]:
    """Count what each setting keeps; ``min_bars=3`` also keeps what ``min_bars=5`` would."""
    counts = Counter(drop.remedy for drop in drops if drop.remedy)
    settings = {remedy: _BOUND.fullmatch(remedy) for remedy in counts}
    bounds = [(m[1], m[2] == "min", int(m[3]), m[0]) for m in settings.values() if m]
    total = dict(counts)
    for name, is_min, value, remedy in bounds:
        others = [r for n, _, v, r in bounds if n == name and (v > value if is_min else v < value)]
        total[remedy] += sum(counts[other] for other in others)
    ordered = sorted(total, key=lambda remedy: (-counts[remedy], remedy))
    return {remedy: total[remedy] for remedy in ordered}
