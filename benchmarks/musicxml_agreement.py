"""Are scores in MusicXML read right, and how fast? Prints one block a folder.

    python benchmarks/musicxml_agreement.py DATA [DATA ...] [--music21 0] [--speed 0]
        [--chords leadsheets.json] [--show 0]

DATA is a folder with .musicxml, .xml or .mxl files, such as the OpenScore Lieder, music21's
Bach chorales and OpenEWLD. Every file is read; failures are counted by their reason.

--music21 N compares N files of each folder, evenly spread, with music21: multisets of onset,
duration and sounding pitch in quarters as written, tied notes merged, and the order of measures as
played (`expandRepeats`). Grace notes, which have no length there, are compared by their pitches.
--note-seq N compares onsets and pitches with note_seq. --midi FOLDER compares with MIDI files of
the same names. --repeated takes these files from those that have repeats. --show N lists the N
files that differ most. --speed N times N files beside music21, partitura and note_seq, those of
them that are installed. --chords compares the chord symbols of OpenEWLD's lead sheets with its
list of them. Times are those of the processor, on one core.
"""

import argparse
import json
import re
import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from solferino.errors import MusicFileError
from solferino.notes.chord_symbols import KINDS
from solferino.notes.chords import parse_chord
from solferino.notes.musicxml import read_musicxml, read_score
from solferino.notes.musicxml_document import read_document
from solferino.notes.musicxml_order import playing_order
from solferino.notes.sequence import NoteSequence
from solferino.notes.timing import TempoMap

SUFFIXES = (".musicxml", ".xml", ".mxl")
PER_QUARTER = 480
SLACK = 2
"""How much onsets and durations may differ, in 1/480 of a quarter."""

Bag = Counter[tuple[int, int, int]]


class Agreement(NamedTuple):
    """How many notes two readers have in common, of how many; and grace notes likewise.

    `n_cut` notes differ only in that they end where a grace note of their pitch begins.
    """

    path: Path
    both: int
    ours: int
    theirs: int
    n_cut: int
    graces_both: int
    graces: int


def spread(items: Sequence[Path], count: int) -> list[Path]:
    """Choose items evenly."""
    return [items[k] for k in np.linspace(0, len(items) - 1, min(count, len(items)), dtype=int)]


def read_all(paths: Sequence[Path]) -> None:
    """Read every file, and print notes, times and failures."""
    n_notes, times_s, failures = 0, [], Counter[str]()
    for path in paths:
        begin = process_time()
        try:
            n_notes += len(read_musicxml(path))
        except MusicFileError as error:
            failures[re.sub(r"\d+", "N", str(error).replace(str(path), "").strip())] += 1
        times_s.append(process_time() - begin)
    ms = np.percentile(np.array(times_s) * 1e3, [50, 95, 100])
    print(f"  read {len(paths) - failures.total()} of {len(paths)} files, {n_notes} notes")
    print(f"  ms a file: median {ms[0]:.1f}, 95% {ms[1]:.1f}, slowest {ms[2]:.0f}")
    for reason, count in failures.most_common():
        print(f"  {count} x {reason}")


def our_notes(piece: NoteSequence) -> list[tuple[int, int, int]]:
    """List onset, duration and pitch, in 1/480 of a quarter."""
    tempo_map = TempoMap.from_sequence(piece)
    onsets, releases = (
        np.rint(tempo_map.seconds_to_quarters(piece.notes[name]) * PER_QUARTER).astype(int)
        for name in ("onset_s", "release_s")
    )
    pitches = piece.notes["pitch"].tolist()
    return list(zip(onsets.tolist(), (releases - onsets).tolist(), pitches, strict=True))


def their_notes(score: Any) -> tuple[list[tuple[int, int, int]], Counter[int]]:
    """List the notes of a music21 score, and count the pitches of its grace notes.

    Ties are merged here: `stripTies` joins unisons of two voices, and leaves ties between voices.
    """
    from music21 import stream  # noqa: PLC0415

    notes, graces = [], Counter[int]()
    for part in score.getElementsByClass(stream.Part):
        rows: dict[tuple[int, int], list[list[int]]] = {}
        for onset, note in sorted(_single_notes(part), key=lambda item: item[0]):
            pitch, length = note.pitch.midi, round(float(note.quarterLength) * PER_QUARTER)
            if note.duration.isGrace or not length:
                graces[pitch] += 1
                continue
            tie = note.tie.type if note.tie else ""
            held = rows.pop((onset, pitch), None) if tie in ("stop", "continue") else None
            row = held.pop() if held else [onset, 0, pitch]
            if held:
                rows[onset, pitch] = held
            row[1] = onset + length - row[0]
            if tie in ("start", "continue"):
                rows.setdefault((onset + length, pitch), []).append(row)
            notes.append(row)
    return [tuple(row) for row in {id(row): row for row in notes}.values()], graces


