"""Opening a policy for requests that it refuses, and losing nothing that others have in it.

Pure, but for the time of day: each request carries it, and a policy may ask for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.pipeline.doctor.account import Account
from secretwatch.policy import MalformedPolicy, Policy, Request, authorize, evaluate
from secretwatch.policy.evaluation import PolicyKind
from secretwatch.policy.examples import STRANGER, examples
from secretwatch.policy.grammar import is_public

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
    requests = _sent(requests, resource, *caller, boundary)
    key = repr((requests, resource, caller, boundary))
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = _refusal(requests, resource, caller, boundary)
    return _KNOWN[key]


def _sent(requests: Iterable[Request], *policies: Any) -> list[Request]:
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
    requests, applied = _sent(requests, policy, wanted), statements(wanted)
    kept = _undenied(policy, requests, applied, kind)
    if _allowed(kept, requests, kind):
        return _document(kept, policy)
    sids = {each.get("Sid") for each in applied if each.get("Sid")}
    kept = [each for each in kept if each not in applied and each.get("Sid") not in sids]
    kept = [*_not_narrower(kept, applied), *applied]
    for request in requests:
        if not _allowed(kept, [request], kind):
            kept = _merged(kept, _statement(request, kind))
    return _document(kept, policy)


def undenied(
    policy: str, requests: Sequence[Request], *, wanted: str | None = None, kind: str = "resource"
) -> str | None:
    """The policy without what denies the requests and was not applied; None where nothing is left of it."""
    kept = _undenied(policy, _sent(requests, policy, wanted), statements(wanted), kind)
    return _document(kept, policy) if kept else None


def _undenied(
    policy: str | None, requests: Sequence[Request], applied: Documents, kind: str
) -> list[dict[str, Any]]:
    kept = []
    for statement in statements(policy):
        if (
            statement.get("Effect") != "Deny"
            or statement in applied
            or not _denies(statement, requests, kind)
        ):
            kept.append(statement)
        elif narrower := _without_services(statement, requests, kind):
            kept.append(narrower)
    return kept


def _without_services(
    statement: dict[str, Any], requests: Sequence[Request], kind: str
) -> dict[str, Any] | None:
    """A denial on a condition, as of an address, that goes on for everybody but AWS's services.

    None where it is about them. One without a condition lets nobody do anything: that is no guard.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
    """
    condition = statement.get("Condition")
    if kind != "resource" or not condition:
        return None
    spared = {**condition.get("BoolIfExists", {}), "aws:PrincipalIsAWSService": "false"}
    narrower = {**statement, "Condition": {**condition, "BoolIfExists": spared}}
    return None if _denies(narrower, requests, kind) else narrower


@dataclass(frozen=True)
class Place:
    """Where a policy stands. service: whose actions its `*` means, as "s3"; caller: the role that has it."""

    account: Account
    service: str
    caller: str = ""

    def examples(self, policy: Any) -> Iterator[tuple[Mapping[str, Any], Request]]:
        return examples(
            policy,
            self.account.account_id,
            service=self.service,
            arns=self.account.arns,
            caller=self.caller,
        )

    def effect(self, policy: Policy | None, request: Request) -> str:
        """A service asks on behalf of one of the account's things: it is enough if one of them is let in."""
        if policy is None:
            return "ImplicitDeny"
        kind: PolicyKind = "identity" if self.caller else "resource"
        effect = evaluate(policy, request, kind).effect
        if effect != "ImplicitDeny" or request.principal.kind != "service":
            return effect
        service = request.principal.name.partition(".")[0]
        # What a topic's default policy asks for, alarms have as well.
        usual = dict.fromkeys(("aws:SourceAccount", "aws:SourceOwner"), self.account.account_id)
        for arn in self.account.arns:
            if arn.split(":")[2] == service:
                sent = usual | {"aws:SourceArn": arn} | dict(request.context)
                if evaluate(policy, replace(request, context=sent), kind).allowed:
                    return "Allow"
        return effect


def together(policies: Iterable[str]) -> str:
    """Policies of one role, as one."""
    return _document([statement for each in policies for statement in statements(each)])


def lacking(policy: str | None, wanted: str | None, place: Place) -> list[dict[str, Any]]:
    """The statements of the one that the other does not make good: a request of theirs ends otherwise."""
    return list({id(each): dict(each) for each, _ in _missed(policy, wanted, place)}.values())


