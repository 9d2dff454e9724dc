"""Asking for what is kept of the past: when the trail did not log, and the log files of the read's time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from secretwatch.cloudtrail import log_file_key, logs_folder
from secretwatch.pipeline.doctor.asking import Asking
from secretwatch.pipeline.doctor.kept import LATEST, SINCE
from secretwatch.pipeline.doctor.log_files import Files
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.probes.trail import records

_MOST_FILES, _LARGEST = 12, 8 * 2**20
"""A busy account has more and larger files than are worth to be fetched for a single read."""


def stops(view: View, record: Record, ask: Asking) -> None:
    """Who stopped or deleted the trail, and when it began again."""
    trail = view.trail
    status = (trail or {}).get("Status") or {}
    stopped, started = status.get("StopLoggingTime"), status.get("StartLoggingTime")
    if trail is None or started is None:
        return
    names = ["StopLogging", "StartLogging"] if stopped and record.now - stopped < SINCE else []
    # One that was made anew has no past of its own.
    names += ["DeleteTrail"] if not stopped and record.now - started < SINCE else []
    for name in names:
        asked = ask(
            "cloudtrail",
            "LookupEvents",
            region=trail.get("HomeRegion") or view.subject.region,
            items="Events",
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            StartTime=record.now - SINCE,
        )
        for each in asked.answer or ():
            event = json.loads(each.get("CloudTrailEvent") or "{}")
            if event.get("eventTime"):
                record.stops.append(event)


def log_files(view: View, record: Record, ask: Asking) -> None:
    """The log files in which the read that is followed has to be, once it is in one for sure."""
    trail, read = view.trail, record.read
    if trail is None or read is None or read.delivered is None or trail.get("IsOrganizationTrail"):
        return
    bucket = trail.get("S3BucketName")
    patience = record.patience if record.local else LATEST.total_seconds()
    if not bucket or not patience < record.age(read.time) < _kept_for(view, bucket):
        return
    aws = view.account.arn("s3", "").split(":")[1]
    arn = f"arn:{aws}:s3:::{bucket}"
    account = str(read.event.get("recipientAccountId") or record.account_id)
    found = Files(bucket)
    listed: dict[str, int] = {}
    for prefix in _hours(trail, account, read.region, read.time):
        there = ask("s3", "ListObjectsV2", arn, items="Contents", Bucket=bucket, Prefix=prefix)
        gone = ask("s3", "ListObjectVersions", arn, items="DeleteMarkers", Bucket=bucket, Prefix=prefix)
        if not there.ok:
            return
        listed |= {each["Key"]: int(each["Size"]) for each in there.answer}
        found.deleted += [each for each in gone.answer or () if each.get("IsLatest")]
    within = (read.time - timedelta(minutes=1), read.time + LATEST)
    found.deleted = [each for each in found.deleted if _is_within(each["Key"], within)]
    found.named = list(_named(view, trail, account, read, ask, arn, within))
    found.listed = [each for each in sorted(listed) if _is_within(each, within)]
    found.whole = len(found.listed) <= _MOST_FILES and all(listed[each] < _LARGEST for each in found.listed)
    for key in found.listed[:_MOST_FILES]:
        if listed[key] >= _LARGEST:
            continue
        asked = ask("s3", "GetObject", f"{arn}/{key}", Bucket=bucket, Key=key)
        if not asked.ok:
            found.whole = False
            break
        if any(each.get("eventID") == read.event_id for each in records(asked.answer["Body"])):
            found.has_it = key
            break
    record.files = found


def _kept_for(view: View, bucket: str) -> float:
    """Seconds after which the bucket itself takes files away."""
    rules = (view.account.get("bucket", bucket) or {}).get("Lifecycle") or ()
    days = [(each.get("Expiration") or {}).get("Days") for each in rules if each.get("Status") == "Enabled"]
    return 86400.0 * min((each for each in days if each), default=float("inf"))


def _hours(trail: Mapping[str, Any], account: str, region: str, at: datetime) -> list[str]:
    """How the keys of the read's hours begin."""
    prefix = trail.get("S3KeyPrefix") or None
    hours = dict.fromkeys((at, at + LATEST))
    keys = [
        log_file_key(prefix=prefix, account_id=account, region=region, at=each, unique="0" * 16)
        for each in hours
    ]
    return list(dict.fromkeys(key[: -len("MMZ_0000000000000000.json.gz")] for key in keys))


def _is_within(key: str, within: tuple[datetime, datetime]) -> bool:
    """By the minute in a log file's name."""
    try:
        at = datetime.strptime(key.rsplit("_", 2)[-2], "%Y%m%dT%H%MZ").replace(tzinfo=within[0].tzinfo)
    except (IndexError, ValueError):
        return False
    return within[0].replace(second=0, microsecond=0) <= at <= within[1]


def _named(
    view: View, trail: Mapping[str, Any], account: str, read: Any, ask: Asking, arn: str, within: Any
) -> Iterator[str]:
    """The log files of that time that digests name."""
    bucket = trail["S3BucketName"]
    if not trail.get("LogFileValidationEnabled"):
        return
    begin, end = (f"{each:%Y%m%dT%H%M%SZ}" for each in (read.time, read.time + timedelta(hours=2)))
    folder = logs_folder(trail.get("S3KeyPrefix") or None, account)
    for day in dict.fromkeys(f"{each:%Y/%m/%d}" for each in (read.time, read.time + timedelta(hours=2))):
        prefix = f"{folder}CloudTrail-Digest/{read.region}/{day}/"
        listed = ask("s3", "ListObjectsV2", arn, items="Contents", Bucket=bucket, Prefix=prefix)
        for key in sorted(each["Key"] for each in listed.answer or ()):
            ended = key.rsplit("_", 1)[-1].partition(".")[0]
            if not begin <= ended <= end:
                continue
            asked = ask("s3", "GetObject", f"{arn}/{key}", Bucket=bucket, Key=key)
            if asked.ok:
                yield from (name for name in _of_digest(asked.answer["Body"]) if _is_within(name, within))


def _of_digest(body: bytes) -> Iterator[str]:
    try:
        document = json.loads(gzip.decompress(body))
    except (OSError, EOFError, ValueError):
        return
    for each in document.get("logFiles") or () if isinstance(document, dict) else ():
        if isinstance(each, dict) and each.get("s3Object"):
            yield str(each["s3Object"])
