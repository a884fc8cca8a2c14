"""The command ``solferino``, which is also ``python -m solferino``."""

import sys


def main() -> int:
    """Run the command line; see `solferino.cli.app.main`. Ctrl-C is heard from the start."""
    try:
        from solferino.cli import app  # noqa: PLC0415

        return app.main()
    except KeyboardInterrupt:
        sys.stderr.write("solferino: error: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
