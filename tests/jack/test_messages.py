"""Real ports carry every message on every channel, in order, and lose none."""

import pytest
from mido import Message

from solferino.errors import PortError
from solferino.live.diagnosis import LOOPBACK_NOTES, loopback_ms
from solferino.live.ports import MidiSystem, midi_system

NUM_MESSAGES = 1000

EVERY_CHANNEL = [
    message
    for channel in range(16)
    for message in (
        Message("note_on", channel=channel, note=channel + 1, velocity=100),
        Message("polytouch", channel=channel, note=channel + 1, value=7),
        Message("control_change", channel=channel, control=64, value=127),
        Message("program_change", channel=channel, program=channel + 2),
        Message("aftertouch", channel=channel, value=9),
        Message("pitchwheel", channel=channel, pitch=-8192 + channel),
        Message("note_off", channel=channel, note=channel + 1, velocity=3),
    )
]
OF_THE_SYSTEM = [
    Message("songpos", pos=16383),
    Message("start"),
    Message("clock"),
    Message("continue"),
    Message("stop"),
    Message("quarter_frame", frame_type=7, frame_value=1),
    Message("song_select", song=5),
    Message("tune_request"),
    Message("sysex", data=(0x7D, *range(120))),
]


@pytest.fixture
def loop(system, clock, inbox, opened):
    """Our virtual output, which leads to our inbox."""
    before = system.input_names()
    out = opened(system.open_output(None))
    (name,) = set(system.input_names()) - set(before)
    opened(system.open_input(name, inbox.receive, clock))
    inbox.join(out.send)
    return out


def test_every_message_of_every_channel_arrives_as_it_was_sent(loop, inbox):
    for message in EVERY_CHANNEL:
        loop.send(message)
    assert inbox.wait(len(EVERY_CHANNEL)) == EVERY_CHANNEL


def test_clock_and_system_messages_arrive_and_active_sensing_does_not(loop, inbox):
    for message in OF_THE_SYSTEM:
        loop.send(Message("active_sensing"))
        loop.send(message)
    assert inbox.wait(len(OF_THE_SYSTEM)) == OF_THE_SYSTEM


def test_of_a_thousand_messages_none_is_lost_and_none_overtakes(loop, inbox):
    sent = [
        Message("control_change", channel=k % 16, control=k // 128, value=k % 128)
        for k in range(NUM_MESSAGES)
    ]
    for message in sent:
        loop.send(message)
    assert inbox.wait(NUM_MESSAGES) == sent


def test_a_message_comes_after_it_was_sent_and_before_it_is_read(loop, inbox, clock):
    sent_s = clock.now_s()
    loop.send(Message("clock"))
    inbox.wait(1)
    assert sent_s < inbox.times_s[-1] < clock.now_s()


def test_what_others_send_to_our_virtual_input_arrives(system, clock, inbox, opened):
    before = system.output_names()
    port = opened(system.open_input(None, inbox.receive, clock))
    (name,) = set(system.output_names()) - set(before)
    assert name.endswith(":solferino_in")
    assert port.is_virtual
    out = opened(system.open_output(name))
    inbox.join(out.send)
    out.send(EVERY_CHANNEL[0])
    assert inbox.wait(1) == EVERY_CHANNEL[:1]


def test_several_ports_do_not_mix(system, clock, keyboard, synthesiser, inbox, opened):
    keys, synth = keyboard(), synthesiser()
    opened(system.open_input("keyboard", inbox.receive, clock))
    out = opened(system.open_output("SYNTH"))
    assert out.name == synth.name
    inbox.join(keys.send)
    out.send(EVERY_CHANNEL[1])
    keys.send(EVERY_CHANNEL[0])
    assert inbox.wait(1) == EVERY_CHANNEL[:1]


def test_the_ports_of_this_computer_are_found_without_being_told(
    server, monkeypatch, opened, clock
):
    monkeypatch.setenv("SOLFERINO_MIDI_API", "jack")
    port = opened(midi_system().open_input(None, lambda *_: None, clock))
    assert any(name.endswith(":solferino_in") for name in midi_system().output_names())
    out = opened(midi_system().open_output("solferino_in"))
    assert (port.is_virtual, out.is_virtual) == (True, False)


def test_the_doctors_note_goes_out_and_comes_in(system, clock):
    before = system.input_names()
    took_ms = loopback_ms(system, clock)
    assert len(took_ms) == LOOPBACK_NOTES
    assert all(0 < ms < 1000 for ms in took_ms)
    assert system.input_names() == before


def test_without_a_server_there_is_an_error_and_jack_says_nothing(server, monkeypatch, capfd):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "solferino-nobody")
    with pytest.raises(PortError, match=r"MIDI system jack cannot be used .*: start jackd"):
        MidiSystem("jack").output_names()
    assert capfd.readouterr() == ("", "")
