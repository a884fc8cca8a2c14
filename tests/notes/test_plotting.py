"""The piano roll shows what is there."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from solferino.errors import MusicFileError
from solferino.notes.plotting import pitch_name, plot
from solferino.notes.sequence import Instrument, NoteSequence, Text

PIECE = NoteSequence.from_columns(
    [60, 64, 67, 36, 38],
    [0.0, 0.5, 1.0, 0.0, 1.0],
    [0.5, 1.0, 4.0, 0.1, 1.1],
    velocity=[127, 64, 1, 100, 100],
    instrument=[0, 0, 1, 2, 2],
    instruments=(Instrument(), Instrument(40, name="Violin"), Instrument(is_drum=True)),
    texts=(Text(0.0, "C", "chord"), Text(2.0, "G7", "chord"), Text(1.0, "la", "lyric")),
    title="Three notes",
)


def boxes(axis) -> PolyCollection:
    return next(c for c in axis.collections if isinstance(c, PolyCollection))


def labels(texts) -> list[str]:
    return [text.get_text() for text in texts if text.get_text()]


def test_a_piece_draws_itself(tmp_path):
    figure = PIECE.plot(tmp_path / "roll.png", title="Mine")
    assert figure.axes[0].get_title(loc="left") == "Mine"
    assert (tmp_path / "roll.png").read_bytes()[1:4] == b"PNG"


def test_each_note_is_a_box_from_onset_to_release_at_its_pitch():
    tones = boxes(plot(PIECE).axes[0])
    spans = [path.get_extents() for path in tones.get_paths()]
    assert [(box.x0, box.x1) for box in spans] == [(0.0, 0.5), (0.5, 1.0), (1.0, 4.0)]
    assert [(box.y0 + box.y1) / 2 for box in spans] == pytest.approx([60, 64, 67])


def test_velocity_is_opacity_and_instruments_are_colours():
    faces = boxes(plot(PIECE).axes[0]).get_facecolor()
    assert faces[0, 3] == 1 > faces[1, 3] > faces[2, 3] > 0.2
    assert np.array_equal(faces[0, :3], faces[1, :3])
    assert not np.array_equal(faces[0, :3], faces[2, :3])


def test_drums_have_lines_with_names():
    figure = plot(PIECE)
    assert labels(figure.axes[1].get_yticklabels()) == ["bass drum", "snare"]
    assert len(boxes(figure.axes[1]).get_paths()) == 2


def test_bars_are_numbered_and_pitches_are_named():
    figure = plot(PIECE)
    assert labels(figure.axes[-1].get_xticklabels())[:2] == ["1", "2"]
    assert "C4" in labels(figure.axes[0].get_yticklabels())
    assert [pitch_name(pitch) for pitch in (0, 60, 61, 127)] == ["C-1", "C4", "C♯4", "G9"]


def test_title_chords_and_legend():
    figure = plot(PIECE)
    assert figure.axes[0].get_title(loc="left") == "Three notes"
    assert plot(PIECE, title="Mine").axes[0].get_title(loc="left") == "Mine"
    assert labels(figure.axes[0].texts) == ["C", "G7"]
    assert labels(figure.legends[0].get_texts()) == ["1: program 0", "Violin", "drums"]


@pytest.mark.parametrize(
    "piece",
    [
        NoteSequence(),
        NoteSequence.from_columns([60], [0.0], [0.0]),
        NoteSequence.from_columns([0, 127], [0.0, 0.0], [1.0, 900.0]),
        PIECE.with_notes(PIECE.notes[PIECE.is_drum]),
        NoteSequence.from_columns(
            [60], [0.0], [2.0], tempos=[(0.0, 10_000.0)], meters=[(0.0, 1, 32)]
        ),
    ],
)
def test_every_piece_can_be_drawn(tmp_path, piece):
    plot(piece, tmp_path / "a.png", width_inches=4)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written(tmp_path):
    with pytest.raises(MusicFileError, match="is a folder; name a file to write"):
        plot(NoteSequence(), tmp_path)


def test_pyplot_is_not_touched():
    code = (
        "import sys; from solferino.notes.plotting import plot;"
        "assert 'matplotlib' not in sys.modules;"
        "from solferino.notes.sequence import NoteSequence; plot(NoteSequence());"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
