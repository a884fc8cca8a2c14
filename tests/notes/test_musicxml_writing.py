"""A score written in MusicXML has the notes on their grid, in bars that are full."""

import zipfile
from collections import Counter
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings

from solferino.errors import MusicFileError, QuantizationError
from solferino.notes.beat_grids import quantize_by_beat
from solferino.notes.chord_symbols import KINDS
from solferino.notes.chords import parse_chord
from solferino.notes.files import save
from solferino.notes.musicxml import read_musicxml
from solferino.notes.musicxml_writing import musicxml_text, write_musicxml
from solferino.notes.quantization import quantize
from solferino.notes.score import TICKS_PER_QUARTER
from solferino.notes.sequence import Instrument, NoteSequence, Text
from tests.notes.test_abc_writing import melody, pieces, scale

STEPS_PER_QUARTER = 12


def tree(notes: NoteSequence, **options) -> ElementTree.Element:
    return ElementTree.fromstring(musicxml_text(notes, **options))  # noqa: S314


def read(notes: NoteSequence, **options) -> NoteSequence:
    return read_musicxml(musicxml_text(notes, **options).encode())


def values(notes: NoteSequence, part=1, **options) -> list[str]:
    """Say of each symbol of a part: value, dots, tuplet, ties, pitch."""
    signs = []
    for note in tree(notes, **options).findall("part")[part - 1].iter("note"):
        ratio = note.findtext("time-modification/actual-notes") or ""
        ties = "".join(sorted({"start": "_", "stop": "-"}[t.get("type")] for t in note.iter("tie")))
        pitch = (note.findtext("pitch/step") or "r") + (note.findtext("pitch/octave") or "")
        dots = "." * len(note.findall("dot"))
        signs.append(f"{pitch} {note.findtext('type') or 'bar'}{dots}{ratio and ':'}{ratio}{ties}")
    return signs


def rows(quantized, factor=1) -> list:
    """Return what a score keeps of the notes; drums last until the next of them."""
    table = quantized.notes
    ends = np.where(quantized.is_drum, 0, table["end_step"] * factor)
    columns = table["start_step"] * factor, ends, table["pitch"], table["instrument"]
    found = set if quantized.is_drum.any() else list
    return sorted(found(zip(*(column.tolist() for column in columns), strict=True)))


def assert_bars_are_full(root: ElementTree.Element) -> None:
    """Check that every voice in a measure is as long as it, and backed up to its start."""
    divisions = int(root.findtext(".//divisions"))
    for part in root.findall("part"):
        length = Fraction(0)
        for measure in part.findall("measure"):
            if measure.find(".//time") is not None:
                beats, beat_type = (
                    int(measure.findtext(f".//{n}")) for n in ("beats", "beat-type")
                )
                length = Fraction(4 * divisions * beats, beat_type)
            sums = Counter()
            for note in measure.findall("note"):
                if note.find("chord") is None:
                    sums[note.findtext("voice")] += int(note.findtext("duration"))
            backups = {int(backup.findtext("duration")) for backup in measure.findall("backup")}
            assert len({*sums.values(), *backups}) == 1, (part.get("id"), measure.get("number"))
            assert sums["1"] == length or measure.get("implicit") == "yes"


