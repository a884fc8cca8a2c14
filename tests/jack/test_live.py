"""``solferino live`` as a program of its own, between a keyboard and a synthesiser."""

import signal
import subprocess
import sys

import pytest
from mido import Message

from solferino.notes.files import load
from tests.jack.conftest import LIMIT_S, until

QPM = 240
BAR_S = 1.0


@pytest.fixture
def playing(server, keyboard, synthesiser, tmp_path):
    """Start the program; gives it, the keyboard, the synthesiser and what is saved."""
    started = []

    def start(*arguments):
        keys, synth = keyboard(), synthesiser()
        path = tmp_path / "session.mid"
        command = [
            sys.executable,
            "-m",
            "solferino",
            "live",
            "--qpm",
            str(QPM),
            "--save",
            str(path),
        ]
        ports = ["--input-ports", "keys", "--output-ports", "synthesiser"]
        process = subprocess.Popen(  # noqa: S603
            [*command, *ports, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        assert "listens to keyboard:keys" in process.stdout.readline()
        return process, keys, synth, path

    yield start
    for process in started:
        process.kill()
        process.wait(LIMIT_S)
        process.stdout.close()


def joined(keys, synth):
    """Send until something comes through: JACK joins ports in its own time."""
    until(lambda: keys.send(Message("program_change", program=1)) or synth.heard())


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_whoever_ends_it_no_note_is_left_sounding(playing, name):
    process, keys, synth, path = playing("--no-metronome")
    joined(keys, synth)
    for channel in (0, 9, 15):
        keys.send(Message("control_change", channel=channel, control=64, value=127))
        keys.send(Message("note_on", channel=channel, note=60 + channel, velocity=90))
    heard = []
    until(lambda: heard.extend(synth.heard()) or sum(m.type == "note_on" for m in heard) == 3)
    process.send_signal(getattr(signal, name))
    assert process.wait(LIMIT_S) == 0
    until(lambda: heard.extend(synth.heard()) or sum(m.type == "note_off" for m in heard) >= 3)
    assert {(m.channel, m.note) for m in heard if m.type == "note_off"} == {
        (0, 60), (9, 69), (15, 75),
    }  # fmt: skip
    lifted = {m.channel for m in heard if m.is_cc(64) and m.value == 0}
    assert lifted == {0, 9, 15}
    assert str(path) in process.stdout.read()


def test_a_call_is_answered_on_the_bar_line(playing):
    process, keys, synth, path = playing("--no-passthrough", "--send-clock", "--seed", "4")
    until(lambda: any(m.type == "clock" for m in synth.heard()))
    for pitch in (60, 64, 67, 72):
        keys.send(Message("note_on", note=pitch, velocity=90))
        until(lambda: any(m.type == "clock" for m in synth.heard()))
        keys.send(Message("note_off", note=pitch))
    heard = []
    until(lambda: heard.extend(synth.heard()) or any(_is_answer(m) for m in heard))
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_S) == 0
    written = load(path)
    answers = written.notes[written.notes["instrument"] == 1]
    assert [i.name for i in written.instruments] == ["call", "answer"]
    sixteenths = answers["onset_s"][0] / BAR_S * 16
    assert sixteenths == pytest.approx(round(sixteenths), abs=0.01)


def _is_answer(message):
    return message.type == "note_on" and message.channel == 0 and message.velocity > 0
