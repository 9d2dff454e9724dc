"""SNS filter policies: a subscription's policy → does it want this message?

Pure: no AWS, no file, no clock.

    policy = FilterPolicy.parse(text, "MessageBody")     # InvalidFilterPolicy says why not
    policy.matches(attributes, body)
"""

from secretwatch.filterpolicy.conditions import InvalidFilterPolicy
from secretwatch.filterpolicy.policy import FilterPolicy

__all__ = ["FilterPolicy", "InvalidFilterPolicy"]
