import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.editing import trim
from solferino.notes.joining import concatenate
from solferino.notes.quantization import quantize
from solferino.notes.sequence import TABLES, NoteSequence, Text
from solferino.notes.splitting import split_at, split_at_changes, split_at_silence, split_every
from solferino.notes.timing import TempoMap
from tests.notes.strategies import note_sequences, random_piece, times_s

THREE_NOTES = NoteSequence.from_columns([60, 62, 64], [0, 1, 2], [1, 2, 4])


# split_at_changes


def test_a_piece_is_split_where_tempo_or_meter_change():
    piece = NoteSequence.from_columns(
        [60, 62, 64, 65],
        [0, 1, 2, 5],
        [1, 3, 3, 6],
        tempos=[(0, 120), (2, 60)],
        meters=[(0, 2, 4), (4, 3, 4)],
    )
    parts = split_at_changes(piece)
    assert [part.notes["pitch"].tolist() for part in parts] == [[60, 62], [64], [65]]
    assert [part.tempos.tolist() for part in parts] == [[(0, 120)], [(0, 60)], [(0, 60)]]
    assert [part.meters.tolist() for part in parts] == [[(0, 2, 4)], [(0, 2, 4)], [(0, 3, 4)]]
    assert parts[0].notes["release_s"].tolist() == [1, 2]  # cut, and not struck again
    assert [part.total_time_s for part in parts] == [2, 2, 2]


@pytest.mark.parametrize(
    ("tempos", "meters", "n_parts"),
    [
        ([], [], 1),
        ([(0, 90), (1, 90)], [(0, 3, 4)], 1),  # stated again
        ([(2, 90)], [(2, 3, 4)], 2),  # at the same moment
        ([(2, 90)], [(2 + 1e-9, 3, 4)], 2),  # but for the noise of the arithmetic
        ([(9, 90)], [], 1),  # after the end
        ([(4, 90)], [], 1),  # at the end
    ],
)
def test_only_changes_split(tempos, meters, n_parts):
    piece = THREE_NOTES.replace(tempos=tempos, meters=meters)
    assert len(split_at_changes(piece)) == n_parts


def test_a_note_a_hair_before_a_change_belongs_to_what_follows():
    piece = NoteSequence.from_columns(60, 2 - 1e-9, 3, tempos=[(2, 60)])
    assert [len(part) for part in split_at_changes(piece)] == [0, 1]


def test_an_empty_piece_is_one_part():
    parts = split_at_changes(NoteSequence())
    assert [(len(part), part.total_time_s) for part in parts] == [(0, 0)]


@given(note_sequences())
@settings(max_examples=50, deadline=None)
def test_parts_have_one_tempo_and_one_meter_and_every_note_once(piece):
    parts = split_at_changes(piece)
    assert [(len(part.tempos), len(part.meters)) for part in parts] == [(1, 1)] * len(parts)
    assert sum(part.total_time_s for part in parts) == pytest.approx(piece.total_time_s)
    pitches = [pitch for part in parts for pitch in part.notes["pitch"].tolist()]
    assert pitches == piece.notes["pitch"].tolist()
    joined = concatenate(parts)
    np.testing.assert_allclose(joined.notes["onset_s"], piece.notes["onset_s"], atol=1e-6)
    end_s = piece.total_time_s - 1e-3
    moments_s = np.linspace(0, max(end_s, 0), 7)
    np.testing.assert_allclose(
        TempoMap.from_sequence(joined).seconds_to_quarters(moments_s),
        TempoMap.from_sequence(piece).seconds_to_quarters(moments_s),
        atol=1e-3,
    )


def test_ten_thousand_notes_go_all_the_way():
    piece = random_piece(10_000)
    first, second = split_at_changes(trim(piece, 10, 290))
    assert len(quantize(first)) + len(quantize(second)) == len(trim(piece, 10, 290))


# split_at and split_every


def pitches_of(parts):
    return [part.notes["pitch"].tolist() for part in parts]


def test_a_note_belongs_to_the_part_in_which_it_begins():
    parts = split_at(THREE_NOTES, [3, 1])
    assert pitches_of(parts) == [[60], [62, 64], []]
    assert parts[1].notes["release_s"].tolist() == [1, 2]  # cut, and not struck again
    assert [part.total_time_s for part in parts] == [1, 2, 1]


def test_times_inside_notes_are_passed_over_if_no_note_is_to_be_cut():
    parts = split_at(THREE_NOTES, [0.5, 1, 3], cut_notes=False)
    assert pitches_of(parts) == [[60], [62, 64]]


def test_a_part_goes_on_until_no_note_is_cut():
    piece = NoteSequence.from_columns([60, 62, 64], [0, 1.5, 4], [1, 3, 5])
    assert pitches_of(split_every(piece, 2)) == [[60, 62], [], [64]]
    assert pitches_of(split_every(piece, 2, cut_notes=False)) == [[60, 62], [64]]


def test_each_part_states_what_is_in_force():
    piece = THREE_NOTES.replace(
        tempos=[(0, 90)], keys=[(0, 1, False)], texts=[Text(0, "C", "chord")]
    )
    for part in split_every(piece, 2):
        assert part.tempos.tolist() == [(0, 90)]
        assert part.keys.tolist() == [(0, 1, False)]
        assert part.texts == (Text(0, "C", "chord"),)


