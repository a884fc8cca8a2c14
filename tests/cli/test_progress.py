"""The bar is for terminals."""

import sys

import pytest

from solferino.cli.progress import progress_bar
from solferino.cli.settings import parse_settings
from solferino.errors import RecipeError


def test_without_a_terminal_nothing_is_shown(capsys):
    with progress_bar("reading") as progress:
        assert progress is None
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_bar_goes_to_standard_error(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("reading") as progress:
        progress(3, 12)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "reading" in captured.err
    assert "3/12" in captured.err


def test_settings_are_numbers_words_and_lists():
    assert parse_settings(["min_bars=5,gap_bars=0.5", "too_long=split", "a=[1,2],b=True"]) == {
        "min_bars": 5,
        "gap_bars": 0.5,
        "too_long": "split",
        "a": [1, 2],
        "b": True,
    }


def test_a_setting_needs_a_value():
    with pytest.raises(RecipeError, match="not of the form name=value"):
        parse_settings(["min_bars"])
