"""Requests that the statements of a policy are about: what two policies mean is known by trying both on them.

    for statement, request in examples(policy, "111122223333"): ...

As `filterpattern.examples`. A statement that names several principals, actions and resources gives a request
of each; where it has a `*`, one that fits. Its condition holds for them, as far as a value comes to mind.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from secretwatch.policy import wildcards
from secretwatch.policy.document import MalformedPolicy, Policy
from secretwatch.policy.request import ContextValue, Principal, Request

STRANGER = "999999999990"
"""An account that nobody has: who a statement for everybody is tried with."""
_MOST = 200
# What somebody may want to do where all of a service's actions are named.
_ACTIONS = {
    "kms": ("Decrypt", "GenerateDataKey", "PutKeyPolicy", "ScheduleKeyDeletion"),
    "s3": ("GetObject", "PutObject", "DeleteObject", "PutBucketPolicy"),
    "sns": ("Publish", "Subscribe", "SetTopicAttributes"),
    "sqs": ("SendMessage", "ReceiveMessage", "SetQueueAttributes"),
    "sts": ("AssumeRole",),
}
_OTHER = "something-else"
# What each request has, as long as no condition asks for it.
_USUAL: Mapping[str, ContextValue] = {"aws:SecureTransport": True}


def examples(
    policy: Any,
    account_id: str,
    *,
    service: str = "",
    arns: Sequence[str] = (),
    caller: str = "",
) -> Iterator[tuple[Mapping[str, Any], Request]]:
    """Statements of the policy, each with requests that it is about; nothing of what is no policy.

    account_id: whose policy it is. service: which one's actions `*` stands for, as "s3". arns: known things:
    where a condition has a `*`, one of these is taken if it fits. caller: the ARN of who has a policy that
    names no principal.
    """
    try:
        statements = Policy.parse(policy).statements
    except MalformedPolicy:
        return
    for statement in statements:
        elements = statement.elements
        principals = _principals(elements, account_id, caller)
        actions = [each for one in _texts(elements.get("Action")) for each in _actions(one, service)]
        resources = [_concrete(each, arns) for each in _texts(elements.get("Resource"))] or [""]
        context = dict(_USUAL) | _context(elements.get("Condition"), arns)
        for who, action, resource in islice(product(principals, actions, resources), _MOST):
            yield elements, Request(who, action, resource, context, account_id)


def _principals(elements: Mapping[str, Any], account_id: str, caller: str) -> list[Principal]:
    written = elements.get("Principal")
    if written is None:
        name = caller or f"arn:aws:iam::{STRANGER}:user/somebody"
        return [Principal.of(name)]
    if not isinstance(written, Mapping):
        written = {"AWS": written}
    found = [
        principal
        for kind, names in written.items()
        for name in _texts(names)
        for principal in _principal(kind, name, account_id)
    ]
    return found


def _principal(kind: str, name: str, account_id: str) -> list[Principal]:
    if kind == "AWS" and name == "*":
        return [Principal.of(f"arn:aws:iam::{each}:user/somebody") for each in (account_id, STRANGER)]
    if kind == "AWS" and (name.isdigit() or name.endswith(":root")):
        account = name if name.isdigit() else name.split(":")[4]
        return [Principal.of(f"arn:aws:iam::{account}:user/somebody")]
    try:
        return [Principal.of(name)]
    except ValueError:
        return []


def _actions(pattern: str, service: str) -> list[str]:
    of, _, name = pattern.rpartition(":")
    of = of or service
    if name == "*":
        return [f"{of}:{each}" for each in _ACTIONS.get(of.lower(), ("Anything",))]
    return [f"{of}:{name.replace('*', '').replace('?', 'x')}"]


def _concrete(pattern: str, known: Sequence[str] = ()) -> str:
    """What the pattern matches: one of what is known, else itself with something in the place of a `*`."""
    if "*" not in pattern and "?" not in pattern:
        return pattern
    found = next((each for each in known if wildcards.matches(pattern, each)), None)
    return found or pattern.replace("*", "x").replace("?", "x")


def _context(condition: Any, arns: Sequence[str]) -> dict[str, ContextValue]:
    """Values with which each of the condition's operators holds."""
    found: dict[str, ContextValue] = {}
    for operator, tests in condition.items() if isinstance(condition, Mapping) else ():
        name = str(operator).rpartition(":")[2].removesuffix("IfExists")
        for key, wanted in tests.items() if isinstance(tests, Mapping) else ():
            values = _texts(wanted)
            if name == "Null":
                if "false" in values:
                    found.setdefault(key, _OTHER)
            elif "Not" in name:
                if not str(operator).endswith("IfExists"):
                    found.setdefault(key, "203.0.113.1" if "Ip" in name else _OTHER)
            elif name.startswith("IpAddress"):
                found[key] = values[0].partition("/")[0]
            else:
                found[key] = _concrete(values[0], arns)
    return found


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    values = value if isinstance(value, list | tuple) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
