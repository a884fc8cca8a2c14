"""Tests of the player: everything is played once, at its time, and nothing sounds on."""

import itertools
import math
import threading
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

from solferino.errors import PortError
from solferino.live.clock import MonotonicClock
from solferino.live.output import Output
from solferino.live.player import LOOKAHEAD_S, Player
from solferino.live.source import Event
from solferino.live.transport import Line, Transport
from tests.live.fakes import FakeClock, FakeOutPort, ListSource, Stage, note


class BrokenSource:
    """Plays one note, then fails."""

    def between(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:
        yield note(start_quarters, 40, 100.0)
        raise RuntimeError("no more ideas")

    def interrupted(self) -> None:
        raise RuntimeError("not now")


def _playing(events: Iterable[Event], qpm: float = 60.0) -> tuple[Stage, ListSource]:
    """Return a stage at 100 s on which the events play from there on, and their source."""
    stage, source = Stage(qpm), ListSource(events)
    stage.player.add(source)
    stage.transport.start(100.0)
    return stage, source


def test_a_note_begins_and_ends_at_its_time() -> None:
    stage, _ = _playing([note(1.0, 60, 0.5), note(2.0, 64, 1.0)])
    stage.run_until(104.0)
    assert stage.port.told() == ["101 on 0 60", "101.5 off 0 60", "102 on 0 64", "103 off 0 64"]
    assert stage.player.lateness.report() == (2, 0, 0.0, 0.0, 0.0)


def test_a_note_at_the_very_start_is_played() -> None:
    stage, _ = _playing([note(0.0)])
    stage.run_until(100.0)
    assert stage.port.told() == ["100 on 0 60"]


def test_of_one_moment_ends_come_before_beginnings_and_events_in_the_order_they_were_given() -> (
    None
):
    program = Event(1.0, Message("program_change", program=5))
    stage, _ = _playing([note(0.0, 60, 1.0), program, note(1.0, 62), note(1.0, 60)])
    stage.run_until(101.0)
    assert [message.type for _, message in stage.port.sent] == [
        "note_on",
        "note_off",
        "program_change",
        "note_on",
        "note_on",
    ]


def test_sources_are_asked_ahead_of_time_in_stretches_without_gaps() -> None:
    stage, source = _playing([])
    stage.run_until(101.0)
    assert source.windows[0][0] == 0.0
    assert all(one[1] == next_[0] for one, next_ in itertools.pairwise(source.windows))
    assert source.windows[-1][1] >= 1.0 + LOOKAHEAD_S / 2


def test_a_player_that_comes_late_begins_where_the_music_is() -> None:
    clock, transport = FakeClock(130.0), Transport(60)
    transport.start(100.0)
    player = Player(clock, transport, {"main": Output(FakeOutPort(clock))})
    source = ListSource([])
    player.add(source)
    player.play_due()
    assert source.windows[0][0] == 30.0


def test_while_the_music_stands_nobody_is_asked() -> None:
    stage = Stage()
    source = ListSource([note(0.0)])
    stage.player.add(source)
    assert stage.player.play_due() == math.inf
    assert source.windows == []


def test_a_stop_ends_what_sounds_and_the_rest_is_played_when_it_goes_on() -> None:
    stage, source = _playing([note(0.0, 60, 8.0), note(1.01, 62), note(2.0, 64)])
    stage.run_until(101.0)
    stage.transport.stop(101.0)
    stage.run_until(110.0)
    assert stage.port.hung() == set()
    assert source.interruptions == 2
    stage.transport.resume(110.0)
    stage.run_until(110.5)
    assert stage.port.told() == ["100 on 0 60", "101 off 0 60", "110.01 on 0 62"]


def test_a_jump_plays_what_is_there_and_nothing_of_what_was_skipped() -> None:
    stage, source = _playing([note(0.5, 60), note(1.0, 61), note(5.25, 62)])
    stage.run_until(100.25)
    stage.transport.locate(5.0, 100.25)
    stage.run_until(101.0)
    assert stage.port.told() == ["100.5 on 0 62"]
    assert source.windows[-1][0] >= 5.0
    assert not any(1.0 < start < 5.0 for start, _ in source.windows)


def test_a_new_tempo_holds_at_once_also_for_ends_of_notes_that_sound() -> None:
    stage, _ = _playing([note(0.0, 60, 2.0), note(1.02, 62, 0.5)])
    stage.run_until(101.0)
    stage.transport.set_tempo(120, 101.0)
    stage.run_until(102.0)
    assert stage.port.told() == [
        "100 on 0 60",
        "101.01 on 0 62",
        "101.26 off 0 62",
        "101.5 off 0 60",
    ]


def test_following_another_clock_back_and_forth_repeats_nothing_and_leaves_nothing_out() -> None:
    stage, _ = _playing([note(beat / 8, 60 + beat, 0.1) for beat in range(32)])
    for tick in range(1, 160):
        now_s = 100 + tick / 40
        stage.run_until(now_s)
        at = stage.transport.line.quarters_at(now_s) + (0.002 if tick % 2 else -0.002)
        stage.transport.follow(Line(now_s, at, 60, is_running=True))
    stage.run_until(106.0)
    begun = [message.note for _, message in stage.port.sent if message.type == "note_on"]
    assert begun == [60 + beat for beat in range(32)]


def test_a_pitch_struck_again_sounds_its_full_length_on() -> None:
    stage, _ = _playing([note(0.0, 60, 1.0), note(0.5, 60, 1.0)])
    stage.run_until(103.0)
    assert stage.port.told() == ["100 on 0 60", "100.5 off 0 60", "100.5 on 0 60", "101.5 off 0 60"]


def test_notes_go_to_the_output_they_name() -> None:
    clock, transport = FakeClock(), Transport(60)
    ports = [FakeOutPort(clock), FakeOutPort(clock)]
    outputs = {name: Output(port) for name, port in zip("ab", ports, strict=True)}
    player = Player(clock, transport, outputs)
    player.add(ListSource([note(0.0, 60), note(0.0, 61, output="b")]))
    transport.start(100.0)
    player.play_due()
    assert [port.told() for port in ports] == [["100 on 0 60"], ["100 on 0 61"]]


def test_a_note_that_is_far_too_late_is_left_out_and_counted() -> None:
    stage, _ = _playing([note(0.5, 60), Event(0.6, Message("clock")), note(0.9, 62)])
    stage.player.play_due()
    stage.clock.time_s = 101.0
    stage.player.play_due()
    assert stage.port.told() == ["101 clock time=0", "101 on 0 62"]
    report = stage.player.lateness.report()
    assert (report.events, report.dropped) == (2, 1)
    assert report.max_ms == pytest.approx(400.0)


def test_a_source_that_fails_is_asked_no_more_and_the_others_play_on() -> None:
    stage, _ = _playing([note(1.0)])
    stage.player.add(BrokenSource())
    stage.player.add(ListSource([note(0.5, 62, output="nowhere")]))
    stage.run_until(102.5)
    assert "101 on 0 60" in stage.port.told()
    assert [type(error) for error in stage.player.faults] == [RuntimeError, KeyError]
    stage.transport.stop(102.5)
    stage.player.play_due()
    assert len(stage.player.faults) == 2
    assert stage.port.hung() == set()


def test_a_source_that_fails_when_the_music_jumps_is_asked_no_more() -> None:
    stage = Stage()
    stage.player.add(BrokenSource())
    stage.transport.start(100.0)
    stage.player.play_due()
    assert [str(error) for error in stage.player.faults] == ["not now"]
    assert stage.port.sent == []


def test_a_source_that_is_removed_plays_no_more_but_what_sounds_ends_in_time() -> None:
    stage, source = _playing([note(0.0, 60, 1.5), note(1.0, 62)])
    stage.run_until(100.5)
    stage.player.remove(source)
    stage.player.remove(source)
    stage.run_until(103.0)
    assert stage.port.told() == ["100 on 0 60", "101.5 off 0 60"]


def test_a_panic_silences_and_the_music_runs_on() -> None:
    stage, _ = _playing([note(0.0, 60, 9.0), note(1.0, 62)])
    stage.run_until(100.5)
    stage.player.panic()
    assert stage.port.hung() == set()
    stage.run_until(101.5)
    assert stage.port.told()[-1] == "101 on 0 62"


def test_what_is_sent_at_once_passes_the_queue() -> None:
    stage, _ = _playing([note(1.0)])
    stage.run_until(100.99)
    stage.player.send_now(Message("note_on", note=72, velocity=9))
    assert stage.port.told() == ["100.99 on 0 72"]


def test_a_key_held_when_the_player_closes_and_one_pressed_after_it_do_not_sound_on() -> None:
    stage, source = _playing([note(0.0, 60, 9.0)])
    stage.run_until(100.5)
    stage.player.send_now(Message("note_on", note=72, velocity=9))
    stage.player.close()
    assert stage.port.hung() == set()
    assert source.interruptions == 2
    stage.player.send_now(Message("note_on", note=73, velocity=9))
    assert stage.port.hung() == set()


def test_a_player_without_outputs_is_refused() -> None:
    with pytest.raises(PortError, match="a player needs an output: open one first"):
        Player(FakeClock(), Transport(), {})


def test_a_player_closes_at_once_also_while_the_music_stands() -> None:
    clock = MonotonicClock()
    closed = []
    for _ in range(100):
        player = Player(clock, Transport(), {"main": Output(FakeOutPort(FakeClock()))})
        player.start()
        closing = threading.Thread(target=player.close, daemon=True)
        closing.start()
        closing.join(timeout=5)
        closed.append(not closing.is_alive())
    assert all(closed)


def test_on_the_steady_clock_a_thread_plays_and_leaves_nothing_sounding() -> None:
    clock, transport = MonotonicClock(), Transport(600)
    port = FakeOutPort(FakeClock())
    output = Output(port)
    is_played = threading.Event()
    port.on_send = lambda message: message.note == 67 and is_played.set()
    with Player(clock, transport, {"main": output}) as player:
        player.add(ListSource([note(0.1, 60, 50.0), note(0.3, 67, 50.0)]))
        transport.start(clock.now_s())
        assert is_played.wait(timeout=5)
        assert output.sounding == {(0, 60), (0, 67)}
    assert output.sounding == frozenset()
    assert port.hung() == set()


@pytest.mark.parametrize("is_running", [True, False])
def test_a_panic_silences_at_once_whether_or_not_the_music_runs(is_running: bool) -> None:
    clock, transport = MonotonicClock(), Transport(60)
    port, is_silenced = FakeOutPort(FakeClock()), threading.Event()
    port.on_send = lambda message: message.is_cc(120) and is_silenced.set()
    output = Output(port)
    with Player(clock, transport, {"main": output}) as player:
        if is_running:
            transport.start(clock.now_s())
        player.send_now(Message("note_on", note=60))
        player.panic()
        assert is_silenced.wait(timeout=5)
        assert output.sounding == frozenset()
        assert transport.line.is_running == is_running


# What follows is played against a plain model of the same music.

notes = st.lists(
    st.builds(
        note,
        st.floats(0, 6),
        st.integers(60, 63),
        st.floats(0.01, 3),
        channel=st.sampled_from([0, 9, 15]),
        output=st.sampled_from(["a", "b"]),
    ),
    max_size=25,
)
pauses_s = st.floats(0.001, 0.8)
moves = st.one_of(
    st.tuples(st.just("tempo"), st.floats(30, 400)),
    st.tuples(st.just("locate"), st.floats(0, 6)),
    st.tuples(st.sampled_from(["start", "stop", "resume"]), st.just(0.0)),
)
scores = st.lists(st.tuples(pauses_s, moves), min_size=1, max_size=10)
Told = tuple[float, str, str, int, int]


def _move(transport: Transport, move: tuple[str, float], now_s: float) -> None:
    kind, value = move
    if kind == "tempo":
        transport.set_tempo(value, now_s)
    elif kind == "locate":
        transport.locate(value, now_s)
    else:
        getattr(transport, kind)(now_s)


class Model:
    """Knows no windows and no queue: between two moves it lists what must be heard, in order."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.transport = Transport(120)
        self.now_s = 100.0
        self.told: list[Told] = []
        self.played: set[int] = set()
        self.ends: dict[tuple[str, int, int], float] = {}

    def run_until(self, time_s: float) -> None:
        line = self.transport.line
        while line.is_running:
            from_quarters = self.transport.last_jump.quarters
            waiting = [
                (event.quarters, 1, index)
                for index, event in enumerate(self.events)
                if event.quarters >= from_quarters and index not in self.played
            ]
            waiting += [(end, 0, key) for key, end in self.ends.items()]  # type: ignore[misc]
            quarters, is_event, what = min(
                waiting, default=(math.inf, 0, None), key=lambda w: w[:2]
            )
            if max(self.now_s, line.time_at_s(quarters)) > time_s:
                break
            self.now_s = max(self.now_s, line.time_at_s(quarters))
            self.begin(what) if is_event else self.end(what)  # type: ignore[arg-type]
        self.now_s = time_s

    def begin(self, index: int) -> None:
        event = self.events[index]
        key = (event.output, event.message.channel, event.message.note)
        if key in self.ends:
            self.end(key)
        self.played.add(index)
        self.ends[key] = event.quarters + event.duration_quarters
        self.told.append((self.now_s, "note_on", *key))

    def end(self, key: tuple[str, int, int]) -> None:
        del self.ends[key]
        self.told.append((self.now_s, "note_off", *key))

    def move(self, move: tuple[str, float]) -> None:
        jump = self.transport.last_jump
        _move(self.transport, move, self.now_s)
        if self.transport.last_jump != jump:
            for key in tuple(self.ends):
                self.end(key)
            self.played.clear()


class Theatre:
    """A player on a fake clock with two ports."""

    def __init__(self) -> None:
        self.stage = Stage(120)
        clock = self.stage.clock
        self.ports = {name: FakeOutPort(clock) for name in "ab"}
        outputs = {name: Output(port) for name, port in self.ports.items()}
        self.player = self.stage.player = Player(clock, self.stage.transport, outputs)

    def told(self) -> list[Told]:
        return [
            (time_s, message.type, name, message.channel, message.note)
            for name, port in self.ports.items()
            for time_s, message in port.sent
        ]


def _by_key(told: list[Told]) -> dict[tuple[str, int, int], list[tuple[float, str]]]:
    keys: dict[tuple[str, int, int], list[tuple[float, str]]] = {}
    for time_s, kind, *key in told:
        keys.setdefault(tuple(key), []).append((time_s, kind))  # type: ignore[arg-type]
    return keys


@settings(max_examples=80, deadline=None)
@given(notes, scores)
def test_whatever_happens_every_note_is_played_once_at_its_time_and_ended_at_its_time(
    events: list[Event], score: list[tuple[float, tuple[str, float]]]
) -> None:
    theatre, model = Theatre(), Model(events)
    theatre.player.add(ListSource(events))
    for place in (theatre.stage.transport, model.transport):
        place.start(100.0)
    for pause_s, move in score:
        time_s = theatre.stage.clock.time_s + pause_s
        theatre.stage.run_until(time_s)
        model.run_until(time_s)
        _move(theatre.stage.transport, move, time_s)
        model.move(move)
    time_s = theatre.stage.clock.time_s + 1.0
    theatre.stage.run_until(time_s)
    model.run_until(time_s)
    heard, expected = _by_key(theatre.told()), _by_key(model.told)
    assert heard.keys() == expected.keys()
    for key, told in heard.items():
        assert [kind for _, kind in told] == [kind for _, kind in expected[key]]
        times_s = [time_s for time_s, _ in expected[key]]
        assert [time_s for time_s, _ in told] == pytest.approx(times_s, abs=1e-9)
    assert theatre.player.lateness.report().max_ms < 1e-6
    theatre.player.close()
    assert not any(port.hung() for port in theatre.ports.values())


class Wayward:
    """A source that fails at some time, or removes itself."""

    def __init__(self, events: list[Event], until_quarters: float) -> None:
        self._all = ListSource(events)
        self._until_quarters = until_quarters

    def between(self, start_quarters: float, end_quarters: float) -> Iterable[Event]:
        yield from self._all.between(start_quarters, end_quarters)
        if end_quarters > self._until_quarters:
            raise RuntimeError("enough")

    def interrupted(self) -> None:
        if self._until_quarters < 1:
            raise RuntimeError("enough")


turmoil = st.one_of(
    moves,
    st.tuples(st.just("panic"), st.just(0.0)),
    st.tuples(st.sampled_from(["add", "wayward", "remove"]), st.floats(0, 6)),
    st.tuples(st.sampled_from(["press", "lift", "pedal"]), st.floats(0, 3)),
    st.tuples(st.just("sleep"), st.floats(0, 1)),
)


def _trouble(theatre: Theatre, move: tuple[str, float], events: list[Event]) -> None:
    kind, value = move
    player = theatre.player
    pitch = 60 + int(value)
    if kind == "panic":
        player.panic()
    elif kind == "sleep":
        theatre.stage.clock.advance(value)
    elif kind in ("add", "wayward"):
        player.add(ListSource(events) if kind == "add" else Wayward(events, value))
    elif kind == "remove":
        for source in tuple(player._sources)[:1]:
            player.remove(source)
    elif kind in ("press", "lift"):
        name = "note_on" if kind == "press" else "note_off"
        player.send_now(Message(name, channel=9, note=pitch, velocity=int(value) * 30), "b")
    elif kind == "pedal":
        player.send_now(Message("control_change", channel=9, control=64, value=int(value) * 40))
    else:
        _move(theatre.stage.transport, move, theatre.stage.clock.time_s)


@settings(max_examples=80, deadline=None)
@given(notes, st.lists(st.tuples(pauses_s, turmoil), min_size=1, max_size=14), st.booleans())
def test_whatever_happens_nothing_sounds_once_the_music_stopped_or_the_player_closed(
    events: list[Event], score: list[tuple[float, tuple[str, float]]], is_closed: bool
) -> None:
    theatre = Theatre()
    theatre.player.add(ListSource(events))
    theatre.stage.transport.start(100.0)
    for pause_s, move in score:
        theatre.stage.run_until(theatre.stage.clock.time_s + pause_s)
        _trouble(theatre, move, events)
    if is_closed:
        theatre.player.close()
    else:
        theatre.stage.transport.stop(theatre.stage.clock.time_s)
        theatre.player.play_due()
    for port in theatre.ports.values():
        assert port.hung() == set()
    assert all(output.sounding == frozenset() for output in theatre.player.outputs.values())


@settings(max_examples=40, deadline=None)
@given(notes, scores)
def test_a_pitch_is_never_begun_while_it_sounds(
    events: list[Event], score: list[tuple[float, tuple[str, float]]]
) -> None:
    theatre = Theatre()
    theatre.player.add(ListSource(events))
    theatre.stage.transport.start(100.0)
    for pause_s, move in score:
        theatre.stage.run_until(theatre.stage.clock.time_s + pause_s)
        _move(theatre.stage.transport, move, theatre.stage.clock.time_s)
    for told in _by_key(theatre.told()).values():
        kinds = [kind for _, kind in told]
        assert kinds[::2] == ["note_on"] * len(kinds[::2])
        assert kinds[1::2] == ["note_off"] * len(kinds[1::2])
