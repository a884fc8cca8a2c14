import importlib
import sys
from pathlib import Path

import pytest

from solferino.notes.sequence import NoteSequence, Text
from solferino.representations.drums import Drums
from solferino.representations.improv import Improv
from solferino.representations.performance import Performance
from tests.bundles.step_graphs import lstm_graph, write_toy_bundle

SCRIPTS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        yield importlib.import_module("condition_response")


@pytest.fixture
def asked(script, tmp_path, monkeypatch, capsys):
    def run(representation):
        path = tmp_path / "toy.solferino"
        sizes = representation.input_size, representation.num_classes
        write_toy_bundle(path, representation, lstm_graph(*sizes, (8,)))
        options = ["--outputs=2", "--seconds=2", "--bars=4"]
        monkeypatch.setattr(sys, "argv", ["condition_response.py", str(path), *options])
        script.main()
        return capsys.readouterr().out

    return run


def test_notes_on_their_chords_are_told_from_notes_on_the_other_chords(script):
    chords = (Text(0.0, "C", "chord"), Text(2.0, "F", "chord"))
    onset_s, release_s = [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]
    notes = NoteSequence.from_columns([64, 67, 60, 62], onset_s, release_s, texts=chords)
    assert script.share_on_chords([notes]) == (75.0, 25.0)


def test_the_share_of_notes_counts_notes_and_the_histogram_their_time(script):
    notes = NoteSequence.from_columns([60, 72, 61], [0, 1, 2], [1, 2, 6])
    assert script.share_in(notes, (0, 4, 7)) == pytest.approx(2 / 3)
    assert script.sounding_s(notes).tolist() == [2, 4, *[0] * 10]


def test_a_performance_bundle_is_asked_only_for_what_it_can_be_told(asked):
    both = asked(Performance(note_density=True, pitch_histogram=True))
    assert both.count("\nnothing ") == 1
    assert "F# major" in both
    assert "notes/s asked" not in asked(Performance(pitch_histogram=True))
    assert "pitch classes asked" not in asked(Performance(note_density=True))


def test_an_improvisation_bundle_is_asked_for_every_progression(asked, script):
    lines = asked(Improv()).splitlines()
    assert [line[:24].strip() for line in lines[1:]] == list(script.PROGRESSIONS)


def test_a_bundle_without_ears_is_refused(asked):
    with pytest.raises(SystemExit, match="cannot be told anything: take another bundle"):
        asked(Drums())
