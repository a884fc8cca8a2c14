"""What sounds in a score in MusicXML, and when."""

import pytest

from solferino.notes.musicxml import read_musicxml
from solferino.notes.timing import bar_times_s
from tests.notes.musicxml_scores import (
    attributes,
    backup,
    chord,
    direction,
    forward,
    grace,
    measures,
    note,
    score,
    score_part,
    tie,
)

LYRIC = "<lyric><text>la</text></lyric>"
BAR_S = 2.0  # a bar of 4/4 at 120 quarter notes a minute


def read(*contents, **options):
    """Read a score of one part."""
    return read_musicxml(score(measures(*contents)), **options)


def sounding(piece):
    """List onset and release in quarters at 120 qpm, and pitch."""
    return [(n["onset_s"] * 2, n["release_s"] * 2, int(n["pitch"])) for n in piece.notes]


def test_notes_follow_each_other_and_rests_are_silent():
    piece = read(attributes() + note("C4") + note("r") + note("F#4") + note("Bb3"))
    assert sounding(piece) == [(0, 1, 60), (2, 3, 66), (3, 4, 58)]


def test_the_notes_of_a_chord_begin_together():
    piece = read(attributes() + note("C4", 2) + chord("E4", 2) + chord("G4", 2) + note("D4", 2))
    assert sounding(piece) == [(0, 2, 60), (0, 2, 64), (0, 2, 67), (2, 4, 62)]


def test_a_second_voice_goes_back_and_skips():
    second = backup(4) + forward(1) + note("C3", 3, voice="2")
    piece = read(attributes() + note("C4", 4) + second)
    assert sounding(piece) == [(0, 4, 60), (1, 4, 48)]


def test_going_back_too_far_ends_at_the_bar_line():
    piece = read(attributes() + note("C4", 4) + backup(9) + note("C3", 4, voice="2"))
    assert sounding(piece) == [(0, 4, 48), (0, 4, 60)]


def test_three_notes_in_the_time_of_two_last_exactly_a_third_each():
    triplet = note("C4", 160) + note("D4", 160) + note("E4", 160)
    piece = read(attributes(480) + triplet + note("F4", 3 * 480))
    assert sounding(piece)[3] == (1, 4, 65)
    assert piece.notes["release_s"][0] == pytest.approx(0.5 / 3, abs=1e-15)


def test_divisions_may_change():
    first = attributes(2) + note("C4", 2) + attributes(7, time=None) + note("D4", 21)
    assert sounding(read(first, note("E4", 28))) == [(0, 1, 60), (1, 4, 62), (4, 8, 64)]


def test_divisions_without_a_common_resolution_are_rounded():
    primes = (32_749, 65_521, 131_071)
    bars = [attributes(prime, time=None) + note("C4", prime * 4) for prime in primes]
    assert sounding(read(*bars)) == [(0, 4, 60), (4, 8, 60), (8, 12, 60)]


def test_fractional_divisions_count():
    assert sounding(read(attributes("0.5") + note("C4", "1.5") + note("D4", "0.5")))[:2] == [
        (0, 3, 60),
        (3, 4, 62),
    ]


def test_tied_notes_are_one_note_across_bar_lines_and_in_chords():
    first = note("C4", 4, tie("start")) + chord("E4", 4, tie("start"))
    middle = note("C4", 4, tie("stop", "start")) + chord("E4", 4, tie("stop"))
    piece = read(attributes() + first, middle, note("C4", 4, tie("stop")))
    assert sounding(piece) == [(0, 12, 60), (0, 8, 64)]


def test_a_tie_goes_on_in_another_voice():
    second = backup(4) + forward(2) + note("C4", 2, tie("stop"), voice="2")
    piece = read(attributes() + note("C4", 2, tie("start")) + note("r", 2) + second)
    assert sounding(piece) == [(0, 4, 60)]


def test_of_two_tied_unisons_each_goes_on_in_its_own_voice():
    first = note("C4", 4, tie("start")) + backup(4)
    first += note("C4", 2, voice="2") + note("C4", 2, tie("start"), voice="2")
    second = note("C4", 4, tie("stop")) + backup(4) + note("C4", 1, tie("stop"), voice="2")
    assert sorted(sounding(read(attributes() + first, second))) == [
        (0, 2, 60),
        (0, 8, 60),
        (2, 5, 60),
    ]


