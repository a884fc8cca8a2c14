"""How fast the foundation is, beside note-seq and pretty_midi where they are installed.

    python benchmarks/foundation_speed.py MIDI_FOLDER [--files 300] [--repeats 5]

Every row is the median of several runs. Whole-process rows start a fresh interpreter each time.
"""

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SOLFERINO = [sys.executable, "-m", "solferino"]


def seconds(action: Callable[[], object], repeats: int) -> float:
    """Median wall-clock seconds of `action`."""
    times_s = []
    for _ in range(repeats):
        begin_s = time.perf_counter()
        action()
        times_s.append(time.perf_counter() - begin_s)
    return statistics.median(times_s)


def process(arguments: list[str]) -> Callable[[], object]:
    """Run a command to its end in a process of its own, silently."""
    return lambda: subprocess.run(arguments, check=True, capture_output=True)


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def import_rows(repeats: int) -> None:
    floor_s = seconds(process([sys.executable, "-c", "import numpy"]), repeats)
    for package in ("solferino", "note_seq", "pretty_midi", "muspy"):
        if installed(package):
            whole_s = seconds(process([sys.executable, "-c", f"import numpy, {package}"]), repeats)
            print(f"import {package}, beyond numpy | {whole_s - floor_s:.2f} s")


def reading_rows(files: list[Path], repeats: int) -> None:
    from solferino.notes.midi import read_midi  # noqa: PLC0415

    few = files[: max(1, len(files) // 10)]
    readers: dict[str, Callable[[Path], object]] = {"solferino": read_midi}
    if installed("pretty_midi"):
        import pretty_midi  # noqa: PLC0415

        readers["pretty_midi"] = lambda path: pretty_midi.PrettyMIDI(str(path))
    if installed("note_seq"):
        import note_seq  # noqa: PLC0415

        readers["note_seq"] = lambda path: note_seq.midi_file_to_note_sequence(str(path))
    for name, read in readers.items():
        median_s = seconds(lambda read=read: [read(path) for path in few], min(repeats, 3))
        print(f"{name} reads MIDI, a file | {1000 * median_s / len(few):.2f} ms")


def corpus_rows(files: list[Path], work: Path, repeats: int) -> None:
    corpus = work / "corpus"
    corpus.mkdir()
    for k, path in enumerate(files):
        shutil.copy(path, corpus / f"{k:04d}{path.suffix}")
    table, examples = work / "notes.parquet", work / "examples"
    convert = [*SOLFERINO, "convert", str(corpus), "-o", str(table)]
    print(f"convert {len(files)} files, whole process | {seconds(process(convert), repeats):.2f} s")
    dataset = [*SOLFERINO, "dataset", "basic_rnn", str(table), "-o", str(examples)]
    print(f"melody examples from them, whole process | {seconds(process(dataset), repeats):.2f} s")


def generation_rows(work: Path, repeats: int) -> None:
    for bundle in ("attention_rnn", "lookback_rnn"):
        command = [*SOLFERINO, "generate", bundle, "--num-outputs", "10", "--num-steps", "128"]
        command += ["--seed", "1", "-o", str(work / "out")]
        cold_s = seconds(process(command), repeats)
        print(f"generate {bundle}, 10 outputs of 128 steps, whole process | {cold_s:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    files = sorted(arguments.folder.rglob("*.mid"), key=lambda path: -path.stat().st_size)
    files = files[len(files) // 4 :][: arguments.files]
    print("what | median")
    import_rows(arguments.repeats)
    with tempfile.TemporaryDirectory() as folder:
        generation_rows(Path(folder), arguments.repeats)
        corpus_rows(files, Path(folder), arguments.repeats)
        reading_rows(files, arguments.repeats)


if __name__ == "__main__":
    main()
