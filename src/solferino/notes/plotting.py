"""A picture of a piece: its piano roll."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solferino.notes.columns import Table
from solferino.notes.disk import PathOrText, write_beside
from solferino.notes.general_midi import drum_name
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.timing import bar_times_s, beat_times_s

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    "#b5179e", "#2a6fdb", "#e07a1f", "#178f6a", "#d1495b",
    "#6a4fc4", "#a67c00", "#00838f", "#6b705c", "#e05780",
)  # fmt: skip
INK, PAPER, KEY_SHADE = "#2b2d33", "#ffffff", "#f3f2f5"
MAX_CHORDS = 60

_PITCH_CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_BLACK_KEYS = (1, 3, 6, 8, 10)
_DRUM_HIT_S = 0.06


def plot(
    notes: NoteSequence,
    path: PathOrText | None = None,
    title: str | None = None,
    width_inches: float | None = None,
    new_from_s: float = 0.0,
) -> "Figure":
    """Draw the piano roll of a piece, with its drums on lines of their own below.

    One colour an instrument; the stronger a note, the fuller its colour. Bars have strong
    lines and numbers, beats weak ones. Chord symbols stand above.

    Parameters
    ----------
    notes : NoteSequence
        The piece.
    path : str or path, optional
        Where to write a PNG picture; it is there whole or not at all.
    title : str, optional
        What to write above; without it the title of the piece.
    width_inches : float, optional
        Width; without it the width follows the length of the piece, from 8 to 24.
    new_from_s : float >= 0
        Where the primer of a generated piece ends, in seconds; it stands on a darker ground.

    Returns
    -------
    matplotlib.figure.Figure
        Apart from pyplot: nothing else changes it, and it is freed like any value.

    Raises
    ------
    MusicFileError
        If the picture cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    drums, tones = notes.notes[notes.is_drum], notes.notes[~notes.is_drum]
    n_drum_lines, n_tone_lines = len(np.unique(drums["pitch"])), _n_tone_lines(tones, drums)
    heights = [n for n in (n_tone_lines, n_drum_lines) if n]
    width = width_inches or float(np.clip(notes.total_time_s * 0.55, 8, 24))
    height = float(np.clip(1.4 + 0.15 * n_tone_lines + 0.22 * n_drum_lines, 2.6, 14))
    figure = Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    ratios = [0.15 * n_tone_lines, 0.22 * n_drum_lines]
    ratios = [ratio for ratio in ratios if ratio]
    rows = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=ratios)
    axes = list(rows[:, 0])
    colours = _colours(notes)
    if n_tone_lines:
        _draw_tones(axes[0], tones, colours)
    if n_drum_lines:
        _draw_drums(axes[-1], drums, colours)
    for axis in axes:
        _draw_time(axis, notes, width)
        if new_from_s > 0:
            axis.axvspan(0, new_from_s, color=INK, alpha=0.13, linewidth=0, zorder=0.5)
    _label(axes, notes, title if title is not None else notes.title, colours)
    if path is not None:
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=150)
        write_beside(path, picture.getvalue())
    return figure


def pitch_name(pitch: int) -> str:
    """Name a MIDI pitch: 60 is C4.

    Parameters
    ----------
    pitch : int in [0, 127]
        MIDI number.
    """
    return f"{_PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


def _n_tone_lines(tones: Table, drums: Table) -> int:
    if not len(tones):
        return 0 if len(drums) else 12
    low, high = _pitch_span(tones)
    return high - low + 1


