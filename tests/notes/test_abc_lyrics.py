"""The syllables of a tune in ABC notation stand under their notes."""

import pytest

from solferino.notes.abc_lyrics import aligned_syllables
from tests.notes.test_abc_notation import tune


def lyrics(music: str) -> list[tuple[float, str]]:
    """Return the syllables of a tune with their times in eighths."""
    return [(text.time_s / 0.25, text.text) for text in tune(music).texts if text.kind == "lyric"]


@pytest.mark.parametrize(
    ("words", "under"),
    [
        ("twin-kle star", {0: "twin-", 1: "kle", 2: "star"}),
        ("twin- kle star", {0: "twin-", 1: "kle", 2: "star"}),
        ("a--b", {0: "a-", 2: "b"}),
        ("ah__ so", {0: "ah", 3: "so"}),
        ("ah _ so", {0: "ah", 2: "so"}),
        ("* * so", {2: "so"}),
        ("of~the sea", {0: "of the", 1: "sea"}),
        (r"well\-known so", {0: "well-known", 1: "so"}),
        ("a | b c", {0: "a", 3: "b", 4: "c"}),
        ("a b c | d", {0: "a", 1: "b", 2: "c", 3: "d"}),
        ("a | b | c", {0: "a", 3: "b"}),
        ("a b c d e f g", dict(enumerate("abcde"))),
        ("Été ¡Olé! l'eau", {0: "Été", 1: "¡Olé!", 2: "l'eau"}),
        ("", {}),
    ],
)
def test_signs_put_syllables_under_notes(words, under):
    assert dict(aligned_syllables(words, 5, [0, 3])) == under


def test_rests_and_grace_notes_have_no_syllable_and_a_chord_has_one():
    assert lyrics("C z {d}[CE]2 F4\nw: a b c") == [(0, "a"), (2, "b"), (4, "c")]


def test_words_belong_to_the_line_of_music_above():
    assert lyrics("C4 D4|\nw: a b c\nE4 F4|\nw: d e") == [(0, "a"), (4, "b"), (8, "d"), (12, "e")]


def test_words_go_on_in_a_continued_field():
    assert lyrics("C4 D4|\nw: a\n+: b") == [(0, "a"), (4, "b")]


def test_a_repeat_is_sung_to_the_next_verse():
    music = "|:C8:|\nw: one\nw: two\nD8|\nw: end"
    assert lyrics(music) == [(0, "one"), (8, "two"), (16, "end")]


def test_a_single_verse_is_sung_each_time():
    assert lyrics("|:C8:|\nw: la") == [(0, "la"), (8, "la")]


def test_each_voice_sings_its_own_words():
    piece = tune("V:1\nC8|\nw: high\nV:2\nE8|\nw: low")
    assert [(text.text, text.instrument) for text in piece.texts] == [("high", 0), ("low", 1)]


def test_words_behind_the_tune_are_kept_as_text():
    piece = tune("C8|\nW: First line\nW: second line\nW:")
    assert [(t.time_s, t.text, t.kind) for t in piece.texts] == [
        (0, "First line", "text"),
        (0, "second line", "text"),
    ]


def test_lyrics_are_no_notes():
    assert len(tune("C8|\nw: a b c d\n+: e f g")) == 1
