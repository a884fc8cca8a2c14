"""Scores in MusicXML to notes.

Follows MusicXML 4.0 (www.w3.org/2021/06/musicxml40) and its older versions. The XML is read
with the standard library.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import lcm
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solferino.errors import MusicFileError
from solferino.notes.disk import MAX_FILE_BYTES, PathOrText, read_bytes
from solferino.notes.musicxml_directions import settle_codas
from solferino.notes.musicxml_document import Document, read_document
from solferino.notes.musicxml_measures import read_part
from solferino.notes.musicxml_order import playing_order
from solferino.notes.musicxml_parts import Part, Player, read_parts
from solferino.notes.musicxml_playing import (
    Placed,
    keys,
    note_rows,
    place,
    settle_meters,
    tempos,
    texts,
)
from solferino.notes.musicxml_score import Measure, PartMeasure, Score
from solferino.notes.sequence import (
    KEY_DTYPE,
    METER_DTYPE,
    NOTE_DTYPE,
    TEMPO_DTYPE,
    NoteSequence,
    Text,
)
from solferino.notes.timing import TempoMap

MAX_TIME_S = 1e6
MAX_MEASURES = 20_000
MAX_PARTS = 1024
USUAL_TICKS_PER_QUARTER = 480

_MAX_LCM = 10**9
_ROUNDED_TICKS_PER_QUARTER = 2**10 * 3**3 * 5 * 7 * 11
_MIDI_TICKS_PER_QUARTER = 10_080
_MAX_MIDI_TICKS_PER_QUARTER = 2**15 - 1


def read_musicxml(
    path_or_bytes: PathOrText | bytes, max_bytes: int = MAX_FILE_BYTES, *, repeats: bool = True
) -> NoteSequence:
    """Read a score in MusicXML, plain or compressed, sorted by part or by measure.

    Notes have their sounding pitch; tied notes are one; grace notes are short and come before
    the beat; cue notes are left out. Each part gives an instrument for each of its sounds, with
    the program of the file or else one that its name suggests. Velocities follow the dynamics,
    80 before the first. Chord symbols are texts of kind "chord", rehearsal marks "marker", other
    words "text", and syllables "lyric", with a hyphen where the word goes on; when a measure is
    played again the next verse is sung, if there is one. The composer is a text at the
    beginning. The tempo is 120 where none is given.

    Full bars begin on bar lines, counted from the beginning of the piece or the last change of
    meter: a score with a pickup begins with a rest. Behind a bar that is shorter or longer than
    its meter says, the meter is stated again.

    Parameters
    ----------
    path_or_bytes : str, path or bytes
        A file, or the content of one.
    max_bytes : int
        Largest size that is read.
    repeats : bool
        Whether repeats, endings, da capo and dal segno are played, or every measure once.

    Returns
    -------
    NoteSequence
        Rows in order of time; notes that begin together in order of instrument and pitch.

    Raises
    ------
    MusicFileError
        If it is no score in MusicXML, damaged, or could harm the reader.
    """
    if isinstance(path_or_bytes, bytes):
        name, data, source = "the MusicXML data", path_or_bytes, ""
    else:
        name, source = os.fspath(path_or_bytes), Path(path_or_bytes).name
        data = read_bytes(path_or_bytes, max_bytes)
    with _no_collecting():
        return _read(data, name, source, repeats=repeats)


def _read(data: bytes, name: str, source: str, *, repeats: bool) -> NoteSequence:
    """Read a score; what is built on the way is gone when it returns."""
    document = read_document(data, name)
    try:
        score = read_score(document)
        return _piece(score, document.root, source, repeats=repeats)
    except (ValueError, OverflowError) as error:
        raise MusicFileError(f"{name} cannot be played: {error}; export it again") from error


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Keep the garbage collector from walking through the XML tree while it grows.

    The tree has no cycles, and to walk through it takes as long as to read it.
    """
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


