"""In which order the measures of a score in MusicXML are played."""

import pytest

from solferino.errors import MusicFileError
from solferino.notes.musicxml import read_musicxml
from solferino.notes.musicxml_order import Signs, playing_order
from tests.notes.musicxml_scores import attributes, direction, measures, note, score

NAMES = "CDEFGAB"


def barline(*inside, location="right"):
    """Write a bar line."""
    return f'<barline location="{location}">{"".join(inside)}</barline>'


def back(**others):
    """Write the sign that closes a repeat."""
    names = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in others.items())
    return f'<repeat direction="backward"{names}/>'


OPEN = barline('<repeat direction="forward"/>', location="left")
CLOSE = barline(back())


def ending(number, *closing, kind="stop"):
    """Write the signs before and behind a measure that is an ending by itself."""
    return (
        barline(f'<ending number="{number}" type="start"/>', location="left"),
        barline(f'<ending number="{number}" type="{kind}"/>', *closing),
    )


def played(*bars, **options):
    """Play measures of one note each, C, D, E ..., and name them."""
    first, *others = bars
    contents = [attributes() + first, *others]
    return "".join(NAMES[k] for k in order_of(contents, **options))


def order_of(contents, **options):
    piece = read_musicxml(score(measures(*contents)), **options)
    return ["CDEFGAB".index("C D EF G A B"[p % 12]) for p in piece.notes["pitch"].tolist()]


def bar(k, before="", behind=""):
    """Write the measure of a letter with signs before and behind it."""
    return before + note(f"{NAMES[k]}4", 4) + behind


def test_a_repeat_goes_back_to_its_opening_sign():
    bars = (bar(0), bar(1, OPEN), bar(2, behind=CLOSE), bar(3))
    assert played(*bars) == "CDEDEF"
    assert played(*bars, repeats=False) == "CDEF"


def test_a_repeat_without_an_opening_sign_goes_back_to_the_one_before_it_or_the_beginning():
    assert played(bar(0), bar(1, behind=CLOSE), bar(2, behind=CLOSE), bar(3)) == "CDCDEEF"


def test_a_repeat_may_be_played_more_often():
    assert played(bar(0, behind=barline(back(times=4))), bar(1)) == "CCCCD"


def test_signs_on_the_other_side_of_a_bar_line_count():
    opened = barline('<repeat direction="forward"/>')
    closed = barline(back(), location="left")
    assert played(bar(0, behind=opened), bar(1), bar(2, closed)) == "CDDE"


def test_each_ending_has_its_turn():
    one, two, three = ending(1, back()), ending(2, back()), ending(3)
    assert played(bar(0), bar(1, *one), bar(2, *two), bar(3, *three), bar(4)) == "CDCECFG"


def test_an_ending_may_be_played_several_times():
    for number in ("1, 2", "1,2", "1-2"):
        assert played(bar(0), bar(1, *ending(number, back())), bar(2, *ending(3))) == "CDCDCE"


def test_an_ending_without_a_second_one_is_left_out_the_second_time():
    assert played(bar(0), bar(1, *ending(1, back())), bar(2), bar(3, behind=CLOSE)) == "CDCEFEF"


def test_endings_without_an_end_are_over_where_the_next_begins():
    starts = [barline(f'<ending number="{k}" type="start"/>', location="left") for k in (1, 2)]
    assert played(bar(0), bar(1, starts[0], CLOSE), bar(2, starts[1]), bar(3)) == "CDCEF"
    no_repeat = (bar(0), bar(1, starts[0]), bar(2, starts[1]), bar(3), bar(4, OPEN, CLOSE))
    assert played(*no_repeat) == "CDEFGG"


def test_an_ending_goes_on_to_its_repeat_though_its_bracket_is_shorter():
    first, second = ending(1, kind="discontinue"), ending(2)
    assert played(bar(0), bar(1, *first), bar(2, behind=CLOSE), bar(3, *second)) == "CDECF"


def test_wrong_numbers_of_endings_lose_no_measure():
    assert played(bar(0), bar(1, *ending(1, back())), bar(2, *ending(3))) == "CDCE"
    assert played(bar(0), bar(1, *ending(2, back())), bar(2, *ending(2))) == "CDCE"
    assert played(bar(0), bar(1, *ending(1)), bar(2, *ending(2))) == "CDE"


def test_endings_within_a_repeat_change_with_its_turns():
    inner = bar(1, *ending("1,2")), bar(2, *ending(3))
    outer = bar(4, *ending(1, back())), bar(5, *ending(2, back()))
    assert played(bar(0), *inner, bar(3), *outer, bar(6)) == "CDFGCDFACEFB"


