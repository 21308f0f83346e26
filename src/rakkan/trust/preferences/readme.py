"""The note that goes with the files, for the artist."""

from __future__ import annotations

from rakkan.trust.policy.words import USES
from rakkan.trust.preferences.wishes import Preferences

_CHOICES = {"allowed": "allowed", "notAllowed": "not allowed", "constrained": "only if you agree"}

_TEXT = """\
WHAT MACHINES MAY DO WITH YOUR PICTURES

These files tell machines what they may do with the pictures under {path} on your site:

{wishes}
{more}
Your sealed pictures say the same inside the file. What is below says it for the site, so that a crawler
reads it before it takes the picture.

WHAT GOES WHERE

tdmrep.json
    Upload it as /.well-known/tdmrep.json. It says whether text and data mining is reserved, which is what
    European law calls it. Have one already? Put this rule in it first: the first that fits decides.
robots.txt
    Upload it as /robots.txt. It shuts out, by name, the crawlers known to collect for what you do not allow,
    and states your preference to all others. Have one already? Add these lines to it; a crawler that is
    named obeys only the lines under its own name.
ai.txt
    Upload it as /ai.txt. Few read it.
meta-tags.html
    Paste the lines into the head of every page that shows your pictures.
htaccess.txt
    If your site runs on Apache (much rented space does), add the lines to the file .htaccess at its root.
    They send your wish along with every single picture, where the tools that download picture sets look.
nginx.conf
    The same for nginx.

No access to a server, as on most portfolio sites? Then the tags and files are the site's to set: look for a
switch against training in its settings. Your sealed pictures still carry your wish.

WHAT THIS DOES NOT DO

- It locks nothing. These are signs on a door. Careful companies heed them, and in some countries the law asks
  them to; whoever wants to can walk past.
- It speaks for this place only. Copies of your pictures on other sites carry none of these files.
- The seal inside a picture is lost when someone saves it anew, takes a screenshot, or uploads it to a site
  that strips such data.
- It does not look back. What was collected before stays collected, and a model does not forget.
- The list of crawlers grows old. Make these files again from time to time.
- Not every crawler says who it is, and some of those named are reported not to obey.
- Search engines are left alone, so that people can still find you.
- It is no legal advice, and no proof that a picture is yours.
"""


def readme(preferences: Preferences) -> str:
    """Plain words on what each file does, where it goes, and what none of them does."""
    wishes = "".join(f"- {USES[use]}: {_CHOICES[choice]}\n" for use, choice in preferences.uses.items())
    more = ""
    if preferences.constraints:
        more += f'"Only if you agree" means: {preferences.constraints}\n'
    if preferences.policy_url:
        more += f"How to ask you: {preferences.policy_url}\n"
    if preferences.contact:
        more += f"Contact: {preferences.contact}\n"
    return _TEXT.format(path=preferences.path, wishes=wishes, more=more)
