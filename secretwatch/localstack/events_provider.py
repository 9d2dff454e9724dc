"""LocalStack's EventBridge, with rules that mind their state, and CloudTrail's events on the default bus."""

from __future__ import annotations

from typing import Any

from localstack.aws.api.events import RuleState
from localstack.services.events.event_rule_engine import EventPatternCompiler
from localstack.services.events.models import events_stores
from localstack.services.events.provider import EventsProvider
from localstack.utils.xray.trace_header import TraceHeader

from secretwatch.localstack.event_bridge import EventBridge


class RecordingEventsProvider(EventsProvider):
    """The `Bus` of an EventBridge."""

    def __init__(self, event_bridge: EventBridge) -> None:
        super().__init__()
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

    def _process_rules(
        self, rule: Any, region: str, account_id: str, event_formatted: Any, trace_header: Any
    ) -> None:
        if rule.state != RuleState.DISABLED:
            super()._process_rules(rule, region, account_id, event_formatted, trace_header)
