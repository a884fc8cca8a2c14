"""What a reader may rely on to find a thing in ten seconds."""

import ast
from pathlib import Path

import pytest

import solferino

SOURCE = Path(solferino.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
NO_NOUNS = {"utils", "helpers", "common", "misc", "base", "core", "lib", "tools"}


def test_every_file_and_folder_is_named_after_what_it_holds():
    names = {part.removesuffix(".py") for m in MODULES for part in m.relative_to(SOURCE).parts}
    assert not names & NO_NOUNS


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(SOURCE)))
def test_a_file_has_at_most_500_lines_and_a_function_50(module):
    text = module.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            start = node.body[0].lineno  # options of a command are no complexity
            length = node.end_lineno - start + 1 - docstring.count("\n") - bool(docstring)
            assert length <= 50, node.name


def test_one_file_holds_one_model():
    for module in (SOURCE / "models").glob("*.py"):
        if module.name != "registry.py":
            assert "solferino.models" not in module.read_text(encoding="utf-8"), module.name
