"""Whether a prompt may be drawn: judged by what its words mean, however they are spelt."""

from rakkan.trust.safety.prompts.judging import Refusal, judge

__all__ = ["Refusal", "judge"]
