"""``python -m benchmarks.pictures --folder FOLDER``: fetch the packages and say what is in them."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.pictures.gather import gather, records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="outside the repository; 4 GB are needed")
    folder = parser.parse_args().folder
    gather(folder)
    counts = Counter((record.half, record.package, record.kind) for record in records(folder))
    for (half, package, kind), count in sorted(counts.items()):
        print(f"{half:12} {package:28} {kind:20} {count:6}")


if __name__ == "__main__":
    main()
