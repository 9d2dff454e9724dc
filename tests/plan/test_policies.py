"""Every policy of the module, statement by statement: who may do what, to what, and only when."""

from __future__ import annotations

import json
from typing import Any

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
    assert statements(instances, "module.trail.aws_s3_bucket_policy.this") == {
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
            "Resource": f"{BUCKET}/AWSLogs/{ACCOUNT}/*",
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
    assert statements(instances, "module.trail.aws_kms_key.this") == {
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
    assert statements(instances, "module.trail.aws_iam_role.this", "assume_role_policy") == {
        "CloudTrailAssumes": {
            "Sid": "CloudTrailAssumes",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    }
    assert statements(instances, "module.trail.aws_iam_role_policy.this") == {
        "WriteLogStreams": {
            "Sid": "WriteLogStreams",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{LOG_GROUP}:log-stream:{ACCOUNT}_CloudTrail_{REGION}*",
        }
    }


def test_topic(instances: Plan) -> None:
    assert statements(instances, "module.alerts.aws_sns_topic_policy.this") == {
        "AlarmsPublish": {
            "Sid": "AlarmsPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": f"arn:aws:sns:{REGION}:{ACCOUNT}:one",
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:one-*"},
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        }
    }
    alarm = instances.of("one")["module.watch.aws_cloudwatch_metric_alarm.this"]["alarm_name"]
    assert alarm.startswith("one-")


def test_key_of_the_topic(instances: Plan) -> None:
    assert statements(instances, "module.alerts.aws_kms_key.this") == {
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
                    "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
                }
            },
        },
    }
