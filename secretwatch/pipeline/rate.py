"""How much the account reads, rings and logs: what its metric, its alarm and its bucket say."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.comparison import Observed
from secretwatch.pipeline.hops import trail_prefix
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
    """Days that the metric has data of, a whole one at least, and its sum."""
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=watch.metric_namespace,
        MetricName=watch.metric_name,
        StartTime=end - timedelta(days=_DAYS),
        EndTime=end,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    if not points:
        return None, None
    first = min(point["Timestamp"] for point in points).astimezone(UTC)
    return max((end - first) / timedelta(days=1), 1.0), sum(point["Sum"] for point in points)


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
