"""IAM policies: does this policy let this caller do this to that resource, and which statement says so.

Here: the policy language (documents, principals, actions, resources, variables, conditions), its evaluation
for one policy (`evaluate`) and for a caller's and a resource's policies together, with the caller's boundary
and session policies (`authorize`), and the sentence AWS tells a caller who is refused (`denied_message`).
In `actions`: which permissions an API call needs; in `denials`: how a service refuses.
Not here: organisation policies, ACLs; where policies are stored. Pure: no boto3, no clock, no file.

What is not understood is never allowed: an `Allow` statement with an unknown operator, element or value does
not apply, and the reason says so; a `Deny` statement with one applies.
"""

from secretwatch.policy.document import MalformedPolicy, Policy, Statement
from secretwatch.policy.evaluation import Decision, authorize, denied_message, evaluate
from secretwatch.policy.request import Principal, Request

__all__ = [
    "Decision",
    "MalformedPolicy",
    "Policy",
    "Principal",
    "Request",
    "Statement",
    "authorize",
    "denied_message",
    "evaluate",
]
