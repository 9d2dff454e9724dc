"""LocalStack's EventBridge, with rules that mind their state, and CloudTrail's events on the default bus."""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.aws.api.events import LimitExceededException, RuleState
from localstack.services.events.models import events_stores
from localstack.services.events.provider import EventsProvider
from localstack.utils.event_matcher import matches_event
from localstack.utils.xray.trace_header import TraceHeader

from secretwatch.cloudtrail.eventbridge import ALL_MANAGEMENT_EVENTS
from secretwatch.eventpattern import MOST_CHARACTERS
from secretwatch.localstack.cloudwatch.service_metrics import METRICS
from secretwatch.localstack.events import patterns as event_patterns
from secretwatch.localstack.events.bus import EventBridge
from secretwatch.localstack.events.dead_letters import count_invocation, count_of_rule, invocation_failed
from secretwatch.localstack.events.schedules import Schedules
from secretwatch.localstack.events.targets import bus_of, check_target, deliver
from secretwatch.localstack.ticks import TICKS

LOG = logging.getLogger(__name__)

# Observed; https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
_NOT_AUTHORIZED = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}


class RecordingEventsProvider(EventsProvider):
    """The `Bus` of an EventBridge."""

    def __init__(self, event_bridge: EventBridge) -> None:
        super().__init__()
        self._matched = _LastMatched()
        self._schedules = Schedules(_scheduled_rules, self._start)
        TICKS.after_each(begin=self._schedules.look)
        event_patterns.install()
        event_bridge.attach(self)

    def on_before_start(self) -> None:
        """Not LocalStack's scheduler, whose hour begins at each full one."""

    def on_before_stop(self) -> None:
        self._schedules.stop()

    def rules(self, account_id: str, region: str) -> list[Any]:
        # Not by [], which would make what is not there.
        store = (events_stores.get(account_id) or {}).get(region)
        bus = store.event_buses.get("default") if store else None
        return [rule for rule in list(bus.rules.values()) if not rule.schedule_expression] if bus else []

    def send(self, rule: Any, account_id: str, region: str, event: dict[str, Any]) -> None:
        self._process_rules(rule, region, account_id, event, TraceHeader().ensure_root_exists())

    def forward(self, bus_arn: str, event: Mapping[str, Any]) -> None:
        """An event came from another bus, and keeps its account, region and time."""
        bus = bus_of(bus_arn)
        if bus is None:
            return
        for rule in list(bus.rules.values()):
            if not rule.schedule_expression and _asks_for(rule, event):
                self.send(rule, bus.account_id, bus.region, {**event, "event-bus-name": bus.name})

    def create_rule_service(
        self,
        name: str,
        region: str,
        account_id: str,
        schedule_expression: str | None,
        event_pattern: str | None,
        *others: Any,
    ) -> Any:
        """As AWS does, refuse a broken pattern when the rule is put, not at its first event."""
        rules = events_stores[account_id][region].event_buses[others[4]].rules
        if name not in rules and len(rules) >= _MOST_RULES:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        if event_pattern:
            if len(event_pattern) > MOST_CHARACTERS:
                message = f"Parameter EventPattern for rule {name} exceeds limit of {MOST_CHARACTERS}."
                raise CommonServiceException("ValidationException", message, 400, True)
            event_patterns.compiled(event_pattern)
        return super().create_rule_service(
            name, region, account_id, schedule_expression, event_pattern, *others
        )

    @handler("PutRule", expand=False)
    def put_rule(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        answer = super().put_rule(context, **{_snake(name): value for name, value in request.items()})
        self._schedules.look()
        return answer

    @handler("PutTargets", expand=False)
    def put_targets(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        """All are refused where one is, but for what FailedEntries is for."""
        rule, bus = request["Rule"], request.get("EventBusName")
        service = self.get_rule_service(context.region, context.account_id, rule, bus)
        for target in request["Targets"]:
            check_target(target, service.arn)
        known = set(service.rule.targets)
        if len(known | {target["Id"] for target in request["Targets"]}) > _MOST_TARGETS:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        return super().put_targets(context, rule, request["Targets"], bus)

    @handler("PutPermission", expand=False)
    def put_permission(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        """On the default bus where none is named, which LocalStack does not find."""
        super().put_permission(
            context,
            request.get("EventBusName") or "default",
            *(request.get(each) for each in ("Action", "Principal", "StatementId", "Condition", "Policy")),
        )

    @handler("RemovePermission", expand=False)
    def remove_permission(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        bus = request.get("EventBusName") or "default"
        super().remove_permission(
            context, request.get("StatementId"), request.get("RemoveAllPermissions"), bus
        )

    def _start(self, rule: Any) -> None:
        """A scheduled rule's time has come. The event has the machine's time, whatever was ticked."""
        count_of_rule(rule.account_id, rule.region, "default", rule.name, "TriggeredRules")
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": rule.account_id,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": rule.region,
            "resources": [rule.arn],
            "detail": {},
        }
        for target in list(rule.targets.values()):
            sender = self._target_sender_store[f"{rule.arn}-{target['Id']}"]
            try:
                sender.process_event(event, TraceHeader().ensure_root_exists())
            except Exception as error:
                LOG.info("%s did not reach %s: %s", rule.arn, target["Arn"], error)

    def create_target_sender(self, target: Any, rule_arn: str, *others: Any) -> Any:
        """What became of an event is counted; one that failed goes to the target's dead-letter queue."""
        sender = super().create_target_sender(target, rule_arn, *others)

        def process(event: Any, trace_header: Any) -> None:
            original = {name: value for name, value in event.items() if name != "event-bus-name"}
            try:
                deliver(sender, original, trace_header, self.forward)
            except Exception as error:
                invocation_failed(sender, original, error)
                raise
            count_invocation(sender, "Invocations")

        sender.process_event = process
        return sender

    def _process_rules(
        self, rule: Any, region: str, account_id: str, event_formatted: Any, trace_header: Any
    ) -> None:
        if rule.state == RuleState.DISABLED or not matches_event(rule.event_pattern, event_formatted):
            return
        bus = event_formatted.get("event-bus-name") or "default"
        if self._matched.event != event_formatted.get("id"):
            # All rules of a bus see one event after the other, on one thread: it counts once.
            self._matched.event = event_formatted.get("id")
            METRICS.add("AWS/Events", "MatchedEvents", 1, account_id=account_id, region=region)
        for metric in ("MatchedEvents", "TriggeredRules"):
            count_of_rule(account_id, region, bus, rule.name, metric)
        super()._process_rules(rule, region, account_id, event_formatted, trace_header)

    def _process_entry(
        self,
        entry: Any,
        processed_entries: list[Any],
        failed_entry_count: dict[str, int],
        context: RequestContext,
    ) -> None:
        """What begins with `aws.` comes from AWS's services alone."""
        if str(entry.get("Source") or "").startswith("aws.") and not context.is_internal_call:
            processed_entries.append(dict(_NOT_AUTHORIZED))
            failed_entry_count["count"] += 1
            return
        super()._process_entry(entry, processed_entries, failed_entry_count, context)


def _scheduled_rules() -> list[Any]:
    return [
        rule
        for regions in list(events_stores.values())
        for store in list(regions.values())
        for bus in list(store.event_buses.values())
        for rule in list(bus.rules.values())
        if rule.schedule_expression
    ]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class _LastMatched(threading.local):
    event: str | None = None


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
_MOST_TARGETS = 5
_MOST_RULES = 300


def _asks_for(rule: Any, event: Mapping[str, Any]) -> bool:
    """Whether the rule's state lets a read-only management event through, if it is one."""
    detail = event.get("detail")
    is_read = (
        event.get("detail-type") == "AWS API Call via CloudTrail"
        and isinstance(detail, Mapping)
        and detail.get("managementEvent") is True
        and detail.get("readOnly") is True
    )
    return not is_read or rule.state == ALL_MANAGEMENT_EVENTS
