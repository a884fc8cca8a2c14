"""A track without ports: its notes, and its sound."""

from itertools import pairwise

import numpy as np

from solferino.audio.mixing import mixed
from solferino.audio.sampler import SampleInstrument, play_samples
from solferino.audio.synthesis import PEAK, synthesize
from solferino.audio.waveform import Waveform
from solferino.errors import LiveError
from solferino.live.track import Track
from solferino.notes.disk import PathOrText
from solferino.notes.sequence import NoteSequence

LEVEL = 0.1
"""Root mean square of every part, before they are mixed."""

FRAME_S = 0.05
AUDIBLE = 0.03
"""Frames below this share of the loudest one, 30 dB less, are pauses."""


def render(track: Track, bars: int) -> NoteSequence:
    """Play a track on for some bars, without a clock.

    Parameters
    ----------
    track : Track
        Its transport stands; afterwards it stands so many bars later. With a composer that
        writes at once, the same parts and actions give the same notes.
    bars : int >= 0

    Returns
    -------
    NoteSequence
        All that the track has played, with one instrument a looper.

    Raises
    ------
    LiveError
        If the track is being played.
    """
    line = track.transport.line
    if line.is_running:
        raise LiveError("the track is being played: stop it, or make another one to render")
    bar_quarters = track.transport.meter.bar_quarters
    starts = [line.anchor_quarters + bar * bar_quarters for bar in range(bars + 1)]
    end_s = line.anchor_s + bars * bar_quarters * 60 / line.qpm
    track.transport.resume(line.anchor_s)
    for start_quarters, end_quarters in pairwise(starts):
        track.between(start_quarters, end_quarters)
    track.transport.stop(end_s)
    track.transport.locate(starts[-1], end_s)
    return track.to_notes()


def sound_of(
    track: Track, soundfont: PathOrText | None = None, sample_rate_hz: int = 44_100
) -> Waveform:
    """Let what a track has played be heard.

    Parameters
    ----------
    track : Track
        Parts with a sample are played with it, the others by the SoundFont.
    soundfont : str or path, optional
        As in `solferino.audio.synthesis.synthesize`.
    sample_rate_hz : int > 0
        Samples a second.

    Returns
    -------
    Waveform
        All parts are equally loud while they play, and the loudest sample is 1 dB below full
        scale.

    Raises
    ------
    SynthesisError
        If the SoundFont or a sample cannot be played.
    """
    notes = track.to_notes()
    sounds = []
    for number, part in enumerate(track.parts):
        own = notes.with_notes(notes.notes[notes.notes["instrument"] == number])
        if part.sample:
            instrument = SampleInstrument.open(part.sample)
            sounds.append(play_samples(own, instrument, sample_rate_hz=sample_rate_hz, peak=None))
        else:
            sounds.append(synthesize(own, soundfont, sample_rate_hz, peak=None))
    return mixed([levelled(sound) for sound in sounds]).normalised(PEAK)


def levelled(sound: Waveform) -> Waveform:
    """Return a sound as loud as the others while it plays; silence stays silence.

    Parameters
    ----------
    sound : Waveform

    Returns
    -------
    Waveform
        Its louder half, of what is heard at all, has the root mean square `LEVEL`.
    """
    frame = max(1, round(FRAME_S * sound.sample_rate_hz))
    n_frames = len(sound) // frame
    power = np.square(sound.mono().samples[: n_frames * frame, 0]).reshape(n_frames, frame)
    levels = np.sqrt(power.mean(axis=1))
    heard = np.sort(levels[levels > AUDIBLE * levels.max(initial=0.0)])
    if not len(heard):
        return sound
    loud = np.sqrt(np.mean(np.square(heard[len(heard) // 2 :])))
    return Waveform(sound.samples * np.float32(LEVEL / loud), sound.sample_rate_hz)
