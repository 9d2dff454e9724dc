"""How much the account reads, rings and logs: what its metric, its alarm and its bucket say."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.comparison import Observed
from secretwatch.pipeline.probes.alarm import COUNTED, matches
from secretwatch.pipeline.probes.trail import trail_prefix
from secretwatch.pipeline.watch import Watch

_DAYS = 14


def observed(aws: Aws, watch: Watch, now: float) -> Observed:
    """What was observed until now; what may not be looked at is not known. now: seconds since 1970."""
    end = datetime.fromtimestamp(now, UTC)
    found = Observed()
    with suppress(ClientError, BotoCoreError):
        found.days, found.reads = _reads(aws, watch, end)
        found.alarms = _alarms(aws, watch, end)
    with suppress(ClientError, BotoCoreError):
        found.files = _files(aws, watch, end)
    return found


def _reads(aws: Aws, watch: Watch, end: datetime) -> tuple[float | None, float | None]:
    """Days that the log group has had events, a whole one at least, and how many reads were counted."""
    group = [{"Name": "LogGroupName", "Value": watch.log_group_name}]
    events = _points(aws, end, "AWS/Logs", "IncomingLogEvents", Dimensions=group)
    reads = _points(aws, end, watch.metric_namespace, watch.metric_name)
    if not events and not reads:
        return None, None
    first = min(point["Timestamp"] for point in (*events, *reads)).astimezone(UTC)
    return max((end - first) / timedelta(days=1), 1.0), sum(map(matches, reads))


def _points(aws: Aws, end: datetime, namespace: str, name: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        StartTime=end - timedelta(days=_DAYS),
        EndTime=end,
        Period=3600,
        Statistics=COUNTED,
        **more,
    )["Datapoints"]
    return found


def _alarms(aws: Aws, watch: Watch, end: datetime) -> float:
    """How often the alarm rang."""
    client, token, count = aws.client("cloudwatch"), None, 0.0
    while True:
        page = client.describe_alarm_history(
            AlarmName=watch.alarm_name,
            HistoryItemType="StateUpdate",
            StartDate=end - timedelta(days=_DAYS),
            EndDate=end,
            **({"NextToken": token} if token else {}),
        )
        count += sum("to ALARM" in each.get("HistorySummary", "") for each in page["AlarmHistoryItems"])
        token = page.get("NextToken")
        if not token:
            return count


def _files(aws: Aws, watch: Watch, end: datetime) -> float | None:
    """Log files of the last day, in all regions of the trail; None where the bucket is not known."""
    if watch.bucket_name is None:
        return None
    client, begin = aws.client("s3"), end - timedelta(days=1)
    prefix = trail_prefix(aws, watch)
    root = f"{f'{prefix}/' if prefix else ''}AWSLogs/{watch.account_id}/CloudTrail/"
    regions = client.list_objects_v2(Bucket=watch.bucket_name, Prefix=root, Delimiter="/")
    count = 0
    for region in regions.get("CommonPrefixes", ()):
        for day in (begin, end):
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=watch.bucket_name, Prefix=f"{region['Prefix']}{day:%Y/%m/%d}/"
            )
            for page in pages:
                count += sum(each["LastModified"] > begin for each in page.get("Contents", ()))
    # A trail that has written nothing was not there yet.
    return float(count) or None
