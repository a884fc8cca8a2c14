"""The parts of a score and who plays them: names, programs and drums."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import final
from xml.etree.ElementTree import Element

DRUM_CHANNEL = 10

_SOUNDS: Mapping[str, int] = MappingProxyType({
    "keyboard": 0, "keyboard.accordion": 21, "keyboard.celesta": 8, "keyboard.clavichord": 7,
    "keyboard.harpsichord": 6, "keyboard.organ": 19, "keyboard.organ.drawbar": 16,
    "keyboard.organ.percussive": 17, "keyboard.organ.reed": 20, "keyboard.piano.electric": 4,
    "pitched-percussion.celesta": 8, "pitched-percussion.glockenspiel": 9,
    "pitched-percussion.marimba": 12, "pitched-percussion.music-box": 10,
    "pitched-percussion.tubular-bells": 14, "pitched-percussion.vibraphone": 11,
    "pitched-percussion.xylophone": 13, "pluck": 24, "pluck.banjo": 105, "pluck.bass": 33,
    "pluck.bass.acoustic": 32, "pluck.bass.fretless": 35, "pluck.bass.synth": 38,
    "pluck.dulcimer": 15, "pluck.guitar.electric": 27, "pluck.guitar.steel-string": 25,
    "pluck.harp": 46, "pluck.koto": 107, "pluck.shamisen": 106, "pluck.sitar": 104,
    "strings": 48, "strings.violin": 40, "strings.viola": 41, "strings.cello": 42,
    "strings.contrabass": 43, "strings.fiddle": 110, "strings.group": 48, "strings.viol": 42,
    "drum.timpani": 47, "voice": 52, "voice.synth": 54, "brass": 61, "brass.trumpet": 56,
    "brass.cornet": 56, "brass.flugelhorn": 56, "brass.trombone": 57, "brass.tuba": 58,
    "brass.euphonium": 58, "brass.french-horn": 60, "brass.natural-horn": 60, "wind.flutes": 73,
    "wind.flutes.flute.piccolo": 72, "wind.flutes.recorder": 74, "wind.flutes.panpipes": 75,
    "wind.flutes.shakuhachi": 77, "wind.flutes.whistle": 78, "wind.flutes.ocarina": 79,
    "wind.pipes.bagpipes": 109, "wind.reed": 68, "wind.reed.bassoon": 70,
    "wind.reed.contrabassoon": 70, "wind.reed.clarinet": 71, "wind.reed.english-horn": 69,
    "wind.reed.harmonica": 22, "wind.reed.oboe": 68, "wind.reed.saxophone": 65,
    "wind.reed.saxophone.soprano": 64, "wind.reed.saxophone.tenor": 66,
    "wind.reed.saxophone.baritone": 67,
})  # fmt: skip
"""Program of each family of the standard sounds of MusicXML; what is below it sounds the same."""

_NAMES: Mapping[str, int] = MappingProxyType({
    "harpsichord": 6, "cembalo": 6, "clavecin": 6, "celesta": 8, "glockenspiel": 9,
    "vibraphone": 11, "marimba": 12, "xylophone": 13, "tubular bells": 14, "organ": 19,
    "orgel": 19, "orgue": 19, "harmonium": 20, "accordion": 21, "harmonica": 22, "guitar": 24,
    "gitarre": 24, "electric guitar": 27, "lute": 24, "bass guitar": 33, "electric bass": 33,
    "violin": 40, "violon": 40, "viola": 41, "bratsche": 41, "cello": 42, "contrabass": 43,
    "double bass": 43, "kontrabass": 43, "contrabbasso": 43, "contrebasse": 43, "harp": 46,
    "harfe": 46, "arpa": 46, "timpani": 47, "pauken": 47, "strings": 48, "choir": 52, "voice": 52,
    "vocal": 52, "singstimme": 52, "gesang": 52, "chant": 52, "soprano": 52, "sopran": 52,
    "alto": 52, "tenor": 52, "baritone": 52, "bariton": 52, "trumpet": 56,
    "trompete": 56, "tromba": 56, "trompette": 56, "cornet": 56, "trombone": 57, "posaune": 57,
    "tuba": 58, "horn": 60, "tenor horn": 60, "corno": 60, "soprano sax": 64, "alto sax": 65,
    "saxophone": 65, "tenor sax": 66, "baritone sax": 67, "oboe": 68, "hautbois": 68,
    "english horn": 69, "cor anglais": 69, "bassoon": 70, "fagott": 70, "basson": 70,
    "clarinet": 71, "klarinette": 71, "piccolo": 72, "flute": 73, "flauto": 73, "flöte": 73,
    "flûte": 73, "recorder": 74, "blockflöte": 74, "banjo": 105, "bagpipe": 109, "fiddle": 110,
})  # fmt: skip
"""Program of an instrument by a word in its name; the longest word counts."""

_BESIDE_A_SOPRANO = ("alt", "bass", "basso", "bassus")
"""Names of voices that mean nothing, or an instrument, where nobody sings."""


@final
@dataclass
class Player:
    """An instrument of a part, while a score is read.

    Parameters
    ----------
    name : str
        What the score calls it.
    program : int in [0, 127]
        General MIDI program, counted from 0.
    is_drum : bool
        Whether it plays on the percussion channel.
    drum_pitch : int or None
        The MIDI pitch of its one sound, for notes without a pitch.
    """

    name: str = ""
    program: int = 0
    is_drum: bool = False
    drum_pitch: int | None = None


@final
@dataclass
class Part:
    """A part: its name, and its players by their ids, the usual one first."""

    name: str = ""
    players: dict[str, Player] = field(default_factory=dict)


def read_parts(root: Element) -> dict[str, Part]:
    """Read the list of parts.

    The program is the one that the score gives, or else that of its standard sound, or else a
    guess from the name of the instrument or the part, or else a piano.

    Parameters
    ----------
    root : Element
        The score.

    Returns
    -------
    dict of str to Part
        By their ids, each with one player at least.
    """
    elements = root.findall("part-list/score-part")
    names = [_line(element.findtext("part-name")) for element in elements]
    are_voices = any("sopran" in name.casefold() for name in names)
    parts = {}
    for element, name in zip(elements, names, strict=True):
        part = Part(name)
        sounds = {e.get("id", ""): e for e in element.iterfind("score-instrument")}
        midis = {e.get("id", ""): e for e in element.iterfind("midi-instrument")}
        for player_id in [*{**sounds, **midis}] or [""]:
            player = _player(name, sounds.get(player_id), are_voices=are_voices)
            set_midi(player, midis.get(player_id))
            part.players[player_id] = player
        parts[element.get("id", "")] = part
    return parts


def set_midi(player: Player, midi: Element | None) -> None:
    """Give a player the program, channel and pitch of a ``<midi-instrument>``."""
    if midi is None:
        return
    program = midi_number(midi.findtext("midi-program"))
    if program is not None:
        player.program = program
    channel = midi_number(midi.findtext("midi-channel"))
    if channel is not None:
        player.is_drum = channel + 1 == DRUM_CHANNEL
    pitch = midi_number(midi.findtext("midi-unpitched"))
    if pitch is not None:
        player.drum_pitch = pitch


def midi_number(text: str | None) -> int | None:
    """Read a number that MusicXML counts from 1 and MIDI from 0."""
    digits = (text or "").strip()
    if not (digits.isdecimal() and len(digits) < 4 and 1 <= int(digits) <= 128):
        return None
    return int(digits) - 1


def program_of_name(name: str, *, are_voices: bool = False) -> int:
    """Guess a program from the name of an instrument; a piano where nothing is obvious.

    Parameters
    ----------
    name : str
        In English, German, French or Italian.
    are_voices : bool
        Whether it stands among singers, so that a bass is one that sings.
    """
    words = name.casefold()
    if are_voices and words in _BESIDE_A_SOPRANO:
        return _NAMES["voice"]
    known = [word for word in _NAMES if word in words]
    return _NAMES[max(known, key=len)] if known else 0


def _player(part_name: str, sound: Element | None, *, are_voices: bool) -> Player:
    own_name = _line(sound.findtext("instrument-name")) if sound is not None else ""
    standard = (sound.findtext("instrument-sound") or "").strip() if sound is not None else ""
    while standard and standard not in _SOUNDS:
        standard = standard.rpartition(".")[0]
    if standard:
        return Player(own_name, _SOUNDS[standard])
    program = program_of_name(own_name, are_voices=are_voices)
    return Player(own_name, program or program_of_name(part_name, are_voices=are_voices))


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
