import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from solferino.errors import QuantizationError
from solferino.notes.pianoroll import PianoRoll
from solferino.notes.quantization import quantize, quantize_absolute
from solferino.notes.sequence import Instrument, NoteSequence
from tests.notes.strategies import note_sequences

PIANO, KIT = Instrument(), Instrument(0, True)
SHAPES = st.tuples(st.integers(0, 8), st.integers(1, 4))


def drawn(text):
    """A picture from text: X struck, - goes on, . silent; one line a frame."""
    cells = np.array([list(line) for line in text.split()])
    return {"frames": cells != ".", "onsets": cells == "X"}


def picture(roll):
    cells = np.where(roll.onsets, "X", np.where(roll.frames, "-", "."))
    return " ".join("".join(row) for row in cells)


@st.composite
def rolls(draw):
    shape = draw(SHAPES)
    return PianoRoll.from_frames(
        draw(arrays.arrays(np.bool_, shape)),
        draw(st.sampled_from([1.0, 4.0, 31.25, 100.0])),
        draw(arrays.arrays(np.bool_, shape)),
        draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 127))),
        draw(st.integers(0, 124)),
    )


def test_a_chord_and_a_repeated_note():
    piece = NoteSequence.from_columns([60, 62, 60], [0, 0, 1], [1, 1.5, 2])
    roll = PianoRoll.from_notes(piece, 2, 60, 62)
    assert picture(roll) == "X.X -.- X.- -.."
    assert roll.to_notes().notes.tolist() == piece.notes.tolist()


@pytest.mark.parametrize(
    ("span_s", "frames"),
    [
        ((0, 1), "X-.."),
        ((0.3, 0.6), "X-.."),  # every frame that it touches
        ((0.5, 0.5), ".X.."),  # one at least
        ((1.5, 2), "...X"),
        ((0.5 - 1e-9, 1 + 1e-9), ".X.."),  # but for the noise of the arithmetic
    ],
)
def test_a_note_sounds_in_the_frames_that_it_touches(span_s, frames):
    piece = NoteSequence.from_columns(60, *span_s, total_time_s=2)
    assert picture(PianoRoll.from_notes(piece, 2, 60, 60)).replace(" ", "") == frames


@pytest.mark.parametrize(
    ("spans_s", "frames", "velocities"),
    [
        ([(0, 3), (1, 4)], "X X - -", [10, 20, 20, 20]),
        ([(0, 4), (1, 2)], "X X - -", [10, 20, 20, 20]),  # until both are released
        ([(0, 4), (0, 1)], "X - - -", [20, 20, 20, 20]),  # the later row
        ([(0, 2), (2, 4)], "X - X -", [10, 10, 20, 20]),
        ([(0, 1), (3, 4)], "X . . X", [10, 0, 0, 20]),
    ],
)
def test_where_notes_overlap_the_last_struck_counts(spans_s, frames, velocities):
    onset_s, release_s = zip(*spans_s, strict=True)
    piece = NoteSequence.from_columns(60, onset_s, release_s, [10, 20])
    roll = PianoRoll.from_notes(piece, 1, 60, 60)
    assert picture(roll) == frames
    assert roll.velocities[:, 0].tolist() == velocities


def test_drums_have_no_pitch_unless_asked_for():
    piece = NoteSequence.from_columns([60, 36], 0, 1, instrument=[0, 1], instruments=(PIANO, KIT))
    assert np.argwhere(PianoRoll.from_notes(piece, 1).onsets).tolist() == [[0, 60]]
    kit = PianoRoll.from_notes(piece, 1, instruments=[1])
    assert np.argwhere(kit.onsets).tolist() == [[0, 36]]


def test_a_frame_may_be_a_step_of_the_grid():
    piece = NoteSequence.from_columns([60, 61], [0, 0.5], [0.5, 1], tempos=[(0, 90)])
    roll = PianoRoll.from_steps(quantize(piece, 4), 60, 61)
    assert picture(roll) == "X. -. -. .X -- .-".replace("--", ".-")
    assert roll.frames_per_second == 6
    by_second = PianoRoll.from_steps(quantize_absolute(piece, 4), 60, 61)
    assert picture(by_second) == "X. -. .X .-"
    assert by_second == PianoRoll.from_notes(piece, 4, 60, 61)


def test_a_piece_in_two_tempi_has_no_equal_frames():
    piece = NoteSequence.from_columns(60, 0, 4, tempos=[(0, 90), (2, 60)])
    with pytest.raises(QuantizationError, match="steps in 2 tempi are not; split_at_changes"):
        PianoRoll.from_steps(quantize(piece))


def test_a_grid_without_tempo_is_at_120():
    quantized = quantize(NoteSequence.from_columns(60, 0, 1))
    object.__setattr__(quantized, "tempos", quantized.tempos[:0])
    assert PianoRoll.from_steps(quantized).frames_per_second == 8


def test_a_picture_is_completed():
    roll = PianoRoll.from_frames([[1, 0], [1, 0], [0, 0]], 1, [[0, 0], [0, 0], [0, 1]], 90)
    assert picture(roll) == "X. -. .X"
    assert roll.velocities.tolist() == [[90, 0], [90, 0], [0, 90]]


