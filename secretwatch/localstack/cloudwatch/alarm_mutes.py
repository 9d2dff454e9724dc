"""Alarm mute rules: kept, listed, and asked before an alarm's actions run.

A muted alarm changes its state as ever. When no rule mutes it any more and it still is in the state in
which its actions were muted first, they run then.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html

AWS does not say what an alarm's history has of an action that was muted: here an item of the type Action
with the actionState Muted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.services.cloudwatch.models import cloudwatch_stores

from secretwatch.alarm.mute import InvalidMuteRule, MuteRule
from secretwatch.localstack.cloudwatch.alarm_settings import refusal, refuse_malformed

_RULES_IN_A_PAGE = 50
_KEPT = "secretwatch_mutes"


@dataclass(frozen=True)
class KeptRule:
    """A rule as it was put."""

    request: Mapping[str, Any]
    rule: MuteRule
    arn: str
    last_updated: datetime

    @property
    def targets(self) -> list[str]:
        return list((self.request.get("MuteTargets") or {}).get("AlarmNames") or [])


@dataclass(frozen=True)
class MutedActions:
    """Actions of an alarm that did not run: the state they were for, and what it was before."""

    state: str
    old_state: str
    old_reason: str
    old_time: datetime


@dataclass
class Mutes:
    """Of one account and region."""

    rules: dict[str, KeptRule] = field(default_factory=dict)
    muted: dict[str, MutedActions] = field(default_factory=dict)
    """By the alarm's ARN."""

    def muting(self, alarm_name: str, at: datetime) -> str | None:
        """The name of a rule that mutes this alarm now."""
        for name, kept in list(self.rules.items()):
            if alarm_name in kept.targets and kept.rule.mutes(at):
                return name
        return None


def mutes_of(store: Any) -> Mutes:
    kept: Mutes | None = getattr(store, _KEPT, None)
    if kept is None:
        kept = Mutes()
        setattr(store, _KEPT, kept)
    return kept


