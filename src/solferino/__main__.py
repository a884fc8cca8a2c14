"""``python -m solferino`` is the command ``solferino``."""

import sys

from solferino.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
