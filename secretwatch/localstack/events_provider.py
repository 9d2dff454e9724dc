"""LocalStack's EventBridge, with rules that mind their state, and CloudTrail's events on the default bus."""

from __future__ import annotations

import re
import threading
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.events import RuleState
from localstack.services.events import target as localstack_target
from localstack.services.events.event_rule_engine import EventPatternCompiler
from localstack.services.events.models import events_stores
from localstack.services.events.provider import EventsProvider
from localstack.utils import event_matcher
from localstack.utils.event_matcher import matches_event
from localstack.utils.xray.trace_header import TraceHeader

from secretwatch.filterpattern import InvalidFilterPattern, Selector
from secretwatch.localstack.dead_letters import count_invocation, count_of_rule, invocation_failed
from secretwatch.localstack.event_bridge import EventBridge
from secretwatch.localstack.event_patterns import PatternEngine
from secretwatch.localstack.permissions import require_publish
from secretwatch.localstack.service_metrics import METRICS
from secretwatch.policy.services import EVENTS

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
        localstack_target.extract_jsonpath = at_path
        localstack_target.is_nested_in_string = is_in_quotes
        event_matcher._event_rule_engine = PatternEngine()
        event_bridge.attach(self)

    def rules(self, account_id: str, region: str) -> list[Any]:
        # Not by [], which would make what is not there.
        store = (events_stores.get(account_id) or {}).get(region)
        bus = store.event_buses.get("default") if store else None
        return [rule for rule in list(bus.rules.values()) if not rule.schedule_expression] if bus else []

    def send(self, rule: Any, account_id: str, region: str, event: dict[str, Any]) -> None:
        self._process_rules(rule, region, account_id, event, TraceHeader().ensure_root_exists())

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
        if event_pattern:
            EventPatternCompiler().compile_event_pattern(event_pattern)
        return super().create_rule_service(
            name, region, account_id, schedule_expression, event_pattern, *others
        )

    def create_target_sender(self, target: Any, rule_arn: str, *others: Any) -> Any:
        """A topic whose policy or key does not let EventBridge publish gets nothing, as on AWS.

        What became of an event is counted; one that failed goes to the target's dead-letter queue.
        """
        sender = super().create_target_sender(target, rule_arn, *others)
        if isinstance(sender, localstack_target.SnsTargetSender):
            send = sender.send_event

            def send_if_allowed(event: Any, trace_header: Any) -> None:
                require_publish(EVENTS, target["Arn"], rule_arn)
                if isinstance(event, str) and target.get("InputTransformer"):
                    # Lines, each in its quotation marks: LocalStack would make one JSON string of them.
                    sender.client.publish(TopicArn=target["Arn"], Message=f'"{event}"')
                else:
                    send(event, trace_header)

            sender.send_event = send_if_allowed
        process = sender.process_event

        def process_and_count(event: Any, trace_header: Any) -> None:
            original = {name: value for name, value in event.items() if name != "event-bus-name"}
            try:
                process(event, trace_header)
            except Exception as error:
                invocation_failed(sender, original, error)
                raise
            count_invocation(sender, "Invocations")

        sender.process_event = process_and_count
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


class _LastMatched(threading.local):
    event: str | None = None


def at_path(event: dict[str, Any], path: str) -> Any:
    """What a target's input path points to, several values as a list, none as an empty one.

    LocalStack reads paths by a package that the local cloud does not need for anything else. The paths that
    EventBridge takes are written as the selectors of a filter pattern are, but for `$`, the whole event.
    """
    if path == "$":
        return event
    try:
        selector = Selector.parse(path)
    except InvalidFilterPattern:
        return []
    values = selector.values(event)
    return values[0] if len(values) == 1 and not selector.has_wildcard else values


def is_in_quotes(template: str, match: re.Match[str]) -> bool:
    """Whether a placeholder of an input template stands in a string.

    LocalStack's own answer is no where a comma or a brace follows in the same string.
    """
    before = template[: match.start()].replace("\\\\", "").replace('\\"', "")
    return before.count('"') % 2 == 1
