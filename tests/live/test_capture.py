"""What is played is heard where it falls in the music."""

from mido import Message

from solferino.live.capture import MAX_NOTES, MAX_WAITING, Capture
from solferino.live.transport import Transport


def heard(*moments, channels=None, qpm=120.0, is_mono=False, runs=True):
    transport = Transport(qpm)
    if runs:
        transport.start(10.0)
    capture = Capture(transport, channels, is_mono=is_mono)
    for time_s, message in moments:
        capture.receive(message, time_s)
    capture.settle()
    return capture


def on(pitch=60, channel=0):
    return Message("note_on", channel=channel, note=pitch, velocity=80)


def off(pitch=60, channel=0):
    return Message("note_off", channel=channel, note=pitch)


def test_seconds_become_quarter_notes_by_the_line_of_the_transport():
    capture = heard((11.0, on()), (11.5, off()))
    notes = capture.phrase(0, 4).notes
    assert (notes["onset_quarters"].tolist(), notes["duration_quarters"].tolist()) == ([2.0], [1.0])


def test_a_change_of_tempo_between_two_notes_is_heard():
    transport = Transport(120.0)
    transport.start(0.0)
    capture = Capture(transport)
    capture.receive(on(60), 1.0)
    transport.set_tempo(60.0, 1.0)
    capture.receive(on(62), 2.0)
    capture.settle()
    assert capture.phrase(0, 8).notes["onset_quarters"].tolist() == [2.0, 3.0]


def test_while_the_music_stands_nothing_is_heard():
    assert len(heard((11.0, on()), runs=False)) == 0


def test_other_channels_are_not_heard():
    capture = heard((11.0, on(60, 0)), (11.0, on(62, 5)), channels=[5])
    assert capture.phrase(0, 4).notes["pitch"].tolist() == [62]
    assert (capture.last_channel, capture.num_heard) == (5, 1)


def test_clock_and_other_messages_are_not_heard():
    capture = heard((11.0, Message("clock")), (11.0, Message("program_change", program=3)))
    assert len(capture) == 0


def test_the_first_note_from_a_position_on_is_found():
    capture = heard((10.5, on(60)), (11.0, on(62)), (11.5, on(64)))
    assert capture.first_onset(1.5) == 2.0
    assert capture.first_onset(3.5) is None


def test_silence_is_where_nothing_sounds():
    capture = heard((10.0, on()), (12.25, off()))  # quarters 0 to 4.5
    assert not capture.is_silent(4, 8)
    assert capture.is_silent(4, 8, grace_quarters=1.0)
    assert capture.is_silent(5, 8)
    assert not capture.is_silent(0, 4, grace_quarters=1.0)


def test_a_note_a_little_before_the_bar_line_is_no_silence_in_either_bar():
    capture = heard((11.97, on()), (12.2, off()))  # quarter 3.94
    assert not capture.is_silent(0, 4)
    assert not capture.is_silent(4, 8)


def test_mono_ends_a_note_with_the_next():
    capture = heard((10.0, on(60)), (11.0, on(64)), is_mono=True)
    assert capture.phrase(0, 4).notes["duration_quarters"].tolist() == [2.0, 2.0]


def test_memory_is_bounded():
    transport = Transport()
    transport.start(0.0)
    capture = Capture(transport)
    for k in range(2 * MAX_WAITING):
        capture.receive(on(k % 128), k * 0.01)
    capture.settle()
    assert len(capture) == MAX_NOTES


def test_a_note_right_after_a_jump_is_kept_when_what_was_before_it_is_forgotten():
    transport = Transport(120.0)
    transport.start(0.0)
    capture = Capture(transport)
    capture.receive(on(60), 1.0)
    transport.locate(8.0, 1.5)
    capture.receive(on(62), 1.5)
    capture.settle()
    assert capture.phrase(0, 16).notes["pitch"].tolist() == [60]
    capture.clear()  # on the player's thread, when it has noticed the jump
    capture.settle()
    assert capture.phrase(0, 16).notes["pitch"].tolist() == [62]


def test_a_note_that_waited_through_a_jump_is_forgotten():
    transport = Transport(120.0)
    transport.start(0.0)
    capture = Capture(transport)
    capture.receive(on(60), 1.0)
    transport.locate(8.0, 1.5)
    capture.clear()
    capture.settle()
    assert len(capture) == 0


def test_it_can_forget():
    capture = heard((10.0, on(60)), (10.5, off(60)), (12.0, on(62)))
    capture.forget_before(3.0)
    assert len(capture) == 1
    capture.clear()
    assert len(capture) == 0
    assert capture.is_silent(0, 8)


def test_a_call_ends_with_its_last_bar_that_sounds():
    capture = heard((10.0, on(60)), (10.5, off(60)), (12.0, on(62)), (14.4, off(62)))  # 4 to 8.8
    assert capture.call(0, 16, 4, 1.0).length_quarters == 8
    assert capture.call(0, 16, 4, 0.5).length_quarters == 12
    assert capture.call(0, 8, 4, 0.5).length_quarters == 8
    assert capture.call(8, 16, 4, 1.0, is_drum=True).length_quarters == 4


def test_a_drum_call_is_one_of_drums():
    assert heard((10.0, on(36))).phrase(0, 4, is_drum=True).is_drum
