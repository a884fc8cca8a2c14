from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from solferino.notes.sequence import NoteSequence, Text

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "harmony_accuracy.py"


@pytest.fixture(scope="module")
def script():
    spec = spec_from_file_location("harmony_accuracy", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("kind", "text", "bass", "symbol"),
    [
        ("minor-seventh", None, None, "Cm7"),  # the word of MusicXML
        ("dominant", "7b9", None, "C7b9"),  # what the sheet prints
        ("major", None, "E", "C/E"),
    ],
)
def test_a_lead_sheet_prints_a_symbol(script, kind, text, bass, symbol):
    assert script.symbol_of({"root": "C", "kind": kind, "text": text, "bass": bass}) == symbol


@pytest.mark.parametrize(
    ("field", "key"),
    [("G", (7, False)), ("Am", (9, True)), ("Ddor", (2, True)), ("Bbmix", (10, False)), ("", None)],
)
def test_a_key_field_tells_tonic_and_third(script, field, key):
    assert script.key_of_field(field) == key


def test_every_moment_counts_alike(script, capsys):
    texts = [Text(0, "C", "chord"), Text(3, "Cm", "chord")]  # C major is heard throughout
    piece = NoteSequence.from_columns([48, 60, 64, 67], 0, 4, texts=texts)
    script.chord_row("a piece", [script.Labelled(piece, None)])
    assert capsys.readouterr().out == (
        "a piece | 1 pieces | root 100.0 % | root and triad 75.0 %\n"
    )
