"""Who may plan, and who may apply: the least that an IAM policy has to allow for an instance of the module.

Beside it, by itself: who may ask Athena about a trail's history (`athena`).

Here: which calls the AWS provider makes for each part of an instance (`parts`; what several parts look like:
`shapes`), which parts an instance has (`instance`: all that the module can have, or those of a plan or a
state), and the policy that follows from both (`document`). Which permission a call needs stands in
`secretwatch.policy.actions`, and nowhere here. Pure: no boto3, no Terraform, no file.
"""

from secretwatch.policy.operators.athena import History, history_policy
from secretwatch.policy.operators.document import INLINE, MANAGED, parts, policy, size
from secretwatch.policy.operators.instance import ALL, FEATURES, Instance, instances

__all__ = [
    "ALL",
    "FEATURES",
    "INLINE",
    "MANAGED",
    "History",
    "Instance",
    "history_policy",
    "instances",
    "parts",
    "policy",
    "size",
]
