"""A state machine that is encrypted with somebody's key: whether its role may use it is tried."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.machines import encrypted_with
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View

ACCOUNT, REGION = "111122223333", "us-east-1"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:watch-heartbeat"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
ROLE = {"Arn": f"arn:aws:iam::{ACCOUNT}:role/read", "AssumeRolePolicyDocument": "{}"}
ENCRYPTED = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}


def policy(action: str, resource: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ACCOUNTS_OWN = policy("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
OPEN_KEY = {"Arn": KEY, "KeyState": "Enabled", "Policy": ACCOUNTS_OWN}


def examined(account: Account) -> tuple[View, Hop]:
    applied = {"definition": "{}", "roleArn": ROLE["Arn"], "encryptionConfiguration": None}
    ref = Ref("state machine", MACHINE)
    intent = Intent(Account(ACCOUNT, REGION, {ref: applied}), {ref: []}, {ref: "heartbeat"})
    view = View(Subject(region=REGION, account_id=ACCOUNT), account, intent, datetime.now(UTC))
    hop = Hop("heartbeat")
    encrypted_with(hop, view, MACHINE, "heartbeat")
    differing(hop, view, [ref])
    return view, hop


def account(key: dict[str, Any] | None, inline: str | None = None) -> Account:
    found = Account(ACCOUNT, REGION)
    machine = {"definition": "{}", "roleArn": ROLE["Arn"], "encryptionConfiguration": ENCRYPTED}
    found.put("state machine", MACHINE, machine)
    found.put("role", "read", {**ROLE, "Inline": {"own": inline} if inline else {}})
    found.put("key", KEY, key)
    return found


@pytest.mark.parametrize(
    ("key", "inline", "why"),
    [
        (OPEN_KEY, None, "may not use"),
        (OPEN_KEY, policy("kms:Decrypt", KEY), "may not use"),
        ({**OPEN_KEY, "KeyState": "Disabled"}, policy("kms:*", "*"), "Disabled"),
        (None, policy("kms:*", "*"), "does not exist"),
    ],
    ids=["no word of it in the role", "half of it", "disabled", "gone"],
)
def test_a_key_that_its_role_may_not_use_is_found_and_taken_away(
    key: dict[str, Any] | None, inline: str | None, why: str
) -> None:
    view, hop = examined(account(key, inline))
    assert [(each.verdict, each.cause) for each in hop.findings] == [("broken", "heartbeat-key")]
    assert why in hop.findings[0].sentence
    _, again = examined(after(view.account, list(hop.findings[0].steps)))
    assert again.findings == []


def test_a_key_that_its_role_may_use_is_no_fault() -> None:
    _, hop = examined(account(OPEN_KEY, policy("kms:*", KEY)))
    assert [each.verdict for each in hop.findings] == ["warning"]


@pytest.mark.parametrize(("kind", "action"), [("key", "kms:DescribeKey"), ("key policy", "kms:GetKeyPolicy")])
def test_a_key_that_may_not_be_looked_at_is_said(kind: str, action: str) -> None:
    there = account({**OPEN_KEY, "Policy": None}, policy("kms:*", KEY))
    if kind == "key":
        del there.things[Ref("key", KEY)]
    there.unknown[Ref(kind, KEY)] = Asked(action, KEY, datetime.now(UTC), problem="denied")
    _, hop = examined(there)
    assert hop.findings[0].verdict == "cannot tell"
    assert action in hop.findings[0].sentence
