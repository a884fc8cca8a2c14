"""``solferino track`` plays and renders loops that are written while they play."""

import signal
import time

import numpy as np
import pytest

from solferino.audio.waveform import Waveform, read_wav, write_wav
from solferino.cli import track_performance
from solferino.errors import GenerationError, MissingExtraError, PortError
from solferino.live import composing, ports
from solferino.notes.files import load
from tests.live.midi_systems import FakeSystem

DRUMS = ("--looper", "drums=drum_kit:1:10", "--seed", "1")


@pytest.fixture
def system(monkeypatch):
    """A MIDI system in memory, and music that is written at once."""
    system = FakeSystem(outputs=["Synth A", "Synth B"], inputs=["Drum machine"])
    monkeypatch.setattr(ports, "midi_system", lambda: system)
    monkeypatch.setattr(composing, "ProcessComposer", lambda _: composing.InlineComposer())
    return system


def hung(messages):
    """Notes of a port that were begun and not ended."""
    sounding = set()
    for message in messages:
        if message.type == "note_on":
            sounding.add((message.channel, message.note))
        elif message.type == "note_off":
            sounding.discard((message.channel, message.note))
    return sounding


def test_the_default_track_is_rendered_without_any_port(solferino, tmp_path, monkeypatch):
    for name in ("rtmidi", "pythonosc", "textual", "aalink"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    wav, mid = tmp_path / "a.wav", tmp_path / "a.mid"
    done = solferino("track", "--render", wav, "--bars", 2, "--seed", 7, "--save", mid)
    assert done.status == 0, done.err
    assert done.out.split("\n")[:3] == ["seed 7", str(mid), str(wav)]
    assert [i.name for i in load(mid).instruments] == ["drums", "melody", "cat"]
    sound = read_wav(wav)
    assert 4.0 <= sound.length_s <= 7.0
    assert sound.peak == pytest.approx(10 ** (-1 / 20), abs=1e-3)


def test_the_same_seed_renders_the_same_track(solferino, tmp_path):
    for name in ("a", "b"):
        save = ("--render", tmp_path / f"{name}.wav", "--save", tmp_path / f"{name}.mid")
        solferino("track", *DRUMS, "--bars", 2, *save)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_tempo_meter_and_key_are_those_that_were_asked_for(solferino, tmp_path):
    mid = tmp_path / "a.mid"
    done = solferino(
        "track", "--looper", "tune=basic_rnn:4:2:violin", "--qpm", 90, "--meter", "3/4",
        "--key", "D major", "--seed", 1, "--bars", 8, "--render", tmp_path / "a.wav", "--save", mid,
    )  # fmt: skip
    assert done.status == 0, done.err
    notes = load(mid)
    assert notes.tempos["qpm"].tolist() == [pytest.approx(90)]
    assert notes.meters.tolist()[0][1:] == (3, 4)
    assert notes.total_time_s == pytest.approx(8 * 3 * 60 / 90, abs=0.01)
    assert set(notes.notes["pitch"] % 12) <= {2, 4, 6, 7, 9, 11, 1}
    assert notes.instruments[0].program == 40


def test_a_looper_is_heard_with_a_sound_of_ones_own(solferino, tmp_path):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    write_wav(Waveform(tone, 44_100), tmp_path / "tone_A4.wav")
    looper = f"tune=basic_rnn:4:2:{tmp_path / 'tone_A4.wav'}"
    wav = tmp_path / "a.wav"
    done = solferino("track", "--looper", looper, "--seed", 1, "--bars", 2, "--render", wav)
    assert done.status == 0, done.err
    assert read_wav(wav).peak > 0.5


def test_a_bundle_that_improvises_plays_over_chords(solferino, tmp_path):
    looper = "solo=chord_pitches_improv:2"
    arguments = ("--backing-chords", "Am F", "--seed", 1, "--bars", 4)
    wav = tmp_path / "a.wav"
    done = solferino("track", "--looper", looper, *arguments, "--render", wav)
    assert done.status == 0, done.err


def test_a_chord_that_is_none_is_told(fails, solferino, tmp_path):
    done = solferino(
        "track", "--looper", "solo=chord_pitches_improv:2", "--backing-chords", "H",
        "--seed", 1, "--bars", 1, "--render", tmp_path / "a.wav",
    )  # fmt: skip
    assert done.status == 2
    assert "'H'" in done.err


def test_loops_that_cannot_be_written_are_told(solferino, monkeypatch, tmp_path):
    def nothing(_order):
        raise GenerationError("no notes obey the constraints")

    monkeypatch.setattr(composing, "compose", nothing)
    done = solferino("track", *DRUMS, "--bars", 1, "--render", tmp_path / "a.wav")
    assert done.status == 1
    assert "loops could not be written: drums: no notes obey the constraints" in done.err


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_played(
    fails, system, tmp_path
):
    assert "is a folder: name a file in it" in fails(1, "track", *DRUMS, "--save", tmp_path)
    assert system.opened == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("song.wav", "song.wav is a folder: name a file in it, such as"),
        ("song.mp3", "song.mp3 cannot hold a waveform; give it the suffix .wav"),
        ("notes.txt/song.wav", "notes.txt/song.wav cannot be written"),
    ],
)
def test_a_place_that_cannot_hold_the_sound_is_refused_before_anything_is_written(
    fails, monkeypatch, tmp_path, name, words
):
    (tmp_path / "song.wav").mkdir()
    (tmp_path / "notes.txt").touch()
    monkeypatch.setattr(composing, "compose", lambda _order: pytest.fail("it was composed"))
    assert words in fails(1, "track", *DRUMS, "--render", tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "song.wav"]


