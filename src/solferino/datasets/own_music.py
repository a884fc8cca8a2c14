"""Somebody's own music to examples in one go: extracted, divided, and some of it held out."""

from pathlib import Path

from solferino.datasets.conversion import Failure, Progress
from solferino.datasets.examples import CARD_NAME, Examples
from solferino.datasets.extraction import ExtractionPlan, extract_pieces, make_dataset
from solferino.errors import DatasetError
from solferino.notes.files import SUFFIXES

EVAL_RATIO = 0.15
LEAST_PIECES = 3


def is_music(path: Path) -> bool:
    """Whether a path is music or a notes file, and not a folder of examples."""
    return not (path / CARD_NAME).exists()


def own_examples(
    corpus: Path, plan: ExtractionPlan, *, seed: int = 0, progress: Progress | None = None
) -> tuple[Examples, tuple[Failure, ...]]:
    """Make examples of a folder of music, a music file, or a notes file.

    Parameters
    ----------
    corpus : Path
    plan : ExtractionPlan
        Representation and rules.
    seed : int >= 0
        Decides which pieces are held out; variants of one piece stay together.
    progress : callable, optional
        See `extract_pieces`.

    Returns
    -------
    examples : Examples
        Some of them for evaluation.
    failures : tuple of Failure
        What could not be read.

    Raises
    ------
    DatasetError
        If there is no music, or too little to hold any of it out.
    """
    if corpus.is_dir() and not any(p.suffix.lower() in SUFFIXES for p in corpus.rglob("*")):
        raise DatasetError(
            f"{corpus} holds no examples and no music; name a folder made by `solferino dataset`, "
            "or one of MIDI, ABC or MusicXML files"
        )
    extraction = extract_pieces(corpus, plan, progress=progress)
    num_pieces = sum(bool(piece.sequences) for piece in extraction.pieces)
    if 0 < num_pieces < LEAST_PIECES:
        raise DatasetError(
            f"{num_pieces} of the {len(extraction.pieces)} pieces in {corpus} gave examples, too "
            f"few to hold one out: {LEAST_PIECES} are needed; add music, or see why with "
            "`solferino dataset --explain`"
        )
    examples = make_dataset(
        extraction, plan, eval_ratio=EVAL_RATIO, seed=seed, corpus=corpus.absolute().stem
    )
    if not len(examples.eval):
        raise DatasetError(
            f"all {num_pieces} pieces in {corpus} are variants of one another, so none can be held "
            "out; add other music"
        )
    return examples, extraction.failures
