"""The eight poses: where elbows, wrists and hands are, in any view."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.skeleton import SHOULDERS, shoulder_joint
from rakkan.corpus.figures.body.tube import Point


@dataclass(frozen=True)
class Arm:
    """One arm in the picture.

    ``side`` is -1 for the arm that a front view shows on the left. ``angle`` is that of the hand's
    fingers, clockwise from upwards; ``gesture`` is empty for a hand that is not seen. ``upper`` and
    ``lower`` are the layers of the two halves of the arm.
    """

    side: int
    shoulder: Point
    elbow: Point
    wrist: Point
    gesture: str
    angle: float
    mirrored: bool
    upper: str
    lower: str

    @property
    def bent(self) -> bool:
        """Whether the elbow bends so far that upper arm and forearm are drawn one by one."""
        ax, ay = self.elbow[0] - self.shoulder[0], self.elbow[1] - self.shoulder[1]
        bx, by = self.wrist[0] - self.elbow[0], self.wrist[1] - self.elbow[1]
        return (ax * bx + ay * by) < 0.75 * hypot(ax, ay) * hypot(bx, by)


def plan_arms(wear: Wear) -> list[Arm]:
    """Both arms, the farther one first."""
    scene = wear.scene
    chance = scene.random("pose")
    pose = scene.attributes.pose
    reach = SHOULDERS[scene.attributes.presentation]
    turned = abs(scene.body_yaw) > 8
    near = -1 if scene.body_yaw > 0 else 1
    profile = scene.attributes.view.startswith("profile")
    # The arm that acts: towards where the face looks in profile, else either.
    acting = -near if profile else chance.choice((-1, 1))
    if pose == "hand on hip":
        acting = near if profile else acting
    sway = chance.uniform(-3, 3)
    order = (-near, near) if turned else (-1, 1)
    return [_arm(wear, pose, side, acting, reach, sway, side == -near and turned) for side in order]


def _arm(wear: Wear, pose: str, side: int, acting: int, reach: float, sway: float, far: bool) -> Arm:
    scene = wear.scene
    body = wear.body

    def at(x: float, y: float, z: float) -> Point:
        return body.project(x, y, z)

    shoulder = at(*shoulder_joint(scene.attributes.presentation, side))
    behind = "body_back" if far else "outfit"
    elbow, wrist = at(side * (reach + 1), 196 + sway, -9), at(side * (reach + 4), 281, 8)
    gesture, angle, mirrored, upper, lower = "relaxed", 180.0 - side * 3, side > 0, behind, behind
    if pose == "hand on hip" and side == acting:
        elbow, wrist = at(side * (reach + 36), 178 + sway, -20), at(side * 62, 203, 8)
        gesture, angle, mirrored = "grip", 180 + side * 52, side < 0
        lower = "body_back" if far and abs(scene.body_yaw) > 40 else "arms_front"
    elif pose == "arms crossed":
        top = side == acting
        elbow = at(side * (reach - 1), 186 + sway, 4)
        wrist = at(-side * reach * (0.47 if top else 0.3), 158 if top else 172, 34)
        # The lower hand is tucked in behind the upper forearm.
        gesture, angle, mirrored = ("grip" if top else ""), -side * 70, side > 0
        lower = "arms_front"
    elif pose == "hands clasped":
        elbow, wrist = at(side * (reach + 3), 186 + sway, -6), at(side * 21, 203, 40)
        gesture, angle, mirrored, lower = "grip", -side * 78, side > 0, "arms_front"
    elif pose == "arms behind back":
        elbow, wrist = at(side * (reach + 7), 184 + sway, -26), at(side * 26, 234, -34)
        gesture, lower = "", "body_back"
    elif pose in ("waving", "peace sign", "hand on chin") and side == acting:
        elbow, wrist, angle, gesture, mirrored = _raised(wear, pose, side, reach, sway)
        lower = "arms_front"
    return Arm(side, shoulder, elbow, wrist, gesture, angle, mirrored, upper, lower)


def _raised(
    wear: Wear, pose: str, side: int, reach: float, sway: float
) -> tuple[Point, Point, float, str, bool]:
    """Elbow, wrist, angle, gesture and whether mirrored of a raised hand; all in the bust's frame."""
    scene = wear.scene
    bust = scene.attributes.framing == "bust"
    profile = scene.attributes.view.startswith("profile")
    if pose == "hand on chin":
        chin = scene.head.project([[0.0, 50.0, 24.0]])[0]
        wrist = (float(chin[0]) + side * 19, float(chin[1]) + 37)
        return (side * (reach * (0.62 if profile else 0.86)), 190 + sway), wrist, -side * 17, "chin", side > 0
    out = 70.0 if bust else 78.0 + (8 if pose == "waving" else 0)
    wrist = (side * out, 99 + sway)
    elbow = (side * (max(reach, out) + (2 if profile else 14)), 190)
    if pose == "waving":
        return elbow, wrist, side * (8 + sway), "open", side > 0
    return elbow, (wrist[0] - side * 3, wrist[1]), side * (4 - sway), "peace", side > 0
