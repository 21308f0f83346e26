"""A checkpoint's parts are converted in a process that has no keys, each once, with what goes into them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, Architecture, TextShape, UNetShape, VaeShape
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.vault import Vault
from rakkan.studio.clip.grammar import Adapter
from rakkan.studio.engines.checkpoint import converted as converted_module
from rakkan.studio.engines.checkpoint.cache import Conversions
from rakkan.studio.engines.checkpoint.child import Child
from rakkan.studio.engines.checkpoint.converted import Converted
from rakkan.studio.engines.faults import Cancelled, OutOfMemory
from rakkan.studio.engines.made_of import MadeOf

INK = Adapter("ink", 0.7, 0.4)


@dataclass
class Files:
    """What is converted from, by the names that stand for digests here; ``asked`` tells what was opened."""

    made_of: MadeOf
    paths: dict[str, Path]
    asked: list[str]

    def openers(self, then: Callable[[], object] = lambda: None) -> dict[str, Any]:
        from tests.checkpoints.reading import Files as Read

        @contextmanager
        def opened(name: str) -> Iterator[Any]:
            self.asked.append(name)
            then()
            yield Read(self.paths[name])

        return {name: lambda name=name: opened(name) for name in self.paths}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    pytest.importorskip("diffusers")
    from tests.checkpoints.adapters import make_lora
    from tests.checkpoints.make import make_of

    folder = tmp_path_factory.mktemp("files")
    text = TextShape(32, 1, 4, 64, 49408, 77, "quick_gelu")
    made = Architecture(
        *(SD1, "ldm", "epsilon", False, 64),
        unet=UNetShape(4, 4, (32, 64), 1, (0, 1), (4, 4), 32, False),
        vae=VaeShape((32, 32), 1, 4, 0.18215),
        text=(text,),
    )
    paths = {name: folder / f"{name}.safetensors" for name in ("model", "ink", "vae", "unasked")}
    make_of(made, paths["model"])
    make_of(made, paths["vae"], seed=1)
    make_lora(made, paths["ink"])
    return Files(MadeOf("model", made, (INK,), {"ink": "ink"}, {}, "vae"), paths, [])


@pytest.fixture(scope="module")
def conversions(tmp_path_factory: pytest.TempPathFactory) -> Conversions:
    folder = tmp_path_factory.mktemp("kept")
    return Conversions(Vault(FolderStorage(folder / "vault"), KeyFile(folder / "key")))


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    """The processes that were started for converting."""
    started: list[Child] = []

    def start(*given: Any, **named: Any) -> Child:
        started.append(Child(*given, **named))
        return started[-1]

    monkeypatch.setattr(converted_module, "Child", start)
    return started


def test_one_that_is_killed_while_it_converts_gives_advice_and_keeps_nothing(
    files: Files, conversions: Conversions, children: list[Child]
) -> None:
    def kill() -> None:
        assert children[0].process_id is not None
        os.kill(children[0].process_id, signal.SIGKILL)

    with pytest.raises(OutOfMemory, match="The conversion was killed") as caught:
        Converted(conversions, files.made_of, files.openers(kill))("unet")
    assert "close other programs" in caught.value.hint
    assert conversions.all() == [] and children[0].process_id is None


def test_parts_are_converted_once_with_what_goes_into_them(
    files: Files, conversions: Conversions, children: list[Child]
) -> None:
    files.asked.clear()
    said: list[str] = []
    source = Converted(conversions, files.made_of, files.openers(), said.append, 1)
    found = {}
    for part in ("text 1", "unet", "decoder"):
        with source(part).weights as weights:
            weights.seek(0)
            found[part] = weights.read()
    assert said == ["unet", "decoder", "text 1"] and len(children) == 1
    assert files.asked == ["model", "ink", "vae"]
    for part, (plain, fused) in halves(files).items():
        assert fused in found[part] and plain not in found[part], part
    with pytest.raises(RakkanError, match="no text 2"):
        source("text 2")


def test_what_is_kept_is_not_converted_again(
    files: Files, conversions: Conversions, children: list[Child]
) -> None:
    """At another strength of a LoRA the decoder is the same; who wants to stop waits for nothing."""
    Converted(conversions, files.made_of, {})("unet").close()
    weaker = replace(files.made_of, called=(Adapter("ink", 0.6, 0.4),))
    said: list[str] = []
    source = Converted(conversions, weaker, files.openers(), said.append)
    source("decoder").close()
    assert children == [] and said == []
    with pytest.raises(Cancelled):
        source("unet", lambda: True)
    assert said == ["unet"] and children[0].process_id is None
    assert len(conversions.all()) == 3


def test_too_little_memory_to_convert_in_gives_advice(files: Files, conversions: Conversions) -> None:
    plain = replace(files.made_of, called=())
    with pytest.raises(OutOfMemory, match="not enough memory for the conversion") as caught:
        Converted(conversions, plain, files.openers(), memory=500 * 2**20)("unet")
    assert len(str(caught.value).splitlines()) == 1


def halves(files: Files) -> dict[str, tuple[bytes, bytes]]:
    """For each part the bytes of one weight as half floats, without what goes into it and with it."""
    import torch
    from tests.checkpoints.reading import Files as Read

    from rakkan.studio.engines.torch.adapting import Adapting
    from rakkan.studio.engines.torch.lora import read_lora
    from rakkan.studio.engines.torch.networks import build

    made = files.made_of.architecture
    assert made.vae is not None
    model, own = Read(files.paths["model"]), (made.vae, Read(files.paths["vae"]))
    networks = build(made, model, dtype=torch.float16)
    other = build(made, model, vae_file=own, dtype=torch.float16)

    def of(found: Any) -> dict[str, bytes]:
        attention = found.unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1
        layer = next(one for name, one in found.text_encoders[0].named_modules() if name.endswith("fc1"))
        modules = {"unet": attention.to_q, "text 1": layer, "decoder": found.vae.decoder.conv_in}
        return {part: module.weight.half().numpy().tobytes() for part, module in modules.items()}

    plain = of(networks)
    Adapting(networks, {"ink": read_lora(Read(files.paths["ink"]))}).adapt([INK])
    fused = {**of(networks), "decoder": of(other)["decoder"]}
    return {part: (plain[part], fused[part]) for part in plain}
