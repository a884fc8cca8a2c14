"""Importing the package costs nothing until a name is used."""

import subprocess
import sys

import pytest

import solferino

HEAVY = ("torch", "onnxruntime", "matplotlib", "pyarrow", "symusic", "typer", "rich", "onnx")

MEASURE = f"""
import sys, time
import numpy
start = time.perf_counter()
import solferino
seconds = time.perf_counter() - start
print(seconds, *(name for name in {HEAVY} if name in sys.modules))
"""


def in_fresh_process(code):
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_importing_is_quick_and_loads_nothing_heavy():
    seconds, *loaded = in_fresh_process(MEASURE)
    assert loaded == []
    assert float(seconds) < 0.2


def test_values_load_nothing_heavy():
    code = "import sys, solferino as s; s.NoteSequence, s.Section, s.EventControls, s.Constraints"
    code += f"; s.bundle_names(); print(*(n for n in {HEAVY} if n in sys.modules))"
    assert in_fresh_process(code) == []


@pytest.mark.parametrize("name", solferino.__all__)
def test_every_public_name_is_there(name):
    assert getattr(solferino, name).__name__ == name
    assert name in dir(solferino)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lode'; it has"):
        solferino.lode  # noqa: B018


def test_the_public_names_are_the_ones_that_can_be_found():
    assert sorted(solferino._HOMES) == solferino.__all__
