"""The metronome clicks on every beat, and louder on the bar."""

from itertools import pairwise

import pytest

from solferino.live.metronome import HIGH_WOOD_BLOCK, LOW_WOOD_BLOCK, Metronome
from solferino.live.transport import Meter, Transport


def clicks(metronome, *borders):
    return [
        (event.quarters, event.message.note)
        for start, end in pairwise(borders)
        for event in metronome.between(start, end)
    ]


@pytest.mark.parametrize(
    ("meter", "beats"),
    [
        (Meter(4, 4), [0, 1, 2, 3, 4]),
        (Meter(3, 4), [0, 1, 2, 3, 4]),
        (Meter(7, 8), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]),
    ],
)
def test_the_bar_has_the_accent_in_any_meter(meter, beats):
    metronome = Metronome(Transport(meter=meter))
    found = clicks(metronome, 0, 0.7, 1.0, 2.31, 5.0)
    assert [quarters for quarters, _ in found] == beats
    bars = [quarters for quarters, pitch in found if pitch == HIGH_WOOD_BLOCK]
    assert bars == [b for b in beats if b % meter.bar_quarters == 0]
    assert {pitch for _, pitch in found} == {HIGH_WOOD_BLOCK, LOW_WOOD_BLOCK}


def test_a_bar_is_louder_than_a_beat():
    first, second = Metronome(Transport()).between(0, 2)
    assert first.message.velocity > second.message.velocity
    assert first.message.channel == 9


def test_it_can_be_silent():
    metronome = Metronome(Transport(), is_on=False)
    assert clicks(metronome, 0, 4) == []
    metronome.is_on = True
    assert len(clicks(metronome, 4, 8)) == 4
    metronome.interrupted()


def test_channel_pitches_and_output_are_free():
    metronome = Metronome(Transport(), 3, bar_pitch=44, beat_pitch=35, output="click")
    first, second = metronome.between(0, 2)
    assert (first.message.note, second.message.note) == (44, 35)
    assert (first.message.channel, first.output) == (3, "click")
