"""Delivery: what trails recorded goes to S3, to the log group and, as a note, to a topic.

A sink that refuses keeps its events and is tried again at the next interval, as CloudTrail retries; the
other sinks, and other trails, do not wait for it. What is held (`held.py`) is not here yet.
"""

from __future__ import annotations

import gzip
import logging
import random
import string
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from moto.logs.exceptions import ResourceNotFoundException

from secretwatch.cloudtrail import (
    EVENT_BYTES,
    Digest,
    LoggedFile,
    log_file_content,
    log_file_key,
    log_stream_name,
    notification,
)
from secretwatch.localstack.access.services.delivering import (
    require_bucket,
    require_group_key,
    require_logs,
    require_publish,
)
from secretwatch.localstack.cloudtrail.digests import Digests
from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.localstack.cloudtrail.trails import (
    PENDING_LIMIT,
    Pending,
    PendingEvent,
    Trail,
    Trails,
    set_time,
)
from secretwatch.localstack.logs import intake as log_intake
from secretwatch.policy.services import CLOUDTRAIL

LOG = logging.getLogger(__name__)

# PutLogEvents: at most 10,000 events and 1,048,576 bytes, an event counting 26 bytes more than its
# message; no event over 256 KB reaches CloudWatch Logs.
_LOGS_EVENTS = 10_000
_LOGS_BYTES = 1_048_576
_LOGS_OVERHEAD = 26
_EVENT_BYTES = EVENT_BYTES
_FILE_EVENTS = 10_000


class Delivery:
    """A thread that delivers every ``interval`` seconds; ``flush()`` delivers what is there now."""

    def __init__(self, trails: Trails, interval: float, digest_interval: float) -> None:
        self._trails = trails
        self._interval = interval
        self._digests = Digests(digest_interval, _store_digest)
        self._stop = threading.Event()
        self._busy = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="cloudtrail-delivery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Deliver what was recorded so far, and the digests of it, then end."""
        self._stop.set()
        self._thread.join(timeout=30)
        self.flush(last=True)
        for trail in self._trails.all():
            LOG.info("trail %s: %d events delivered until the end", trail.name, trail.events_delivered)
            if left := len(self._trails.pending(trail)):
                LOG.warning(
                    "trail %s: %d events lost with the end: their sink refused them", trail.name, left
                )

    def flush(self, *, last: bool = False) -> None:
        with self._busy:
            trails, leaving = self._trails.all(), self._trails.leaving()
            self._digests.forget_all_but([*trails, *leaving])
            for trail in (*trails, *leaving):
                self._deliver(trail, self._trails.pending(trail), last)
            if self._trails.held.is_settled:
                for trail in leaving:
                    if left := self._trails.forget(trail):
                        tell_lost(trail, left)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            try:
                self.flush()
            except Exception:
                LOG.exception("delivery failed; it is tried again in %s s", self._interval)

    def _deliver(self, trail: Trail, pending: Pending, last: bool) -> None:
        with self._trails.lock:
            dropped, pending.dropped = pending.dropped, 0
        if dropped:
            DROPS.add(
                service=CLOUDTRAIL,
                target=trail.arn,
                reason=f"{dropped} events: a sink that refuses them has {PENDING_LIMIT} waiting already",
            )
        # What comes in meanwhile waits for the next time: else a busy account would get a file for every
        # few events, and its log group none.
        keys: list[str] = []
        for (account_id, region), queue in list(pending.s3.items()):
            for batch in _files(self._waiting(queue)):
                put = partial(self._to_s3, trail, account_id, region, queue, batch, keys)
                if not _tried(trail, "LatestDeliveryError", put):
                    break
        if keys and trail.sns_topic_arn:
            _tried(trail, "LatestNotificationError", partial(_notify, trail, keys))
        for account_id, queue in list(pending.logs.items()):
            for batch in _log_batches(self._waiting(queue)):
                put = partial(_to_logs, trail, account_id, queue, batch)
                if not _tried(trail, "LatestCloudWatchLogsDeliveryError", put):
                    break
        if not (last or self._trails.held.is_settled):
            return  # A digest names what was delivered: the last one of a stopped trail waits for the rest.
        sign = partial(self._digests.deliver, trail, datetime.now(UTC), last=last)
        _tried(trail, "LatestDigestDeliveryError", sign)

    def _to_s3(
        self,
        trail: Trail,
        account_id: str,
        region: str,
        queue: deque[PendingEvent],
        events: list[PendingEvent],
        keys: list[str],
    ) -> None:
        """Store one log file and note its key; its events leave the queue once it is stored."""
        now = datetime.now(UTC)
        content = log_file_content([event.text for event in events])
        key = log_file_key(
            prefix=trail.s3_key_prefix,
            account_id=account_id,
            organization_id=trail.organization_id,
            region=region,
            at=now,
            unique="".join(random.choices(string.ascii_letters + string.digits, k=16)),
        )
        _put_object(trail, key, content)
        _drop_front(queue, len(events))
        keys.append(key)
        trail.events_delivered += len(events)
        log_file = LoggedFile.of(
            bucket=trail.s3_bucket_name,
            key=key,
            content=content,
            event_times=[event.time for event in events],
        )
        self._digests.add(trail, region, log_file, now, account_id)
        set_time(trail, "LatestDeliveryTime", now)
        trail.status["LatestDeliveryAttemptSucceeded"] = trail.status["LatestDeliveryAttemptTime"]

    def _waiting(self, queue: deque[PendingEvent]) -> list[PendingEvent]:
        """The events of a queue, oldest first; they stay in it, and others are being added."""
        with self._trails.lock:
            return list(queue)


