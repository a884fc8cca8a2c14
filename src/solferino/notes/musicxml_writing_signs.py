"""What stands above the notes of a score in MusicXML: tempi, chord symbols, words and lyrics."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from solferino.notes.musicxml_writing_harmony import harmony_lines
from solferino.notes.musicxml_writing_parts import plain
from solferino.notes.quantization import QuantizedText
from solferino.notes.score import TICKS_PER_QUARTER, Bar


class Sign(NamedTuple):
    """A sign above the first staff.

    Parameters
    ----------
    kind : str
        ``"tempo"``, ``"chord"``, ``"marker"`` or ``"text"``.
    text : str
        Its words, or the tempo as a number.
    beat : str
        Lines of XML that a metronome mark has before its number; empty if none is shown.
    """

    kind: str
    text: str
    beat: str = ""


def tempo_sign(qpm: float, bar: Bar, *, is_shown: bool) -> Sign:
    """Make the sign of a tempo: a metronome mark, or one that is only played.

    Parameters
    ----------
    qpm : float > 0
        Quarter notes a minute.
    bar : Bar
        Where it stands; in 6/8, 9/8 and 12/8 the mark counts dotted quarters.
    is_shown : bool
        Whether it is printed.
    """
    has_dotted_beats = bar.beat_ticks * 2 == 3 * TICKS_PER_QUARTER
    per_minute = f"{round(qpm / 1.5 if has_dotted_beats else qpm, 2):.10g}"
    beat = "<beat-unit>quarter</beat-unit>" + "<beat-unit-dot/>" * has_dotted_beats
    mark = f"<metronome>{beat}<per-minute>{per_minute}</per-minute></metronome>"
    return Sign("tempo", f"{qpm:.10f}".rstrip("0").rstrip("."), mark * is_shown)


def sign_of_text(text: QuantizedText) -> Sign:
    """Make the sign of a text; a lyric that no note carries becomes words."""
    return Sign("text" if text.kind == "lyric" else text.kind, text.text)


def sign_lines(sign: Sign, offset: int) -> Iterator[str]:
    """Write a sign before the note at which it stands.

    Parameters
    ----------
    sign : Sign
    offset : int
        How much later it is than the note, in divisions.

    Yields
    ------
    str
        Lines of XML.
    """
    later = f"<offset>{offset}</offset>" if offset else ""
    if sign.kind == "tempo":
        sound = f'<sound tempo="{sign.text}">{later}</sound>'
        if not sign.beat:
            yield sound
            return
        yield from _direction(sign.beat, later, f'<sound tempo="{sign.text}"/>')
    elif sign.kind == "chord" and (lines := _harmony(sign.text, later)):
        yield from lines
    elif sign.kind == "marker":
        yield from _direction(f"<rehearsal>{plain(sign.text)}</rehearsal>", later)
    else:
        yield from _direction(f"<words>{plain(sign.text)}</words>", later)


def lyric_lines(texts: Iterable[QuantizedText]) -> dict[int, str]:
    """Write syllables; one that ends with a hyphen goes on with the next.

    Parameters
    ----------
    texts : iterable of QuantizedText
        Of one part, in order.

    Returns
    -------
    dict
        Lines of XML by step. Of several at one step all words are sung.
    """
    words: dict[int, str] = {}
    for text in texts:
        words[text.step] = f"{words[text.step]} {text.text}" if text.step in words else text.text
    lines = {}
    goes_on = False
    for step, syllable in words.items():
        was_going_on, goes_on = goes_on, syllable.rstrip().endswith("-")
        place = {(False, False): "single", (False, True): "begin", (True, True): "middle"}
        syllabic = place.get((was_going_on, goes_on), "end")
        sung = plain(syllable.strip().removesuffix("-"))
        lines[step] = f"<lyric><syllabic>{syllabic}</syllabic><text>{sung}</text></lyric>"
    return lines


def _harmony(symbol: str, offset: str) -> list[str]:
    """Write a chord symbol; nothing for one that cannot be read."""
    try:
        return list(harmony_lines(symbol, offset))
    except ValueError:
        return []


def _direction(mark: str, offset: str, sound: str = "") -> Iterator[str]:
    yield '<direction placement="above">'
    yield f"<direction-type>{mark}</direction-type>"
    yield offset
    yield sound
    yield "</direction>"
