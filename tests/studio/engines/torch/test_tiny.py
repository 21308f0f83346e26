"""The tiny decoder against its authors' arithmetic, written down once more here, and against diffusers'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tests.checkpoints.reading import Files

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.layout import tiny_decoder as weights
from rakkan.studio.engines.torch.tiny import tiny_decoder


def numbers(seed: int = 4) -> dict[str, torch.Tensor]:
    """Random weights in the authors' names."""
    random = torch.Generator().manual_seed(seed)
    return {
        one.single: torch.randn(one.shape, generator=random) * (0.04 if len(one.shape) > 1 else 0.1)
        for one in weights(4)
    }


def by_hand(held: dict[str, torch.Tensor], latents: torch.Tensor) -> torch.Tensor:
    """TAESD: a soft clamp, then convolutions and blocks that add up; 0 to 1 as -1 to 1."""

    def conv(place: str, values: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(
            values, held[f"{place}.weight"], held.get(f"{place}.bias"), padding=1
        )

    def block(number: int, values: torch.Tensor) -> torch.Tensor:
        inner = conv(f"{number}.conv.0", values).relu()
        return (conv(f"{number}.conv.4", conv(f"{number}.conv.2", inner).relu()) + values).relu()

    values = conv("1", torch.tanh(latents / 3) * 3).relu()
    for first in (3, 8, 13):
        for number in range(first, first + 3):
            values = block(number, values)
        values = conv(f"{first + 4}", values.repeat_interleave(2, 2).repeat_interleave(2, 3))
    return conv("19", block(18, values)) * 2 - 1


def file_of(path: Path, tensors: dict[str, torch.Tensor]) -> Files:
    save_file({name: one.contiguous() for name, one in tensors.items()}, path)
    return Files(path)


@pytest.mark.parametrize("prefix", ["", "decoder."])
def test_the_authors_file_decodes_as_they_wrote(prefix: str, tmp_path: Path) -> None:
    held = numbers()
    files = file_of(tmp_path / "t.safetensors", {prefix + name: one for name, one in held.items()})
    latents = torch.randn(2, 4, 6, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ours = tiny_decoder(files).decode(latents, return_dict=False)[0]
        theirs = by_hand(held, latents)
    assert ours.shape == (2, 3, 48, 40)
    assert float(theirs.std()) > 0.05 and torch.allclose(ours, theirs, atol=1e-5)


def test_diffusers_file_decodes_as_diffusers(tmp_path: Path) -> None:
    from diffusers import AutoencoderTiny

    torch.manual_seed(2)
    made: Any = AutoencoderTiny
    made().save_pretrained(tmp_path)
    theirs = made.from_pretrained(tmp_path, local_files_only=True)
    ours = tiny_decoder(Files(tmp_path / "diffusion_pytorch_model.safetensors"))
    latents = torch.randn(1, 4, 5, 7)
    with torch.no_grad():
        assert torch.equal(ours.decode(latents).sample, theirs.decode(latents).sample)
    assert not [name for name, one in ours.named_parameters() if one.is_meta or "encoder" in name]


def test_what_does_not_fit_is_refused_before_a_byte_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = numbers()
    held["8.conv.0.bias"] = torch.full((64,), torch.nan)
    with pytest.raises(RakkanError, match=r"8\.conv\.0\.bias .*not finite"):
        tiny_decoder(file_of(tmp_path / "nan.safetensors", held))
    monkeypatch.setattr(Files, "read", lambda self, name: pytest.fail("read"))
    held["8.conv.0.bias"] = torch.zeros(63)
    with pytest.raises(RakkanError, match=r"the tiny decoder does not fit .*8\.conv\.0\.bias is 63"):
        tiny_decoder(file_of(tmp_path / "bent.safetensors", held))
    with pytest.raises(RakkanError, match="no tiny decoder: it holds a"):
        tiny_decoder(file_of(tmp_path / "none.safetensors", {"a": torch.zeros(1)}))