@pytest.mark.parametrize(
    ("looper", "words"),
    [
        ("drum_kit", "'drum_kit' is no looper; write NAME=BUNDLE:BARS"),
        ("a=drum_kit:2:10:violn", "no instrument is 'violn', and no file; the nearest is 'violin'"),
        ("a=drum_kit:2:10:129", "no instrument is '129'"),
    ],
)
def test_a_looper_that_cannot_be_read_is_explained(fails, looper, words):
    assert words in fails(2, "track", "--looper", looper, "--render", "a.wav")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--looper", "a=nothing"), "nothing"),
        (("--looper", "a=drum_kit:99"), "a has bars 99: give 1 to 64"),
        (("--meter", "4/3"), "no meter is 4/3"),
        (("--qpm", "0"), "no tempo is 0"),
    ],
)
def test_what_cannot_be_played_is_refused(fails, arguments, words):
    assert words in fails(1, "track", *arguments, "--render", "a.wav")


def test_a_meter_that_cannot_be_read_is_explained(fails):
    assert "'waltz' is no meter; write 4/4" in fails(2, "track", "--meter", "waltz")


@pytest.mark.parametrize(
    "option",
    [("--osc-port", 9000), ("--clock", "midi"), ("--send-clock",), ("--output-ports", "x")],
)
def test_what_is_rendered_is_played_to_no_port(fails, option):
    words = "--render: nothing is played to ports or told by OSC"
    assert words in fails(2, "track", *option, "--render", "a.wav")


@pytest.mark.parametrize("error", [PortError, MissingExtraError])
def test_without_a_port_rendering_is_offered(solferino, monkeypatch, error):
    def none():
        raise error("there is no MIDI here")

    monkeypatch.setattr(ports, "midi_system", none)
    done = solferino("track", *DRUMS)
    assert done.status == 1
    assert "there is no MIDI here; without a port, solferino track --render" in done.err


def test_a_track_is_played_to_a_port_and_saved_and_no_note_hangs(solferino, system, tmp_path):
    mid = tmp_path / "a.mid"
    done = solferino("track", *DRUMS, "--qpm", 900, "--bars", 2, "--plain", "--save", mid)
    assert done.status == 0, done.err
    (port,) = system.opened
    assert port.name == "solferino_out"
    assert port.is_closed
    struck = [m.note for m in port.sent if m.type == "note_on"]
    assert {m.channel for m in port.sent if m.type == "note_on"} == {9}
    assert hung(port.sent) == set()
    assert sorted(load(mid).notes["pitch"].tolist()) == sorted(struck)
    assert "plays to solferino_out; the first loops are being written" in done.out
    assert "bar 2.1 · 900 qpm · 4/4 · playing" in done.out
    assert "drums: generate" in done.out
    assert "events out, late " in done.out


def test_loopers_play_to_ports_of_their_own(solferino, system):
    loopers = ("--looper", "drums=drum_kit:1:10", "--looper", "tune=basic_rnn:1:2:5")
    ports_of = ("--output-ports", "Synth A,Synth B")
    options = ("--qpm", 900, "--bars", 1, "--plain", "--seed", 1)
    done = solferino("track", *loopers, *ports_of, *options)
    assert done.status == 0, done.err
    channels = {p.name: {m.channel for m in p.sent if m.type == "note_on"} for p in system.opened}
    assert channels["Synth A"] == {9}
    assert channels["Synth B"] <= {1}
    programs = [(m.channel, m.program) for m in system.opened[1].sent if m.type == "program_change"]
    assert programs == [(1, 4)]


def test_other_machines_are_led_by_midi_clock(solferino, system):
    solferino("track", *DRUMS, "--qpm", 900, "--bars", 1, "--plain", "--send-clock")
    types = [m.type for m in system.opened[0].sent]
    assert types.count("start") == 1
    assert types.count("clock") >= 90  # 24 a quarter note, 4 quarter notes


def test_a_track_follows_the_midi_clock_of_another_machine(solferino, system, monkeypatch):
    from mido import Message

    def tick(_):
        machine = system.opened[-1]
        now_s = time.perf_counter()
        if not machine.sent:
            machine.receive(Message("start"), now_s)
            machine.sent.append("start")
        machine.receive(Message("clock"), now_s)

    monkeypatch.setattr(track_performance.time, "sleep", lambda s: (tick(s), BUSY(0.002)))
    options = ("--clock", "midi", "--input-port", "Drum machine", "--bars", 1, "--plain")
    done = solferino("track", *DRUMS, "--qpm", 900, *options)
    assert done.status == 0, done.err
    assert any(m.type == "note_on" for m in system.opened[0].sent)
    assert hung(system.opened[0].sent) == set()


BUSY = time.sleep


def test_messages_are_taken_while_a_track_is_played(solferino, system, monkeypatch):
    told = []
    monkeypatch.setattr(
        track_performance,
        "_show",
        lambda _desk, _begin, more_words, is_plain: told.append(more_words()),
    )
    done = solferino("track", *DRUMS, "--osc-port", 0, "--plain")
    assert done.status == 0, done.err
    assert told[0].startswith("OSC on port ")
    assert told[0].endswith("0 done, 0 refused")


def test_ctrl_c_ends_every_note(solferino, system, monkeypatch):
    def interrupted(desk, begin, _more_words, *, is_plain):
        begin()
        while not any(m.type == "note_on" for m in system.opened[0].sent):
            BUSY(0.001)
        signal.raise_signal(signal.SIGINT)
        assert desk.has_ended

    monkeypatch.setattr(track_performance, "_show", interrupted)
    done = solferino("track", *DRUMS, "--plain")
    assert done.status == 0
    assert "events out, late " in done.out
    assert hung(system.opened[0].sent) == set()
