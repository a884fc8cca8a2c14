"""All that a performer can ask of a track."""

import pytest

from solferino.errors import GenerationError, LiveError, MusicFileError
from solferino.live.commands import COMMANDS, Desk
from solferino.live.parts import Action, Part
from solferino.live.track import Track
from solferino.notes.files import load
from tests.live.composers import CountingComposer, phrase
from tests.live.fakes import Stage


class Performance:
    """A track of drums and a melody on a stage, and its desk."""

    def __init__(self):
        self.stage = Stage()
        parts = [
            Part(name="drums", bundle="toy", bars=1, channel=10),
            Part(name="melody", bundle="toy", bars=1, program=4,
                 primer=phrase(0.0, length=4.0)),
        ]  # fmt: skip
        self.track = Track(parts, self.stage.transport, CountingComposer())
        self.stage.player.add(self.track)
        self.desk = Desk(self.track, self.stage.player)

    @property
    def line(self):
        return self.stage.transport.line


@pytest.fixture
def show():
    return Performance()


@pytest.mark.parametrize("action", list(Action))
def test_each_action_is_a_command_of_a_looper(show, action):
    show.desk.do(action.value, "melody")
    assert show.track["melody"].action is action


def test_muting_twice_is_heard_again_and_a_number_says_which(show):
    drums = show.track["drums"]
    show.desk.do("mute", "drums")
    assert drums.is_muted
    show.desk.do("mute", "drums")
    assert not drums.is_muted
    for value, is_muted in ((1, True), (1.0, True), (0, False)):
        show.desk.do("mute", "drums", value)
        assert drums.is_muted is is_muted


def test_the_temperature_goes_up_and_down_and_never_below_zero(show):
    show.desk.do("hotter", "drums")
    assert show.track["drums"].temperature == 1.1
    for _ in range(15):
        show.desk.do("cooler", "drums")
    assert show.track["drums"].temperature == 0.0
    show.desk.do("temperature", "drums", 1.7)
    assert show.track["drums"].temperature == 1.7
    with pytest.raises(GenerationError, match="temperature is nan"):
        show.desk.do("temperature", "drums", float("nan"))


def test_the_tempo_is_set_raised_and_lowered_within_its_range(show):
    show.desk.do("tempo", value=96)
    assert show.line.qpm == 96
    show.desk.do("faster")
    show.desk.do("faster")
    show.desk.do("slower")
    assert show.line.qpm == 98
    show.desk.do("tempo", value=1)
    show.desk.do("slower")
    assert show.line.qpm == 1
    with pytest.raises(LiveError, match="no tempo is 0"):
        show.desk.do("tempo", value=0)


def test_the_music_stops_and_goes_on_where_it_was(show):
    show.desk.do("play")
    show.stage.run_until(101.0)
    show.desk.do("toggle")
    assert not show.desk.is_playing
    show.stage.clock.advance(5.0)
    show.desk.do("toggle")
    assert show.desk.is_playing
    assert show.line.quarters_at(106.0) == pytest.approx(2.0)
    show.desk.do("stop")
    assert not show.desk.is_playing


def test_a_bar_is_gone_to_by_its_number(show):
    show.desk.do("locate", value=5)
    assert show.line.anchor_quarters == 16.0
    with pytest.raises(LiveError, match="no position is -4"):
        show.desk.do("locate", value=0)


def test_what_was_played_is_saved_where_it_is_said(show, tmp_path):
    show.desk.begin()
    show.stage.run_until(101.0)
    show.desk.save_path = tmp_path / "b.mid"
    assert show.desk.do("save") == f"saved as {tmp_path / 'b.mid'}"
    show.desk.do("save", value="a.mid")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert len(load(tmp_path / "a.mid")) == 2
    with pytest.raises(MusicFileError, match="cannot hold notes"):
        show.desk.do("save", value="a.txt")


def test_panic_silences_every_channel_and_the_music_runs_on(show):
    show.desk.begin()
    show.stage.run_until(100.1)
    show.desk.do("panic")
    assert show.stage.port.hung() == set()
    silenced = {m.channel for _, m in show.stage.port.sent if m.is_cc(120)}
    assert silenced == set(range(16))
    assert show.desk.is_playing


def test_beginning_chooses_the_sounds_that_were_asked_for(show):
    show.desk.begin(bars=2)
    chosen = [(m.channel, m.program) for _, m in show.stage.port.sent]
    assert chosen == [(0, 4)]
    show.stage.run_until(103.9)
    assert not show.desk.has_ended
    show.stage.run_until(104.0)
    assert show.desk.has_ended


def test_whoever_ends_the_performance_need_not_wait_for_the_end_of_the_track(show):
    show.desk.begin()
    assert not show.desk.has_ended
    show.desk.end()
    assert show.desk.has_ended


@pytest.mark.parametrize(
    ("name", "looper", "value", "words"),
    [
        ("lop", "drums", None, "no command is called 'lop': the nearest is 'loop'"),
        ("loop", "bass", None, "no looper is called 'bass'"),
        ("loop", "", None, "no looper is called ''"),
        ("tempo", "drums", 90, "tempo is for the whole track: leave the looper 'drums' out"),
        ("tempo", "", None, "tempo takes a number, not None"),
        ("tempo", "", "fast", "tempo takes a number, not 'fast'"),
        ("loop", "drums", 1, "loop takes no value, not 1"),
        ("save", "", 3, "save takes words, not 3"),
    ],
)
def test_a_wrong_command_is_refused_with_what_is_right(show, name, looper, value, words):
    with pytest.raises(LiveError, match=words):
        show.desk.do(name, looper, value)


def test_every_key_means_one_thing_and_none_chooses_a_looper():
    keys = [command.key for command in COMMANDS.values() if command.key]
    assert len(keys) == len(set(keys))
    assert not any(key.isdecimal() or key == "q" for key in keys)


def test_a_command_is_for_a_looper_or_for_the_track():
    assert all((c.to_looper is None) != (c.to_track is None) for c in COMMANDS.values())
