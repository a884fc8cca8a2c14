import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConstraintError, GenerationError
from solferino.generation.continuation import EventGenerator
from solferino.generation.generator import EventControls, Section
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.representations.constraints import Constraints
from solferino.representations.melody import Melody
from tests.generation.melodies import ENCODINGS, STEP_S, melody_generator, piece, rows_of

PRIMER = piece((60, 0, 4), (64, 4, 8), (67, 8, 16))
TWO_BARS = Section(2.0, 6.0)  # steps 16 to 48
FLAT = EventControls(temperature=3.0)  # many notes of many kinds


def new_notes(notes, start_s):
    return notes.notes[notes.notes["onset_s"] >= start_s - 1e-9]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_primer_stays_and_new_notes_fill_the_section(encoding):
    song = melody_generator(encoding).generate(PRIMER, TWO_BARS, FLAT, seed=1)
    assert song.notes[:3].tolist() == PRIMER.notes.tolist()
    new = song.notes[3:]
    assert len(new) > 5
    assert new["onset_s"].min() >= 2.0
    assert new["release_s"].max() <= 6.0
    assert song.total_time_s == 6.0
    steps = new["onset_s"] / STEP_S
    assert steps.tolist() == steps.round().tolist()


def test_a_primer_that_is_played_freely_is_not_quantised():
    primer = NoteSequence.from_columns([60, 62], [0.013, 0.49], [0.4, 0.9871], velocity=[33, 101])
    song = melody_generator().generate(primer, TWO_BARS, FLAT)
    assert song.notes[:2].tolist() == primer.notes.tolist()


def test_all_else_of_the_primer_is_kept():
    flute, drums = Instrument(73, False, "flute"), Instrument(0, True, "drums")
    primer = piece(
        (60, 0, 4),
        instruments=(flute, drums),
        tempos=[(0.0, 120.0)],
        meters=[(0.0, 3, 4)],
        keys=[(0.0, 2, False)],
        control_changes=[(0.1, 7, 90, 0)],
        texts=(Text(0.0, "Am", "chord"),),
        title="Song",
    )
    song = melody_generator().generate(primer, TWO_BARS, FLAT)
    for name in ("instruments", "tempos", "meters", "keys", "control_changes", "texts", "title"):
        assert np.array_equal(getattr(song, name), getattr(primer, name)), name


def test_the_instrument_of_the_primer_plays_on():
    primer = piece(
        (36, 0, 2), (60, 4, 8), instrument=[0, 1], instruments=(Instrument(0, True), Instrument(73))
    )
    song = melody_generator().generate(primer, TWO_BARS, FLAT)
    assert set(new_notes(song, 2.0)["instrument"].tolist()) == {1}


def test_where_several_play_the_one_like_the_new_one_plays_on_or_a_new_one_comes():
    with_piano = (Instrument(40), Instrument(0, False, "piano"))
    without = (Instrument(40), Instrument(41))
    for instruments, expected in ((with_piano, 1), (without, 2)):
        primer = piece((60, 0, 4), (62, 4, 8), instrument=[0, 1], instruments=instruments)
        song = melody_generator().generate(primer, TWO_BARS, FLAT)
        assert set(new_notes(song, 2.0)["instrument"].tolist()) == {expected}


def test_a_gap_before_the_section_is_silence():
    song = melody_generator().generate(piece((60, 0, 4)), Section(4.0, 8.0), FLAT)
    between = song.notes[(song.notes["release_s"] > 0.5) & (song.notes["onset_s"] < 4.0)]
    assert len(between) == 0


@pytest.mark.parametrize("keep", [None, piece((72, 20, 24)), piece((67, 8, 16), (72, 16, 20))])
@pytest.mark.parametrize("primer", [PRIMER, NoteSequence()])
def test_a_note_that_sounds_up_to_the_section_ends_there_for_the_model_too(primer, keep):
    generator = melody_generator()
    seen = []
    session = generator.session

    class Listening:
        """Passes every step on, and notes down the event that was fed."""

        initial_state = session.initial_state
        select = staticmethod(session.select)

        def step(self, inputs, state):
            seen.append(inputs.argmax(axis=1).tolist())
            return session.step(inputs, state)

    listening = EventGenerator(generator.card, generator.representation, Listening())
    controls = EventControls(temperature=0.2, constraints=Constraints(keep=keep))
    listening.generate_batch(primer, TWO_BARS, controls, num_outputs=20)
    (first_events, *_) = (events for events in seen if len(events) == 20)
    assert 0 not in first_events  # 0 would hold the note on


