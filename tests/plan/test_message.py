"""The messages that planned targets make of reads: EventBridge takes their templates, and fills them in."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.inputtransformer import Undeliverable, check_input, input_of
from secretwatch.localstack.event_bridge import envelope_of

from .conftest import ACCOUNT, REGION, Plan, arn
from .test_pattern import event

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/wide-arns-allowed-0"


def targets(plan: Plan) -> list[dict[str, Any]]:
    """Targets of the plan, as PutTargets gets them."""
    found = [each for each in plan.resources.values() if each["type"] == "aws_cloudwatch_event_target"]
    assert found
    return [
        {
            "Id": each["target_id"],
            "InputTransformer": {
                "InputPathsMap": each["input_transformer"][0]["input_paths"],
                "InputTemplate": each["input_transformer"][0]["input_template"],
            },
        }
        for each in found
    ]


def message(target: dict[str, Any], **fields: Any) -> str:
    envelope = envelope_of(ACCOUNT, event("GetSecretValue", {"secretId": arn("db")}, **fields))
    assert envelope
    return input_of(target, envelope, rule_arn=RULE, ingestion_time="2026-01-01T00:00:00Z")


FIELDS = {"managementEvent": True, "readOnly": True, "eventTime": "2026-01-01T00:00:00Z", "eventID": "1"}


def test_every_template_is_taken_and_makes_lines_in_quotation_marks(instances: Plan) -> None:
    for target in targets(instances):
        check_input(target)
        lines = message(target, **FIELDS, sourceIPAddress="192.0.2.1", userAgent="cli/1").splitlines()
        assert all(line.startswith('"') and line.endswith('"') for line in lines)
        assert f"Secret: {arn('db')}" in lines[1]


@pytest.mark.xfail(
    raises=Undeliverable,
    strict=True,
    reason="the template inserts callers' text, which EventBridge does not escape: such a read is silent",
)
@pytest.mark.parametrize("agent", ['say "hi"', "back\\slash", "two\nlines"])
def test_a_callers_text_silences_no_message(instances: Plan, agent: str) -> None:
    for target in targets(instances):
        assert "db" in message(target, **FIELDS, userAgent=agent)
