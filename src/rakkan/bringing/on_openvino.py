"""A checkpoint converted to OpenVINO, and the engine that draws with it in the process of the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rakkan.bringing.ingredients import Ingredients
    from rakkan.models.reach import Models
    from rakkan.store.vault import Vault
    from rakkan.studio.bring import Engine
    from rakkan.studio.engines.checkpoint.process import EngineProcess


def on_openvino(
    made_of: Ingredients,
    registry: Models,
    vault: Vault,
    process: EngineProcess,
    threads: int | None,
    say: Callable[[str], None],
) -> Engine:
    """The OpenVINO engine; ``say`` is told which part is converted, where none is kept yet."""
    from rakkan.studio.engines.checkpoint.cache import Conversions
    from rakkan.studio.engines.checkpoint.converted import Converted
    from rakkan.studio.engines.checkpoint.process import Apart
    from rakkan.studio.engines.checkpoint.served import Serving
    from rakkan.studio.engines.makers import OnOpenVino

    named, files = made_of.by_digest(), made_of.openers(registry)

    def converting(part: str) -> None:
        say(f"converting the {part}, once for this model")

    converted = Converted(Conversions(vault), named, files, converting, threads)
    return Apart(process, OnOpenVino(named, threads), Serving(files, converted), say)
