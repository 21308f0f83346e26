"""Which packages are fetched, under which licences, what in them is what, and which half they belong to.

The kind of a picture follows from where it lies in its package: rules ``(pattern, kind)`` on the path, the
first that fits wins and what none fits is left out. They were written by looking at every package's pictures
before any classifier had seen them. ``OTHER`` is neither clearly a photograph nor clearly a drawing (planets,
scans of paintings, photographs run through a filter, road signs): it is counted, never scored.

A source is ``DEVELOPMENT`` (learned from, thresholds chosen on) or ``HELD_OUT`` (measured on, once) as a
whole. Pictures under the GPL are never learned from: most of their sources are held out, and those in a
development source serve to choose thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

DRAWING, PHOTOGRAPH, FACE, OTHER = "drawing", "photograph", "photographic face", "other"
DEVELOPMENT, HELD_OUT = "development", "held out"
DEBIAN, PYPI = "debian", "pypi"

Rules = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Source:
    """A package: where it is had from, its half, its licence, and the rules for its pictures.

    ``licence`` is of the pictures that the rules let in; "" means per picture, from the package's
    machine-readable copyright file. With ``also`` the package is one to run: it is installed into its folder
    together with those.
    """

    package: str
    registry: str
    half: str
    licence: str
    rules: Rules
    also: tuple[str, ...] = ()


_TUX = "*/stamps/"


def _stamps(names: str) -> tuple[str, ...]:
    """Patterns of stamps by their names, wherever they lie."""
    return tuple(f"{_TUX}*/{name}.png" for name in names.split())


#: Seen to be drawings, or unclear, among stamps that are cut-out photographs for the rest.
_TUX_DRAWN = (
    "*/cartoon/*",
    f"{_TUX}symbols/alphabets/*",
    f"{_TUX}symbols/chess/*",
    f"{_TUX}symbols/faces/*",
    f"{_TUX}symbols/math/*",
    f"{_TUX}symbols/money/00_symbols/*",
    f"{_TUX}symbols/music/*",
    f"{_TUX}symbols/shapes/*",
    f"{_TUX}symbols/*.png",
    f"{_TUX}seasonal/easter/*",
    f"{_TUX}seasonal/hanukkah/*",
    f"{_TUX}town/flags/*",
    f"{_TUX}clothes/t_*",
    *_stamps(
        "hedgehog blue_fedora feathered_hat green_fedora propeller_hat sombrero pizza tooth eye Santa "
        "bow candy_cane hard_candy santahat stocking tree xmas_tp_bulb bat_left blackcat ghost skull "
        "spider party-hat party-horn-in party-horn-out confetti inukshuk-outline"
    ),
)
_TUX_UNCLEAR = (
    f"{_TUX}town/roadsigns/*",
    f"{_TUX}space/*",
    f"{_TUX}vehicles/*",
    f"{_TUX}seasonal/newyears/*",
    *_stamps(
        "bee fly echidna seahorse tophat strawberry button highlighter lamp star holly_leaves mug glass "
        "jackolantern_carved lightningbolt explosion fire shrimp rubberduck moonwrasse stripedfish whale "
        "soccer rugby_goal_posts stoplight_01_red stoplight_02_yellow stoplight_03_green"
    ),
)
_SCRATCH_DRAWN = ("party-room", "room", "spotlight-stage", "woods-and-bench", "school2")
_SCRATCH_UNCLEAR = ("forest", "graffiti", "mural-faro", "berkeley-mural", "all-sports-mural", "brick-wall1")
#: Photographs among the examples: no pattern, no screenshot, nobody's face.
_OPENCV = (
    *("aero1.jpg", "aero3.jpg", "baboon.jpg", "building.jpg", "chicky_512.png", "ela_original.jpg"),
    *("fruits.jpg", "home.jpg", "leuvenB.jpg", "rubberwhale1.png", "squirrel_cls.jpg", "box_in_scene.png"),
    *("graf1.png", "scenetext01.jpg", "scenetext05.jpg", "scenetext06.jpg", "left02.jpg", "right13.jpg"),
)
#: Faces that fill a tenth of the picture or more.
_FACES = ("bar55", "bar55_2", "jesper", "jesper_2", "new_wave_2", "qt-logo")
_GCOMPRIS = "*/src/activities/"

SOURCES: tuple[Source, ...] = (
    # Learned from.
    Source("endless-sky-data", DEBIAN, DEVELOPMENT, "", (("*/images/land/*.jpg", PHOTOGRAPH),)),
    Source(
        "gcompris-qt-data",
        DEBIAN,
        DEVELOPMENT,
        "",
        (
            ("*/categorization/resource/images/fishes/fish[25].*", OTHER),  # painted plates of fish
            *(
                (f"{_GCOMPRIS}categorization/resource/images/{folder}/*.webp", PHOTOGRAPH)
                for folder in ("fishes", "monuments", "renewable", "tools", "others")
            ),
            *(
                (f"{_GCOMPRIS}{activity}/resource/*.webp", PHOTOGRAPH)
                for activity in (
                    "erase",
                    "explore_farm_animals",
                    "explore_monuments",
                    "explore_world_animals",
                    "explore_world_music",
                )
            ),
            (f"{_GCOMPRIS}clickgame/resource/sea*.webp", PHOTOGRAPH),
            (f"{_GCOMPRIS}details/resource/image/*Gogh*", OTHER),
            (f"{_GCOMPRIS}details/resource/image/*Eglise*", OTHER),
            (f"{_GCOMPRIS}details/resource/image/*Pere*", OTHER),
            (f"{_GCOMPRIS}details/resource/image/*_background.webp", PHOTOGRAPH),
            (f"{_GCOMPRIS}paintings/*.webp", OTHER),
            (f"{_GCOMPRIS}lang/resource/words_sample/*.webp", DRAWING),
            (f"{_GCOMPRIS}*.svg", DRAWING),
        ),
    ),
    Source(
        "lomiri-wallpapers-16.04",
        DEBIAN,
        DEVELOPMENT,
        "CC-BY-4.0, CC-BY-SA-4.0, CC-BY-SA-3.0, CC0-1.0",
        (("*/umang_*", DRAWING), ("*/analogpattern_*", OTHER), ("*/backgrounds/*.jpg", PHOTOGRAPH)),
    ),
    Source(
        "lomiri-wallpapers-20.04",
        DEBIAN,
        DEVELOPMENT,
        "CC-BY-4.0, CC-BY-SA-4.0, CC-BY-SA-3.0, CC0-1.0",
        (
            ("*/Kleiber_*", PHOTOGRAPH),
            ("*/Fossa_*", DRAWING),
            ("*/Painting-Colors_*", DRAWING),
            ("*/Infinite-Sea_*", OTHER),
        ),
    ),
    Source("openclipart-png", DEBIAN, DEVELOPMENT, "public domain", (("*.png", DRAWING),)),
    Source(
        "flare-game",
        DEBIAN,
        DEVELOPMENT,
        "CC-BY-SA-3.0+",
        (("*/images/portraits/dog*", OTHER), ("*/images/portraits/*.png", DRAWING)),
    ),
    Source(
        "freeorion-data",
        DEBIAN,
        DEVELOPMENT,
        "CC-BY-SA-3.0",
        (
            ("*/art/icons/species/*.png", DRAWING),
            ("*/art/icons/building/*.png", OTHER),
            ("*/art/icons/tech/*.png", DRAWING),
        ),
    ),
    Source("gnome-backgrounds", DEBIAN, DEVELOPMENT, "CC-BY-SA-3.0", (("*/backgrounds/gnome/*", DRAWING),)),
    Source(
        "wesnoth-1.16-data",
        DEBIAN,
        DEVELOPMENT,
        "GPL-2+, CC-BY-SA-4.0",
        (
            ("*/data/core/images/portraits/*.png", DRAWING),
            ("*/data/core/images/story/*", DRAWING),
            ("*/images/portraits/*", DRAWING),
        ),
    ),
    Source(
        "naev-data",
        DEBIAN,
        DEVELOPMENT,
        "",
        (
            ("*/portraits/*.png", DRAWING),
            ("*/gfx/planet/exterior/*", OTHER),
        ),
    ),
    Source(
        "scratch",
        DEBIAN,
        DEVELOPMENT,
        "CC-BY-SA-3.0",  # of Media, where all of these lie
        (
            # Murals, photographs through a filter, and what is neither the one nor the other.
            *((f"*/Media/Backgrounds/*/{name}*", OTHER) for name in _SCRATCH_UNCLEAR),
            *((f"*/Media/Backgrounds/*/{name}*", DRAWING) for name in _SCRATCH_DRAWN),
            ("*/Media/Backgrounds/*.jpg", PHOTOGRAPH),
            ("*/Media/Costumes/Animals/squirrel1.png", PHOTOGRAPH),
            *(
                (f"*/Media/Costumes/*/{name}.png", OTHER)
                for name in ("manhole", "rock", "street-cleaner-mit")
            ),
            ("*/Media/Costumes/*/tennisball.png", OTHER),
            ("*/Media/Costumes/*.png", DRAWING),
        ),
    ),
    Source(
        "kphotoalbum",
        DEBIAN,
        DEVELOPMENT,
        "GPL-2+",
        (
            ("*/CategoryImages/*", OTHER),  # the same once more, small
            *((f"*/demo/{name}.jpg", FACE) for name in _FACES),
            ("*/demo/*.jpg", PHOTOGRAPH),
        ),
    ),
    Source("krank", DEBIAN, DEVELOPMENT, "public domain", (("*-backgrounds/level-[012]*.jpg", PHOTOGRAPH),)),
    Source(
        "opencv-doc",
        DEBIAN,
        DEVELOPMENT,
        "Apache-2.0",
        tuple((f"*/examples/*/{name}", PHOTOGRAPH) for name in _OPENCV),
    ),
    Source(
        "dicebear-styles", PYPI, DEVELOPMENT, "CC0-1.0 and CC-BY-4.0, per style", (), also=("dicebear-core",)
    ),
    # Measured on.
    Source(
        "tuxpaint-stamps-default",
        DEBIAN,
        HELD_OUT,
        "GPL-2+",
        (
            ("*.svg", OTHER),
            *((pattern, OTHER) for pattern in _TUX_UNCLEAR),
            *((pattern, DRAWING) for pattern in _TUX_DRAWN),
            (f"{_TUX}*.png", PHOTOGRAPH),
        ),
    ),
    Source("kalzium-data", DEBIAN, HELD_OUT, "GPL-2+", (("*/toolpics/*.jpg", PHOTOGRAPH),)),
    Source("pysiogame", DEBIAN, HELD_OUT, "GPL-3+, public domain", (("*/art4apps/*.jpg", DRAWING),)),
    Source(
        "warmux-data",
        DEBIAN,
        HELD_OUT,
        "GPL-2+",
        (
            ("*/map/hive/*", OTHER),  # photographs of honeycombs and of a leaf, worked into a map
            ("*/map/leafs/*", OTHER),
            ("*/map/*.jpg", DRAWING),
        ),
    ),
    Source(
        "ardentryst",
        DEBIAN,
        HELD_OUT,
        "GPL-3+, CC-BY-SA-3.0",
        (("*/Data/InvItems/*.png", DRAWING), ("*/Data/StorySceneImages/*.png", DRAWING)),
    ),
    Source(
        "mate-backgrounds",
        DEBIAN,
        HELD_OUT,
        "GPL-2+, CC-BY-SA-4.0",
        (
            ("*/nature/Wood.jpg", OTHER),
            ("*/nature/*.jpg", PHOTOGRAPH),
            ("*/abstract/Elephants_*", OTHER),
            ("*/abstract/*", DRAWING),
        ),
    ),
    Source(
        "plasma-workspace-wallpapers",
        DEBIAN,
        HELD_OUT,
        "GPL-2+, LGPL-3, CC-BY-SA-4.0",
        (
            ("*/screenshot.*", OTHER),  # a smaller copy of its neighbour
            *(
                (f"*/wallpapers/{name}/*", PHOTOGRAPH)
                for name in (
                    "BytheWater",
                    "ColdRipple",
                    "ColorfulCups",
                    "DarkestHour",
                    "EveningGlow",
                    "FallenLeaf",
                    "Grey",
                    "OneStandsOut",
                    "Path",
                    "summer_1am",
                    "Kite",
                    "FlyingKonqui_photo",
                )
            ),
            ("*/wallpapers/*", DRAWING),
        ),
    ),
    Source(
        "palapeli-data",
        DEBIAN,
        HELD_OUT,
        "GPL-2+, GFDL-1.2+, CC0, CC-BY-SA",
        (
            *(
                (f"*/{name}.jpg", PHOTOGRAPH)
                for name in (
                    "castle-maintenon",
                    "cincinnati-bridge",
                    "citrus-fruits",
                    "european-honey-bee",
                    "panther-chameleon-female",
                )
            ),
        ),
    ),
    Source("ukui-wallpapers", DEBIAN, HELD_OUT, "CC-BY-SA-3.0, GPL-3+", (("*/backgrounds/*", DRAWING),)),
    Source(
        "renpy-thequestion",
        DEBIAN,
        HELD_OUT,
        "Expat",
        (
            ("*/game/images/*.png", DRAWING),
            ("*/game/images/bg *.jpg", OTHER),
        ),
    ),
    Source(
        "renpy-demo",
        DEBIAN,
        HELD_OUT,
        "Expat",
        (
            ("*/bg washington.jpg", PHOTOGRAPH),
            ("*/bg whitehouse.jpg", PHOTOGRAPH),
            ("*/images/eileen *", DRAWING),
            ("*/images/lucy *", DRAWING),
            ("*/concert?.png", DRAWING),
        ),
    ),
    Source("gramps", DEBIAN, HELD_OUT, "GPL-2+", (("*/example/gramps/*.jpg", FACE),)),
    Source(
        "scikit-image",
        PYPI,
        HELD_OUT,
        "BSD-3-Clause, CC0-1.0, public domain",
        (
            ("*/astronaut.png", FACE),
            *(
                (f"skimage/data/{name}", PHOTOGRAPH)
                for name in (
                    "brick.png",
                    "camera.png",
                    "chelsea.png",
                    "coffee.png",
                    "coins.png",
                    "grass.png",
                    "gravel.png",
                    "motorcycle_left.png",
                    "motorcycle_right.png",
                    "rocket.jpg",
                )
            ),
        ),
    ),
    Source(
        "scikit-learn", PYPI, HELD_OUT, "BSD-3-Clause, CC-BY-2.0", (("*/datasets/images/*.jpg", PHOTOGRAPH),)
    ),
)
