"""Music files by their suffix: load, load all, save."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from solferino.errors import MusicFileError
from solferino.notes.abc_notation import TuneBook, TuneError, read_tune_book
from solferino.notes.abc_writing import write_abc
from solferino.notes.disk import PathOrText, read_bytes, write_beside
from solferino.notes.midi import read_midi, write_midi
from solferino.notes.musicxml import read_musicxml
from solferino.notes.musicxml_writing import write_musicxml
from solferino.notes.protobuf import parse_protobuf, read_protobuf, write_protobuf
from solferino.notes.sequence import NoteSequence
from solferino.notes.tfrecord import read_tfrecord, write_note_sequences


def _read_one_midi(path: PathOrText) -> TuneBook:
    return TuneBook((read_midi(path),), ())


def _read_one_score(path: PathOrText) -> TuneBook:
    return TuneBook((read_musicxml(path),), ())


def _read_one_score_as_written(path: PathOrText) -> TuneBook:
    return TuneBook((read_musicxml(path, repeats=False),), ())


def _read_one_message(path: PathOrText) -> TuneBook:
    return TuneBook((read_protobuf(path),), ())


def _read_records(path: PathOrText) -> TuneBook:
    """Read the pieces of a TFRecord file up to where it is damaged, and say which failed."""
    pieces: list[NoteSequence] = []
    errors: list[TuneError] = []
    records = enumerate(read_tfrecord(path), 1)
    while True:
        try:
            number, record = next(records)
        except StopIteration:
            break
        except MusicFileError as error:
            errors.append(TuneError(str(len(pieces) + len(errors) + 1), "", str(error)))
            break
        try:
            pieces.append(parse_protobuf(record, f"{path}: record {number}"))
        except MusicFileError as error:
            errors.append(TuneError(str(number), "", str(error)))
    if not pieces:
        raise MusicFileError(errors[0].reason)
    return TuneBook(tuple(pieces), tuple(errors))


def _write_one_record(notes: NoteSequence, path: PathOrText) -> None:
    write_note_sequences([notes], path)


_READERS: Mapping[str, Callable[[PathOrText], TuneBook]] = MappingProxyType(
    {
        ".mid": _read_one_midi,
        ".midi": _read_one_midi,
        ".kar": _read_one_midi,
        ".abc": read_tune_book,
        ".musicxml": _read_one_score,
        ".xml": _read_one_score,
        ".mxl": _read_one_score,
        ".pb": _read_one_message,
        ".tfrecord": _read_records,
    }
)
_READERS_AS_WRITTEN: Mapping[str, Callable[[PathOrText], TuneBook]] = MappingProxyType(
    {
        ".abc": partial(read_tune_book, repeats=False),
        ".musicxml": _read_one_score_as_written,
        ".xml": _read_one_score_as_written,
        ".mxl": _read_one_score_as_written,
    }
)
"""How the formats that have repeat signs are read without following them."""

_SOUND_SUFFIX = ".wav"
_WRITERS: Mapping[str, Callable[[NoteSequence, PathOrText], None]] = MappingProxyType(
    {
        ".mid": write_midi,
        ".midi": write_midi,
        ".kar": write_midi,
        ".abc": write_abc,
        ".musicxml": write_musicxml,
        ".xml": write_musicxml,
        ".mxl": write_musicxml,
        ".pb": write_protobuf,
        ".tfrecord": _write_one_record,
    }
)

SUFFIXES = tuple(_READERS)
"""Suffixes of the files that `load` reads."""


class Sound(Protocol):
    """What can be saved as a sound: a `Waveform`."""

    def wav_bytes(self) -> bytes:
        """Return the content of a WAV file."""


def load(path: PathOrText, *, repeats: bool = True) -> NoteSequence:
    """Read a music file; of a tune book, the first tune.

    Parameters
    ----------
    path : str or path
        A file whose suffix is one of `SUFFIXES`, in small or capital letters.
    repeats : bool
        Whether the repeats of a score or a tune are played, or every bar once; other files
        have none.

    Raises
    ------
    MusicFileError
        If it cannot be read as what its suffix says.
    """
    return load_all(path, repeats=repeats)[0]


def load_all(path: PathOrText, *, repeats: bool = True) -> list[NoteSequence]:
    """Read all pieces of a music file: the tunes of a book, or the one piece of a MIDI file.

    Parameters
    ----------
    path : str or path
        A file whose suffix is one of `SUFFIXES`, in small or capital letters.
    repeats : bool
        Whether the repeats of a score or a tune are played, or every bar once; other files
        have none.

    Raises
    ------
    MusicFileError
        If it cannot be read as what its suffix says.
    """
    return list(load_book(path, repeats=repeats).tunes)


def load_book(path: PathOrText, *, repeats: bool = True) -> TuneBook:
    """Read all pieces of a music file, and say which tunes of a book could not be read.

    Parameters
    ----------
    path : str or path
        A file whose suffix is one of `SUFFIXES`, in small or capital letters. What holds one
        piece is a book of one tune.
    repeats : bool
        Whether the repeats of a score or a tune are played, or every bar once; other files
        have none.

    Raises
    ------
    MusicFileError
        If it cannot be read as what its suffix says.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix in _READERS:
        read = _READERS[suffix] if repeats else _READERS_AS_WRITTEN.get(suffix, _READERS[suffix])
        return read(file)
    if file.is_dir() or not file.exists():
        read_bytes(file)
    if suffix == _SOUND_SUFFIX:
        raise MusicFileError(f"{file} is sound, not notes; read it with solferino.read_wav")
    raise MusicFileError(
        f"{file} has the unknown suffix {suffix or 'none'!r}; "
        f"music is read from {_listed(SUFFIXES)}"
    )


def save(music: NoteSequence | Sound, path: PathOrText) -> None:
    """Write notes in the format of the suffix, a waveform as WAV; the file is whole or not there.

    Parameters
    ----------
    music : NoteSequence or Waveform
        Notes for ``.mid``, ``.midi``, ``.kar``, ``.abc``, ``.musicxml``, ``.xml``, ``.mxl``
        (MusicXML, the last compressed), ``.pb`` (a NoteSequence message of Magenta) and
        ``.tfrecord`` (a file of these, here of one); a waveform for ``.wav``.
    path : str or path
        Where.

    Raises
    ------
    MusicFileError
        If the suffix does not fit the music, the format cannot hold it, or the file cannot be
        written.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if isinstance(music, NoteSequence):
        if suffix in _WRITERS:
            _WRITERS[suffix](music, file)
            return
        way_out = "synthesize them first" if suffix == _SOUND_SUFFIX else "choose one of these"
        raise MusicFileError(
            f"{file} cannot hold notes, which are written to {_listed(tuple(_WRITERS))}; {way_out}"
        )
    if suffix != _SOUND_SUFFIX:
        raise MusicFileError(f"{file} cannot hold a waveform; give it the suffix {_SOUND_SUFFIX}")
    write_beside(file, music.wav_bytes())


def _listed(suffixes: tuple[str, ...]) -> str:
    return f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
