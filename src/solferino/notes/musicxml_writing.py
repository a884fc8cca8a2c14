"""Notes to a score in MusicXML.

The rules are those of MusicXML 3.1 (www.w3.org/2021/06/musicxml40). Each instrument is a part.
Notes of one staff that begin and end together are a chord; where they do not, each chord goes
to the first voice that is free, the highest of those that begin together first.
"""

import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from solferino.errors import MusicFileError
from solferino.notes.beat_grids import quantize_by_beat, quantize_to_ticks
from solferino.notes.disk import PathOrText, write_beside
from solferino.notes.musicxml_writing_measures import PartWriter, Score
from solferino.notes.musicxml_writing_parts import Part, part_list, part_of, plain
from solferino.notes.musicxml_writing_signs import lyric_lines, sign_of_text, tempo_sign
from solferino.notes.quantization import QuantizedSequence, QuantizedText
from solferino.notes.score import (
    TICKS_PER_QUARTER,
    Chord,
    bars_of,
    check_meters,
    keys_of,
    layers_of,
    with_pickup,
)
from solferino.notes.sequence import NoteSequence, Text

COMPRESSED_SUFFIX = ".mxl"
LOWEST_PITCH = 12

_COMPOSER = "composer: "
_INNER_NAME = "score.musicxml"
_CONTAINER = f"""<?xml version="1.0" encoding="UTF-8"?>
<container><rootfiles><rootfile full-path="{_INNER_NAME}"/></rootfiles></container>
"""
_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)


def write_musicxml(
    notes: NoteSequence, path: PathOrText, steps_per_quarter: int | None = None
) -> None:
    """Write a piece as a score in MusicXML; see `musicxml_text` for what is kept.

    Parameters
    ----------
    notes : NoteSequence
    path : str or path
        Where; the file is there whole or not at all. With the suffix ``.mxl`` it is compressed.
    steps_per_quarter : int > 0, optional
        The grid on which the notes are put; without it the one that fits each beat.

    Raises
    ------
    MusicFileError
        If the piece cannot be a score, or the file cannot be written.
    QuantizationError
        If the grid does not fit.
    """
    text = musicxml_text(notes, steps_per_quarter)
    if Path(path).suffix.lower() == COMPRESSED_SUFFIX:
        write_beside(path, _compressed(text))
    else:
        write_beside(path, text.encode())


def musicxml_text(notes: NoteSequence, steps_per_quarter: int | None = None) -> str:
    """Write a piece as the text of a score in MusicXML.

    Kept are notes with their velocities, instruments, meters, keys, tempi, chord symbols (of
    several at one moment the last), lyrics, markers and other words, the title, and the
    composer, who stands in words that begin with "composer: ". Left out are controllers, bends,
    and instruments without notes. Without a key signature it is written in the major key that
    holds the most notes. A rest of half a bar or more before the first note makes a pickup bar
    unless a chord stands on it, and rests fill the last bar. A tempo that holds for a bar is
    printed, others are only played.

    Parameters
    ----------
    notes : NoteSequence
    steps_per_quarter : int > 0, optional
        The grid on which the notes are put: a divisor of 20160 up to 480. Without it each
        beat gets the grid that fits it; see `quantize_by_beat`.

    Returns
    -------
    str
        Reading it gives the notes on that grid back.

    Raises
    ------
    MusicFileError
        If the piece has no notes, a note below C0, or a meter that MusicXML cannot say.
    QuantizationError
        If the grid does not fit.
    """
    if not len(notes):
        raise MusicFileError(
            f"{notes.title or 'the piece'} has no notes, so there is no score to write; add some"
        )
    lowest = int(notes.notes["pitch"][~notes.is_drum].min(initial=127))
    if lowest < LOWEST_PITCH:
        raise MusicFileError(
            f"MusicXML has no notes below C0 (MIDI {LOWEST_PITCH}), got {lowest}; transpose up"
        )
    if steps_per_quarter is None:
        quantized = quantize_by_beat(notes)
    else:
        quantized = quantize_to_ticks(notes, steps_per_quarter)
    check_meters(quantized, "MusicXML")
    score = _score(notes, quantized)
    divisions = score.divisions()
    lines = [*_header(notes), *part_list(score.parts)]
    for k, part in enumerate(score.parts):
        writer = PartWriter(score, k, divisions)
        lines += [f'<part id="P{part.number}">', *writer.measures(), "</part>"]
    return "\n".join([*filter(None, lines), "</score-partwise>", ""])


def _header(notes: NoteSequence) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield _DOCTYPE
    yield '<score-partwise version="3.1">'
    if notes.title:
        yield f"<work><work-title>{plain(notes.title)}</work-title></work>"
    yield "<identification>"
    for text in notes.texts:
        if _is_composer(text):
            name = text.text.removeprefix(_COMPOSER)
            yield f'<creator type="composer">{plain(name)}</creator>'
    yield "<encoding><software>Solferino</software></encoding>"
    if notes.source:
        yield f"<source>{plain(notes.source)}</source>"
    yield "</identification>"


