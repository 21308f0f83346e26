"""Crawlers that collect for training, mining or answering, and whose pages say how to keep them out."""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.trust.preferences.wishes import GENERATIVE, INFERENCE, MINING


@dataclass(frozen=True)
class Crawler:
    """``agent`` is its name in robots.txt; it is shut out where any of ``uses`` is not allowed. ``obeys``
    is whether it is said to heed robots.txt, ``source`` who says so."""

    agent: str
    operator: str
    uses: tuple[str, ...]
    obeys: str
    source: str


_LIST = "the list of ai.robots.txt, August 2026"
_TRAINS = (GENERATIVE,)
_COLLECTS = (GENERATIVE, MINING)

CRAWLERS: tuple[Crawler, ...] = (
    Crawler("AI2Bot", "Ai2", _TRAINS, "yes", "allenai.org/crawler"),
    Crawler("Amazonbot", "Amazon", _TRAINS, "yes", "developer.amazon.com/amazonbot"),
    Crawler("Applebot-Extended", "Apple", _TRAINS, "yes", "support.apple.com/en-us/119829"),
    Crawler("Bytespider", "ByteDance", _TRAINS, "no", _LIST),
    Crawler("CCBot", "Common Crawl", _COLLECTS, "yes", "commoncrawl.org/ccbot"),
    Crawler("ClaudeBot", "Anthropic", _TRAINS, "yes", "support.anthropic.com, article 8896518"),
    Crawler("DeepSeekBot", "DeepSeek", _TRAINS, "no", _LIST),
    Crawler("Diffbot", "Diffbot", _COLLECTS, "unclear", _LIST),
    Crawler("GPTBot", "OpenAI", _TRAINS, "yes", "platform.openai.com/docs/bots"),
    Crawler(
        "Google-Extended", "Google", _TRAINS, "yes", "developers.google.com, overview of Google's crawlers"
    ),
    Crawler("ImagesiftBot", "ImageSift", _COLLECTS, "yes", "imagesift.com/about"),
    Crawler("PanguBot", "Huawei", _TRAINS, "unclear", _LIST),
    Crawler("PerplexityBot", "Perplexity", (INFERENCE,), "yes", "docs.perplexity.ai/guides/bots"),
    Crawler("TikTokSpider", "ByteDance", _TRAINS, "unclear", _LIST),
    Crawler("Timpibot", "Timpi", _COLLECTS, "unclear", _LIST),
    Crawler("YandexAdditional", "Yandex", _TRAINS, "yes", _LIST),
    Crawler("cohere-training-data-crawler", "Cohere", _TRAINS, "unclear", _LIST),
    Crawler("meta-externalagent", "Meta", _TRAINS, "yes", "developers.facebook.com, web crawlers"),
    Crawler("omgili", "Webz.io", _COLLECTS, "yes", _LIST),
)
