"""A looper plays its loop in time, and changes it only at the end of a pass."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from solferino.errors import GenerationError, LiveError
from solferino.live.looper import Looper, Pass, derived_seed
from solferino.live.parts import Action, Part
from solferino.live.transport import Meter, Transport
from tests.live.composers import CountingComposer, HandComposer, phrase
from tests.live.fakes import Stage

PASS_S = 4.0  # two bars of 4/4 at 120 quarter notes a minute


def part(**changes):
    return Part(**({"name": "melody", "bundle": "toy", "bars": 2, "channel": 3} | changes))


class Concert:
    """A looper on a stage; times are counted from the start of the music."""

    def __init__(self, composer, qpm=120.0, meter=None, **changes):
        self.stage = Stage(qpm)
        self.composer = composer
        if meter:
            self.stage.transport.set_meter(meter)
        self.looper = Looper(part(**changes), self.stage.transport, composer)
        self.stage.player.add(self.looper)
        self.stage.transport.start(100.0)

    def run(self, seconds):
        self.stage.run_until(100.0 + seconds)

    def onsets(self, from_index=0):
        """Pairs of time and pitch of the notes that began."""
        return [
            (round(time_s - 100, 6), message.note)
            for time_s, message in self.stage.port.sent[from_index:]
            if message.type == "note_on"
        ]


def pitches_of_passes(action, num_passes=5, **changes):
    """Pitch of the note that begins each pass, None for silence; see CountingComposer."""
    concert = Concert(CountingComposer(), action=Action.GENERATE_ONCE, **changes)
    concert.run(0.5)  # in pass 0, which plays the first order
    concert.looper.act(action)
    concert.run(num_passes * PASS_S - 0.1)
    played = dict(concert.onsets())
    return [played.get(number * PASS_S) for number in range(num_passes)]


def test_looping_plays_the_same_loop_in_every_pass():
    assert pitches_of_passes(Action.LOOP) == [60, 60, 60, 60, 60]


def test_generating_plays_another_loop_in_every_pass():
    assert pitches_of_passes(Action.GENERATE) == [60, 61, 62, 63, 64]


def test_generating_once_plays_one_new_loop_and_loops_it():
    assert pitches_of_passes(Action.GENERATE_ONCE) == [60, 61, 61, 61, 61]


def test_resetting_once_leaves_silence():
    assert pitches_of_passes(Action.RESET_ONCE) == [60, None, None, None, None]


def test_resetting_once_brings_the_primer_back():
    primer = phrase(0.0, pitch=48)
    assert pitches_of_passes(Action.RESET_ONCE, primer=primer) == [60, 48, 48, 48, 48]


def test_resetting_and_generating_plays_one_new_loop_and_loops_it():
    assert pitches_of_passes(Action.RESET_GENERATE) == [60, 61, 61, 61, 61]


@pytest.mark.parametrize(
    ("action", "then"),
    [
        (Action.LOOP, Action.LOOP),
        (Action.GENERATE, Action.GENERATE),
        (Action.GENERATE_ONCE, Action.LOOP),
        (Action.RESET_ONCE, Action.LOOP),
        (Action.RESET_GENERATE, Action.LOOP),
    ],
)
def test_what_is_done_once_is_followed_by_looping(action, then):
    concert = Concert(CountingComposer(), action=Action.GENERATE_ONCE)
    concert.run(0.5)
    concert.looper.act(action)
    assert concert.looper.action is action
    concert.run(PASS_S + 0.5)
    assert concert.looper.action is then


def test_a_new_loop_continues_the_one_before():
    concert = Concert(CountingComposer(), action=Action.GENERATE)
    concert.run(2 * PASS_S + 0.1)
    pasts = [order.past.notes["pitch"].tolist() for order in concert.composer.orders]
    assert pasts == [[], [60], [61], [62]]


def test_a_loop_after_a_reset_knows_only_the_primer():
    primer = phrase(0.0, 1.0, pitch=48)
    concert = Concert(CountingComposer(), action=Action.GENERATE, primer=primer)
    concert.run(0.5)
    concert.looper.act(Action.RESET_GENERATE)
    assert concert.composer.orders[-1].past is primer


def test_after_silence_music_begins_from_the_primer():
    primer = phrase(0.0, pitch=48)
    concert = Concert(HandComposer(), action=Action.GENERATE, primer=primer)
    concert.composer.finish()  # no notes
    concert.run(0.1)
    assert concert.composer.orders[-1].past is primer


def test_the_next_loop_is_ordered_a_whole_pass_ahead():
    concert = Concert(HandComposer(), action=Action.GENERATE)
    concert.composer.finish(0.0)
    concert.run(PASS_S - 0.1)
    assert len(concert.composer.orders) == 2
    concert.composer.finish(0.0)
    concert.run(PASS_S)
    assert len(concert.composer.orders) == 3


def test_what_is_asked_for_within_a_pass_is_ordered_at_once_and_played_after_it():
    concert = Concert(HandComposer(), action=Action.LOOP, primer=phrase(0.0, pitch=48))
    concert.run(3.5)
    concert.looper.act(Action.GENERATE_ONCE)
    concert.composer.finish(0.0, pitch=72)
    concert.run(PASS_S + 0.1)
    assert concert.onsets() == [(0.0, 48), (4.0, 72)]


def test_a_loop_that_is_not_done_in_time_is_played_a_pass_later_and_counted():
    concert = Concert(HandComposer(), action=Action.GENERATE)
    concert.composer.finish(0.0, pitch=60)
    concert.run(PASS_S + 1.0)
    assert concert.looper.misses == 1
    concert.composer.finish(0.0, pitch=61)
    concert.run(2 * PASS_S + 0.1)
    assert concert.onsets() == [(0.0, 60), (4.0, 60), (8.0, 61)]
    assert concert.looper.misses == 1
    assert concert.composer.orders[-1].past.notes["pitch"].tolist() == [61]


def test_generating_once_waits_for_its_loop_through_misses():
    concert = Concert(HandComposer(), action=Action.LOOP, primer=phrase(0.0, pitch=48))
    concert.run(0.1)
    concert.looper.act(Action.GENERATE_ONCE)
    concert.run(2 * PASS_S + 0.1)
    assert (concert.looper.misses, concert.looper.action) == (2, Action.GENERATE_ONCE)
    concert.composer.finish(0.0, pitch=72)
    concert.run(3 * PASS_S + 0.1)
    assert concert.onsets()[-1] == (12.0, 72)
    assert (concert.looper.misses, concert.looper.action) == (2, Action.LOOP)


def test_a_loop_that_cannot_be_written_leaves_the_old_one_and_says_why():
    concert = Concert(HandComposer(), action=Action.GENERATE, primer=phrase(0.0, pitch=48))
    concert.composer.fail(GenerationError("too many notes"))
    concert.run(0.1)
    assert concert.looper.fault == "too many notes"
    concert.composer.finish(0.0, pitch=60)
    concert.run(PASS_S + 0.1)
    assert concert.looper.fault == ""
    assert concert.onsets() == [(0.0, 48), (4.0, 60)]


def test_a_performer_who_changes_his_mind_hears_only_the_last_wish():
    concert = Concert(HandComposer(), action=Action.GENERATE, primer=phrase(0.0, pitch=48))
    concert.run(0.1)
    unwanted = concert.composer.futures[-1]
    concert.looper.act(Action.LOOP)
    assert unwanted.cancelled()
    concert.run(PASS_S + 0.1)
    assert concert.onsets() == [(0.0, 48), (4.0, 48)]
    assert concert.looper.misses == 0


def test_generating_once_takes_the_loop_that_is_already_being_written():
    concert = Concert(HandComposer(), action=Action.GENERATE)
    concert.looper.act(Action.GENERATE_ONCE)
    assert len(concert.composer.orders) == 1


def test_a_composer_that_is_closed_leaves_the_loop():
    concert = Concert(HandComposer(), action=Action.GENERATE, primer=phrase(0.0, pitch=48))
    concert.composer.futures[-1].cancel()
    concert.run(0.1)
    assert concert.looper.fault == "CancelledError"
    assert concert.onsets() == [(0.0, 48)]


def test_a_note_at_the_very_end_of_a_pass_is_the_first_of_the_next():
    concert = Concert(HandComposer(), action=Action.LOOP, primer=phrase(0.0, 7.99, duration=0.005))
    concert.run(2 * PASS_S - 0.001)
    assert [time_s for time_s, _ in concert.onsets()] == [0.0, 3.995, 4.0, 7.995]


def test_notes_end_with_the_loop():
    primer = phrase(7.0, pitch=48, duration=4.0)
    concert = Concert(HandComposer(), action=Action.LOOP, primer=primer)
    concert.run(PASS_S + 0.1)
    assert concert.stage.port.told() == ["103.5 on 2 48", "104 off 2 48"]


def test_notes_go_out_on_the_channel_of_the_part_at_the_times_of_the_loop():
    primer = phrase(0.0, 0.5, 3.25, pitch=48)
    concert = Concert(HandComposer(), action=Action.LOOP, primer=primer)
    concert.run(2.0)
    assert concert.onsets() == [(0.0, 48), (0.25, 48), (1.625, 48)]
    assert {m.channel for _, m in concert.stage.port.sent} == {2}


def test_a_muted_looper_is_silent_and_loops_on():
    concert = Concert(CountingComposer(), action=Action.GENERATE)
    concert.run(PASS_S - 0.5)
    concert.looper.is_muted = True
    concert.run(2 * PASS_S - 0.5)
    concert.looper.is_muted = False
    concert.run(2 * PASS_S + 0.1)
    assert concert.onsets() == [(0.0, 60), (8.0, 62)]


def test_in_three_four_a_pass_of_two_bars_lasts_six_quarter_notes():
    concert = Concert(CountingComposer(), meter=Meter(3, 4), action=Action.GENERATE)
    concert.run(6.5)
    assert concert.onsets() == [(0.0, 60), (3.0, 61), (6.0, 62)]
    assert {order.length_quarters for order in concert.composer.orders} == {6.0}
    assert concert.composer.orders[0].meter == Meter(3, 4)


def test_a_change_of_meter_changes_the_passes():
    concert = Concert(HandComposer(), action=Action.LOOP, primer=phrase(0.0, 6.0, pitch=48))
    concert.run(4.1)  # position 8.2
    concert.stage.transport.set_meter(Meter(3, 4))
    concert.run(9.1)
    assert [time_s for time_s, _ in concert.onsets()] == [0.0, 3.0, 4.0, 6.0, 9.0]


def test_a_change_of_tempo_moves_the_notes_and_not_the_bars():
    concert = Concert(CountingComposer(), action=Action.GENERATE)
    concert.run(2.0)  # position 4
    concert.stage.transport.set_tempo(60.0, 102.0)
    concert.run(6.1)
    assert concert.onsets() == [(0.0, 60), (6.0, 61)]
    assert concert.composer.orders[-1].qpm == 60.0


def test_a_jump_lands_within_the_right_pass():
    primer = phrase(0.0, 5.0, pitch=48)
    concert = Concert(HandComposer(), action=Action.LOOP, primer=primer)
    concert.run(1.0)
    concert.stage.transport.locate(8 + 4.5, 101.0)
    concert.run(1.0 + 2.0)
    assert concert.onsets() == [(0.0, 48), (1.25, 48), (2.75, 48)]


def test_a_jump_is_no_miss():
    concert = Concert(HandComposer(), action=Action.GENERATE, primer=phrase(0.0, pitch=48))
    concert.run(1.0)
    concert.stage.transport.locate(8.0, 101.0)
    concert.run(2.0)
    concert.stage.transport.locate(40.0, 102.0)
    concert.run(3.0)
    assert concert.looper.misses == 0


def test_a_stop_keeps_the_loop_and_a_start_plays_on_in_it():
    primer = phrase(0.0, 3.0, pitch=48, duration=2.0)
    concert = Concert(HandComposer(), action=Action.LOOP, primer=primer)
    concert.run(0.5)
    concert.stage.transport.stop(100.5)
    concert.run(2.0)
    assert concert.stage.port.hung() == set()
    concert.stage.transport.resume(102.0)
    concert.run(3.1)
    assert concert.onsets() == [(0.0, 48), (3.0, 48)]


def test_after_a_stop_a_late_loop_is_still_a_miss():
    concert = Concert(HandComposer(), action=Action.GENERATE, primer=phrase(0.0, pitch=48))
    concert.run(1.0)
    concert.stage.transport.stop(101.0)
    concert.run(2.0)
    concert.stage.transport.resume(102.0)
    concert.run(PASS_S + 1.1)
    assert concert.looper.misses == 1


def test_the_same_seed_makes_the_same_music_and_every_pass_another():
    seeds = []
    for _ in range(2):
        concert = Concert(CountingComposer(), action=Action.GENERATE, seed=7)
        concert.run(3 * PASS_S)
        seeds.append([order.seed for order in concert.composer.orders])
    assert seeds[0] == seeds[1] == [derived_seed(7, number) for number in range(5)]
    assert len(set(seeds[0])) == 5


def test_chords_follow_the_bars_of_the_music():
    chords = ("C", "F", "G")
    concert = Concert(CountingComposer(), action=Action.GENERATE, chords=chords)
    concert.run(PASS_S + 0.1)
    assert [order.chords for order in concert.composer.orders] == [
        ("C", "F"),
        ("G", "C"),
        ("F", "G"),
    ]


def test_the_temperature_counts_from_the_next_order_on():
    concert = Concert(CountingComposer(), action=Action.GENERATE)
    concert.looper.set_temperature(1.5)
    concert.run(0.1)
    assert [order.controls.temperature for order in concert.composer.orders] == [1.0, 1.5]
    assert concert.looper.temperature == 1.5
    with pytest.raises(GenerationError, match="temperature is -1"):
        concert.looper.set_temperature(-1.0)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_note_hangs_and_none_is_lost_or_doubled_however_the_music_is_cut_up(data):
    onsets = data.draw(st.lists(st.floats(0, 7.999), max_size=8, unique=True))
    cuts = data.draw(st.lists(st.floats(0.0, 40.0), max_size=12))
    primer = phrase(*onsets, pitch=48, duration=3.0)
    looper = Looper(part(action=Action.LOOP, primer=primer), Transport(), HandComposer())
    edges = sorted({0.0, *cuts, 40.0})
    events = [e for a, b in pairwise(edges) for e in looper.between(a, b)]
    whole = Looper(part(action=Action.LOOP, primer=primer), Transport(), HandComposer())
    assert sorted(e.quarters for e in events) == sorted(
        e.quarters for e in whole.between(0.0, 40.0)
    )
    assert len(events) == 5 * len(onsets)
    assert all(0 < e.duration_quarters <= 8.0 for e in events)


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1e6), st.sampled_from([6.0, 8.0, 3.5, 0.3, 10 / 3]))
@example(31 * 0.3, 0.3)  # of which the quotient is rounded down
@example(7.7, 1.1)  # and up
def test_every_position_lies_within_its_pass(quarters, length_quarters):
    here = Pass.at(quarters, length_quarters)
    assert here.start_quarters <= quarters < here.end_quarters
    assert here.following.start_quarters == here.end_quarters


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "a b"}, "no looper can be called 'a b': use letters"),
        ({"bars": 0}, "melody has bars 0: give 1 to 64"),
        ({"channel": 17}, "melody has channel 17: give 1 to 16"),
        ({"program": 128}, "melody has program 128: give 0 to 127"),
        ({"seed": -1}, "melody has seed -1: give 0 or more"),
    ],
)
def test_a_part_that_cannot_be_is_refused(changes, words):
    with pytest.raises(LiveError, match=words):
        part(**changes)
