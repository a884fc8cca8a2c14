"""What docs/formats says is kept is kept, and what it says is lost is lost."""

from pathlib import Path

import pytest

from tests.formats import abc_features, midi_features, musicxml_features, protobuf_features
from tests.formats.trials import Read, Written

FOLDER = Path(__file__).parent.parent / "docs" / "formats"
FEATURES = {
    "abc": (".abc", abc_features.FEATURES),
    "midi": (".mid", midi_features.FEATURES),
    "musicxml": (".musicxml", musicxml_features.FEATURES),
    "protobuf": (".pb", protobuf_features.FEATURES),
}
HEADER = ["feature", "read", "written"]
NOT_POSSIBLE = "\N{EN DASH}"


def rows_of(page: str) -> dict[str, tuple[str, str]]:
    """Return the table of a page: the first words of its two verdicts on each feature."""
    lines = (FOLDER / f"{page}.md").read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    assert cells[0] == HEADER
    rows = {row[0]: tuple(cell.partition(";")[0] for cell in row[1:]) for row in cells[2:]}
    assert len(rows) == len(cells) - 2, "a feature stands twice"
    return rows


ROWS = {page: rows_of(page) for page in FEATURES}
CASES = [(page, name) for page, (_, features) in FEATURES.items() for name in features]


@pytest.mark.parametrize("page", sorted(path.stem for path in FOLDER.glob("*.md")))
def test_every_row_of_a_page_is_tried_out(page):
    assert list(ROWS[page]) == list(FEATURES[page][1])


@pytest.mark.parametrize(("page", "name"), CASES)
def test_a_row_tells_what_happens(page, name, tmp_path):
    suffix, features = FEATURES[page]
    assert ROWS[page].get(name) == tuple(
        verdict(trial, tmp_path, suffix) for trial in features[name]
    )


def verdict(trial: Read | Written | None, folder: Path, suffix: str) -> str:
    """Say what happens to a feature, in the words of the pages."""
    if trial is None:
        return NOT_POSSIBLE
    return "kept" if trial.is_kept(folder, suffix) else "lost"
