"""Every policy of the module, statement by statement: who may do what, to what, and only when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.policy.evaluation import authorize
from secretwatch.policy.grammar import fault
from secretwatch.policy.request import Principal, Request

from .conftest import ACCOUNT, REGION, Plan

TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/one"
BUCKET = f"arn:aws:s3:::one-{ACCOUNT}-{REGION}"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/cloudtrail/one"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"

ACCOUNT_DECIDES = {
    "Sid": "AdministeredThroughIam",
    "Effect": "Allow",
    "Principal": {"AWS": ROOT},
    "Action": "kms:*",
    "Resource": "*",
}


def statements(plan: Plan, address: str, field: str = "policy") -> dict[str, Any]:
    """The statements of a policy by their Sid, as they are written."""
    document = json.loads(plan.of("one")[address][field])
    assert document.keys() == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
    assert len(by_sid) == len(document["Statement"])
    return by_sid


def test_bucket(instances: Plan) -> None:
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    assert statements(instances, "module.trail[0].aws_s3_bucket_policy.this[0]") == {
        "CloudTrailReadsAcl": {
            "Sid": "CloudTrailReadsAcl",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:GetBucketAcl",
            "Resource": BUCKET,
            "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
        },
        "CloudTrailWrites": {
            "Sid": "CloudTrailWrites",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:PutObject",
            "Resource": [f"{BUCKET}/AWSLogs/{ACCOUNT}/*"],
            "Condition": {
                "StringEquals": {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"}
            },
        },
        "DenyWithoutTls": {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": [BUCKET, f"{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    }


def test_key_of_the_trail(instances: Plan) -> None:
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    assert statements(instances, "module.trail[0].aws_kms_key.this[0]") == {
        "AdministeredThroughIam": ACCOUNT_DECIDES,
        "CloudTrailEncrypts": {
            "Sid": "CloudTrailEncrypts",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceArn": TRAIL},
                "StringLike": {
                    "kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/one"
                },
            },
        },
        "CloudTrailEncryptsByDefault": {
            "Sid": "CloudTrailEncryptsByDefault",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceArn": TRAIL},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET}/*"},
            },
        },
        "CloudTrailDescribes": {
            "Sid": "CloudTrailDescribes",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "kms:DescribeKey",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
        },
        "LogGroupEncrypts": {
            "Sid": "LogGroupEncrypts",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
            "Action": [
                "kms:Decrypt*",
                "kms:Describe*",
                "kms:Encrypt*",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": LOG_GROUP}},
        },
    }


def test_role_that_writes_to_the_log_group(instances: Plan) -> None:
    assert statements(instances, "module.trail[0].aws_iam_role.this", "assume_role_policy") == {
        "CloudTrailAssumes": {
            "Sid": "CloudTrailAssumes",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    }
    assert statements(instances, "module.trail[0].aws_iam_role_policy.this") == {
        "WriteLogStreams": {
            "Sid": "WriteLogStreams",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"{LOG_GROUP}:log-stream:{ACCOUNT}_CloudTrail_{REGION}*"],
        }
    }


def test_what_an_organisation_may_deny_to_everybody(instances: Plan) -> None:
    """Neither an SCP nor a boundary names a principal: who is let through stands in the condition.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
    """
    forges_metrics, forges_events = instances.outputs["guardrails"]["one"]
    assert forges_metrics == {
        "Sid": "NobodyForgesMetrics",
        "Effect": "Deny",
        "Action": ["cloudwatch:PutMetricData"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"cloudwatch:namespace": "secretwatch/one"}},
    }
    assert forges_events == {
        "Sid": "NobodyForgesEvents",
        "Effect": "Deny",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [LOG_GROUP, f"{LOG_GROUP}:*"],
        "Condition": {
            "ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/one-trail-{REGION}"}
        },
    }
    namespaces = {
        each["metric_transformation"][0]["namespace"]
        for each in instances.of("one").values()
        if each["type"] == "aws_cloudwatch_log_metric_filter"
    }
    assert namespaces == {"secretwatch/one"}
    document = {"Version": "2012-10-17", "Statement": [forges_metrics, forges_events]}
    assert fault(document, "identity") is None
    # An SCP takes 5,120 characters, spaces left out.
    assert len(json.dumps(document, separators=(",", ":"))) < 1000


ROLE = f"arn:aws:iam::{ACCOUNT}:role"
STREAM = f"{LOG_GROUP}:log-stream:{ACCOUNT}_CloudTrail_{REGION}"
METRIC = "cloudwatch:PutMetricData"


@pytest.mark.parametrize(
    ("caller", "action", "resource", "namespace", "allowed"),
    [
        ("role/stranger", METRIC, "*", "secretwatch/one", False),
        ("role/one-trail-us-east-1", METRIC, "*", "secretwatch/one", False),
        ("role/stranger", METRIC, "*", "secretwatch/two", True),
        ("role/stranger", METRIC, "*", "app", True),
        ("role/stranger", "logs:PutLogEvents", STREAM, None, False),
        ("user/stranger", "logs:PutLogEvents", STREAM, None, False),
        ("role/stranger", "logs:PutLogEvents", f"{LOG_GROUP}:log-stream:other", None, False),
        ("role/stranger", "logs:CreateLogStream", LOG_GROUP, None, False),
        ("role/stranger", "logs:CreateLogStream", f"{LOG_GROUP}:log-stream:", None, False),
        ("role/stranger", "logs:FilterLogEvents", LOG_GROUP, None, True),
        ("role/stranger", "logs:PutLogEvents", f"{LOG_GROUP}-2:log-stream:other", None, True),
        ("role/one-trail-us-east-1", "logs:PutLogEvents", STREAM, None, True),
        ("role/one-trail-us-east-1", "logs:CreateLogStream", STREAM, None, True),
        ("role/one-trail-us-east-1-too", "logs:PutLogEvents", STREAM, None, False),
    ],
)
def test_whom_that_lets_through(
    instances: Plan, caller: str, action: str, resource: str, namespace: str | None, allowed: bool
) -> None:
    """As a boundary around somebody who may everything else."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    boundary = {
        "Version": "2012-10-17",
        "Statement": [everything, *instances.outputs["guardrails"]["one"]],
    }
    request = Request(
        Principal.of(f"arn:aws:iam::{ACCOUNT}:{caller}"),
        action,
        resource,
        {"cloudwatch:namespace": namespace} if namespace else {},
    )
    decision = authorize(
        request,
        identity_policies=[{"Version": "2012-10-17", "Statement": [everything]}],
        permissions_boundary=boundary,
    )
    assert decision.allowed is allowed, decision