def _single_notes(part: Any) -> Iterator[tuple[int, Any]]:
    """Yield the notes of a music21 part, those in chords too, with their onsets."""
    from music21 import chord, harmony, note  # noqa: PLC0415

    for element in part.flatten().notes:
        onset = round(float(element.offset) * PER_QUARTER)
        if isinstance(element, note.Note):
            yield onset, element
        elif isinstance(element, chord.Chord) and not isinstance(element, harmony.Harmony):
            yield from ((onset, one) for one in element.notes)


def their_order(score: Any) -> list[str]:
    """List the measures of a music21 score as played."""
    from music21 import stream  # noqa: PLC0415

    part = score.getElementsByClass(stream.Part).first()
    for k, measure in enumerate(part.getElementsByClass(stream.Measure)):
        measure.groups.append(f"measure {k}")
    played = part.expandRepeats().getElementsByClass(stream.Measure)
    return [measure.groups[-1] for measure in played]


def has_repeats(path: Path) -> bool:
    """Whether some measure is played again."""
    order = our_order(path)
    return len(set(order)) < len(order)


def our_order(path: Path) -> list[str]:
    """List the measures of a file as played, named as `their_order` does."""
    score = read_score(read_document(path.read_bytes(), str(path)))
    return [f"measure {k}" for k in playing_order([measure.signs for measure in score.measures])]


