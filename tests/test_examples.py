"""The example scripts do what they say, from files on disk to files on disk."""

import os
import subprocess
import sys
from pathlib import Path

from solferino.notes.files import load

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_the_whole_path_from_songs_to_new_music_is_one_script(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", EXAMPLES / "first_melody.sh", EXAMPLES / "songs", tmp_path, "10"]
    subprocess.run(command, check=True, env={**os.environ, "PATH": path}, capture_output=True)  # noqa: S603
    assert (tmp_path / "mine.solferino").stat().st_size > 10_000
    for suffix in (".mid", ".wav", ".png"):
        assert len(list((tmp_path / "out").glob(f"*{suffix}"))) == 2
    for output in (tmp_path / "out").glob("*.mid"):
        primer = load(output).notes["pitch"][:3]
        assert primer.tolist() == [60, 62, 64]
