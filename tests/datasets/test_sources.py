"""Sources are read from a file and counted by prefix."""

import json

import pytest

from solferino.datasets.sources import Origin, count_sources, read_sources
from solferino.errors import DatasetError

TOML = """
["folk/"]
name = "Folk tunes"
licence = "CC0-1.0"
attribution = "collected by many"

["folk/irish/"]
name = "Irish tunes"
"""
ORIGINS = {
    "folk/": Origin("Folk tunes", "CC0-1.0", "collected by many"),
    "folk/irish/": Origin("Irish tunes"),
}


def test_toml_and_json_say_the_same(tmp_path):
    (tmp_path / "sources.toml").write_text(TOML)
    tables = {prefix: origin._asdict() for prefix, origin in ORIGINS.items()}
    (tmp_path / "sources.json").write_text(json.dumps(tables))
    assert read_sources(tmp_path / "sources.toml") == ORIGINS
    assert read_sources(tmp_path / "sources.json") == ORIGINS


def test_the_longest_prefix_counts_and_the_rest_has_a_name_too():
    pieces = ["folk/a", "folk/irish/b", "folk/irish/c", "bach/d"]
    assert count_sources(pieces, ORIGINS, "others") == [
        {"name": "Irish tunes", "licence": "", "attribution": "", "pieces": 2},
        {
            "name": "Folk tunes",
            "licence": "CC0-1.0",
            "attribution": "collected by many",
            "pieces": 1,
        },
        {"name": "others", "licence": "", "attribution": "", "pieces": 1},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is neither TOML nor JSON"),
        ("folk = 1", "'folk'.*needs a name"),
        ("[folk]\nlicence = 'x'", "'folk'.*needs a name"),
        ("[folk]\nname = 'x'\nauthor = 'y'", "'author', which is no text field"),
        ("[folk]\nname = 'x'\nlicence = 3", "'licence', which is no text field"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, message):
    (tmp_path / "sources.toml").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_sources(tmp_path / "sources.toml")


def test_a_missing_file_and_a_list_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read"):
        read_sources(tmp_path / "gone.toml")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(DatasetError, match="one table for each path prefix"):
        read_sources(tmp_path / "list.json")
