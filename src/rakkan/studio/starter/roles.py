"""What a reference may be remembered for."""

from __future__ import annotations

#: In the order of the network's table.
ROLES = ("identity", "style", "palette")
