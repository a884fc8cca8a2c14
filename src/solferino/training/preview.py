"""Hear a model while it trains: samples as pictures and sound in TensorBoard."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from solferino.errors import SolferinoError
from solferino.notes.sequence import NoteSequence
from solferino.representations.representation import EventSequence, Representation

SAMPLE_RATE_HZ = 22_050


def sample_events(
    model: torch.nn.Module,
    representation: Representation,
    *,
    num_samples: int = 2,
    num_steps: int = 128,
    temperature: float = 1.0,
    seed: int = 0,
) -> list[EventSequence]:
    """Draw sequences from a model, all from the representation's own primer.

    Parameters
    ----------
    model : torch module
        Maps inputs (batch, time, input_size) and a state to logits and a state.
    representation : Representation
    num_samples : int > 0
    num_steps : int > 0
        Events of each, the primer included.
    temperature : float > 0
    seed : int >= 0

    Returns
    -------
    list of EventSequence
    """
    rng = np.random.default_rng(seed)
    primer = representation.default_primer()
    tracker = representation.tracker([primer] * num_samples)
    ids = [np.full(num_samples, event, np.int16) for event in primer.ids]
    state, device = None, next(model.parameters()).device
    with torch.no_grad():
        for step in range(num_steps):
            inputs = torch.from_numpy(tracker.feed(ids[step])).unsqueeze(1).to(device)
            logits, state = model(inputs, state)
            if step + 1 < len(ids):
                continue
            chances = torch.softmax(logits[:, 0].double() / temperature, dim=-1).cpu().numpy()
            drawn = (chances.cumsum(axis=1) < rng.random((num_samples, 1))).sum(axis=1)
            drawn = np.minimum(drawn, chances.shape[1] - 1)
            ids.append(tracker.class_events()[np.arange(num_samples), drawn])
    events = np.stack(ids[:num_steps], axis=1)
    return [
        EventSequence(row, primer.start_step, primer.steps_per_bar, primer.transposition)
        for row in events
    ]


def samples_preview(
    representation: Representation,
    *,
    num_samples: int = 2,
    num_steps: int = 128,
    qpm: float = 120.0,
    sound: bool = True,
) -> Callable[[torch.nn.Module, Any, int], None]:
    """Return a function for `solferino.training.loop.fit` that lets people hear a model.

    Parameters
    ----------
    representation : Representation
    num_samples, num_steps : int > 0
        As in `sample_events`.
    qpm : float > 0
        Tempo of the samples.
    sound : bool
        Whether to add sound to the pictures.
    """

    def preview(model: torch.nn.Module, writer: Any, step: int) -> None:
        samples = sample_events(
            model, representation, num_samples=num_samples, num_steps=num_steps, seed=step
        )
        for number, events in enumerate(samples):
            tag = f"sample {number + 1}"
            try:
                notes = representation.decode(events, qpm)
                writer.add_image(tag, _picture(notes), step, dataformats="HWC")
                if sound:
                    writer.add_audio(tag, _sound(notes), step, sample_rate=SAMPLE_RATE_HZ)
            except (SolferinoError, ImportError) as error:  # never ends a run of hours
                writer.add_text(tag, f"no preview: {error}", step)

    return preview


def _picture(notes: NoteSequence) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Draw a piano roll, shape (height, width, 4)."""
    from matplotlib.image import imread  # noqa: PLC0415

    from solferino.notes.plotting import plot  # noqa: PLC0415

    file = io.BytesIO()
    plot(notes).savefig(file, format="png", dpi=72)
    file.seek(0)
    return (imread(file) * 255).astype(np.uint8)


def _sound(notes: NoteSequence) -> torch.Tensor:
    """Play notes, shape (1, n_samples), in [-1, 1]."""
    from solferino.audio.synthesis import synthesize  # noqa: PLC0415

    sound = synthesize(notes, sample_rate_hz=SAMPLE_RATE_HZ).mono()
    return torch.from_numpy(sound.samples.T.copy())
