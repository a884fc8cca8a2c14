"""The command ``solferino``: its commands, and what happens when one fails."""

import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from solferino import __version__
from solferino.cli.bundle import bundle
from solferino.cli.bundles import bundles
from solferino.cli.convert import convert
from solferino.cli.dataset import dataset
from solferino.cli.doctor import doctor
from solferino.cli.evaluate import evaluate
from solferino.cli.generate import generate
from solferino.cli.import_bundle import import_bundle
from solferino.cli.info import info
from solferino.cli.live import live
from solferino.cli.originality import originality
from solferino.cli.track import track
from solferino.cli.train import train
from solferino.errors import SolferinoError

FAILURE = 1
INTERRUPTED = 130


def with_hyphens(name: str) -> str:
    """Make ``--num_steps`` and ``--num-steps`` the same."""
    return name.replace("_", "-")


app = typer.Typer(
    name="solferino",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={
        "token_normalize_func": with_hyphens,
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
COMMANDS = (
    generate,
    bundles,
    info,
    convert,
    dataset,
    train,
    bundle,
    evaluate,
    originality,
    doctor,
    live,
    track,
)
for command in COMMANDS:
    app.command()(command)
app.command("import")(import_bundle)


def _tell_version(value: bool) -> None:
    if value:
        typer.echo(f"solferino {__version__}")
        raise typer.Exit


@app.callback()
def solferino(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Tell it.")
    ] = False,
) -> None:
    """Make music with machine learning: generate, continue, train, play."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What is typed after ``solferino``; by default what was.

    Returns
    -------
    int
        Exit status: 0, 1 for an error, 2 for wrong usage, 130 for Ctrl-C. Errors are told in
        one line on standard error.
    """
    _allow_all_letters()
    try:
        result = app(arguments, prog_name="solferino", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        sys.stdout = None  # nobody reads: leave without a complaint
        return FAILURE
    except (SolferinoError, OSError, MemoryError) as error:
        return _fail(_told(error), FAILURE)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _fail_usage(error)
    if result == INTERRUPTED:
        return _fail("interrupted", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _allow_all_letters() -> None:
    """Print a question mark for a letter that the terminal or file does not have, and go on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _fail(message: str, status: int) -> int:
    typer.echo(f"solferino: error: {' '.join(message.split())}", err=True)
    return status


def _told(error: SolferinoError | OSError | MemoryError) -> str:
    """Say what went wrong: in the words of the error, or what the system refused."""
    if isinstance(error, SolferinoError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory for so much at once; ask for less"
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}; choose another place, or make room"


def _fail_usage(error: Exception) -> int:
    """Tell what Typer found wrong with the arguments; its error classes are not public."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)  # type: ignore[attr-defined]
        return int(getattr(error, "exit_code", 2))
    message = error.format_message()  # type: ignore[attr-defined]
    path = context.command_path if context else "solferino"
    end = "" if message.endswith((".", "?", "!")) else "."
    return _fail(f"{message}{end} See `{path} --help`.", int(getattr(error, "exit_code", 2)))
