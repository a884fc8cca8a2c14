"""What docs/track.md says is so."""

import re
import shlex
from pathlib import Path

import pytest

from solferino.cli.app import main
from solferino.live.commands import COMMANDS
from solferino.notes.files import load

PAGE = (Path(__file__).parent.parent / "docs" / "track.md").read_text(encoding="utf-8")
RENDERING = [line for line in PAGE.split("\n") if line.startswith("solferino track --")
             and "--render" in line]  # fmt: skip


@pytest.mark.parametrize("line", RENDERING)
def test_the_commands_render(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*shlex.split(line)[1:], "--bars", "2", "--seed", "1"]) == 0
    assert len(list(tmp_path.glob("*.wav"))) == 1
    assert all(len(load(path)) for path in tmp_path.glob("*.mid"))


def test_the_python_code_makes_notes_and_sound():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    found = {}
    exec(code, found)  # noqa: S102
    assert found["notes"].total_time_s == 16
    assert found["sound"].length_s >= 16


def test_all_commands_and_keys_are_explained():
    for command in COMMANDS.values():
        assert f"`{command.name}`" in PAGE or f"/{command.name}" in PAGE, command.name
        key = {" ": "space", "R": "shift+`r`"}.get(command.key, f"`{command.key}`")
        assert not command.key or key in PAGE, command.name