def _is_composer(text: Text | QuantizedText) -> bool:
    return text.kind == "text" and text.text.startswith(_COMPOSER)


def _score(notes: NoteSequence, quantized: QuantizedSequence) -> Score:
    """Lay a piece out in bars, parts, staves and voices."""
    table = quantized.notes
    used = np.unique(table["instrument"]).tolist()
    parts = [
        part_of(
            index, k + 1, notes.instruments[index], table["pitch"][table["instrument"] == index]
        )
        for k, index in enumerate(used)
    ]
    bars = list(bars_of(quantized, 1))
    last = bars[-1]
    if not last.is_cut_short:
        bars[-1] = last._replace(stop_tick=last.start_tick + last.full_ticks)
    keys = keys_of(notes, quantized, TICKS_PER_QUARTER)
    score = Score(bars, parts, [_staves(quantized, part) for part in parts], keys)
    _place_signs(score, quantized)
    _cut_pickup(score, table["start_step"].tolist())
    return score


def _cut_pickup(score: Score, onsets: list[int]) -> None:
    """Leave out the rest before the first note if it takes half of the bar or more.

    A chord that is given to the rest keeps it.
    """
    if any(sign.kind == "chord" for sign in score.signs.get(0, ())):
        return
    changes = [tick for tick in (*score.keys, *score.signs) if tick]
    bars = with_pickup(score.bars, [*onsets, *changes])
    begin = bars[0].start_tick
    has_change = begin in score.keys or any(s.kind == "tempo" for s in score.signs.get(begin, ()))
    if 2 * begin >= bars[0].full_ticks and not has_change:
        score.bars = bars
        score.keys[begin] = score.keys.pop(0)
        score.signs[begin] = score.signs.pop(0, []) + score.signs.pop(begin, [])


def _staves(quantized: QuantizedSequence, part: Part) -> list[list[list[Chord]]]:
    """Gather the notes of a part in chords, and these in the layers of its staves."""
    rows = quantized.notes[quantized.notes["instrument"] == part.instrument_index].tolist()
    together: list[dict[tuple[int, int, int], dict[int, int]]] = [{} for _ in part.clefs]
    for start, stop, pitch, velocity, _ in rows:
        staff = together[part.staff_of(pitch)]
        again = 0
        while part.hides(pitch, staff.get((start, stop, again), ())):
            again += 1
        staff.setdefault((start, stop, again), {})[pitch] = velocity
    return [
        layers_of(
            Chord(
                start, stop, tuple(sorted(sounds)), tuple(sounds[pitch] for pitch in sorted(sounds))
            )
            for (start, stop, _), sounds in staff.items()
        )
        for staff in together
    ]


def _place_signs(score: Score, quantized: QuantizedSequence) -> None:
    """Put tempi, chord symbols and words where they stand, and lyrics on their notes."""
    end = score.bars[-1].stop_tick
    starts = [bar.start_tick for bar in score.bars]
    tempos = quantized.tempos.tolist()
    stops = [*(step for step, _ in tempos[1:]), end]
    for (step, qpm), stop in zip(tempos, stops, strict=True):
        if step < end:
            bar = score.bars[bisect_right(starts, step) - 1]
            score.signs[step].append(tempo_sign(qpm, bar, is_shown=stop - step >= bar.full_ticks))
    onsets = [set(rows) for rows in _onsets(score, quantized)]
    words: list[list[QuantizedText]] = [[] for _ in score.parts]
    for text in quantized.texts:
        place = _part_of_lyric(score, onsets, text) if text.kind == "lyric" else None
        if place is not None:
            words[place].append(text)
        elif text.step < end and not _is_composer(text):
            here = score.signs[text.step]
            if text.kind == "chord":
                here[:] = [sign for sign in here if sign.kind != "chord"]
            here.append(sign_of_text(text))
    score.lyrics = [lyric_lines(texts) for texts in words]


def _onsets(score: Score, quantized: QuantizedSequence) -> Iterator[list[int]]:
    for part in score.parts:
        rows = quantized.notes[quantized.notes["instrument"] == part.instrument_index]
        yield rows["start_step"].tolist()


def _part_of_lyric(score: Score, onsets: list[set[int]], text: QuantizedText) -> int | None:
    """Find the part that has a note where a syllable is sung."""
    for k, part in enumerate(score.parts):
        if (
            text.instrument in (-1, part.instrument_index)
            and text.step in onsets[k]
            and not part.drums
        ):
            return k
    return None


def _compressed(text: str) -> bytes:
    """Pack a score as ``.mxl`` files have it; the same score gives the same bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("META-INF/container.xml", _CONTAINER), (_INNER_NAME, text)):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()
