"""The way to MIDI is chosen by what the computer has."""

import sys
from types import SimpleNamespace

import pytest

from solferino.errors import MissingExtraError, PortError
from solferino.live import midi_api
from solferino.live.midi_api import choose_api, find_api, jack_session, load_rtmidi

LINUX = ("alsa", "jack")


def yes():
    return True


def never():
    raise AssertionError("nobody should ask whether JACK runs")


def test_linux_takes_alsa_where_its_sequencer_is_and_asks_no_further():
    assert choose_api(LINUX, has_sequencer=True, has_jack=never) == "alsa"


def test_linux_takes_jack_where_only_its_server_is():
    assert choose_api(LINUX, has_jack=yes) == "jack"


def test_macos_and_windows_take_their_own():
    assert choose_api(("core", "jack"), has_jack=never) == "core"
    assert choose_api(("winmm", "dummy"), has_jack=never) == "winmm"


@pytest.mark.parametrize("compiled", [LINUX, ("alsa",), ("dummy",), ()])
def test_where_nothing_works_the_message_says_what_to_start(compiled):
    with pytest.raises(PortError, match=r"sudo modprobe snd-seq\) or start a JACK server \(jackd"):
        choose_api(compiled)


def test_the_user_may_force_one():
    assert choose_api(LINUX, forced="JACK", has_sequencer=True) == "jack"
    with pytest.raises(PortError, match=r"SOLFERINO_MIDI_API is 'core' and .* has alsa, jack here"):
        choose_api(LINUX, forced="core")


def test_the_environment_is_asked(monkeypatch):
    rtmidi = SimpleNamespace(
        get_compiled_api=lambda: [2, 3], get_api_name={2: "alsa", 3: "jack"}.get
    )
    monkeypatch.setattr(midi_api, "load_rtmidi", lambda: rtmidi)
    monkeypatch.setenv("SOLFERINO_MIDI_API", "jack")
    assert find_api(never) == "jack"


def test_without_python_rtmidi_the_message_says_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(
        MissingExtraError, match=r"python-rtmidi.*: pip install 'solferino\[live\]'"
    ):
        load_rtmidi.__wrapped__()


SOCKETS = """\
Num       RefCount Protocol Flags    Type St Inode Path
000000003f667ad8: 00000002 00000000 00010000 0001 01 165185 /dev/shm/jack_stage_0_0
00000000988dbdc4: 00000003 00000000 00000000 0001 03 165187 /dev/shm/jack_stage_0_0
00000000988dbdc5: 00000002 00000000 00010000 0001 01 165188 /dev/shm/jack_other_0_0
00000000988dbdc6: 00000002 00000000 00010000 0001 01 165189
"""


def test_a_jack_server_is_known_by_the_socket_on_which_it_listens(tmp_path, monkeypatch):
    sockets = tmp_path / "unix"
    monkeypatch.setattr(midi_api, "_SOCKETS", sockets)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "stage")
    assert jack_session() == frozenset()
    sockets.write_text(SOCKETS, encoding="utf-8")
    assert jack_session() == {"165185 /dev/shm/jack_stage_0_0"}
    sockets.write_text(SOCKETS.replace("165185", "170000"), encoding="utf-8")
    assert jack_session() == {"170000 /dev/shm/jack_stage_0_0"}
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "default")
    assert jack_session() == frozenset()