def test_velocity_is_read_at_the_onset():
    roll = PianoRoll.from_frames([[1], [1], [1]], 1, [[1], [0], [1]], [[5], [6], [0]])
    assert roll.velocities.tolist() == [[5], [5], [0]]
    assert roll.to_notes().notes["velocity"].tolist() == [5, 0]


def test_a_voice_and_a_tempo_are_stated():
    roll = PianoRoll.from_frames([[1]], 2, min_pitch=36)
    piece = roll.to_notes(KIT, qpm=90)
    assert piece.instruments == (KIT,)
    assert piece.tempos.tolist() == [(0, 90)]
    assert piece.notes["pitch"].tolist() == [36]


def test_it_says_what_it_is():
    roll = PianoRoll.from_frames(**drawn("X.X -.. XX."), frames_per_second=100, min_pitch=60)
    assert repr(roll) == "<PianoRoll: 3 frames of 0.01 s, pitches 60..62, 4 onsets>"
    assert (roll == 3) is False


def test_it_is_a_value():
    frames = np.ones((2, 2), bool)
    roll = PianoRoll.from_frames(frames, 1)
    with pytest.raises(ValueError, match="read-only"):
        roll.frames[0, 0] = False
    assert frames.flags.writeable
    copied = PianoRoll(frames, roll.onsets, roll.velocities, 1.0)
    frames[:] = False
    assert copied == roll
    assert copy.deepcopy(roll) == roll


ONE = {"frames": [[True]], "onsets": [[True]], "velocities": [[80]], "frames_per_second": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": [True]}, "must have the same shape"),
        ({"onsets": [[True, False]]}, "must have the same shape"),
        ({"min_pitch": 128}, "1 pitches from min_pitch 128 on must lie in 0..127"),
        ({"min_pitch": -1}, "must lie in 0..127"),
        ({"frames_per_second": 0}, "frames_per_second must be above 0, got 0"),
        ({"velocities": [[128]]}, "velocities must be in 0..127, got 128"),
        ({"frames": [[False]]}, "onsets must lie where frames sound"),
        ({"onsets": [[False]]}, "from_frames completes them"),
    ],
)
def test_a_roll_keeps_its_rules(changes, message):
    with pytest.raises(ValueError, match=message):
        PianoRoll(**{**ONE, **changes})


@pytest.mark.parametrize("velocity", [-1, 128, 300])
def test_velocities_are_midi_numbers(velocity):
    with pytest.raises(ValueError, match=r"velocities must be in 0\.\.127"):
        PianoRoll.from_frames([[1]], 1, velocities=velocity)


def test_frames_are_a_table():
    with pytest.raises(ValueError, match=r"frames must have shape \(n_frames, n_pitches\)"):
        PianoRoll.from_frames([1, 0], 1)


@pytest.mark.parametrize("frames_per_second", [0, -1, float("nan"), float("inf")])
def test_a_second_has_frames(frames_per_second):
    with pytest.raises(ValueError, match="frames_per_second must be above 0"):
        PianoRoll.from_notes(NoteSequence(), frames_per_second)


@pytest.mark.parametrize("limits", [(-1, 60), (60, 59), (0, 128)])
def test_pitches_are_midi_numbers(limits):
    for draw, piece in (
        (lambda *a: PianoRoll.from_notes(a[0], 1, *a[1:]), NoteSequence()),
        (PianoRoll.from_steps, quantize(NoteSequence())),
    ):
        with pytest.raises(ValueError, match=r"min_pitch and max_pitch must be in 0\.\.127"):
            draw(piece, *limits)


@given(rolls())
@settings(max_examples=80, deadline=None)
def test_notes_from_a_picture_draw_the_same_picture(roll):
    top = roll.min_pitch + roll.frames.shape[1] - 1
    again = PianoRoll.from_notes(roll.to_notes(), roll.frames_per_second, roll.min_pitch, top)
    assert again == roll
    assert (
        PianoRoll.from_frames(
            roll.frames, roll.frames_per_second, roll.onsets, roll.velocities, roll.min_pitch
        )
        == roll
    )


@given(note_sequences(), st.sampled_from([1.0, 8.0, 31.25]))
@settings(max_examples=60, deadline=None)
def test_a_picture_is_what_drawing_note_by_note_gives(piece, frames_per_second):
    roll = PianoRoll.from_notes(piece, frames_per_second)
    frames, onsets = np.zeros_like(roll.frames), np.zeros_like(roll.onsets)
    latest = np.zeros_like(roll.velocities)
    for note in piece.notes[~piece.is_drum]:
        start = int(note["onset_s"] * frames_per_second)
        stop = max(start + 1, int(np.ceil(note["release_s"] * frames_per_second)))
        frames[start:stop, note["pitch"]] = True
        onsets[start, note["pitch"]] = True
        latest[start:, note["pitch"]] = note["velocity"]
    assert roll == PianoRoll(frames, onsets, latest * frames, frames_per_second)
