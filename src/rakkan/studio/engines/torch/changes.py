"""What an adapter adds to one weight, worked out of the small matrices its file keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from rakkan.formats.checkpoints.decompositions import HADAMARD, KRONECKER, Sizes

#: Added to a norm before it divides, so that a row of zeros stays one.
_LEAST = 1e-12


@dataclass(frozen=True)
class Change:
    """The matrices of one layer, by the words of ``decompositions.ENDS``, that make up ``sizes`` together;
    ``scale`` is alpha / rank."""

    sizes: Sizes
    parts: Mapping[str, torch.Tensor]
    scale: float

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        """The change at strength 1, in the shape of the weight, float32.

        With a magnitude (DoRA) it is what leads from ``weight`` to the magnitude times the direction of the
        weight with the rest of the change in it; at strength s, s of that way.
        """
        parts = {name: one.float().to(weight.device) for name, one in self.parts.items()}
        made = {HADAMARD: _hadamard, KRONECKER: _kronecker}.get(self.sizes.kind, _low_rank)(parts)
        change = (made * self.scale).reshape(weight.shape)
        magnitude = parts.get("magnitude")
        return change if magnitude is None else _decomposed(weight.float(), change, magnitude)


def _low_rank(parts: Mapping[str, torch.Tensor]) -> torch.Tensor:
    return parts["up"].flatten(1) @ parts["down"].flatten(1)


def _hadamard(parts: Mapping[str, torch.Tensor]) -> torch.Tensor:
    one = _product(parts["w1_a"], parts["w1_b"], parts.get("t1"))
    return one * _product(parts["w2_a"], parts["w2_b"], parts.get("t2"))


def _kronecker(parts: Mapping[str, torch.Tensor]) -> torch.Tensor:
    one, other = (
        parts[f"k{name}"]
        if f"k{name}" in parts
        else _product(parts[f"k{name}_a"], parts[f"k{name}_b"], parts.get(f"kt{name[1]}"))
        for name in ("w1", "w2")
    )
    return torch.kron(one.flatten(1), other.flatten(1))


def _product(a: torch.Tensor, b: torch.Tensor, middle: torch.Tensor | None) -> torch.Tensor:
    """a b; or with a kernel ``middle`` [p, q, …] between a [p, rows] and b [q, columns]: rows by columns
    and kernel (a Tucker decomposition)."""
    if middle is None:
        return a @ b.flatten(1)
    return torch.einsum("pq...,pr,qc->rc...", middle, a, b).flatten(1)


def _decomposed(weight: torch.Tensor, change: torch.Tensor, magnitude: torch.Tensor) -> torch.Tensor:
    """From the weight to DoRA's (Liu et al. 2024, equation 5). A magnitude of ``[rows]`` or ``[rows, 1, …]``
    scales outputs, one of ``[1, columns, …]`` inputs, as LyCORIS does by default."""
    after = weight + change
    by_rows = magnitude.ndim == 1 or magnitude.shape[0] == len(weight)
    if magnitude.ndim == 4 and weight.ndim == 4 and magnitude.shape[1] == len(weight) != weight.shape[1]:
        by_rows = True  # peft keeps a convolution's outputs in the second place
    kept = 0 if by_rows else 1
    others = [side for side in range(weight.ndim) if side != kept]
    norm: torch.Tensor = torch.linalg.vector_norm(after, dim=others, keepdim=True) + _LEAST
    result: torch.Tensor = after * (magnitude.reshape(norm.shape) / norm) - weight
    return result
