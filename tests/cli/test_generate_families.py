"""``solferino generate`` for every kind of bundle: drums, improvisation, polyphony, performance."""

import numpy as np
import pytest

from solferino.generation.request import read_provenance
from solferino.notes.files import load
from solferino.notes.midi import write_midi
from solferino.notes.sequence import NoteSequence
from solferino.representations.registry import build_representation
from solferino.training.recipe import read_recipe
from tests.bundles.step_graphs import lstm_graph, write_toy_bundle

RECIPES = (
    "drum_kit",
    "one_drum",
    "basic_improv",
    "attention_improv",
    "chord_pitches_improv",
    "polyphony",
    "rnn-nade",
    "performance_with_dynamics",
    "multiconditioned_performance_with_dynamics",
)


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """Path of a bundle with a recipe's representation and random weights."""
    folder = tmp_path_factory.mktemp("families")

    def made(recipe):
        path = folder / f"{recipe}.solferino"
        if not path.exists():
            representation = build_representation(**read_recipe(recipe).representation)
            sizes = representation.input_size, representation.num_classes
            write_toy_bundle(path, representation, lstm_graph(*sizes, (8,), seed=2))
        return path

    return made


def melody_file(path):
    onsets = np.arange(8) * 0.5
    notes = NoteSequence.from_columns([72, 74, 76, 77, 79, 77, 76, 74], onsets, onsets + 0.5)
    write_midi(notes, path)
    return path


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_kind_of_bundle_fills_the_length_and_says_how_to_make_it_again(
    solferino, toy, tmp_path, recipe
):
    done = solferino(
        "generate", toy(recipe), "--num-outputs=2", "--num-steps=64", "--seed=3", "-o", tmp_path
    )
    assert done.status == 0, done.err
    files = sorted(tmp_path.glob("*.mid"))
    assert len(files) == 2
    again = solferino("generate", "--again", files[1], "-o", tmp_path / "again")
    assert again.status == 0, again.err
    assert "the same as" in again.out
    assert read_provenance(load(files[0])).seed == 3


@pytest.mark.parametrize("recipe", ["attention_improv", "polyphony", "performance_with_dynamics"])
def test_a_key_holds_for_every_pitched_model(solferino, toy, tmp_path, recipe):
    done = solferino(
        *("generate", toy(recipe), "--key=D major", "--pitch-range", "50", "70"),
        *("--num-outputs=2", "--num-steps=200", "--seed=1", "-o", tmp_path),
    )
    assert done.status == 0, done.err
    for path in tmp_path.glob("*.mid"):
        notes = load(path).notes
        new = notes[notes["onset_s"] > 0.2]  # the default primer stays as it is
        assert {p % 12 for p in new["pitch"].tolist()} <= {2, 4, 6, 7, 9, 11, 1}
        assert new["pitch"].min() >= 50
        assert new["pitch"].max() <= 70


def test_drums_are_kept_to_the_ones_that_were_named(solferino, toy, tmp_path):
    done = solferino(
        *("generate", toy("drum_kit"), "--primer-drums=[(36,), (), (42,), ()]", "--drums=36,42"),
        *("--num-outputs=1", "--num-steps=64", "--seed=1", "-o", tmp_path),
    )
    assert done.status == 0, done.err
    (path,) = tmp_path.glob("*.mid")
    played = load(path)
    assert set(played.notes["pitch"].tolist()) <= {36, 42}
    assert all(instrument.is_drum for instrument in played.instruments)


def test_chords_lie_under_an_improvisation_and_say_how_long_it_is(solferino, toy, tmp_path):
    done = solferino(
        *("generate", toy("chord_pitches_improv"), "--backing-chords=C G7 Am F"),
        *("--steps-per-chord=8", "--render-chords", "--num-outputs=1", "-o", tmp_path),
    )
    assert done.status == 0, done.err
    (path,) = tmp_path.glob("*.mid")
    piece = load(path)
    chords = [(t.time_s, t.text) for t in piece.texts if t.kind == "chord"]
    assert chords == [(0.0, "C"), (1.0, "G7"), (2.0, "Am"), (3.0, "F")]
    assert [i.name for i in piece.instruments][-1] == "Chords"
    rendered = piece.notes[piece.notes["instrument"] == len(piece.instruments) - 1]
    assert {p % 12 for p in rendered["pitch"][rendered["onset_s"] == 1.0]} == {7, 11, 2, 5}
    assert piece.total_time_s == pytest.approx(4.0)


def test_chords_come_again_until_the_asked_length_is_full(solferino, toy, tmp_path):
    done = solferino(
        *("generate", toy("basic_improv"), "--backing-chords=C F", "--num-steps=64"),
        *("--num-outputs=1", "-o", tmp_path),
    )
    assert done.status == 0, done.err
    (path,) = tmp_path.glob("*.mid")
    chords = [t.text for t in load(path).texts if t.kind == "chord"]
    assert chords == ["C", "F", "C", "F"]


def test_chords_come_again_until_the_new_bars_are_full(solferino, toy, tmp_path):
    done = solferino(
        *("generate", toy("basic_improv"), "--backing-chords=C F", "--new-bars=5"),
        *("--num-outputs=1", "-o", tmp_path),
    )
    assert done.status == 0, done.err
    (path,) = tmp_path.glob("*.mid")
    piece = load(path)
    chords = [(text.time_s, text.text) for text in piece.texts if text.kind == "chord"]
    assert chords == [(0, "C"), (2, "F"), (4, "C"), (6, "F"), (8, "C")]
    assert piece.total_time_s == pytest.approx(10)


