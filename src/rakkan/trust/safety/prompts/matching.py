"""Terms found in an unfolded text, however they are spelt.

From every place where a word may begin, the letters that each character may stand for are followed
through the trie of forms. What is skipped or replaced on the way is counted, and a find needs evidence in
proportion: letters set apart must all be single, or the word long; a short word must be mostly letters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rakkan.trust.safety.prompts import characters
from rakkan.trust.safety.prompts.characters import DIGIT, GAP, JAPANESE, LETTER, STAND_IN, STRANGER
from rakkan.trust.safety.prompts.tables import HARMLESS, Node, Tables, Term
from rakkan.trust.safety.prompts.unfolding import Unfolded

#: How far one find may reach, in characters, so that no text is looked at more often than this.
_REACH = 64
#: Shortest word that is found with a space or a comma in it, and with a sign in it; all-single letters
#: need fewer.
_SHORTEST_APART = 5
_SHORTEST_SIGNED = 4
_SHORTEST_SINGLE = 3
_SHORTEST_TORN = 7
_SHORT = 5
#: Most characters between two letters of one word.
_WIDEST_GAP = 3
#: Japanese particles, which a word written in hiragana may stand between.
_PARTICLES = "のがをにとはでもなへやか"
#: The only ones that a short word may stand behind: others are ends of words as often.
_LEADING = "のを"

#: How often a letter may be written again; the text's own runs are cut to as many before.
_MOST_STAYS = 2

# What was skipped so far.
_SIGNED, _SPACED, _BROKEN, _RUNNING = 1, 2, 4, 8


#: Where a walk stands: position, node, last letter ("" after a gap), letters that were signs, what was
#: skipped, and how often the last letter was repeated.
_Step = tuple[int, Node, str, int, int, int]


@dataclass(frozen=True)
class Match:
    """A term found in ``source[start:end]`` of an unfolded text; ``clean`` when nothing was replaced
    and no clause ends inside."""

    term: Term
    start: int
    end: int
    clean: bool

    @property
    def concept(self) -> str:
        """The concept the term names."""
        return self.term.concept


def matches(text: Unfolded, tables: Tables) -> list[Match]:
    """Every term found, in order of place, those inside harmless longer words left out."""
    found: dict[tuple[int, int, Term], Match] = {}
    for start in range(len(text)):
        kind = text.kinds[start]
        if kind in (GAP, STRANGER):
            continue
        begins = kind == JAPANESE or start == 0 or text.kinds[start - 1] != LETTER or start in text.humps
        node = tables.words if begins else tables.inner
        for match in _Walk(text, start, skips=begins).run(node):
            found.setdefault((match.start, match.end, match.term), match)
    harmless = [match for match in found.values() if match.concept == HARMLESS]
    kept = [match for match in found.values() if match.concept != HARMLESS]
    # A phrase means what it means as a whole: "adult content" speaks of no adult.
    phrases = [match for match in kept if match.term.phrase and match.clean]
    if phrases:
        reached = _reaches(phrases, len(text))
        kept = [match for match in kept if match.term.phrase or reached[match.start] < match.end]
    if harmless:
        covered = _reaches([_to_word_end(match, text) for match in harmless], len(text))
        kept = [match for match in kept if covered[match.start] < match.end]
    return sorted(kept, key=lambda match: (match.start, -match.end))


def _to_word_end(match: Match, text: Unfolded) -> Match:
    end = match.end
    while match.term.open_end and end < len(text) and text.kinds[end] == LETTER:
        end += 1
    return replace(match, end=end)


def _reaches(harmless: list[Match], size: int) -> list[int]:
    """How far the harmless words that begin at or before each position reach."""
    ends = [0] * (size + 1)
    for match in harmless:
        ends[match.start] = max(ends[match.start], match.end)
    for index in range(1, size + 1):
        ends[index] = max(ends[index], ends[index - 1])
    return ends


class _Walk:
    """One walk through a trie from one place in a text."""

    def __init__(self, text: Unfolded, start: int, skips: bool) -> None:
        self.text = text
        self.start = start
        self.skips = skips
        self.limit = min(len(text), start + _REACH)
        self.found: list[Match] = []

    def run(self, root: Node) -> list[Match]:
        text = self.text
        readings, kinds = text.readings, text.kinds
        waiting: list[_Step] = [(self.start, root, "", 0, 0, 0)]
        seen: set[tuple[int, int, str, int, int, int]] = set()
        while waiting:
            position, node, last, fakes, skipped, stays = waiting.pop()
            if last and node.terms:
                self._accept(position, node, fakes, skipped)
            if position >= self.limit:
                continue
            kind = kinds[position]
            running = skipped | (_RUNNING if last else 0)
            steps: list[_Step] = []
            for reading in readings[position]:
                following = _follow(node, reading)
                fake = fakes + (kind in (DIGIT, STAND_IN) and reading != text.source[position])
                if following is not None:
                    steps.append((position + 1, following, reading[-1:] or last, fake, running, 0))
                if reading == last and stays < _MOST_STAYS and self._repeats(position):
                    steps.append((position + 1, node, last, fake, skipped, stays + 1))
            if node is not root:
                self._skip(position, kind, node, last, fakes, skipped, steps)
            for step in steps:
                key = (step[0], id(step[1]), *step[2:])
                if key not in seen:
                    seen.add(key)
                    waiting.append(step)
        return self.found

    def _skip(
        self,
        position: int,
        kind: str,
        node: Node,
        last: str,
        fakes: int,
        skipped: int,
        steps: list[_Step],
    ) -> None:
        text = self.text
        if kind == LETTER:
            pair = characters.pairs().get(text.source[position : position + 2])
            following = node.children.get(pair) if pair else None
            if following is not None and pair is not None:
                steps.append((position + 2, following, pair, fakes + 1, skipped | _RUNNING, 0))
            return
        if kind not in (GAP, STAND_IN, STRANGER):
            return
        if (kind != STAND_IN) and last and text.masked(position):
            for letter, following in node.children.items():
                if letter < "{":
                    steps.append((position + 1, following, "?", fakes + 1, skipped | _RUNNING, 0))
        if not (last and self.skips):
            return
        for to in {text.after_gap[position], text.after_signs[position]}:
            if position < to < self.limit and to - position <= _WIDEST_GAP:
                steps.append((to, node, "", fakes, skipped | self._gap(position, to), 0))

    def _gap(self, start: int, end: int) -> int:
        if self.text.breaks[end] > self.text.breaks[start]:
            return _BROKEN | _SPACED
        return _SPACED if self.text.spaces[end] > self.text.spaces[start] else _SIGNED

    def _accept(self, end: int, node: Node, fakes: int, skipped: int) -> None:
        text = self.text
        for term in node.terms:
            japanese = text.kinds[self.start] == JAPANESE and text.kinds[end - 1] == JAPANESE
            if japanese:
                if not self._japanese_stands(end, skipped, term):
                    continue
            elif not (self._word_ends(end, node.depth) or (term.open_end and not _torn(skipped, node))):
                continue
            if not _is_enough(term, node.depth, fakes, skipped, japanese):
                continue
            if term.marks and term.marks != text.source[self.start : end].casefold():
                continue
            self.found.append(Match(term, self.start, end, not fakes and not skipped & _BROKEN))

    def _repeats(self, position: int) -> bool:
        source = self.text.source
        return (
            source[position] == source[position - 1]
            or source[position].lower() == source[position - 1].lower()
        )

    def _word_ends(self, end: int, length: int) -> bool:
        text = self.text
        if end == len(text) or text.kinds[end] not in (LETTER, STRANGER):
            return True
        return end in text.humps and length >= _SHORTEST_SIGNED

    def _japanese_stands(self, end: int, skipped: int, term: Term) -> bool:
        text = self.text
        loose = bool(skipped & (_SIGNED | _SPACED))
        before = text.source[self.start - 1] if self.start else ""
        after = text.source[end] if end < len(text) else ""
        leading = _LEADING if end - self.start < _SHORTEST_SIGNED else _PARTICLES
        return (term.open_start or _bounded(before, text.source[self.start], loose, leading)) and (
            term.open_end or _bounded(after, text.source[end - 1], loose, _PARTICLES)
        )


def _torn(skipped: int, node: Node) -> bool:
    """Whether a find is set apart by spaces and too short to go on into a longer word as well."""
    return bool(skipped & _SPACED) and node.depth < _SHORTEST_TORN


def _follow(node: Node, reading: str) -> Node | None:
    for letter in reading:
        following = node.children.get(letter)
        if following is None:
            return None
        node = following
    return node


def _bounded(neighbour: str, own: str, loose: bool, particles: str) -> bool:
    """Whether a Japanese word may end beside ``neighbour``: at a change of script, or a particle."""
    theirs = characters.script(neighbour) if neighbour else ""
    if not theirs:
        return True
    if loose or theirs != characters.script(own):
        return not loose
    return theirs == "hiragana" and neighbour in particles


def _is_enough(term: Term, length: int, fakes: int, skipped: int, japanese: bool) -> bool:
    """Whether what was found is evidence enough for a form of this length."""
    apart, signed = skipped & _SPACED, skipped & _SIGNED
    if term.concept == HARMLESS:
        return not fakes and not skipped & _BROKEN and term.phrase == bool(apart or signed)
    if length < _SHORTEST_SINGLE:
        return not fakes and (japanese or not (apart or signed))
    if fakes and (2 * fakes > length if length < _SHORT else fakes >= length):
        return False
    if not apart and not signed:
        return True
    if not skipped & _RUNNING or japanese:
        return True
    if term.phrase and not skipped & _BROKEN:
        return True
    return length >= _SHORTEST_APART and fakes < 2 if apart else length >= _SHORTEST_SIGNED