def tell_lost(trail: Trail, count: int) -> None:
    """A deleted trail delivers no more: what its sinks refused is lost, and seen to be."""
    DROPS.add(
        service=CLOUDTRAIL,
        target=trail.arn,
        reason=f"{count} deliveries were waiting for a sink when the trail was deleted",
    )


def _tried(trail: Trail, error_name: str, deliver: Callable[[], object]) -> bool:
    """Whether a sink took what it was given; if not, the trail's status says why, by AWS's name."""
    try:
        deliver()
    except Exception as error:
        code = (
            error.response.get("Error", {}).get("Code", "Unknown")
            if isinstance(error, ClientError)
            else "InternalError"
        )
        if trail.status.get(error_name) != code:
            # Only the first of many: a sink that refuses does so at every interval.
            LOG.warning("trail %s: %s: %s", trail.name, error_name, error, exc_info=code == "InternalError")
        trail.status[error_name] = code
        return False
    trail.status.pop(error_name, None)
    return True


def _put_object(trail: Trail, key: str, content: bytes, metadata: dict[str, str] | None = None) -> None:
    # Without a key of the trail's the bucket's default is used.
    encryption = (
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.kms_key_id} if trail.kms_key_id else {}
    )
    require_bucket(trail, key)
    connect_to(aws_access_key_id=trail.account_id, region_name=trail.home_region).s3.put_object(
        Bucket=trail.s3_bucket_name,
        Key=key,
        Body=gzip.compress(content, compresslevel=1, mtime=0),
        ContentType="application/json",
        ContentEncoding="gzip",
        Metadata=metadata or {},
        **encryption,
    )


def _store_digest(trail: Trail, digest: Digest) -> None:
    _put_object(trail, digest.key, digest.content, digest.metadata)
    trail.status["LatestDigestDeliveryTime"] = digest.end


def _notify(trail: Trail, keys: Sequence[str]) -> None:
    topic_arn = trail.sns_topic_arn
    assert topic_arn
    sns = connect_to(aws_access_key_id=topic_arn.split(":")[4], region_name=topic_arn.split(":")[3]).sns
    for key in keys:
        require_publish(CLOUDTRAIL, topic_arn, trail.arn)
        sns.publish(
            TopicArn=topic_arn,
            Message=notification(trail.s3_bucket_name, [key]),
        )
    set_time(trail, "LatestNotificationTime", datetime.now(UTC))
    trail.status["LatestNotificationAttemptSucceeded"] = trail.status["LatestNotificationAttemptTime"]


def _drop_front(pending: deque[PendingEvent], count: int) -> None:
    for _ in range(count):
        pending.popleft()


def _files(events: list[PendingEvent]) -> Iterator[list[PendingEvent]]:
    for start in range(0, len(events), _FILE_EVENTS):
        yield events[start : start + _FILE_EVENTS]


def _log_batches(events: list[PendingEvent]) -> Iterator[list[PendingEvent]]:
    """Parts that one PutLogEvents takes each; events that it never takes count nothing."""
    batch: list[PendingEvent] = []
    size = 0
    for event in events:
        length = _length(event)
        counts = length + _LOGS_OVERHEAD if length <= _EVENT_BYTES else 0
        if batch and (size + counts > _LOGS_BYTES or len(batch) == _LOGS_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += counts
    if batch:
        yield batch


def _length(event: PendingEvent) -> int:
    return log_intake.size_of(event.text)


def _to_logs(trail: Trail, account_id: str, queue: deque[PendingEvent], events: list[PendingEvent]) -> None:
    """Put one batch of log events; its events leave the queue once it is put."""
    arn = trail.cloud_watch_logs_log_group_arn
    if arn is None:
        queue.clear()
        return
    # A delegated administrator's log group is in its own account, not in that of the trail.
    region, owner, _, group = arn.split(":")[3:7]
    stream = log_stream_name(account_id, trail.home_region, trail.organization_id)
    now = int(datetime.now(UTC).timestamp() * 1000)
    fitting = [event for event in events if _length(event) <= _EVENT_BYTES]
    if fitting:
        require_logs(trail, account_id)
        require_group_key(arn.removesuffix(":*"), log_intake.key_of(owner, region, group))
        put = partial(
            log_intake.put,
            owner,
            region,
            group,
            stream,
            [{"timestamp": now, "message": event.text} for event in fitting],
            [event.as_read() for event in fitting],
        )
        try:
            put()
        except ResourceNotFoundException:
            # The group may be new: CloudTrail makes its stream. A missing group is raised here.
            logs = connect_to(aws_access_key_id=owner, region_name=region).logs
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            put()
    _drop_front(queue, len(events))
    trail.status["LatestCloudWatchLogsDeliveryTime"] = datetime.now(UTC)
    if len(fitting) < len(events):
        DROPS.add(
            service=CLOUDTRAIL,
            target=arn,
            reason=f"{len(events) - len(fitting)} events of more than {_EVENT_BYTES} bytes",
        )
