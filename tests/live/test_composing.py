"""Tests of composing: orders are written while the music plays."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from solferino.errors import BundleError
from solferino.live.composing import InlineComposer, Order, ProcessComposer, compose
from solferino.live.phrases import Phrase
from solferino.live.transport import Meter

PAST = Phrase.from_columns(
    4.0, pitch=[60, 64, 67, 72], onset_quarters=[0, 1, 2, 3], duration_quarters=1.0
)
ORDER = Order("attention_rnn", PAST, 8.0, qpm=100.0, seed=1)


@pytest.fixture(scope="module")
def composer() -> Iterator[ProcessComposer]:
    composer = ProcessComposer(("attention_rnn", "no_such_bundle"))
    yield composer
    composer.close()


def _rows(phrase: Phrase) -> list[tuple[float, float, int, int]]:
    return phrase.notes.tolist()


def _workers(composer: ProcessComposer) -> list[int]:
    return list(composer._pool._processes)


def test_what_is_written_is_as_long_as_ordered_and_begins_where_the_past_ends() -> None:
    phrase = compose(ORDER)
    assert phrase.length_quarters == pytest.approx(8.0)
    assert len(phrase) > 0
    steps = phrase.notes["onset_quarters"] * 4
    assert steps.tolist() == pytest.approx(steps.round().tolist())


def test_the_same_order_is_answered_with_the_same_music_and_another_seed_with_other() -> None:
    assert _rows(compose(ORDER)) == _rows(compose(ORDER))
    assert _rows(compose(ORDER)) != _rows(compose(replace(ORDER, seed=2)))


def test_drums_are_written_without_any_past_in_any_meter() -> None:
    order = Order("drum_kit", Phrase(0.0), 7.0, meter=Meter(7, 8), seed=3)
    phrase = compose(order)
    assert phrase.is_drum
    assert phrase.length_quarters == pytest.approx(7.0)


def test_chords_of_an_order_stand_one_a_bar_from_where_the_new_music_begins() -> None:
    one = compose(Order("chord_pitches_improv", PAST, 8.0, chords=("C", "F#"), seed=1))
    other = compose(Order("chord_pitches_improv", PAST, 8.0, chords=("C", "C"), seed=1))
    bars = [[row for row in _rows(phrase) if row[0] < 3.5] for phrase in (one, other)]
    assert bars[0] == bars[1]
    assert _rows(one) != _rows(other)


def test_an_inline_composer_has_written_before_it_returns() -> None:
    composer = InlineComposer()
    future = composer.submit(ORDER)
    assert future.done()
    assert _rows(future.result()) == _rows(compose(ORDER))
    composer.close()


def test_the_error_of_an_order_is_in_what_is_returned(composer: ProcessComposer) -> None:
    order = Order("no_such_bundle", PAST, 4.0)
    for future in (InlineComposer().submit(order), composer.submit(order)):
        with pytest.raises(BundleError, match="no_such_bundle"):
            future.result(timeout=10)


def test_a_process_writes_the_same_music_as_this_one(composer: ProcessComposer) -> None:
    assert _rows(composer.submit(ORDER).result(timeout=10)) == _rows(compose(ORDER))


def test_ctrl_c_is_left_to_the_player(composer: ProcessComposer) -> None:
    composer.submit(ORDER).result(timeout=10)
    before = _workers(composer)
    for process in before:
        os.kill(process, signal.SIGINT)
    assert len(composer.submit(ORDER).result(timeout=10)) > 0
    assert _workers(composer) == before


def test_when_a_worker_dies_the_order_is_written_all_the_same(composer: ProcessComposer) -> None:
    composer.submit(ORDER).result(timeout=10)
    before = _workers(composer)
    futures = [composer.submit(replace(ORDER, length_quarters=32.0)), composer.submit(ORDER)]
    for process in before:
        os.kill(process, signal.SIGKILL)
    lengths = [future.result(timeout=20).length_quarters for future in futures]
    assert lengths == pytest.approx([32.0, 8.0])
    assert _workers(composer) != before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_workers_end_with_the_player_even_when_it_is_killed() -> None:
    code = (
        "import time\n"
        "from solferino.live.composing import ProcessComposer\n"
        "if __name__ == '__main__':\n"
        "    composer = ProcessComposer()\n"
        "    print(*composer._pool._processes, flush=True)\n"
        "    time.sleep(60)\n"
    )
    player = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    with player:
        assert player.stdout is not None
        assert player.stdout.readline().strip()
        player.kill()
        rest, _ = player.communicate(timeout=20)  # ends when no worker holds the pipe any more
    assert rest == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_ctrl_c_does_not_reach_a_worker_that_is_just_starting(
    composer: ProcessComposer,
) -> None:
    for worker in _workers(composer):
        status = Path(f"/proc/{worker}/status").read_text(encoding="utf-8").splitlines()
        held = next(line.split()[1] for line in status if line.startswith("SigBlk"))
        assert int(held, 16) & 1 << (signal.SIGINT - 1)


def test_what_was_begun_is_dropped_when_the_composer_closes() -> None:
    composer = ProcessComposer()
    futures = [composer.submit(replace(ORDER, length_quarters=32.0)) for _ in range(4)]
    composer.close()
    assert any(future.cancelled() for future in futures)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="niceness of Unix")
def test_who_composes_runs_when_no_other_wants_to() -> None:
    code = (
        "import os; from solferino.live.composing import lower_priority; lower_priority(); "
        "print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    told = subprocess.check_output([sys.executable, "-c", code], text=True)  # noqa: S603
    assert told.strip() == "19"
