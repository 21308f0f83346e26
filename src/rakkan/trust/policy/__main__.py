"""``python -m rakkan.trust.policy`` prints the policy's tables as Markdown, for ``docs/policy.md``."""

from rakkan.trust.policy.markdown import markdown

if __name__ == "__main__":
    print(markdown(), end="")