def _pitch_span(tones: Table) -> tuple[int, int]:
    """Lowest and highest line: the notes and a little room, an octave at least."""
    if not len(tones):
        return 60, 72
    low, high = int(tones["pitch"].min()) - 2, int(tones["pitch"].max()) + 2
    missing = max(0, 12 - (high - low))
    return max(0, low - missing // 2), min(127, high + missing - missing // 2)


def _colours(notes: NoteSequence) -> dict[int, str]:
    """Give each instrument that plays a colour."""
    used = np.unique(notes.notes["instrument"])
    return {int(index): COLOURS[k % len(COLOURS)] for k, index in enumerate(used)}


def _faces(table: Table, colours: dict[int, str]) -> NDArray[np.float64]:
    """Colour of each note, shape (n_notes, 4); the velocity is the opacity."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415

    palette = np.zeros((max(colours, default=0) + 1, 3))
    for index, colour in colours.items():
        palette[index] = to_rgb(colour)
    alpha = 0.25 + 0.75 * table["velocity"] / 127.0
    return np.column_stack([palette[table["instrument"]], alpha])


def _draw_boxes(
    axis: "Axes", table: Table, colours: dict[int, str], lines: NDArray[Any], height: float
) -> None:
    """Draw a box for each note, all in one collection."""
    from matplotlib.collections import PolyCollection  # noqa: PLC0415

    lengths = table["release_s"] - table["onset_s"]
    left, right = table["onset_s"], table["onset_s"] + np.maximum(lengths, 0.01)
    low, high = lines - height / 2, lines + height / 2
    corners = np.stack(
        [np.stack(xy, -1) for xy in ((left, low), (right, low), (right, high), (left, high))], 1
    )
    edges = _faces(table, colours)
    edges[:, :3] *= 0.7
    axis.add_collection(
        PolyCollection(
            list(corners),
            facecolors=_faces(table, colours),
            edgecolors=edges,
            linewidths=0.6,
            zorder=3,
        )
    )


def _draw_tones(axis: "Axes", tones: Table, colours: dict[int, str]) -> None:
    low, high = _pitch_span(tones)
    _draw_boxes(axis, tones, colours, tones["pitch"].astype(np.float64), 0.86)
    axis.set_ylim(low - 0.5, high + 0.5)
    for pitch in range(low, high + 1):
        if pitch % 12 in _BLACK_KEYS:
            axis.axhspan(pitch - 0.5, pitch + 0.5, color=KEY_SHADE, linewidth=0, zorder=0)
        if pitch % 12 == 0:
            axis.axhline(pitch - 0.5, color=INK, alpha=0.25, linewidth=0.8, zorder=1)
    classes = (0, 2, 4, 5, 7, 9, 11) if high - low <= 30 else (0, 4, 7) if high - low < 60 else (0,)
    ticks = [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
    axis.set_yticks(ticks, [pitch_name(pitch) for pitch in ticks])


def _draw_drums(axis: "Axes", drums: Table, colours: dict[int, str]) -> None:
    """Draw each drum on a line of its own; how long a hit is written says nothing."""
    sounds, lines = np.unique(drums["pitch"], return_inverse=True)
    hits = drums.copy()
    hits["release_s"] = hits["onset_s"] + _DRUM_HIT_S
    _draw_boxes(axis, hits, colours, lines.astype(np.float64), 0.62)
    axis.set_ylim(-0.6, len(sounds) - 0.4)
    names = [drum_name(int(pitch)) for pitch in sounds]
    axis.set_yticks(range(len(sounds)), names)
    for line in range(len(sounds)):
        axis.axhline(line, color=INK, alpha=0.08, linewidth=0.8, zorder=1)


def _draw_time(axis: "Axes", notes: NoteSequence, width: float) -> None:
    """Draw lines for bars and beats, as long as they do not hide the notes."""
    end_s = max(notes.total_time_s, 1e-3)
    bars_s, beats_s = bar_times_s(notes), beat_times_s(notes)
    bars_s, beats_s = bars_s[bars_s <= end_s], beats_s[beats_s <= end_s]
    if len(beats_s) <= 14 * width:
        _draw_lines(axis, beats_s, alpha=0.10, width=0.6, zorder=1)
    step = _bar_step(len(bars_s), 2.2 * width)
    every = 1 if len(bars_s) <= 8 * width else step
    _draw_lines(axis, bars_s[::every], alpha=0.42, width=1.0, zorder=2)
    axis.set_xlim(0, end_s)
    axis.set_xticks(bars_s[::step], [str(k) for k in range(1, len(bars_s) + 1, step)])
    axis.tick_params(length=0, labelsize=8, colors=INK)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _draw_lines(
    axis: "Axes", times_s: NDArray[np.float64], *, alpha: float, width: float, zorder: int
) -> None:
    """Draw lines from top to bottom."""
    axis.vlines(
        times_s,
        0,
        1,
        transform=axis.get_xaxis_transform(),
        colors=INK,
        alpha=alpha,
        linewidths=width,
        zorder=zorder,
    )


def _bar_step(n_bars: int, n_labels: float) -> int:
    """Return 1, 2, 4, 8 ...: the distance of the bars whose numbers have room."""
    step = 1
    while n_bars / step > n_labels:
        step *= 2
    return step


def _label(axes: list["Axes"], notes: NoteSequence, title: str, colours: dict[int, str]) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415

    axes[-1].set_xlabel("bar", fontsize=9, color=INK)
    chords = [text for text in notes.texts if text.kind == "chord"]
    if len(chords) <= MAX_CHORDS:
        for text in chords:
            axes[0].annotate(
                text.text,
                (text.time_s, 1),
                xycoords=("data", "axes fraction"),
                xytext=(1, 3),
                textcoords="offset points",
                fontsize=8,
                color=INK,
                annotation_clip=False,
            )
    if title:
        pad = 18 if chords and len(chords) <= MAX_CHORDS else 8
        axes[0].set_title(title, loc="left", fontsize=13, color=INK, pad=pad, fontweight="bold")
    if len(colours) > 1 or any(notes.instruments[index].name for index in colours):
        patches = [
            Patch(color=colour, label=_instrument_label(index, notes.instruments[index]))
            for index, colour in list(colours.items())[:16]
        ]
        axes[0].figure.legend(
            handles=patches,
            loc="outside lower left",
            ncols=6,
            fontsize=8,
            frameon=False,
            labelcolor=INK,
        )


def _instrument_label(index: int, instrument: Instrument) -> str:
    usual = "drums" if instrument.is_drum else f"{index + 1}: program {instrument.program}"
    return instrument.name or usual
