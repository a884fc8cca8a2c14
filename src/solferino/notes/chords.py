"""Chords: read from symbols, named from pitches, played as notes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.chord_symbols import (
    ADDED,
    ALTERED,
    KINDS,
    OMITTED,
    SymbolParts,
    in_one_form,
    nearest_name,
    parse_degree,
    read_symbol_parts,
)
from solferino.notes.harmony import (
    LETTER_PITCH_CLASSES,
    PITCH_CLASS_NAMES,
    transpose_chord_symbol,
)
from solferino.notes.sequence import NOTE_DTYPE, Instrument, NoteSequence

Triad = Literal["maj", "min", "aug", "dim", "other"]

NO_CHORD = "N.C."
"""How the absence of a chord is written."""

_NOTE = r"[A-G](?:##|bb|[#b]?)"
_SYMBOL = re.compile(rf"({_NOTE})(.*?)(?:/({_NOTE}))?")
_ABSENCE = re.compile(r"(?i:n\.?\s*c\.?|no\s*chord|tacet)")
_SIGNS = str.maketrans({"♭": "b", "♯": "#", "\u2013": "-", "\u2212": "-"})


@final
@dataclass(frozen=True)
class Chord:
    """A chord: a root, a kind, and what differs from it.

    It is kept in one form, so that two spellings of the same chord are equal: a minor
    seventh with a flat fifth becomes the kind ``"m7b5"``. Read one with `parse_chord`.

    Parameters
    ----------
    root : str
        ``"F#"``; empty for no chord.
    kind : str
        A name in `KINDS`.
    altered : tuple of str
        From `ALTERED`. Each takes the place of the degree without its flat or sharp.
    added : tuple of str
        From `ADDED`.
    omitted : tuple of str
        From `OMITTED`.
    bass : str
        The lowest note where it is not the root; empty where it is.

    Raises
    ------
    ValueError
        If one of them is not known.
    """

    root: str
    kind: str = ""
    altered: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()
    bass: str = ""

    def __post_init__(self) -> None:
        """Check every part and bring them into one form."""
        if not self.root and any((self.kind, self.altered, self.added, self.omitted, self.bass)):
            raise ValueError("a chord without a root has no kind, changes or bass; give it a root")
        for note in filter(None, (self.root, self.bass)):
            if not re.fullmatch(_NOTE, note):
                raise ValueError(f"{note!r} is no note; write one like 'F#'")
        if self.kind not in KINDS:
            nearest = nearest_name(self.kind, list(KINDS))
            raise ValueError(
                f"no kind of chord is called {self.kind!r}; the nearest is {nearest!r}"
            )
        for name, known in (("altered", ALTERED), ("added", ADDED), ("omitted", OMITTED)):
            degrees = getattr(self, name)
            unknown = [degree for degree in degrees if degree not in known]
            if unknown:
                raise ValueError(f"{name} degrees are {', '.join(known)}; got {unknown[0]!r}")
        parts = SymbolParts(self.kind, self.altered, self.added, self.omitted)
        for name, part in in_one_form(parts)._asdict().items():
            object.__setattr__(self, name, part)
        if self.bass == self.root:
            object.__setattr__(self, "bass", "")

    @property
    def root_pitch_class(self) -> int | None:
        """Pitch class of the root, 0 is C; None for no chord."""
        return _pitch_class(self.root) if self.root else None

    @property
    def bass_pitch_class(self) -> int | None:
        """Pitch class of the lowest note, 0 is C; None for no chord."""
        return _pitch_class(self.bass or self.root) if self.root else None

    @property
    def triad(self) -> Triad:
        """Which triad stands on the root; suspended and power chords are ``"other"``.

        A chord without a fifth counts by its third.
        """
        tones = self._tones()
        thirds, fifths = tones.get(3, ()), tones.get(5, (7,))
        if len(thirds) != 1 or len(fifths) != 1:
            return "other"
        triads: Mapping[tuple[int, int], Triad] = {
            (4, 7): "maj", (3, 7): "min", (4, 8): "aug", (3, 6): "dim",
        }  # fmt: skip
        return triads.get((thirds[0], fifths[0]), "other")

    def intervals(self) -> tuple[int, ...]:
        """Semitones of the notes above the root, going up; a ninth is 14, the bass is left out."""
        return tuple(sorted(n for tones in self._tones().values() for n in tones))

    def pitch_classes(self) -> frozenset[int]:
        """Pitch classes of the notes, the bass with them; none for no chord."""
        if not self.root:
            return frozenset()
        root = _pitch_class(self.root)
        above = {(root + semitones) % 12 for semitones in self.intervals()}
        return frozenset(above | {_pitch_class(self.bass or self.root)})

    def name(self) -> str:
        """Write the symbol; reading it gives the chord back."""
        if not self.root:
            return NO_CHORD
        altered = "".join(self.altered)
        if altered and not self.kind:
            altered = f"({altered})"
        added = "".join(f"add{degree}" for degree in self.added)
        omitted = "".join(f"no{degree}" for degree in self.omitted)
        bass = f"/{self.bass}" if self.bass else ""
        return f"{self.root}{self.kind}{altered}{added}{omitted}{bass}"

    def transpose(self, semitones: int) -> Self:
        """Move root and bass up or down, spelled as `transpose_chord_symbol` spells them."""
        root, bass = (transpose_chord_symbol(note, semitones) for note in (self.root, self.bass))
        return replace(self, root=root, bass=bass)

    def _tones(self) -> dict[int, tuple[int, ...]]:
        """Semitones above the root by degree."""
        tones: dict[int, tuple[int, ...]] = {}
        names = KINDS[self.kind].formula.split() if self.root else ()
        taken = {parse_degree(name).number for name in self.altered}
        for number, semitones, is_natural in map(parse_degree, (*names, *self.added)):
            if not (is_natural and number in taken):
                tones[number] = (*tones.get(number, ()), semitones)
        for number, semitones, _ in map(parse_degree, self.altered):
            tones[number] = tuple(sorted({*tones.get(number, ()), semitones}))
        return {n: tones[n] for n in tones if str(n) not in self.omitted}


def parse_chord(symbol: str) -> Chord:
    """Read a chord symbol.

    Parameters
    ----------
    symbol : str
        As musicians write it: ``"C"``, ``"Cm"``, ``"C-7"``, ``"C△"``, ``"CM7"``, ``"Cø"``,
        ``"C°7"``, ``"C7(b9)"``, ``"C6/9"``, ``"Cm/maj7"``, ``"Csus"``, ``"Cadd9"``,
        ``"C/E"``, ``"N.C."``. ``"C2"`` is an added ninth.

    Returns
    -------
    Chord

    Raises
    ------
    ValueError
        If it cannot be read; the message names the part that is not understood and the
        nearest known symbol.
    """
    words = symbol.translate(_SIGNS).strip()
    if _ABSENCE.fullmatch(words):
        return _NOTHING
    found = _SYMBOL.fullmatch(words)
    if not found:
        raise ValueError(
            f"chord {symbol!r} begins with no root; a root is a capital from A to G with # or b, "
            f"and no chord is {NO_CHORD!r}"
        )
    root, rest, bass = found.groups()
    try:
        parts = read_symbol_parts(rest)
    except ValueError as error:
        unknown, nearest = error.args
        raise ValueError(
            f"chord {symbol!r}: {unknown!r} is not understood; "
            f"the nearest known is {root + nearest!r}"
        ) from None
    return Chord(root, *parts, bass=bass or "")


def name_chord(pitch_classes: Iterable[int], bass: int | None = None) -> str:
    """Name the chord that fits notes best.

    Parameters
    ----------
    pitch_classes : iterable of int
        Of the notes; MIDI pitches do as well.
    bass : int, optional
        Pitch class of the lowest note. A chord on it is preferred; where another fits
        better it stands behind a slash.

    Returns
    -------
    str
        A symbol with roots spelled as in `PITCH_CLASS_NAMES`. Where no chord has just these
        notes it is the one with the fewest missing and left over; without notes `NO_CHORD`.
    """
    sounding = np.zeros(12, np.bool_)
    sounding[[pitch % 12 for pitch in pitch_classes]] = True
    if bass is not None:
        sounding[bass % 12] = True
    if not sounding.any():
        return NO_CHORD
    chords, templates, importance = _templates()
    on_root = np.stack([np.roll(sounding, -root) for root in range(12)])
    missing = (~on_root).astype(np.float64) @ importance.T
    left_over = on_root.astype(np.float64) @ (~templates).T
    is_changed = np.arange(len(chords)) >= len(KINDS)
    cost = missing + left_over + 0.3 * is_changed + np.arange(len(chords)) * 1e-4
    if bass is not None:
        cost += 0.2 * (np.arange(12) != bass % 12)[:, np.newaxis]
    root, which = np.unravel_index(np.argmin(cost), cost.shape)
    chord = replace(chords[which], root=PITCH_CLASS_NAMES[root])
    if bass is not None:
        chord = replace(chord, bass=PITCH_CLASS_NAMES[bass % 12])
    return chord.name()


def chord_notes(chord: Chord | str, octave: int = 4) -> tuple[int, ...]:
    """Voice a chord for a keyboard: its notes in close position over its bass.

    Parameters
    ----------
    chord : Chord or str
        A chord or its symbol.
    octave : int in [2, 7]
        Where the chord lies: in octave 4 the roots go from the G below middle C to the F#
        above it, and the bass from E2 to D#3.

    Returns
    -------
    tuple of int
        MIDI pitches going up, the bass first; empty for no chord.

    Raises
    ------
    ValueError
        If the symbol cannot be read, or the octave is out of range.
    """
    if not 2 <= octave <= 7:
        raise ValueError(f"octave must be in 2..7, got {octave}; 4 begins with middle C")
    chord = parse_chord(chord) if isinstance(chord, str) else chord
    if chord.root_pitch_class is None or chord.bass_pitch_class is None:
        return ()
    middle = 12 * (octave + 1)
    root = _lowest_from(chord.root_pitch_class, middle - 5)
    bass = _lowest_from(chord.bass_pitch_class, middle - 20)
    return (bass, *(root + semitones for semitones in chord.intervals()))


def render_chords(notes: NoteSequence, velocity: int = 60, program: int = 0) -> NoteSequence:
    """Add an instrument that plays the chord symbols of a piece.

    Parameters
    ----------
    notes : NoteSequence
        Its chords are the texts of kind "chord"; each sounds until the next or the end.
    velocity : int in [0, 127]
        Of the added notes.
    program : int in [0, 127]
        General MIDI program of the added instrument, counted from 0.

    Returns
    -------
    NoteSequence
        With an instrument named "Chords" behind its others.

    Raises
    ------
    ValueError
        If a symbol cannot be read.
    """
    symbols = {text.time_s: text.text for text in notes.texts if text.kind == "chord"}
    ends_s = [*list(symbols)[1:], notes.total_time_s]
    rows = [
        (onset_s, end_s, pitch, velocity, len(notes.instruments))
        for (onset_s, symbol), end_s in zip(symbols.items(), ends_s, strict=bool(symbols))
        for pitch in chord_notes(symbol)
        if end_s > onset_s
    ]
    return notes.replace(
        notes=np.concatenate([notes.notes, np.array(rows, NOTE_DTYPE)]),
        instruments=(*notes.instruments, Instrument(program, name="Chords")),
    )


def _pitch_class(note: str) -> int:
    accidentals = note.count("#") - note[1:].count("b")
    return (LETTER_PITCH_CLASSES[note[0]] + accidentals) % 12


def _lowest_from(pitch_class: int, lowest: int) -> int:
    """Find the lowest pitch of a class that is not below another pitch."""
    return lowest + (pitch_class - lowest) % 12


@cache
def _templates() -> tuple[list[Chord], NDArray[np.bool_], NDArray[np.float64]]:
    """Give chords on C for naming, their pitch classes, and how much each note is missed."""
    plain = [Chord("C", kind) for kind in KINDS]
    with_third = [chord for chord in plain if "3" in KINDS[chord.kind].formula]
    changed = [
        *(replace(chord, added=(degree,)) for degree in ADDED for chord in with_third),
        *(replace(chord, altered=(degree,)) for degree in ALTERED for chord in with_third),
    ]
    chords = list(dict.fromkeys(plain + changed))
    templates = np.zeros((len(chords), 12), np.bool_)
    importance = np.zeros((len(chords), 12))
    for row, chord in enumerate(chords):
        tones = np.mod(chord.intervals(), 12)
        templates[row, tones] = True
        importance[row, tones] = 1.5
        importance[row, 0] = 3.0
        importance[row, 7] *= 2 / 3
    return chords, templates, importance


_NOTHING = Chord("")
