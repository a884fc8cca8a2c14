"""A tune written in ABC notation reads as it was, and as a musician would write it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import MusicFileError, QuantizationError
from solferino.notes.abc_notation import parse_tune_book, read_tune_book
from solferino.notes.abc_spelling import key_field, length_sign, note_sign
from solferino.notes.abc_writing import abc_text, write_abc
from solferino.notes.files import load, save
from solferino.notes.quantization import quantize
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.spelling import Speller, name_on_line_of_fifths
from solferino.notes.timing import TempoMap

STEPS_PER_QUARTER = 12
CHORD_SYMBOLS = ("C", "Am7", "F#m7b5/C", "Bbmaj7", "Db/Ab")


def read(text: str) -> NoteSequence:
    book = parse_tune_book(text, "ours.abc")
    assert not book.errors, (book.errors, text)
    (tune,) = book.tunes
    return tune


def melody(*notes, **others) -> NoteSequence:
    """Return notes of pitch, onset and length in quarters, at 60 quarters a minute."""
    others = {"tempos": [(0, 60)], "keys": [(0, 0, False)], **others}
    pitch, onset, length = np.array(notes, float).T
    return NoteSequence.from_columns(pitch, onset, onset + length, **others)


def scale(pitches, length=1.0, **others) -> NoteSequence:
    """Return notes one after the other."""
    return melody(*((pitch, k * length, length) for k, pitch in enumerate(pitches)), **others)


def music(notes: NoteSequence, **options) -> str:
    """Return the lines of music without the header."""
    return abc_text(notes, **options).partition("\nK:")[2].partition("\n")[2].rstrip("\n")


def note_rows(notes: NoteSequence) -> list:
    rows = quantize(notes, STEPS_PER_QUARTER).notes
    return sorted(rows[["start_step", "end_step", "pitch", "instrument"]].tolist())


def key_rows(notes: NoteSequence) -> list:
    quarters = TempoMap.from_sequence(notes).seconds_to_quarters(notes.keys["time_s"])
    steps = np.rint(quarters * STEPS_PER_QUARTER).astype(int).tolist()
    rows = dict(zip(steps, [tuple(row)[1:] for row in notes.keys.tolist()], strict=True))
    values = list(rows.items())
    return [row for k, row in enumerate(values) if k == 0 or row[1] != values[k - 1][1]]


def assert_reads_back(notes: NoteSequence) -> None:
    again = read(abc_text(notes))
    before, after = quantize(notes, STEPS_PER_QUARTER), quantize(again, STEPS_PER_QUARTER)
    assert note_rows(again) == note_rows(notes)
    assert after.meters.tolist() == before.meters.tolist()
    assert after.tempos["step"].tolist() == before.tempos["step"].tolist()
    assert after.tempos["qpm"] == pytest.approx(before.tempos["qpm"], abs=0.001)
    assert after.chords == before.chords
    assert after.total_steps == before.total_steps
    assert key_rows(again) == key_rows(notes)
    assert again.title == notes.title
    assert again.instruments == notes.instruments


@st.composite
def pieces(draw):
    """Pieces in several voices with triplets, chords, layers and changes of everything."""
    n_voices = draw(st.integers(1, 3))
    sounds = st.builds(
        Instrument, st.integers(0, 127), st.booleans(), st.sampled_from(["", "Alto Sax"])
    )
    voices = draw(st.lists(sounds, min_size=n_voices, max_size=n_voices))
    voices = [
        voice._replace(name=voice.name.replace('"', "'").replace("%", "")) for voice in voices
    ]
    rows = {}  # one note at most for each voice, pitch and step; none overlap at one pitch
    for voice in range(n_voices):
        for _ in range(draw(st.integers(1, 6))):
            pitch = draw(st.integers(0, 127) if draw(st.booleans()) else st.integers(58, 63))
            step, length = draw(st.integers(0, 130)), draw(st.integers(1, 60))
            taken = [r for r in rows.values() if r[3] == voice and r[2] == pitch]
            if all(step >= end or step + length <= start for start, end, *_ in taken):
                rows[voice, pitch, step] = (step, step + length, pitch, voice)
    starts, ends, pitches, indices = np.array(sorted(rows.values())).T
    end = int(ends.max())
    steps = st.integers(1, end - 1) if end > 1 else st.nothing()
    tempo_steps = sorted(draw(st.sets(steps, max_size=2))) if end > 1 else []
    qpm = draw(st.permutations([60.0, 90.5, 133.333]))
    changes = np.array([0, *tempo_steps]) / STEPS_PER_QUARTER
    tempo_map = TempoMap.from_quarters(changes, qpm[: len(changes)])

    def seconds(step):
        return float(tempo_map.quarters_to_seconds(step / 12))

    meters, now = [], 0
    for _ in range(draw(st.integers(1, 3))):
        numerator, denominator = draw(st.integers(1, 7)), draw(st.sampled_from([2, 4, 8]))
        meters.append((seconds(now), numerator, denominator))
        now += 48 * numerator // denominator + draw(st.integers(0, 30))
        if now >= end:
            break
    key_steps = [0, *sorted(draw(st.sets(steps, max_size=1)))] if end > 1 else [0]
    keys = [(seconds(n), draw(st.integers(-7, 7)), draw(st.booleans())) for n in key_steps]
    symbol = st.tuples(st.integers(0, end - 1), st.sampled_from(CHORD_SYMBOLS))
    symbols = draw(st.lists(symbol, max_size=3))
    return NoteSequence.from_columns(
        pitches,
        tempo_map.quarters_to_seconds(starts / 12),
        tempo_map.quarters_to_seconds(ends / 12),
        instrument=indices,
        instruments=tuple(voices),
        tempos=[(seconds(n), q) for n, q in zip([0, *tempo_steps], qpm, strict=False)],
        meters=meters,
        keys=keys,
        texts=tuple(Text(seconds(n), symbol, "chord") for n, symbol in sorted(symbols)),
        title=draw(st.sampled_from(["", "Étude", "|: A tune", "La Nov\\'elle"])),
    )


@settings(max_examples=60, deadline=None)
@given(pieces())
def test_what_is_written_is_read(piece):
    assert_reads_back(piece)


def test_a_tune_as_a_folk_book_has_it():
    tune = melody(
        (74, 2.5, 0.5), (79, 3, 1), (78, 4, 0.5), (76, 4.5, 1.5),
        meters=[(0, 6, 8)], keys=[(0, 1, False)], tempos=[(0, 60)],
        texts=(Text(3, "G", "chord"), Text(4.5, "Em", "chord")), title="A jig",
    )  # fmt: skip
    assert abc_text(tune) == ('X:1\nT:A jig\nM:6/8\nL:1/8\nQ:3/8=40\nK:G\nd | "G"g2f "Em"e3 |]\n')
    assert_reads_back(tune)


def test_a_rest_before_a_chord_symbol_or_without_a_second_bar_is_written():
    symbol = (Text(0, "C", "chord"),)
    assert music(melody((60, 3, 1), (62, 4, 4), texts=symbol)) == '"C"z6 C2 | D8 |]'
    assert music(melody((60, 3, 1))) == "z6 C2 |]"


def test_notes_are_tied_over_bar_lines():
    assert music(melody((60, 3, 2), (62, 5, 3), texts=(Text(0, "C", "chord"),))) == (
        '"C"z6 C2- | C2 D6 |]'
    )


def test_an_accidental_is_written_once_a_bar_and_undone_within_it():
    tune = scale([66, 66, 65, 67, 66, 65, 67, 67])
    assert music(tune) == "^F2 F2 =F2 G2 | ^F2 =F2 G2 G2 |]"


def test_an_accidental_in_another_octave_is_written_again():
    assert music(scale([66, 78, 77, 65])) == "^F2 ^f2 =f2 =F2 |]"


def test_after_a_tied_accidental_nothing_is_left_to_guess():
    notes = [(68, 0, 1), (66, 1, 5), (67, 6, 2)]
    assert music(melody(*notes)) == "^G2 ^F6- | ^F4 =G4 |]"
    assert_reads_back(melody(*notes))


@pytest.mark.parametrize(
    ("sharps", "pitches", "written"),
    [
        (0, [61, 63, 66, 68, 70], "^C2 _E2 ^F2 ^G2 | _B2"),
        (-3, [61, 63, 66, 68, 70], "_D2 E2 _G2 A2 | B2"),
        (4, [60, 65, 70], "^B,2 ^E2 ^A2"),
        (-7, [60, 62, 59], "=C2 __E2 _C2"),
        (7, [60, 62, 61], "B,2 ^^C2 ^C2"),
    ],
)
def test_pitches_are_spelled_in_the_key(sharps, pitches, written):
    tune = scale(pitches, keys=[(0, sharps, False)])
    assert music(tune).removesuffix(" |]") == written
    assert_reads_back(tune)


def test_without_a_signature_the_key_that_fits_best_is_taken():
    tune = scale([62, 64, 66, 67, 69, 71, 73, 74], keys=[])
    assert "\nK:D\n" in abc_text(tune)
    drums = scale([36, 38], keys=[], instruments=(Instrument(is_drum=True),))
    assert "\nK:C\n" in abc_text(drums)


def test_triplets_and_sixteenths():
    thirds = [(60 + k, k / 3, 1 / 3) for k in range(3)]
    assert music(melody(*thirds, (67, 1, 0.25), (69, 1.25, 0.75), (60, 2, 2))) == (
        "(3C^CD G/A3/ =C4 |]"
    )
    assert music(melody((60, 0, 2 / 3), (62, 2 / 3, 1 / 3), (60, 1, 3))) == "(3:2:2C2D C6 |]"
    assert music(melody(*((60 + 2 * k, k * 2 / 3, 2 / 3) for k in range(3)), (60, 2, 2))) == (
        "(3C2D2E2 C4 |]"
    )


def test_a_long_note_leaves_a_triplet_at_the_beat():
    tune = melody((60, 0, 1 / 3), (62, 1 / 3, 11 / 3))
    assert music(tune) == "(3:2:2CD2- D6 |]"
    assert_reads_back(tune)


def test_finer_grids_write_finer_rhythms():
    tune = melody((60, 0, 0.125), (62, 0.125, 0.875), (64, 1, 0.2), (65, 1.2, 0.8))
    assert music(tune, steps_per_quarter=480) == "C/D7/ E4/5F16/5 |]"


def test_notes_together_are_chords_and_others_are_layers():
    chord = melody((60, 0, 4), (64, 0, 4), (67, 0, 4))
    assert music(chord) == "[CEG]8 |]"
    layers = melody((72, 0, 1), (74, 1, 3), (60, 0, 4), (48, 4, 4))
    assert music(layers) == "c2 d6 & C8 | C,8 |]"
    assert_reads_back(layers)


def test_the_same_pitch_again_ends_a_note():
    both = melody((60, 0, 4), (60, 2, 1), (60, 2, 2))
    assert music(both) == "C4 C4 |]"


def test_voices_have_names_and_sounds():
    duet = melody(
        (72, 0, 4), (36, 0, 4),
        instrument=[0, 2],
        instruments=(Instrument(40, name="Violin"), Instrument(5), Instrument(is_drum=True)),
    )  # fmt: skip
    assert abc_text(duet).splitlines()[5:] == [
        'V:1 name="Violin"', "%%MIDI program 40",
        'V:2 name=""', "%%MIDI channel 10", "%%MIDI program 0",
        "K:C", "V:1", "c8 |]", "V:2", "C,,8 |]",
    ]  # fmt: skip
    assert read(abc_text(duet)).instruments == (duet.instruments[0], duet.instruments[2])


def test_the_shorter_unit_length_is_taken():
    assert "\nL:1/16\n" in abc_text(scale([60, 62, 64, 65] * 4, 0.25))
    assert "\nL:1/8\n" in abc_text(scale([60, 62, 64, 65] * 4, 0.5))


def test_changes_stand_where_they_happen():
    tune = scale(
        [60] * 7,
        meters=[(0, 4, 4), (4, 3, 4)],
        tempos=[(0, 60), (2, 60.5), (4, 60)],
        keys=[(0, 0, False), (4, -3, True)],
    )
    text = abc_text(tune)
    assert "[M:3/4]" in text
    assert "[Q:1/4=60.5]" in text
    assert "[K:Cm]" in text
    assert_reads_back(tune)


def test_a_key_may_change_with_the_pickup():
    tune = melody((66, 3, 1), (67, 4, 4), keys=[(0, 0, False), (3, 1, False)])
    assert music(tune) == "[K:G]F2 | G8 |]"
    assert_reads_back(tune)


def test_a_bar_cut_short_before_the_same_meter_reads_back():
    tune = scale([60] * 7, meters=[(0, 4, 4), (3, 4, 4)])
    assert music(tune) == "[M:none]C2 C2 C2 | [M:4/4]C2 C2 C2 C2 |]"
    assert_reads_back(tune)


def test_tempi_are_rounded_to_a_thousandth():
    slip = scale([60], tempos=[(0, 119.99996)])
    assert "\nQ:1/4=120\n" in abc_text(slip)
    assert "\nQ:1/4=55\n" in abc_text(scale([60], tempos=[(0, 55)], meters=[(0, 6, 8)]))


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("100% sure\\", "T:100  sure"),
        ("Two\nlines", "T:Two lines"),
        ("|: this", "T: |: this"),
        ("", "T:"),
    ],
)
def test_a_title_stays_on_its_line(title, line):
    assert abc_text(scale([60], title=title)).splitlines()[1] == line


def test_what_a_tune_does_not_hold():
    full = scale(
        [60, 62],
        texts=(Text(0, "la", "lyric"), Text(900, "G7", "chord")),
        control_changes=[(0, 7, 100, 0)],
    )
    assert abc_text(full) == abc_text(scale([60, 62]))


def test_the_suffix_chooses_abc_notation(tmp_path):
    tune = scale([60, 62], title="Two notes")
    save(tune, tmp_path / "a.ABC")
    again = load(tmp_path / "a.ABC")
    assert (again.title, note_rows(again)) == (tune.title, note_rows(tune))


def test_a_file_is_written_whole(tmp_path):
    tune = scale([60, 62], title="Étude")
    write_abc(tune, tmp_path / "a.abc")
    (again,) = read_tune_book(tmp_path / "a.abc").tunes
    assert (again.title, again.source) == ("Étude", "a.abc#1")
    with pytest.raises(MusicFileError, match="is a folder; name a file to write"):
        write_abc(tune, tmp_path)


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        (NoteSequence(title="Silence"), "Silence has no notes, so there is no tune to write; add"),
        (NoteSequence(), "the piece has no notes"),
        (scale([60], meters=[(0, 4, 3)]), "has no meter 4/3; give it a denominator of 1, 2, 4"),
        (scale([60], meters=[(0, 4, 256)]), "has no meter 4/256"),
        (scale([60], tempos=[(0, 3)]), "4 to 10000 quarter notes a minute, got 3; stretch"),
    ],
)
def test_what_cannot_be_a_tune(notes, message):
    with pytest.raises(MusicFileError, match=message):
        abc_text(notes)


def test_a_grid_must_divide_the_ticks_of_the_reader():
    with pytest.raises(QuantizationError, match="divides 20160, got 11 steps a quarter; take 12"):
        abc_text(scale([60]), steps_per_quarter=11)
    with pytest.raises(QuantizationError, match="must be a whole number from 1, got 0"):
        abc_text(scale([60]), steps_per_quarter=0)


def test_the_line_of_fifths_names_tones_and_keys():
    names = [name_on_line_of_fifths(n) for n in (-2, -1, 0, 1, 6, 13)]
    assert names == [("B", -1), ("F", 0), ("C", 0), ("G", 0), ("F", 1), ("F", 2)]
    assert [key_field(n, is_minor=False) for n in (-7, -2, 0, 7)] == ["Cb", "Bb", "C", "C#"]
    assert [key_field(n, is_minor=True) for n in (-7, -2, 0, 7)] == ["Abm", "Gm", "Am", "A#m"]


@given(st.integers(-7, 7), st.integers(0, 127))
def test_every_pitch_is_spelled_in_every_key(sharps, pitch):
    speller = Speller(sharps)
    speller.begin_bar(is_tied=False, has_key_change=False)
    sign = note_sign(speller.spell(pitch, 0))
    text = f"X:1\nL:1/4\nK:{key_field(sharps, is_minor=False)}\n{sign}\n"
    assert read(text).notes["pitch"].tolist() == [pitch]


def test_lengths_are_short():
    signs = [length_sign(units) for units in map(Fraction, ("1", "2", "1/2", "3/2", "1/4"))]
    assert signs == ["", "2", "/", "3/", "/4"]
