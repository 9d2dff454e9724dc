"""What is wrong with a policy document for the place where it is put.

The elements that a statement must and must not have differ: who a policy is about stands in a resource's
policy, and not in an identity's. Not here: what a policy means (``evaluation``), and the words in which a
service refuses it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from secretwatch.policy.document import MalformedPolicy, Policy, Statement

Place = Literal["identity", "trust", "key", "bucket", "topic", "queue", "secret"]

Kind = Literal[
    "syntax", "principal", "no-principal", "a-principal", "no-action", "action", "no-resource", "a-resource",
    "resource",
]  # fmt: skip
"""syntax: it is no policy. principal: one that cannot exist. no-: missing where it has to be. a-: there where
it must not be. action, resource: none of this place."""


@dataclass(frozen=True)
class Fault:
    """kind of mistake, and the part of the document that has it."""

    kind: Kind
    detail: str = ""


_ACTIONS = {
    "bucket": re.compile(r"\*|s3:.*", re.IGNORECASE),
    "key": re.compile(r"\*|kms:.*", re.IGNORECASE),
    "queue": re.compile(r"\*|sqs:.*", re.IGNORECASE),
    "secret": re.compile(r"\*|secretsmanager:.*", re.IGNORECASE),
    "topic": re.compile(r"\*|sns:.*", re.IGNORECASE),
    "trust": re.compile(r"sts:(AssumeRole\w*|TagSession|SetSourceIdentity|SetContext|\*)", re.IGNORECASE),
}
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com|amazonaws\.com\.cn|amazon\.com|aws\.internal)")
_AWS = re.compile(
    r"\*|\d{12}|arn:[a-z-]+:(iam::\d{12}:(root|(user|role)/[\x21-\x7e]+)|sts::\d{12}:(assumed-role|federated-user)/.+)"
    r"|arn:[a-z-]+:iam::cloudfront:user/.+|A(ID|RO)A[A-Z0-9]+"
)


def fault(
    document: str | Mapping[str, Any],
    place: Place,
    *,
    exists: Callable[[str], bool] = lambda _: True,
    of: str | None = None,
) -> Fault | None:
    """The first mistake of the document; None where the place takes it.

    exists: whether there is such a user or role, by its ARN. of: the ARN of the resource whose policy it is:
    a bucket's is about that bucket and its objects.
    """
    try:
        statements = Policy.parse(document).statements
    except MalformedPolicy as error:
        return Fault("syntax", str(error))
    for statement in statements:
        found = next(_of_statement(statement, place, exists, of), None)
        if found:
            return found
    return None


def _of_statement(
    statement: Statement, place: Place, exists: Callable[[str], bool], of: str | None
) -> Iterator[Fault]:
    elements = statement.elements
    if place == "identity":
        if _has(elements, "Principal"):
            yield Fault("a-principal", statement.name)
    elif not _has(elements, "Principal"):
        yield Fault("no-principal", statement.name)
    else:
        yield from (
            Fault("principal", f'"{kind}":"{name}"')
            for kind, name in _principals(elements.get("Principal", elements.get("NotPrincipal")))
            if not _can_be(kind, name, exists)
        )
    yield from _of_actions(elements, statement.name, place)
    yield from _of_resources(elements, statement.name, place, of)


def _of_actions(elements: Mapping[str, Any], name: str, place: Place) -> Iterator[Fault]:
    if not _has(elements, "Action"):
        yield Fault("no-action", name)
        return
    allowed = _ACTIONS.get(place, _ACTION)
    for action in _texts(elements.get("Action", elements.get("NotAction"))):
        if not allowed.fullmatch(action):
            yield Fault("action", action)


def _of_resources(elements: Mapping[str, Any], name: str, place: Place, of: str | None) -> Iterator[Fault]:
    if place == "trust":
        if _has(elements, "Resource"):
            yield Fault("a-resource", name)
        return
    if not _has(elements, "Resource"):
        yield Fault("no-resource", name)
        return
    for resource in _texts(elements.get("Resource", elements.get("NotResource"))):
        mine = of is None or resource == "*" or resource == of or resource.startswith((f"{of}/", f"{of}*"))
        if not mine or not (resource == "*" or resource.startswith(("arn:", "*"))):
            yield Fault("resource", resource)


def is_public(document: str | Mapping[str, Any]) -> bool:
    """Whether a statement lets everybody in, without a condition that says who.

    Raises MalformedPolicy.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    return any(
        statement.effect == "Allow"
        and any(name == "*" for _, name in _principals(statement.elements.get("Principal")))
        and not (_condition_keys(statement.elements) & _FIXED)
        for statement in Policy.parse(document).statements
    )


# Condition keys that fix who calls, by that page.
_FIXED = {
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths",
    "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "kms:calleraccount",
    "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
}  # fmt: skip


def _condition_keys(elements: Mapping[str, Any]) -> set[str]:
    condition = elements.get("Condition")
    if not isinstance(condition, Mapping):
        return set()
    return {
        str(key).lower()
        for operator, keys in condition.items()
        if "not" not in str(operator).lower() and isinstance(keys, Mapping)
        for key in keys
    }


def _has(elements: Mapping[str, Any], name: str) -> bool:
    return name in elements or f"Not{name}" in elements


def _principals(element: Any) -> Iterator[tuple[str, str]]:
    if isinstance(element, Mapping):
        for kind, names in element.items():
            yield from ((str(kind), name) for name in _texts(names))
    elif element is not None:
        yield "AWS", str(element)


def _can_be(kind: str, name: str, exists: Callable[[str], bool]) -> bool:
    if kind == "Service":
        return bool(_SERVICE.fullmatch(name))
    if kind != "AWS":
        return kind in ("Federated", "CanonicalUser")
    if not _AWS.fullmatch(name):
        return False
    return exists(name) if ":user/" in name or ":role/" in name else True


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
