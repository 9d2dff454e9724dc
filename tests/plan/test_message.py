"""The messages that planned targets make of reads: whatever a caller writes, they arrive and say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.inputtransformer import check_input, input_of
from secretwatch.localstack.events.bus import envelope_of
from secretwatch.pipeline.messages import channel_of, headline

from .conftest import ACCOUNT, REGION, Plan, arn
from .test_pattern import event

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/wide-arns-a-000-1"
LINK = f"https://{REGION}.console.aws.amazon.com/cloudtrailv2/home?region={REGION}#/events/1"


class Targets:
    """Targets of the plan as PutTargets gets them, by their calls' outcome; each template once."""

    def __init__(self, plan: Plan) -> None:
        self.allowed: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, dict[str, Any]] = {}
        for address, each in plan.resources.items():
            if each["type"] != "aws_cloudwatch_event_target" or "module.realtime" not in address:
                continue
            transformer = each["input_transformer"][0]
            kind = self.allowed if "allowed-" in address else self.refused
            kind[transformer["input_template"]] = {
                "Id": each["target_id"],
                "InputTransformer": {
                    "InputPathsMap": transformer["input_paths"],
                    "InputTemplate": transformer["input_template"],
                },
            }


@pytest.fixture(scope="module")
def targets(instances: Plan) -> Targets:
    return Targets(instances)


FIELDS = {
    "managementEvent": True,
    "readOnly": True,
    "eventTime": "2026-01-01T00:00:00Z",
    "eventID": "1",
    "recipientAccountId": ACCOUNT,
    "sourceIPAddress": "192.0.2.1",
    "userAgent": "cli/1",
}
DENIED = {"errorCode": "AccessDenied", "errorMessage": "no"}


def enveloped(parameters: Any, **fields: Any) -> dict[str, Any]:
    envelope = envelope_of(ACCOUNT, event("GetSecretValue", parameters, **FIELDS | fields))
    assert envelope
    return envelope


def message(target: dict[str, Any], parameters: Any, **fields: Any) -> str:
    return message_of(target, enveloped(parameters, **fields))


def message_of(target: dict[str, Any], envelope: dict[str, Any]) -> str:
    return input_of(target, envelope, rule_arn=RULE, ingestion_time="2026-01-01T00:00:00Z")


def test_every_template_is_taken(targets: Targets) -> None:
    assert targets.allowed
    assert targets.refused
    for target in (*targets.allowed.values(), *targets.refused.values()):
        check_input(target)


@pytest.mark.parametrize("outcome", ["allowed", "refused"])
def test_a_message_says_who_did_what_from_where_and_which_rule_sent_it(
    targets: Targets, outcome: str
) -> None:
    error = DENIED if outcome == "refused" else {}
    for target in getattr(targets, outcome).values():
        text = message(target, {"secretId": arn("db")}, **error)
        found = json.loads(text)
        opening = next(iter(found))
        assert found.pop(opening) == ("AccessDenied" if error else {"secretId": arn("db")})
        assert opening.endswith(" REFUSED") is bool(error)
        assert channel_of(text) == "realtime"
        assert headline(text) == f"{opening}: {'AccessDenied' if error else arn('db')}"
        assert found.pop("Event")["detail"]["requestParameters"] == {"secretId": arn("db")}
        whose = found.pop("Watch").split(" of ")[1]
        assert whose in ("wide", "many", "forms", "lures")
        assert ("nobody" in found.pop("Decoy", "").lower()) is (whose == "lures")
        assert found == {
            "Call": "GetSecretValue",
            "Reader": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "ada"},
            "From": "192.0.2.1",
            "When": "2026-01-01T00:00:00Z",
            "Where": f"{REGION}, account {ACCOUNT}",
            "Rule": RULE,
            "Look": LINK,
        }


# Quotation marks, backslashes, line breaks, control characters, what looks like a placeholder or a line of
# ours, and halves of characters, which JSON can carry.
_PIECES = [
    *('"', "\\", "\n", "\r", "\t", "\0", "\x1b[2J", "\u2028", "\x7f", "\ud800", "é", "{", "}", ","),
    *('\\"', "\\n", "<time>", "<aws.events.event.json>", "*", "$.detail", "a"),
    '",\n"Call": "nothing",\n"x": "',
    '"}',
]
hostile = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), min_size=1, max_size=8).map("".join)


