"""Composite alarms: kept, and evaluated whenever an alarm changes its state.

Suppressors (`ActionsSuppressor`) are kept without effect.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.services.cloudwatch.models import LocalStackCompositeAlarm

from secretwatch.alarm.rule import AlarmRule, InvalidAlarmRule
from secretwatch.localstack.cloudwatch.alarm_mutes import MutedActions
from secretwatch.localstack.cloudwatch.alarm_settings import check_actions, refusal, refuse_malformed

LOG = logging.getLogger(__name__)

ACTIONS = {
    "OK": "OKActions",
    "ALARM": "AlarmActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}
KEPT_ON_UPDATE = (
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
)
HISTORY_VERSION = "1.0"
_DEEPEST = 20  # composite alarms of composite alarms; AWS stops at a cycle, too


class CompositeAlarmOperations:
    """Part of the provider of CloudWatch, which runs actions and remembers."""

    # What the provider brings.
    _state_lock: Any
    get_store: Callable[[str, str], Any]
    mute: Callable[[Any, Any, list[str], datetime, MutedActions], bool]
    _remember: Callable[[Any, Any, str, str, Mapping[str, Any]], None]
    _run_composite_alarm_actions: Callable[[RequestContext, Any, str, Any], None]

    @handler("PutCompositeAlarm", expand=False)
    def put_composite_alarm(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        """An alarm that exists keeps its state when it is changed, and its tags."""
        refuse_malformed(context, request)
        check_actions(request, context.region)
        try:
            rule = _rule(request["AlarmRule"])
        except InvalidAlarmRule as error:
            raise refusal(str(error)) from error
        with self._state_lock:
            store = self.get_store(context.account_id, context.region)
            if missing := [name for name in rule.alarms if _child(store, name) is None]:
                raise refusal(
                    f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule "
                    "do not exist"
                )
            alarm = LocalStackCompositeAlarm(context.account_id, context.region, {**request})
            arn = alarm.alarm["AlarmArn"]
            before = store.alarms.get(arn)
            if before is not None:
                if not isinstance(before, LocalStackCompositeAlarm):
                    raise refusal("A metric alarm with this name exists.")
                alarm.alarm |= {name: before.alarm[name] for name in KEPT_ON_UPDATE if name in before.alarm}
            elif tags := request.get("Tags"):
                store.TAGS.tag_resource(arn, tags)
            store.alarms[arn] = alarm
            self._remember(
                store,
                alarm,
                "ConfigurationUpdate",
                f'Alarm "{request["AlarmName"]}" {"updated" if before else "created"}',
                {"version": HISTORY_VERSION, "type": "Update" if before else "Create"},
            )
            self._evaluate_composite(context, alarm, None, 0, was_updated=before is not None)

    def parents_of(self, store: Any, names: set[str]) -> list[str]:
        """Those of the named alarms of which a composite alarm that is not among them depends."""
        found = set()
        for alarm in list(store.alarms.values()):
            if isinstance(alarm, LocalStackCompositeAlarm) and alarm.alarm["AlarmName"] not in names:
                children = (_child(store, name) for name in _rule(alarm.alarm["AlarmRule"]).alarms)
                found |= {child.alarm["AlarmName"] for child in children if child is not None} & names
        return sorted(found)

    def _evaluate_composite_alarms(self, context: RequestContext, triggering_alarm: Any) -> None:
        self._evaluate_all(context, triggering_alarm, 0)

    def _evaluate_all(self, context: RequestContext, triggering_alarm: Any, depth: int) -> None:
        if depth > _DEEPEST:
            LOG.warning("composite alarms depend on each other: their evaluation stops here")
            return
        store = self.get_store(context.account_id, context.region)
        for alarm in list(store.alarms.values()):
            if isinstance(alarm, LocalStackCompositeAlarm) and alarm is not triggering_alarm:
                self._evaluate_composite(context, alarm, triggering_alarm, depth)

    def _evaluate_composite(
        self, context: RequestContext, alarm: Any, trigger: Any, depth: int, *, was_updated: bool = False
    ) -> None:
        """trigger: the alarm that changed; None where this one was created or updated."""
        store = self.get_store(context.account_id, context.region)
        described = alarm.alarm
        rule = _rule(described["AlarmRule"])
        children = {name: _child(store, name) for name in rule.alarms}
        state = "ALARM" if rule.holds(lambda name: _state(children[name])) else "OK"
        old_state, old_reason = described["StateValue"], described["StateReason"]
        old_time = described["StateUpdatedTimestamp"]
        if state == old_state:
            return
        reason, triggering = _reason(described["AlarmArn"], state, trigger, was_updated), [trigger]
        if trigger is None:
            triggering = [each for each in children.values() if each is not None]
        reason_data = {"triggeringAlarms": [_triggering(each) for each in triggering]}
        now = moment()
        described |= {
            "StateValue": state,
            "StateReason": reason,
            "StateReasonData": json.dumps(reason_data),
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
        }
        after = {"stateValue": state, "stateReason": reason, "stateReasonData": reason_data}
        before = {"stateValue": old_state, "stateReason": old_reason}
        self._remember(
            store,
            alarm,
            "StateUpdate",
            f"Alarm updated from {old_state} to {state}",
            {"version": HISTORY_VERSION, "oldState": before, "newState": after},
        )
        actions = list(described.get(ACTIONS[state]) or [])
        change = MutedActions(state, old_state, old_reason, old_time)
        if described["ActionsEnabled"] and not self.mute(store, alarm, actions, now, change):
            self._run_composite_alarm_actions(context, alarm, old_state, trigger or alarm)
        self._evaluate_all(context, alarm, depth + 1)


def moment() -> datetime:
    """Now, in the whole milliseconds that alarms, their history and their events have."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@lru_cache(maxsize=256)
def _rule(text: str) -> AlarmRule:
    return AlarmRule.parse(text)


def _child(store: Any, name: str) -> Any | None:
    """The alarm that a rule names by its name or ARN."""
    if name.startswith("arn:"):
        return store.alarms.get(name)
    return next((each for each in list(store.alarms.values()) if each.alarm["AlarmName"] == name), None)


def _state(alarm: Any | None) -> str:
    return "" if alarm is None else str(alarm.alarm["StateValue"])


def _reason(arn: str, state: str, trigger: Any | None, was_updated: bool) -> str:
    """Its forms were observed."""
    if trigger is None:
        return f"{arn} was {'updated' if was_updated else 'created'} and its alarm rule evaluates to {state}"
    described = trigger.alarm
    at = f"{described['StateTransitionedTimestamp']:%A %d %B, %Y %H:%M:%S %Z}"
    return f"{described['AlarmArn']} transitioned to {described['StateValue']} at {at}"


def _triggering(alarm: Any) -> dict[str, Any]:
    at = alarm.alarm["StateTransitionedTimestamp"]
    timestamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
    return {
        "arn": alarm.alarm["AlarmArn"],
        "state": {"value": alarm.alarm["StateValue"], "timestamp": timestamp},
    }
