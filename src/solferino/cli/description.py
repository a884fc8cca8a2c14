"""Pieces and tune books in words, tables and a piano roll, for the terminal."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

import typer

from solferino.notes.abc_notation import TuneBook
from solferino.notes.plotting import pitch_name
from solferino.notes.sequence import NoteSequence
from solferino.notes.summary import InstrumentSummary, Setting, Summary, summarize
from solferino.notes.terminal_roll import terminal_roll

NUM_TUNES = 20
NUM_CHANGES = 6
USUAL_WIDTH, NARROWEST, WIDEST = 80, 40, 160
MARGIN = 15
EN_DASH = "\u2013"


def book_lines(book: TuneBook, name: str) -> Iterator[str]:
    """Tell the first tunes of a book in a table.

    Parameters
    ----------
    book : TuneBook
    name : str
        What to call it.
    """
    yield _bold(f"{name}: {len(book.tunes)} tunes")
    yield ""
    rows = [("", "title", "meter", "key", "bars", "notes", "length")]
    for number, tune in enumerate(book.tunes[:NUM_TUNES], start=1):
        facts = summarize(tune)
        key = facts.keys[0].value if facts.keys else facts.found_key
        sizes = str(facts.num_bars), str(facts.num_notes), _minutes(facts.length_s)
        rows.append((str(number), facts.title or "untitled", facts.meters[0].value, key, *sizes))
    yield from _table(rows, "><<<>>>", stretched=1)
    if len(book.tunes) > NUM_TUNES:
        yield _dim(f"  … and {len(book.tunes) - NUM_TUNES} more")
    yield from lost_lines(book)
    yield ""
    yield _dim("Choose one of them with --tune.")


def lost_lines(book: TuneBook) -> Iterator[str]:
    """Tell which tunes of a book cannot be read, and why.

    Parameters
    ----------
    book : TuneBook
    """
    for error in book.errors[:NUM_TUNES]:
        yield f"  cannot read X:{error.number} {error.title}: {error.reason}"
    if len(book.errors) > NUM_TUNES:
        yield f"  … and {len(book.errors) - NUM_TUNES} more that cannot be read"


def piece_lines(notes: NoteSequence, name: str, *, is_ascii: bool = False) -> Iterator[str]:
    """Tell what is in a piece, and draw it.

    Parameters
    ----------
    notes : NoteSequence
    name : str
        What to call it where it has no title.
    is_ascii : bool
        Whether to draw with plain characters only.
    """
    facts, width = summarize(notes), _width()
    yield _bold(facts.title or name)
    yield ""
    for label, words in _facts(facts):
        first, *others = textwrap.wrap(words, width - MARGIN, break_long_words=False)
        yield f"  {_dim(label.ljust(MARGIN - 2))}{first}"
        yield from (f"{'':{MARGIN}}{line}" for line in others)
    if facts.instruments:
        yield ""
        yield from _instrument_lines(facts.instruments)
    is_coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    roll = terminal_roll(notes, width, is_ascii=is_ascii, is_coloured=is_coloured)
    yield from (["", *roll] if roll else [])


def _facts(facts: Summary) -> Iterator[tuple[str, str]]:
    """Yield the facts about a whole piece, each with its name."""
    bars, notes = _counted(facts.num_bars, "bar"), _counted(facts.num_notes, "note")
    yield "length", f"{_minutes(facts.length_s)}, {bars}, {notes}"
    yield "tempo", _tempi(facts.tempos)
    yield "meter", _changes(facts.meters)
    if facts.keys:
        yield "signature", _changes(facts.keys)
    if facts.found_key:
        share = f"{facts.in_found_key:.0%} of the notes"
        yield "key found", f"{facts.found_key} or {facts.found_relative}, which have {share}"
    others = dict(facts.texts)
    if others.pop("chord", 0):
        yield "chords", f"{facts.texts['chord']}: {_listed(facts.chords, 24)}"
    if others:
        yield "words", ", ".join(_counted(count, kind) for kind, count in others.items())
    if facts.controllers:
        moved = [f"{name} ({count})" for name, count in facts.controllers.items()]
        yield "controllers", _listed(moved, 8)


def _tempi(tempos: Sequence[Setting]) -> str:
    """Tell the tempi one by one, or their range if they are many."""
    if len(tempos) <= NUM_CHANGES:
        return f"{_changes(tempos)} quarter notes a minute"
    values = [float(tempo.value) for tempo in tempos]
    return (
        f"{min(values):g} to {max(values):g} quarter notes a minute, "
        f"{tempos[0].value} at first, {len(tempos) - 1} changes"
    )


def _changes(settings: Sequence[Setting]) -> str:
    first, *others = settings
    words = [first.value, *(f"{s.value} from bar {s.bar}" for s in others)]
    return _listed(words, NUM_CHANGES)


def _listed(words: Sequence[str], most: int) -> str:
    """Join words, of many the first ones."""
    more = f" … and {len(words) - most} more" if len(words) > most else ""
    separator = ", " if any(" " in word for word in words) else " "
    return separator.join(words[:most]) + more


def _instrument_lines(instruments: Sequence[InstrumentSummary]) -> Iterator[str]:
    """Tell the instruments in a table."""
    has_names = any(instrument.name for instrument in instruments)
    rows: list[tuple[str, ...]] = [
        ("", "instrument", "sound", "notes", "range", "sounding", "monophonic")
    ]
    for number, each in enumerate(instruments, start=1):
        silent = (str(number), each.name, each.sound, "0", "", "", "")
        voices = "yes" if each.is_monophonic else "no"
        sounding = f"{each.sounding:.0%}"
        notes = str(each.num_notes)
        playing = (str(number), each.name, each.sound, notes, _range(each), sounding, voices)
        rows.append(playing if each.num_notes else silent)
    if not has_names:
        rows = [(row[0], *row[2:]) for row in rows]
    yield from _table(rows, "><<><><" if has_names else "><><><", stretched=1)


def _range(instrument: InstrumentSummary) -> str:
    if instrument.lowest is None or instrument.highest is None or instrument.sound == "drums":
        return ""
    low, high = pitch_name(instrument.lowest), pitch_name(instrument.highest)
    return low if low == high else f"{low}{EN_DASH}{high}"


def _table(rows: Sequence[Sequence[str]], sides: str, stretched: int) -> Iterator[str]:
    """Lay rows out in columns under a dim first row; one column gives way if it must."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = _width() - 2 - sum(widths) - 2 * (len(widths) - 1)
    widths[stretched] = max(8, min(widths[stretched], widths[stretched] + room))
    for k, row in enumerate(rows):
        cells = (
            f"{_shortened(cell, width):{side}{width}}"
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        line = f"  {'  '.join(cells)}".rstrip()
        yield _dim(line) if k == 0 else line


def _shortened(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _minutes(length_s: float) -> str:
    minutes, seconds = divmod(round(length_s), 60)
    return f"{minutes}:{seconds:02}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _width() -> int:
    """Width of the terminal; 80 where the output goes elsewhere."""
    if not sys.stdout.isatty():
        return USUAL_WIDTH
    return min(WIDEST, max(NARROWEST, shutil.get_terminal_size((USUAL_WIDTH, 24)).columns))


def _bold(text: str) -> str:
    return typer.style(text, bold=True)


def _dim(text: str) -> str:
    return typer.style(text, dim=True)
