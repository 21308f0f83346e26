"""What picture files say of how they were made: the texts of Rakkan and of other tools, read and written."""

from __future__ import annotations

from rakkan.studio.metadata.a1111 import KEYWORD, Parameters, read, write
from rakkan.studio.metadata.claimed import Claimed, Lora
from rakkan.studio.metadata.reading import claimed
from rakkan.studio.metadata.writing import parameters, parameters_text

__all__ = [
    "KEYWORD",
    "Claimed",
    "Lora",
    "Parameters",
    "claimed",
    "parameters",
    "parameters_text",
    "read",
    "write",
]
