"""How an adapter's file keeps the change of one layer: as which small matrices, of which sizes.

Low rank: up down (Hu et al. 2021, LoRA). Hadamard: (w1a w1b) ∘ (w2a w2b) (Hyeon-Woo et al. 2022, LoHa).
Kronecker: w1 ⊗ w2, either of them possibly of low rank itself (Yeh et al. 2024, LyCORIS: LoKr). Any of them
may come with a magnitude for each row or column (Liu et al. 2024, DoRA).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

LOW_RANK, HADAMARD, KRONECKER = "LoRA", "LoHa", "LoKr"

Shape = tuple[int, ...]

#: The endings of tensors' names, and what each is: kohya-ss, PEFT, diffusers before PEFT, LyCORIS.
ENDS = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    **{f".hada_{name}": name for name in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{f".lokr_{name}": f"k{name}" for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")},
    ".dora_scale": "magnitude",
    ".lora_magnitude_vector": "magnitude",
    ".lora_magnitude_vector.weight": "magnitude",
    ".lora_magnitude_vector.default.weight": "magnitude",
    ".alpha": "alpha",
}


@dataclass(frozen=True)
class Sizes:
    """A change of a weight with ``rows`` outputs of ``columns`` numbers each. ``rank`` is what its ``alpha``
    is divided by, 0 for matrices that are whole."""

    kind: str
    rank: int
    rows: int
    columns: int


def end_of(name: str) -> str:
    """The ending of a tensor's name that is in ``ENDS``, "" when there is none."""
    return next((end for end in ENDS if name.endswith(end)), "")


def sizes(parts: Mapping[str, Shape]) -> Sizes | None:
    """What the parts of one layer make up together; None when one is missing or they do not fit each other.

    ``parts`` are their shapes by the words of ``ENDS``.
    """
    held = {name: one for name, one in parts.items() if name not in ("alpha", "magnitude")}
    for read in (_low_rank, _hadamard, _kronecker):
        if found := read(held):
            return found if _is_magnitude(parts.get("magnitude"), found) else None
    return None


def _low_rank(parts: Mapping[str, Shape]) -> Sizes | None:
    if parts.keys() != {"down", "up"}:
        return None
    down, up = parts["down"], parts["up"]
    if len(down) < 2 or len(up) < 2 or not down[0] or prod(up[1:]) != down[0]:
        return None
    return Sizes(LOW_RANK, down[0], up[0], prod(down[1:]))


def _hadamard(parts: Mapping[str, Shape]) -> Sizes | None:
    if parts.keys() == {"w1_a", "w1_b", "w2_a", "w2_b"}:
        one = _product(parts["w1_a"], parts["w1_b"])
        other = _product(parts["w2_a"], parts["w2_b"])
    elif parts.keys() == {"w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2"}:
        one = _tucker(parts["w1_a"], parts["w1_b"], parts["t1"])
        other = _tucker(parts["w2_a"], parts["w2_b"], parts["t2"])
    else:
        return None
    if one is None or other is None or one[1:] != other[1:]:
        return None
    return Sizes(HADAMARD, *one)


def _kronecker(parts: Mapping[str, Shape]) -> Sizes | None:
    one, other = _factor(parts, "kw1"), _factor(parts, "kw2")
    known = {"kw1", "kw1_a", "kw1_b", "kw2", "kw2_a", "kw2_b", "kt2"}
    if one is None or other is None or not parts.keys() <= known:
        return None
    # As LyCORIS counts: the second factor's rank, where it has one.
    return Sizes(KRONECKER, other[0] or one[0], one[1] * other[1], one[2] * other[2])


def _factor(parts: Mapping[str, Shape], name: str) -> tuple[int, int, int] | None:
    """Rank (0 for a whole one), rows and columns of one factor."""
    a, b, middle = (parts.get(one) for one in (f"{name}_a", f"{name}_b", name.replace("w", "t")))
    if name in parts:
        whole = parts[name]
        is_alone = a is None and b is None and middle is None and len(whole) >= 2
        return (0, whole[0], prod(whole[1:])) if is_alone else None
    if a is None or b is None:
        return None
    return _product(a, b) if middle is None else _tucker(a, b, middle)


def _product(a: Shape, b: Shape) -> tuple[int, int, int] | None:
    """Rank, rows and columns of a b."""
    fits = len(a) == 2 and len(b) >= 2 and a[1] == b[0] > 0
    return (b[0], a[0], prod(b[1:])) if fits else None


def _tucker(a: Shape, b: Shape, middle: Shape) -> tuple[int, int, int] | None:
    """The same of a kernel between a, transposed, and b."""
    fits = len(a) == len(b) == 2 and len(middle) == 4 and a[0] == middle[0] > 0 and b[0] == middle[1] > 0
    return (b[0], a[1], b[1] * prod(middle[2:])) if fits else None


def _is_magnitude(shape: Shape | None, of: Sizes) -> bool:
    """Whether it scales rows (``[rows]``, ``[rows, 1, …]``, ``[1, rows, 1, 1]``) or columns' channels."""
    if shape is None:
        return True
    sides = [side for side in shape if side != 1]
    return (
        len(shape) >= 1
        and len(sides) <= 1
        and (not sides or sides[0] == of.rows or of.columns % sides[0] == 0)
    )
