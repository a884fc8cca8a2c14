"""Every control does what its line in the table says."""

import pytest
from mido import Message

from solferino.errors import LiveError
from solferino.live.controls import (
    CONTROLS,
    Assignment,
    Learning,
    read_controls,
    temperature_of,
)


class Told:
    """Remembers what it was told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        def remember(*args, **kwargs):
            self.told.append((name, *args, *kwargs.items()))

        return remember


def change(number, value, channel=0):
    return Message("control_change", channel=channel, control=number, value=value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("end_call", 127, [("end_call",)]),
        ("end_call", 0, []),
        ("panic", 64, [("panic",)]),
        ("mutate", 127, [("mutate",)]),
        ("mutate", 63, []),
        ("min_listen_bars", 3, [("change", ("min_listen_bars", 3))]),
        ("max_listen_bars", 8, [("change", ("max_listen_bars", 8))]),
        ("response_bars", 4, [("change", ("response_bars", 4))]),
        ("tempo", 0, [("set_tempo", 60)]),
        ("tempo", 127, [("set_tempo", 187)]),
        ("temperature", 0, [("change", ("temperature", 0.1))]),
        ("temperature", 127, [("change", ("temperature", 2.0))]),
        ("loop", 127, [("change", ("is_looping", True))]),
        ("loop", 0, [("change", ("is_looping", False))]),
        ("select", 5, [("select", 5)]),
        ("metronome", 0, [("set_metronome", ("is_on", False))]),
        ("save", 127, [("save",)]),
        ("clock", 127, [("clock_tick", 12.5)]),
        ("clock", 0, []),
    ],
)
def test_a_control_does_what_the_table_says(name, value, told):
    desk = Told()
    assert Assignment({name: 20}).act(desk, change(20, value), 12.5)
    assert desk.told == told


def test_every_control_that_is_received_is_tried_above():
    tried = {
        mark.args[1][k][0]
        for mark in test_a_control_does_what_the_table_says.pytestmark
        for k in range(len(mark.args[1]))
    }
    assert tried == {name for name, control in CONTROLS.items() if control.action}


def test_temperature_is_linear():
    assert temperature_of(64) == pytest.approx(0.1 + 64 / 127 * 1.9)


def test_other_controls_and_messages_do_nothing():
    desk = Told()
    assignment = Assignment({"panic": 20, "state": 21})
    assert not assignment.act(desk, change(22, 127), 0.0)
    assert not assignment.act(desk, change(21, 1), 0.0)  # is sent, not received
    assert not assignment.act(desk, Message("note_on", note=20), 0.0)
    assert desk.told == []


def test_a_control_works_on_every_channel():
    desk = Told()
    assert Assignment({"panic": 20}).act(desk, change(20, 127, channel=9), 0.0)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"volume": 3}, "no control is called 'volume': there are clock, end_call"),
        ({"panic": 128}, "panic has control number 128: give 0 to 127"),
        ({"panic": "x"}, "panic has control number 'x': give 0 to 127"),
        ({"panic": 3, "save": 3}, "save and panic have the same control number 3: give each"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(numbers, words):
    with pytest.raises(LiveError, match=words):
        Assignment(numbers)


def test_a_file_of_controls_comes_back_as_it_was_written(tmp_path):
    assignment = Assignment({"tempo": 7, "loop": 80})
    path = tmp_path / "controls.toml"
    path.write_text(assignment.to_toml())
    assert read_controls(path) == assignment
    assert "60 quarter notes a minute" in path.read_text()


def test_a_file_that_is_none_of_controls_is_refused(tmp_path):
    path = tmp_path / "controls.toml"
    path.write_text("tempo: 20")
    with pytest.raises(LiveError, match=r"controls.toml is no file of controls .*`tempo = 20`"):
        read_controls(path)
    path.write_text("volume = 20")
    with pytest.raises(LiveError, match=r"controls.toml: no control is called 'volume'"):
        read_controls(path)
    with pytest.raises(LiveError, match=r"nothing.toml cannot be read .*check the path"):
        read_controls(tmp_path / "nothing.toml")


def test_each_control_learns_the_knob_that_is_moved_for_it():
    learning = Learning(("tempo", "loop", "save"))
    assert learning.current is CONTROLS["tempo"]
    assert learning.hear(change(7, 10))
    assert not learning.hear(change(7, 11))  # the same knob moves on
    assert not learning.hear(Message("note_on", note=60))
    assert learning.current is CONTROLS["loop"]
    learning.skip()
    assert learning.hear(change(80, 127))
    assert learning.current is None
    assert not learning.hear(change(81, 127))
    learning.skip()
    assert learning.learnt == Assignment({"tempo": 7, "save": 80})


def test_all_controls_can_be_learnt():
    learning = Learning()
    for number in range(len(CONTROLS)):
        assert learning.hear(change(number, 1))
    assert list(learning.learnt.numbers) == list(CONTROLS)
