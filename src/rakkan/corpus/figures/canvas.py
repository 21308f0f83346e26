"""A layered drawing that becomes one SVG, or a map of what each pixel belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: Back to front. A part draws on as many layers as it needs; within a layer, later lies on top.
LAYERS = (
    "background",
    "behind",  # halos, hat brims and ears seen behind the hair
    "hair_back",  # hair behind the body
    "body_back",  # an arm or a hood behind the torso
    "torso",  # legs, neck and whatever skin the outfit leaves
    "outfit",
    "outfit_trim",
    "neckwear",
    "hair_behind_head",  # hair that hangs before the shoulders but behind the face
    "head",  # ears and the face's skin
    "face_shadow",  # cast by hair and hats
    "face",
    "eyewear",
    "hair_side",
    "hair_front",
    "face_over",  # brows and lashes that show through the fringe
    "hair_accessory",
    "headwear",
    "arms_front",
    "foreground",
)

#: What a shape depicts; the label map numbers them in this order (0 is nothing).
REGIONS = (
    "none",
    "background",
    "skin",
    "hair",
    "hair_accent",
    "eye_white",
    "iris",
    "brow",
    "mouth",
    "outfit",
    "outfit_trim",
    "accessory",
    "line",
)
#: Lines that are drawn but depict nothing by themselves: what they outline does. A lash is an eye's line.
LINES = ("line", "lash")

#: What someone points at in a figure, at the corners of the colour cube: a pixel that two of them share is
#: nearer to the one that covers more of it, so it is never taken for a third.
PARTS: dict[str, str] = {
    "background": "#000000",
    "skin": "#0000ff",
    "face": "#00ff00",
    "hair": "#00ffff",
    "eyes": "#ff0000",
    "mouth": "#ff00ff",
    "outfit": "#ffff00",
    "accessories": "#ffffff",
}
_PARTS_OF_REGIONS = {
    "background": "background",
    "skin": "skin",
    "hair": "hair",
    "hair_accent": "hair",
    "eye_white": "eyes",
    "iris": "eyes",
    "lash": "eyes",
    "mouth": "mouth",
    "outfit": "outfit",
    "outfit_trim": "outfit",
    "accessory": "accessories",
}
_FACE_LAYERS = ("head", "face_shadow", "face")


@dataclass(frozen=True)
class Gradient:
    """A linear gradient between two points, or a radial one (centre, and a point on its rim)."""

    start: tuple[float, float]
    end: tuple[float, float]
    stops: tuple[tuple[float, str], ...]
    radial: bool = False


Fill = str | Gradient


@dataclass(frozen=True)
class _Flat:
    """An outline that counts: what it depicts, its path, the width of its line, and its clip's attribute."""

    region: str
    path: str
    line_width: float
    clip: str

    def painted(self, colour: str) -> str:
        edge = f' stroke="{colour}" stroke-width="{self.line_width:.2f}"' if self.line_width else ""
        return f'<path d="{self.path}" fill="{colour}"{edge}{self.clip}/>'


