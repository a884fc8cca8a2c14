"""The view of a track in a terminal shows what plays, and takes keys."""

import asyncio

import pytest

from solferino.live.commands import COMMANDS
from solferino.live.loop_pictures import LoopPicture, looper_words, position_words
from solferino.live.parts import Action
from solferino.live.transport import Meter
from solferino.live.view import TrackView
from tests.live.test_commands import Performance


@pytest.fixture
def show():
    performance = Performance()
    performance.desk.begin()
    performance.stage.run_until(100.5)
    return performance


def viewed(show, *keys, size=(100, 40), more_words=str):
    """Press keys; return the text of each place of the view."""

    async def look():
        app = TrackView(show.desk, more_words=more_words)
        async with app.run_test(size=size) as pilot:
            await pilot.press(*keys)
            app.look()
            await pilot.pause()
            return {
                widget.id: str(widget.render())
                for widget in app.query("Static")
                if widget.id is not None
            }

    return asyncio.run(look())


def test_the_view_tells_where_the_music_is(show):
    told = viewed(show)
    assert told["position"].startswith("bar 1.2 · 120 qpm · 4/4 · playing · missed 0 · late ")


def test_the_view_shows_each_loop_and_what_it_does(show):
    told = viewed(show)
    assert told["words0"].startswith(
        "▶ 1 drums: generate (next one ready) · toy, 1 bar, channel 10"
    )
    assert told["words1"].startswith("  2 melody: generate")
    assert "│" in told["roll0"]


def test_keys_act_on_the_looper_that_was_chosen(show):
    viewed(show, "2", "l")
    assert show.track["melody"].action is Action.LOOP
    assert show.track["drums"].action is Action.GENERATE
    viewed(show, "2", "1", "m")
    assert show.track["drums"].is_muted
    assert not show.track["melody"].is_muted
    viewed(show, "down", "R", "up", "o")
    assert show.track["melody"].action is Action.RESET_GENERATE
    assert show.track["drums"].action is Action.GENERATE_ONCE


def test_keys_mute_heat_and_hurry(show):
    told = viewed(show, "m", "+", "]", "space")
    assert show.track["drums"].is_muted
    assert show.track["drums"].temperature == 1.1
    assert "muted" in told["words0"]
    assert "122 qpm · 4/4 · stopped" in told["position"]


def test_saving_is_told_and_so_is_what_cannot_be_saved(show, tmp_path):
    show.desk.save_path = tmp_path / "a.mid"
    assert viewed(show, "s")["notice"] == f"saved as {tmp_path / 'a.mid'}"
    show.desk.save_path = tmp_path / "a.txt"
    assert "a.txt" in viewed(show, "s")["notice"]


def test_other_keys_do_nothing_and_other_facts_are_told(show):
    told = viewed(show, "z", "9", more_words=lambda: "OSC on port 9000")
    assert told["notice"] == "OSC on port 9000"
    assert told["words1"].startswith("▶")


def test_all_keys_are_explained(show):
    told = viewed(show)["help"]
    for command in COMMANDS.values():
        if command.key:
            assert command.words.replace(" ", "\u00a0") in told


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_the_view_is_left_by_a_key(show, key):
    async def leave():
        app = TrackView(show.desk)
        async with app.run_test() as pilot:
            await pilot.press(key)
        return app.is_running

    assert asyncio.run(leave()) is False


def test_the_view_ends_with_the_track(show):
    show.track.end_quarters = 1.0

    async def watch():
        app = TrackView(show.desk)
        async with app.run_test() as pilot:
            app.look()
            await pilot.pause()
            return app._exit

    assert asyncio.run(watch())


def playhead(picture, quarters):
    """Column and length of what is drawn in reverse, on the first line."""
    roll = picture.roll(quarters, 80)
    span = next(s for s in roll.spans if s.style == "reverse")
    return span.start, roll.plain.split("\n")[0]


def test_the_playhead_moves_with_the_music_and_begins_again_with_each_pass(show):
    picture = LoopPicture(show.track["melody"])
    start, line = playhead(picture, 0.0)
    assert line[start - 1] == "│"
    assert playhead(picture, 2.0)[0] == start + 16
    assert playhead(picture, 3.99)[0] == start + 31
    assert playhead(picture, 4.0)[0] == start


def test_a_silent_loop_is_shown_as_silence(show):
    show.desk.do("reset_once", "drums")
    show.stage.run_until(102.1)
    picture = LoopPicture(show.track["drums"])
    assert "(silence)" in picture.roll(4.0, 80).plain


def test_a_looper_tells_its_misses_and_why_a_loop_was_not_written(show):
    looper = show.track["drums"]
    looper.misses, looper.fault = 1, "too many notes"
    assert looper_words(looper).endswith("temperature 1 · 1 miss · not written: too many notes")
    looper.misses = 2
    assert "2 misses" in looper_words(looper)


def test_the_position_counts_bars_and_beats_from_one(show):
    line = show.line
    assert position_words(line, Meter(7, 8), 103.5).startswith("bar 3.1 · 120 qpm · 7/8")


def test_the_music_begins_when_the_view_is_there():
    waiting = Performance()

    async def watch():
        app = TrackView(waiting.desk, begin=waiting.desk.begin)
        async with app.run_test() as pilot:
            await pilot.pause()

    assert not waiting.desk.is_playing
    asyncio.run(watch())
    assert waiting.desk.is_playing
