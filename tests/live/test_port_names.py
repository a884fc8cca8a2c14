"""A port is meant by its name or a part of it, and known again when it returns."""

import pytest

from solferino.errors import PortError
from solferino.live.port_names import find_port, returned_port, without_numbers

ALSA = ["Midi Through:Midi Through Port-0 14:0", "Keystation 49:Keystation 49 MIDI 1 20:0"]
WINDOWS = ["Microsoft GS Wavetable Synth 0", "loopMIDI Port 1", "loopMIDI Port 1 2"]


@pytest.mark.parametrize("name", [ALSA[1], "keystation", "MIDI 1 20", ALSA[1][:-5].upper()])
def test_a_port_is_found_by_its_name_or_a_part_of_it_in_any_letters(name):
    assert find_port(name, ALSA, "input") == ALSA[1]


def test_a_whole_name_wins_over_names_that_contain_it():
    assert find_port("loopMIDI Port 1", WINDOWS, "output") == "loopMIDI Port 1"
    assert find_port("synth", ["Synth 3", "Synth Two 4"], "output") == "Synth 3"


def test_two_devices_of_one_name_are_the_first_of_them():
    assert find_port("nano", ["nanoKEY", "nanoKEY"], "input") == "nanoKEY"


def test_a_part_of_two_names_is_refused_and_both_are_told():
    message = "'loopmidi p' may be any of the MIDI outputs loopMIDI Port 1; loopMIDI Port 1 2: "
    with pytest.raises(PortError, match=message + "write more of the name"):
        find_port("loopmidi p", WINDOWS, "output")


def test_an_unknown_name_is_refused_and_all_are_told():
    message = "no MIDI input is named 'Piano', there are Midi Through.*20:0: plug it in"
    with pytest.raises(PortError, match=message):
        find_port("Piano", ALSA, "input")
    with pytest.raises(PortError, match=r"named 'Piano', there is none: .*`solferino doctor`"):
        find_port("Piano", [], "input")


@pytest.mark.parametrize(
    ("api", "name", "stem"),
    [
        ("alsa", "Keystation:Keystation MIDI 1 20:0", "Keystation:Keystation MIDI 1"),
        ("winmm", "loopMIDI Port 1 2", "loopMIDI Port 1"),
        ("core", "IAC Driver Bus 1", "IAC Driver Bus 1"),
        ("jack", "solferino:solferino_out", "solferino:solferino_out"),
    ],
)
def test_the_numbers_that_a_system_adds_are_left_out(api, name, stem):
    assert without_numbers(name, api) == stem


def test_a_port_returns_under_its_name_or_with_another_number():
    assert returned_port(ALSA[1], ALSA, ALSA, "alsa") == ALSA[1]
    moved = "Keystation 49:Keystation 49 MIDI 1 24:0"
    assert returned_port(ALSA[1], [ALSA[0], moved], ALSA, "alsa") == moved
    assert returned_port("Keys 3", ["Synth 0", "Keys 1"], ["Synth 0"], "winmm") == "Keys 1"


def test_a_port_that_is_known_is_another():
    twins = ["Keys 20:0", "Keys 24:0"]
    assert returned_port("Keys 20:0", ["Keys 24:0"], twins, "alsa") is None


def test_which_of_two_new_ports_has_returned_is_not_guessed():
    assert returned_port("Keys 20:0", ["Keys 24:0", "Keys 28:0"], [], "alsa") is None


def test_a_number_that_belongs_to_a_name_is_not_overlooked():
    assert returned_port("IAC Driver Bus 1", ["IAC Driver Bus 2"], [], "core") is None
