from dataclasses import replace

import numpy as np
import pytest

from solferino.errors import BundleError, GenerationError
from solferino.generation.generator import EventControls
from solferino.generation.opening import open_generator
from solferino.generation.request import GenerationRequest, read_provenance, run
from solferino.notes.midi import read_midi, write_midi
from solferino.notes.sequence import NoteSequence, Text
from solferino.representations.constraints import Constraints
from solferino.representations.melody import Melody
from solferino.representations.representation import EventSequence
from tests.bundles.step_graphs import lstm_graph, write_toy_bundle
from tests.generation.melodies import STEP_S, piece, rows_of

MELODY = Melody("key")
PRIMER = piece((60, 0, 4), (64, 4, 7))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundles") / "toy.solferino"
    write_toy_bundle(path, MELODY, lstm_graph(MELODY.input_size, MELODY.num_classes, (8,)))
    return str(path)


def test_new_notes_begin_one_step_after_the_primer_and_end_at_num_steps(bundle):
    request = GenerationRequest(
        bundle=bundle, primer=PRIMER, num_steps=40, controls=EventControls(temperature=3)
    )
    (output,) = run(request)
    assert output.num_events == 40 - 8
    assert output.notes.total_time_s == 40 * STEP_S
    assert rows_of(output.notes.notes)[:2] == [(60, 0, 4), (64, 4, 7)]
    assert output.notes.notes["onset_s"][2:].min() >= 8 * STEP_S


@pytest.mark.parametrize(
    ("last_step", "meter", "end_step"),
    [(7, (4, 4), 16 + 32),   # inside bar 1: it is filled, then two bars of 16 sixteenths
     (16, (4, 4), 16 + 32),  # on the bar line: two bars from there
     (17, (3, 4), 24 + 24),  # bar 2 of 3/4 ends at step 24
     (13, (6, 8), 24 + 24)],
)  # fmt: skip
def test_new_bars_are_whole_bars_of_the_primers_meter(bundle, last_step, meter, end_step):
    primer = piece((60, 0, 4), (64, 4, last_step)).replace(meters=[(0.0, *meter)])
    (output,) = run(GenerationRequest(bundle=bundle, primer=primer, new_bars=2))
    assert output.num_events == end_step - last_step - 1
    (again,) = run(read_provenance(output.notes))
    assert again.notes == output.notes


def test_no_new_bars_are_refused(bundle):
    with pytest.raises(GenerationError, match="new_bars is 0: ask for 1 or more"):
        run(GenerationRequest(bundle=bundle, new_bars=0))


def test_without_a_primer_a_melody_starts_with_middle_c(bundle):
    (output,) = run(GenerationRequest(bundle=bundle, num_steps=16))
    assert rows_of(output.notes.notes)[0] == (60, 0, 1)
    assert output.num_events == 14


def test_a_primer_of_events_is_played(bundle):
    primer = MELODY.from_melody_events([60, -2, 62, -2, 64])
    (output,) = run(GenerationRequest(bundle=bundle, primer=primer, num_steps=32, qpm=60))
    rows = rows_of(output.notes.notes, 2 * STEP_S)
    assert rows[:3] == [(60, 0, 2), (62, 2, 4), (64, 4, 5)]
    assert output.num_events == 32 - 6
    assert output.notes.tempos["qpm"].tolist() == [60]


def test_an_empty_primer_is_continued_from_the_start(bundle):
    (output,) = run(GenerationRequest(bundle=bundle, primer=NoteSequence(), num_steps=16))
    assert output.num_events == 16


@pytest.mark.parametrize(
    ("tempos", "qpm", "expected"),
    [(None, None, 120), (None, 90, 90), ([(0.0, 100.0)], None, 100), ([(0.0, 100.0)], 100, 100)],
)
def test_the_tempo_is_asked_for_or_the_primers_or_120(bundle, tempos, qpm, expected):
    primer = PRIMER.replace(tempos=tempos or [])
    (output,) = run(GenerationRequest(bundle=bundle, primer=primer, qpm=qpm, num_steps=40))
    assert output.notes.tempos["qpm"].tolist() == [expected]


def test_another_tempo_than_the_primers_own_is_refused(bundle):
    primer = PRIMER.replace(tempos=[(0.0, 100.0)])
    with pytest.raises(GenerationError, match=r"qpm is 90 but the primer has .* its own, 100"):
        run(GenerationRequest(bundle=bundle, primer=primer, qpm=90))


@pytest.mark.parametrize("qpm", [0, -3, float("nan"), float("inf")])
def test_a_tempo_out_of_range_is_refused(bundle, qpm):
    with pytest.raises(GenerationError, match=f"qpm is {qpm}: it must be above 0"):
        run(GenerationRequest(bundle=bundle, qpm=qpm))


def test_a_primer_longer_than_num_steps_tells_both_numbers(bundle):
    with pytest.raises(GenerationError, match=r"num_steps is 8, .* primer alone takes 8"):
        run(GenerationRequest(bundle=bundle, primer=PRIMER, num_steps=8))


FULL = GenerationRequest(
    bundle="x",
    bundle_sha256="00",
    primer=PRIMER,
    qpm=90.5,
    num_steps=64,
    num_outputs=3,
    controls=EventControls(0.5, 3, 0.9, 2, 2, 2, Constraints(frozenset({0, 7}), 50, 70, PRIMER)),
    seed=2**64 - 1,
    output=2,
)


