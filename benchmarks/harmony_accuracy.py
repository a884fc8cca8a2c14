"""How often are chords and keys found right? Prints one row a corpus and measure.

    python benchmarks/harmony_accuracy.py [--openewld FOLDER] [--nottingham FOLDER]
        [--folk FOLDER] [--asap FOLDER] [--every 1] [--tuned]

A folder is where the corpus of that name was unpacked. Chords are compared every 62.5 ms where
the label has a root. The constants of the methods were chosen on every 4th piece of OpenEWLD,
24th of Nottingham, 16th of the folk tunes and 2nd of ASAP: these are left out unless --tuned
asks for them alone. A tune of a folk corpus may have variants on both sides.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from solferino.errors import MusicFileError
from solferino.notes.abc_notation import read_tune_book
from solferino.notes.chord_inference import infer_chords
from solferino.notes.chord_symbols import KINDS
from solferino.notes.chords import Chord, parse_chord, render_chords
from solferino.notes.harmony import parse_key
from solferino.notes.key_inference import infer_key, infer_keys
from solferino.notes.midi import read_midi
from solferino.notes.sequence import NoteSequence, Text

STEP_S = 0.0625
TUNED_EVERY = {"openewld": 4, "nottingham": 24, "folk": 16, "asap": 2}
MINOR_MODES = ("m", "min", "dor", "aeo", "phr")


T = TypeVar("T")


class Labelled(NamedTuple):
    """A piece, and the key that stands over it: tonic, minor third or not; None if unknown."""

    piece: NoteSequence
    key: tuple[int, bool] | None


def symbol_of(harmony: dict[str, str | None]) -> str:
    """Write what a lead sheet prints: the root, its own text or that of its kind, the bass."""
    by_musicxml = {kind.musicxml: name for name, kind in KINDS.items() if kind.musicxml}
    text = harmony["text"]
    if text is None:
        text = by_musicxml.get(harmony["kind"] or "", harmony["kind"])
    bass = f"/{harmony['bass']}" if harmony["bass"] else ""
    return f"{harmony['root']}{text}{bass}"


def openewld(folder: Path) -> Iterator[Labelled]:
    """Lead sheets: the melody, and the chord symbols as texts; quarters at 120 qpm."""
    sheets = json.loads((folder / "leadsheets.json").read_text(encoding="utf-8"))
    for sheet in sheets.values():
        onset, length, pitch = np.array(sheet["melody"]).T
        keys = [(t / 2, sharps, mode == "minor") for t, sharps, mode in sheet["ks"]]
        piece = NoteSequence.from_columns(
            pitch,
            onset / 2,
            (onset + length) / 2,
            meters=[(t / 2, *meter) for t, *meter in sheet["ts"]],
            keys=keys,
            texts=[Text(t / 2, symbol_of(h), "chord") for t, h in sheet["chords"]],
            title=sheet["title"],
        )
        key = None
        if keys:
            _, sharps, is_minor = keys[0]
            key = ((7 * sharps - 3 * is_minor) % 12, is_minor)
        yield Labelled(piece, key)


def abc(folder: Path) -> Iterator[Labelled]:
    """Tunes in ABC notation, with the key that their K: field names."""
    for path in sorted(folder.rglob("*.abc")):
        fields = dict(
            re.findall(r"^X:\s*(\d+)(?:(?!^X:)[\s\S])*?^K:\s*([^\n%]*)", _text(path), re.M)
        )
        try:
            book = read_tune_book(path)
        except MusicFileError as error:
            print(f"left out: {error}")
            continue
        for tune in book.tunes:
            field = fields.get(tune.source.rpartition("#")[2].strip(), "")
            yield Labelled(tune, key_of_field(field) if one_key(tune) else None)


def _text(path: Path) -> str:
    return path.read_text(encoding="latin-1")


def one_key(piece: NoteSequence) -> bool:
    return len(np.unique(piece.keys["sharps"])) == 1


def key_of_field(field: str) -> tuple[int, bool] | None:
    """Read tonic and third of a K: field; dorian counts as minor, mixolydian as major."""
    found = re.match(r"([A-G][b#]?)\s*([A-Za-z]{0,3})", field.strip())
    if not found:
        return None
    return parse_key(found[1])[0], found[2].lower() in MINOR_MODES


def with_midi_accompaniment(tunes: Iterable[Labelled], folder: Path) -> Iterator[Labelled]:
    """Give tunes the accompaniment of their MIDI files, where those play the same melody."""
    for tune in tunes:
        path = folder / f"{tune.piece.source.replace('.abc#', '')}.mid"
        if not path.exists():
            continue
        played = read_midi(path)
        melody = played.notes[played.notes["instrument"] == 0]
        is_same = len(melody) == len(tune.piece) and all(
            np.allclose(melody[name], tune.piece.notes[name], atol=0.01)
            for name in ("pitch", "onset_s")
        )
        if is_same:
            meters, texts = tune.piece.meters, tune.piece.texts
            yield Labelled(played.replace(meters=meters, texts=texts), tune.key)


def chords_at(piece: NoteSequence, times_s: np.ndarray) -> list[Chord | None]:
    chords = [text for text in piece.texts if text.kind == "chord"]
    parsed = [None, *(parse_chord(text.text) for text in chords)]
    starts_s = [text.time_s for text in chords]
    return [parsed[k] for k in np.searchsorted(starts_s, times_s + 1e-6, side="right")]


def chord_row(name: str, pieces: list[Labelled], **options: int) -> None:
    """Print how much of the time root, and root and triad, are right."""
    n_times = n_roots = n_triads = 0
    for piece, _ in pieces:
        times_s = np.arange(0, piece.total_time_s, STEP_S) + STEP_S / 2
        found = infer_chords(piece, **options)
        for said, heard in zip(chords_at(piece, times_s), chords_at(found, times_s), strict=True):
            if said is None or not said.root:
                continue
            is_root = heard is not None and heard.root_pitch_class == said.root_pitch_class
            n_times += 1
            n_roots += is_root
            n_triads += is_root and heard.triad == said.triad
    if n_times:
        roots, triads = 100 * n_roots / n_times, 100 * n_triads / n_times
        print(f"{name} | {len(pieces)} pieces | root {roots:.1f} % | root and triad {triads:.1f} %")


def key_row(name: str, pieces: list[Labelled]) -> None:
    """Print how often tonic, and tonic and third, are right."""
    found = [(infer_key(piece), key) for piece, key in pieces if key is not None]
    if found:
        tonic = 100 * np.mean([k.tonic == key[0] for k, key in found])
        whole = 100 * np.mean([(k.tonic, k.is_minor) == key for k, key in found])
        print(f"{name} | {len(found)} pieces | tonic {tonic:.1f} % | tonic and third {whole:.1f} %")


def symbol_row(name: str, pieces: list[Labelled]) -> None:
    """Print the share of the chord symbols that can be read, and why the others cannot."""
    symbols = Counter(t.text for piece, _ in pieces for t in piece.texts if t.kind == "chord")
    reasons = {}
    for symbol in symbols:
        try:
            parse_chord(symbol)
        except ValueError as error:
            reasons[symbol] = str(error)
    total = symbols.total()
    n_read = total - sum(symbols[symbol] for symbol in reasons)
    print(f"{name} | {total} symbols, {len(symbols)} different | read {100 * n_read / total:.2f} %")
    for symbol, reason in reasons.items():
        print(f"    {symbols[symbol]} x {reason}")


def asap_rows(paths: list[Path]) -> None:
    """Print how often key signatures (their sharps alone are labelled) are right."""
    wholes, shares = [], []
    for path in paths:
        lines = (path.with_name("midi_score_annotations.txt")).read_text().splitlines()
        fields = [(float(line.split()[0]), line.split()[2].split(",")) for line in lines]
        keys = [(time_s, int(words[2])) for time_s, words in fields if len(words) > 2 and words[2]]
        if not keys:
            continue
        piece = read_midi(path)
        times_s = np.arange(0.0, piece.total_time_s, 0.25)
        said = sharps_at([k[0] for k in keys], [k[1] for k in keys], times_s)
        rows = infer_keys(piece)
        shares.append(np.mean(said == sharps_at(rows["time_s"], rows["sharps"], times_s)))
        if len({sharps for _, sharps in keys}) == 1:
            wholes.append((keys[0][1] - infer_key(piece).sharps) % 12 == 0)
    whole, share = 100 * np.mean(wholes), 100 * np.mean(shares)
    print(f"ASAP scores, one signature | {len(wholes)} pieces | signature {whole:.1f} %")
    print(f"ASAP scores, bar by bar | {len(shares)} pieces | signature {share:.1f} % of the time")


def sharps_at(starts_s: Iterable[float], sharps: Iterable[int], times_s: np.ndarray) -> np.ndarray:
    """Sharps at each time, as the enharmonic signature in 0..11."""
    place = np.searchsorted(np.asarray(starts_s), times_s, side="right") - 1
    return np.asarray(sharps, np.int64)[place.clip(min=0)] % 12


def chosen(name: str, pieces: Iterable[T], options: argparse.Namespace) -> list[T]:
    """Leave out the pieces on which the constants were chosen, or keep only them."""
    kept = [
        piece for k, piece in enumerate(pieces) if (k % TUNED_EVERY[name] == 0) == options.tuned
    ]
    return kept[:: options.every]


def chord_rows(name: str, pieces: list[Labelled]) -> None:
    symbol_row(f"{name}, symbols", pieces)
    labelled = [p for p in pieces if any(text.kind == "chord" for text in p.piece.texts)]
    played = [Labelled(render_chords(piece), key) for piece, key in labelled]
    chord_row(f"{name}, melody alone", labelled)
    chord_row(f"{name}, melody and its chords as notes", played)
    chord_row(f"{name}, the same, 4 chords a bar", played, chords_per_bar=4)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("openewld", "nottingham", "folk", "asap"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th piece")
    parser.add_argument("--tuned", action="store_true", help="the pieces used for tuning only")
    options = parser.parse_args()
    if options.openewld:
        sheets = chosen("openewld", openewld(options.openewld), options)
        chord_rows("OpenEWLD", sheets)
        key_row("OpenEWLD, key", sheets)
    if options.nottingham:
        tunes = chosen("nottingham", abc(options.nottingham), options)
        chord_rows("Nottingham", tunes)
        midi = list(with_midi_accompaniment(tunes, options.nottingham / "MIDI"))
        chord_row("Nottingham, MIDI with accompaniment", midi)
        key_row("Nottingham, key", tunes)
    if options.folk:
        key_row("Folk tunes, key", chosen("folk", abc(options.folk), options))
    if options.asap:
        scores = sorted(options.asap.rglob("midi_score.mid"))
        asap_rows(chosen("asap", scores, options))


if __name__ == "__main__":
    main()