class AlarmMuteOperations:
    """Part of the provider of CloudWatch, which runs actions and remembers."""

    # What the provider brings.
    get_store: Callable[[str, str], Any]
    _remember: Callable[[Any, Any, str, str, Mapping[str, Any]], None]
    run_muted: Callable[[Any, MutedActions], None]
    """Run the actions of an alarm's state, which were muted when it came."""

    @handler("PutAlarmMuteRule", expand=False)
    def put_alarm_mute_rule(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        schedule = request["Rule"]["Schedule"]
        try:
            rule = MuteRule.parse(
                schedule["Expression"],
                schedule["Duration"],
                _zone(schedule.get("Timezone") or "UTC"),
                start_date=_aware(request.get("StartDate")),
                expire_date=_aware(request.get("ExpireDate")),
            )
        except InvalidMuteRule as error:
            raise refusal(str(error)) from error
        store = self.get_store(context.account_id, context.region)
        arn = f"arn:{context.partition}:cloudwatch:{context.region}:{context.account_id}:alarm-mute-rule:"
        kept = KeptRule({**request}, rule, arn + request["Name"], datetime.now(UTC))
        known = {alarm.alarm["AlarmName"] for alarm in list(store.alarms.values())}
        if missing := [name for name in kept.targets if name not in known]:
            raise refusal(f"These alarms do not exist: {', '.join(missing)}")
        mutes = mutes_of(store)
        if request["Name"] not in mutes.rules and (tags := request.get("Tags")):
            store.TAGS.tag_resource(kept.arn, tags)
        mutes.rules[request["Name"]] = kept
        self.unmute(datetime.now(UTC))

    @handler("GetAlarmMuteRule", expand=False)
    def get_alarm_mute_rule(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        refuse_malformed(context, request)
        name = request["AlarmMuteRuleName"]
        kept = mutes_of(self.get_store(context.account_id, context.region)).rules.get(name)
        if kept is None:
            raise CommonServiceException(
                "ResourceNotFoundException", f"Alarm mute rule {name} does not exist", 404, True
            )
        put = ("Name", "Description", "Rule", "MuteTargets", "StartDate", "ExpireDate")
        return _summary(kept) | {
            each: kept.request[each] for each in put if kept.request.get(each) is not None
        }

    @handler("ListAlarmMuteRules", expand=False)
    def list_alarm_mute_rules(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        refuse_malformed(context, request)
        alarm, statuses = request.get("AlarmName"), request.get("Statuses")
        mutes = mutes_of(self.get_store(context.account_id, context.region))
        found = [
            summary
            for _, kept in sorted(mutes.rules.items())
            if alarm in (None, *kept.targets)
            and ((summary := _summary(kept))["Status"] in (statuses or [summary["Status"]]))
        ]
        token = request.get("NextToken") or "0"
        if not token.isdecimal():
            raise CommonServiceException(
                "InvalidNextToken", "The next token specified is invalid.", 400, True
            )
        start, end = int(token), int(token) + (request.get("MaxRecords") or _RULES_IN_A_PAGE)
        answer: dict[str, Any] = {"AlarmMuteRuleSummaries": found[start:end]}
        return answer | ({"NextToken": str(end)} if end < len(found) else {})

    @handler("DeleteAlarmMuteRule", expand=False)
    def delete_alarm_mute_rule(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        """No error where there is none of that name. What it muted may ring at once."""
        refuse_malformed(context, request)
        store = self.get_store(context.account_id, context.region)
        if kept := mutes_of(store).rules.pop(request["AlarmMuteRuleName"], None):
            store.TAGS.tags.pop(kept.arn, None)
        self.unmute(datetime.now(UTC))

    def mute(
        self, store: Any, alarm: Any, actions: Sequence[str], at: datetime, change: MutedActions
    ) -> bool:
        """Whether a rule mutes these actions of a new state; then the alarm's history says so."""
        mutes, described = mutes_of(store), alarm.alarm
        rule = mutes.muting(described["AlarmName"], at)
        if rule is None:
            mutes.muted.pop(described["AlarmArn"], None)
            return False
        mutes.muted.setdefault(described["AlarmArn"], change)
        for action in actions:
            data = {
                "actionState": "Muted",
                "stateUpdateTimestamp": round(at.timestamp() * 1000),
                "notificationResource": action,
                "alarmMuteRule": mutes.rules[rule].arn,
                "publishedMessage": None,
                "error": None,
            }
            summary = f"Action {action} was muted by the alarm mute rule {rule}"
            self._remember(store, alarm, "Action", summary, data)
        return True

    def unmute(self, at: datetime) -> None:
        """Run the actions that no rule mutes any more, if their alarm still is in the state they are for."""
        for account in list(cloudwatch_stores.values()):
            for store in list(account.values()):
                mutes: Mutes | None = getattr(store, _KEPT, None)
                for arn, muted in list(mutes.muted.items()) if mutes else []:
                    assert mutes is not None
                    alarm = store.alarms.get(arn)
                    if alarm is not None and mutes.muting(alarm.alarm["AlarmName"], at):
                        continue
                    if mutes.muted.pop(arn, None) and alarm is not None:
                        described = alarm.alarm
                        if described["StateValue"] == muted.state and described["ActionsEnabled"]:
                            self.run_muted(alarm, muted)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refusal(f"The time zone {name} is not known.") from error


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _summary(kept: KeptRule) -> dict[str, Any]:
    summary = {
        "AlarmMuteRuleArn": kept.arn,
        "ExpireDate": kept.request.get("ExpireDate"),
        "Status": kept.rule.status(datetime.now(UTC)).value,
        "MuteType": kept.rule.mute_type,
        "LastUpdatedTimestamp": kept.last_updated,
    }
    return {name: value for name, value in summary.items() if value is not None}
