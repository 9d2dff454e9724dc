"""Log events in a stream: what is stored, what its readers see, and which subscriptions get it.

Sensitive data is found when an event comes in, by the policies of that moment, and is masked wherever the
event goes afterwards; only who asks for it unmasked sees it all.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html

Every subscription filter of a log group sees every event.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import gzip
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.logs.models import get_moto_logs_backend
from localstack.utils.aws import arns
from localstack.utils.aws.client_types import ServicePrincipal
from moto.core.utils import unix_time_millis
from moto.logs.models import LogEvent, LogStream, logs_backends

from secretwatch.filterpattern import FilterPattern
from secretwatch.localstack.logs.settings import STANDARD, account_settings, group_settings, masker_of

LOG = logging.getLogger(__name__)

_UNMASKED: ContextVar[bool] = ContextVar("unmasked", default=False)


@contextmanager
def unmasked(wanted: bool) -> Iterator[None]:
    """Within, messages are read as they came in, if that is wanted."""
    token = _UNMASKED.set(wanted)
    try:
        yield
    finally:
        _UNMASKED.reset(token)


class StoredLogEvent(LogEvent):
    """An event whose message is masked for all that do not ask for it unmasked."""

    def __init__(self, ingestion_time: int, log_event: dict[str, Any], masked: str | None) -> None:
        self._masked = masked
        super().__init__(ingestion_time, log_event)

    @property
    def message(self) -> str:
        return self._message if self._masked is None or _UNMASKED.get() else self._masked

    @message.setter
    def message(self, message: str) -> None:
        self._message = message


def install() -> None:
    """From now on all log streams store and hand on their events as said here."""
    LogStream.put_log_events = put_log_events


def put_log_events(stream: Any, log_events: list[dict[str, Any]]) -> str:
    """Takes the place of LocalStack's and moto's; answers the next sequence token."""
    now = int(unix_time_millis())
    stream.last_ingestion_time = now
    stream.stored_bytes += sum(len(event["message"]) for event in log_events)
    stream.upload_sequence_token += 1
    masker = masker_of(stream.log_group)
    events = []
    for log_event in log_events:
        masked = masker.mask(log_event["message"]) if masker else None
        events.append(StoredLogEvent(now, log_event, masked))
    stream.events += events
    for name, pattern, destination_arn, role_arn, level in _subscriptions(stream.log_group):
        wanted = [event for event in events if pattern.matches(event.message)]
        if not wanted:
            continue
        try:
            _send(stream, name, destination_arn, role_arn, level, wanted)
        except Exception:
            # The events are stored: a destination that refuses them does not fail their sender.
            LOG.exception("subscription filter %s of %s did not get its events", name, stream.log_group.name)
    return f"{stream.upload_sequence_token:056d}"


def _subscriptions(group: Any) -> Iterator[tuple[str, FilterPattern, str, str | None, dict[str, str]]]:
    """Name, pattern, destination, role, and what a message says of the level."""
    for each in list(group.subscription_filters.values()):
        yield each.name, FilterPattern.parse(each.filter_pattern), each.destination_arn, each.role_arn, {}
    if group_settings(group).log_group_class != STANDARD:
        return
    kept = account_settings(get_moto_logs_backend(group.account_id, group.region)).subscription()
    if kept and kept.subscription and group.name not in kept.subscription.without:
        subscription = kept.subscription
        level = {"policyLevel": "ACCOUNT_LEVEL_POLICY"}
        yield kept.name, subscription.pattern, subscription.destination_arn, subscription.role_arn, level


def _send(
    stream: Any,
    name: str,
    destination_arn: str,
    role_arn: str | None,
    level: dict[str, str],
    events: Sequence[Any],
) -> None:
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": stream.account_id,
        "logGroup": stream.log_group.name,
        "logStream": stream.log_stream_name,
        "subscriptionFilters": [name],
        "logEvents": [
            {"id": str(event.event_id), "timestamp": event.timestamp, "message": event.message}
            for event in events
        ],
    } | level
    payload = gzip.compress(json.dumps(data, separators=(",", ":")).encode())
    target_arn = target_of(destination_arn)
    service, client = client_of(target_arn, role_arn, stream.log_group.arn)
    if service == "lambda":
        event = {"awslogs": {"data": base64.b64encode(payload).decode()}}
        client.invoke(FunctionName=target_arn, Payload=json.dumps(event))
    elif service == "kinesis":
        client.put_record(
            StreamName=arns.kinesis_stream_name(target_arn), Data=payload, PartitionKey=stream.log_stream_name
        )
    else:
        client.put_record(DeliveryStreamName=arns.firehose_name(target_arn), Record={"Data": payload})


def target_of(destination_arn: str) -> str:
    """A logical destination (PutDestination) stands for its target."""
    parts = destination_arn.split(":")
    if parts[2] != "logs":
        return destination_arn
    destination = logs_backends[parts[4]][parts[3]].destinations.get(destination_arn)
    return destination.target_arn if destination else destination_arn


def client_of(target_arn: str, role_arn: str | None, source_arn: str) -> tuple[str, Any]:
    """The target's service (lambda, kinesis, firehose) and a client that acts for CloudWatch Logs."""
    _, _, service, region, account_id, _ = target_arn.split(":", 5)
    if role_arn:
        factory = connect_to.with_assumed_role(
            role_arn=role_arn, service_principal=ServicePrincipal.logs, region_name=region
        )
    else:
        factory = connect_to(aws_access_key_id=account_id, region_name=region)
    client = {"lambda": "lambda_"}.get(service, service)
    return service, getattr(factory, client).request_metadata(
        source_arn=source_arn, service_principal=ServicePrincipal.logs
    )
