"""A policy that keeps somebody out, or hides what was said: what is told, and the mend."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from answers import case
from healthy import ACCOUNT, READ_AT, REGION, TOPIC, facts, read
from mending import QUIET, broken, mended

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.reads import TracedRead
from secretwatch.pipeline.doctor.walk import walk as walk_case


def test_a_role_is_bounded() -> None:
    view, record = case(facts(**QUIET))
    (name,) = [id for id, _ in view.account.all("role")]
    bound = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    view.account.change("role", name, Boundary=json.dumps(bound))
    found = walk_case(view, record)
    assert broken(found) == [("trail", "delivery-role-boundary")]
    assert any(isinstance(each, Person) for each in found.broken[0][1].steps)
    assert mended(found) == []


@pytest.mark.parametrize("what", ["topic", "trail's key", "bucket", "role's trust", "role"])
def test_a_denial_is_taken_out_where_it_stands(what: str) -> None:
    view, record = case(facts(**QUIET))
    account = view.account
    deny = {"Sid": "No", "Effect": "Deny", "Action": "*"}
    service = {"Principal": {"Service": ["cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com"]}}
    kind, id, member, statement = {
        "topic": ("topic", TOPIC, "Policy", {**deny, **service, "Resource": TOPIC}),
        "bucket": ("bucket", "payments-logs", "Policy", {**deny, **service, "Resource": "*"}),
        "role's trust": ("role", "payments-to-logs", "AssumeRolePolicyDocument", {**deny, **service}),
        "role": ("role", "payments-to-logs", "Inline", {**deny, "Resource": "*"}),
        "trail's key": ("key", "k", "Policy", {**deny, **service, "Resource": "*"}),
    }[what]
    if kind == "key":
        trail = view.trail
        assert trail
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
        account.change("trail", trail["TrailARN"], KmsKeyId=arn)
        allow = {"Effect": "Allow", **service, "Action": "kms:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        account.put("key", arn, {"Arn": arn, "KeyState": "Enabled", "Policy": policy})
        id = arn
    before = (account.get(kind, id) or {})[member]
    text = before["p0"] if member == "Inline" else before
    document = json.loads(text)
    several = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    denied = json.dumps({**document, "Statement": [*several, statement]})
    account.change(kind, id, **{member: {"p0": denied} if member == "Inline" else denied})
    found = walk_case(view, record)
    assert found.broken
    assert '"No" denies' in found.broken[0][1].sentence
    assert mended(found) == []
    later = after(account, found.plan).things[Ref(kind, id)] or {}
    assert '"No"' not in str(later[member])


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_policy_of_the_account_masks_as_well(is_recorded: bool) -> None:
    """A read that is masked is not found in the log group by what it has: that is no fault of its own."""
    late = {"read": TracedRead(read().event, True), "now": READ_AT + timedelta(minutes=40)}
    view, record = case(facts(**(late if is_recorded else QUIET)))
    audit, hide = {"Audit": {"FindingsDestination": {}}}, {"Deidentify": {"MaskConfig": {}}}
    masking = {
        "Name": "masking",
        "Version": "2021-06-01",
        "Configuration": {"CustomDataIdentifier": [{"Name": "Reads", "Regex": "GetSecretValue"}]},
        "Statement": [{"DataIdentifier": ["Reads"], "Operation": each} for each in (audit, hide)],
    }
    for id, _ in view.account.all("log group"):
        view.account.change("log group", id, accountPolicies={"everywhere": json.dumps(masking)})
    found = walk_case(view, record)
    assert broken(found) == [("filter", "masked")]
    assert "The account's data protection policy everywhere masks" in found.broken[0][1].sentence
    if is_recorded:
        assert found.hop("event").verdict == "not reached"
        assert "masks" in found.hop("event").sentence
    assert found.broken[0][1].needs_a_person


@pytest.mark.parametrize(
    ("key", "is_broken"),
    [
        ({"KeyState": "Enabled", "Policy": None}, True),
        ({"KeyState": "Disabled"}, True),
        ({"KeyState": "Enabled"}, False),
        (None, True),
    ],
)
def test_a_key_of_the_bus_may_stop_its_rules(key: dict[str, Any] | None, is_broken: bool) -> None:
    view, record = case(facts(**QUIET))
    arn, bus = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/b", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "kms:*"}
    closed = {**allow, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    statement = closed if key and "Policy" in key else allow
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]})
    view.account.put("bus", bus, {"Name": "default", "KmsKeyIdentifier": arn})
    view.account.put("key", arn, key and {"Arn": arn, **key, "Policy": policy})
    found = walk_case(view, record)
    assert broken(found) == [("realtime", "bus-key")] * is_broken
    if key:
        assert mended(found) == []


@pytest.mark.parametrize(
    ("kind", "id", "who"),
    [("bucket", "payments-logs", "the account's root user"), ("topic", TOPIC, "AWS Support")],
)
@pytest.mark.parametrize("is_everybody", [True, False])
def test_who_is_denied_as_well_is_told(kind: str, id: str, who: str, is_everybody: bool) -> None:
    view, record = case(facts(**QUIET))
    services = {"Service": ["cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com"]}
    deny = {"Effect": "Deny", "Principal": "*" if is_everybody else services, "Action": "*", "Resource": "*"}
    policy = json.loads((view.account.get(kind, id) or {})["Policy"])
    view.account.change(kind, id, Policy=json.dumps({**policy, "Statement": [*policy["Statement"], deny]}))
    found = walk_case(view, record)
    said = [each.text for each in found.broken[0][1].steps if isinstance(each, Person)]
    assert [who in each for each in said] == [True] * is_everybody


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside something else"])
def test_a_denial_in_a_policy_of_its_own_becomes_no_permission(beside: bool) -> None:
    """What allows stands in the other policy already: nothing is written into this one."""
    view, record = case(facts(**QUIET))
    role = view.account.get("role", "payments-to-logs")
    assert role
    deny = {"Effect": "Deny", "Action": "logs:*", "Resource": "*"}
    other = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny, *([other] if beside else [])]})
    view.account.change("role", "payments-to-logs", Inline={**role["Inline"], "q": text})
    found = walk_case(view, record)
    assert broken(found) == [("trail", "delivery-role-policy")]
    assert mended(found) == []
    later = (after(view.account, found.plan).get("role", "payments-to-logs") or {})["Inline"]
    assert {name: each for name, each in later.items() if name != "q"} == role["Inline"]
    assert (json.loads(later["q"])["Statement"] == [other]) if beside else ("q" not in later)
