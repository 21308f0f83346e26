"""The files an artist puts on their site, as texts."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import unquote

from rakkan.trust.preferences.crawlers import CRAWLERS
from rakkan.trust.preferences.readme import readme
from rakkan.trust.preferences.wishes import GENERATIVE, Preferences

#: Endings of picture files that ai.txt names.
PICTURES = ("avif", "gif", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp")


def files(preferences: Preferences) -> dict[str, str]:
    """Name to text of everything an artist publishes, with a ``README.txt`` that says where it goes."""
    return {
        "README.txt": readme(preferences),
        "tdmrep.json": tdmrep(preferences),
        "robots.txt": robots_txt(preferences),
        "ai.txt": ai_txt(preferences),
        "meta-tags.html": meta_tags(preferences),
        "nginx.conf": nginx(preferences),
        "htaccess.txt": htaccess(preferences),
    }


def content_usage(preferences: Preferences) -> str:
    """The value of a Content-Usage header. AIPREF (vocabulary, draft 07) has one word for all training
    of models that make things and none for the other uses."""
    return f"train-ai={'y' if preferences.allows(GENERATIVE) else 'n'}"


def headers(preferences: Preferences) -> dict[str, str]:
    """The HTTP headers that go with every picture under the path."""
    found = {"tdm-reservation": str(int(preferences.reserves_mining))}
    if preferences.reserves_mining and preferences.policy_url:
        found["tdm-policy"] = preferences.policy_url
    found["Content-Usage"] = content_usage(preferences)
    if not preferences.allows(GENERATIVE):
        found["X-Robots-Tag"] = "noai, noimageai"
    return found


def tdmrep(preferences: Preferences) -> str:
    """``/.well-known/tdmrep.json`` (W3C TDMRep, section "TDM File on the Origin Server")."""
    rule: dict[str, str | int] = {
        "location": preferences.path,
        "tdm-reservation": int(preferences.reserves_mining),
    }
    if preferences.reserves_mining and preferences.policy_url:
        rule["tdm-policy"] = preferences.policy_url
    return json.dumps([rule], indent=2) + "\n"


def robots_txt(preferences: Preferences) -> str:
    """``/robots.txt``: crawlers that collect for what is not allowed are shut out of the path; all others
    are told the preference (RFC 9309; draft-ietf-aipref-attach-05)."""
    lines = ["# What machines may do with the pictures here."]
    lines += [f"# Contact: {preferences.contact}"] if preferences.contact else []
    shut_out = [row for row in CRAWLERS if not all(preferences.allows(use) for use in row.uses)]
    if shut_out:
        lines += ["", *(f"User-agent: {row.agent}" for row in shut_out), f"Disallow: {preferences.path}"]
    lines += ["", "User-agent: *", f"Content-Usage: {preferences.path} {content_usage(preferences)}"]
    return "\n".join(lines) + "\n"


def ai_txt(preferences: Preferences) -> str:
    """``/ai.txt`` as Spawning proposed it: the grammar of robots.txt over picture endings."""
    word = "Disallow" if preferences.reserves_mining else "Allow"
    path = preferences.path
    folder = path if path.endswith("/") else ""
    patterns = [f"{folder}*.{ending}" for ending in PICTURES] if folder else []
    return "\n".join(["User-Agent: *", *(f"{word}: {item}" for item in [*patterns, path])]) + "\n"


def meta_tags(preferences: Preferences) -> str:
    """Tags for the head of every page that shows the pictures."""
    tags = [("tdm-reservation", str(int(preferences.reserves_mining)))]
    if preferences.reserves_mining and preferences.policy_url:
        tags.append(("tdm-policy", preferences.policy_url))
    if not preferences.allows(GENERATIVE):
        tags.append(("robots", "noai, noimageai"))
    return "".join(f'<meta name="{name}" content="{html.escape(value)}">\n' for name, value in tags)


def nginx(preferences: Preferences) -> str:
    """Lines for nginx: maps for the ``http`` block, headers for the ``server`` block. A map leaves a
    header away elsewhere, and unlike a location of its own it changes nothing else."""
    pattern = _regular(preferences.path)
    lines = ["# In the http block:"]
    for name, value in headers(preferences).items():
        lines.append(f'map $uri ${_variable(name)} {{ default ""; "~{pattern}" "{value}"; }}')
    lines += ["", "# In the server block, and again in every location that has an add_header of its own:"]
    lines += [f"add_header {name} ${_variable(name)} always;" for name in headers(preferences)]
    return "\n".join(lines) + "\n"


def htaccess(preferences: Preferences) -> str:
    """Lines for Apache 2.4, for ``.htaccess`` at the root of the site or for its configuration."""
    lines = ["<IfModule mod_headers.c>", f'<If "%{{REQUEST_URI}} =~ m#{_regular(preferences.path)}#">']
    for name, value in headers(preferences).items():
        doubled = value.replace("%", "%%")  # a single one begins a format of Header's own
        lines.append(f'Header always set {name} "{doubled}"')
    return "\n".join([*lines, "</If>", "</IfModule>"]) + "\n"


def _variable(name: str) -> str:
    return "rakkan_" + name.lower().replace("-", "_")


def _regular(path: str) -> str:
    """A path pattern as a regular expression over the decoded path, which is what both servers compare."""
    plain = path.removesuffix("$")
    body = ".*".join(re.escape(unquote(piece)) for piece in plain.split("*"))
    return f"^{body}{'$' if path.endswith('$') else ''}"
