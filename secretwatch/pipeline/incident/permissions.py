"""The IAM policy that looking into an incident needs: four calls, none of which changes anything.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from secretwatch import partition
from secretwatch.pipeline.watch import Watch


def policy(watches: Sequence[Watch]) -> dict[str, Any]:
    """The policy for these watches; for any in an account, where there are none."""

    def arns(kind: str, of: str) -> list[str]:
        if not watches:
            return [f"arn:aws:{kind}:*:*:{of.format('*')}"]
        found = [
            f"arn:{partition.of_region(each.region).name}:{kind}:{each.region}:{each.account_id}:"
            + of.format(each.log_group_name if kind == "logs" else each.alarm_name)
            for each in watches
        ]
        return list(dict.fromkeys(found))

    def statement(sid: str, action: str, resources: str | list[str]) -> dict[str, Any]:
        return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources}

    statements = [
        # AWS knows no resource for this one.
        statement("EventHistory", "cloudtrail:LookupEvents", "*"),
        statement("Events", "logs:FilterLogEvents", arns("logs", "log-group:{}:*")),
        # Of all log groups, or of none.
        statement("Retention", "logs:DescribeLogGroups", arns("logs", "log-group:*")),
        statement("AlarmHistory", "cloudwatch:DescribeAlarmHistory", arns("cloudwatch", "alarm:{}")),
    ]
    return {"Version": "2012-10-17", "Statement": statements}
