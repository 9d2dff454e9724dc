"""Commands that the caller may not make, as the policy that they put right denies it to them, too. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.calls import Call, Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.policy import MalformedPolicy, Principal, Request, evaluate

# Kind and parameter of the thing whose policy is put, and who can where everybody is denied.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
_ROOT = "the account's root user can, whatever the policy says"
_NOBODY = "if there is nobody whom it does not deny, only AWS Support can"
_OF = {
    ("kms", "PutKeyPolicy"): ("key", "KeyId", _NOBODY),
    ("s3", "PutBucketPolicy"): ("bucket", "Bucket", _ROOT),
    ("sns", "SetTopicAttributes"): ("topic", "TopicArn", _NOBODY),
    ("sqs", "SetQueueAttributes"): ("queue", "QueueUrl", _ROOT),
}


def say_what_is_denied(hops: Iterable[Hop], account: Account, arn: str) -> None:
    """Says before such a command who can make it. arn: the caller's."""
    try:
        caller = Principal.of(arn)
    except ValueError:
        return
    for hop in hops:
        for found in [each for each in hop.findings if each.steps]:
            calls = [each for each in found.steps if isinstance(each, Call)]
            words = next((said for each in calls if (said := _denied(each, account, caller))), None)
            if words:
                hop.replace(found, replace(found, steps=(Person(words), *found.steps)))


def _denied(call: Call, account: Account, caller: Principal) -> str | None:
    known = _OF.get((call.service, call.operation))
    if known is None:
        return None
    kind, param, who = known
    for id, thing in account.all(kind):
        if call.params[param] not in (id, thing.get("Arn"), thing.get("QueueUrl")):
            continue
        resource = f"{account.arn('s3', '').rsplit(':', 3)[0]}:::{id}" if kind == "bucket" else id
        request = Request(caller, f"{call.service}:{call.operation}", resource, {}, account.account_id)
        try:
            is_denied = bool(thing.get("Policy")) and evaluate(thing["Policy"], request).effect == "Deny"
        except MalformedPolicy:
            return None
        return f"The policy also denies you {request.action}: {who}." if is_denied else None
    return None
