"""Opening a policy for requests that it refuses, and losing nothing that others have in it.

Pure, but for the time of day: each request carries it, and a policy may ask for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

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
    requests = as_sent(requests, resource, *caller, boundary)
    key = repr((requests, resource, caller, boundary))
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = _refusal(requests, resource, caller, boundary)
    return _KNOWN[key]


def as_sent(requests: Iterable[Request], *policies: Any) -> list[Request]:
    """The requests as they are sent now, and as they will be when a time comes that a policy speaks of.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    requests, found = list(requests), []
    for at in [now, *(each for each in _times(*policies) if now < each < now + _HORIZON)]:
        usual: dict[str, Any] = {
            "aws:CurrentTime": at.isoformat(),
            "aws:EpochTime": int(at.timestamp()),
            "aws:SecureTransport": True,
        }
        for request in requests:
            region = [*request.resource.split(":"), "", "", "", ""][3]
            here = usual | ({"aws:RequestedRegion": region} if region else {})
            found.append(replace(request, context=here | dict(request.context)))
    return found


_HORIZON = timedelta(days=366)
"""What a policy says of a later time is somebody's to think of until then."""


def _times(*policies: Any) -> list[datetime]:
    """A minute after each time that the policies' conditions name."""
    found = set()
    for policy in policies:
        for statement in statements(policy):
            condition = statement.get("Condition")
            for tests in condition.values() if isinstance(condition, Mapping) else ():
                for key, wanted in tests.items() if isinstance(tests, Mapping) else ():
                    if str(key).lower() in ("aws:currenttime", "aws:epochtime"):
                        values = wanted if isinstance(wanted, list) else [wanted]
                        found |= {at for each in values if (at := _time(str(each)))}
    return sorted(found)


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) + timedelta(minutes=1)


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
                return f"{_from(request)}{decision.reason}"
    except MalformedPolicy as error:
        return str(error)
    return ""


def _from(request: Request) -> str:
    """When a request is refused, if that is not yet."""
    at = datetime.fromisoformat(str(request.context["aws:CurrentTime"]))
    return f"From {at:%Y-%m-%d %H:%M} UTC on: " if at > datetime.now(UTC) else ""


def opened(
    policy: str | None, requests: Sequence[Request], *, wanted: str | None = None, kind: str = "resource"
) -> str:
    """The policy with what is needed for the requests: no denial of them, and statements that allow them.

    wanted: the policy as it was applied: its statements come back first. kind: "resource", or "identity" for
    one of a caller's. Statements that are not in the way stay as they are. A denial that was applied stays.
    """
    requests, applied = as_sent(requests, policy, wanted), statements(wanted)
    kept = without_denials(policy, requests, applied, kind)
    if _allowed(kept, requests, kind):
        return document(kept, policy)
    sids = {each.get("Sid") for each in applied if each.get("Sid")}
    kept = [each for each in kept if each not in applied and each.get("Sid") not in sids]
    kept = [*not_narrower(kept, applied), *applied]
    for request in requests:
        if not _allowed(kept, [request], kind):
            kept = _merged(kept, _statement(request, kind))
    return document(kept, policy)


def undenied(
    policy: str, requests: Sequence[Request], *, wanted: str | None = None, kind: str = "resource"
) -> str | None:
    """The policy without what denies the requests and was not applied; None where nothing is left of it."""
    kept = without_denials(policy, as_sent(requests, policy, wanted), statements(wanted), kind)
    return document(kept, policy) if kept else None


def without_denials(
    policy: str | None, requests: Sequence[Request], applied: Documents, kind: str
) -> list[dict[str, Any]]:
    """The policy's statements without denials of the requests, but for those that were applied."""
    kept = []
    for statement in statements(policy):
        if (
            statement.get("Effect") != "Deny"
            or statement in applied
            or not _denies(statement, requests, kind)
        ):
            kept.append(statement)
        elif narrower := _sparing(statement, requests, kind):
            kept.append(narrower)
    return kept


def _sparing(statement: dict[str, Any], requests: Sequence[Request], kind: str) -> dict[str, Any] | None:
    """A denial on a condition, as of an address, that goes on for all but AWS's services and these roles.

    None where it is about them. One without a condition lets nobody do anything: that is no guard.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
    """
    condition = statement.get("Condition")
    if kind != "resource" or not condition:
        return None
    roles = sorted({each.principal.issuer for each in requests if each.principal.issuer})
    services = [each for each in requests if not each.principal.issuer]
    if services and _denies(statement, services, kind):
        spared = {**condition.get("BoolIfExists", {}), "aws:PrincipalIsAWSService": "false"}
        condition = {**condition, "BoolIfExists": spared}
    if roles:
        others = condition.get("ArnNotLike", {})
        named = others.get("aws:PrincipalArn", [])
        named = [named] if isinstance(named, str) else named
        condition = {**condition, "ArnNotLike": {**others, "aws:PrincipalArn": [*named, *roles]}}
    narrower = {**statement, "Condition": condition}
    return None if _denies(narrower, requests, kind) else narrower


def together(policies: Iterable[str]) -> str:
    """Policies of one role, as one."""
    return document([statement for each in policies for statement in statements(each)])


def not_narrower(kept: Documents, added: Documents) -> list[dict[str, Any]]:
    """Without statements that an added one covers under fewer conditions: they would be left over."""
    return [dict(each) for each in kept if not any(_is_narrower(each, other) for other in added)]


def _is_narrower(statement: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both allow the same, and the first asks for more."""

    def words(each: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in each.items() if name not in ("Sid", "Condition")}

    asked = statement.get("Condition") or {}
    return (
        statement.get("Effect") == "Allow"
        and words(statement) == words(other)
        and all(
            asked.get(operator, {}).get(key) == values
            for operator, keys in (other.get("Condition") or {}).items()
            for key, values in keys.items()
        )
    )


def statements(policy: Any) -> list[dict[str, Any]]:
    """The statements of a policy, as they are written; none of what is no policy."""
    try:
        return [dict(each.elements) for each in Policy.parse(policy).statements] if policy else []
    except MalformedPolicy:
        return []


def document(statements: Sequence[Any], of: str | None = None) -> str:
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
    text = document([statement])
    return any(evaluate(text, each, kind).effect == "Deny" for each in requests)  # type: ignore[arg-type]


def _allowed(statements: Sequence[Any], requests: Sequence[Request], kind: str) -> bool:
    if not statements:
        return not requests
    text = document(statements)
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
