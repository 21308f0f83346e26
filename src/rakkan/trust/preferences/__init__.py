"""What an artist publishes to keep their work out of training, and how such files are read.

``files`` gives the texts; the ``read_`` functions read what others publish. A reader never lets a work
in for want of understanding: what it cannot read, it takes as reserved.
"""

from rakkan.trust.preferences.assertion import read_assertion, training_mining_assertion
from rakkan.trust.preferences.publish import files
from rakkan.trust.preferences.reading import Reading, combine
from rakkan.trust.preferences.robots import read_ai_txt, read_robots
from rakkan.trust.preferences.site import read_content_usage, read_headers, read_html, read_tdmrep
from rakkan.trust.preferences.wishes import Preferences

__all__ = [
    "Preferences",
    "Reading",
    "combine",
    "files",
    "read_ai_txt",
    "read_assertion",
    "read_content_usage",
    "read_headers",
    "read_html",
    "read_robots",
    "read_tdmrep",
    "training_mining_assertion",
]
