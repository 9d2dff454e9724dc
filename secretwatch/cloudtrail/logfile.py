"""Where a trail's events land, and in what form: log files in S3, streams in CloudWatch Logs, SNS.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from secretwatch.cloudtrail.event import Event

# Made once: this runs for every event.
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def logs_folder(prefix: str | None, account_id: str, organization_id: str | None = None) -> str:
    """Where all files of an account begin: ``[prefix/]AWSLogs/[o-id/]ACCOUNT/``.

    ``organization_id`` is that of an organization's trail, and None for others.
    """
    head = f"{prefix.rstrip('/')}/" if prefix else ""
    organization = f"{organization_id}/" if organization_id else ""
    return f"{head}AWSLogs/{organization}{account_id}/"


def log_file_key(
    *,
    prefix: str | None,
    account_id: str,
    region: str,
    at: datetime,
    unique: str,
    organization_id: str | None = None,
) -> str:
    """The key of a log file delivered at ``at`` (UTC).

    ``FOLDER/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz``
    where ``unique`` is 16 alphanumeric characters, and ``FOLDER`` that of `logs_folder`.
    """
    if len(unique) != 16 or not unique.isalnum():
        raise ValueError(f"a log file's unique part is 16 alphanumeric characters, not {unique!r}")
    return (
        f"{logs_folder(prefix, account_id, organization_id)}CloudTrail/{region}/{at:%Y/%m/%d}/"
        f"{account_id}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{unique}.json.gz"
    )


def event_text(event: Event) -> str:
    """The event on one line, as it stands in a log file and is the message of a log event."""
    return _JSON.encode(event)


def log_file_content(texts: Sequence[str]) -> bytes:
    """The content of a log file, before compression: ``{"Records": [...]}`` of the events' texts."""
    return f'{{"Records":[{",".join(texts)}]}}'.encode("utf-8", "surrogatepass")


def log_stream_name(account_id: str, home_region: str, organization_id: str | None = None) -> str:
    """The log stream a trail writes an account's events to: ``[o-id_]ACCOUNT_CloudTrail_REGION``."""
    organization = f"{organization_id}_" if organization_id else ""
    return f"{organization}{account_id}_CloudTrail_{home_region}"


def notification(bucket: str, keys: Sequence[str]) -> str:
    """What a trail with a topic publishes for delivered log files: where they are, nothing of the events."""
    return json.dumps({"s3Bucket": bucket, "s3ObjectKey": list(keys)}, separators=(",", ":"))
