"""Where a trail's events land, and in what form: log files in S3, streams in CloudWatch Logs, SNS.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import datetime

from secretwatch.cloudtrail.event import Event


def log_file_key(*, prefix: str | None, account_id: str, region: str, at: datetime, unique: str) -> str:
    """The key of a log file delivered at ``at`` (UTC).

    ``[prefix/]AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz``
    where ``unique`` is 16 alphanumeric characters.
    """
    if len(unique) != 16 or not unique.isalnum():
        raise ValueError(f"a log file's unique part is 16 alphanumeric characters, not {unique!r}")
    head = f"{prefix.rstrip('/')}/" if prefix else ""
    return (
        f"{head}AWSLogs/{account_id}/CloudTrail/{region}/{at:%Y/%m/%d}/"
        f"{account_id}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{unique}.json.gz"
    )


def log_file_body(events: Sequence[Event]) -> bytes:
    """The gzipped content of a log file: ``{"Records": [...]}`` on one line."""
    text = json.dumps({"Records": list(events)}, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode("utf-8", "surrogatepass"), compresslevel=6, mtime=0)


def log_stream_name(account_id: str, home_region: str) -> str:
    """The log stream a trail writes to, in its log group: ``ACCOUNT_CloudTrail_REGION``."""
    return f"{account_id}_CloudTrail_{home_region}"


def notification(bucket: str, keys: Sequence[str]) -> str:
    """What a trail with a topic publishes for delivered log files: where they are, nothing of the events."""
    return json.dumps({"s3Bucket": bucket, "s3ObjectKey": list(keys)}, separators=(",", ":"))
