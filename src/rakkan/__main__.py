"""``python -m rakkan``."""

import sys

from rakkan.cli import entry

if __name__ == "__main__":
    sys.exit(entry())
