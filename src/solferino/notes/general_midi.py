"""The names of General MIDI: programs, drums and controllers."""

from collections.abc import Mapping
from types import MappingProxyType

PROGRAM_NAMES = (
    "grand piano", "bright piano", "electric grand piano", "honky-tonk piano",
    "electric piano", "FM electric piano", "harpsichord", "clavinet",
    "celesta", "glockenspiel", "music box", "vibraphone",
    "marimba", "xylophone", "tubular bells", "dulcimer",
    "drawbar organ", "percussive organ", "rock organ", "church organ",
    "reed organ", "accordion", "harmonica", "tango accordion",
    "nylon guitar", "steel guitar", "jazz guitar", "clean guitar",
    "muted guitar", "overdriven guitar", "distorted guitar", "guitar harmonics",
    "acoustic bass", "fingered bass", "picked bass", "fretless bass",
    "slap bass", "slap bass 2", "synth bass", "synth bass 2",
    "violin", "viola", "cello", "double bass",
    "tremolo strings", "pizzicato strings", "harp", "timpani",
    "strings", "slow strings", "synth strings", "synth strings 2",
    "choir", "voice", "synth voice", "orchestra hit",
    "trumpet", "trombone", "tuba", "muted trumpet",
    "French horn", "brass", "synth brass", "synth brass 2",
    "soprano sax", "alto sax", "tenor sax", "baritone sax",
    "oboe", "English horn", "bassoon", "clarinet",
    "piccolo", "flute", "recorder", "pan flute",
    "blown bottle", "shakuhachi", "whistle", "ocarina",
    "square lead", "sawtooth lead", "calliope lead", "chiff lead",
    "charang lead", "voice lead", "fifths lead", "bass and lead",
    "new age pad", "warm pad", "polysynth pad", "choir pad",
    "bowed pad", "metallic pad", "halo pad", "sweep pad",
    "rain", "soundtrack", "crystal", "atmosphere",
    "brightness", "goblins", "echoes", "science fiction",
    "sitar", "banjo", "shamisen", "koto",
    "kalimba", "bagpipe", "fiddle", "shanai",
    "tinkle bell", "agogo", "steel drums", "wood block",
    "taiko", "melodic tom", "synth drum", "reverse cymbal",
    "fret noise", "breath noise", "seashore", "bird",
    "telephone", "helicopter", "applause", "gunshot",
)  # fmt: skip
"""The sound of each program, counted from 0."""

DRUM_NAMES: Mapping[int, str] = MappingProxyType({
    22: "hi-hat edge", 26: "open hi-hat edge", 35: "bass drum 2",
    36: "bass drum", 37: "side stick", 38: "snare", 39: "clap",
    40: "snare 2", 41: "low floor tom", 42: "closed hi-hat", 43: "floor tom",
    44: "pedal hi-hat", 45: "low tom", 46: "open hi-hat", 47: "low-mid tom",
    48: "high-mid tom", 49: "crash", 50: "high tom", 51: "ride", 52: "china",
    53: "ride bell", 54: "tambourine", 55: "splash", 56: "cowbell", 57: "crash 2",
    58: "vibraslap", 59: "ride 2", 60: "high bongo", 61: "low bongo", 62: "mute conga",
    63: "open conga", 64: "low conga", 65: "high timbale", 66: "low timbale", 67: "high agogo",
    68: "low agogo", 69: "cabasa", 70: "maracas", 75: "claves", 76: "high wood block",
    77: "low wood block", 80: "mute triangle", 81: "open triangle",
})  # fmt: skip
"""The drum on each pitch of the percussion channel."""

CONTROLLER_NAMES: Mapping[int, str] = MappingProxyType({
    0: "bank", 1: "modulation", 2: "breath", 4: "foot", 5: "portamento time",
    6: "data entry", 7: "volume", 8: "balance", 10: "pan", 11: "expression",
    32: "bank (fine)", 38: "data entry (fine)", 64: "sustain pedal", 65: "portamento",
    66: "sostenuto pedal", 67: "soft pedal", 68: "legato", 71: "resonance",
    72: "release time", 73: "attack time", 74: "brightness", 91: "reverb",
    92: "tremolo", 93: "chorus", 94: "detune", 95: "phaser",
    98: "parameter (fine)", 99: "parameter", 100: "registered parameter (fine)",
    101: "registered parameter", 120: "all sound off", 121: "reset controllers",
    123: "all notes off",
})  # fmt: skip
"""What each controller of a control change moves."""


def drum_name(pitch: int) -> str:
    """Name the drum on a pitch: 38 is the snare."""
    return DRUM_NAMES.get(pitch, f"drum {pitch}")


def controller_name(number: int) -> str:
    """Name a controller: 64 is the sustain pedal."""
    return CONTROLLER_NAMES.get(number, f"controller {number}")
