"""Opening a policy for requests that it refuses, and losing nothing that others have in it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from secretwatch.pipeline.doctor.same import document
from secretwatch.policy import MalformedPolicy, Policy, Request, authorize, evaluate

Documents = Sequence[Any]


def refusal(
    requests: Iterable[Request],
    *,
    resource: str | None = None,
    caller: Documents = (),
    boundary: Any = None,
) -> str:
    """Why the first of the requests that is refused is; "" where all are allowed.

    resource: the policy of what is asked for; caller: those of who asks; boundary: what limits the caller.
    """
    requests = list(requests)
    key = repr((requests, resource, caller, boundary))
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = _refusal(requests, resource, caller, boundary)
    return _KNOWN[key]


_KNOWN: dict[str, str] = {}
"""A walk is made again for each mend, and asks of most policies the same."""
_MOST_KNOWN = 5000


def _refusal(requests: Iterable[Request], resource: str | None, caller: Documents, boundary: Any) -> str:
    try:
        for request in requests:
            decision = authorize(
                request,
                identity_policies=caller,
                resource_policy=resource or None,
                permissions_boundary=boundary,
            )
            if not decision.allowed:
                return decision.reason
    except MalformedPolicy as error:
        return str(error)
    return ""


def opened(
    policy: str | None, requests: Sequence[Request], *, wanted: str | None = None, kind: str = "resource"
) -> str:
    """The policy with what is needed for the requests: no denial of them, and statements that allow them.

    wanted: the policy as it was applied: its statements come back first. kind: "resource", or "identity" for
    one of a caller's. Statements that are not in the way stay as they are. A denial that was applied stays.
    """
    applied = _statements(wanted)
    kept = _undenied(policy, requests, applied, kind)
    if _allowed(kept, requests, kind):
        return _document(kept, policy)
    sids = {each.get("Sid") for each in applied if each.get("Sid")}
    kept = [each for each in kept if each not in applied and each.get("Sid") not in sids]
    kept = [*kept, *applied]
    for request in requests:
        if not _allowed(kept, [request], kind):
            kept = _merged(kept, _statement(request, kind))
    return _document(kept, policy)


def undenied(
    policy: str, requests: Sequence[Request], *, wanted: str | None = None, kind: str = "resource"
) -> str | None:
    """The policy without what denies the requests and was not applied; None where nothing is left of it."""
    kept = _undenied(policy, requests, _statements(wanted), kind)
    return _document(kept, policy) if kept else None


def _undenied(
    policy: str | None, requests: Sequence[Request], applied: Documents, kind: str
) -> list[dict[str, Any]]:
    return [
        statement
        for statement in _statements(policy)
        if statement.get("Effect") != "Deny" or statement in applied or not _denies(statement, requests, kind)
    ]


def lacking(policy: str | None, wanted: str | None) -> list[dict[str, Any]]:
    """The statements of the one that nothing in the other covers: as wide, and on no other condition."""
    there = _statements(policy)
    return [each for each in _statements(wanted) if not any(_covers(other, each) for other in there)]


def completed(policy: str | None, wanted: str | None) -> str:
    """The policy with the wanted statements that it lacks, in the place of those of their names."""
    missing = lacking(policy, wanted)
    sids = {each.get("Sid") for each in missing if each.get("Sid")}
    kept = [each for each in _statements(policy) if each.get("Sid") not in sids]
    return _document([*kept, *missing], policy)


def _covers(statement: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != wanted.get("Effect"):
        return False
    if {*statement, *wanted} - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
        return {**statement, "Sid": ""} == {**wanted, "Sid": ""}
    condition = statement.get("Condition") or {}
    if condition and document(condition) != document(wanted.get("Condition") or {}):
        return False
    return (
        _wide(_principals(statement), _principals(wanted))
        and _wide(_actions(statement), _actions(wanted))
        and _wide(_list(statement.get("Resource")), _list(wanted.get("Resource")))
    )


def _actions(statement: Mapping[str, Any]) -> list[str]:
    """Upper and lower case are the same in them."""
    return [each.lower() for each in _list(statement.get("Action"))]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    found = statement.get("Principal")
    if isinstance(found, Mapping):
        return [f"{kind}:{each}" for kind, several in found.items() for each in _list(several)]
    return [] if found is None else ["*"]


def _list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _wide(patterns: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(fnmatchcase(each, pattern) for pattern in patterns) for each in wanted)


def _statements(policy: str | None) -> list[dict[str, Any]]:
    try:
        return [dict(each.elements) for each in Policy.parse(policy).statements] if policy else []
    except MalformedPolicy:
        return []


def _document(statements: Sequence[Any], of: str | None = None) -> str:
    """A policy of these statements; its Version and Id are those of the policy that they are of.

    Without a Version ${...} in a policy is text: one that has none, or that of 2008, keeps it so.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """
    try:
        there = json.loads(of or "{}")
    except ValueError:
        there = {}
    kept = there if isinstance(there, dict) and there.get("Statement") else {"Version": "2012-10-17"}
    head = {name: kept[name] for name in ("Version", "Id") if name in kept}
    return json.dumps({**head, "Statement": list(statements)}, separators=(",", ":"))


def _denies(statement: dict[str, Any], requests: Sequence[Request], kind: str) -> bool:
    text = _document([statement])
    return any(evaluate(text, each, kind).effect == "Deny" for each in requests)  # type: ignore[arg-type]


def _allowed(statements: Sequence[Any], requests: Sequence[Request], kind: str) -> bool:
    if not statements:
        return not requests
    text = _document(statements)
    return all(evaluate(text, each, kind).allowed for each in requests)  # type: ignore[arg-type]


def _statement(request: Request, kind: str) -> dict[str, Any]:
    """One that allows the request to its service, on behalf of its account only where it says so."""
    service, _, action = request.action.partition(":")
    # A key's policy is about the key itself.
    resource = "*" if service == "kms" else request.resource
    if service == "s3" and action == "PutObject":
        # In the folder of the account, wherever in it.
        folder, found, _ = request.resource.partition("/CloudTrail/")
        resource = f"{folder}/*" if found else request.resource
    statement: dict[str, Any] = {"Effect": "Allow", "Action": request.action, "Resource": resource}
    if kind == "resource":
        statement["Principal"] = {"Service": request.principal.name}
        if service == "sts":
            del statement["Resource"]
        if request.takes_conditions and (account := request.context.get("aws:SourceAccount")):
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    elif service == "logs":
        group, found, stream = request.resource.rpartition(":log-stream:")
        statement["Resource"] = f"{group}:log-stream:{stream.rstrip('*')}*" if found else request.resource
    name = "".join(part.capitalize() for part in str(request.principal.name).partition(".")[0].split("-"))
    verbs = {
        "Publish": "Publishes",
        "PutObject": "Writes",
        "GetBucketAcl": "ReadsAcl",
        "AssumeRole": "Assumes",
    }
    suffix = verbs.get(action, action.rstrip("*"))
    who = name if kind == "resource" else ""
    statement["Sid"] = "".join(char for char in f"{who}{suffix}" if char.isalnum())
    return statement


def _merged(statements: list[dict[str, Any]], added: dict[str, Any]) -> list[dict[str, Any]]:
    """With one more statement, under a name of its own, or one more action of one that is like it."""
    for each in statements:
        others = {name: value for name, value in each.items() if name not in ("Action", "Sid")}
        if (
            others == {name: value for name, value in added.items() if name not in ("Action", "Sid")}
            and others.get("Effect") == "Allow"
        ):
            actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
            widened = {**each, "Action": sorted({*actions, added["Action"]})}
            return [widened if each is other else other for other in statements]
    sids = {each.get("Sid") for each in statements}
    sid, number = added["Sid"], 2
    while added["Sid"] in sids:
        added = {**added, "Sid": f"{sid}{number}"}
        number += 1
    return [*statements, added]
