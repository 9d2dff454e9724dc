"""Alarms on CloudTrail that are about other things than secrets, as people deploy them.

Patterns after the CIS benchmark's controls, in the ways in which public modules write them: with and without
parentheses, with and without an event's source, with negations, with wildcards.
"""

from __future__ import annotations

import random
from typing import Any

PATTERNS: dict[str, str] = {
    "unauthorized calls": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "unauthorized calls, less noise": (
        '{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) && '
        '(($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket")) }'
    ),
    "sign-in without MFA": (
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    ),
    "root": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType != "AwsServiceEvent" }'
    ),
    "policies": (
        "{ ($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)||($.eventName=PutRolePolicy)||"
        "($.eventName=CreatePolicy)||($.eventName=AttachUserPolicy)||($.eventName=DetachRolePolicy) }"
    ),
    "trails": (
        "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || "
        "($.eventName = StartLogging) || ($.eventName = StopLogging) }"
    ),
    "failed sign-ins": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "keys": (
        "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || "
        "($.eventName = ScheduleKeyDeletion)) }"
    ),
    "buckets": (
        "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || "
        "($.eventName = PutBucketPolicy) || ($.eventName = DeleteBucketPolicy)) }"
    ),
    "security groups": (
        "{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupEgress) || "
        "($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) }"
    ),
    "gateways": '{ ($.eventName = "*CustomerGateway") || ($.eventName = "*InternetGateway") }',
    "routes": (
        '{ ($.eventSource = "ec2.amazonaws.com") && (($.eventName = "CreateRoute") || '
        '($.eventName = "ReplaceRouteTableAssociation") || ($.eventName = "DeleteRouteTable")) }'
    ),
    "organizations": '{ $.eventSource = "organizations.amazonaws.com" && $.readOnly IS FALSE }',
    "a term": '"AccessDenied"',
}

NAMES = (
    *("RunInstances", "CreateUser", "DeleteTable", "PutBucketPolicy", "UpdateFunctionCode20150331v2"),
    *("AssumeRole", "DescribeInstances", "CreateAccessKey", "ModifyDBInstance", "RegisterTaskDefinition"),
)


def generated(dice: random.Random) -> str:
    """A pattern over any service's calls."""
    names = dice.sample(NAMES, dice.randint(1, 4))
    parts = [" || ".join(f'($.eventName = "{name}")' for name in names)]
    for more in dice.sample(
        [
            "$.errorCode NOT EXISTS",
            '$.userIdentity.type != "AWSService"',
            '$.userIdentity.sessionContext.attributes.mfaAuthenticated != "true"',
            '$.awsRegion = "us-east-1"',
            '$.sourceIPAddress != "10.*"',
            "$.requestParameters.items[0].id NOT EXISTS",
        ],
        dice.randint(0, 3),
    ):
        parts.append(more)
    return f"{{ {' && '.join(f'({each})' for each in parts)} }}"


def settings(dice: random.Random) -> dict[str, Any]:
    """An alarm as people set it, which rings for one match, or on purpose for more."""
    statistic = dice.choice(["Sum", "Sum", "Maximum"])
    return {
        "Statistic": statistic,
        "Period": dice.choice([60, 300, 300, 3600]),
        # However many matches there are, the largest of ones is one.
        "Threshold": dice.choice([1.0, 1.0, 1.0, 3.0, 10.0]) if statistic == "Sum" else 1.0,
        "EvaluationPeriods": 1,
        "TreatMissingData": dice.choice(["notBreaching", "notBreaching", "missing"]),
    }
