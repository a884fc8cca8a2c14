"""Programs, drums and controllers have the names that musicians know."""

from solferino.notes.general_midi import (
    CONTROLLER_NAMES,
    DRUM_NAMES,
    PROGRAM_NAMES,
    controller_name,
    drum_name,
)


def test_there_are_128_programs_with_names_of_their_own():
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    known = {0: "grand piano", 24: "nylon guitar", 40: "violin", 56: "trumpet", 73: "flute"}
    assert {number: PROGRAM_NAMES[number] for number in known} == known
    assert PROGRAM_NAMES[127] == "gunshot"


def test_drums_and_controllers():
    assert (drum_name(36), drum_name(38), drum_name(1)) == ("bass drum", "snare", "drum 1")
    assert (controller_name(64), controller_name(3)) == ("sustain pedal", "controller 3")
    for names in (DRUM_NAMES, CONTROLLER_NAMES):
        assert len(set(names.values())) == len(names)
        assert all(0 <= number <= 127 for number in names)
