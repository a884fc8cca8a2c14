"""Tests of outputs: what sounds is known, and ended."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

from solferino.errors import PortError
from solferino.live.output import ALL_NOTES_OFF, ALL_SOUND_OFF, Output
from tests.live.fakes import FakeClock, FakeOutPort


@pytest.fixture
def port() -> FakeOutPort:
    return FakeOutPort(FakeClock(1.0))


@pytest.fixture
def output(port: FakeOutPort) -> Output:
    return Output(port)


class GonePort:
    """A port that was unplugged."""

    def send(self, message: Message) -> None:
        raise PortError("gone")


def test_a_note_that_was_begun_sounds_until_it_is_ended(output: Output, port: FakeOutPort) -> None:
    voice = output.begin(9, 36, 100)
    assert output.sounding == {(9, 36)}
    output.end(voice)
    assert output.sounding == frozenset()
    assert port.told() == ["1 on 9 36", "1 off 9 36"]


def test_a_note_ends_once(output: Output, port: FakeOutPort) -> None:
    voice = output.begin(0, 60, 80)
    output.end(voice)
    output.end(voice)
    assert port.told() == ["1 on 0 60", "1 off 0 60"]


def test_a_pitch_struck_again_ends_first_and_the_old_end_does_not_cut_it(
    output: Output, port: FakeOutPort
) -> None:
    first = output.begin(0, 60, 80)
    second = output.begin(0, 60, 90)
    output.end(first)
    assert output.sounding == {(0, 60)}
    output.end(second)
    assert port.told() == ["1 on 0 60", "1 off 0 60", "1 on 0 60", "1 off 0 60"]


def test_the_same_pitch_on_two_channels_is_two_notes(output: Output) -> None:
    first = output.begin(0, 60, 80)
    output.begin(1, 60, 80)
    output.end(first)
    assert output.sounding == {(1, 60)}


def test_notes_that_pass_through_are_known_too(output: Output, port: FakeOutPort) -> None:
    output.send(Message("note_on", channel=3, note=50, velocity=1))
    assert output.sounding == {(3, 50)}
    output.send(Message("note_on", channel=3, note=50, velocity=0))
    assert output.sounding == frozenset()
    output.send(Message("note_off", channel=4, note=51))
    assert port.told()[-1] == "1 off 4 51"


@pytest.mark.parametrize("pedal", [64, 66, 69])
def test_a_pedal_that_holds_notes_is_lifted_before_notes_are_released(
    output: Output, port: FakeOutPort, pedal: int
) -> None:
    output.send(Message("control_change", channel=2, control=pedal, value=127))
    output.begin(2, 60, 80)
    port.sent.clear()
    output.release_all()
    lifted = Message("control_change", channel=2, control=pedal, value=0)
    ended = Message("note_off", channel=2, note=60, velocity=0)
    assert [message for _, message in port.sent] == [lifted, ended]
    output.release_all()
    assert len(port.sent) == 2


def test_a_pedal_that_is_up_is_not_lifted(output: Output, port: FakeOutPort) -> None:
    for value in (127, 63):
        output.send(Message("control_change", channel=2, control=64, value=value))
    port.sent.clear()
    output.release_all()
    assert port.sent == []


def test_a_panic_silences_every_channel_also_of_notes_that_others_began(
    output: Output, port: FakeOutPort
) -> None:
    output.begin(5, 60, 80)
    output.panic()
    assert port.hung() == set()
    silenced = {m.channel for _, m in port.sent if m.is_cc(ALL_SOUND_OFF)}
    assert silenced == {m.channel for _, m in port.sent if m.is_cc(ALL_NOTES_OFF)}
    assert silenced == set(range(16))


def test_a_port_that_is_gone_stops_nobody_and_what_went_nowhere_is_counted() -> None:
    output = Output(GonePort())
    output.begin(0, 60, 80)
    output.begin(1, 61, 80)
    output.release_all()
    assert output.sounding == frozenset()
    assert output.lost == 4


messages = st.one_of(
    st.builds(
        lambda kind, channel, pitch, velocity: Message(
            kind, channel=channel, note=pitch, velocity=velocity
        ),
        st.sampled_from(["note_on", "note_off"]),
        st.integers(0, 2),
        st.integers(60, 62),
        st.sampled_from([0, 1, 127]),
    ),
    st.builds(
        lambda channel, control, value: Message(
            "control_change", channel=channel, control=control, value=value
        ),
        st.integers(0, 2),
        st.sampled_from([64, 66, 1]),
        st.integers(0, 127),
    ),
    st.builds(lambda pitch: Message("pitchwheel", pitch=pitch), st.integers(-8192, 8191)),
)


@settings(max_examples=50)
@given(st.lists(st.one_of(messages, st.tuples(st.integers(0, 2), st.integers(60, 62)))))
def test_whatever_was_sent_nothing_sounds_after_a_release(
    stream: list[Message | tuple[int, int]],
) -> None:
    clock = FakeClock()
    port = FakeOutPort(clock)
    output = Output(port)
    for item in stream:
        if isinstance(item, tuple):
            output.begin(*item, 64)
        else:
            output.send(item)
        assert output.sounding == port.hung()
    output.release_all()
    assert port.hung() == set()
    assert _pedals_down(port) == set()


def _pedals_down(port: FakeOutPort) -> set[tuple[int, int]]:
    down: dict[tuple[int, int], bool] = {}
    for _, message in port.sent:
        if message.type == "control_change" and message.control in (64, 66, 69):
            down[message.channel, message.control] = message.value >= 64
    return {pedal for pedal, is_down in down.items() if is_down}
