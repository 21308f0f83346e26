"""How each engine is made in the process of its device, from what that process is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.studio.clip.inversions import Inversions, read_inversion
from rakkan.studio.engines.made_of import MadeOf

if TYPE_CHECKING:
    from rakkan.studio.engines.checkpoint.engine import CheckpointEngine
    from rakkan.studio.engines.checkpoint.worker import Driver
    from rakkan.studio.engines.torch.engine import TorchEngine
    from rakkan.studio.references import Shown


@dataclass(frozen=True)
class OnOpenVino:
    """Makes the OpenVINO engine, which asks for converted parts when it needs them. ``threads`` None is one a
    core."""

    made_of: MadeOf
    threads: int | None = None

    def __call__(self, driver: Driver) -> CheckpointEngine:
        """The engine. Raises RakkanError as its making and the driver do."""
        from rakkan.studio.engines.checkpoint.engine import CheckpointEngine

        return CheckpointEngine(
            self.made_of.architecture,
            self.made_of.model,
            lambda part: driver.ask("part", part),
            threads=self.threads,
            inversions=_inversions(self.made_of, driver),
            adapters=self.made_of.called,
        )


@dataclass(frozen=True)
class OnTorch:
    """Makes the torch engine: on a GPU in half floats where there is one, else on the processor in 32 bits,
    or with ``half`` in bfloat16 where it has that. It is ``shown`` pictures besides the prompt. LoRAs are
    fused for each drawing: ``called`` of ``made_of`` is not looked at."""

    made_of: MadeOf
    threads: int | None = None
    half: bool = False
    shown: tuple[Shown, ...] = ()

    def __call__(self, driver: Driver) -> TorchEngine:
        """The engine. Raises RakkanError as its making and the driver do."""
        import torch

        from rakkan.studio.engines.device import has_bf16
        from rakkan.studio.engines.torch.besides import attach
        from rakkan.studio.engines.torch.engine import TorchEngine
        from rakkan.studio.engines.torch.lora import read_lora
        from rakkan.studio.engines.torch.networks import build

        if self.threads:
            torch.set_num_threads(self.threads)
        is_gpu = torch.cuda.is_available()
        on_processor = torch.bfloat16 if self.half and has_bf16() else torch.float32
        networks = build(
            self.made_of.architecture,
            driver.tensors(self.made_of.model),
            vae_file=self.made_of.own_vae(driver.tensors),
            dtype=torch.float16 if is_gpu else on_processor,
            device="cuda" if is_gpu else "cpu",
        )
        loras = {name: read_lora(driver.tensors(digest)) for name, digest in self.made_of.loras.items()}
        besides = attach(networks, driver.tensors, self.shown)
        learned = _inversions(self.made_of, driver)
        return TorchEngine(networks, loras=loras, inversions=learned, besides=besides)


def _inversions(made_of: MadeOf, driver: Driver) -> Inversions:
    return {
        word: read_inversion(made_of.architecture, driver.tensors(digest))
        for word, digest in made_of.inversions.items()
    }