def test_a_section_off_the_grid_shrinks_to_whole_steps():
    section = Section(2.0 + 0.3 * STEP_S, 6.0 + 0.9 * STEP_S)
    (output,) = melody_generator().generate_batch(PRIMER, section, FLAT)
    assert output.num_events == 31  # steps 17 to 48
    new = output.notes.notes[3:]
    assert new["onset_s"].min() >= 17 * STEP_S
    assert new["release_s"].max() <= 48 * STEP_S


@pytest.mark.parametrize("qpm", [107.0, 61.3, 240.0])
def test_whole_steps_are_counted_right_at_any_tempo(qpm):
    step_s = 15.0 / qpm
    primer = NoteSequence.from_columns(60, 0.0, 4 * step_s, tempos=[(0.0, qpm)])
    section = Section(16 * step_s, 48 * step_s)
    (output,) = melody_generator().generate_batch(primer, section, FLAT)
    assert output.num_events == 32
    onsets = output.notes.notes["onset_s"] / step_s
    np.testing.assert_allclose(onsets, onsets.round(), atol=1e-6)


def test_new_notes_follow_a_tempo_that_changes_in_the_section():
    primer = piece((60, 0, 4), tempos=[(0.0, 120.0), (3.0, 60.0)])
    (output,) = melody_generator().generate_batch(primer, Section(2.0, 6.0), FLAT)
    assert output.num_events == 8 + 12  # a second of 8 steps, three seconds of 4
    late = output.notes.notes["onset_s"][output.notes.notes["onset_s"] > 3.0]
    assert ((late - 3.0) % 0.25).max() < 1e-9


def test_without_a_tempo_the_result_says_120():
    song = melody_generator().generate(PRIMER, TWO_BARS)
    assert song.tempos.tolist() == [(0.0, 120.0)]


@pytest.mark.parametrize("start_s", [0.0, 2.0, 2.5])
def test_an_empty_piece_can_be_continued_from_anywhere(start_s):
    section = Section(start_s, start_s + 4.0)
    (output,) = melody_generator("key").generate_batch(NoteSequence(), section, FLAT)
    assert output.num_events == 32
    assert len(output.notes) > 0
    assert output.notes.notes["onset_s"].min() >= start_s


def test_the_meter_of_the_primer_sets_the_bars():
    waltz = piece((60, 0, 4), meters=[(0.0, 3, 4)])
    march = piece((60, 0, 4), meters=[(0.0, 4, 4)])
    songs = [melody_generator("lookback").generate(p, TWO_BARS, seed=1) for p in (waltz, march)]
    assert rows_of(songs[0].notes) != rows_of(songs[1].notes)


def test_a_section_inside_the_music_is_refused_with_the_way_out():
    with pytest.raises(
        GenerationError, match=r"starts at 1 s but the music sounds until 2 s.*trim"
    ):
        melody_generator().generate(PRIMER, Section(1.0, 6.0))


def test_a_section_shorter_than_a_step_is_refused():
    with pytest.raises(GenerationError, match=r"from 2 s to 2.1 s holds no whole step"):
        melody_generator().generate(PRIMER, Section(2.0, 2.1))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(GenerationError, match=f"the seed {seed} is out of range"):
        melody_generator().generate(PRIMER, TWO_BARS, seed=seed)


@pytest.mark.parametrize(
    "numbers", [{"num_outputs": 0}, {"first_output": -1}, {"first_output": 2**64}]
)
def test_a_batch_needs_an_output(numbers):
    with pytest.raises(GenerationError, match=r"cannot make .* outputs from number"):
        melody_generator().generate_batch(PRIMER, TWO_BARS, **numbers)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_output_k_is_the_same_alone_and_in_a_batch_of_ten(encoding):
    generator = melody_generator(encoding)
    batch = generator.generate_batch(PRIMER, TWO_BARS, seed=9, num_outputs=10)
    assert generator.generate(PRIMER, TWO_BARS, seed=9) == batch[0].notes
    (alone,) = generator.generate_batch(PRIMER, TWO_BARS, seed=9, first_output=7)
    assert alone.notes == batch[7].notes
    assert alone.log_likelihood == batch[7].log_likelihood


def test_log_likelihood_is_that_of_the_events_whatever_the_controls():
    generator = melody_generator()
    past = generator.representation.encode(PRIMER, 16)
    ids, log_likelihoods = generator.continue_events(past, 32, FLAT, seed=2)
    tracker = generator.representation.tracker([past])
    state, expected = generator.session.initial_state(1), 0.0
    logits = np.zeros((1, generator.representation.num_classes))
    for step, event in enumerate([*past.ids, *ids[0]]):
        if step >= len(past):
            scores = logits[0].astype(float)
            expected += scores[event] - np.log(np.exp(scores).sum())
        logits, state = generator.session.step(tracker.feed(np.array([event], np.int16)), state)
    assert log_likelihoods[0] == pytest.approx(expected, abs=1e-3)


