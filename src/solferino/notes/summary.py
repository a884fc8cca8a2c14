"""What is in a piece, in the words of a musician."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from solferino.notes.columns import Table
from solferino.notes.general_midi import PROGRAM_NAMES, controller_name
from solferino.notes.harmony import estimate_major_key, major_key_histogram
from solferino.notes.sequence import TEXT_KINDS, NoteSequence
from solferino.notes.spelling import name_on_line_of_fifths
from solferino.notes.timing import TempoMap, bar_times_s, meter_changes

SAME_MOMENT_S = 1e-6


@final
@dataclass(frozen=True)
class InstrumentSummary:
    """What one instrument of a piece plays.

    Parameters
    ----------
    name : str
        As the file has it; may be empty.
    sound : str
        General MIDI name of its program, or ``"drums"``.
    num_notes : int
    lowest, highest : int or None
        MIDI pitches; None without notes.
    sounding : float in [0, 1]
        Share of the length of the piece in which at least one of its notes sounds.
    is_monophonic : bool
        Whether it never plays two notes at the same time.
    """

    name: str
    sound: str
    num_notes: int
    lowest: int | None
    highest: int | None
    sounding: float
    is_monophonic: bool


@final
@dataclass(frozen=True)
class Setting:
    """A tempo, meter or key signature, and the bar, counted from 1, in which it begins."""

    bar: int
    value: str


@final
@dataclass(frozen=True)
class Summary:
    """What is in a piece; see `summarize`.

    Parameters
    ----------
    title, source : str
        As in `NoteSequence`.
    length_s : float
        Length in seconds.
    num_bars, num_notes : int
    instruments : tuple of InstrumentSummary
        In the order of the piece.
    tempos, meters, keys : tuple of Setting
        In quarter notes a minute, as ``"6/8"`` and as ``"G major"``; only where they change.
        Keys are empty where the piece has no signature.
    found_key, found_relative : str
        The major key that holds the most notes, and the minor key with the same notes; empty
        for a piece of drums.
    in_found_key : float in [0, 1]
        The share of the notes that it holds.
    texts : mapping of str to int
        How many words of each kind there are: chord, lyric, marker, text.
    chords : tuple of str
        The chord symbols, each once, in order of appearance.
    controllers : mapping of str to int
        How often each controller is moved; bends are among them.
    """

    title: str
    source: str
    length_s: float
    num_bars: int
    num_notes: int
    instruments: tuple[InstrumentSummary, ...]
    tempos: tuple[Setting, ...]
    meters: tuple[Setting, ...]
    keys: tuple[Setting, ...]
    found_key: str
    found_relative: str
    in_found_key: float
    texts: dict[str, int]
    chords: tuple[str, ...]
    controllers: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return it as a mapping of numbers, words and lists, for JSON."""
        return asdict(self)


def summarize(notes: NoteSequence) -> Summary:
    """Say what is in a piece.

    Parameters
    ----------
    notes : NoteSequence

    Returns
    -------
    Summary
    """
    bars_s = bar_times_s(notes)
    tempo_map = TempoMap.from_sequence(notes)
    meters = meter_changes(notes)
    tones = notes.notes["pitch"][~notes.is_drum] if len(notes) else notes.notes["pitch"]
    sharps = _found_sharps(tones)
    kinds = Counter(text.kind for text in notes.texts)
    moved = Counter(controller_name(n) for n in notes.control_changes["number"].tolist())
    if len(notes.pitch_bends):
        moved["pitch bend"] = len(notes.pitch_bends)

    def settings(times_s: Iterable[float], values: Iterable[str]) -> tuple[Setting, ...]:
        bars = np.searchsorted(bars_s, np.asarray([*times_s]) + SAME_MOMENT_S).tolist()
        return _changing(Setting(max(bar, 1), v) for bar, v in zip(bars, values, strict=True))

    return Summary(
        title=notes.title,
        source=notes.source,
        length_s=notes.total_time_s,
        num_bars=len(bars_s),
        num_notes=len(notes),
        instruments=tuple(_instrument(notes, k) for k in range(len(notes.instruments))),
        tempos=settings(tempo_map.change_s, (_number(qpm) for qpm in tempo_map.change_qpm)),
        meters=settings(meters["time_s"], (f"{m['numerator']}/{m['denominator']}" for m in meters)),
        keys=settings(
            notes.keys["time_s"],
            (key_name(int(k["sharps"]), is_minor=bool(k["is_minor"])) for k in notes.keys),
        ),
        found_key="" if sharps is None else key_name(sharps, is_minor=False),
        found_relative="" if sharps is None else key_name(sharps, is_minor=True),
        in_found_key=float(major_key_histogram(tones).max() / len(tones)) if len(tones) else 0.0,
        texts={kind: kinds[kind] for kind in TEXT_KINDS if kinds[kind]},
        chords=tuple(dict.fromkeys(t.text for t in notes.texts if t.kind == "chord")),
        controllers=dict(moved.most_common()),
    )


def key_name(sharps: int, *, is_minor: bool) -> str:
    """Name the key of a signature: ``"G major"``, ``"E minor"``.

    Parameters
    ----------
    sharps : int in [-7, 7]
        Negative for flats.
    is_minor : bool
        Whether it is the minor key with that signature.
    """
    letter, alteration = name_on_line_of_fifths(sharps + 3 * is_minor)
    sign = {-1: "b", 0: "", 1: "#"}[alteration]
    return f"{letter}{sign} {'minor' if is_minor else 'major'}"


def _found_sharps(tones: "np.ndarray[Any, np.dtype[np.uint8]]") -> int | None:
    return (7 * estimate_major_key(tones) + 5) % 12 - 5 if len(tones) else None


def _number(qpm: float) -> str:
    return f"{round(float(qpm), 1):g}"


def _changing(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """Leave out what says again what holds already."""
    kept: list[Setting] = []
    for setting in settings:
        if not kept or kept[-1].value != setting.value:
            kept.append(setting)
    return tuple(kept)


def _instrument(notes: NoteSequence, index: int) -> InstrumentSummary:
    table = notes.notes[notes.notes["instrument"] == index]
    instrument = notes.instruments[index]
    silence_before_s = _silence_s(table)
    ends_s = np.maximum.accumulate(table["release_s"]) if len(table) else table["release_s"]
    sounding_s = float(ends_s[-1] - silence_before_s) if len(table) else 0.0
    return InstrumentSummary(
        name=instrument.name,
        sound="drums" if instrument.is_drum else PROGRAM_NAMES[instrument.program],
        num_notes=len(table),
        lowest=int(table["pitch"].min()) if len(table) else None,
        highest=int(table["pitch"].max()) if len(table) else None,
        sounding=sounding_s / notes.total_time_s if notes.total_time_s else 0.0,
        is_monophonic=bool((table["onset_s"][1:] >= ends_s[:-1] - SAME_MOMENT_S).all()),
    )


def _silence_s(table: Table) -> float:
    """Add up the time before the last release in which nothing sounds."""
    if not len(table):
        return 0.0
    ends_s = np.maximum.accumulate(np.append(0.0, table["release_s"]))[:-1]
    return float(np.maximum(table["onset_s"] - ends_s, 0.0).sum())
