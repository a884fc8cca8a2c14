"""MIDI files keep what a musician put into them."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import MusicFileError
from solferino.notes.midi import MAX_TICKS, midi_bytes, read_midi, write_midi
from solferino.notes.sequence import Instrument, NoteSequence, Text

TICKS_PER_QUARTER = 480
TICK_S = 0.5 / TICKS_PER_QUARTER  # at 120 quarter notes a minute


def midi_file(events: bytes, division: int = 480, length: int | None = None) -> bytes:
    """Return a file of one track that holds these events."""
    size = len(events) if length is None else length
    header = b"MThd" + struct.pack(">IHHH", 6, 1, 1, division)
    return header + b"MTrk" + struct.pack(">I", size) + events


NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"
END = b"\x00\xff\x2f\x00"


def a_piece_with_everything() -> NoteSequence:
    """Two tempos, two meters, two keys, drums, controllers, bends and all kinds of text."""
    return NoteSequence(
        notes=[
            (0.0, 1.0, 60, 80, 0),
            (0.0, 0.25, 36, 127, 1),
            (0.5, 0.75, 64, 1, 0),
            (1.0, 1.0, 64, 64, 0),
            (1.0, 2.5, 67, 64, 0),
        ],
        instruments=(Instrument(25, name="Gitarre ♯"), Instrument(16, is_drum=True, name="kit")),
        tempos=[(0.0, 120.0), (1.0, 60_000_000 / 333_333)],
        meters=[(0.0, 6, 8), (1.5, 5, 4)],
        keys=[(0.0, -3, True), (1.0, 7, False)],
        control_changes=[(0.0, 7, 100, 0), (0.25, 64, 127, 0), (0.5, 64, 0, 0)],
        pitch_bends=[(0.0, -8192, 0), (0.25, 8191, 0), (0.25, 0, 1)],
        texts=(
            Text(0.0, 'solferino:{"seed": 7}'),
            Text(0.0, "Am7/G", "chord"),
            Text(0.5, "la", "lyric", 0),
            Text(0.5, "chord:of the wild", "lyric", 0),
            Text(1.0, "Chorus", "marker"),
            Text(1.0, "end:", "marker"),
            Text(1.0, "", "marker"),
            Text(1.0, "pizz.", "text", 1),
        ),
        title="Über den Wolken",
        source="songs/1.mid",
        ticks_per_quarter=TICKS_PER_QUARTER,
    )


def on_ticks(piece: NoteSequence) -> NoteSequence:
    """Return the piece with its times moved to the nearest ticks."""
    return read_midi(midi_bytes(piece))


def test_everything_survives():
    piece = on_ticks(a_piece_with_everything())
    given = a_piece_with_everything()
    assert piece == read_midi(midi_bytes(piece))
    for table in ("tempos", "meters", "keys"):
        assert len(getattr(piece, table)) == 2
    assert piece.instruments == given.instruments
    assert (piece.title, piece.source) == (given.title, given.source)
    assert {text[1:] for text in piece.texts} == {text[1:] for text in given.texts}
    assert (
        piece.notes[["pitch", "velocity"]].tolist() == given.notes[["pitch", "velocity"]].tolist()
    )
    np.testing.assert_allclose(piece.notes["onset_s"], given.notes["onset_s"], atol=TICK_S)
    assert piece.control_changes["value"].tolist() == [100, 127, 0]
    assert piece.pitch_bends["bend"].tolist() == [-8192, 8191, 0]


@st.composite
def pieces(draw) -> NoteSequence:
    """Pieces that MIDI can hold: times on ticks, no two equal pitches at once."""
    n_instruments = draw(st.integers(1, 20))
    rows = []
    for instrument in range(n_instruments):
        pitch = draw(st.integers(0, 127))
        edges = draw(st.lists(st.integers(0, 100_000), min_size=2, max_size=9, unique=True))
        edges.sort()
        for onset, release in pairwise(edges):
            rows.append((onset, release, pitch, draw(st.integers(1, 127)), instrument))
    changes = sorted(draw(st.sets(st.integers(1, 90_000), max_size=3)))
    microseconds = draw(st.lists(st.integers(1000, 2**24 - 1), min_size=4, max_size=4))
    tempo_ticks = [0, *changes]
    tempos, now_s = [], 0.0
    for k, tick in enumerate(tempo_ticks):
        if k:
            now_s += (tick - tempo_ticks[k - 1]) * microseconds[k - 1] / 1e6 / TICKS_PER_QUARTER
        tempos.append((now_s, 60e6 / microseconds[k]))

    def seconds(tick: int) -> float:
        k = max(i for i, start in enumerate(tempo_ticks) if start <= tick)
        return tempos[k][0] + (tick - tempo_ticks[k]) * microseconds[k] / 1e6 / TICKS_PER_QUARTER

    instruments = tuple(
        Instrument(
            draw(st.integers(0, 127)), draw(st.booleans()), draw(st.text("aé漢 ", max_size=5))
        )
        for _ in range(n_instruments)
    )
    notes = [(seconds(on), seconds(off), *rest) for on, off, *rest in rows]
    words = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["chord", "lyric", "marker", "text"]),
                st.text("a:chord♭", max_size=9),
            ),
            max_size=4,
        )
    )
    return NoteSequence(
        notes=notes,
        instruments=instruments,
        tempos=tempos,
        texts=tuple(Text(seconds(10 * k), text, kind) for k, (kind, text) in enumerate(words)),
        total_time_s=seconds(draw(st.integers(0, 120_000))),
        ticks_per_quarter=TICKS_PER_QUARTER,
    )


@settings(max_examples=60, deadline=None)
@given(pieces())
def test_writing_and_reading_gives_the_same_music(piece):
    back = read_midi(midi_bytes(piece))
    assert read_midi(midi_bytes(back)) == back
    assert back.instruments == piece.instruments
    order = np.lexsort((piece.notes["pitch"], piece.notes["instrument"], piece.notes["onset_s"]))
    for column in ("pitch", "velocity", "instrument"):
        assert back.notes[column].tolist() == piece.notes[column][order].tolist()
    for column in ("onset_s", "release_s"):
        np.testing.assert_allclose(back.notes[column], piece.notes[column][order], rtol=1e-12)
    np.testing.assert_allclose(back.tempos["qpm"], piece.tempos["qpm"], rtol=1e-14)
    assert [text[1:] for text in back.texts] == [text[1:] for text in piece.texts]
    assert back.total_time_s == pytest.approx(piece.total_time_s, rel=1e-12)


@pytest.mark.parametrize("length", [1, 127, 128, 5_000, 70_000])
def test_a_long_text_at_the_beginning_survives(length):
    text = "solferino:" + "é" * length
    piece = NoteSequence.from_columns([60], [0.0], [1.0], texts=(Text(0.0, text),))
    assert read_midi(midi_bytes(piece)).texts == (Text(0.0, text),)


def test_ticks_become_seconds_through_all_tempos():
    # a quarter note at 120, one at 60, one at 240: note on at 0, off after each quarter
    tempo = {qpm: b"\xff\x51\x03" + (60_000_000 // qpm).to_bytes(3, "big") for qpm in (60, 240)}
    quarter = b"\x83\x60"  # 480 ticks
    events = b"\x00\x90\x3c\x40" + quarter + b"\x80\x3c\x00"
    events += b"\x00" + tempo[60] + b"\x00\x90\x3e\x40" + quarter + b"\x80\x3e\x00"
    events += b"\x00" + tempo[240] + b"\x00\x90\x40\x40" + quarter + b"\x80\x40\x00" + END
    piece = read_midi(midi_file(events))
    assert piece.notes["onset_s"].tolist() == [0.0, 0.5, 1.5]
    assert piece.notes["release_s"].tolist() == [0.5, 1.5, 1.75]
    assert piece.tempos["qpm"].tolist() == [60.0, 240.0]


def test_overlapping_notes_of_a_pitch_end_in_the_order_they_began():
    events = b"\x00\x90\x3c\x40\x60\x90\x3c\x41\x60\x80\x3c\x00\x60\x80\x3c\x00" + END
    piece = read_midi(midi_file(events))
    assert np.rint(piece.notes["onset_s"] / TICK_S).tolist() == [0, 96]
    assert np.rint(piece.notes["release_s"] / TICK_S).tolist() == [192, 288]


def test_a_program_change_in_mid_track_begins_another_instrument():
    events = NOTE + b"\x00\xc0\x18" + NOTE + END
    assert [i.program for i in read_midi(midi_file(events)).instruments] == [0, 24]


def test_the_tenth_channel_is_drums():
    events = b"\x00\x99\x24\x40\x60\x89\x24\x40" + END
    assert read_midi(midi_file(events)).is_drum.tolist() == [True]


def test_a_piece_may_end_after_its_last_note_or_before_its_last_event():
    rest = NoteSequence.from_columns([60], [0.0], [1.0], total_time_s=8.0)
    assert read_midi(midi_bytes(rest)).total_time_s == 8.0
    late = rest.replace(total_time_s=1.0, meters=[(4.0, 3, 4)])
    assert read_midi(midi_bytes(late)).total_time_s == 1.0


def test_a_note_without_velocity_is_written_as_the_softest():
    piece = NoteSequence.from_columns([60], [0.0], [1.0], velocity=0)
    assert read_midi(midi_bytes(piece)).notes["velocity"].tolist() == [1]


def test_lyrics_belong_to_the_instrument_of_their_track():
    piece = NoteSequence.from_columns(
        [60, 62, 38],
        [1.0, 2.0, 0.5],
        [1.5, 2.5, 0.6],
        instrument=[0, 1, 2],
        instruments=(Instrument(5), Instrument(0), Instrument(0, is_drum=True)),
        texts=[Text(0.25 * k, f"la {k}", "lyric", k) for k in range(3)],
    )
    assert read_midi(midi_bytes(piece)).texts == piece.texts


def test_key_signatures_that_cannot_be_are_left_out():
    events = b"\x00\xff\x59\x02\x70\x00\x00\xff\x59\x02\xfd\x01" + NOTE + END
    assert read_midi(midi_file(events)).keys["sharps"].tolist() == [-3]


def test_nothing_is_a_piece_too():
    assert read_midi(midi_bytes(NoteSequence())) == NoteSequence()


def test_a_file_is_written_and_read_by_its_path(tmp_path):
    piece = on_ticks(a_piece_with_everything())
    write_midi(piece, tmp_path / "new folder" / "a.mid")
    assert read_midi(tmp_path / "new folder" / "a.mid") == piece


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"RIFF and so on", "is not a MIDI file .* export it"),
        (b"MThd", "header is cut off"),
        (midi_file(NOTE, division=0), "time division 0, and 1 to 32767"),
        (midi_file(NOTE, division=0xE728), "time division 59176"),
        (
            midi_file(NOTE, length=2**32 - 1),
            "is damaged: it is cut off, 4294967287 bytes are missing",
        ),
        (midi_file(NOTE, length=5), "is damaged: Unexpected EOF"),
        (midi_file(b"\x00\xff\x51\x03\x00\x00\x00" + NOTE), "a tempo of 0 microseconds"),
        (midi_file(b"\x00\xff\x58\x04\x00\x02\x18\x08" + NOTE), "a meter with 0 in it"),
        (midi_file(b"\xff\xff\xff\x7f\x90\x3c\x40\x60\x80\x3c\x40" * 12), "beyond 1000000 s"),
        (midi_file(b"\x00\x90\xbc\xc0\x60\x80\xbc\x40"), "is damaged: "),
    ],
)
def test_damage_is_named_in_one_line(data, message):
    with pytest.raises(MusicFileError, match=f"^the MIDI data .*{message}") as caught:
        read_midi(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tempos": [(0.0, 3.0)]}, "tempos from 3.58"),
        ({"meters": [(0.0, 4, 6)]}, "meter denominators 1, 2, 4"),
        ({"ticks_per_quarter": 40_000}, "at most 32767 ticks_per_quarter"),
        ({"total_time_s": 9e5}, f"holds {MAX_TICKS} ticks"),
    ],
)
def test_what_midi_cannot_hold_is_refused(changes, message):
    piece = NoteSequence.from_columns([60], [0.0], [1.0]).replace(**changes)
    with pytest.raises(MusicFileError, match=f"^the piece cannot be MIDI.*{message}"):
        midi_bytes(piece)