# -- constraints ---------------------------------------------------------------------------

KEPT = st.lists(
    st.tuples(st.integers(48, 83), st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ENCODINGS),
    st.frozensets(st.integers(0, 11), min_size=1),
    st.integers(48, 70),
    st.sampled_from(
        [
            EventControls(temperature=4),
            EventControls(temperature=0),
            EventControls(beam_size=2, branch_factor=2),
            EventControls(top_k=1),
        ]
    ),
    st.integers(0, 2**64 - 1),
)
def test_no_new_note_ever_breaks_a_constraint(encoding, classes, lowest, controls, seed):
    constraints = Constraints(pitch_classes=classes, min_pitch=lowest, max_pitch=lowest + 11)
    controls = EventControls(
        temperature=controls.temperature,
        top_k=controls.top_k,
        beam_size=controls.beam_size,
        branch_factor=controls.branch_factor,
        constraints=constraints,
    )
    outputs = melody_generator(encoding).generate_batch(
        PRIMER, Section(2.0, 4.0), controls, seed=seed, num_outputs=3
    )
    for output in outputs:
        for pitch in new_notes(output.notes, 2.0)["pitch"].tolist():
            assert pitch % 12 in classes
            assert lowest <= pitch <= lowest + 11


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ENCODINGS), KEPT, st.integers(0, 1000))
def test_kept_notes_come_out_exactly(encoding, gaps, seed):
    rows, step = [], 16
    for pitch, rest, length in gaps:
        rows.append((pitch, step + rest, step + rest + length))
        step += rest + length
    controls = EventControls(temperature=2, constraints=Constraints(keep=piece(*rows)))
    song = melody_generator(encoding).generate(PRIMER, TWO_BARS, controls, seed=seed)
    assert set(rows) <= set(rows_of(new_notes(song, 2.0)))


def test_kept_notes_keep_their_seconds_at_another_tempo():
    primer = NoteSequence.from_columns(60, 0.0, 1.0, tempos=[(0.0, 90.0)])
    step_s = 15.0 / 90.0
    keep = NoteSequence.from_columns(72, 20 * step_s, 23 * step_s)  # says nothing of 90
    controls = EventControls(constraints=Constraints(keep=keep))
    song = melody_generator().generate(primer, Section(2.0, 6.0), controls)
    assert (72, 20.0, 23.0) in rows_of(song.notes, step_s)


def test_a_kept_note_may_not_begin_in_the_primer_and_last_into_the_section():
    controls = EventControls(constraints=Constraints(keep=piece((67, 8, 20))))
    with pytest.raises(ConstraintError, match="begins at 1 s, before the section at 2 s"):
        melody_generator().generate(PRIMER, TWO_BARS, controls)


def test_a_kept_note_may_not_begin_after_the_section():
    controls = EventControls(constraints=Constraints(keep=piece((67, 20, 24), (72, 48, 52))))
    with pytest.raises(ConstraintError, match="begins at 6 s, but the section ends at 6 s"):
        melody_generator().generate(PRIMER, TWO_BARS, controls)


def test_constraints_hold_on_pitches_as_they_sound_though_the_model_works_in_another_key():
    options = {"transpose_to_key": 0}
    generator = melody_generator("key", **options)
    primer = piece((62, 0, 4), (66, 4, 8), (69, 8, 16))  # D major
    assert Melody("key", **options).encode(primer, 16).transposition != 0
    d_major = frozenset({2, 4, 6, 7, 9, 11, 1})
    controls = EventControls(temperature=4, constraints=Constraints(pitch_classes=d_major))
    song = generator.generate(primer, TWO_BARS, controls)
    assert {pitch % 12 for pitch in song.notes["pitch"].tolist()} <= d_major


@pytest.mark.parametrize(
    ("num_outputs", "controls", "section"),
    [
        (100_000_000, EventControls(), TWO_BARS),
        (1, EventControls(beam_size=1_000_000), TWO_BARS),
        (1, EventControls(), Section(2.0, 1e10)),
    ],
)
def test_a_batch_that_would_fill_the_memory_is_refused(num_outputs, controls, section):
    with pytest.raises(GenerationError, match=r"too much at once: .*ask for less"):
        melody_generator().generate_batch(PRIMER, section, controls, num_outputs=num_outputs)