def agreement(
    path: Path,
    ours: list[tuple[int, int, int]],
    theirs: tuple[list[tuple[int, int, int]], Counter[int]],
) -> Agreement:
    """Match notes, wherever the pickup puts the beginning."""
    notes, graces = theirs
    shifts = {0}
    if ours and notes:
        shifts |= {a[0] - b[0] for a in sorted(ours)[:4] for b in sorted(notes)[:4]}
    shift = max(shifts, key=lambda s: _matched(ours, notes, s)[0])
    both, left_over = _matched(ours, notes, shift)
    shorts = [(onset, pitch) for onset, length, pitch in left_over if length <= PER_QUARTER // 8]
    graces_both = (Counter(pitch for _, pitch in shorts) & graces).total()
    n_cut = sum((onset + length, pitch) in shorts for onset, length, pitch in left_over)
    return Agreement(
        path,
        both,
        len(ours) - graces_both,
        len(notes),
        n_cut,
        graces_both,
        graces.total(),
    )


def _matched(
    ours: list[tuple[int, int, int]], theirs: list[tuple[int, int, int]], shift: int
) -> tuple[int, list[tuple[int, int, int]]]:
    """Count the notes in common within `SLACK`, and list those of ours that are left over."""
    by_place: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for onset, length, pitch in theirs:
        by_place.setdefault((pitch, (onset + SLACK) // PER_QUARTER), []).append((onset, length))
    both, left_over = 0, []
    for onset, length, pitch in ours:
        candidates = by_place.get((pitch, (onset - shift + SLACK) // PER_QUARTER), [])
        found = next(
            (
                c
                for c in candidates
                if abs(c[0] - onset + shift) <= SLACK and abs(c[1] - length) <= SLACK
            ),
            None,
        )
        if found is None:
            left_over.append((onset, length, pitch))
        else:
            candidates.remove(found)
            both += 1
    return both, left_over


def compare_with_music21(paths: Sequence[Path], n_shown: int) -> None:
    """Print how far the notes as written agree, and the order of playing."""
    from music21 import converter  # noqa: PLC0415

    rows: list[Agreement] = []
    orders: dict[Path, bool] = {}
    problems = Counter[str]()
    for path in paths:
        try:
            score = converter.parse(path, forceSource=True).toSoundingPitch()
            rows.append(
                agreement(path, our_notes(read_musicxml(path, repeats=False)), their_notes(score))
            )
        except Exception as error:
            problems[f"music21 cannot read it: {type(error).__name__}"] += 1
            continue
        try:
            orders[path] = their_order(score) == our_order(path)
        except Exception as error:
            problems[f"music21 cannot expand it: {type(error).__name__}"] += 1
    _print_agreement(rows, n_shown)
    print(f"  order of playing: the same in {sum(orders.values())} of {len(orders)} files")
    for path in [path for path, is_same in orders.items() if not is_same][:n_shown]:
        print(f"    another order: {path.name}")
    for problem, count in problems.most_common():
        print(f"  {count} x {problem}")


def _print_agreement(rows: Sequence[Agreement], n_shown: int) -> None:
    totals = np.array([row[1:] for row in rows]).sum(axis=0)
    both, ours, theirs, n_cut, graces_both, graces = totals.tolist()
    print(
        f"  music21: {both} notes in common, {ours - both} only here, {theirs - both} only there "
        f"({n_cut} of these end where a grace note of their pitch begins); "
        f"{graces_both} of {graces} grace notes"
    )
    differing = [row for row in rows if not row.both + row.n_cut == row.ours == row.theirs]
    print(f"  the same but for these: {len(rows) - len(differing)} of {len(rows)} files")
    differing.sort(key=lambda row: row.both + row.n_cut - max(row.ours, row.theirs))
    for row in differing[:n_shown]:
        print(f"    {row.path.name}: {row.both} of {row.ours} here and {row.theirs} there")


def compare_with_midi(paths: Sequence[Path], folder: Path) -> None:
    """Print how many notes of MIDI files of the same names are here, as written.

    A MIDI file ends two notes of one pitch on one channel in the order in which they began, so
    unisons of two voices have other durations there; onsets and pitches say more.
    """
    from solferino.notes.midi import read_midi  # noqa: PLC0415

    files = {path.stem: path for path in folder.rglob("*.mid")}
    totals, n_files, n_same = np.zeros(4, int), 0, 0
    for path in paths:
        if path.stem in files:
            theirs = our_notes(read_midi(files[path.stem]))
            ours = our_notes(read_musicxml(path, repeats=False))
            whole = agreement(path, ours, (theirs, Counter()))
            heads = agreement(path, _heads(ours), (_heads(theirs), Counter()))
            totals += (whole.both, heads.both, whole.ours, whole.theirs)
            n_files += 1
            n_same += heads.both == heads.theirs
    both, both_heads, n_ours, n_theirs = totals.tolist()
    print(
        f"  MIDI: {n_theirs} notes there and {n_ours} here; {both_heads} of those there are here "
        f"by onset and pitch, {both} by duration too; "
        f"none is missing in {n_same} of {n_files} files"
    )


def _heads(notes: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [(onset, 0, pitch) for onset, _, pitch in notes]


def compare_with_note_seq(paths: Sequence[Path]) -> None:
    """Print how many of our notes begin there too, in seconds; ties are not merged there."""
    from note_seq import musicxml_reader  # noqa: PLC0415

    n_both = n_ours = n_theirs = 0
    failures = Counter[str]()
    for path in paths:
        try:
            theirs = musicxml_reader.musicxml_file_to_sequence_proto(str(path))
        except Exception as error:
            failures[type(error).__name__] += 1
            continue
        piece = read_musicxml(path, repeats=False)
        onsets_s = piece.notes["onset_s"].tolist()
        ours = list(zip(onsets_s, [0] * len(piece), piece.notes["pitch"].tolist(), strict=True))
        notes = [(note.start_time, 0, note.pitch) for note in theirs.notes]
        n_both += agreement(path, _in_ticks(ours), (_in_ticks(notes), Counter())).both
        n_ours, n_theirs = n_ours + len(ours), n_theirs + len(notes)
    failed = ", ".join(f"{count} {error}" for error, count in failures.items()) or "none"
    print(
        f"  note_seq: {n_theirs} notes there and {n_ours} here; {n_both} of those here begin there "
        f"too; of {len(paths)} files it cannot read: {failed}"
    )


def _in_ticks(notes: list[tuple[float, int, int]]) -> list[tuple[int, int, int]]:
    return [(round(onset_s * 2 * PER_QUARTER), length, pitch) for onset_s, length, pitch in notes]


def readers() -> Iterator[tuple[str, Callable[[Path], Any]]]:
    """Yield the readers that are installed."""
    yield "solferino", read_musicxml
    try:
        from note_seq import musicxml_reader  # noqa: PLC0415

        yield "note_seq", lambda path: musicxml_reader.musicxml_file_to_sequence_proto(str(path))
    except ImportError:
        pass
    try:
        import partitura  # noqa: PLC0415

        yield "partitura", lambda path: partitura.load_musicxml(path).note_array()
    except ImportError:
        pass
    try:
        from music21 import converter  # noqa: PLC0415

        yield "music21", lambda path: converter.parse(path, forceSource=True)
    except ImportError:
        pass


def compare_speed(paths: Sequence[Path]) -> None:
    """Print the median time of each reader; those that unfold nothing still count."""
    for name, read in readers():
        times_s, failures = [], Counter[str]()
        for path in paths:
            begin = process_time()
            try:
                read(path)
                times_s.append(process_time() - begin)
            except Exception as error:
                failures[type(error).__name__] += 1
        median_ms = statistics.median(times_s) * 1e3 if times_s else float("nan")
        failed = ", ".join(f"{count} {error}" for error, count in failures.items()) or "none"
        print(f"  {name}: median {median_ms:.1f} ms a file of {len(paths)}, failed: {failed}")


def compare_chords(paths: Sequence[Path], listed: Path) -> None:
    """Print how many chord symbols are those of the list, by pitch classes and bass."""
    sheets = json.loads(listed.read_text(encoding="utf-8"))
    by_name = {Path(name).name: sheet for name, sheet in sheets.items()}
    same, total, wrong = 0, 0, Counter[str]()
    for path in paths:
        sheet = by_name.get(path.name)
        if sheet is None:
            continue
        piece = read_musicxml(path, repeats=False)
        ours = _changes(text.text for text in piece.texts if text.kind == "chord")
        theirs = _changes(_listed_symbol(harmony) for _, harmony in sheet["chords"])
        total += len(theirs)
        for mine, other in zip(ours, theirs, strict=False):
            if _sounds_like(mine, other):
                same += 1
            else:
                wrong[f"{mine} for {other}"] += 1
        if len(ours) != len(theirs):
            wrong[f"{path.name}: {len(ours)} chords for {len(theirs)}"] += 1
    print(f"  chords: {same} of {total} as listed")
    for words, count in wrong.most_common(12):
        print(f"    {count} x {words}")


def _changes(symbols: Iterable[str]) -> list[str]:
    return [symbol for symbol, _ in groupby(symbols)]


def _listed_symbol(harmony: dict[str, Any]) -> str:
    kinds = {kind.musicxml: name for name, kind in KINDS.items() if kind.musicxml}
    symbol = harmony["root"] + kinds.get(harmony["kind"], "?")
    return symbol + (f"/{harmony['bass']}" if harmony["bass"] else "") + _degrees(harmony)


def _degrees(harmony: dict[str, Any]) -> str:
    return f" {harmony['degrees']}" if harmony["degrees"] else ""


def _sounds_like(mine: str, other: str) -> bool:
    plain, _, degrees = other.partition(" ")
    try:
        a, b = parse_chord(mine), parse_chord(plain.replace("--", "bb").replace("-", "b"))
    except ValueError:
        return False
    if degrees:
        return (a.root_pitch_class, a.bass_pitch_class) == (b.root_pitch_class, b.bass_pitch_class)
    return a.pitch_classes() == b.pitch_classes() and a.bass_pitch_class == b.bass_pitch_class


def main() -> None:
    """Read the options and print the blocks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--music21", type=int, default=0)
    parser.add_argument("--repeated", action="store_true")
    parser.add_argument("--speed", type=int, default=0)
    parser.add_argument("--note-seq", type=int, default=0)
    parser.add_argument("--midi", type=Path)
    parser.add_argument("--chords", type=Path)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for folder in options.data:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        print(folder)
        read_all(paths)
        if options.chords:
            compare_chords(paths, options.chords)
        if options.note_seq:
            compare_with_note_seq(spread(paths, options.note_seq))
        if options.midi:
            compare_with_midi(paths, options.midi)
        if options.music21:
            repeated = [path for path in paths if has_repeats(path)] if options.repeated else paths
            compare_with_music21(spread(repeated, options.music21), options.show)
        if options.speed:
            compare_speed(spread(paths, options.speed))


if __name__ == "__main__":
    main()