@pytest.mark.parametrize(
    "request_",
    [
        FULL,
        replace(FULL, primer=None, controls=EventControls(), qpm=None, output=None),
        replace(FULL, primer=EventSequence(np.array([3, 0, 1]), 4, 12, -2)),
    ],
)
def test_a_request_survives_json(request_):
    text = request_.to_json()
    assert GenerationRequest.from_json(text).to_json() == text
    assert text.isascii()
    assert "\n" not in text


def test_every_field_of_a_request_comes_back():
    read = GenerationRequest.from_json(FULL.to_json())
    assert read.primer == PRIMER
    assert read.controls == FULL.controls
    for name in ("bundle", "bundle_sha256", "qpm", "num_steps", "num_outputs", "seed", "output"):
        assert getattr(read, name) == getattr(FULL, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"version":1}',
        FULL.to_json().replace('"seed"', '"sed"'),
        FULL.to_json().replace('"top_k"', '"topk"'),
        FULL.to_json()[:-9],
        GenerationRequest(bundle="a", num_steps="many").to_json(),
        GenerationRequest(bundle="a", qpm="fast").to_json(),
        GenerationRequest(bundle="a", controls=EventControls(top_k=1.5)).to_json(),
        '{"version":1,"bundle":"a","primer":{"notes":5}}',
        *(
            '{"version":1,"bundle":"a","controls":{"constraints":{"pitch_classes":null,"keep":null}'
            f'}},"primer":{{"events":{{{events}}}}}}}'
            for events in ('"ids":[99999]', '"ids":5', '"ids":[1],"start_step":"a"')
        ),
    ],
)
def test_other_text_is_no_request(text):
    with pytest.raises(GenerationError, match="the request cannot be read"):
        GenerationRequest.from_json(text)


def test_a_newer_request_says_upgrade():
    with pytest.raises(GenerationError, match="has version 2 and this solferino reads 1: upgrade"):
        GenerationRequest.from_json(FULL.to_json().replace('"version":1', '"version":2'))


def test_every_output_can_be_made_again_from_what_stands_in_it(bundle):
    keep = piece((72, 20, 24))
    request = GenerationRequest(
        bundle=bundle,
        primer=PRIMER,
        num_steps=48,
        num_outputs=4,
        controls=EventControls(
            temperature=1.5,
            top_p=0.9,
            constraints=Constraints(frozenset(range(0, 12, 2)), keep=keep),
        ),
        seed=11,
    )
    outputs = run(request)
    assert len({tuple(rows_of(output.notes.notes)) for output in outputs}) == 4
    for number, output in enumerate(outputs):
        again = read_provenance(output.notes)
        assert again.output == number
        (same,) = run(again)
        assert same == output


def test_a_beam_search_can_be_made_again(bundle):
    controls = EventControls(beam_size=2, branch_factor=2, steps_per_iteration=3)
    request = GenerationRequest(bundle=bundle, num_steps=32, num_outputs=2, controls=controls)
    outputs = run(request)
    assert run(read_provenance(outputs[1].notes)) == [outputs[1]]


def test_a_bundle_that_has_changed_is_noticed(bundle):
    (output,) = run(GenerationRequest(bundle=bundle, num_steps=16))
    request = read_provenance(output.notes)
    with pytest.raises(BundleError, match=r"toy.solferino has changed: its SHA-256 is "):
        run(replace(request, bundle_sha256="0" * 64))


def test_a_piece_of_unknown_origin_says_so():
    with pytest.raises(GenerationError, match="'Song' does not say how it was made"):
        read_provenance(piece((60, 0, 1), title="Song", texts=(Text(0.0, "la"),)))


def test_a_generated_primer_forgets_how_it_was_made_itself(bundle):
    (first,) = run(GenerationRequest(bundle=bundle, num_steps=16))
    (second,) = run(GenerationRequest(bundle=bundle, primer=first.notes, num_steps=32))
    signs = [text for text in second.notes.texts if text.text.startswith("solferino:")]
    assert len(signs) == 1
    assert "solferino:" not in signs[0].text.removeprefix("solferino:")
    assert run(read_provenance(second.notes)) == [second]


def test_a_midi_file_holds_what_is_needed_to_make_it_again(bundle, tmp_path):
    request = GenerationRequest(bundle=bundle, num_steps=64, num_outputs=2, qpm=107, seed=4)
    _, output = run(request)
    write_midi(output.notes, tmp_path / "1.mid")
    assert run(read_provenance(read_midi(tmp_path / "1.mid"))) == [output]


def test_a_midi_file_can_be_the_primer_and_be_made_again(bundle, tmp_path):
    write_midi(PRIMER, tmp_path / "primer.mid")
    primer = read_midi(tmp_path / "primer.mid")
    (output,) = run(GenerationRequest(bundle=bundle, primer=primer, num_steps=32))
    write_midi(output.notes, tmp_path / "song.mid")
    assert run(read_provenance(read_midi(tmp_path / "song.mid"))) == [output]


def test_a_generator_that_is_open_is_used(bundle):
    request = GenerationRequest(bundle=bundle, num_steps=16)
    generator = open_generator(bundle)
    assert run(request, generator) == run(request)
    with pytest.raises(BundleError, match="has changed"):
        run(replace(request, bundle_sha256="0" * 64), generator)
