"""``solferino doctor``: what this computer can play."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from solferino.live.diagnosis import Finding

_WIDTH = 16


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> int:
    """Tell what this computer can play, send a test note, and say what to install."""
    from solferino.live.diagnosis import diagnose  # noqa: PLC0415

    findings = []
    for finding in diagnose():
        findings.append(finding)
        if not as_json:
            typer.echo(finding_line(finding))
    broken = [f.name for f in findings if f.state == "broken"]
    if as_json:
        found = {"can_make_music": not broken, "findings": [asdict(f) for f in findings]}
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        typer.echo(f"\n{verdict(broken)}")
    return 1 if broken else 0


def finding_line(finding: "Finding") -> str:
    """Return a finding in one line: what, how it is, and what to do."""
    mark = " " if finding.state == "ok" else "!"
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{mark} {finding.name:<{_WIDTH - 1}} {finding.told}{remedy}"


def verdict(broken: Iterable[str]) -> str:
    """Say whether music can be made, and what stands in the way."""
    names = ", ".join(broken)
    return f"no music can be made: see {names}" if names else "music can be made"