def test_a_tie_to_nothing_changes_nothing():
    piece = read(attributes() + note("C4", 2, tie("start")) + note("D4", 2, tie("stop")))
    assert sounding(piece) == [(0, 2, 60), (2, 4, 62)]


def test_grace_notes_are_short_and_before_the_beat():
    piece = read(attributes() + note("C4", 2) + grace("D4") + grace("E4") + note("F4", 2))
    assert sounding(piece) == [(0, 2, 60), (1.75, 1.875, 62), (1.875, 2, 64), (2, 4, 65)]


def test_many_grace_notes_share_half_a_quarter():
    piece = read(attributes() + note("C4", 2) + grace("D4") * 8 + note("F4", 2))
    assert [onset for onset, _, pitch in sounding(piece) if pitch == 62] == [
        1.5 + k / 16 for k in range(8)
    ]


def test_grace_notes_of_a_chord_sound_together():
    graces = grace("D4") + grace("F4", before="<chord/>")
    assert sounding(read(attributes() + note("C4", 2) + graces + note("E4", 2)))[1:3] == [
        (1.875, 2, 62),
        (1.875, 2, 65),
    ]


def test_grace_notes_at_the_end_of_a_bar_sound_before_the_next():
    piece = read(attributes() + note("C4", 4) + grace("D4"), note("E4", 4))
    assert sounding(piece) == [(0, 4, 60), (3.875, 4, 62), (4, 8, 64)]


def test_grace_notes_before_the_piece_sound_on_its_first_beat():
    piece = read(attributes() + grace("D4") + grace("E4") + note("C4", 4))
    assert sounding(piece) == [(0, 4, 60), (0, 0.125, 62), (0.125, 0.25, 64)]


def test_a_note_ends_where_a_grace_note_of_its_pitch_begins():
    piece = read(attributes() + note("C4", 2) + grace("C4") + note("D4", 2))
    assert sounding(piece) == [(0, 1.875, 60), (1.875, 2, 60), (2, 4, 62)]


def test_a_grace_note_tied_to_its_note_begins_it():
    tied = grace("C4", tie("start")) + note("C4", 2, tie("stop"))
    assert sounding(read(attributes() + note("D4", 2) + tied)) == [(0, 2, 62), (1.875, 4, 60)]


def test_cue_notes_are_left_out_but_take_their_time():
    cue = note("C4", 2, before="<cue/>") + grace("D4", before="<cue/>")
    assert sounding(read(attributes() + cue + note("E4", 2))) == [(2, 4, 64)]


@pytest.mark.parametrize(
    ("transpose", "pitch", "sharps"),
    [
        ("<diatonic>-1</diatonic><chromatic>-2</chromatic>", 60, 0),  # clarinet in Bb
        ("<diatonic>-4</diatonic><chromatic>-7</chromatic>", 55, 1),  # horn in F
        ("<chromatic>-3</chromatic>", 59, 5),  # clarinet in A, without its diatonic steps
        ("<chromatic>0</chromatic><octave-change>-1</octave-change>", 50, 2),  # double bass
        (
            "<diatonic>-1</diatonic><chromatic>-2</chromatic><octave-change>-1</octave-change>",
            48,
            0,
        ),  # tenor saxophone
    ],
)
def test_transposing_instruments_sound_as_they_do(transpose, pitch, sharps):
    inside = f"<transpose>{transpose}</transpose>"
    piece = read(attributes(1, inside, fifths=2) + note("D4", 4))
    assert piece.notes["pitch"].tolist() == [pitch]
    assert piece.keys["sharps"].tolist() == [sharps]


def test_a_staff_may_transpose_alone():
    inside = '<transpose number="2"><chromatic>12</chromatic></transpose>'
    lower = backup(4) + note("C3", 4, "<staff>2</staff>", voice="2")
    piece = read(attributes(1, inside) + note("C4", 4, "<staff>1</staff>") + lower)
    assert piece.notes["pitch"].tolist() == [60, 60]


def test_a_pickup_begins_with_a_rest_so_that_bars_fall_on_bar_lines():
    piece = read(attributes() + note("G4"), note("C4", 4), note("D4", 3))
    assert sounding(piece) == [(3, 4, 67), (4, 8, 60), (8, 11, 62)]
    assert bar_times_s(piece).tolist() == [0, BAR_S, 2 * BAR_S]
    assert len(piece.meters) == 1


