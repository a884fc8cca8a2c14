"""What is read of each format, how much of it note_seq agrees with, and how fast.

    python benchmarks/format_agreement.py FOLDER [FOLDER ...] [--sample 60] [--within-ms 1]

Every file of every folder is read; failures are counted by their reason. A sample of each format,
evenly spread, is read again by note_seq (MIDI, ABC and MusicXML): a note agrees where pitch and
drum agree and onset and release differ by no more than a millisecond. Repeats are not played, as
note_seq plays none, a book counts tune by tune, and first onsets are laid together: ours begin a
piece with an upbeat by a rest, so that its bars fall on the bar lines. Releases of equal pitches
that overlap are paired in either order, as MIDI does not say which ends first. The same sample is
timed beside pretty_midi and music21. Times are those of the processor, on one core.
"""

import argparse
import contextlib
import io
import logging
import re
import statistics
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import process_time

import numpy as np
from rich.console import Console
from rich.table import Table

from solferino.errors import SolferinoError
from solferino.notes.files import SUFFIXES, load_book
from solferino.notes.sequence import NoteSequence

FORMATS = {".mid": "MIDI", ".midi": "MIDI", ".abc": "ABC"}
FORMATS |= dict.fromkeys((".musicxml", ".xml", ".mxl"), "MusicXML")

Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--within-ms", type=float, default=1.0)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    by_format: defaultdict[str, list[Path]] = defaultdict(list)
    for folder in options.folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in FORMATS and path.suffix.lower() in SUFFIXES:
                by_format[FORMATS[path.suffix.lower()]].append(path)
    counts = Table("format", "files", "pieces", "notes", "failures", title="read")
    agreed = Table("format", "files", "theirs", "ours", "agree %", "files all agree", "they refuse")
    speed = Table("format", "files", "ours ms", "note_seq", "pretty_midi", "music21")
    for name, paths in sorted(by_format.items()):
        counts.add_row(name, *count(paths))
        sample = paths[:: max(1, len(paths) // options.sample)][: options.sample]
        if name in PEERS["note_seq"]:
            with tempfile.TemporaryDirectory() as folder:
                pieces = single_tunes(paths, Path(folder)) if name == "ABC" else sample
                pieces = pieces[:: max(1, len(pieces) // options.sample)][: options.sample]
                agreed.add_row(name, *agreement(name, pieces, options.within_ms / 1000))
        speed.add_row(name, str(len(sample)), *speeds(name, sample))
    for table in (counts, agreed, speed):
        Console(width=120).print(table)


def count(paths: Sequence[Path]) -> list[str]:
    """Read files; count pieces, notes, and failures by reason."""
    n_pieces = n_notes = 0
    reasons: Counter[str] = Counter()
    for path in paths:
        try:
            book = load_book(path)
        except SolferinoError as error:
            reasons[str(error).removeprefix(str(path)).strip(": ")[:70]] += 1
            continue
        n_pieces += len(book.tunes)
        n_notes += sum(len(tune) for tune in book.tunes)
        reasons.update(str(error)[-70:] for error in book.errors)
    told = "; ".join(f"{n} {reason}" for reason, n in reasons.most_common(3)) or "none"
    return [str(len(paths)), str(n_pieces), str(n_notes), told]


def single_tunes(books: Sequence[Path], folder: Path) -> list[Path]:
    """Write each tune of ABC books to a file of its own."""
    paths = []
    for book in books:
        text = book.read_text(encoding="utf-8", errors="replace")
        for tune in re.split(r"^(?=X:)", text, flags=re.MULTILINE)[1:]:
            paths.append(folder / f"{len(paths)}.abc")
            paths[-1].write_text(tune, encoding="utf-8")
    return paths


def agreement(name: str, paths: Sequence[Path], within_s: float) -> list[str]:
    """Compare the notes of files with note_seq's."""
    theirs_all = ours_all = both_all = n_equal = n_refused = n_files = 0
    for path in paths:
        try:
            with quiet():
                theirs = PEERS["note_seq"][name](path)
        except Exception:  # whatever stops a peer
            n_refused += 1
            continue
        ours = rows_of(load_book(path, repeats=False).tunes)
        for rows in (ours, theirs):
            rows[:, 3:] -= rows[:, 3].min(initial=np.inf)
        both = common(ours, theirs, within_s)
        n_files += 1
        n_equal += both == len(ours) == len(theirs)
        both_all, ours_all, theirs_all = (
            both_all + both,
            ours_all + len(ours),
            theirs_all + len(theirs),
        )
    share = 100 * both_all / max(theirs_all, 1)
    return [
        *map(str, (n_files, theirs_all, ours_all)),
        f"{share:.2f}",
        str(n_equal),
        str(n_refused),
    ]


def rows_of(pieces: Iterable[NoteSequence]) -> Rows:
    """Return piece, drum, pitch, onset and release of each note, shape (n_notes, 5)."""
    parts = [np.empty((0, 5))]
    for number, piece in enumerate(pieces):
        notes = piece.notes
        drum = np.array([i.is_drum for i in piece.instruments], float)[notes["instrument"]]
        columns = (np.full(len(notes), number), drum, notes["pitch"], notes["onset_s"])
        parts.append(np.stack([*columns, notes["release_s"]], axis=1).astype(float))
    return np.concatenate(parts)


def common(ours: Rows, theirs: Rows, within_s: float) -> int:
    """Count notes that both have, times apart: first in, first out among equal pitches."""
    n_both = 0
    for key in {tuple(row) for row in theirs[:, :3].tolist()}:
        mine, other = (rows[(rows[:, :3] == key).all(axis=1)] for rows in (ours, theirs))
        onsets, releases = ([np.sort(rows[:, c]) for rows in (mine, other)] for c in (3, 4))
        n_both += min(matched(*onsets, within_s), matched(*releases, within_s))
    return n_both


def matched(first: np.ndarray, second: np.ndarray, within_s: float) -> int:
    """Count pairs of equal times in two rising lists."""
    i = j = n = 0
    while i < len(first) and j < len(second):
        if abs(first[i] - second[j]) <= within_s:
            i, j, n = i + 1, j + 1, n + 1
        elif first[i] < second[j]:
            i += 1
        else:
            j += 1
    return n


def note_seq_rows(sequences: Iterable[object]) -> Rows:
    rows = [
        (number, float(n.is_drum), n.pitch, n.start_time, n.end_time)
        for number, sequence in enumerate(sequences)
        for n in sequence.notes  # type: ignore[attr-defined]
    ]
    return np.array(rows, float).reshape(-1, 5)


def note_seq_midi(path: Path) -> Rows:
    from note_seq import midi_io  # noqa: PLC0415

    return note_seq_rows([midi_io.midi_file_to_note_sequence(str(path))])


def note_seq_abc(path: Path) -> Rows:
    from note_seq import abc_parser  # noqa: PLC0415

    tunes, failures = abc_parser.parse_abc_tunebook_file(str(path))
    if failures:
        raise ValueError(f"{len(failures)} tunes are refused")
    return note_seq_rows(tunes.values())


def note_seq_musicxml(path: Path) -> Rows:
    from note_seq import musicxml_reader  # noqa: PLC0415

    return note_seq_rows([musicxml_reader.musicxml_file_to_sequence_proto(str(path))])


def pretty_midi_read(path: Path) -> object:
    import pretty_midi  # noqa: PLC0415

    return pretty_midi.PrettyMIDI(str(path))


def music21_read(path: Path) -> object:
    import music21  # noqa: PLC0415

    return music21.converter.parse(path, forceSource=True)


Reader = Callable[[Path], object]
PEERS: dict[str, dict[str, Callable[[Path], Rows]]] = {
    "note_seq": {"MIDI": note_seq_midi, "ABC": note_seq_abc, "MusicXML": note_seq_musicxml}
}
TIMED: dict[str, dict[str, Reader]] = {
    "note_seq": dict(PEERS["note_seq"]),
    "pretty_midi": {"MIDI": pretty_midi_read},
    "music21": dict.fromkeys(("MIDI", "ABC", "MusicXML"), music21_read),
}


def speeds(name: str, paths: Sequence[Path]) -> list[str]:
    """Median milliseconds a file of ours and of each peer; a peer reads a tenth of them."""
    found = [f"{median_ms(load_book, paths):.1f}"]
    for readers in TIMED.values():
        reader = readers.get(name)
        found.append(f"{median_ms(reader, paths[::6]):.0f}" if reader else "-")
    return found


def median_ms(read: Reader, paths: Sequence[Path]) -> float:
    times = []
    with contextlib.suppress(Exception), quiet():
        read(paths[0])  # imports do not count
    for path in paths:
        begin = process_time()
        with contextlib.suppress(Exception), quiet():
            read(path)
            times.append(1000 * (process_time() - begin))
    return statistics.median(times) if times else float("nan")


@contextlib.contextmanager
def quiet():
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


if __name__ == "__main__":
    main()
