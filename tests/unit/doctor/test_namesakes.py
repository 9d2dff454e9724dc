"""Another thing of the same name, and what Terraform's state lacks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import case
from healthy import ACCOUNT, NOW, REGION, asked, facts, metric_filter

from secretwatch.pipeline.doctor import namesakes, whole
from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.machines import runs_as
from secretwatch.pipeline.doctor.hops.secrets import are_there
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import RESOURCES
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View

PLACE = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
OLD, NEW = f"{PLACE}beat-AbCdEf", f"{PLACE}beat-GhIjKl"
CONNECTION = f"arn:aws:events:{REGION}:{ACCOUNT}:connection/beat/"
ADDRESS = 'module.w.module.heartbeat["this"].aws_secretsmanager_secret.this'
STATE_RM = f"terraform -chdir=dir state rm '{ADDRESS}'"
IMPORT = f"terraform -chdir=dir import '{ADDRESS}' {NEW}"


def policy(arn: str) -> dict[str, str]:
    allow = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    return {"read": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}


def view(applied: dict[Ref, Any], live: dict[Ref, Any], absent: list[str]) -> View:
    intent = Intent(Account(ACCOUNT, REGION, dict(applied)), absent=absent)
    for ref in applied:
        intent.serves[ref] = "heartbeat"
        intent.address[ref] = [ADDRESS if ref.kind == "secret" else f"module.w.{ref.kind}"]
    subject = Subject(region=REGION, account_id=ACCOUNT, name="w", known=True)
    object.__setattr__(subject, "directory", "dir")
    return View(subject, Account(ACCOUNT, REGION, dict(live)), intent, NOW)


@pytest.mark.parametrize("outcome", ["any", "denied"])
@pytest.mark.parametrize(
    ("today", "known", "found"), [(NEW, True, True), (OLD, True, False), (NEW, False, False)]
)
def test_a_name_that_was_applied_with_an_arn_has_another_today(
    outcome: str, today: str, known: bool, found: bool
) -> None:
    """As of decoys, and of what was looked up: reads by the new ARN are heard by nobody.

    Of an alarm that nobody applied it is not known that it should.
    """
    by = [f'$.requestParameters.secretId = "{each}"' for each in ("beat", OLD, OLD[:-7])]
    also = ' && $.errorCode = "AccessDenied*"' if outcome == "denied" else ""
    pattern = f'{{ $.eventName = "GetSecretValue" && ({" || ".join(by)}){also} }}'
    kinds = (("GetSecretValue", outcome == "denied"),)
    given = facts(filters=asked([metric_filter(pattern=pattern)]))
    there, _ = case(replace(given, subject=replace(given.subject, secrets=("beat",), kinds=kinds)))
    there.account.put("secret", "beat", {"ARN": today, "Name": "beat"})
    object.__setattr__(there.subject, "directory", "dir")
    intent = Intent(Account(ACCOUNT, REGION)) if known else None
    hop = Hop("filter")
    are_there(hop, replace(there, intent=intent))
    assert [each.cause for each in hop.findings] == (["another-secret"] if found else [])
    assert ("terraform -chdir=dir apply" in hop.mend) is found
    assert (NEW in hop.sentence) is found


def test_of_a_filter_that_is_gone_no_secret_is_said_to_be_made_anew() -> None:
    """The ARN of today may have stood in its pattern."""
    given = facts(filters=asked([metric_filter(pattern='{ $.requestParameters.secretId = "beat" }')]))
    there, _ = case(replace(given, subject=replace(given.subject, secrets=("beat",))))
    there.account.put("secret", "beat", {"ARN": OLD, "Name": "beat"})
    hop = Hop("filter")
    hop.broken("filter-deleted", "The metric filter two does not exist.")
    are_there(hop, replace(there, intent=Intent(Account(ACCOUNT, REGION))))
    assert [each.cause for each in hop.findings] == ["filter-deleted"]


def test_a_secret_made_anew_is_another_one() -> None:
    here = view({Ref("secret", OLD): {"Name": "beat"}}, {Ref("secret", OLD): None}, [])
    hop = Hop("heartbeat")
    differing(hop, here, [Ref("secret", OLD)])
    assert hop.cause == "secret-deleted"
    here.account.put("secret", "beat", {"ARN": NEW})
    hop = Hop("heartbeat")
    differing(hop, here, [Ref("secret", OLD)])
    assert (hop.verdict, hop.cause) == ("broken", "another-secret")
    assert NEW in hop.sentence
    assert [each.split("    #")[0] for each in hop.mend.splitlines()] == [
        STATE_RM,
        IMPORT,
        "terraform -chdir=dir apply",
    ]


@pytest.mark.parametrize("made", [True, False])
def test_one_that_the_state_lost_is_known_by_the_policy_that_names_it(made: bool) -> None:
    """As after an apply that deleted it from the state, and was refused as its name is taken."""
    role = {"Inline": policy(OLD), "AssumeRolePolicyDocument": "{}", "Arn": f"arn:aws:iam::{ACCOUNT}:role/r"}
    live = {
        Ref("role", "r"): role,
        Ref("secret", OLD): None,
        Ref("secret", "beat"): {"ARN": NEW} if made else None,
    }
    here = view({Ref("role", "r"): role}, live, [ADDRESS])
    assert here.intent
    assert namesakes.all_named(here.intent) == [Ref("secret", OLD)]
    hop = Hop("heartbeat")
    runs_as(hop, here, "r", "heartbeat")
    found = [each for each in hop.findings if each.ref == Ref("secret", OLD)]
    assert [each.cause for each in found] == ["another-secret" if made else "secret-deleted"]
    commands = found[0].mend.splitlines()
    assert (IMPORT in commands) is made
    assert "state rm" not in found[0].mend
    assert commands[-1].startswith("terraform -chdir=dir apply")


def test_a_connection_made_anew_is_another_one() -> None:
    ref = Ref("connection", "beat")
    applied = {"Name": "beat", "AuthorizationType": "API_KEY", "ConnectionArn": f"{CONNECTION}one"}
    here = view({ref: applied}, {ref: {**applied, "ConnectionArn": f"{CONNECTION}two"}}, [])
    hop = Hop("heartbeat")
    differing(hop, here, [ref])
    assert (hop.verdict, hop.cause) == ("broken", "another-connection")
    assert hop.mend.startswith("terraform -chdir=dir apply -replace=module.w.connection")


@pytest.mark.parametrize(
    ("arn", "is_named"),
    [
        (OLD, True),
        (f"{PLACE}prod/db/main-AbCdEf", True),
        # Of these any is meant, or another account's.
        (f"{PLACE}beat-??????", False),
        (f"{PLACE}events!connection/beat/*", False),
        (OLD.replace(ACCOUNT, "999999999999"), False),
    ],
)
def test_which_secrets_have_to_be_there(arn: str, is_named: bool) -> None:
    intent = Intent(Account(ACCOUNT, REGION, {Ref("role", "r"): {"Inline": policy(arn)}}))
    assert namesakes.all_named(intent) == ([Ref("secret", arn)] if is_named else [])


# What the state lacks


def resource(module: str, type: str, name: str, *dependencies: str) -> dict[str, Any]:
    instance = {"attributes": {}, "dependencies": list(dependencies)}
    return {"mode": "managed", "module": module, "type": type, "name": name, "instances": [instance]}


BEAT = 'module.w["a"].module.heartbeat["this"]'
DEPENDS = "module.w.module.heartbeat.aws_secretsmanager_secret.this"


@pytest.mark.parametrize(
    ("more", "prefix", "expected"),
    [
        ([], 'module.w["a"]', [f"{BEAT}.aws_secretsmanager_secret.this"]),
        ([resource(BEAT, "aws_secretsmanager_secret", "this")], 'module.w["a"]', []),
        ([], 'module.other["a"]', []),
        # Of what has a count none may be meant, and of a module none as well.
        (
            [resource(BEAT, "x", "y", "module.w.module.heartbeat.aws_cloudwatch_event_connection.ping")],
            'module.w["a"]',
            None,
        ),
        (
            [resource(BEAT, "x", "y", "module.w.module.secret.aws_secretsmanager_secret.this")],
            'module.w["a"]',
            None,
        ),
    ],
)
def test_what_a_state_lacks(more: list[Any], prefix: str, expected: list[str] | None) -> None:
    state = {"resources": [resource(BEAT, "aws_iam_role_policy", "read", DEPENDS), *more]}
    alone = [f"{BEAT}.aws_secretsmanager_secret.this"]
    assert whole.absent(state, prefix) == (alone if expected is None else expected)


def test_the_table_of_what_is_always_there_is_the_modules() -> None:
    """Every resource without a count that the doctor compares, and nothing else."""
    modules = Path(__file__).parents[3] / "modules"
    block = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
    found: dict[str, set[str]] = {}
    for file in modules.glob("*/*.tf"):
        for type, name, body in block.findall(file.read_text()):
            if type in RESOURCES and not re.search(r"^  (count|for_each) ", body, re.MULTILINE):
                found.setdefault(file.parent.name, set()).add(f"{type}.{name}")
    assert {room: set(each) for room, each in whole.ALWAYS.items()} == found


# Where a command goes


def test_a_command_says_where_it_was_examined() -> None:
    """Version 1 of the AWS CLI sends these to AWS whatever AWS_ENDPOINT_URL says."""
    call = Call("sqs", "ReceiveMessage", {"QueueUrl": "q"}, endpoint="http://127.0.0.1:4566")
    assert call.command() == "aws sqs receive-message --queue-url q --endpoint-url http://127.0.0.1:4566"
    assert "--endpoint-url" not in Call("sqs", "ReceiveMessage", {"QueueUrl": "q"}).command()
