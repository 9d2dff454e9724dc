"""Facts of a healthy watch, as AWS would answer them, to be changed in one place by each test."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from answers import AlarmOn, Facts, RoleFacts, RuleFacts, TopicFacts

from secretwatch.alarm import Sample
from secretwatch.cloudtrail import DEFAULT_EVENT_SELECTORS
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.reads import TracedRead, expected
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.watch import Realtime

NOW = datetime(2026, 3, 2, 12, 10, 30, tzinfo=UTC)
READ_AT = datetime(2026, 3, 2, 12, 3, 10, tzinfo=UTC)
LOGGED_AT = READ_AT + timedelta(minutes=3, seconds=2)
ACCOUNT, REGION, GROUP = "111122223333", "us-east-1", "/aws/cloudtrail/payments"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/payments"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:payments"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/payments-to-logs"
METRIC = ("secretwatch/payments", "payments-secret-reads")
PATTERN = '{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "payments/database" }'
SECRET = "payments/database"


def asked(answer: Any, action: str = "service:Call", resource: str = "*") -> Asked:
    return Asked(action, resource, NOW, answer)


def denied(action: str, resource: str = "*") -> Asked:
    return Asked(action, resource, NOW, None, "denied", f"{action} answers AccessDenied: no.")


def absent(action: str = "service:Call", why: str = "there is none") -> Asked:
    return Asked(action, "*", NOW, None, "absent", why)


def policy(*statements: tuple[str, str, str]) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
                for service, action, resource in statements
            ],
        }
    )


def metric_filter(name: str = "payments", pattern: str = PATTERN, **changes: Any) -> dict[str, Any]:
    transformation = {
        "metricNamespace": METRIC[0],
        "metricName": METRIC[1],
        "metricValue": "1",
        "defaultValue": 0.0,
    }
    return {
        "filterName": name,
        "filterPattern": pattern,
        "logGroupName": GROUP,
        "creationTime": int((READ_AT - timedelta(days=1)).timestamp() * 1000),
        "metricTransformations": [transformation | changes],
    }


def alarm(**changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": "payments-secret-read",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:payments-secret-read",
        "StateValue": "ALARM",
        "StateReason": "Threshold Crossed",
        "StateUpdatedTimestamp": LOGGED_AT + timedelta(minutes=1),
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "Namespace": METRIC[0],
        "MetricName": METRIC[1],
        "Dimensions": [],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    } | changes


def rung(minutes: float = 1) -> list[dict[str, Any]]:
    at = LOGGED_AT + timedelta(minutes=minutes)
    done = f"Successfully executed action {TOPIC}"
    return [
        {"HistoryItemType": "Action", "HistorySummary": done, "Timestamp": at + timedelta(seconds=1)},
        {
            "HistoryItemType": "StateUpdate",
            "HistorySummary": "Alarm updated from OK to ALARM",
            "Timestamp": at,
        },
    ]


def topic(**attributes: str) -> TopicFacts:
    given = {
        "Policy": policy(
            ("cloudwatch.amazonaws.com", "sns:Publish", TOPIC), ("events.amazonaws.com", "sns:Publish", TOPIC)
        )
    }
    subscription = {
        "SubscriptionArn": f"{TOPIC}:1",
        "Protocol": "email",
        "Endpoint": "oncall@example.com",
    }
    return TopicFacts(
        TOPIC,
        asked({"Attributes": given | attributes}),
        asked([subscription]),
        {f"{TOPIC}:1": asked({"Attributes": {}})},
    )


def read(**changes: Any) -> TracedRead:
    event = expected(SECRET, ACCOUNT, REGION, READ_AT) | {"eventID": "event-1"} | changes
    return TracedRead(event, True, LOGGED_AT, LOGGED_AT, "stream")


def facts(**changes: Any) -> Facts:
    """Healthy, but for the changes, which are fields of Facts."""
    seen = changes.get("read", read())
    found = Facts(
        subject=Subject(
            region=REGION,
            account_id=ACCOUNT,
            name="payments",
            alarm_name="payments-secret-read",
            log_group_name=GROUP,
            trail_arn=TRAIL,
            metric=METRIC,
            filter_names=("payments",),
            filter_patterns=(PATTERN,),
            topic_arns=(TOPIC,),
            secrets=(SECRET,),
            realtime=Realtime(("payments",)),
            known=True,
        ),
        now=NOW,
        local=False,
        identity=asked({"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ops"}),
        account_id=ACCOUNT,
        since=NOW - timedelta(hours=1),
        trail_asked=asked({}, "cloudtrail:GetTrail", TRAIL),
        trail={
            "Name": "payments",
            "TrailARN": TRAIL,
            "HomeRegion": REGION,
            "IsMultiRegionTrail": True,
            "S3BucketName": "payments-logs",
            "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*",
            "CloudWatchLogsRoleArn": ROLE,
        },
        trail_status=asked({"IsLogging": True, "StartLoggingTime": READ_AT - timedelta(days=1)}),
        selectors=asked({"EventSelectors": DEFAULT_EVENT_SELECTORS}),
        bucket_policy=asked(
            {
                "Policy": policy(
                    ("cloudtrail.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::payments-logs"),
                    ("cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::payments-logs/*"),
                )
            }
        ),
        role=RoleFacts(
            asked(
                {
                    "Role": {
                        "AssumeRolePolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": {
                                "Effect": "Allow",
                                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            },
                        }
                    }
                }
            ),
            [
                {
                    "Version": "2012-10-17",
                    "Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
                }
            ],
        ),
        group=GROUP,
        log_group=asked({"logGroupName": GROUP}),
        history=[asked([])],
        delivered=asked([]),
        reads=[seen] if seen else [],
        read=seen,
        example=seen.event if seen else expected(SECRET, ACCOUNT, REGION, NOW),
        filters=asked([metric_filter()]),
        emitting=asked([metric_filter()]),
        tested={PATTERN: asked({"matches": [{}]})},
        alarm=alarm(),
        alarm_asked=asked([alarm()], "cloudwatch:DescribeAlarms"),
        history_of_alarm=asked(rung()),
        samples=[Sample(LOGGED_AT.replace(second=0), 1.0)],
        samples_asked=asked([{}]),
        topics=[topic()],
        rules=[
            RuleFacts(
                "payments",
                asked(
                    {
                        "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
                        "EventPattern": json.dumps({"detail": {"eventName": ["GetSecretValue"]}}),
                        "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/payments",
                    }
                ),
                asked([{"Id": "topic", "Arn": TOPIC}]),
                asked([]),
            )
        ],
        rule_topics={TOPIC: topic()},
        tamper=AlarmOn("tamper", [alarm(AlarmName="tamper")]),
        blind=AlarmOn("blind", [alarm(AlarmName="blind")]),
    )
    return replace(found, **changes)