def test_chords_follow_a_tempo_that_is_asked_for(solferino, toy, tmp_path):
    melody = melody_file(tmp_path / "melody.mid")  # it has no tempo of its own
    done = solferino(
        *("generate", toy("basic_improv"), "--primer-midi", melody, "--backing-chords=C F"),
        *("--qpm=60", "--num-steps=32", "--num-outputs=1", "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    (path,) = (tmp_path / "out").glob("*.mid")
    assert [(t.time_s, t.text) for t in load(path).texts if t.kind == "chord"] == [
        (0, "C"),
        (4, "F"),
    ]


def test_an_improvisation_with_an_injected_melody_keeps_its_tempo_and_meter(
    solferino, toy, tmp_path
):
    melody = load(melody_file(tmp_path / "melody.mid"))
    path = tmp_path / "waltz.mid"
    write_midi(melody.replace(tempos=[(0, 60), (2, 120)], meters=[(0, 3, 4)]), path)
    done = solferino(
        *("generate", toy("basic_improv"), "--primer-midi", path, "--num-outputs=1"),
        *("--inject-primer-during-generation", "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    (path,) = (tmp_path / "out").glob("*.mid")
    found = load(path)
    assert found.tempos["qpm"].tolist() == pytest.approx([60, 120])
    assert [(m["numerator"], m["denominator"]) for m in found.meters] == [(3, 4)]
    assert found.notes["onset_s"].tolist() == pytest.approx(
        melody.notes["onset_s"].tolist(), abs=1e-2
    )


@pytest.mark.parametrize("recipe", ["polyphony", "performance_with_dynamics"])
def test_an_injected_melody_comes_out_as_it_is_among_other_notes(solferino, toy, tmp_path, recipe):
    melody = melody_file(tmp_path / "melody.mid")
    done = solferino(
        *("generate", toy(recipe), "--primer-midi", melody, "--inject-primer-during-generation"),
        *("--num-outputs=1", "--seed=4", "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    (path,) = (tmp_path / "out").glob("*.mid")
    found = load(path)
    notes = zip(*(found.notes[n].round(3).tolist() for n in ("onset_s", "release_s")), strict=True)
    heard = set(zip(found.notes["pitch"].tolist(), notes, strict=True))
    asked = load(melody).notes
    for row in asked:
        assert (row["pitch"], (row["onset_s"].round(3), row["release_s"].round(3))) in heard
    assert len(found) > len(asked)


def test_densities_and_histograms_are_told_to_models_that_can_listen(solferino, toy, tmp_path):
    done = solferino(
        *("generate", toy("multiconditioned_performance_with_dynamics"), "--num-outputs=1"),
        *("--notes-per-second=[2, 8]", "--pitch-class-histogram=[2,0,1,0,1,1,0,1,0,1,0,1]"),
        *("--num-steps=300", "-o", tmp_path),
    )
    assert done.status == 0, done.err
    (path,) = tmp_path.glob("*.mid")
    conditions = read_provenance(load(path)).controls.conditions
    assert conditions.notes_per_second == (2, 8)
    assert conditions.pitch_class_histogram == ((2, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1),)


@pytest.mark.parametrize(
    ("recipe", "options", "line"),
    [
        ("polyphony", ["--notes-per-second=4"], "cannot be told notes_per_second"),
        ("drum_kit", ["--key=C major"], "drums"),
        ("performance_with_dynamics", ["--drums=36"], "drums"),
        ("basic_improv", ["--notes-per-second=4"], "this improv model cannot be told"),
        ("basic_improv", ["--qpm=nan"], "qpm is nan: it must be above 0"),
        ("basic_improv", ["--backing-chords=C H7"], "chord 'H7' begins with no root"),
        ("basic_improv", ["--num-steps=1" + 12 * "0"], "too much at once"),
        ("basic_improv", ["--new-bars=1" + 400 * "0"], "too much at once"),
        (
            "multiconditioned_performance_with_dynamics",
            ["--pitch-class-histogram=[1, 2, 3]"],
            "it must be 12 numbers",
        ),
    ],
)
def test_what_a_model_has_no_ear_for_is_refused(fails, toy, tmp_path, recipe, options, line):
    assert line in fails(1, "generate", toy(recipe), *options, "-o", tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("recipe", "option", "line"),
    [
        ("polyphony", "--backing-chords=C G", "without listening to chords"),
        ("polyphony", "--notes-per-second=fast", "'fast' cannot be read"),
        ("polyphony", "--primer-pitches=[60, 200]", "is no chord"),
        ("polyphony", "--inject-primer-during-generation", "it needs a primer"),
        ("polyphony", "--pitch-class-histogram=[[1, 0, 2], 5]", "5 is no list of numbers"),
        ("polyphony", "--pitch-class-histogram=[[1, 'x']]", "is no list of numbers; write 12"),
        ("drum_kit", "--primer-pitches=[60]", "--primer-pitches: drum_kit makes"),
        ("basic_improv", "--backing-chords= ", "names no chord; write symbols"),
    ],
)
def test_a_wish_that_cannot_be_read_is_wrong_usage(fails, toy, tmp_path, recipe, option, line):
    assert line in fails(2, "generate", toy(recipe), option, "-o", tmp_path / "none")
