"""Pictures to learn from and to test on: openly licensed packages, fetched when asked for, never committed.

``records(folder)`` lists what ``python -m benchmarks.pictures --folder FOLDER`` has fetched, ``read`` gives
the pixels of one, and ``own`` makes renders, starter samples and avatars. Which half a source belongs to,
development or held out, is fixed in ``sources`` per source package, before anything was measured.
"""

from benchmarks.pictures.gather import Record, gather, read, records
from benchmarks.pictures.sources import DEVELOPMENT, DRAWING, FACE, HELD_OUT, OTHER, PHOTOGRAPH

__all__ = [
    "DEVELOPMENT",
    "DRAWING",
    "FACE",
    "HELD_OUT",
    "OTHER",
    "PHOTOGRAPH",
    "Record",
    "gather",
    "read",
    "records",
]
