"""What a policy lacks of the one that was applied, and what it lets others do that was not.

Told by what policies decide of requests, not by their words. Pure, as `opening.py` is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.opening import as_sent, document, not_narrower, statements, without_denials
from secretwatch.policy import MalformedPolicy, Policy, Request, evaluate
from secretwatch.policy.evaluation import PolicyKind
from secretwatch.policy.examples import STRANGER, examples
from secretwatch.policy.grammar import is_public


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
        for sent in as_sent([request], policy, wanted):
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


_READING = (
    *("Get", "List", "Describe", "Head", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt", "Verify"),
    # Of a topic: who listens keeps nobody else from hearing.
    *("Receive", "Subscribe"),
)


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
        for each in without_denials(policy, allowed, statements(wanted), kind)
        if each.get("Sid") not in sids and each not in let_in
    ]
    missing = [each for each in missing if each not in kept]
    return document([*not_narrower(kept, missing), *missing], policy)


def _parsed(policy: str | None) -> Policy | None:
    try:
        return Policy.parse(policy) if policy else None
    except MalformedPolicy:
        return None
