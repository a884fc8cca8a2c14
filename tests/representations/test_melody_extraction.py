"""Which melodies are found in a piece, and why others are not."""

import numpy as np
import pytest

from solferino.errors import RecipeError
from solferino.notes.quantization import quantize
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.melody import Melody
from solferino.representations.melody_extraction import MelodyRules, find_melodies

STEP_S = 0.125  # sixteenths at 120 qpm
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
MELODY = Melody()
PIANO = Instrument()


def piece(*notes, meters=(), instruments=(PIANO,)):
    """Build a piece of (pitch, onset step, end step[, instrument]) at 120 qpm."""
    rows = [(*note, 0)[:4] for note in notes]
    pitch, onset, end, instrument = zip(*rows, strict=True) if rows else ([], [], [], [])
    return NoteSequence.from_columns(
        pitch,
        np.array(onset) * STEP_S,
        np.array(end) * STEP_S,
        instrument=instrument,
        instruments=instruments,
        meters=[(step * STEP_S, *meter) for step, *meter in meters],
    )


def scale(n_notes=32, at_step=0, note_steps=4, instrument=0):
    """Build quarter notes up the C major scale, again and again: 32 are 8 bars of 4/4."""
    return [
        (SCALE[k % 8], at_step + note_steps * k, at_step + note_steps * (k + 1), instrument)
        for k in range(n_notes)
    ]


def extract(sequence, **rules):
    return MELODY.extract(sequence, rules)


def found_in(sequence, **rules):
    return find_melodies(quantize(sequence), MelodyRules.from_mapping(rules))[0]


def rules_of(extraction):
    return [drop.rule for drop in extraction.drops]


def test_a_scale_of_eight_bars_is_a_melody():
    extraction = extract(piece(*scale()))
    assert extraction.drops == ()
    (melody,) = extraction.sequences
    assert len(melody) == 128
    assert (melody.start_step, melody.steps_per_bar, melody.transposition) == (0, 16, 0)
    assert melody.ids[:9].tolist() == [14, 0, 0, 0, 16, 0, 0, 0, 18]


def test_a_melody_begins_on_the_bar_of_its_first_note():
    (melody,) = extract(piece(*scale(at_step=36))).sequences
    assert melody.start_step == 32
    assert melody.ids[:5].tolist() == [0, 0, 0, 0, 14]
    assert len(melody) == 4 + 128


def test_a_rest_begins_with_a_note_off():
    (melody,) = extract(piece((60, 0, 2), (62, 4, 6), (64, 6, 8)), min_bars=0,
                        min_unique_pitches=0).sequences  # fmt: skip
    assert melody.ids.tolist() == [14, 0, 1, 0, 16, 0, 18, 0]


@pytest.mark.parametrize(("rest_steps", "n_melodies"), [(15, 1), (16, 2)])
def test_a_bar_of_silence_ends_a_melody(rest_steps, n_melodies):
    again = 128 + rest_steps
    extraction = extract(piece(*scale(), *scale(at_step=again)))
    assert len(extraction.sequences) == n_melodies
    if n_melodies == 2:
        assert [melody.start_step for melody in extraction.sequences] == [0, 144]


def test_a_longer_gap_can_be_asked_for():
    both = piece(*scale(), *scale(at_step=128 + 16))
    assert len(extract(both, gap_bars=2).sequences) == 1
    assert len(extract(both, gap_bars=0.5).sequences) == 2


def test_seven_bars_are_enough_and_less_is_too_short():
    assert len(extract(piece(*scale(28))).sequences) == 1
    extraction = extract(piece(*scale(27)))
    assert extraction.sequences == ()
    (drop,) = extraction.drops
    assert drop == ("too_short", "6.75 bars", "min_bars=6")
    assert len(extract(piece(*scale(27)), min_bars=6).sequences) == 1


def test_padding_reaches_to_the_end_of_the_last_bar():
    (melody,) = extract(piece(*scale(27)), pad_to_bar=True).sequences
    assert len(melody) == 112
    assert melody.ids[107:].tolist() == [0, 1, 0, 0, 0]


def test_fewer_than_five_pitch_classes_are_too_few():
    trill = [(60 + 12 * (k % 2) + (k % 4), 4 * k, 4 * k + 4) for k in range(32)]
    extraction = extract(piece(*trill))
    assert extraction.sequences == ()
    assert extraction.drops == (("too_few_pitches", "4 pitch classes", "min_unique_pitches=4"),)
    assert len(extract(piece(*trill), min_unique_pitches=4).sequences) == 1


def test_a_voice_with_notes_that_begin_together_is_dropped():
    extraction = extract(piece(*scale(), (48, 8, 12)))
    assert extraction.sequences == ()
    (drop,) = extraction.drops
    assert drop.rule == "polyphonic_tracks"
    assert drop.found == "1 of 33 notes begin together with another"
    assert drop.remedy == "ignore_polyphonic_notes=true"


def test_or_its_highest_notes_are_kept():
    extraction = extract(piece(*scale(), (48, 8, 128)), ignore_polyphonic_notes=True)
    assert extraction.drops == ()
    (melody,) = extraction.sequences
    assert melody.ids.tolist() == extract(piece(*scale())).sequences[0].ids.tolist()


def test_a_note_that_begins_while_another_sounds_cuts_it():
    (melody,) = found_in(piece((72, 0, 100), (60, 8, 12)), min_bars=0, min_unique_pitches=0)
    assert melody.line.onsets_steps.tolist() == [0, 8]
    assert melody.line.ends_steps.tolist() == [8, 12]
    assert melody.end_step == 12


