"""A session on fake ports: everything that comes in goes where it belongs, and all notes end."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

import solferino as sf
from solferino.errors import LiveError, PortError
from solferino.live.controls import CONTROLS, Assignment
from solferino.live.midi_clock import MidiClock, MidiClockFollower
from solferino.live.partner import PartnerSettings
from solferino.live.session import Session
from solferino.live.session_plan import PartnerPlan, SessionPlan
from solferino.live.transport import Meter
from tests.live.composers import QuarterNotes
from tests.live.fakes import FakeClock, FakeOutPort

MELODY = (PartnerPlan(("attention_rnn", "lookback_rnn")),)


class FakeInPort:
    def __init__(self, name, receive):
        self.name = name
        self.receive = receive
        self.is_closed = False

    def close(self):
        self.is_closed = True


class FakePorts:
    """Opens fake ports, but none called ``broken``."""

    def __init__(self, clock):
        self.clock = clock
        self.ins, self.outs = [], []

    def open_input(self, name, receive, clock):
        if name == "broken":
            raise PortError("no MIDI input is named 'broken'")
        self.ins.append(FakeInPort(name or "virtual", receive))
        return self.ins[-1]

    def open_output(self, name):
        self.outs.append(ClosingOutPort(self.clock, name or "virtual"))
        return self.outs[-1]


class ClosingOutPort(FakeOutPort):
    is_closed = False

    def close(self):
        self.is_closed = True


class Band:
    """A session on a fake clock; the test moves the time."""

    def __init__(self, composer=None, **plan):
        plan.setdefault("partners", MELODY)
        plan.setdefault("has_metronome", False)
        self.clock = FakeClock()
        self.ports = FakePorts(self.clock)
        self.composer = composer or QuarterNotes()
        self.session = Session(SessionPlan(**plan), self.ports, self.composer, self.clock)
        if self.session.plan.starts:
            self.session.transport.start(self.clock.now_s())
            self.run_until(self.clock.now_s())

    @property
    def out(self):
        return self.ports.outs[0]

    def run_until(self, time_s):
        while (next_s := self.session.player.play_due()) <= time_s:
            self.clock.time_s = max(self.clock.time_s, next_s)
        self.clock.time_s = max(self.clock.time_s, time_s)

    def tell(self, message, port=0):
        self.ports.ins[port].receive(message, self.clock.now_s())

    def play(self, *pitches, channel=0, port=0, each_s=0.5):
        for pitch in pitches:
            self.tell(Message("note_on", channel=channel, note=pitch, velocity=80), port)
            self.run_until(self.clock.now_s() + each_s * 0.8)
            self.tell(Message("note_off", channel=channel, note=pitch), port)
            self.run_until(self.clock.now_s() + each_s * 0.2)

    def change(self, number, value):
        self.tell(Message("control_change", control=number, value=value))

    def heard(self, channel=0, out=0):
        return [
            (round(t, 6), m.note)
            for t, m in self.ports.outs[out].sent
            if m.type == "note_on" and m.velocity and m.channel == channel
        ]


def test_a_call_is_answered_on_the_bar_line():
    band = Band(passes_through=False)
    band.play(60, 62, 64, 65)
    band.run_until(105.9)
    assert band.heard() == [(104, 72), (104.5, 73), (105, 74), (105.5, 75)]


def test_what_is_played_is_sent_on_on_its_channel_or_another():
    band = Band()
    band.play(60, channel=3)
    assert [m.channel for _, m in band.out.sent] == [3, 3]
    band = Band(passthrough_channel=8)
    band.play(60, channel=3)
    assert [m.channel for _, m in band.out.sent] == [7, 7]


def test_clock_and_assigned_controls_are_not_sent_on_and_others_are():
    band = Band(controls=Assignment({"loop": 20}))
    band.tell(Message("clock"))
    band.change(20, 127)
    band.change(7, 100)
    band.tell(Message("pitchwheel", pitch=5))
    assert [m.type for _, m in band.out.sent] == ["control_change", "pitchwheel"]


def test_several_ports_are_heard_and_all_outputs_are_played_to():
    band = Band(input_ports=("a", "b"), output_ports=("c", "d"))
    band.play(60, port=0)
    band.play(64, port=1)
    assert [port.name for port in band.session.outputs] == ["c", "d"]
    assert band.heard(out=0) == band.heard(out=1) == [(100.0, 60), (100.5, 64)]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"partners": (PartnerPlan(("drum_kit",), frozenset({0})),)}, "no channel is 0: give 1 to"),
        ({"partners": (PartnerPlan(("drum_kit",), None, 17),)}, "no channel is 17: give 1 to 16"),
        ({"metronome_channel": 0}, "no channel is 0: give 1 to 16"),
        ({"passthrough_channel": 17}, "no channel is 17: give 1 to 16"),
        ({"playback_offset_s": math.nan}, "cannot begin nan s late: give -1.0 to 1.0"),
        ({"playback_offset_s": -2.0}, "cannot begin -2.0 s late: give -1.0 to 1.0"),
    ],
)
def test_channels_are_counted_from_1_to_16(plan, words):
    with pytest.raises(LiveError, match=words):
        SessionPlan(**{"partners": MELODY, **plan})


def test_two_partners_hear_their_channels_and_answer_on_theirs():
    partners = (
        PartnerPlan(("attention_rnn",), frozenset({1}), 5),
        PartnerPlan(("drum_kit",), frozenset({10})),
    )
    band = Band(partners=partners, passes_through=False)
    band.play(60, channel=0)
    band.play(36, channel=9)
    band.run_until(104.1)
    assert [(m.channel, m.note) for _, m in band.out.sent if m.type == "note_on"] == [
        (4, 72),
        (9, 72),
    ]
    pasts = {o.bundle: o.past.notes["pitch"].tolist() for o in band.composer.orders}
    assert pasts == {"attention_rnn": [60], "drum_kit": [36]}


def test_controls_change_the_settings_the_tempo_and_who_answers():
    numbers = {
        "tempo": 1, "temperature": 2, "loop": 3, "select": 4, "response_bars": 5,
        "min_listen_bars": 6, "max_listen_bars": 7, "metronome": 8,
    }  # fmt: skip
    band = Band(controls=Assignment(numbers), has_metronome=True)
    for number, value in ((1, 40), (2, 127), (3, 127), (4, 3), (5, 2), (6, 3), (7, 8), (8, 0)):
        band.change(number, value)
    (partner,) = band.session.partners
    assert band.session.transport.line.qpm == 100
    assert partner.settings == PartnerSettings(
        min_listen_bars=3, max_listen_bars=8, response_bars=2, temperature=2.0, is_looping=True
    )
    assert partner.responder.bundle == "lookback_rnn"
    assert not band.session.metronome.is_on


def test_the_end_of_the_call_and_a_mutation_can_be_pressed():
    band = Band(controls=Assignment({"end_call": 1, "mutate": 2}), passes_through=False)
    band.play(60)
    band.change(1, 127)
    band.run_until(103.9)
    assert [t for t, _ in band.heard()] == [102, 102.5, 103, 103.5]
    band.run_until(104.1)
    band.change(2, 127)
    band.run_until(107.9)
    assert [t for t, _ in band.heard()][4:] == [106, 106.5, 107, 107.5]


def test_panic_silences_every_channel_and_drops_the_answer():
    band = Band(controls=Assignment({"panic": 1}), passes_through=False)
    band.play(60)
    band.run_until(104.2)
    band.change(1, 127)
    assert band.out.hung() == set()
    assert {m.channel for _, m in band.out.sent if m.is_cc(123)} == set(range(16))
    band.run_until(108)
    assert band.heard() == [(104, 72)]


def test_bar_lines_of_another_clock_start_the_music():
    band = Band(controls=Assignment({"clock": 1}), starts=False)
    for time_s in (100.0, 102.4):
        band.clock.time_s = time_s
        band.change(1, 127)
        band.change(1, 0)
    assert band.session.transport.line.qpm == pytest.approx(100)
    assert band.session.status()[:3] == (1, 1, True)


def test_midi_clock_leads_the_music_from_one_port_only():
    band = Band(starts=False, input_ports=("a", "b"))
    follower = MidiClockFollower(band.session.transport)
    band.session.player.add(follower)
    band.session.follow(follower.receive)
    band.tell(Message("start"))
    for _ in range(4 * 24 + 1):
        band.tell(Message("clock"))
        band.tell(Message("clock"), port=1)
        band.clock.advance(60 / 100 / 24)
        band.session.player.play_due()
    assert band.session.transport.line.qpm == pytest.approx(100, rel=1e-3)
    assert band.session.status().bar == 2


def test_midi_clock_is_sent_with_the_music():
    band = Band()
    band.session.player.add(MidiClock(band.session.player))
    band.run_until(100.5)
    band.session.transport.start(100.5)
    band.run_until(101.0)
    kinds = [m.type for t, m in band.out.sent if t >= 100.5]
    assert "start" in kinds
    assert kinds[kinds.index("start") :].count("clock") == 25


def test_answers_can_be_played_earlier_for_a_slow_instrument():
    band = Band(playback_offset_s=-0.05, passes_through=False)
    band.play(60)
    band.run_until(104.5)
    assert band.heard()[0][0] == pytest.approx(103.95)


def test_calls_and_answers_are_written_one_track_each(tmp_path):
    path = tmp_path / "session.mid"
    band = Band(
        path=path, controls=Assignment({"save": 1}), meter=Meter(3, 4), passes_through=False
    )
    band.play(60, 62, 64)
    band.run_until(103.2)
    band.change(1, 127)
    assert not path.exists()  # not on the thread of the port
    band.session.save_if_asked()
    written = sf.load(path)
    assert [i.name for i in written.instruments] == ["call", "answer"]
    rows = [(round(n["onset_s"], 3), int(n["pitch"]), int(n["instrument"])) for n in written.notes]
    assert rows == [(0, 60, 0), (0.5, 62, 0), (1.0, 64, 0), (3.0, 72, 1)]
    assert written.meters["numerator"].tolist() == [3]
    path.unlink()
    band.session.save_if_asked()
    assert not path.exists()


def test_what_cannot_be_saved_is_told_and_the_music_goes_on(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "session.mid"
    band = Band(path=path, controls=Assignment({"save": 1}))
    band.change(1, 127)
    band.session.save_if_asked()
    assert "file" in band.session.status().trouble
    band.play(60)
    assert band.heard() == [(100.0, 60)]


def test_each_partner_has_its_tracks_and_drums_are_drums():
    partners = (
        PartnerPlan(("attention_rnn",), frozenset({2})),
        PartnerPlan(("drum_kit",), frozenset({9})),
    )
    band = Band(partners=partners)
    band.play(60, channel=2)
    band.play(36, channel=9)
    band.run_until(104.1)
    instruments = band.session.to_notes().instruments
    assert [i.name for i in instruments] == ["call_1", "answer_1", "call_2", "answer_2"]
    assert [i.is_drum for i in instruments] == [False, False, True, True]


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    band = Band()
    band.play(60)
    band.session.write()
    assert list(tmp_path.iterdir()) == []


def test_the_status_tells_where_the_music_is_and_who_does_what():
    band = Band(passes_through=False)
    band.play(60)
    band.run_until(103.7)
    status = band.session.status()
    assert (status.bar, status.beat, status.qpm, status.notes_in) == (2, 4, 120, 1)
    assert [(name, state.name) for name, state in status.states] == [("attention_rnn", "LISTENING")]
    band.run_until(104.1)
    status = band.session.status()
    assert (status.answers, status.misses, status.trouble) == (1, 0, "")
    assert status.lateness.events > 0


def test_a_source_that_fails_is_told():
    band = Band()
    band.session.player.faults.append(ValueError("a fault"))
    assert band.session.status().trouble == "a fault"


def test_a_port_that_is_lost_leaves_no_note_sounding_and_no_key_held():
    band = Band()
    band.tell(Message("note_on", note=60, velocity=80))
    band.run_until(100.5)
    band.session.lost(band.ports.ins[0])
    assert band.out.hung() == set()
    assert band.session.status().trouble == "virtual is gone; waiting for it"
    band.run_until(104.1)  # the held key ended, so the second bar was silent
    assert band.heard()[-1] == (104, 72)
    band.session.found(band.ports.outs[0])
    assert band.session.status().trouble == ""
    assert any(m.is_cc(123) for _, m in band.out.sent)
    band.session.found(band.ports.ins[0])


def test_at_the_end_all_notes_end_and_all_ports_are_closed():
    band = Band()
    with band.session:
        band.tell(Message("note_on", channel=11, note=60, velocity=80))
        band.tell(Message("control_change", channel=11, control=64, value=127))
    assert band.out.hung() == set()
    assert band.out.sent[-1][1].is_cc(64) or band.out.sent[-2][1].is_cc(64)
    assert band.ports.ins[0].is_closed
    assert band.out.is_closed
    sent = len(band.out.sent)
    band.tell(Message("note_on", note=60, velocity=80))
    assert len(band.out.sent) == sent


def test_when_a_port_cannot_be_opened_the_others_are_closed():
    clock = FakeClock()
    ports = FakePorts(clock)
    plan = SessionPlan(partners=MELODY, input_ports=("good", "broken"))
    with pytest.raises(PortError, match="'broken'"):
        Session(plan, ports, QuarterNotes(), clock)
    assert ports.ins[0].is_closed
    assert ports.outs[0].is_closed


def test_a_port_that_cannot_be_closed_leaves_no_note_sounding():
    def gone():
        raise OSError("gone")

    band = Band()
    band.tell(Message("note_on", note=60, velocity=80))
    band.ports.ins[0].close = gone
    with pytest.raises(OSError, match="gone"):
        band.session.close()
    assert band.out.hung() == set()
    assert band.out.is_closed


def test_a_session_needs_a_partner():
    with pytest.raises(LiveError, match="nobody answers: name a bundle, such as attention_rnn"):
        SessionPlan(partners=())


def test_a_tempo_beyond_what_can_be_is_brought_back():
    band = Band()
    band.session.set_tempo(1e6)
    assert band.session.transport.line.qpm == 1000


MESSAGES = st.one_of(
    st.builds(
        Message,
        st.sampled_from(["note_on", "note_off"]),
        channel=st.sampled_from([0, 3, 9]),
        note=st.integers(60, 63),
        velocity=st.integers(0, 127),
    ),
    st.builds(
        Message,
        st.just("control_change"),
        channel=st.integers(0, 15),
        control=st.integers(1, 20) | st.just(64) | st.just(123),
        value=st.integers(0, 127),
    ),
)
ALL_CONTROLS = Assignment({name: 1 + k for k, name in enumerate(CONTROLS)})


@given(st.lists(st.tuples(st.floats(0, 1), MESSAGES, st.booleans()), max_size=50), st.booleans())
@settings(max_examples=25, deadline=None)
def test_no_note_is_left_sounding_whatever_comes_in(stream, overlaps):
    band = Band(
        controls=ALL_CONTROLS,
        settings=PartnerSettings(allows_overlap=overlaps, max_listen_bars=1),
        has_metronome=True,
        input_ports=("a", "b"),
    )
    for wait, message, is_second in stream:
        band.run_until(band.clock.now_s() + wait)
        band.tell(message, int(is_second))
    band.run_until(band.clock.now_s() + 2)
    assert band.session.player.faults == []
    band.session.close()
    assert band.out.hung() == set()
