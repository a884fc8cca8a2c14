"""Drops are grouped by rule, with what would keep them."""

import numpy as np

from solferino.datasets.conversion import Failure
from solferino.datasets.explanation import (
    Dropped,
    by_rule,
    edges_bars,
    explain,
    explain_nothing,
    histogram,
)

DROPPED = [
    Dropped("a", "too_short", "5 bars", "min_bars=5"),
    Dropped("b", "too_short", "3 bars", "min_bars=3"),
    Dropped("c", "too_short", "3 bars", "min_bars=3"),
    Dropped("d", "no_notes", "0 notes", ""),
    Dropped("e", "too_long", "600 steps", "max_steps=600"),
    Dropped("f", "too_long", "700 steps", "max_steps=700"),
    Dropped("g", "polyphonic_tracks", "2 at once", "ignore_polyphonic_notes=true"),
]


def test_the_most_frequent_rule_comes_first():
    assert [(rule, count) for rule, count, _, _ in by_rule(DROPPED)] == [
        ("too_short", 3),
        ("too_long", 2),
        ("no_notes", 1),
        ("polyphonic_tracks", 1),
    ]


def test_a_lower_minimum_also_keeps_what_a_higher_one_would():
    remedies = {summary.rule: summary.remedies for summary in by_rule(DROPPED)}
    assert remedies["too_short"] == {"min_bars=3": 3, "min_bars=5": 1}


def test_a_higher_maximum_also_keeps_what_a_lower_one_would():
    remedies = {summary.rule: summary.remedies for summary in by_rule(DROPPED)}
    assert remedies["too_long"] == {"max_steps=600": 1, "max_steps=700": 2}
    assert remedies["polyphonic_tracks"] == {"ignore_polyphonic_notes=true": 1}
    assert remedies["no_notes"] == {}


def test_every_drop_is_listed_under_its_rule():
    assert list(explain(DROPPED[:4])) == [
        "too_short: 3",
        "  min_bars=3 would keep 3",
        "  min_bars=5 would keep 1",
        "    a: 5 bars -> min_bars=5",
        "    b: 3 bars -> min_bars=3",
        "    c: 3 bars -> min_bars=3",
        "no_notes: 1",
        "    d: 0 notes",
    ]


def test_nothing_at_all_is_explained_by_the_most_frequent_rule():
    assert explain_nothing(6, DROPPED, []) == (
        "No examples came out of 6 pieces. Most often the rule 'too_short' dropped them "
        "(3 times; for instance a: 5 bars). min_bars=3 would keep 3 of them (set it with "
        "--rules); --explain lists every drop."
    )


def test_a_rule_without_remedy_says_so():
    assert "No setting changes that" in explain_nothing(1, DROPPED[3:4], [])


def test_without_pieces_the_first_failure_is_told():
    text = explain_nothing(0, [], [Failure("x.mid", "it is empty.")])
    assert "0 pieces and 1 unreadable files or tunes" in text
    assert "x.mid: it is empty. Give it music" in text
    assert "it is cut off. Give it" in explain_nothing(0, [], [Failure("x.mid", "it is cut off")])


def test_lengths_are_counted_in_the_buckets_of_magenta_and_around_the_shortest():
    edges = edges_bars(7)
    assert edges == [0, 1, 3, 6, 7, 8, 10, 20, 30, 40, 50, 100, 200, 500]
    assert edges_bars(None) == [0, 1, 10, 20, 30, 40, 50, 100, 200, 500]
    lengths_bars = np.array([0.5, 7, 7.9, 8, 19.9, 20, 500, 900])
    assert histogram(lengths_bars, edges) == {
        "0-1": 1,
        "7-8": 2,
        "8-10": 1,
        "10-20": 1,
        "20-30": 1,
        "500-": 2,
    }