def read_score(document: Document) -> Score:
    """Read all parts of a score, measure by measure, as written.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ValueError
        If it has no measures, too many, or one that cannot be played.
    """
    n_measures = max(map(len, document.parts.values()), default=0)
    if not n_measures:
        raise ValueError("it has no measures")
    if n_measures > MAX_MEASURES or len(document.parts) > MAX_PARTS:
        raise ValueError(f"it has more than {MAX_MEASURES} measures or {MAX_PARTS} parts")
    score = Score(_ticks_per_quarter(document.root), [Measure() for _ in range(n_measures)])
    parts = read_parts(document.root)
    for part_id, elements in document.parts.items():
        read_part(score, parts.get(part_id) or Part(players={"": Player()}), elements)
        score.parts[-1] += [PartMeasure() for _ in range(n_measures - len(elements))]
    settle_codas([measure.signs for measure in score.measures])
    settle_meters(score)
    return score


def _ticks_per_quarter(root: Element) -> int:
    """Find the resolution that holds every duration exactly."""
    texts = {(element.text or "").strip() for element in root.iter("divisions")}
    divisions = {int(text) for text in texts if text.isdecimal() and 0 < len(text) < 9}
    ticks = USUAL_TICKS_PER_QUARTER
    for number in divisions - {0}:
        ticks = lcm(ticks, number)
        if ticks > _MAX_LCM:
            return _ROUNDED_TICKS_PER_QUARTER
    return ticks


def _piece(score: Score, root: Element, source: str, *, repeats: bool) -> NoteSequence:
    """Put the piece together."""
    order = list(range(len(score.measures)))
    if repeats:
        order = playing_order([measure.signs for measure in score.measures])
    placed = place(score, order)
    tempo_rows = tempos(score, placed)
    change_ticks, qpm = zip(*tempo_rows, strict=True)
    tempo_map = TempoMap.from_quarters(np.array(change_ticks) / score.ticks_per_quarter, qpm)

    def seconds(ticks: ArrayLike) -> NDArray[np.float64]:
        return tempo_map.ticks_to_seconds(ticks, score.ticks_per_quarter)

    end_s = float(seconds(placed.end_ticks))
    if end_s > MAX_TIME_S:
        raise ValueError(f"it is longer than {MAX_TIME_S:.0f} seconds")
    words = list(texts(score, placed))
    times_s = seconds([tick for tick, *_ in words]).tolist()
    return NoteSequence(
        notes=_notes(score, placed, seconds),
        instruments=tuple(score.instruments.values()),
        tempos=np.array([(seconds(t), qpm) for t, qpm in tempo_rows], TEMPO_DTYPE),
        meters=np.array([(seconds(t), *meter) for t, meter in placed.meters], METER_DTYPE),
        keys=np.array([(seconds(t), *key) for t, key in keys(score, placed)], KEY_DTYPE),
        texts=(
            *_composers(root),
            *(Text(t, *text) for t, (_, text) in zip(times_s, words, strict=True)),
        ),
        title=_title(root),
        source=source,
        total_time_s=end_s,
        ticks_per_quarter=_midi_ticks_per_quarter(score.ticks_per_quarter),
    )


def _notes(
    score: Score, placed: Placed, seconds: Callable[[ArrayLike], NDArray[np.float64]]
) -> NDArray[np.void]:
    """Build the table of notes."""
    rows = [row for part in score.parts for row in note_rows(part, placed)]
    if not rows:
        raise ValueError("it has no notes")
    columns = np.array(rows, np.int64)
    notes = np.empty(len(rows), NOTE_DTYPE)
    notes["onset_s"], notes["release_s"] = seconds(columns[:, 0]), seconds(columns[:, 1])
    for number, name in enumerate(("pitch", "velocity", "instrument"), 2):
        notes[name] = columns[:, number]
    order = np.lexsort((notes["pitch"], notes["instrument"], columns[:, 0]))
    return np.asarray(notes[order])


def _title(root: Element) -> str:
    """Return the title of the work and of the movement, without saying it twice."""
    work, movement = (
        " ".join((root.findtext(path) or "").split())
        for path in ("work/work-title", "movement-title")
    )
    if work and movement and work != movement:
        return f"{work}: {movement}"
    return movement or work


def _composers(root: Element) -> Iterator[Text]:
    for creator in root.iterfind("identification/creator"):
        name = " ".join((creator.text or "").split())
        if name and creator.get("type") == "composer":
            yield Text(0.0, f"composer: {name}")


def _midi_ticks_per_quarter(ticks: int) -> int:
    """Choose a resolution for MIDI that holds the durations if one can."""
    return ticks if ticks <= _MAX_MIDI_TICKS_PER_QUARTER else _MIDI_TICKS_PER_QUARTER