@dataclass
class Canvas:
    """Collects shapes on named layers; ``svg`` and ``labels`` write them out."""

    _layers: dict[str, list[str]] = field(default_factory=lambda: {layer: [] for layer in LAYERS})
    _flat: dict[str, list[_Flat]] = field(default_factory=lambda: {layer: [] for layer in LAYERS})
    _definitions: list[str] = field(default_factory=list)
    _clips: dict[str, str] = field(default_factory=dict)

    def shape(
        self,
        layer: str,
        path: str,
        fill: Fill,
        *,
        region: str,
        line: str = "",
        line_width: float = 0.0,
        opacity: float = 1.0,
        clip: str = "",
    ) -> None:
        """Add a filled path, outlined when ``line`` (a colour) and ``line_width`` are given.

        ``clip`` is an id from `clip_to`. Shapes fainter than one half do not count in the label map.
        A colour of eight digits (``#rrggbbaa``) paints translucently, cheaper than ``opacity``.
        """
        if region not in (*REGIONS, *LINES):
            raise ValueError(f"{region!r} is no region")
        paint = fill if isinstance(fill, str) else self._gradient(fill)
        extra = f' stroke="{line}" stroke-width="{line_width:.2f}"' if line and line_width > 0 else ""
        if len(paint) == 9 and paint.startswith("#"):
            extra += f' fill-opacity="{int(paint[7:], 16) / 255:.3f}"'
            paint = paint[:7]
        if opacity < 1:
            extra += f' opacity="{opacity:.2f}"'
        clipped = f' clip-path="url(#{clip})"' if clip else ""
        self._layers[layer].append(f'<path d="{path}" fill="{paint}"{extra}{clipped}/>')
        if opacity >= 0.5 and region != "line":
            self._flat[layer].append(_Flat(region, path, line_width if extra and line else 0.0, clipped))

    def stroke(
        self, layer: str, path: str, colour: str, width: float, *, clip: str = "", opacity: float = 1.0
    ) -> None:
        """Add an open line of even width; for tapering lines fill `curves.stroke` instead."""
        extra = f' clip-path="url(#{clip})"' if clip else ""
        if opacity < 1:
            extra += f' opacity="{opacity:.2f}"'
        self._layers[layer].append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.2f}"{extra}/>'
        )

    def clip_to(self, path: str) -> str:
        """The id of a clip with this outline. Each clip costs time when drawn: use few."""
        if path not in self._clips:
            name = f"c{len(self._clips)}"
            self._clips[path] = name
            self._definitions.append(f'<clipPath id="{name}"><path d="{path}"/></clipPath>')
        return self._clips[path]

    def _gradient(self, gradient: Gradient) -> str:
        name = f"g{len(self._definitions)}"
        stops = "".join(f'<stop offset="{at:.3f}" stop-color="{colour}"/>' for at, colour in gradient.stops)
        (x1, y1), (x2, y2) = gradient.start, gradient.end
        if gradient.radial:
            radius = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
            head, tail = (
                f'<radialGradient id="{name}" cx="{x1:.2f}" cy="{y1:.2f}" r="{radius:.2f}"',
                "radialGradient",
            )
        else:
            head = f'<linearGradient id="{name}" x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
            tail = "linearGradient"
        self._definitions.append(f'{head} gradientUnits="userSpaceOnUse">{stops}</{tail}>')
        return f"url(#{name})"

    def svg(self, view_box: tuple[float, float, float, float]) -> str:
        """The drawing. ``view_box``: left, top, width, height in figure units."""
        return self._document(view_box, self._layers, "round", "")

    def labels(self, view_box: tuple[float, float, float, float]) -> str:
        """The same outlines filled with flat region colours: red channel = index into `REGIONS` × 16."""
        return self._flatly(view_box, lambda layer, region: _label_colour(region))

    def parts(self, view_box: tuple[float, float, float, float]) -> str:
        """The same outlines filled with the colours of `PARTS`."""
        return self._flatly(view_box, _part_colour)

    def _flatly(self, view_box: tuple[float, float, float, float], colour: Callable[[str, str], str]) -> str:
        painted = {
            layer: [one.painted(fill) for one in outlines if (fill := colour(layer, one.region))]
            for layer, outlines in self._flat.items()
        }
        return self._document(view_box, painted, "round", ' shape-rendering="crispEdges"')

    def _document(
        self,
        view_box: tuple[float, float, float, float],
        layers: dict[str, list[str]],
        join: str,
        attributes: str,
    ) -> str:
        left, top, width, height = view_box
        body = "".join("".join(layers[layer]) for layer in LAYERS)
        definitions = f"<defs>{''.join(self._definitions)}</defs>" if self._definitions else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.2f} {top:.2f} {width:.2f} {height:.2f}"'
            f' width="{width:.2f}" height="{height:.2f}">{definitions}'
            f'<g stroke-linejoin="{join}" stroke-linecap="round"{attributes}>{body}</g></svg>'
        )


def _label_colour(region: str) -> str:
    return "" if region in LINES else f"#{REGIONS.index(region) * 16:02x}0000"


def _part_colour(layer: str, region: str) -> str:
    """The colour of what an outline on a layer belongs to, "" for none of its own: brows that show through a
    fringe stay hair."""
    if layer == "face_over":
        return ""
    if region == "brow" or (region == "skin" and layer in _FACE_LAYERS):
        return PARTS["face"]
    part = _PARTS_OF_REGIONS.get(region)
    return PARTS[part] if part else ""
