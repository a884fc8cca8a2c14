"""``solferino bundles``: what is installed."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from solferino.bundles.bundle import Bundle


def bundles(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")] = False,
) -> None:
    """List the bundles that are installed: what they make, learnt from, and how well."""
    from solferino.bundles.bundle import shipped_bundles  # noqa: PLC0415

    found = shipped_bundles()
    if as_json:
        typer.echo(json.dumps([_description(b) for b in found], indent=1, ensure_ascii=False))
        return
    if not found:
        typer.echo("no bundles are installed; make one with `solferino train`")
    for each in found:
        for line in _lines(each):
            typer.echo(line)


def _description(bundle: "Bundle") -> dict[str, Any]:
    card = bundle.card
    return {
        "name": card.name,
        "makes": card.makes,
        "description": card.description,
        "learnt_from": [asdict(source) for source in card.learnt_from],
        "licence": card.licence,
        "precision": card.precision,
        "bytes": bundle.num_bytes,
        "sha256": bundle.sha256,
        "held_out": dict(card.held_out),
    }


def _lines(bundle: "Bundle") -> list[str]:
    card = bundle.card
    size = f"{bundle.num_bytes / 1e6:.1f} MB of {card.precision}"
    licence = card.licence or "no licence stated"
    lines = [f"{card.name}  makes {card.makes}, {size}, {licence}"]
    if card.description:
        lines.append(f"  {card.description}")
    quality = quality_of(dict(card.held_out))
    if quality:
        lines.append(f"  {quality}")
    for source in card.learnt_from:
        terms = f", {source.licence}" if source.licence else ""
        thanks = f": {source.attribution}" if source.attribution else ""
        lines.append(f"  learnt from {source.name} ({source.pieces} pieces{terms}){thanks}")
    return lines


def quality_of(held_out: dict[str, Any]) -> str:
    """Say in one line how well a model predicts held-out music; empty if it is not known.

    Parameters
    ----------
    held_out : dict
        As it stands on a card.
    """
    if "nats_per_step" not in held_out:
        return ""
    text = f"held out: {held_out['nats_per_step']:.3f} nats a step"
    if "baseline_nats_per_step" in held_out:
        name = held_out.get("baseline", "baseline")
        text += f", {name} {held_out['baseline_nats_per_step']:.3f}"
    if "accuracy" in held_out:
        text += f", accuracy {held_out['accuracy']:.1%}"
    return text
