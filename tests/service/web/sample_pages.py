"""Sample views of the pages besides Create."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.service.web.samples import card

from rakkan.service import house
from rakkan.service.access.actors import SCOPES
from rakkan.service.web import bringing, views

_TIME = "2026-11-20T14:05:00Z"


def picture() -> views.PictureView:
    return views.PictureView(
        card(0),
        "/pictures/p0/file",
        "Silver twin tails under a blue sky",
        _TIME,
        (
            "Drawn by the starter model in eight steps from seed 10.",
            "The words asked for silver twin tails, red eyes and a red hoodie; the seed chose the rest.",
            "A reference was followed for who it is, at full strength.",
        ),
        "1girl, silver twin tails, red eyes, red hoodie, smile, blue sky",
        (
            views.Fact("Seed", "10"),
            views.Fact("Size", "512 × 512"),
            views.Fact("Sampler", "flow, 8 steps"),
            views.Fact("Recipe", "9a41c07be2"),
        ),
        (
            views.Origin(
                "parent",
                "A first try by @kaito",
                "Remixed with credit",
                "/pictures/p1",
                "/pictures/p1/thumbnail",
            ),
            views.Origin(
                "reference",
                "figure.png",
                "Let in through the gate, 3 November",
                "",
                "/pictures/p11/thumbnail",
            ),
            views.Origin("model", "Starter", "2e2e91c4 · Apache-2.0", "/about"),
            views.Origin("training", "Figures drawn by Rakkan's own renderer", "No picture by anybody else"),
            views.Origin("seal", "Sealed on 20 November 2026", "Trusted by this instance's root"),
            views.Origin("ledger", "Statement 10,482", "In the public log", "/about"),
        ),
        frozenset(
            [
                "edit",
                "vary",
                "upscale",
                "download",
                "publish",
                "withdraw",
                "delete",
                "like",
                "comment",
                "remix",
                "report",
                "take_down",
            ]
        ),
        ("twin tails", "silver", "hoodie", "blue sky"),
        published=False,
        followed=False,
        comments=(
            views.Comment("k1", "ayu", "The hair against the sky is lovely.", _TIME),
            views.Comment("k2", "rin", "Which seed was that?", _TIME, mine=True),
        ),
        similar=tuple(card(number) for number in (3, 10, 15, 9, 7)),
        remixes=2,
    )


def gallery(start: int = 0, **changes: object) -> views.GalleryView:
    after = f"/gallery?after={start + 16}" if start < 32 else ""
    given: dict[str, object] = {
        "cards": tuple(card(number) for number in range(start, start + 16)),
        "after": after,
        "tags": ("twin tails", "kimono", "blue sky", "night city", "cat ears", "ink", "armour"),
        "characters": (views.Choice("c1", "Mira"),),
        "models": (views.Choice("starter", "Starter"),),
    }
    return views.GalleryView(**{**given, **changes})  # type: ignore[arg-type]


def person() -> views.GalleryView:
    return gallery(40, person=views.Person("ayu", "Ayu", "Robes, snow and long hair.", 48, 12, False))


def characters() -> views.CharactersView:
    def one(number: int, name: str, words: str) -> views.CharacterCard:
        return views.CharacterCard(
            f"c{number}", name, number + 1, words, f"/pictures/p{number}/thumbnail", number * 9
        )

    return views.CharactersView(
        (
            one(0, "Mira", "1girl, silver twin tails, red eyes, red hoodie"),
            one(4, "Lio", "1girl, blonde wavy hair, witch hat"),
        )
    )


def shared_characters() -> views.CharactersView:
    def one(number: int, name: str) -> views.CharacterCard:
        thumbnail = f"/pictures/p{number}/thumbnail"
        return views.CharacterCard(f"c{number}", name, number, "", thumbnail, 7, "haru", shared=True)

    return views.CharactersView((one(8, "Old Haru"), one(6, "Kon")), "shared", "ha", "fox ears")


def shared_character() -> views.CharacterView:
    allowed = frozenset({"draw", "copy", "file", "report", "take_down"})
    credit = views.Credit("Mira the First", "ayu", "/characters/c9", "ab" * 32)
    changes = {"allowed": allowed, "credits": (credit, views.Credit("")), "tags": ("silver hair",)}
    return replace(character(), mine=False, state="published", terms="copy", **changes)  # type: ignore[arg-type]


def character() -> views.CharacterView:
    return views.CharacterView(
        characters().cards[0],
        "mira",
        "CC BY 4.0",
        "/pictures/p0/file",
        (
            views.Fact("hair", "#b3b9ca"),
            views.Fact("eyes", "#d4262f"),
            views.Fact("outfit", "#c8373d"),
            views.Fact("background", "#a9cdf3"),
        ),
        (views.Fact("Seed", "10"), views.Fact("Model", "Starter"), views.Fact("References", "2")),
        (
            views.Fact("1", "first drawn, 3 November"),
            views.Fact("2", "red eyes instead of brown, 9 November"),
        ),
        tuple(card(number) for number in (0, 3, 10, 15)),
        consistency=91,
        mine=True,
    )


def queue() -> views.QueueView:
    return views.QueueView(
        (
            views.Job(
                "j1",
                "create",
                "1girl, silver twin tails, red eyes, red hoodie, smile",
                "drawing",
                _TIME,
                5,
                8,
            ),
            views.Job("j2", "vary", "four of the same, a little different", "waiting", _TIME, position=2),
            views.Job("j3", "upscale", "blue bob cut, white shirt", "done", _TIME, picture=card(1)),
            views.Job(
                "j4",
                "edit",
                "hair: blu",
                "failed",
                _TIME,
                message="The edit 'hair: blu' cannot be read",
                hint="The nearest known is 'blue'",
            ),
            views.Job("j5", "import", "holiday.png", "quarantined", _TIME),
        ),
        waiting=3,
        seconds=12,
    )


def account(**changes: object) -> views.AccountView:
    given: dict[str, object] = {
        "handle": "mira",
        "name": "Mira",
        "about": "Draws mostly hoodies.",
        "budgets": (
            views.Meter("create", 42, 200, renews="2026-11-21T00:00:00Z"),
            views.Meter("pairs", 61, 300, renews="2026-11-21T00:00:00Z"),
            views.Meter("egress", 1230, 4000, " MB"),
        ),
        "sessions": (
            views.Session("s1", "Firefox on Linux", _TIME, True),
            views.Session("s2", "Chrome on Android", _TIME),
        ),
        "keys": (views.Key("k1", "webuiapi on the laptop", ("create", "read"), _TIME, _TIME),),
        "passkeys": (views.Passkey("p1", "Phone", _TIME),),
        "organisations": (
            views.Organisation(
                "atelier",
                "Atelier Nord",
                "admin",
                "o1",
                (("mira", "admin"), ("ayu", "admin"), ("hoshizora_no_tabibito_2049", "member")),
            ),
            views.Organisation("night-owls", "", "member", "o2", (("mira", "member"), ("rin", "admin"))),
        ),
        "scopes": SCOPES,
    }
    return views.AccountView(**{**given, **changes})  # type: ignore[arg-type]


def invited() -> views.AccountView:
    """By an organisation, at a new account that has nothing yet, and has just made a link itself."""
    return account(
        organisations=(),
        sessions=tuple(views.Session(f"s{number}", "", _TIME, number == 0) for number in range(7)),
        keys=(),
        passkeys=(),
        join="token-of-an-invitation",
        invitation="http://localhost/join?token=example",
        roles=("member", "moderator"),
        done=True,
    )


def limited() -> views.AccountView:
    facts = "412 new pictures with their recipes were fetched in an hour, in the order of the catalogue."
    return account(
        alarm=facts,
        alarm_identifier="a1",
        appealable=True,
        new_key="rk_2f81_example_only",
        notice="The key was made.",
    )


def moderation() -> views.ModerationView:
    return views.ModerationView(
        (
            views.Report(
                "r1",
                "copyright",
                "Looks like the cover of my zine, down to the scarf.",
                _TIME,
                "sora",
                card(7),
                3,
            ),
            views.Report("r2", "claim", "I drew this in 2024 and never allowed it.", _TIME, "", card(4)),
        ),
        (
            views.Appeal(
                "a1",
                "rin",
                "Taken down: spiky hair, suit",
                "It is my own character, the sheet shows it.",
                _TIME,
            ),
        ),
        (
            views.Ban("b1", "account", "noisy", "Spam in comments", "2026-12-01T00:00:00Z"),
            views.Ban("b2", "organisation", "bulk-fetch", "Twenty accounts enumerated the gallery"),
        ),
        (
            views.Alarm(
                "w1",
                ("297 distinct pairs in 40 minutes", "3 canary pairs seen", "one payment label"),
                ("u201", "u202", "u203"),
                99,
                _TIME,
                "/moderation/evidence/w1",
            ),
        ),
        (
            views.Entry(_TIME, "mira", "took down", "picture 0k3v9"),
            views.Entry(_TIME, "mira", "lifted a ban", "account sora"),
        ),
        "/moderation?after=e1",
    )


def about() -> views.AboutView:
    return views.AboutView(
        "Atelier Nord",
        "@mira",
        "0.6.0",
        (
            views.ModelCard(
                "Starter",
                "2e2e91c4b0aa71d3",
                "Apache-2.0",
                "Trained only on figures drawn by Rakkan's own renderer.",
            ),
            views.ModelCard(
                "Kumo",
                "91aa00c2d2efb513",
                "CreativeML OpenRAIL-M",
                "Brought by its owner; what it was trained on is claimed, not proven.",
            ),
        ),
        (
            views.Figure("Benign prompts let through", "99.2 %", "10,000 prompts"),
            views.Figure("Unsafe prompts refused", "98.7 %", "the published list, with evasions"),
        ),
        (
            views.Choice("/about/acceptable-use", "Acceptable use"),
            views.Choice("/about/data", "Data"),
            views.Choice("/about/moderation", "Moderation"),
        ),
        "SHA-256 7d:31:90:aa:10:5c:4e:22:91:b0:71:2f",
        10482,
        37,
    )


def claimed(name: str, **more: Any) -> views.ClaimView:
    """A claim and how it stands."""
    state = views.ClaimState(name, 1, _TIME, **more)
    return views.ClaimView(receipt="3f9c0b6a17e24d5c8a9b0c1d2e3f4a5b", page="/claim/3f9c", state=state)


def own_picture() -> views.PictureView:
    """As its maker sees it, with files besides its own."""
    files = (
        views.FileRow("png", "PNG", "full", "", True),
        views.FileRow("jpeg", "JPEG", "redacted", "184 kB"),
    )
    making = (views.FileRow("webp", "WebP", "digest"),)
    choices = tuple(views.Choice(name, name) for name in ("png", "webp", "jpeg"))
    told = views.FilesView("p0", files, making, "", "It was cancelled", "Ask again", choices)
    return replace(picture(), files=told, followed=None)


def barred(name: str) -> views.Barred:
    """What a maker is told of a case."""
    told = ("unsafe", "A hand that cannot be.") if name else ("", "")
    due = "" if name == "upheld" else _TIME
    state = views.ClaimState(name or "waiting", 1, _TIME, due, *told, name == "upheld")
    return views.Barred("unsafe", state, bool(name))


def down(name: str = "upheld") -> views.DownView:
    """A picture of one's own that was taken down."""
    return views.DownView("p4", "Night sky", _TIME, barred(name))


