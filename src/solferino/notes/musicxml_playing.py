"""A score in the order of playing: where each measure begins, and what sounds in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from solferino.notes.musicxml_directions import FASTEST_QPM, SLOWEST_QPM, Key, Meter
from solferino.notes.musicxml_notes import Sound
from solferino.notes.musicxml_score import PartMeasure, Score
from solferino.notes.sequence import DEFAULT_QPM

MAX_SOUNDS = 4_000_000

_T = TypeVar("_T")


class Placed(NamedTuple):
    """Where the measures of a score are played.

    Parameters
    ----------
    order : list of int
        Indices of the measures as played.
    starts_ticks : list of int
        Where each of them begins.
    meters : list of tuple of int and Meter
        Meters with their ticks, so that full bars begin on bar lines.
    end_ticks : int
        Where the last one ends.
    """

    order: list[int]
    starts_ticks: list[int]
    meters: list[tuple[int, Meter]]
    end_ticks: int

    def measures(self) -> Iterator[tuple[int, int]]:
        """Yield the start and the index of each measure."""
        return zip(self.starts_ticks, self.order, strict=True)


def settle_meters(score: Score) -> None:
    """Find the meter and the length of every measure.

    Parts with bars of different lengths, such as 6/8 against 2/4, are stretched to one bar: the
    one that held before, if a part keeps to it, or else that of the first part. A measure that
    misses its bar by less than 1/32 of a quarter, as rounded tuplets make it, is a full bar, and
    so is one without any voice, or with a part that fills it. Other measures are as long as their
    longest voice.

    Parameters
    ----------
    score : Score
        Its measures are changed.
    """
    meter: Meter | None = None
    for index, measure in enumerate(score.measures):
        meter = measure.meter = _common_meter(score, index, meter)
        bar = score.bar_ticks(meter)
        for part in score.parts:
            if bar and part[index].meter != meter:
                part[index] = _stretched(score, part[index], bar)
        measure.length_ticks = _length_ticks(score, index, bar)


def _length_ticks(score: Score, index: int, bar: int) -> int:
    lengths = [part[index].length_ticks for part in score.parts]
    is_almost_full = abs(max(lengths) - bar) * 32 < score.ticks_per_quarter
    if bar and (is_almost_full or bar in lengths):
        return bar
    return max(lengths) or bar or 4 * score.ticks_per_quarter


def _common_meter(score: Score, index: int, before: Meter | None) -> Meter | None:
    """Choose the meter of a measure; those of parts whose voices fill it go first."""
    parts = [part[index] for part in score.parts if part[index].meter]
    full = [part.meter for part in parts if part.length_ticks == score.bar_ticks(part.meter)]
    meters = full or [part.meter for part in parts]
    return before if before in meters else next(iter(meters), None)


def _stretched(score: Score, part: PartMeasure, bar: int) -> PartMeasure:
    """Stretch a bar that is full in its own meter to another length."""
    own_bar = score.bar_ticks(part.meter)
    if part.length_ticks != own_bar or own_bar in (0, bar):
        return part
    sounds = [
        sound._replace(
            onset_ticks=sound.onset_ticks * bar // own_bar,
            length_ticks=max(1, sound.length_ticks * bar // own_bar),
        )
        for sound in part.sounds
    ]
    lyrics = [
        lyric._replace(onset_ticks=lyric.onset_ticks * bar // own_bar) for lyric in part.lyrics
    ]
    return PartMeasure(sounds, lyrics, bar, part.meter)


def place(score: Score, order: list[int]) -> Placed:
    """Place measures in time, with their meters.

    A pickup at the beginning ends on a bar line, so the piece begins with a rest. Later on
    nothing moves: where a full bar begins beside the bar lines of its meter, as behind a bar that
    was cut short, the meter is stated again.

    Parameters
    ----------
    score : Score
        With settled meters.
    order : list of int
        Indices of the measures as played.
    """
    starts: list[int] = []
    meters: list[tuple[int, Meter]] = []
    now = _rest_before_pickup(score, order)
    for index in order:
        measure = score.measures[index]
        bar = score.bar_ticks(measure.meter)
        if measure.meter and not meters:
            meters.append((now if starts else 0, measure.meter))
        elif measure.meter and meters:
            counted_from, meter = meters[-1]
            is_beside = (now - counted_from) % bar > 0
            if measure.meter != meter or (is_beside and measure.length_ticks >= bar):
                meters.append((now, measure.meter))
        starts.append(now)
        now += measure.length_ticks
    return Placed(order, starts, meters, now)


def _rest_before_pickup(score: Score, order: list[int]) -> int:
    """Return the ticks that a pickup at the beginning misses to a full bar."""
    pickup = 0
    first = score.measures[order[0]]
    bar = score.bar_ticks(first.meter)
    for index in order:
        measure = score.measures[index]
        if measure.meter != first.meter or measure.length_ticks >= bar:
            return -pickup % bar if 0 < pickup < bar else 0
        pickup += measure.length_ticks
    return 0


def note_rows(part: Sequence[PartMeasure], placed: Placed) -> list[list[int]]:
    """List the notes of a part as played; tied notes become one.

    Parameters
    ----------
    part : sequence of PartMeasure
        As written.
    placed : Placed

    Returns
    -------
    list of list of int
        Onset and release in ticks, pitch, velocity, instrument, and whether it is a grace note.

    Raises
    ------
    ValueError
        If there are too many.
    """
    if sum(len(part[index].sounds) for index in placed.order) > MAX_SOUNDS:
        raise ValueError(f"it has more than {MAX_SOUNDS} notes with its repeats; split it")
    played = [
        (start + sound.onset_ticks, sound)
        for start, index in placed.measures()
        for sound in part[index].sounds
    ]
    played.sort(key=lambda item: item[0])
    rows = _merged(played)
    if any(row[5] for row in rows):
        _give_way(rows)
    return rows


def _merged(played: list[tuple[int, Sound]]) -> list[list[int]]:
    """Merge tied notes: those of one pitch that follow each other, in one voice if possible."""
    rows: list[list[int]] = []
    held: dict[tuple[int, int], list[tuple[str, list[int]]]] = {}
    for onset, sound in played:
        row = None
        if sound.ends_tie:
            candidates = held.get((sound.pitch, onset), [])
            own = [k for k, (voice, _) in enumerate(candidates) if voice == sound.voice]
            row = candidates.pop(own[0] if own else 0)[1] if candidates else None
        if row is None:
            row = [onset, 0, sound.pitch, sound.velocity, sound.instrument, sound.is_grace]
            rows.append(row)
        row[1] = onset + sound.length_ticks
        if sound.begins_tie:
            held.setdefault((sound.pitch, row[1]), []).append((sound.voice, row))
    return rows


def _give_way(rows: list[list[int]]) -> None:
    """End notes where a grace note of their pitch begins; put grace notes at 0 on the beat."""
    earliest = min(row[0] for row in rows)
    if earliest < 0:
        for row in rows:
            if row[0] < 0:
                row[0], row[1] = row[0] - earliest, row[1] - earliest
    last: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        before = last.get((row[2], row[4]))
        if before and row[5] and before[0] < row[0] < before[1]:
            before[1] = row[0]
        last[row[2], row[4]] = row


def tempos(score: Score, placed: Placed) -> list[tuple[int, float]]:
    """List the tempos with their ticks, each only where it is new; a repeat begins in its own.

    Parameters
    ----------
    score : Score
    placed : Placed

    Returns
    -------
    list of tuple of int and float
        In quarter notes a minute; the first at 0, 120 where the score gives none.
    """
    qpm = DEFAULT_QPM
    changes: list[list[tuple[int, float]]] = []
    for measure in score.measures:
        changes.append([(0, qpm)])
        for onset, tempo in sorted(measure.tempos.items()):
            value = qpm * tempo.value if tempo.is_relative else tempo.value
            qpm = min(max(value, SLOWEST_QPM), FASTEST_QPM)
            changes[-1].append((onset, qpm))
    return _listed(changes, placed)


def keys(score: Score, placed: Placed) -> list[tuple[int, Key]]:
    """List the keys with their ticks, each only where it is new.

    Parameters
    ----------
    score : Score
    placed : Placed
    """
    key: Key | None = None
    changes: list[list[tuple[int, Key]]] = []
    for measure in score.measures:
        changes.append([(0, key)] if key else [])
        for onset, key in sorted(measure.keys.items()):
            changes[-1].append((onset, key))
    return _listed(changes, placed)


def _listed(changes: Sequence[list[tuple[int, _T]]], placed: Placed) -> list[tuple[int, _T]]:
    """List changes in the order of playing, without those that change nothing."""
    listed: dict[int, _T] = {}
    for k, (start, index) in enumerate(placed.measures()):
        for onset, value in changes[index]:
            listed[start + onset if k or onset else 0] = value
    rows: list[tuple[int, _T]] = []
    for tick in sorted(listed):
        if not rows or rows[-1][1] != listed[tick]:
            rows.append((tick, listed[tick]))
    return rows


def texts(score: Score, placed: Placed) -> Iterator[tuple[int, tuple[str, str, int]]]:
    """Yield the ticks of chord symbols, words and lyrics, and their text, kind and instrument.

    When a measure is played again, the next verse is sung, if there is one.

    Parameters
    ----------
    score : Score
    placed : Placed
    """
    times: Counter[int] = Counter()
    for start, index in placed.measures():
        measure = score.measures[index]
        times[index] += 1
        for onset, symbol in measure.chords.items():
            yield start + onset, (symbol, "chord", -1)
        for onset, words, kind in measure.texts:
            yield start + onset, (words, kind, -1)
        for part in score.parts:
            lyrics = part[index].lyrics
            verses = sorted({lyric.verse for lyric in lyrics})
            sung = [verse for verse in verses if verse <= times[index]] or verses[:1]
            for lyric in lyrics:
                if lyric.verse == sung[-1]:
                    yield max(0, start + lyric.onset_ticks), (lyric.text, "lyric", lyric.instrument)