@settings(max_examples=40, deadline=None)
@given(pieces())
def test_what_is_written_is_read(piece):
    table = piece.notes.copy()
    table["pitch"] = np.maximum(table["pitch"], 12)
    piece = piece.with_notes(table)
    again, before = read(piece), quantize(piece, STEPS_PER_QUARTER)
    after = quantize(again, STEPS_PER_QUARTER)
    assert rows(quantize_by_beat(piece)) == rows(before, TICKS_PER_QUARTER // STEPS_PER_QUARTER)
    assert rows(after) == rows(before)
    assert after.tempos.tolist() == before.tempos.tolist()
    assert after.meters.tolist() == before.meters.tolist()
    assert {c.step: c.text for c in after.chords} == {c.step: c.text for c in before.chords}
    assert again.instruments == piece.instruments
    assert_bars_are_full(tree(piece))


def test_a_reader_of_others_finds_the_same_notes():
    music21 = pytest.importorskip("music21")
    piece = melody((72, 0, 1 / 3), (74, 1 / 3, 2 / 3), (76, 1, 5), (60, 0, 4), (64, 0, 4))
    score = music21.converter.parseData(musicxml_text(piece), format="musicxml")
    sounds = [
        (float(note.getOffsetInHierarchy(score)), float(note.quarterLength), pitch.midi)
        for note in score.stripTies().recurse().notes
        for pitch in note.pitches
    ]
    table = piece.notes
    expected = zip(
        table["onset_s"], table["release_s"] - table["onset_s"], table["pitch"], strict=True
    )
    for sound, wanted in zip(sorted(sounds), sorted(expected), strict=True):
        assert sound == pytest.approx(wanted, abs=1e-6)


def test_lengths_that_one_symbol_cannot_say_are_tied():
    assert values(melody((60, 0, 1.25), (62, 1.25, 2.75))) == [
        "C4 quarter_", "C4 16th-", "D4 eighth._", "D4 half-",
    ]  # fmt: skip
    assert values(melody((60, 0, 1.75), (62, 1.75, 0.25), (64, 2, 2))) == [
        "C4 quarter..", "D4 16th", "E4 half",
    ]  # fmt: skip


def test_notes_are_tied_over_bar_lines():
    assert values(melody((60, 0, 9))) == [
        "C4 whole_", "C4 whole-_", "C4 quarter-", "r half.",
    ]  # fmt: skip


def test_triplets_quintuplets_and_straight_notes_stand_side_by_side():
    tune = melody(
        *((60, k / 3, 1 / 3) for k in range(3)),
        *((62, 1 + k / 5, 1 / 5) for k in range(5)),
        (64, 2, 0.25), (64, 2.25, 0.75), (65, 3, 1),
        *((67, 4 + k / 2, 1 / 2) for k in range(16)),
    )  # fmt: skip
    assert values(tune)[:11] == [
        *["C4 eighth:3"] * 3, *["D4 16th:5"] * 5, "E4 16th", "E4 eighth.", "F4 quarter",
    ]  # fmt: skip
    ends = [(t.get("type")) for t in tree(tune).iter("tuplet")]
    assert ends == ["start", "stop", "start", "stop"]
    assert tree(tune).findtext(".//divisions") == "60"


def test_a_long_note_leaves_a_triplet_at_the_beat():
    tune = melody((60, 0, 1 / 3), (62, 1 / 3, 11 / 3))
    assert values(tune) == ["C4 eighth:3", "D4 quarter:3_", "D4 half.-"]
    assert values(melody((60, 0, 2 / 3), (62, 2 / 3, 2 / 3), (64, 4 / 3, 2 / 3), (65, 2, 2))) == [
        "C4 quarter:3", "D4 quarter:3", "E4 quarter:3", "F4 half",
    ]  # fmt: skip


def test_three_against_two_stands_in_two_voices():
    both = [*((72, k / 3, 1 / 3) for k in range(3)), (60, 0, 0.5), (62, 0.5, 0.5)]
    tune = melody(*both, meters=[(0, 1, 4)])
    assert values(tune) == [*["C5 eighth:3"] * 3, "C4 eighth", "D4 eighth"]
    assert rows(quantize(read(tune), 12)) == rows(quantize(tune, 12))


def test_a_played_piece_gets_straight_or_triplet_parts_in_each_beat():
    random = np.random.default_rng(3)
    straight = np.arange(8) / 4 + random.uniform(0.01, 0.03, 8)
    thirds = 2 + np.arange(6) / 3 + random.uniform(0.01, 0.03, 6)
    onset = np.concatenate([straight, thirds])
    piece = NoteSequence.from_columns(60, onset, onset + 0.21, tempos=[(0, 60)])
    steps = quantize_by_beat(piece).notes["start_step"] / TICKS_PER_QUARTER
    assert steps.tolist() == pytest.approx([*np.arange(8) / 4, *(2 + np.arange(6) / 3)])


def test_a_written_piece_keeps_fine_values_and_lets_releases_go_to_the_grid():
    tune = melody((60, 0, 0.97), (62, 1, 1 / 16), (64, 17 / 16, 0.9375), (65, 2, 0.5), (67, 3, 1))
    table = quantize_by_beat(tune).notes
    assert (table["start_step"] * 16 / TICKS_PER_QUARTER).tolist() == [0, 16, 17, 32, 48]
    assert (table["end_step"] * 16 / TICKS_PER_QUARTER).tolist() == [16, 17, 32, 40, 64]


def test_a_grid_may_be_given():
    tune = melody((60, 0, 0.3), (62, 0.3, 0.7), (64, 1, 3))
    assert values(tune, steps_per_quarter=2) == ["C4 eighth", "D4 eighth", "E4 half."]
    with pytest.raises(QuantizationError, match="at most 480 steps a quarter, got 11; take 24"):
        musicxml_text(tune, steps_per_quarter=11)
    with pytest.raises(QuantizationError, match="at most 480 steps a quarter, got 20160"):
        musicxml_text(tune, steps_per_quarter=20160)
    with pytest.raises(QuantizationError, match="whole number from 1, got 0"):
        musicxml_text(tune, steps_per_quarter=0)
    with pytest.raises(QuantizationError, match="holds 106522 quarter notes, got 200001; trim"):
        musicxml_text(melody((60, 200000, 1)), steps_per_quarter=1)


@pytest.mark.parametrize("meter", [(2, 4), (3, 4), (6, 8), (5, 8), (7, 8), (4, 4), (3, 2), (12, 8)])
def test_bars_follow_the_meter(meter):
    tune = scale([60, 62, 64, 65] * 6, 0.75, meters=[(0, *meter)])
    assert_bars_are_full(tree(tune))
    assert rows(quantize(read(tune), 4)) == rows(quantize(tune, 4))
    assert read(tune).meters.tolist() == tune.meters.tolist()


def test_a_chord_on_the_rest_before_the_first_note_stays_where_it_is():
    piece = NoteSequence.from_columns(
        60, [1.5, 2, 4], [2, 4, 6], tempos=[(0, 120)], texts=(Text(0.0, "C", "chord"),)
    )
    assert [(t.time_s, t.text) for t in read(piece).texts] == [(0.0, "C")]


def test_a_rest_before_the_first_note_makes_a_pickup_bar():
    root = tree(melody((67, 3, 1), (72, 4, 4)))
    assert [(m.get("number"), m.get("implicit")) for m in root.iter("measure")] == [
        ("0", "yes"), ("1", None),
    ]  # fmt: skip
    short_rest = tree(melody((67, 1, 3), (72, 4, 4)))
    assert [m.get("number") for m in short_rest.iter("measure")] == ["1", "2"]


def test_voices_are_separated_and_notes_together_are_chords():
    chorale = melody((72, 0, 1), (74, 1, 3), (67, 0, 4), (64, 0, 4))
    root = tree(chorale)
    notes = [(n.findtext("pitch/step"), n.findtext("voice"), n.find("chord") is not None)
             for n in root.iter("note")]  # fmt: skip
    assert notes == [("C", "1", False), ("D", "1", False), ("E", "2", False), ("G", "2", True)]


def test_a_voice_that_rests_in_a_bar_with_another_is_filled_with_hidden_rests():
    root = tree(melody((72, 0, 4), (60, 1, 2)))
    hidden = [n.get("print-object") for n in root.iter("note") if n.find("rest") is not None]
    assert hidden == ["no", "no"]
    assert_bars_are_full(root)


def test_the_same_pitch_twice_at_once_is_kept_in_two_voices():
    both = melody((60, 0, 4), (60, 2, 1), (60, 2, 1))
    assert rows(quantize(read(both), 12)) == rows(quantize(both, 12))


@pytest.mark.parametrize(
    ("pitches", "instrument", "clefs"),
    [
        ([60, 72], Instrument(), ["G"]),
        ([40, 72], Instrument(), ["G", "F"]),
        ([40, 50], Instrument(), ["F"]),
        ([36, 80, 44], Instrument(42), ["F"]),
        ([50, 62], Instrument(41), ["C"]),
        ([36, 38], Instrument(0, is_drum=True), ["percussion"]),
    ],
)
def test_clefs_and_staves_suit_the_instrument(pitches, instrument, clefs):
    root = tree(scale(pitches, instruments=(instrument,)))
    assert [clef.findtext("sign") for clef in root.iter("clef")] == clefs
    assert int(root.findtext(".//staves") or 1) == len(clefs)


def test_the_staff_below_has_what_lies_below_middle_c():
    root = tree(melody((72, 0, 4), (60, 0, 2), (40, 0, 4)))
    staves = {n.findtext("pitch/octave"): n.findtext("staff") for n in root.iter("note")
              if n.find("pitch") is not None}  # fmt: skip
    assert staves == {"5": "1", "4": "1", "2": "2"}
    assert {n.findtext("voice") for n in root.iter("note")} == {"1", "2", "5"}


def test_parts_have_names_and_sounds():
    duet = melody(
        (72, 0, 4), (36, 0, 1), (38, 1, 3),
        instrument=[0, 2, 2],
        instruments=(Instrument(40, name="Violin & co"), Instrument(5), Instrument(8, True, "Kit")),
    )  # fmt: skip
    root = tree(duet)
    assert [p.findtext("part-name") for p in root.iter("score-part")] == ["Violin & co", "Kit"]
    assert [m.findtext("midi-program") for m in root.iter("midi-instrument")] == ["41", "9", "9"]
    assert [m.findtext("midi-channel") for m in root.iter("midi-instrument")] == ["1", "10", "10"]
    assert [m.findtext("midi-unpitched") for m in root.iter("midi-instrument")][1:] == ["37", "39"]
    assert read(duet).instruments == (duet.instruments[0], duet.instruments[2])


def test_drums_last_until_the_next_hit_and_stand_where_drummers_look():
    beat = melody(
        (36, 0, 0.1), (42, 0, 0.1), (42, 0.5, 0.1), (38, 1, 0.1), (38, 1, 0.1), (99, 3, 0.1),
        instruments=(Instrument(0, is_drum=True),),
    )  # fmt: skip
    root = tree(beat)
    places = [(n.findtext("unpitched/display-step"), n.findtext("notehead"), n.findtext("type"))
              for n in root.iter("note") if n.find("unpitched") is not None]  # fmt: skip
    assert places == [
        ("F", None, "eighth"), ("G", "x", "eighth"), ("G", "x", "eighth"), ("C", None, "quarter"),
        ("D", "diamond", "quarter"),
    ]  # fmt: skip
    assert read(beat).notes["pitch"].tolist() == [36, 42, 42, 38, 99]


def test_accidentals_are_written_once_a_bar_and_pitches_spelled_in_the_key():
    root = tree(scale([66, 66, 65, 67], keys=[(0, 0, False)]))
    assert [n.findtext("accidental") for n in root.iter("note")] == [
        "sharp", None, "natural", None,
    ]  # fmt: skip
    flats = tree(scale([63, 68, 61], keys=[(0, -3, True)]))
    assert [p.findtext("step") + p.findtext("alter") for p in flats.iter("pitch")] == [
        "E-1", "A-1", "D-1",
    ]  # fmt: skip
    assert [k.findtext("mode") for k in flats.iter("key")] == ["minor"]


def test_a_held_note_shows_its_accidental_once():
    root = tree(melody((66, 0, 6), (66, 6, 1)))
    assert [n.findtext("accidental") for n in root.iter("note") if n.find("pitch") is not None] == [
        "sharp", None, "sharp",
    ]  # fmt: skip


def test_the_lowest_c_of_a_sharp_key_has_a_name():
    tune = scale([12, 13], keys=[(0, 7, False)])
    assert read(tune).notes["pitch"].tolist() == [12, 13]


def test_keys_meters_and_tempi_change_where_they_do():
    tune = scale(
        [60] * 14,
        meters=[(0, 4, 4), (4, 3, 4)],
        tempos=[(0, 60), (4, 90), (6, 91.5), (6.25, 92)],
        keys=[(0, 0, False), (4, -3, True), (5.3, 2, False)],
    )
    root, again = tree(tune), read(tune)
    marks = [m.findtext("per-minute") for m in root.iter("metronome")]
    assert marks == ["60", "90", "92"]
    assert [s.get("tempo") for s in root.iter("sound")] == ["60", "90", "91.5", "92"]
    assert again.keys[["sharps", "is_minor"]].tolist() == [(0, False), (-3, True), (2, False)]
    assert again.meters.tolist() == tune.meters.tolist()
    assert again.tempos["qpm"].tolist() == tune.tempos["qpm"].tolist()


def test_compound_meters_count_dotted_quarters():
    root = tree(scale([60], tempos=[(0, 90)], meters=[(0, 6, 8)]))
    assert root.find(".//beat-unit-dot") is not None
    assert root.findtext(".//per-minute") == "60"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_chord_reads_back(kind):
    for symbol in (f"C{kind}", f"F#{kind}/Bb"):
        piece = melody((60, 0, 4), texts=(Text(1, symbol, "chord"),))
        (text,) = read(piece).texts
        before, after = parse_chord(symbol), parse_chord(text.text)
        assert (text.time_s, after.root, after.bass) == (1, before.root, before.bass)
        assert after.pitch_classes() == before.pitch_classes()
        assert after == before or not KINDS[kind].musicxml


@pytest.mark.parametrize(
    "symbol", ["C7(b9)", "Am7b5", "G7#9b13", "Dmadd11", "Ebno3", "Gm7no5", "N.C.", "C6/9/E"]
)
def test_changed_chords_read_back(symbol):
    (text,) = read(melody((60, 0, 4), texts=(Text(0, symbol, "chord"),))).texts
    assert parse_chord(text.text).pitch_classes() == parse_chord(symbol).pitch_classes()


def test_kinds_without_a_word_are_told_by_degrees():
    root = tree(melody((60, 0, 4), texts=(Text(0, "C7sus4", "chord"),)))
    assert (root.findtext(".//kind"), root.find(".//kind").get("text")) == (
        "suspended-fourth", "7sus4",
    )  # fmt: skip
    degree = root.find(".//degree")
    assert [child.text for child in degree] == ["7", "0", "add"]


def test_words_stand_over_the_notes_and_syllables_under_them():
    texts = (
        Text(0, "composer: Clara Wieck"), Text(0, "hel-", "lyric", 0), Text(1, "lo", "lyric"),
        Text(1.5, "not sung", "lyric"), Text(2, "A", "marker"), Text(3, "rit.", "text"),
        Text(3, "no chord", "chord"), Text(3.5, "H7", "chord"),
    )  # fmt: skip
    tune = scale([60, 62, 64, 65], texts=texts, title="Two <notes>\x01", source="a&b.mid")
    root, again = tree(tune), read(tune)
    assert [n.findtext("lyric/syllabic") for n in root.iter("note")][:2] == ["begin", "end"]
    assert root.findtext("identification/creator") == "Clara Wieck"
    assert root.findtext("identification/source") == "a&b.mid"
    assert again.title == "Two <notes>"
    assert sorted((t.time_s, t.text, t.kind) for t in again.texts) == [
        (0, "composer: Clara Wieck", "text"), (0, "hel-", "lyric"), (1, "lo", "lyric"),
        (1.5, "not sung", "text"), (2, "A", "marker"), (3, "N.C.", "chord"),
        (3, "rit.", "text"), (3.5, "H7", "text"),
    ]  # fmt: skip


def test_velocities_are_kept():
    tune = melody((60, 0, 1), (62, 1, 1), (64, 2, 2), velocity=[1, 90, 127])
    assert [n.get("dynamics") for n in tree(tune).iter("note")] == ["1.11", "100.00", "141.11"]
    assert read(tune).notes["velocity"].tolist() == [1, 90, 127]


def test_the_suffix_chooses_musicxml(tmp_path):
    tune = scale([60, 62], title="Étude")
    for name in ("a.musicxml", "a.XML", "a.mxl"):
        save(tune, tmp_path / name)
        again = read_musicxml(tmp_path / name)
        assert (again.title, rows(quantize(again, 12))) == ("Étude", rows(quantize(tune, 12)))
    with zipfile.ZipFile(tmp_path / "a.mxl") as archive:
        assert archive.namelist() == ["META-INF/container.xml", "score.musicxml"]


def test_the_same_score_is_packed_to_the_same_bytes(tmp_path):
    tune = scale([60, 62])
    for name in ("a.mxl", "b.mxl"):
        write_musicxml(tune, tmp_path / name)
    assert (tmp_path / "a.mxl").read_bytes() == (tmp_path / "b.mxl").read_bytes()


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        (NoteSequence(title="Silence"), "Silence has no notes, so there is no score to write; add"),
        (scale([60, 11]), r"no notes below C0 \(MIDI 12\), got 11; transpose up"),
        (scale([60], meters=[(0, 4, 3)]), "MusicXML has no meter 4/3; give it a denominator"),
    ],
)
def test_what_cannot_be_a_score(notes, message):
    with pytest.raises(MusicFileError, match=message):
        musicxml_text(notes)


def test_silence_has_a_grid_too():
    assert len(quantize_by_beat(NoteSequence(total_time_s=4.0))) == 0