def test_times_at_the_edges_split_nothing():
    assert len(split_at(THREE_NOTES, [0, 4, 9])) == 1
    assert len(split_at(THREE_NOTES, [])) == 1
    assert [len(part) for part in split_every(NoteSequence(), 1)] == [0]


@pytest.mark.parametrize("times", [[-1], [float("nan")], [1, float("inf")]])
def test_a_piece_is_split_at_times_from_0_on(times):
    with pytest.raises(ValueError, match="times_s must be 0 or more seconds"):
        split_at(THREE_NOTES, times)


@pytest.mark.parametrize("length_s", [0, -1, float("inf"), float("nan")])
def test_parts_last_some_time(length_s):
    with pytest.raises(ValueError, match="length_s must be above 0 seconds"):
        split_every(THREE_NOTES, length_s)


@given(note_sequences(), st.lists(times_s(), max_size=5), st.booleans())
@settings(max_examples=50, deadline=None)
def test_parts_joined_again_have_every_note(piece, times, cut_notes):
    parts = split_at(piece, times, cut_notes=cut_notes)
    joined = concatenate(parts)
    assert joined.total_time_s == piece.total_time_s
    assert joined.notes["onset_s"].tolist() == piece.notes["onset_s"].tolist()
    assert joined.notes["pitch"].tolist() == piece.notes["pitch"].tolist()
    if cut_notes:
        inside = {time_s for time_s in times if 0 < time_s < piece.total_time_s}
        assert len(parts) == 1 + len(inside)
    else:
        assert sorted(joined.notes["release_s"]) == sorted(piece.notes["release_s"])


@given(note_sequences(), times_s())
@settings(max_examples=30, deadline=None)
def test_a_part_says_what_trimming_says(piece, time_s):
    first, *rest = split_at(piece, [time_s])
    if rest:
        trimmed = trim(piece, time_s)
        assert rest[0].replace(notes=()) == trimmed.replace(notes=())
        assert first.tempos.tolist() == trim(piece, 0, time_s).tempos.tolist()


# split_at_silence


def test_a_long_silence_divides_and_a_short_one_does_not():
    piece = NoteSequence.from_columns([60, 62, 64], [1, 4, 8.5], [2, 5, 9], total_time_s=10)
    parts = split_at_silence(piece)  # 2 s of silence, then 3.5 s
    assert [part.notes["onset_s"].tolist() for part in parts] == [[1, 4], [0]]
    assert [part.total_time_s for part in parts] == [5, 1.5]


def test_exactly_the_gap_is_still_music():
    piece = NoteSequence.from_columns([60, 62], [0, 4], [1, 5])
    assert len(split_at_silence(piece, 3.0)) == 1
    assert len(split_at_silence(piece, 2.9)) == 2


def test_a_long_note_under_short_ones_is_no_silence():
    piece = NoteSequence.from_columns([40, 60, 62], [0, 0, 9], [10, 1, 10])
    assert len(split_at_silence(piece)) == 1


def test_long_silences_before_and_after_are_left_out():
    piece = NoteSequence.from_columns(60, 5, 6, tempos=[(0, 90)], total_time_s=20)
    (part,) = split_at_silence(piece)
    assert part.notes[["onset_s", "release_s"]].tolist() == [(0, 1)]
    assert part.tempos.tolist() == [(0, 90)]
    assert part.total_time_s == 1


def test_silence_alone_has_no_parts():
    assert split_at_silence(NoteSequence(total_time_s=9)) == []


@pytest.mark.parametrize("gap_s", [-1, float("nan")])
def test_a_gap_is_not_negative(gap_s):
    with pytest.raises(ValueError, match="gap_s must be 0 or more seconds"):
        split_at_silence(THREE_NOTES, gap_s)


@given(note_sequences(), times_s(4))
@settings(max_examples=50, deadline=None)
def test_no_part_has_a_longer_silence_and_none_loses_a_note(piece, gap_s):
    parts = split_at_silence(piece, gap_s)
    assert sum(map(len, parts)) == len(piece)
    for part in parts:
        sounds_until_s = np.maximum.accumulate(part.notes["release_s"])
        assert (part.notes["onset_s"][1:] - sounds_until_s[:-1] <= gap_s).all()
        assert part.notes["onset_s"][0] <= gap_s
    lengths_s = piece.notes["release_s"] - piece.notes["onset_s"]
    kept_s = [x for part in parts for x in (part.notes["release_s"] - part.notes["onset_s"])]
    assert sorted(kept_s) == sorted(lengths_s)


# what all parts have in common


@settings(max_examples=60, deadline=None)
@given(note_sequences(), st.lists(times_s(), max_size=3), times_s(), times_s())
def test_parts_are_as_sound_as_if_each_had_been_checked(piece, cuts_s, start_s, length_s):
    parts = [
        *split_at(piece, cuts_s),
        *split_at_silence(piece, 0.5),
        trim(piece, start_s, start_s + length_s),
    ]
    for part in parts:
        make, values = part.__reduce__()
        assert make(*values) == part
        assert not any(getattr(part, name).flags.writeable for name in TABLES)
