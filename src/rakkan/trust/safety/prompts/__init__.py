"""Whether a prompt may be drawn: judged by what its words mean, however they are spelt."""

from rakkan.trust.safety.prompts.judging import Refusal, RuleOfWords, judge, overturnable, rules
from rakkan.trust.safety.prompts.models import judge_model

__all__ = ["Refusal", "RuleOfWords", "judge", "judge_model", "overturnable", "rules"]
