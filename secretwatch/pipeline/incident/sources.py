"""Asking event history, log group and alarm history, page by page, and saying what was not answered.

LookupEvents takes two calls a second of an account and region, which others need as well; it is asked slower.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch import partition
from secretwatch.incident.act import Act, act_in
from secretwatch.pipeline.doctor.asking import Asked, Asking

APP_ID = "secretwatch-incident"
_PAUSE = 0.7
"""Seconds between two calls of LookupEvents in a region."""
_MOST_LOOKED_UP, _MOST_FILTERED = 20, 200
"""Pages of one question; the log group answers with many that are empty."""


@dataclass
class Delivered:
    """An event of the log group, and when the group took it in."""

    act: Act
    at: datetime


class Sources:
    """What may be asked about one watch. local: whether nobody else needs the same calls. is_read: which
    events are reads. last: by region, when event history was last asked, by whichever of these. sleep: waits
    so many seconds; clock: tells them."""

    def __init__(
        self,
        ask: Asking,
        group: str,
        group_arn: str,
        is_read: Callable[[Mapping[str, Any]], bool],
        *,
        local: bool,
        last: dict[str, float],
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._ask, self._group, self._group_arn = ask, group, group_arn
        self._is_read = is_read
        self._pause, self._sleep = (0.0 if local else _PAUSE), sleep
        self._last, self._clock = last, clock
        self.failed: dict[str, None] = {}
        """What could not be asked, but for permissions: a clause each."""
        self.cut_short: dict[str, None] = {}
        """Of what only the newest, or the first, was read: a clause each."""
        self.logs_answer = True

    @property
    def denied(self) -> list[str]:
        return self._ask.denied

    def looked_up(
        self, attribute: str, value: str, region: str, begin: datetime | None, end: datetime | None
    ) -> list[Act]:
        """Event history, the newest thousand. attribute: AWS's name of what is looked up."""
        request: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": value}],
            "MaxResults": 50,
        }
        if begin:
            request["StartTime"] = begin
        if end:
            request["EndTime"] = end
        found: list[Act] = []
        for number in range(1, _MOST_LOOKED_UP + 1):
            self._wait(region)
            asked = self._ask("cloudtrail", "LookupEvents", region=region, **request)
            if not self._is_ok(asked, f"event history of {region}"):
                return found
            for each in asked.answer.get("Events") or ():
                if act := act_in(each.get("CloudTrailEvent"), self._is_read):
                    found.append(act)
            if not (token := asked.answer.get("NextToken")):
                return found
            request["NextToken"] = token
            if number == _MOST_LOOKED_UP:
                self.cut_short[f"the newest {len(found)} events of {value} in {region}"] = None
        return found

    def delivered(
        self, pattern: str, begin: datetime, end: datetime | None, what: str
    ) -> Iterator[Delivered]:
        """The log group's events that match, oldest first. what: they are, in words."""
        request: dict[str, Any] = {
            "logGroupName": self._group,
            "filterPattern": pattern,
            "startTime": max(int(begin.timestamp() * 1000), 0),
        }
        if end:
            request["endTime"] = int(end.timestamp() * 1000)
        count = 0
        for number in range(1, _MOST_FILTERED + 1):
            asked = self._ask("logs", "FilterLogEvents", resource=self._group_arn, **request)
            if not self._is_ok(asked, f"log group {self._group}"):
                self.logs_answer = False
                return
            for each in asked.answer.get("events") or ():
                millis = each.get("ingestionTime") or each.get("timestamp") or 0
                at = datetime.fromtimestamp(millis / 1000, UTC)
                if act := act_in(each.get("message"), self._is_read):
                    count += 1
                    yield Delivered(act, at)
            if not (token := asked.answer.get("nextToken")):
                return
            request["nextToken"] = token
            if number == _MOST_FILTERED:
                self.cut_short[f"the first {count} events of {what} in the log group"] = None

    def rang(self, alarm_name: str, region: str) -> list[datetime] | None:
        """When the alarm went into ALARM, newest first; None where that may not be asked."""
        account = self._group_arn.split(":")[4]
        asked = self._ask(
            "cloudwatch",
            "DescribeAlarmHistory",
            resource=f"arn:{partition.of_region(region).name}:cloudwatch:{region}:{account}:alarm:{alarm_name}",
            AlarmName=alarm_name,
            HistoryItemType="StateUpdate",
            MaxRecords=100,
            ScanBy="TimestampDescending",
        )
        if not self._is_ok(asked, f"history of alarm {alarm_name}"):
            return None
        return [
            each["Timestamp"].astimezone(UTC)
            for each in asked.answer.get("AlarmHistoryItems") or ()
            if str(each.get("HistorySummary", "")).endswith("to ALARM")
        ]

    def kept_since(self, now: datetime) -> datetime | None:
        """From when on the log group can have events; None where that may not be asked."""
        every = f"{self._group_arn.partition(':log-group:')[0]}:log-group:*"
        asked = self._ask("logs", "DescribeLogGroups", resource=every, logGroupNamePrefix=self._group)
        if not self._is_ok(asked, f"log group {self._group}"):
            return None
        groups = asked.answer.get("logGroups") or ()
        for each in groups:
            if each.get("logGroupName") == self._group:
                made = datetime.fromtimestamp(each.get("creationTime", 0) / 1000, UTC)
                days = each.get("retentionInDays")
                return max(made, now - timedelta(days=days)) if days else made
        return None

    def _is_ok(self, asked: Asked, what: str) -> bool:
        if not asked.ok and asked.problem != "denied":
            self.failed[f"{what}: {asked.why.rstrip('. ')}"] = None
        return asked.ok

    def _wait(self, region: str) -> None:
        pause = self._last.get(region, 0.0) + self._pause - self._clock()
        if pause > 0 and region in self._last:
            self._sleep(pause)
        self._last[region] = self._clock()