@pytest.mark.parametrize(
    ("capo", "fine"),
    [
        ('<sound dacapo="yes"/>', '<sound fine="yes"/>'),
        (direction("<words>D.C. al Fine</words>"), direction("<words>Fine</words>")),
        (direction("<words>da capo</words>"), direction("<words>FINE.</words>")),
    ],
)
def test_da_capo_al_fine(capo, fine):
    bars = (bar(0, OPEN, CLOSE), bar(1, behind=fine), bar(2, behind=capo), bar(3))
    assert played(*bars) == "CCDECD"


def test_repeats_after_a_jump_are_played_only_where_the_score_says_so():
    capo = '<sound dacapo="yes"/>'
    again = barline(back(after_jump="yes"))
    assert played(bar(0, behind=again), bar(1, behind=capo)) == "CCDCCD"
    endings = (bar(1, *ending(1, back())), bar(2, *ending(2)))
    assert played(bar(0), *endings, bar(3, behind=capo)) == "CDCEFCEF"


def test_after_a_jump_the_ending_with_the_fine_is_the_last():
    fine = '<sound fine="yes"/>'
    start, stop = ending(1, back())
    bars = (
        bar(0),
        bar(1, start, fine + stop),
        bar(
            2,
            *ending(2),
        ),
        bar(3),
    )
    assert played(*bars[:3], bars[3] + '<sound dacapo="yes"/>') == "CDCEFCD"


@pytest.mark.parametrize(
    ("segno", "to_coda", "jump", "coda"),
    [
        (
            '<sound segno="a"/>',
            '<sound tocoda="b"/>',
            '<sound dalsegno="a"/>',
            '<sound coda="b"/>',
        ),
        (
            direction("<segno/>"),
            direction("<words>To Coda</words>"),
            direction("<words>D.S. al Coda</words>"),
            direction("<words>Coda</words>"),
        ),
        (
            barline("<segno/>", location="left"),
            direction("<coda/>"),
            direction("<words>Dal Segno al Coda</words>"),
            barline("<coda/>", location="left"),
        ),
    ],
)
def test_dal_segno_al_coda(segno, to_coda, jump, coda):
    bars = (bar(0), bar(1, segno), bar(2, behind=to_coda), bar(3, behind=jump), bar(4, coda))
    assert played(*bars) == "CDEFDEG"


def test_a_jump_to_a_mark_that_is_nowhere_is_not_made():
    assert played(bar(0), bar(1, behind='<sound dalsegno="a"/>'), bar(2)) == "CDE"


def test_words_that_only_speak_of_the_end_are_no_jumps():
    words = direction("<words>rall. al fine</words>") + direction("<words>D.</words>")
    assert played(bar(0), bar(1, behind=words), bar(2, behind='<sound dacapo="yes"/>')) == "CDECDE"


def test_words_that_were_followed_are_no_texts():
    jump = direction("<words>D.C. al Fine</words>") + direction("<words>dolce</words>")
    piece = read_musicxml(score(measures(attributes() + note("C4", 4) + jump)))
    assert [text.text for text in piece.texts] == ["dolce", "dolce"]


def test_a_sound_may_open_a_repeat():
    assert played(bar(0), bar(1, '<sound forward-repeat="yes"/>'), bar(2, behind=CLOSE)) == "CDEDE"


def test_signs_in_any_part_count():
    plain = measures(attributes() + note("C4", 4), note("D4", 4))
    signed = measures(attributes() + note("C3", 4) + CLOSE, note("D3", 4))
    assert len(read_musicxml(score(plain, signed))) == 6


def test_a_repeat_begins_in_the_tempo_and_key_in_which_it_is_written():
    slower = '<sound tempo="60"/>'
    piece = read_musicxml(
        score(
            measures(
                attributes(fifths=0) + note("C4", 2) + slower + note("D4", 2),
                attributes(None, time=None, fifths=1) + note("E4", 4) + CLOSE,
            )
        )
    )
    assert piece.tempos.tolist() == [(0, 120), (1, 60), (7, 120), (8, 60)]
    assert piece.keys["time_s"].tolist() == [0, 3, 7, 10]


def test_a_note_tied_into_two_endings_is_held_in_both():
    held = note("C4", 4, '<tie type="start"/>')
    end = note("C4", 4, '<tie type="stop"/>')
    one, two = ending(1, back()), ending(2)
    piece = read_musicxml(
        score(measures(attributes() + held, one[0] + end + one[1], two[0] + end + two[1]))
    )
    assert piece.notes["onset_s"].tolist() == [0, 4]
    assert piece.notes["release_s"].tolist() == [4, 8]


def test_a_score_that_never_ends_is_refused():
    endless = [bar(0, behind=barline(back(times=100)))] * 300
    with pytest.raises(MusicFileError, match="more than 20000 bars with its repeats; split it"):
        order_of([attributes() + endless[0], *endless])


def test_every_order_is_finite():
    signs = [
        Signs(
            jumps_to_begin=True, n_turns=2, begins_ending=frozenset({k + 1}), ends_ending=k % 2 == 0
        )
        for k in range(12)
    ]
    assert len(playing_order(signs)) < 1000
