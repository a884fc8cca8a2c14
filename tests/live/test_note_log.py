"""Beginnings and ends of notes are put together, whatever comes in."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

from solferino.live.note_log import SHORTEST_QUARTERS, NoteLog


def log_of(*messages, is_mono=False):
    log = NoteLog(100, is_mono=is_mono)
    for quarters, message, *port in messages:
        log.add(quarters, message, *port)
    return log


def on(pitch=60, channel=0, velocity=80):
    return Message("note_on", channel=channel, note=pitch, velocity=velocity)


def off(pitch=60, channel=0):
    return Message("note_off", channel=channel, note=pitch)


def pedal(value, channel=0):
    return Message("control_change", channel=channel, control=64, value=value)


def rows(log, start=0.0, end=16.0, **more):
    notes = log.phrase(start, end, **more).notes
    return [
        (float(n["onset_quarters"]), float(n["duration_quarters"]), int(n["pitch"])) for n in notes
    ]


def test_a_note_lasts_from_its_beginning_to_its_end():
    assert rows(log_of((1.0, on()), (1.5, off()))) == [(1.0, 0.5, 60)]


def test_velocity_zero_ends_a_note():
    log = log_of((1.0, on()), (1.5, on(velocity=0)))
    assert rows(log) == [(1.0, 0.5, 60)]


def test_notes_may_overlap():
    log = log_of((0.0, on(60)), (1.0, on(64)), (2.0, off(60)), (3.0, off(64)))
    assert rows(log) == [(0.0, 2.0, 60), (1.0, 2.0, 64)]


def test_a_pitch_that_is_struck_again_ends_first():
    log = log_of((0.0, on()), (1.0, on()), (2.0, off()))
    assert rows(log) == [(0.0, 1.0, 60), (1.0, 1.0, 60)]


def test_the_same_pitch_on_two_channels_or_ports_is_two_notes():
    log = log_of((0.0, on()), (0.5, on(channel=1)), (1.0, off()), (2.0, off(channel=1)))
    assert rows(log) == [(0.0, 1.0, 60), (0.5, 1.5, 60)]
    log = log_of((0.0, on(), "a"), (0.5, on(), "b"), (1.0, off(), "a"), (2.0, off(), "b"))
    assert rows(log) == [(0.0, 1.0, 60), (0.5, 1.5, 60)]


def test_under_the_pedal_notes_ring_on():
    log = log_of((0.0, pedal(127)), (0.0, on()), (1.0, off()), (3.0, pedal(0)))
    assert rows(log) == [(0.0, 3.0, 60)]


def test_a_key_that_is_down_when_the_pedal_is_lifted_sounds_on():
    log = log_of((0.0, pedal(127)), (0.0, on()), (1.0, pedal(0)), (2.0, off()))
    assert rows(log) == [(0.0, 2.0, 60)]


def test_a_ringing_pitch_that_is_struck_again_ends_first():
    log = log_of((0.0, pedal(127)), (0.0, on()), (1.0, off()), (2.0, on()), (4.0, pedal(0)))
    assert rows(log, 0, 8) == [(0.0, 2.0, 60), (2.0, 6.0, 60)]


def test_all_notes_off_ends_the_notes_of_its_channel():
    stop = Message("control_change", channel=0, control=123)
    log = log_of((0.0, on()), (0.0, on(channel=1)), (1.0, stop))
    assert rows(log, 0, 4) == [(0.0, 1.0, 60), (0.0, 4.0, 60)]


def test_in_mono_a_note_ends_the_one_before_it_on_its_channel():
    log = log_of((0.0, on(60)), (0.0, on(40, 1)), (1.0, on(64)), (2.0, off(60)), is_mono=True)
    assert rows(log, 0, 4) == [(0.0, 1.0, 60), (0.0, 4.0, 40), (1.0, 3.0, 64)]


def test_a_note_of_no_length_gets_a_short_one():
    assert rows(log_of((1.0, on()), (1.0, off()))) == [(1.0, SHORTEST_QUARTERS, 60)]


def test_a_stretch_has_the_notes_that_begin_in_it():
    log = log_of((0.0, on(60)), (3.0, off(60)), (2.0, on(62)), (9.0, off(62)), (4.0, on(64)))
    assert rows(log, 2.0, 4.0) == [(0.0, 2.0, 62)]


def test_notes_a_little_early_are_put_on_the_start():
    log = log_of((1.9, on(60)), (2.5, off(60)), (3.95, on(62)))
    assert rows(log, 2.0, 4.0, early_quarters=0.125) == [(0.0, 0.5, 60)]


def test_notes_that_have_ended_can_be_taken_once():
    log = log_of((0.0, on(60)), (0.0, on(62)), (1.0, off(60)))
    assert [note.pitch for note in log.take_ended()] == [60]
    assert log.take_ended() == []
    log.add(2.0, off(62))
    assert [note.pitch for note in log.take_ended()] == [62]


def test_old_notes_are_forgotten():
    log = NoteLog(10)
    for k in range(100):
        log.add(k, on(k % 20))
        log.add(k + 0.5, off(k % 20))
    assert len(log) == 10
    log.forget_before(95.0)
    assert [note.onset_quarters for note in log] == [99, 98, 97, 96, 95]


MESSAGES = st.one_of(
    st.builds(on, st.integers(60, 63), st.integers(0, 1), st.integers(0, 127)),
    st.builds(off, st.integers(60, 63), st.integers(0, 1)),
    st.builds(pedal, st.sampled_from([0, 127]), st.integers(0, 1)),
)


@given(st.lists(st.tuples(st.floats(0, 1), MESSAGES), max_size=60), st.booleans())
@settings(max_examples=50, deadline=None)
def test_whatever_comes_in_one_pitch_of_a_channel_never_sounds_twice_at_once(stream, is_mono):
    log, now = NoteLog(1000, is_mono=is_mono), 0.0
    for wait, message in stream:
        now += wait
        log.add(now, message)
    log.end_all(now)
    voices = {}
    for note in reversed(list(log)):
        voices.setdefault(note.hand if is_mono else (note.hand, note.pitch), []).append(note)
    for notes in voices.values():
        for first, second in pairwise(notes):
            assert first.end_quarters <= second.onset_quarters + SHORTEST_QUARTERS
    assert all(note.end_quarters <= now + SHORTEST_QUARTERS for note in log)
