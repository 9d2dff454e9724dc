"""What is kept of the past, and what is not: gaps in the logging, log files that were taken away. Pure.

Neither comes back by a mend: what was not logged rang nothing, and a file that is gone is gone. It is said
all the same, with what has it still: the event history has for 90 days what the trail did not log.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.calls import Call, Person, Run, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.log_files import Files
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.view import View

SINCE = timedelta(days=14)
"""For how long a gap is told, as long as AWS keeps an alarm's history."""
LATEST = timedelta(minutes=30)
"""After which a call is in a log file for sure: CloudTrail takes about five minutes."""


@dataclass(frozen=True)
class Gap:
    begin: datetime
    end: datetime
    how: str


def gaps(trail: Mapping[str, Any], calls: Iterable[Event]) -> list[Gap]:
    """When the trail did not log, and does again, oldest first; of a gap that lasts the trail's hop tells."""
    status = trail.get("Status") or {}
    started, stopped = status.get("StartLoggingTime"), status.get("StopLoggingTime")
    own = (trail.get("Name"), trail.get("TrailARN"))
    found: list[Gap] = []
    begun: tuple[datetime, str] | None = None
    for each in sorted(calls, key=lambda call: str(call["eventTime"])):
        if each.get("errorCode") or (each.get("requestParameters") or {}).get("name") not in own:
            continue
        at = datetime.fromisoformat(str(each["eventTime"])).astimezone(UTC)
        if each["eventName"] == "StartLogging":
            if begun:
                found.append(Gap(begun[0], at, begun[1]))
            begun = None
        elif begun is None:
            who = (each.get("userIdentity") or {}).get("arn")
            begun = (at, f"{each['eventName']}{f' by {who}' if who else ''}")
    if not found and begun is None and started and stopped and stopped < started:
        begun = (stopped.astimezone(UTC), "StopLogging")  # its history may not be looked at
    if begun and started and trail.get("IsLogging") is not False and started > begun[0]:
        found.append(Gap(begun[0], started.astimezone(UTC), begun[1]))
    return [each for each in found if each.end - each.begin >= timedelta(seconds=1)]


def of_trail(hop: Hop, view: View, record: Record) -> None:
    """What the trail did not log of the last days, and what it logged and is not there any more."""
    if view.trail is None:
        return
    found = [each for each in gaps(view.trail, record.stops) if record.now - each.end < SINCE]
    for gap in found[-1:]:
        more = f" There were {len(found) - 1} more such times in two weeks." if len(found) > 1 else ""
        what = "Reads in between" if view.subject.is_about_secrets else "Calls in between"
        hop.warning(
            "logging-gap",
            f"The trail {view.trail['Name']} did not log from {gap.begin:%d %b %H:%M:%S} to "
            f"{gap.end:%d %b %H:%M:%S} UTC ({gap.how}). {what} rang nothing, stand in no log file, and will "
            f"not: the event history has them for 90 days.{more}",
            *_history(view, gap),
        )
    _files(hop, view, record)


def _history(view: View, gap: Gap) -> list[Step]:
    names = view.subject.event_names[:2] if view.subject.is_about_secrets else ()
    return [
        Call(
            "cloudtrail",
            "LookupEvents",
            {
                "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
                "StartTime": f"{gap.begin:%Y-%m-%dT%H:%M:%SZ}",
                "EndTime": f"{gap.end:%Y-%m-%dT%H:%M:%SZ}",
            },
        )
        for name in names
    ]


def _files(hop: Hop, view: View, record: Record) -> None:
    files, read = record.files, record.read
    if files is None or read is None:
        return
    if files.has_it:
        hop.saw("s3:GetObject", f"s3://{files.bucket}/{files.has_it}", read.time, f"has {read.event_id}")
    missing = sorted({*files.named} - {*files.listed})
    if files.deleted:
        _deleted(hop, files)
    elif missing:
        hop.broken(
            "log-file-gone",
            f"Digests name {_many(missing)} of the time of the read that the bucket {files.bucket} does not "
            f"have any more: {missing[0]}.",
            *_what_is_left(view, record),
            stops=False,
        )
    elif files.whole and not files.has_it and not _was_not_put(hop, view, record):
        hop.broken(
            "log-file-gone",
            f"The read of {read.time:%H:%M:%S} UTC is in none of the {len(files.listed)} log files that the "
            f"bucket {files.bucket} has of that time: the one that had it was taken away, or changed.",
            *_what_is_left(view, record),
            stops=False,
        )


def _was_not_put(hop: Hop, view: View, record: Record) -> bool:
    """Whether the file may never have come: something is, or was, in the way of its delivery."""
    status = (view.trail or {}).get("Status") or {}
    return bool(
        any(each.verdict == "broken" for each in hop.findings)
        or status.get("LatestDeliveryError")
        or record.changed_since_the_read("cloudtrail", "iam", "kms", "s3")
    )


def _deleted(hop: Hop, files: Files) -> None:
    keys = [str(each["Key"]) for each in files.deleted]
    at = max(each["LastModified"] for each in files.deleted).astimezone(UTC)
    hop.broken(
        "log-file-deleted",
        f"Somebody deleted {_many(keys)} of the time of the read from the bucket {files.bucket} at "
        f"{at:%d %b %H:%M:%S} UTC: {keys[0]}. The bucket keeps versions: without its delete marker a file is "
        "there again.",
        *(
            Call("s3", "DeleteObject", {"Bucket": files.bucket, "Key": key, "VersionId": each["VersionId"]})
            for key, each in zip(keys, files.deleted, strict=True)
        ),
        stops=False,
    )


def _what_is_left(view: View, record: Record) -> list[Step]:
    read = record.read
    assert read
    begin, end = read.time - timedelta(hours=1), min(read.time + timedelta(hours=2), record.now)
    times = f"--start-time {begin:%Y-%m-%dT%H:%M:%SZ} --end-time {end:%Y-%m-%dT%H:%M:%SZ}"
    arn = shlex.quote(str(view.trail_arn))
    return [
        Run(f"aws cloudtrail validate-logs --trail-arn {arn} {times}    # by the digests, hour by hour"),
        Person("A file that is gone does not come back: the log group and the event history have the read."),
    ]


def _many(keys: list[str]) -> str:
    return "a log file" if len(keys) == 1 else f"{len(keys)} log files"
