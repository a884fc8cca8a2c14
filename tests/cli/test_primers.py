"""Primers as they are typed."""

import pytest
import typer
from safetensors.numpy import save

from solferino.bundles.bundle import STEP_GRAPH, WEIGHTS, write_bundle
from solferino.bundles.card import Card, Source
from solferino.cli.primers import drum_primer
from solferino.notes.files import load
from solferino.representations.drums import Drums
from tests.bundles.step_graphs import lstm_graph

KICK, SNARE = 36, 38


@pytest.fixture(scope="module")
def drum_bundle(tmp_path_factory):
    """Path of a bundle of drums with random weights, two steps to a quarter."""
    drums = Drums(((KICK,), (SNARE,)), num_counters=0, steps_per_quarter=2)
    graph, weights = lstm_graph(drums.input_size, drums.num_classes, (4,), seed=1)
    card = Card(
        name="beats",
        makes="drums",
        description="Random drums.",
        representation={"name": "drums", "options": dict(drums.options)},
        model={"name": "lstm", "config": {}},
        learnt_from=(Source("Nothing", "CC0-1.0", "thanks to nobody", 3),),
        licence="CC0-1.0",
        held_out={"nats_per_step": 2.5, "baseline": "5-gram", "baseline_nats_per_step": 1.5},
    )
    path = tmp_path_factory.mktemp("bundle") / "beats.solferino"
    write_bundle(path, card, {STEP_GRAPH: graph, WEIGHTS: save(weights)})
    return path


def test_drums_are_typed_as_the_pitches_at_each_step():
    notes = drum_primer("[(36, 42), (), [42, 42], ()]", None, 4)
    onsets_s = notes.notes["onset_s"].tolist()
    assert list(zip(notes.notes["pitch"].tolist(), onsets_s, strict=True)) == [
        (36, 0.0),
        (42, 0.0),
        (42, 0.25),
    ]
    assert notes.is_drum.all()
    assert notes.total_time_s == 0.5
    assert drum_primer("[(36,)]", 60, 2).total_time_s == 0.5


@pytest.mark.parametrize("text", ["", "[]", "[36]", "[(36]", "[(128,)]", "[(36.5,)]", "36", "kick"])
def test_what_is_no_drum_track_is_refused(text):
    with pytest.raises(typer.BadParameter, match="is no drum track; write a list of the drums at"):
        drum_primer(text, None, 4)


def test_a_typed_beat_is_played_on_and_written_as_drums(solferino, drum_bundle, tmp_path):
    options = ["--primer-drums=[(36,), (38,), (36, 38)]", "--num-outputs=1", "--num-steps=16"]
    done = solferino("generate", drum_bundle, *options, "--seed=3", "-o", tmp_path)
    assert done.status == 0, done.err
    notes = load(tmp_path / "beats_3_0.mid")
    assert notes.is_drum.all()
    hits = zip((notes.notes["onset_s"] / 0.25).tolist(), notes.notes["pitch"].tolist(), strict=True)
    assert sorted(hits)[:4] == [(0, KICK), (1, SNARE), (2, KICK), (2, SNARE)]
    assert len(notes) > 4
    assert set(notes.notes["pitch"].tolist()) <= {KICK, SNARE}


def test_a_bundle_of_drums_takes_no_melody_and_no_key(fails, drum_bundle, tmp_path):
    wrong = fails(2, "generate", drum_bundle, "--primer-melody=[60]", "-o", tmp_path)
    assert "--primer-melody: beats makes drums; give --primer-drums or --primer-midi" in wrong
    wrong = fails(1, "generate", drum_bundle, "--key=D major", "-o", tmp_path)
    assert "drums have no key and no pitch range" in wrong


def test_only_the_drums_that_are_named_sound(solferino, fails, drum_bundle, tmp_path):
    options = ["--num-outputs=1", "--seed=3", "-o", tmp_path]
    assert solferino("generate", drum_bundle, "--drums=38, 42", *options).status == 0
    notes = load(tmp_path / "beats_3_0.mid").notes
    assert notes["pitch"][0] == KICK  # the default primer
    assert set(notes["pitch"][1:].tolist()) == {SNARE}
    wrong = fails(2, "generate", drum_bundle, "--drums=kick", *options)
    assert "--drums: 'kick' names no drums; write their MIDI pitches, such as 36,38,42" in wrong
    wrong = fails(1, "generate", drum_bundle, "--drums=42", *options)
    assert "none of the drums [42] is among those that this model knows, [36, 38]" in wrong


def test_a_bundle_of_melodies_is_told_no_drums(fails, bundle, tmp_path):
    wrong = fails(1, "generate", bundle, "--drums=36", "-o", tmp_path)
    assert "this model plays no drums" in wrong
