"""Whatever goes wrong, one line says so and the exit status tells which kind it is."""

import re
import subprocess
import sys

import pytest

import solferino.cli.app as app
from solferino.errors import SolferinoError


def python(*arguments):
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments], capture_output=True, text=True, check=False
    )


COMMANDS = (
    "generate",
    "bundles",
    "convert",
    "dataset",
    "train",
    "bundle",
    "evaluate",
    "import",
    "info",
    "originality",
    "doctor",
    "live",
    "track",
)


def test_help_lists_the_commands(solferino):
    done = solferino("--help")
    assert done.status == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(solferino, command):
    done = solferino(command, "-h")
    assert done.status == 0
    assert f"Usage: solferino {command}" in done.out


def test_the_version_is_told(solferino):
    done = solferino("--version")
    assert (done.status, done.out) == (0, f"solferino {app.__version__}\n")


def test_without_a_command_the_help_is_shown_and_the_status_is_that_of_wrong_usage(solferino):
    done = solferino()
    assert done.status == 2
    assert "Commands:" in done.out + done.err


def test_an_unknown_command_names_the_nearest(fails):
    assert "Did you mean 'generate'? See `solferino --help`." in fails(2, "genrate")


def test_an_unknown_option_names_the_nearest(fails):
    assert "--temperature" in fails(2, "generate", "x", "--temprature", "1")


def test_a_missing_argument_is_named(fails):
    message = fails(2, "dataset", "attention_rnn")
    assert "NOTES" in message
    assert "See `solferino dataset --help`." in message


@pytest.mark.parametrize("option", ["--eval-ratio", "--eval_ratio"])
def test_hyphens_and_underscores_are_the_same(fails, option):
    assert "eval-ratio" in fails(2, "dataset", "attention_rnn", "notes", option, "much")


def test_an_error_over_several_lines_becomes_one(fails, monkeypatch):
    def fail(*arguments, **options):
        raise SolferinoError("one\n  two")

    monkeypatch.setattr("solferino.datasets.conversion.convert", fail)
    assert fails(1, "convert", "x") == "solferino: error: one two\n"


def test_control_c_leaves_with_130(fails, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("solferino.datasets.conversion.convert", interrupt)
    assert fails(130, "convert", "x") == "solferino: error: interrupted\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(36, "File name too long", "aaa"), "aaa: File name too long; choose another place"),
        (OSError(28, "No space left on device"), "error: No space left on device; .*make room"),
        (MemoryError(), "not enough memory .*ask for less"),
    ],
)
def test_what_the_system_refuses_is_one_line(fails, monkeypatch, error, message):
    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr("solferino.datasets.conversion.convert", refuse)
    assert re.search(message, fails(1, "convert", "x"))


def test_a_fault_of_ours_is_not_hidden(solferino, monkeypatch):
    def fault(*arguments, **options):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("solferino.datasets.conversion.convert", fault)
    with pytest.raises(ZeroDivisionError, match="ours"):
        solferino("convert", "x")


def test_a_reader_that_goes_away_is_no_traceback(monkeypatch):
    def close(*arguments, **options):
        raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr("solferino.datasets.conversion.convert", close)
    assert app.main(["convert", "x"]) == 1


def test_a_fresh_process_ends_with_the_same_status():
    done = python("-m", "solferino", "convert", "/no/such/folder")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "solferino: error: /no/such/folder does not exist. Name a music file or a folder of them.\n"
    )
    assert python("-m", "solferino", "nonsense").returncode == 2


def test_the_command_line_starts_without_heavy_libraries():
    heavy = ("torch", "onnxruntime", "pyarrow", "matplotlib", "rich", "symusic", "pandas")
    code = f"import sys, solferino.cli.app; print([m for m in {heavy} if m in sys.modules])"
    assert python("-c", code).stdout == "[]\n"


def test_ctrl_c_while_the_command_is_still_being_read_is_one_line(monkeypatch, capsys):
    from solferino.__main__ import main

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "main", interrupted)
    assert main() == 130
    assert capsys.readouterr().err == "solferino: error: interrupted\n"
