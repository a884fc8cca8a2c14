"""Loops that are written while they play, by hand and with loopers; name a folder, or take out/."""

import sys
from pathlib import Path

import solferino as sf
from solferino.live.parts import Action, Part
from solferino.live.rendering import render, sound_of
from solferino.live.track import Track
from solferino.notes.editing import extract, shift


def reset(start_s, end_s):
    """Forget everything."""
    return loop(sf.NoteSequence(), start_s, end_s)


def loop(piece, start_s, end_s):
    """Play a section once more, after itself."""
    return shift(extract(piece, start_s, end_s), end_s - start_s)


def generate(piece, bundle, start_s, end_s):
    """Continue a piece with a new section."""
    piece = sf.open_generator(bundle).generate(piece, sf.Section(start_s, end_s))
    return extract(piece, start_s, end_s)


out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
first = generate(reset(0, 8), "attention_rnn", 8, 16)
again = loop(first, 8, 16)
sf.save(generate(again, "attention_rnn", 24, 32), out / "by_hand.mid")

drums = Part(name="drums", bundle="drum_kit", bars=2, channel=10)
melody = Part(name="melody", bundle="attention_rnn", bars=4)
track = Track([drums, melody, Part(name="cat", bundle="lookback_rnn", channel=3, sample="cat")])
render(track, 8)  # all play a new loop in every pass
track["melody"].act(Action.LOOP)
sf.save(render(track, 8), out / "with_loopers.mid")
sf.save(sound_of(track), out / "with_loopers.wav")