@pytest.fixture(scope="module")
def plain(targets: Targets) -> dict[str, list[dict[str, Any]]]:
    """What each target, by its calls' outcome, says of a plain read."""
    return {
        outcome: [json.loads(message(target, {"secretId": "db"}, **error)) for target in of_outcome.values()]
        for outcome, of_outcome, error in (
            ("allowed", targets.allowed, {}),
            ("refused", targets.refused, DENIED),
        )
    }


@deep(1000)
@given(*[hostile] * 5, st.booleans(), st.integers(0, 3))
def test_no_callers_text_silences_a_message_or_changes_what_it_says(
    targets: Targets,
    plain: dict[str, list[dict[str, Any]]],
    secret: str,
    agent: str,
    reason: str,
    session: str,
    path: str,
    is_batch: bool,
    quarter: int,
) -> None:
    """Each time a quarter of the targets, which differ in what callers do not write: all have their turn."""
    parameters = {"secretIdList": [secret, "db"]} if is_batch else {"secretId": secret}
    caller = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{session}",
        "principalId": f"AROAEXAMPLE:{session}",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{path}/app"}},
    }
    fields = {"userAgent": agent, "userIdentity": caller}
    for outcome, error in (("allowed", {}), ("refused", DENIED | {"errorMessage": reason})):
        envelope = enveloped(parameters, **fields, **error)
        both = list(zip(getattr(targets, outcome).values(), plain[outcome], strict=True))
        for target, expected in both[quarter::4]:
            text = message_of(target, envelope)
            found = json.loads(text)
            assert list(found) == list(expected)
            assert text.count("\n") == len(found) - 1
            for key in ("Call", "From", "When", "Where", "Watch", "Rule", "Look"):
                assert found[key] == expected[key]
            assert found["Reader"] == caller
            assert found["Event"]["detail"]["userAgent"] == agent
            assert found["Event"]["detail"]["requestParameters"] == parameters
            assert headline(text).isprintable()


def test_a_refused_call_without_parameters_has_a_message(targets: Targets) -> None:
    for target in targets.refused.values():
        found = json.loads(message(target, None, **DENIED))
        assert found["Event"]["detail"]["requestParameters"] is None


@pytest.fixture(scope="module")
def changes(instances: Plan) -> list[dict[str, Any]]:
    """Targets of the fast self-watch, each template once."""
    found = {
        each["input_transformer"][0]["input_template"]: {
            "Id": each["target_id"],
            "InputTransformer": {
                "InputPathsMap": each["input_transformer"][0]["input_paths"],
                "InputTemplate": each["input_transformer"][0]["input_template"],
            },
        }
        for address, each in instances.resources.items()
        if each["type"] == "aws_cloudwatch_event_target" and "module.fast_self_watch" in address
    }
    assert len(found) >= 10
    return list(found.values())


@deep(300)
@given(*[hostile] * 4, st.booleans())
def test_no_callers_text_silences_the_self_watchs_message(
    changes: list[dict[str, Any]], name: str, agent: str, reason: str, session: str, is_refused: bool
) -> None:
    caller = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{session}",
        "principalId": f"AROAEXAMPLE:{session}",
    }
    error = DENIED | {"errorMessage": reason} if is_refused else {}
    parameters = {"name": name}
    envelope = enveloped(parameters, userAgent=agent, userIdentity=caller, readOnly=False, **error)
    for target in changes:
        check_input(target)
        text = message_of(target, envelope)
        found = json.loads(text)
        assert text.count("\n") == len(found) - 1
        assert list(found)[:2] == ["WATCH CHANGED", "Part"]
        assert found.get("What", parameters) == parameters
        assert found["By"] == caller
        assert found["Event"]["detail"]["requestParameters"] == parameters
        assert found["Where"] == f"{REGION}, account {ACCOUNT}"
