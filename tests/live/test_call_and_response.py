"""Call and response: it answers on the bar line, whatever happens before it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

from solferino.errors import LiveError
from solferino.live.partner import PartnerSettings, State
from solferino.live.phrases import Phrase
from solferino.live.transport import Meter
from solferino.representations.constraints import Constraints
from tests.live.composers import HandComposer, QuarterNotes
from tests.live.rehearsal import (
    DRUMS,
    IMPROVISER,
    PIANO,
    Rehearsal,
)

TUNE = ((0.0, 60, 0.9), (1.0, 62, 0.9), (2.0, 64, 0.9), (3.0, 65, 0.9))


def test_the_answer_starts_on_the_bar_line_after_a_bar_of_silence():
    rehearsal = Rehearsal(QuarterNotes(72))
    rehearsal.play(*TUNE)
    rehearsal.run_until(13)
    # one bar of tune, one of silence; as long as the call, which is one bar
    assert rehearsal.heard() == [(8, 72), (9, 73), (10, 74), (11, 75)]
    assert rehearsal.stage.port.hung() == set()


@pytest.mark.parametrize(
    ("meter", "bar"), [(Meter(3, 4), 3.0), (Meter(7, 8), 3.5), (Meter(5, 8), 2.5)]
)
def test_bars_of_any_meter_are_counted(meter, bar):
    rehearsal = Rehearsal(QuarterNotes(72), meter=meter)
    rehearsal.play((bar, 60, 1.0), (2 * bar + 1, 62, 1.0))
    rehearsal.run_until(8 * bar)
    onsets = [onset for onset, _ in rehearsal.heard()]
    assert onsets[0] == 4 * bar
    assert rehearsal.composer.orders[-1].past.length_quarters == 2 * bar
    assert rehearsal.composer.orders[-1].length_quarters == 2 * bar
    assert onsets[-1] < 6 * bar


def test_silence_at_the_start_is_no_call():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.run_until(40)
    assert rehearsal.partner.state is State.IDLE
    assert rehearsal.composer.orders == []


def test_a_call_begins_with_the_bar_of_its_first_note():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play((10.0, 60, 1.0))
    rehearsal.run_until(17)
    past = rehearsal.composer.orders[-1].past
    assert past.length_quarters == 4
    assert past.notes["onset_quarters"].tolist() == pytest.approx([2.0])
    assert rehearsal.heard()[0] == (16, 72)


def test_a_first_note_a_little_early_is_meant_for_the_bar_line():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play((3.95, 60, 1.0), (5.0, 62, 1.0))
    rehearsal.run_until(13)
    past = rehearsal.composer.orders[-1].past
    assert past.notes["onset_quarters"].tolist() == pytest.approx([0.0, 1.0])
    assert rehearsal.heard()[0] == (12, 72)


def test_a_last_note_that_rings_a_little_into_the_next_bar_does_not_prolong_the_call():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play((0.0, 60, 1.0), (3.0, 62, 1.4))
    rehearsal.run_until(9)
    assert rehearsal.heard()[0] == (8, 72)


def test_a_note_that_is_held_on_is_no_silence():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play((0.0, 60, 7.0))
    rehearsal.run_until(13)
    assert rehearsal.heard()[0] == (12, 72)
    assert rehearsal.composer.orders[-1].past.length_quarters == 8


def test_after_the_most_bars_the_call_ends_without_silence():
    rehearsal = Rehearsal(QuarterNotes(), PartnerSettings(max_listen_bars=2))
    rehearsal.play(*((float(k), 60, 0.5) for k in range(12)))
    rehearsal.run_until(12.5)
    assert rehearsal.heard()[0] == (8, 72)


def test_before_the_fewest_bars_silence_does_not_end_the_call():
    rehearsal = Rehearsal(QuarterNotes(), PartnerSettings(min_listen_bars=4))
    rehearsal.play((0.0, 60, 0.5))
    rehearsal.run_until(17)
    assert rehearsal.heard()[0] == (16, 72)


def test_the_end_of_the_call_can_be_told():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play((0.0, 60, 0.5), (2.0, 60, 0.5))
    rehearsal.partner.end_call()
    rehearsal.run_until(5)
    assert rehearsal.heard()[0] == (4, 72)


def test_a_call_has_a_bar_at_least():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play((3.88, 60, 0.02))
    rehearsal.partner.end_call()
    rehearsal.run_until(9)
    assert rehearsal.heard()[0] == (8, 72)


def test_without_a_call_its_end_is_nothing():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.partner.end_call()
    rehearsal.run_until(9)
    rehearsal.play((9.0, 60, 0.5))
    rehearsal.run_until(15.9)
    assert rehearsal.heard() == []


def test_the_answer_can_have_its_own_length():
    rehearsal = Rehearsal(QuarterNotes(), PartnerSettings(response_bars=2))
    rehearsal.play(*TUNE)
    rehearsal.run_until(20)
    assert len(rehearsal.heard()) == 8


def test_the_answer_comes_on_the_channel_of_the_call_and_drums_on_theirs():
    rehearsal = Rehearsal(QuarterNotes(), responders=(PIANO, DRUMS))
    rehearsal.play(*TUNE, channel=4)
    rehearsal.run_until(12)
    rehearsal.partner.select(1)
    rehearsal.play((12.0, 36, 0.5), channel=4)
    rehearsal.run_until(20.5)
    channels = [m.channel for _, m in rehearsal.stage.port.sent if m.type == "note_on"]
    assert channels == [4, 4, 4, 4, 9]
    assert rehearsal.composer.orders[-1].past.is_drum


def test_the_answer_can_have_its_own_channel():
    rehearsal = Rehearsal(QuarterNotes(), playback_channel=2)
    rehearsal.play(*TUNE, channel=4)
    rehearsal.run_until(12)
    assert {m.channel for _, m in rehearsal.stage.port.sent} == {2}


def test_two_players_on_two_channels_have_two_partners():
    rehearsal = Rehearsal(QuarterNotes(72), channels=[0])
    other = Rehearsal(QuarterNotes(36), channels=[9], responders=(DRUMS,))
    for channel, pitch in ((0, 60), (9, 38)):
        for each in (rehearsal, other):
            each.tell(0.0, Message("note_on", channel=channel, note=pitch))
            each.tell(0.0, Message("note_off", channel=channel, note=pitch))
    for each, pitch in ((rehearsal, 60), (other, 38)):
        each.run_until(9)
        assert each.composer.orders[-1].past.notes["pitch"].tolist() == [pitch]


def test_an_order_is_given_a_bar_ahead_while_nothing_is_known_of_the_composer():
    rehearsal = Rehearsal(HandComposer())
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)  # the last note ended at 3.9
    assert len(rehearsal.composer.orders) == 1
    rehearsal.composer.finish_quarters()
    rehearsal.run_until(9)
    assert rehearsal.heard()[0] == (8, 72)
    assert rehearsal.partner.tally == (1, 1, 0)


def test_later_orders_are_given_as_late_as_the_composer_is_quick():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(max_listen_bars=1))
    rehearsal.play((0.0, 60, 0.1))
    rehearsal.run_until(0.2)
    rehearsal.composer.finish_quarters()  # after 0.1 s for 8 quarter notes
    rehearsal.run_until(8)
    rehearsal.play((8.0, 60, 0.5))
    rehearsal.run_until(11.2)
    assert len(rehearsal.composer.orders) == 1
    rehearsal.run_until(11.4)  # twice 0.17 s before the bar line: half as long again, and 20 ms
    assert len(rehearsal.composer.orders) == 2


def test_notes_that_come_after_the_order_are_ordered_again_while_there_is_time():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(max_listen_bars=1))
    rehearsal.play((0.0, 60, 0.2))
    rehearsal.run_until(0.4)
    rehearsal.composer.finish_quarters(72)
    rehearsal.play((1.0, 64, 0.2))
    rehearsal.run_until(3)
    assert [len(o.past) for o in rehearsal.composer.orders] == [1, 2]
    rehearsal.composer.finish_quarters(80)
    rehearsal.run_until(5)
    assert rehearsal.heard()[0] == (4, 80)


def test_an_order_for_a_call_that_goes_on_is_dropped():
    rehearsal = Rehearsal(HandComposer())
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.play((6.0, 60, 0.5))
    rehearsal.run_until(9.2)
    assert [future.cancelled() for future in rehearsal.composer.futures] == [True, False]
    assert len(rehearsal.composer.orders[1].past) == 5


def test_notes_that_come_too_late_for_another_order_do_not_hold_up_the_answer():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(max_listen_bars=1))
    rehearsal.play((0.0, 60, 0.2))
    rehearsal.run_until(0.4)
    rehearsal.composer.finish_quarters(72)
    rehearsal.play((3.7, 64, 0.2))
    rehearsal.run_until(5)
    assert len(rehearsal.composer.orders) == 1
    assert rehearsal.heard()[0] == (4, 72)


def test_when_the_second_order_is_late_the_answer_to_the_first_is_played():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(max_listen_bars=1))
    rehearsal.play((0.0, 60, 0.2))
    rehearsal.run_until(0.4)
    rehearsal.composer.finish_quarters(72)
    rehearsal.play((1.0, 64, 0.2))
    rehearsal.run_until(5)
    assert len(rehearsal.composer.orders) == 2
    assert rehearsal.heard()[0] == (4, 72)
    assert rehearsal.partner.tally.misses == 0


def test_an_answer_that_is_late_is_replaced_by_an_echo_in_time():
    rehearsal = Rehearsal(HandComposer())
    rehearsal.play(*TUNE)
    rehearsal.run_until(12)
    assert rehearsal.heard() == [(8, 60), (9, 62), (10, 64), (11, 65)]
    assert rehearsal.partner.tally == (1, 1, 1)


def test_an_answer_that_is_late_is_replaced_by_the_last_one_with_its_bars_moved_round():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(response_bars=2))
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.composer.finish_quarters(72)  # 72 to 79
    rehearsal.run_until(16)
    rehearsal.play((16.0, 60, 0.5))
    rehearsal.run_until(32)
    assert rehearsal.heard()[8:] == [(24 + k, 72 + (4 + k) % 8) for k in range(8)]
    assert rehearsal.partner.tally.misses == 1


def test_an_answer_with_an_error_is_replaced_and_the_error_is_told():
    rehearsal = Rehearsal(HandComposer())
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.composer.futures[0].set_exception(LiveError("no such bundle: take another"))
    rehearsal.run_until(9)
    assert rehearsal.heard()[0] == (8, 60)
    assert rehearsal.partner.prefetch.failures == 1
    assert rehearsal.partner.prefetch.last_error == "no such bundle: take another"


def test_an_answer_without_notes_is_replaced_and_is_no_miss():
    rehearsal = Rehearsal(HandComposer())
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.composer.futures[0].set_result(Phrase(4.0))
    rehearsal.run_until(9)
    assert rehearsal.heard()[0] == (8, 60)
    assert rehearsal.partner.tally == (1, 1, 0)


def test_what_is_played_during_the_answer_is_no_call():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play(*TUNE)
    rehearsal.play((9.0, 60, 0.5), (10.0, 60, 0.5))
    rehearsal.run_until(30)
    assert len(rehearsal.composer.orders) == 1


def test_with_overlap_what_is_played_during_the_answer_is_the_next_call():
    rehearsal = Rehearsal(QuarterNotes(), PartnerSettings(allows_overlap=True, response_bars=3))
    rehearsal.play(*TUNE)
    rehearsal.play((9.0, 50, 0.5))
    rehearsal.run_until(17)
    assert [o.past.notes["pitch"].tolist() for o in rehearsal.composer.orders][-1] == [50]
    assert [onset for onset, _ in rehearsal.heard()][:9] == list(range(8, 17))


def test_temperature_constraints_and_chords_are_in_the_order():
    settings = PartnerSettings(
        temperature=0.5, constraints=Constraints(min_pitch=60), chords=("C", "G", "Am")
    )
    rehearsal = Rehearsal(QuarterNotes(), settings, responders=(IMPROVISER, DRUMS))
    rehearsal.play(*TUNE, (5.0, 60, 0.5))
    rehearsal.run_until(13)
    order = rehearsal.composer.orders[-1]
    assert (order.controls.temperature, order.controls.constraints.min_pitch) == (0.5, 60)
    assert order.chords == ("C", "G")  # bars 4 and 5, counted from the first
    rehearsal.partner.select(3)
    rehearsal.run_until(20)
    rehearsal.play((20.0, 36, 0.5))
    rehearsal.run_until(29)
    order = rehearsal.composer.orders[-1]
    assert (order.bundle, order.chords) == ("drums", ())
    assert order.controls.constraints == Constraints()


def test_a_change_of_tempo_in_the_call_keeps_the_bar_line():
    rehearsal = Rehearsal(QuarterNotes(72))
    rehearsal.play(*TUNE)
    rehearsal.transport.set_tempo(90.0, rehearsal.stage.clock.now_s())
    rehearsal.run_until(7.9)
    bar_s = rehearsal.transport.line.time_at_s(8.0)
    rehearsal.run_until(9.5)
    first_s = next(t for t, m in rehearsal.stage.port.sent if m.type == "note_on")
    assert first_s == pytest.approx(bar_s, abs=1e-9)
    assert rehearsal.composer.orders[-1].qpm == 90.0


@pytest.mark.parametrize("stops", [True, False])
def test_a_stop_or_a_jump_drops_call_and_answer(stops):
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play(*TUNE)
    rehearsal.run_until(9.5)
    now_s = rehearsal.stage.clock.now_s()
    if stops:
        rehearsal.transport.stop(now_s)
        rehearsal.stage.player.play_due()
        rehearsal.transport.resume(now_s)
    else:
        rehearsal.transport.locate(0.0, now_s)
    rehearsal.stage.player.play_due()
    assert rehearsal.stage.output.sounding == frozenset()
    assert rehearsal.partner.state is State.IDLE
    rehearsal.run_until(rehearsal.position + 10)
    assert len(rehearsal.composer.orders) == 1


def test_a_reset_drops_the_call():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play(*TUNE)
    rehearsal.partner.reset()
    rehearsal.run_until(20)
    assert rehearsal.heard() == []


def test_the_state_is_told_when_it_changes():
    rehearsal = Rehearsal(QuarterNotes(), state_control=20)
    rehearsal.play(*TUNE)
    rehearsal.run_until(13)
    told = rehearsal.states()
    assert [state for _, state in told] == [1, 2, 0]
    assert [onset for onset, _ in told[1:]] == [8, 12]


def test_the_same_seed_gives_the_same_orders():
    seeds = []
    for _ in range(2):
        rehearsal = Rehearsal(QuarterNotes(), seed=7)
        for start in (0.0, 12.0):
            rehearsal.play((start, 60, 0.5))
            rehearsal.run_until(start + 12)
        seeds.append([order.seed for order in rehearsal.composer.orders])
    assert seeds == [[7, 8], [7, 8]]


def test_nobody_answers_without_a_bundle():
    with pytest.raises(LiveError, match="nobody answers: name a bundle, such as attention_rnn"):
        Rehearsal(QuarterNotes(), responders=())


def test_a_long_call_is_remembered_by_its_latest_bars():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play(*((4.0 * k, 60 + k % 12, 0.5) for k in range(40)))
    rehearsal.run_until(166)
    order = rehearsal.composer.orders[-1]
    assert order.past.length_quarters == 128
    assert len(order.past) == 32
    assert order.length_quarters == 160


def test_a_change_of_meter_moves_the_bar_lines():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.play(*TUNE)
    rehearsal.run_until(4.5)
    rehearsal.transport.set_meter(Meter(3, 4))
    rehearsal.run_until(20)
    assert rehearsal.heard()[0][0] == 9  # bars of three from 0: 6 to 9 is silent


MESSAGES = st.lists(
    st.tuples(
        st.floats(0.0, 1.0),
        st.sampled_from(["on", "off", "pedal", "tempo", "jump", "stop", "reset", "mutate", "end"]),
        st.integers(60, 64),
    ),
    max_size=40,
)


@given(MESSAGES, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_note_is_left_sounding_whatever_is_played(stream, loops, mutates, overlaps):
    settings = PartnerSettings(
        is_looping=loops, is_mutating=mutates, allows_overlap=overlaps, max_listen_bars=2
    )
    rehearsal = Rehearsal(QuarterNotes(61), settings)
    stage, transport = rehearsal.stage, rehearsal.transport
    for wait, kind, pitch in stream:
        stage.run_until(stage.clock.now_s() + wait)
        now_s = stage.clock.now_s()
        if kind in ("on", "off"):
            message = Message(f"note_{kind}", note=pitch)
            rehearsal.capture.receive(message, now_s)
            stage.player.send_now(message)
        elif kind == "pedal":
            rehearsal.capture.receive(Message("control_change", control=64, value=pitch), now_s)
        elif kind == "tempo":
            transport.set_tempo(pitch * 2, now_s)
        elif kind == "jump":
            transport.locate(pitch - 60, now_s)
        elif kind == "stop":
            transport.stop(now_s) if transport.line.is_running else transport.resume(now_s)
        else:
            request = {"reset": "reset", "mutate": "mutate", "end": "end_call"}[kind]
            getattr(rehearsal.partner, request)()
    stage.run_until(stage.clock.now_s() + 3)
    assert stage.player.faults == []
    stage.player.close()
    assert stage.port.hung() == set()
