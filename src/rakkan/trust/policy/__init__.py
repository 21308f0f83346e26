"""The policy: one pure function from a request and what is known to allowed or denied, with reasons.

``decide`` reads tables (``docs/policy.md`` prints them); it does no input or output, has no clock, and
gives the same answer whatever order the statements come in.
"""

from rakkan.trust.policy.decide import decide
from rakkan.trust.policy.records import (
    Action,
    Decision,
    Known,
    Reason,
    Request,
    account_subject,
    action_named,
)
from rakkan.trust.policy.words import check_words

__all__ = [
    "Action",
    "Decision",
    "Known",
    "Reason",
    "Request",
    "account_subject",
    "action_named",
    "check_words",
    "decide",
]
