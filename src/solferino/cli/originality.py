"""``solferino originality``: how much of a piece stands in what a bundle learnt from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solferino.errors import GenerationError

if TYPE_CHECKING:
    from solferino.generation.request import GenerationRequest
    from solferino.notes.sequence import NoteSequence


def originality(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A music file.")],
    *,
    bundle: Annotated[
        str | None,
        typer.Option(help="Name or path of a bundle; by default the one that made the file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Compare a piece with the training music of a bundle; of a generated one, its new notes."""
    from solferino.bundles.bundle import open_bundle  # noqa: PLC0415
    from solferino.bundles.fingerprints import fingerprints_of  # noqa: PLC0415
    from solferino.generation import originality as comparison  # noqa: PLC0415
    from solferino.generation.opening import representation_of  # noqa: PLC0415
    from solferino.generation.request import new_section  # noqa: PLC0415
    from solferino.notes.files import load  # noqa: PLC0415

    notes = load(file)
    request = _provenance(notes)
    if request is None and bundle is None:
        raise GenerationError(
            f"{file} does not say which bundle made it: name the one to compare with, --bundle"
        )
    opened = open_bundle(bundle or (request.bundle if request else ""))
    learnt = fingerprints_of(opened)
    from_s = 0.0
    if request and (bundle is None or opened.sha256 == request.bundle_sha256):
        from_s = new_section(request, representation_of(opened)).start_s
    found = comparison.originality(notes, learnt, from_s=from_s)
    if as_json:
        facts = {"file": str(file), "bundle": opened.card.name, "new_from_s": from_s}
        typer.echo(json.dumps({**facts, **comparison.as_json(found, learnt)}, indent=1))
        return
    new = f"; only what is new, from {from_s:.1f} s on" if from_s else ""
    typer.echo(f"{file}, compared with what {opened.card.name} learnt from{new}")
    for line in comparison.report(found, learnt):
        typer.echo(line)


def _provenance(notes: "NoteSequence") -> "GenerationRequest | None":
    """Return the request that made a piece, if it says so."""
    from solferino.generation.request import read_provenance  # noqa: PLC0415

    try:
        return read_provenance(notes)
    except GenerationError:
        return None
