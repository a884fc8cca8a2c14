"""FluidSynth plays what we send it."""

import shutil
import subprocess

import pytest
from mido import Message

from solferino.audio.synthesis import soundfont_path
from solferino.audio.waveform import read_wav
from tests.jack.conftest import LIMIT_S, until


@pytest.fixture
def fluidsynth(server, tmp_path):
    """A FluidSynth that writes what it plays to a file; ``quit`` ends it."""
    program = shutil.which("fluidsynth")
    if not program:
        pytest.skip("fluidsynth is not installed")
    wav = tmp_path / "played.wav"
    settings = {
        "audio.file.name": wav,
        "audio.file.type": "wav",
        "midi.jack.id": "fluid",
        "synth.sample-rate": 44100,
    }
    options = [text for name, value in settings.items() for text in ("-o", f"{name}={value}")]
    command = [program, "-q", "-a", "file", "-m", "jack", *options, str(soundfont_path())]
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process, wav
    process.kill()
    process.communicate()


def played(process, wav):
    """End FluidSynth, and return what it played."""
    process.communicate(b"quit\n", LIMIT_S)
    return read_wav(wav)


def played_a_tenth_of_a_second(wav, meanwhile):
    """Wait until that much more is in the file; do something again and again."""
    until(wav.exists)
    size = wav.stat().st_size
    until(lambda: meanwhile() or wav.stat().st_size > size + 4 * 4410)


def test_fluidsynth_plays_our_notes_on_the_channel_of_drums(fluidsynth, system, opened):
    process, wav = fluidsynth
    (name,) = until(lambda: [n for n in system.output_names() if n.startswith("fluid")])
    out = opened(system.open_output("fluid"))
    assert out.name == name
    snare = Message("note_on", channel=9, note=38, velocity=127)
    played_a_tenth_of_a_second(wav, lambda: out.send(snare))
    assert played(process, wav).peak > 0.01


def test_fluidsynth_is_silent_where_we_send_nothing(fluidsynth, system):
    process, wav = fluidsynth
    until(lambda: [n for n in system.output_names() if n.startswith("fluid")])
    played_a_tenth_of_a_second(wav, lambda: None)
    assert played(process, wav).peak < 0.001