def missed(policy: str | None, wanted: str | None, place: Place) -> list[Request]:
    """Requests that the other allows, and the one does not."""
    return [each for statement, each in _missed(policy, wanted, place) if statement["Effect"] == "Allow"]


def _missed(
    policy: str | None, wanted: str | None, place: Place
) -> Iterator[tuple[Mapping[str, Any], Request]]:
    meant, there = _parsed(wanted), _parsed(policy)
    if meant is None:
        return
    for statement, request in place.examples(meant):
        for sent in _sent([request], policy, wanted):
            is_meant = place.effect(meant, sent) == statement["Effect"]
            if is_meant and place.effect(there, sent) != statement["Effect"]:
                yield statement, sent


def denials(policy: str | None, wanted: str | None, place: Place) -> list[tuple[dict[str, Any], str]]:
    """Statements that keep everybody from reading evidence, and were not applied; and what they deny.

    A guard on who or where, as an organization's, denies others: it is none of these.
    """
    meant, there = _parsed(wanted), _parsed(policy)
    if meant is None or there is None:
        return []
    found: dict[int, tuple[dict[str, Any], str]] = {}
    for statement, request in place.examples(there):
        is_own = request.principal.account == place.account.account_id
        if statement["Effect"] != "Deny" or request.action not in _OPENING or not is_own:
            continue
        if not all(str(key).lower().startswith("kms:encryptioncontext") for key in _keys_of(statement)):
            continue
        if place.effect(meant, request) == "Allow" and place.effect(there, request) == "Deny":
            found.setdefault(id(statement), (dict(statement), request.action))
    return list(found.values())


_OPENING = ("kms:Decrypt",)


def _keys_of(statement: Mapping[str, Any]) -> list[Any]:
    condition = statement.get("Condition")
    tests = condition.values() if isinstance(condition, Mapping) else ()
    return [key for each in tests if isinstance(each, Mapping) for key in each]


def strangers(policy: str | None, wanted: str | None, place: Place) -> list[tuple[dict[str, Any], str]]:
    """Statements that let everybody in, or another account do more than read, and were not applied; whom."""
    meant, there = _parsed(wanted), _parsed(policy)
    if there is None:
        return []
    found: dict[int, tuple[dict[str, Any], str]] = {}
    for statement, request in place.examples(there):
        who = request.principal
        if statement["Effect"] != "Allow" or who.account in (None, place.account.account_id):
            continue
        is_everybody = who.account == STRANGER
        is_none = (
            not is_public({"Statement": [dict(statement)]}) if is_everybody else _only_reads(request.action)
        )
        if is_none:
            continue
        if place.effect(there, request) == "Allow" and place.effect(meant, request) != "Allow":
            whom = "everybody" if is_everybody else f"the account {who.account}"
            found.setdefault(id(statement), (dict(statement), whom))
    return list(found.values())


_READING = ("Get", "List", "Describe", "Head", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt", "Verify")


def _only_reads(action: str) -> bool:
    return action.partition(":")[2].startswith(_READING)


def completed(policy: str | None, wanted: str | None, place: Place) -> str:
    """The policy with the wanted statements that it lacks, in the place of those of their names.

    Without what denies them, and without what lets strangers in.
    """
    missed = list(_missed(policy, wanted, place))
    missing = list({id(each): dict(each) for each, _ in missed}.values())
    sids = {each.get("Sid") for each in missing if each.get("Sid")}
    let_in = [each for each, _ in (*strangers(policy, wanted, place), *denials(policy, wanted, place))]
    allowed = [request for each, request in missed if each["Effect"] == "Allow"]
    kind: PolicyKind = "identity" if place.caller else "resource"
    kept = [
        each
        for each in _undenied(policy, allowed, statements(wanted), kind)
        if each.get("Sid") not in sids and each not in let_in
    ]
    missing = [each for each in missing if each not in kept]
    return _document([*_not_narrower(kept, missing), *missing], policy)


def _not_narrower(kept: Documents, added: Documents) -> list[dict[str, Any]]:
    """Without what allows the same as one that is added, under more conditions: that would be left over."""
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


def _parsed(policy: str | None) -> Policy | None:
    try:
        return Policy.parse(policy) if policy else None
    except MalformedPolicy:
        return None


def statements(policy: Any) -> list[dict[str, Any]]:
    """The statements of a policy, as they are written; none of what is no policy."""
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