def test_skips_behind_the_notes_of_an_incomplete_measure_do_not_lengthen_it():
    start = '<measure number="0" implicit="yes">'
    bars = f"{start}{attributes()}{note('G4')}{forward(3)}</measure>"
    bars += f"<measure>{note('C4', 2)}{forward(2)}</measure><measure>{note('D4', 4)}</measure>"
    assert sounding(read_musicxml(score(bars))) == [(3, 4, 67), (4, 6, 60), (8, 12, 62)]


def test_a_bar_that_is_cut_short_makes_the_next_begin_a_new_one():
    piece = read(attributes() + note("C4", 4), note("D4", 3), note("E4", 4), note("F4", 4))
    assert piece.meters["time_s"].tolist() == [0, 3.5]
    assert bar_times_s(piece).tolist() == [0, 2, 3.5, 5.5]


def test_a_bar_that_a_repeat_cuts_in_two_is_one():
    piece = read(attributes() + note("C4", 4), note("D4", 3), note("E4", 1), note("F4", 4))
    assert len(piece.meters) == 1


def test_a_bar_without_notes_lasts_as_long_as_its_meter_says():
    assert sounding(read(attributes(time="3/4"), "", note("C4", 3))) == [(6, 9, 60)]


def test_a_bar_that_rounded_tuplets_make_too_short_is_full():
    sevenths = "".join(note("C4", 68) for _ in range(7))  # 476 of 480
    piece = read(attributes(480, time="1/4") + sevenths, note("D4", 480))
    assert sounding(piece)[-1] == (1, 2, 62)


@pytest.mark.parametrize(
    ("time", "meter"),
    [
        ("<beats>6</beats><beat-type>8</beat-type>", (6, 8)),
        ("<beats>3+2</beats><beat-type>8</beat-type>", (5, 8)),
        (
            "<beats>3</beats><beat-type>4</beat-type><beats>3</beats><beat-type>8</beat-type>",
            (9, 8),
        ),
        ("<beats>2</beats><beat-type>2</beat-type>", (2, 2)),
    ],
)
def test_meters_plain_compound_and_additive(time, meter):
    inside = f"<time>{time}</time>"
    piece = read(attributes(2, inside, time=None) + note("C4", 8))
    assert piece.meters[["numerator", "denominator"]].tolist() == [meter]


def test_a_meter_changes_at_the_bar_line():
    piece = read(
        attributes() + note("C4", 4) + attributes(None, time="3/4"),
        note("D4", 3),
        attributes(None, time="3/0") + note("D4", 3),
    )
    assert piece.meters.tolist() == [(0, 4, 4), (2, 3, 4)]


def test_a_part_that_fills_its_bar_keeps_another_from_making_it_longer():
    upper = measures(attributes() + note("C5", 4), note("D5", 4))
    lower = measures(attributes() + note("C3", 5), note("D3", 4))
    assert sounding(read_musicxml(score(upper, lower)))[2:] == [(4, 8, 74), (4, 8, 50)]


def test_bars_of_different_length_beside_each_other_are_one_bar():
    upper = measures(attributes(2, time="2/4") + note("C5", 4), note("D5", 4), note("E5", 4))
    compound = attributes(None, time="6/8") + note("D3", 3) + note("E3", 3, LYRIC)
    lower = measures(attributes(2, time="2/4") + note("C3", 4), compound, note("F3", 6))
    piece = read_musicxml(score(upper, lower))
    assert sounding(piece) == [
        (0, 2, 72), (0, 2, 48), (2, 4, 74), (2, 3, 50), (3, 4, 52), (4, 6, 76), (4, 6, 53)
    ]  # fmt: skip
    assert piece.meters.tolist() == [(0, 2, 4)]
    assert piece.texts[0].time_s == 1.5


def test_free_measures_last_as_long_as_their_notes():
    free = "<attributes><time><senza-misura/></time></attributes>"
    piece = read(
        attributes() + note("C4", 4), free + note("D4", 7), attributes(None) + note("E4", 4)
    )
    assert sounding(piece)[-1] == (11, 15, 64)
    assert piece.meters["time_s"].tolist() == [0, 5.5]


