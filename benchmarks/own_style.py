"""What do fifty pieces of a style teach a bundle? Prints what `solferino train` says, for each.

    python benchmarks/own_style.py RECIPE WORK_FOLDER MUSIC [MUSIC ...] [--pieces 50] [--seed 1]

Each MUSIC is a folder of files, or a tune book. Of its pieces of 60 notes or more so many are
drawn and written to WORK_FOLDER, and the bundle named RECIPE is fine-tuned on them.
"""

import argparse
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

import solferino as sf
from solferino.bundles.bundle import open_bundle
from solferino.bundles.fingerprints import fingerprints_of
from solferino.cli.app import main as solferino
from solferino.datasets.conversion import find_music, music_chunks, read_chunks
from solferino.datasets.tables import Piece, from_record_batch
from solferino.generation.originality import originality
from solferino.notes.midi import write_midi

LEAST_NOTES = 60


def drawn(music: Path, number: int, seed: int) -> list[Piece]:
    """Read so many pieces of a folder or a book, in random order."""
    files, _ = find_music([music])
    random = np.random.default_rng(seed)
    order = random.permutation(len(files)).tolist()
    pieces: list[Piece] = []
    for chunk in read_chunks(list(music_chunks([files[k] for k in order[: 2 * number]]))):
        found = [p for p in from_record_batch(chunk.rows) if len(p.notes) >= LEAST_NOTES]
        pieces += [found[k] for k in random.permutation(len(found)).tolist()]
    return pieces[:number]


def copied(bundle: Path, seed: int) -> str:
    """Say how much of 100 new pieces of half a minute a bundle had learnt."""
    opened = open_bundle(bundle)
    generator, learnt = sf.open_generator(opened), fingerprints_of(opened)
    representation = generator.representation
    primer = representation.decode(representation.default_primer(), 120.0)
    section = sf.Section(1.0, 32.0)
    made = generator.generate_batch(primer, section, seed=seed, num_outputs=100)
    found = [originality(each.notes, learnt, from_s=each.start_s) for each in made]
    num_found, num_compared = (
        sum(getattr(each, name) for each in found) for name in ("num_found", "num_compared")
    )
    return f"of {num_compared} runs of ten notes in 100 new pieces {num_found} were learnt"


def main() -> None:
    """Fine-tune on each kind of music."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", help="name of a recipe and of its bundle")
    parser.add_argument("work", type=Path, help="folder for music and runs")
    parser.add_argument("music", type=Path, nargs="+", help="folder of files, or tune book")
    parser.add_argument("--pieces", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for music in options.music:
        folder = options.work / music.stem
        folder.mkdir(parents=True)
        for number, piece in enumerate(drawn(music, options.pieces, options.seed)):
            write_midi(piece.notes, folder / f"{number:03d}.mid")
        run = ["--run-dir", str(options.work / f"{music.stem}_run"), "--threads", "1"]
        start_s, start_cpu_s = perf_counter(), process_time()
        solferino(["train", options.recipe, str(folder), "--from-bundle", options.recipe, *run])
        cpu_s = process_time() - start_cpu_s
        print(copied(Path(run[1]) / f"{music.stem}_run.solferino", options.seed))
        print(f"{music}: {perf_counter() - start_s:.0f} s, {cpu_s:.0f} s of processor\n")


if __name__ == "__main__":
    main()
