"""Tests of the transport: where the music is, how fast it goes, and whether it runs."""

import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import LiveError
from solferino.live.transport import Change, Line, Meter, Transport

qpms = st.floats(1, 1000)


@given(qpms, st.floats(0, 1000), st.floats(0, 1000))
def test_a_line_finds_the_moment_of_a_position_and_the_position_of_a_moment(
    qpm: float, start_s: float, quarters: float
) -> None:
    line = Line(start_s, 2.0, qpm, is_running=True)
    assert line.quarters_at(line.time_at_s(quarters)) == pytest.approx(quarters, abs=1e-7)


def test_music_that_stands_reaches_no_position_and_stays_where_it_is() -> None:
    line = Line(5.0, 3.0)
    assert line.time_at_s(4.0) == math.inf
    assert line.quarters_at(99.0) == 3.0


def test_music_starts_at_its_beginning_and_goes_two_quarters_a_second_at_120() -> None:
    transport = Transport(120)
    transport.locate(9.0, 1.0)
    transport.start(10.0)
    assert transport.line.quarters_at(11.5) == 3.0


def test_music_that_stopped_goes_on_from_where_it_stood() -> None:
    transport = Transport(120)
    transport.start(10.0)
    transport.stop(11.0)
    assert transport.line.quarters_at(50.0) == 2.0
    transport.resume(60.0)
    assert transport.line.quarters_at(60.5) == 3.0


def test_resuming_music_that_runs_does_nothing() -> None:
    transport = Transport(120)
    changes: list[Change] = []
    transport.start(10.0)
    transport.subscribe(lambda change, line: changes.append(change))
    before = transport.moment
    transport.resume(11.0)
    assert transport.moment == before
    assert changes == []


def test_a_stop_that_is_told_late_never_stands_before_the_beginning() -> None:
    transport = Transport(120)
    transport.start(10.0)
    transport.stop(9.9)
    assert transport.line.anchor_quarters == 0.0


@pytest.mark.parametrize("is_running", [True, False])
def test_a_jump_leaves_running_music_running_and_standing_music_standing(is_running: bool) -> None:
    transport = Transport(60)
    if is_running:
        transport.start(0.0)
    transport.locate(7.5, 1.0)
    assert transport.line == Line(1.0, 7.5, 60, is_running)


@pytest.mark.parametrize("quarters", [-0.25, math.inf, math.nan])
def test_nothing_is_before_the_start_or_nowhere(quarters: float) -> None:
    with pytest.raises(LiveError, match="quarter notes: give 0 or more"):
        Transport().locate(quarters, 0.0)


@given(qpms, qpms, st.floats(0, 100))
def test_a_change_of_tempo_moves_nothing(before: float, after: float, seconds: float) -> None:
    transport = Transport(before)
    transport.start(0.0)
    at = transport.line.quarters_at(seconds)
    jump = transport.last_jump
    transport.set_tempo(after, seconds)
    assert transport.line.quarters_at(seconds) == at
    assert transport.line.qpm == after
    assert transport.last_jump == jump


@pytest.mark.parametrize("qpm", [0.0, 0.99, 1000.5, -120.0, math.nan, math.inf])
def test_tempi_nobody_can_play_are_refused(qpm: float) -> None:
    with pytest.raises(LiveError, match="quarter notes a minute: give 1 to 1000"):
        Transport().set_tempo(qpm, 0.0)
    with pytest.raises(LiveError, match="give 1 to 1000"):
        Transport(qpm)


def test_following_another_clock_is_no_jump() -> None:
    transport = Transport(120)
    transport.start(0.0)
    jump = transport.last_jump
    transport.follow(Line(1.0, 2.001, 121, is_running=True))
    assert transport.last_jump == jump
    assert transport.line == Line(1.0, 2.001, 121, is_running=True)


def test_following_another_clock_never_starts_music_that_was_stopped() -> None:
    transport = Transport(120)
    transport.start(0.0)
    transport.stop(1.0)
    transport.follow(Line(1.0, 2.5, 90, is_running=True))
    assert transport.line == Line(1.0, 2.0, 90, is_running=False)


def test_listeners_hear_every_change_and_the_line_that_it_made() -> None:
    transport = Transport(60)
    heard: list[tuple[Change, float]] = []
    transport.subscribe(lambda change, line: heard.append((change, line.quarters_at(4.0))))
    transport.start(0.0)
    transport.set_tempo(120, 1.0)
    transport.stop(2.0)
    transport.locate(8.0, 2.0)
    transport.resume(3.0)
    transport.set_meter(Meter(3, 4))
    assert heard == [
        (Change.START, 4.0),
        (Change.TEMPO, 7.0),
        (Change.STOP, 3.0),
        (Change.LOCATE, 8.0),
        (Change.RESUME, 10.0),
        (Change.METER, 10.0),
    ]


def test_a_listener_may_wait_for_another_thread_that_asks_the_transport() -> None:
    transport = Transport()
    answers: list[bool] = []

    def listen(change: Change, line: Line) -> None:
        asking = threading.Thread(
            target=lambda: transport.set_meter(Meter(3, 4)) if not answers else None,
            daemon=True,
        )
        answers.append(True)
        asking.start()
        asking.join(timeout=2)
        answers.append(not asking.is_alive())

    transport.subscribe(listen)
    transport.start(0.0)
    assert all(answers)


def test_line_and_jump_of_one_moment_belong_together_whichever_threads_jump() -> None:
    transport = Transport()
    torn: list[object] = []
    is_done = threading.Event()

    def jump(first: int) -> None:
        for number in range(first, first + 300):
            transport.locate(float(number), 0.0)

    def watch() -> None:
        while not is_done.is_set():
            line, last_jump = transport.moment
            if line.anchor_quarters != last_jump.quarters:
                torn.append((line, last_jump))

    watcher = threading.Thread(target=watch)
    jumpers = [threading.Thread(target=jump, args=(first,)) for first in (0, 1000, 2000)]
    for thread in (watcher, *jumpers):
        thread.start()
    for thread in jumpers:
        thread.join()
    is_done.set()
    watcher.join()
    assert torn == []
    assert transport.last_jump.number == 900


@pytest.mark.parametrize(
    ("numerator", "denominator", "bar_quarters", "beat_quarters"),
    [(4, 4, 4.0, 1.0), (7, 8, 3.5, 0.5), (3, 2, 6.0, 2.0), (5, 16, 1.25, 0.25)],
)
def test_bars_and_beats_have_the_length_that_the_meter_says(
    numerator: int, denominator: int, bar_quarters: float, beat_quarters: float
) -> None:
    meter = Meter(numerator, denominator)
    assert (meter.bar_quarters, meter.beat_quarters) == (bar_quarters, beat_quarters)


@settings(max_examples=30)
@given(st.integers(-2, 70), st.integers(-2, 130))
def test_only_bars_of_beats_that_are_powers_of_two_are_meters(
    numerator: int, denominator: int
) -> None:
    if 1 <= numerator <= 64 and denominator in (1, 2, 4, 8, 16, 32, 64):
        assert Meter(numerator, denominator).bar_quarters == 4 * numerator / denominator
    else:
        with pytest.raises(LiveError, match=f"no meter is {numerator}/{denominator}: give 1 to 64"):
            Meter(numerator, denominator)