def test_each_voice_is_a_candidate_and_drums_are_not():
    voices = (Instrument(0), Instrument(40), Instrument(0, is_drum=True))
    notes = [*scale(), *scale(instrument=1), *scale(instrument=2)]
    assert len(extract(piece(*notes, instruments=voices)).sequences) == 2


@pytest.mark.parametrize("notes", [[], [(36, 0, 4)]], ids=["empty", "drums only"])
def test_a_piece_without_pitched_notes_says_so(notes):
    extraction = extract(piece(*notes, instruments=(Instrument(is_drum=True),)))
    assert extraction == ((), (("no_notes", "no pitched notes", ""),))


def test_a_long_melody_is_truncated():
    extraction = extract(piece(*scale(160)))
    (melody,) = extraction.sequences
    assert len(melody) == 512
    assert extraction.drops == (("truncated", "640 steps", "max_steps=640"),)
    padded = extract(piece(*scale(160)), max_steps=500, pad_to_bar=True)
    assert len(padded.sequences[0]) == 496


def test_a_long_melody_can_be_split_at_bars():
    extraction = extract(piece(*scale(160)), too_long="split", max_steps=250)
    assert [len(melody) for melody in extraction.sequences] == [240, 240, 160]
    assert [melody.start_step for melody in extraction.sequences] == [0, 240, 480]
    assert extraction.drops == ()
    rest = extract(piece(*scale(140)), too_long="split")
    assert [len(melody) for melody in rest.sequences] == [512]
    assert rest.drops == (("too_short", "3 bars", "min_bars=3"),)


def test_a_part_of_a_split_melody_begins_in_silence_where_a_note_is_held_into_it():
    notes = [(60, 0, 20), *scale(28, at_step=24)]
    first, second, *_ = extract(
        piece(*notes), too_long="split", max_steps=16, min_bars=0, min_unique_pitches=0
    ).sequences
    assert first.ids.tolist() == [14] + [0] * 15
    assert second.ids[:9].tolist() == [0] * 8 + [14]


def test_a_long_melody_can_be_left_out():
    extraction = extract(piece(*scale(160)), too_long="discard")
    assert extraction == ((), (("too_long", "640 steps", "max_steps=640"),))


@pytest.mark.parametrize(
    ("meter", "steps_per_bar"), [((3, 4), 12), ((6, 8), 12), ((7, 8), 14), ((5, 4), 20)]
)
def test_bars_come_from_the_meter(meter, steps_per_bar):
    (melody,) = extract(
        piece(*scale(64, at_step=steps_per_bar + 2), meters=[(0, *meter)])
    ).sequences
    assert melody.steps_per_bar == steps_per_bar
    assert melody.start_step == steps_per_bar


def test_a_bar_that_is_no_whole_number_of_steps_is_refused_with_the_grid_to_take():
    odd = piece(*scale(), meters=[(0, 5, 32)])
    extraction = extract(odd)
    assert extraction.sequences == ()
    (drop,) = extraction.drops
    assert drop.rule == "non_integer_steps_per_bar"
    assert drop.found == "a bar of 5/32 is 2.5 steps"
    assert drop.remedy == "steps_per_quarter=8"
    assert len(Melody(steps_per_quarter=8).extract(odd, {}).sequences) == 1


def test_a_new_search_begins_where_the_meter_changes():
    changing = piece(*scale(64), (60, 256, 264), meters=[(0, 4, 4), (128, 3, 4)])
    first, second = extract(changing).sequences
    assert (first.start_step, len(first), first.steps_per_bar) == (0, 128, 16)
    assert (second.start_step, len(second), second.steps_per_bar) == (128, 136, 12)


def test_a_note_ends_where_the_meter_changes():
    (melody,) = found_in(
        piece((60, 0, 40), meters=[(0, 4, 4), (32, 3, 4)]), min_bars=0, min_unique_pitches=0
    )
    assert melody.end_step == 32


def test_tempo_changes_are_followed():
    faster = piece(*scale()).replace(tempos=[(0.0, 120.0)])
    notes = faster.notes.copy()
    late = notes["onset_s"] >= 8.0  # the second half at double tempo
    notes["onset_s"][late] = 8.0 + (notes["onset_s"][late] - 8.0) / 2
    notes["release_s"][late] = 8.0 + (notes["release_s"][late] - 8.0) / 2
    faster = faster.replace(notes=notes, tempos=[(0.0, 120.0), (8.0, 240.0)])
    (melody,) = extract(faster).sequences
    assert melody.ids.tolist() == extract(piece(*scale())).sequences[0].ids.tolist()


def test_melodies_are_moved_to_the_key_and_into_the_range():
    high = piece(*[(pitch + 26, on, off) for pitch, on, off, _ in scale()])  # D major, 86..98
    (melody,) = Melody(transpose_to_key=0).extract(high, {}).sequences
    assert melody.transposition == -26
    assert melody.ids[:5].tolist() == [14, 0, 0, 0, 16]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"min_bar": 3}, r"unknown melody rule 'min_bar': did you mean 'min_bars'\?"),
        ({"min_bars": -1}, r"min_bars=-1: it must be a whole number from 0"),
        ({"max_steps": 0}, "max_steps=0: it must be a whole number from 1"),
        ({"min_unique_pitches": 2.5}, "min_unique_pitches=2.5: it must be a whole number"),
        ({"gap_bars": 0}, "gap_bars=0: it must be a number above 0"),
        ({"gap_bars": "two"}, "gap_bars='two': it must be a number above 0"),
        ({"pad_to_bar": "no"}, "pad_to_bar='no': it must be true or false"),
        ({"ignore_polyphonic_notes": 1}, "ignore_polyphonic_notes=1: it must be true or false"),
        ({"too_long": "cut"}, "too_long='cut': it is one of truncate, split, discard"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(RecipeError, match=message):
        MELODY.extract(piece(*scale()), rules)