def test_keys_change_and_know_their_mode():
    piece = read(
        attributes(fifths=-3, mode="minor") + note("C4", 4),
        attributes(None, time=None, fifths=9) + note("C4", 4),
        attributes(None, time=None, fifths="x") + note("C4", 4),
    )
    assert piece.keys.tolist() == [(0, -3, True), (2, -3, False)]


@pytest.mark.parametrize(
    ("mark", "qpm"),
    [
        ('<sound tempo="90"/>', 90),
        (direction("<words>Slow</words>", '<sound tempo="72.5"/>'), 72.5),
        (
            direction(
                "<metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
                "<per-minute>c. 60-64</per-minute></metronome>"
            ),
            90,
        ),
        (
            direction(
                "<metronome><beat-unit>half</beat-unit><per-minute>50</per-minute></metronome>",
                '<sound tempo="80"/>',
            ),
            80,
        ),
        (
            direction(
                "<metronome><beat-unit>quarter</beat-unit><beat-unit>half</beat-unit></metronome>"
            ),
            240,
        ),
        (direction("<metronome><beat-unit>quarter</beat-unit></metronome>"), 120),
        ('<sound tempo="0"/>', 120),
        ('<sound tempo="fast"/>', 120),
    ],
)
def test_tempos_are_those_that_are_played_or_else_printed(mark, qpm):
    piece = read(attributes() + mark + note("C4", 4))
    assert piece.tempos.tolist() == [(0, qpm)]
    assert piece.total_time_s == pytest.approx(4 * 60 / qpm)


def test_a_tempo_may_change_within_a_bar():
    later = '<sound tempo="60"><offset>1</offset></sound>'
    piece = read(attributes() + note("C4", 1) + later + note("D4", 1) + note("E4", 2))
    assert piece.tempos.tolist() == [(0, 120), (1, 60)]
    assert piece.notes["onset_s"].tolist() == [0, 0.5, 1]


def test_dynamics_hold_on_and_sforzati_do_not():
    piece = read(
        attributes()
        + note("C4")
        + direction("<dynamics><p/></dynamics>")
        + note("D4")
        + direction("<dynamics><sfz/></dynamics>", '<sound dynamics="120"/>')
        + note("E4")
        + note("F4"),
        note("G4", 2) + '<sound dynamics="100"/>' + note("A4", 1) + note("B4", dynamics="50"),
    )
    assert piece.notes["velocity"].tolist() == [80, 49, 108, 49, 49, 90, 45]


def test_repeated_measures_that_are_not_written_out_sound_again():
    def style(kind, number):
        text = f'<measure-repeat type="{kind}">{number}</measure-repeat>'
        return f"<attributes><measure-style>{text}</measure-style></attributes>"

    piece = read(
        attributes() + note("C4", 4),
        note("D4", 4),
        style("start", 2) + note("r", 4),
        note("r", 4),
        style("stop", "") + note("r", 4),
    )
    assert sounding(piece) == [(0, 4, 60), (4, 8, 62), (8, 12, 60), (12, 16, 62)]


def test_parts_share_their_measures():
    upper = measures(attributes() + note("C5", 3), note("D5", 4))
    lower = measures(attributes() + note("C3", 4))
    piece = read_musicxml(score(upper, lower))
    assert sounding(piece) == [(0, 3, 72), (0, 4, 48), (4, 8, 74)]


def test_a_score_sorted_by_measure_is_the_same():
    by_part = score(
        measures(attributes() + note("C5", 4), note("D5", 4)),
        measures(attributes() + note("C3", 4), note("D3", 4)),
        part_list=score_part(name="One") + score_part(name="Two", part_id="P2"),
    )
    by_measure = (
        "<score-timewise><part-list>"
        + score_part(name="One")
        + score_part(name="Two", part_id="P2")
        + "</part-list>"
        + f'<measure number="1"><part id="P1">{attributes()}{note("C5", 4)}</part>'
        + f'<part id="P2">{attributes()}{note("C3", 4)}</part></measure>'
        + f'<measure number="2"><part id="P1">{note("D5", 4)}</part>'
        + f'<part id="P2">{note("D3", 4)}</part></measure></score-timewise>'
    )
    assert read_musicxml(by_measure.encode()) == read_musicxml(by_part)


def test_the_resolution_holds_the_durations():
    assert read(attributes(7) + note("C4", 28)).ticks_per_quarter == 3360
    assert read(attributes(10_007) + note("C4", 10_007)).ticks_per_quarter == 10_080