#: Address -> template and view, for everything that is only looked at.
def importing() -> bringing.ImportView:
    return bringing.ImportView(
        (bringing.Kept("w1", "hats", 12), bringing.Kept("w2", "places/city", 40)),
        (bringing.Kept("t1", "1girl, silver hair, smile"), bringing.Kept("t2", "1boy, red hair, city")),
        ("My ink", "Soft pastel"),
        True,
        ("2 styles are kept.", "notes.pdf: only .csv and .txt are read here"),
    )


def models(may_bring: bool = True) -> bringing.ModelsView:
    facts = (views.Fact("Family", "stable-diffusion-xl"), views.Fact("SHA-256", "ab" * 32))
    licence = "Fair AI Public License 1.0-SD (claimed by the file)"
    row = bringing.ModelRow(
        "Dawn", "ab" * 32, "checkpoint", "Illustrious", licence, "6.9 GB", facts, (), True, False, True
    )
    other = replace(row, name="Soft light", digest="cd" * 32, kind="LoRA", own=False, removable=False)
    on_way = (bringing.OnItsWay("u1", "dusk.safetensors", 32, "open"),) if may_bring else ()
    return bringing.ModelsView((row, other), on_way, may_bring, 8 * 2**20, 16 * 2**30)


PAGES: dict[str, tuple[str, object]] = {
    "/pictures/p0": ("picture.html", picture()),
    "/pictures/mine": ("picture.html", own_picture()),
    "/pictures/hidden": ("picture.html", replace(own_picture(), barred=replace(barred(""), is_down=False))),
    "/pictures/down": ("picture_down.html", down()),
    "/pictures/down/appealed": ("picture_down.html", down("appealed")),
    "/people/ayu": ("gallery.html", person()),
    "/characters": ("characters.html", characters()),
    "/characters?tab=shared": ("characters.html", shared_characters()),
    "/characters/c1": ("character.html", character()),
    "/characters/c2": ("character.html", shared_character()),
    "/account/import": ("importing.html", importing()),
    "/models": ("models.html", models()),
    "/models/closed": ("models.html", models(False)),
    "/queue": ("queue.html", queue()),
    "/queue/empty": ("queue.html", views.QueueView(())),
    "/account": ("account.html", account()),
    "/account/limited": ("account.html", limited()),
    "/account/invited": ("account.html", invited()),
    "/moderation/quiet": ("moderation.html", views.ModerationView((), (), (), (), ())),
    "/characters/none": ("characters.html", views.CharactersView((), ())),
    "/gallery/none": ("gallery.html", views.GalleryView((), feed="following")),
    "/claim/waiting": ("claim_state.html", claimed("waiting", due="2026-11-22T14:05:00Z")),
    "/claim/refused": ("claim_state.html", claimed("overturned", reason="unproven", appealable=True)),
    "/claim/again": ("claim_state.html", claimed("appealed", due="2026-11-24T14:05:00Z")),
    "/error/forbidden": ("error.html", views.ErrorView(403, "The form is out of date", "Load it again")),
    "/error/much": ("error.html", views.ErrorView(429, "Too much at once", "Wait 30 seconds")),
    "/error/busy": ("error.html", views.ErrorView(503, "Much is going on", "Try again in a minute")),
    "/moderation": ("moderation.html", moderation()),
    "/claim": ("claim.html", views.ClaimView()),
    "/claim/sent": (
        "claim_state.html",
        views.ClaimView(
            receipt="3f9c0b6a17e24d5c8a9b0c1d2e3f4a5b",
            page="/claim/3f9c",
            state=views.ClaimState("upheld", 2, _TIME, "", "work", "The layers are hers.", True),
        ),
    ),
    "/about/policies/moderation": (
        "policy.html",
        views.PolicyView(
            "Moderation", house.html(house.policy("data") + "\n```\n" + "0123456789" * 20 + "\n```\n")
        ),
    ),
    "/about": ("about.html", about()),
    "/sign-in": ("sign_in.html", views.SignInView(open=True)),
    "/welcome": ("sign_in.html", views.SignInView("welcome", token="one-time")),
    "/join": ("sign_in.html", views.SignInView("join", message="The handle 'mira' is taken.")),
    "/error": ("error.html", views.ErrorView(404, "There is no such picture", "It may have been withdrawn.")),
}
