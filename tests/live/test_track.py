"""A track plays its loopers together and remembers what they played."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import LiveError, MusicFileError
from solferino.live.parts import Action, Part
from solferino.live.track import Track
from solferino.live.transport import Line, Meter
from solferino.notes.files import load
from tests.live.composers import CountingComposer, HandComposer, phrase
from tests.live.fakes import Stage

DRUMS = Part(name="drums", bundle="toy", bars=1, channel=10, primer=phrase(0.0, 2.0, length=4.0))
MELODY = Part(name="melody", bundle="toy", bars=2, program=4, action=Action.LOOP,
              primer=phrase(1.0, 5.5, pitch=72, duration=2.0))  # fmt: skip


def on_stage(*parts, composer=None):
    stage = Stage()
    track = Track(parts, stage.transport, composer or CountingComposer())
    stage.player.add(track)
    return stage, track


def started(*parts, composer=None):
    stage, track = on_stage(*parts, composer=composer)
    stage.transport.start(100.0)
    return stage, track


def rows(notes):
    """Onset and release in seconds, pitch, and name of the instrument of each note."""
    return [
        (round(onset_s, 6), round(release_s, 6), pitch, notes.instruments[instrument].name)
        for onset_s, release_s, pitch, _, instrument in notes.notes.tolist()
    ]


def sent(stage, start_s=100.0):
    """The same of what went out, without names."""
    begun, found = {}, []
    for time_s, message in stage.port.sent:
        key = (message.channel, message.note)
        if message.type == "note_on":
            begun[key] = time_s
        elif key in begun:
            found.append((round(begun.pop(key) - start_s, 6), round(time_s - start_s, 6), key[1]))
    return sorted(found)


def test_the_recording_is_what_was_sent():
    stage, track = started(DRUMS, MELODY)
    stage.run_until(107.9)
    stage.transport.stop(107.9)
    stage.run_until(108.0)
    assert sorted(row[:3] for row in rows(track.to_notes())) == sent(stage)
    assert len(track.to_notes()) == 8


def test_each_looper_is_an_instrument_with_its_name_and_sound():
    _, track = on_stage(DRUMS, MELODY)
    assert [tuple(i) for i in track.to_notes().instruments] == [
        (0, True, "drums"),
        (4, False, "melody"),
    ]


def test_a_note_that_a_stop_cut_off_is_short_in_the_recording():
    stage, track = started(MELODY)
    stage.run_until(100.75)
    stage.transport.stop(100.75)
    stage.run_until(103.0)
    assert rows(track.to_notes()) == [(0.5, 0.75, 72, "melody")]


def test_the_recording_goes_on_after_a_stop_as_if_there_had_been_none():
    stage, track = started(MELODY)
    stage.run_until(102.0)
    stage.transport.stop(102.0)
    stage.run_until(109.0)
    stage.transport.resume(109.0)
    stage.run_until(110.5)
    onsets = [row[0] for row in rows(track.to_notes())]
    assert onsets == [0.5, 2.75]


def test_the_recording_follows_a_jump():
    stage, track = started(MELODY)
    stage.run_until(101.0)  # position 2
    stage.transport.locate(5.0, 101.0)
    stage.run_until(102.5)
    assert rows(track.to_notes()) == [(0.5, 1.0, 72, "melody"), (1.25, 2.25, 72, "melody")]


def test_the_recording_keeps_tempo_and_meter_where_they_changed():
    stage, track = started(MELODY)
    stage.run_until(102.0)
    stage.transport.set_tempo(60.0, 102.0)
    stage.run_until(103.6)
    notes = track.to_notes()
    assert notes.tempos.tolist() == [(0.0, 120.0), (2.0, 60.0)]
    assert [row[0] for row in rows(notes)] == [0.5, 3.5]
    stage.transport.set_meter(Meter(3, 4))
    stage.run_until(104.0)
    assert track.to_notes().meters.tolist()[1][1:] == (3, 4)


def test_the_small_corrections_of_a_clock_that_is_followed_are_no_changes_of_tempo():
    stage, track = started(MELODY)
    stage.run_until(101.0)
    for tick in range(200):
        time_s = 101 + tick / 48
        stage.run_until(time_s)
        at_quarters = stage.transport.line.quarters_at(time_s)
        bent_qpm = 120 + (-1) ** tick * 3
        stage.transport.follow(Line(time_s, at_quarters, bent_qpm, is_running=True))
    assert track.to_notes().tempos.tolist() == [(0.0, 120.0)]


def test_the_tempo_of_a_clock_that_is_followed_is_recorded_on_the_average():
    stage, track = started(MELODY)
    for tick in range(480):  # 24 a quarter note, at 90 quarter notes a minute
        time_s = 100 + tick / 36
        stage.run_until(time_s)
        there = tick / 24 - stage.transport.line.quarters_at(time_s)
        bent_qpm = 90 + there * 60 / 0.1
        stage.transport.follow(
            Line(time_s, stage.transport.line.quarters_at(time_s), bent_qpm, is_running=True)
        )
    notes = track.to_notes()
    assert notes.tempos["qpm"][-1] == pytest.approx(90, rel=0.01)
    assert len(notes.tempos) <= 3
    assert [row[0] for row in rows(notes)][-1] == pytest.approx(17 * 60 / 90, abs=0.02)


def test_a_tempo_that_was_set_while_the_music_stood_is_that_of_its_beginning():
    stage, track = on_stage(MELODY)
    stage.transport.set_tempo(90.0, 100.0)
    stage.transport.start(100.0)
    stage.run_until(101.0)
    assert track.to_notes().tempos.tolist() == [(0.0, 90.0)]


def test_the_tempo_after_a_stop_counts_from_where_the_music_goes_on():
    stage, track = started(MELODY)
    stage.run_until(102.0)
    stage.transport.stop(102.0)
    stage.transport.set_tempo(60.0, 105.0)
    stage.transport.resume(106.0)
    stage.run_until(108.0)
    assert track.to_notes().tempos.tolist() == [(0.0, 120.0), (2.0, 60.0)]


def test_changes_of_tempo_soon_after_a_stop_are_averaged_over_the_time_that_was_played():
    stage, track = started(MELODY)
    stage.run_until(100.5)
    stage.transport.stop(100.5)
    stage.transport.resume(105.0)
    stage.run_until(105.25)  # a quarter of a second and half a quarter note later
    stage.transport.set_tempo(60.0, 105.25)
    stage.run_until(109.0)
    assert track.to_notes().tempos.tolist() == [(0.0, 120.0), (0.75, 60.0)]


def test_what_was_played_can_be_saved_at_any_time(tmp_path):
    stage, track = started(DRUMS, MELODY)
    stage.run_until(103.9)
    track.save(tmp_path / "track.mid")
    notes = load(tmp_path / "track.mid")
    assert rows(notes) == rows(track.to_notes())
    assert [i.name for i in notes.instruments] == ["drums", "melody"]
    assert notes.is_drum.any()
    with pytest.raises(MusicFileError, match="cannot hold notes"):
        track.save(tmp_path / "track.wav")


def test_nothing_played_is_a_piece_without_notes():
    _, track = on_stage(DRUMS)
    assert len(track.to_notes()) == 0


def test_a_track_ends_where_it_is_told_to():
    stage, track = started(DRUMS)
    track.end_quarters = 8.0
    stage.run_until(110.0)
    assert [time_s for time_s, m in stage.port.sent if m.type == "note_on"][-1] < 104.0
    assert stage.port.hung() == set()


def test_the_misses_of_all_loopers_are_counted():
    composer = HandComposer()
    stage, track = started(DRUMS, Part(name="cat", bundle="toy", bars=1), composer=composer)
    stage.run_until(104.1)
    assert track.misses == 4


def test_a_track_is_prepared_when_its_first_loops_are_written():
    composer = HandComposer()
    _, track = on_stage(DRUMS, composer=composer)
    assert not track.prepare(timeout_s=0.0)
    composer.finish(0.0)
    assert track.prepare(timeout_s=0.0)


def test_a_track_without_loopers_or_with_two_of_a_name_is_refused():
    with pytest.raises(LiveError, match="different names, and has none"):
        Track([])
    with pytest.raises(LiveError, match="different names, and has drums, drums"):
        Track([DRUMS, DRUMS])


def test_an_unknown_looper_is_told_with_those_that_there_are():
    _, track = on_stage(DRUMS, MELODY)
    with pytest.raises(LiveError, match="no looper is called 'bass': there are drums, melody"):
        track["bass"]


MOVES = st.one_of(
    st.tuples(st.just("run"), st.floats(0.01, 5.0)),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(st.just("locate"), st.floats(0.0, 100.0)),
    st.tuples(st.just("tempo"), st.floats(20.0, 400.0)),
    st.tuples(st.just("meter"), st.sampled_from([Meter(3, 4), Meter(7, 8), Meter(4, 4)])),
    st.tuples(st.just("act"), st.sampled_from(list(Action))),
    st.tuples(st.just("mute"), st.none()),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(MOVES, max_size=15))
def test_no_note_hangs_and_all_that_was_sent_is_recorded_whatever_a_performer_does(moves):
    stage, track = started(DRUMS, MELODY)
    clock, transport = stage.clock, stage.transport
    for move, value in moves:
        if move == "run":
            stage.run_until(clock.time_s + value)
        elif move == "locate":
            transport.locate(value, clock.time_s)
        elif move == "tempo":
            transport.set_tempo(value, clock.time_s)
        elif move == "meter":
            transport.set_meter(value)
        elif move == "act":
            track["melody"].act(value)
        elif move == "mute":
            track["drums"].is_muted = not track["drums"].is_muted
        else:
            getattr(transport, move)(clock.time_s)
        stage.player.play_due()
    stage.run_until(clock.time_s + 0.001)
    transport.stop(clock.time_s)
    stage.player.play_due()
    assert stage.port.hung() == set()
    struck = [m.note for _, m in stage.port.sent if m.type == "note_on"]
    recorded = track.to_notes().notes
    assert abs(len(recorded) - len(struck)) <= sum(move != "run" for move, _ in moves)
    assert np.all(recorded["release_s"] >= recorded["onset_s"])
    assert not stage.player.faults