def test_of_an_organisation_trail_it_is_the_role_of_this_account(instances: Plan) -> None:
    (_, events) = instances.outputs["guardrails"]["members"]
    assert events["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": f"{ROLE}/members-trail-{REGION}"}}


def test_topic(instances: Plan) -> None:
    assert statements(instances, 'module.alerts.aws_sns_topic_policy.this["default"]') == {
        "AlarmsPublish": {
            "Sid": "AlarmsPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": f"arn:aws:sns:{REGION}:{ACCOUNT}:one",
            "Condition": {
                "ArnLike": {
                    "aws:SourceArn": [
                        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:one-{alarm}"
                        for alarm in (
                            "blind",
                            "secret-read",
                            "secret-read-stuck",
                            "tampering",
                            "undelivered",
                            "undelivered-self-watch",
                        )
                    ]
                },
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        }
    }
    alarm = instances.of("one")['module.watch["secret-read"].aws_cloudwatch_metric_alarm.this']["alarm_name"]
    assert alarm.startswith("one-")


def test_key_of_the_topic(instances: Plan) -> None:
    assert statements(instances, "module.alerts.aws_kms_key.this[0]") == {
        "AdministeredThroughIam": ACCOUNT_DECIDES,
        "AlarmsEncrypt": {
            "Sid": "AlarmsEncrypt",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        },
    }


def test_secret(instances: Plan) -> None:
    address = "module.secret[0].aws_secretsmanager_secret_policy.this"
    assert instances.of("one")[address]["block_public_policy"] is True
    assert statements(instances, address) == {
        "DenyOtherAccounts": {
            "Sid": "DenyOtherAccounts",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "secretsmanager:*",
            "Resource": "*",
            "Condition": {
                "Bool": {"aws:PrincipalIsAWSService": "false"},
                "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
            },
        }
    }


def test_key_of_the_secret(instances: Plan) -> None:
    assert statements(instances, "module.secret[0].aws_kms_key.this[0]") == {
        "AdministeredThroughIam": ACCOUNT_DECIDES,
        "UsedThroughSecretsManager": {
            "Sid": "UsedThroughSecretsManager",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "kms:CreateGrant",
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:CallerAccount": ACCOUNT,
                    "kms:ViaService": [f"secretsmanager.{REGION}.amazonaws.com"],
                }
            },
        },
    }


def test_cloudtrails_own_notifications_have_a_topic_of_their_own(instances: Plan) -> None:
    made = instances.of("watches")
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:wide-log-files"
    trail = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/wide"
    assert json.loads(made["module.trail[0].aws_sns_topic_policy.notifications[0]"]["policy"])[
        "Statement"
    ] == [
        {
            "Sid": "CloudTrailPublishes",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {"StringEquals": {"aws:SourceArn": trail}},
        }
    ]
    key = json.loads(made["module.trail[0].aws_kms_key.this[0]"]["policy"])["Statement"][-1]
    assert (key["Sid"], "Condition" in key) == ("NotificationsEncrypt", False)
    # The bare name, as AWS reads it back.
    assert made["module.trail[0].aws_cloudtrail.this"]["sns_topic_name"] == "wide-log-files"
    assert "module.trail[0].aws_sns_topic.notifications[0]" not in instances.of("one")


def test_no_policy_allows_every_action(instances: Plan, quickstart: Plan) -> None:
    """Not `*`, nor `service:*` but for the account's own hold on its keys. A Deny may."""
    for plan in (instances, quickstart):
        for address, values in plan.resources.items():
            for field in ("policy", "assume_role_policy"):
                for statement in json.loads(values.get(field) or '{"Statement": []}')["Statement"]:
                    actions = statement["Action"]
                    actions = [actions] if isinstance(actions, str) else actions
                    if statement["Effect"] == "Allow" and statement.get("Sid") != "AdministeredThroughIam":
                        assert not [action for action in actions if action.endswith(":*") or action == "*"], (
                            address
                        )
