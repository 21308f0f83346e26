"""The twenty-four hairstyles as data: cap, curtain, side locks; the masses beyond are in `extras`."""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.corpus.figures.hair.geometry import Drape
from rakkan.corpus.figures.hair.locks import Parting

_LOCKS = Parting(count=4, notch=(0.72, 0.82), reach=(0.92, 1.03), belly=1.5)


@dataclass(frozen=True)
class Curtain:
    """A drape with its lengths by angle and the parting of its ends."""

    drape: Drape
    lengths: tuple[tuple[float, float], ...]
    ends: Parting = _LOCKS
    front: float = 58.0
    root: float = -32.0


@dataclass(frozen=True)
class Hairstyle:
    """How one style is built. ``side_locks``: height of the tips of thin locks before the ears (0: none)."""

    shell: float = 7.0
    curtain: Curtain | None = None
    side_locks: float = 0.0
    gathered: tuple[float, float] | None = None  # angle and height to which the cap's strands are drawn
    ring: bool = True
    shaved: bool = False
    fringe_breadth: float = 1.0


def _long(spread: float, low: float, wave: float = 0.0, period: float = 40.0) -> Drape:
    return Drape(
        (
            (-60, 1, 1),
            (0, 1.0, 1),
            (30, 1.06, 0.96),
            (60, 1.0 + spread * 0.5, 0.92),
            (110, 1 + spread, 0.95),
            (260, 1 + spread * 1.6, 1.0),
        ),
        wave=wave,
        period=period,
    )


HAIRSTYLES: dict[str, Hairstyle] = {
    "pixie cut": Hairstyle(
        shell=6.0,
        curtain=Curtain(
            Drape(((-60, 1, 1), (0, 1.0, 1.0), (16, 1.0, 0.97), (34, 0.84, 0.8), (60, 0.8, 0.66)), shell=6.5),
            ((72, 16), (92, 16), (112, 36), (180, 52)),
            Parting(count=5, notch=(0.66, 0.78), reach=(0.88, 1.06), belly=1.0),
            front=70,
        ),
    ),
    "short hair": Hairstyle(
        curtain=Curtain(
            Drape(
                (
                    (-60, 1, 1),
                    (-10, 1.03, 1.02),
                    (12, 1.1, 1.04),
                    (30, 1.06, 0.95),
                    (46, 0.8, 0.72),
                    (60, 0.7, 0.6),
                )
            ),
            ((58, 20), (75, 28), (100, 34), (180, 46)),
            Parting(count=4, notch=(0.78, 0.86), reach=(0.95, 1.03), belly=1.5),
            front=64,
        ),
    ),
    "bob cut": Hairstyle(
        curtain=Curtain(
            Drape(
                (
                    (-60, 1, 1),
                    (-10, 1.04, 1.02),
                    (20, 1.24, 1.12),
                    (36, 1.3, 1.16),
                    (50, 1.16, 1.04),
                    (60, 0.98, 0.85),
                )
            ),
            ((58, 49), (90, 53), (180, 52)),
            Parting(count=4, notch=(0.9, 0.94), reach=(0.98, 1.02), belly=2.6),
        ),
    ),
    "long bob": Hairstyle(
        curtain=Curtain(
            Drape(
                (
                    (-60, 1, 1),
                    (0, 1.03, 1.02),
                    (35, 1.1, 1.02),
                    (58, 1.1, 0.95),
                    (74, 1.32, 1.1),
                    (86, 1.72, 1.4),
                    (100, 2.0, 1.5),
                )
            ),
            ((58, 70), (75, 84), (100, 86), (180, 84)),
            Parting(count=4, notch=(0.72, 0.84), reach=(0.95, 1.04), belly=1.3),
        ),
    ),
    "hime cut": Hairstyle(
        curtain=Curtain(
            Drape(((-60, 1, 1), (0, 1.0, 1), (40, 1.0, 0.92), (110, 1.0, 0.9), (260, 1.06, 0.95))),
            ((84, 176), (180, 178)),
            Parting(count=4, notch=(0.97, 0.985), reach=(0.995, 1.005), belly=3.5),
            front=84,
        ),
    ),
    "long straight hair": Hairstyle(
        curtain=Curtain(_long(0.42, 180), ((58, 66), (72, 112), (84, 150), (110, 184), (180, 192)), _LOCKS),
    ),
    "long wavy hair": Hairstyle(
        curtain=Curtain(
            _long(0.5, 165, wave=5.5, period=42.0),
            ((58, 78), (72, 118), (84, 145), (110, 164), (180, 168)),
            _LOCKS,
        ),
    ),
    "curly hair": Hairstyle(
        shell=9.0,
        curtain=Curtain(
            Drape(
                (
                    (-60, 1, 1),
                    (-30, 1.05, 1.05),
                    (0, 1.18, 1.12),
                    (40, 1.42, 1.22),
                    (70, 1.46, 1.18),
                    (95, 1.2, 1.0),
                ),
                wave=6.5,
                period=21.0,
                scallop=True,
            ),
            ((58, 62), (80, 84), (180, 92)),
            Parting(count=5, notch=(0.86, 0.92), reach=(0.95, 1.03), belly=3.0),
        ),
    ),
    "afro": Hairstyle(ring=False),
    "spiky hair": Hairstyle(shell=6.0),
    "messy hair": Hairstyle(
        curtain=Curtain(
            Drape(((-60, 1, 1), (0, 1.06, 1.04), (25, 1.16, 1.04), (50, 1.3, 0.95), (70, 1.3, 0.9))),
            ((58, 38), (75, 52), (100, 56), (180, 64)),
            Parting(count=5, notch=(0.5, 0.72), reach=(0.8, 1.08), belly=0.95),
        ),
    ),
    "undercut": Hairstyle(shell=2.5, ring=False, shaved=True, fringe_breadth=0.85),
    "mohawk": Hairstyle(shell=1.5, ring=False, shaved=True, fringe_breadth=0.55),
    "high ponytail": Hairstyle(side_locks=42, gathered=(180, -47)),
    "low ponytail": Hairstyle(side_locks=40, gathered=(180, 30)),
    "side ponytail": Hairstyle(side_locks=42, gathered=(100, -36)),
    "twin tails": Hairstyle(side_locks=44),
    "low twin tails": Hairstyle(side_locks=36),
    "drill twin tails": Hairstyle(side_locks=40),
    "single braid": Hairstyle(side_locks=44, gathered=(180, 28)),
    "twin braids": Hairstyle(side_locks=30),
    "hair bun": Hairstyle(side_locks=46, gathered=(180, -49)),
    "double bun": Hairstyle(side_locks=50),
    "half updo": Hairstyle(
        curtain=Curtain(
            _long(0.3, 150, wave=2.0, period=60.0),
            ((58, 58), (70, 84), (84, 128), (110, 148), (180, 156)),
            _LOCKS,
        ),
        gathered=(180, -38),
    ),
}
