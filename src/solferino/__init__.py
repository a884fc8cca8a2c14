"""Music with machine learning on an ordinary computer.

The dozen names below are the whole of daily use; each is loaded when it is first asked for,
so that ``import solferino`` costs nothing::

    import solferino as sf

    primer = sf.load("primer.mid")
    generator = sf.open_generator("attention_rnn")
    song = generator.generate(primer, sf.Section(start_s=4.0, end_s=20.0), seed=7)
    sf.save(song, "out.mid")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solferino.audio.sampler import SampleInstrument, play_samples
    from solferino.audio.synthesis import synthesize
    from solferino.audio.waveform import Waveform, read_wav
    from solferino.bundles.catalogue import bundle_names
    from solferino.generation.generator import EventControls, Section
    from solferino.generation.opening import open_generator
    from solferino.notes.files import load, load_all, save
    from solferino.notes.plotting import plot
    from solferino.notes.sequence import Instrument, NoteSequence, Text
    from solferino.representations.constraints import Constraints

__version__ = "0.1.0"

__all__ = [
    "Constraints",
    "EventControls",
    "Instrument",
    "NoteSequence",
    "SampleInstrument",
    "Section",
    "Text",
    "Waveform",
    "bundle_names",
    "load",
    "load_all",
    "open_generator",
    "play_samples",
    "plot",
    "read_wav",
    "save",
    "synthesize",
]

_HOMES = {
    "Constraints": "solferino.representations.constraints",
    "EventControls": "solferino.generation.generator",
    "Instrument": "solferino.notes.sequence",
    "NoteSequence": "solferino.notes.sequence",
    "SampleInstrument": "solferino.audio.sampler",
    "Section": "solferino.generation.generator",
    "Text": "solferino.notes.sequence",
    "Waveform": "solferino.audio.waveform",
    "bundle_names": "solferino.bundles.catalogue",
    "load": "solferino.notes.files",
    "load_all": "solferino.notes.files",
    "open_generator": "solferino.generation.opening",
    "play_samples": "solferino.audio.sampler",
    "plot": "solferino.notes.plotting",
    "read_wav": "solferino.audio.waveform",
    "save": "solferino.notes.files",
    "synthesize": "solferino.audio.synthesis",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, and remember it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'solferino' has no attribute {name!r}; it has {__all__}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Names that can be used."""
    return sorted({*globals(), *__all__})
