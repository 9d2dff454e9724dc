"""LocalStack's CloudWatch, with alarms that are evaluated and that speak as AWS's do."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.cloudwatch import InvalidFormatFault, ResourceNotFound
from localstack.services.cloudwatch.models import LocalStackMetricAlarm, cloudwatch_stores
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.utils.aws import arns

from secretwatch.alarm import Sample, statechange
from secretwatch.localstack.cloudwatch.alarm_actions import AlarmActions
from secretwatch.localstack.cloudwatch.alarm_clock import MINUTE, AlarmClock, Position
from secretwatch.localstack.cloudwatch.alarm_mutes import AlarmMuteOperations, MutedActions
from secretwatch.localstack.cloudwatch.alarm_settings import check, refusal, refuse_malformed
from secretwatch.localstack.cloudwatch.composite_alarms import (
    ACTIONS,
    HISTORY_VERSION,
    KEPT_ON_UPDATE,
    CompositeAlarmOperations,
    moment,
)
from secretwatch.localstack.cloudwatch.metric_data import check_dashboard, check_metric_data
from secretwatch.localstack.cloudwatch.metric_statistics import MetricStatisticsOperations
from secretwatch.localstack.gateway.request_ids import new_id
from secretwatch.localstack.settings import SETTINGS

LOG = logging.getLogger(__name__)

Announce = Callable[[str, str, dict[str, Any]], None]
"""Hands EventBridge an event of an account and region."""

_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")


# What PutMetricAlarm says of these is observed and stands in alarm_settings.
_SAID_BY_CHECK = (
    *("Period", "Statistic", "ExtendedStatistic", "ComparisonOperator", "EvaluationPeriods", "Metrics"),
    *("DatapointsToAlarm", "TreatMissingData", "EvaluateLowSampleCountPercentile", "OKActions"),
    *("AlarmActions", "InsufficientDataActions", "MetricName", "Namespace", "Unit"),
)


class AlarmingCloudwatchProvider(
    AlarmActions,
    AlarmMuteOperations,
    CompositeAlarmOperations,
    MetricStatisticsOperations,
    CloudwatchProvider,
):
    """Replaces how alarms are evaluated, notified and remembered; the rest is LocalStack's."""

    alarm_scheduler: AlarmClock | None

    def __init__(self, announce: Announce) -> None:
        super().__init__()
        self._announce = announce
        self._state_lock = threading.RLock()

    def start_alarm_scheduler(self) -> None:
        if not self.alarm_scheduler:
            self.alarm_scheduler = AlarmClock(self, SETTINGS.alarm_tick)
            self.alarm_scheduler.start()

    def put_metric_data(
        self, context: RequestContext, namespace: str, metric_data: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        if not context.is_internal_call:
            check_metric_data(namespace, metric_data, datetime.now(UTC))
        super().put_metric_data(context, namespace, metric_data or [], *args, **kwargs)
        names = {datum["MetricName"] for datum in metric_data or []}
        if self.alarm_scheduler:
            self.alarm_scheduler.data_came(context.account_id, context.region, namespace, names)

    @handler("PutMetricAlarm", expand=False)
    def put_metric_alarm(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        """An alarm that exists keeps its state when it is changed, and its tags."""
        refuse_malformed(context, request, *_SAID_BY_CHECK)
        check(request, context.region)
        with self._state_lock:
            store = self.get_store(context.account_id, context.region)
            alarm = LocalStackMetricAlarm(context.account_id, context.region, {**request})
            arn = alarm.alarm["AlarmArn"]
            before = store.alarms.get(arn)
            if isinstance(before, LocalStackMetricAlarm):
                state = {name: before.alarm[name] for name in KEPT_ON_UPDATE if name in before.alarm}
                alarm.alarm.update(state)
            elif tags := request.get("Tags"):
                store.TAGS.tag_resource(arn, tags)
            store.alarms[arn] = alarm
            if self.alarm_scheduler:
                self.alarm_scheduler.schedule_metric_alarm(arn)
            self._remember(
                store,
                alarm,
                "ConfigurationUpdate",
                f'Alarm "{request["AlarmName"]}" {"updated" if before else "created"}',
                {"version": HISTORY_VERSION, "type": "Update" if before else "Create"},
            )

    def delete_alarms(self, context: RequestContext, alarm_names: list[str], **kwargs: Any) -> None:
        """An alarm's history outlives it."""
        refuse_malformed(context, {"AlarmNames": alarm_names})
        store = self.get_store(context.account_id, context.region)
        with self._state_lock:
            if needed := self.parents_of(store, set(alarm_names)):
                them = "it" if len(needed) == 1 else "them"
                raise refusal(
                    f"Cannot delete {','.join(needed)} as there are composite alarm(s) depending on {them}."
                )
            for name in alarm_names:
                arn = arns.cloudwatch_alarm_arn(name, context.account_id, context.region)
                if alarm := store.alarms.get(arn):
                    data = {"version": HISTORY_VERSION, "type": "Delete"}
                    self._remember(store, alarm, "ConfigurationUpdate", f'Alarm "{name}" deleted', data)
                    store.TAGS.tags.pop(arn, None)
            super().delete_alarms(context, alarm_names, **kwargs)

    def set_alarm_state(
        self,
        context: RequestContext,
        alarm_name: str,
        state_value: str,
        state_reason: str,
        state_reason_data: str | None = None,
        **kwargs: Any,
    ) -> None:
        given = {"AlarmName": alarm_name, "StateReason": state_reason, "StateReasonData": state_reason_data}
        refuse_malformed(context, given, "StateValue")
        if state_value not in _STATES:
            raise refusal(
                f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to satisfy "
                "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
            )
        try:
            data = json.loads(state_reason_data) if state_reason_data else None
        except ValueError as error:
            raise InvalidFormatFault("StateReasonData is not JSON") from error
        store = self.get_store(context.account_id, context.region)
        arn = arns.cloudwatch_alarm_arn(alarm_name, context.account_id, context.region)
        alarm = store.alarms.get(arn)
        if alarm is None:
            raise ResourceNotFound()
        if self.alarm_scheduler and alarm.alarm.get("Period"):
            self.alarm_scheduler.set_by_hand(arn, int(alarm.alarm["Period"]))
        self._set_state(alarm, state_value, state_reason, data)

    def _set_state(self, alarm: Any, state: str, reason: str, reason_data: Mapping[str, Any] | None) -> None:
        """Set the alarm's state; on a change, remember it and run the new state's actions."""
        context = RequestContext(None)
        context.account_id, context.region = alarm.account_id, alarm.region
        with self._state_lock:
            described = alarm.alarm
            old_state, old_reason = described["StateValue"], described["StateReason"]
            old_time = described["StateUpdatedTimestamp"]
            if old_state == state:
                return
            now = moment()
            before: dict[str, Any] = {"stateValue": old_state, "stateReason": old_reason}
            after: dict[str, Any] = {"stateValue": state, "stateReason": reason}
            history = {"version": HISTORY_VERSION, "oldState": before, "newState": after}
            old_data = described.get("StateReasonData")
            if old_data:
                before["stateReasonData"] = json.loads(old_data)
            if reason_data:
                after["stateReasonData"] = dict(reason_data)
                described["StateReasonData"] = json.dumps(reason_data)
            else:
                described.pop("StateReasonData", None)
            described |= {
                "StateValue": state,
                "StateReason": reason,
                "StateUpdatedTimestamp": now,
                "StateTransitionedTimestamp": now,
            }
            store = self.get_store(alarm.account_id, alarm.region)
            self._remember(store, alarm, "StateUpdate", f"Alarm updated from {old_state} to {state}", history)
            left = statechange.Before(
                value=old_state, reason=old_reason, reason_data=old_data, since=old_time
            )
            told = statechange.event(described, left, account_id=alarm.account_id, event_id=new_id())
            self._announce(alarm.account_id, alarm.region, told)
            self._evaluate_composite_alarms(context, alarm)
            if not described["ActionsEnabled"]:
                return
            actions = list(described.get(ACTIONS[state]) or [])
            if self.mute(store, alarm, actions, now, MutedActions(state, old_state, old_reason, old_time)):
                return
        for action in actions:
            self._run(alarm, action, old_state, old_reason, old_time, store)

    def _set_alarm_actions(self, context: RequestContext, alarm_names: list[str], enabled: bool) -> None:
        """Enabled or disabled: a change of the configuration, which the history tells. Unknown names are
        none."""
        refuse_malformed(context, {"AlarmNames": alarm_names})
        store = self.get_store(context.account_id, context.region)
        for name in alarm_names:
            alarm = store.alarms.get(arns.cloudwatch_alarm_arn(name, context.account_id, context.region))
            if alarm is None or alarm.alarm["ActionsEnabled"] == enabled:
                continue
            with self._state_lock:
                alarm.alarm["ActionsEnabled"] = enabled
                alarm.alarm["AlarmConfigurationUpdatedTimestamp"] = datetime.now(UTC)
                data = {"version": HISTORY_VERSION, "type": "Update"}
                self._remember(store, alarm, "ConfigurationUpdate", f'Alarm "{name}" updated', data)

    def put_dashboard(
        self, context: RequestContext, dashboard_name: str, dashboard_body: str, **kwargs: Any
    ) -> Any:
        check_dashboard(dashboard_name, dashboard_body)
        return super().put_dashboard(context, dashboard_name, dashboard_body, **kwargs)

    def _remember(self, store: Any, alarm: Any, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        is_metric = isinstance(alarm, LocalStackMetricAlarm)
        # Of a change of the state it has the time of the change, as its event does.
        at = alarm.alarm["StateUpdatedTimestamp"] if kind == "StateUpdate" else moment()
        store.histories.append(
            {
                "AlarmName": alarm.alarm["AlarmName"],
                "AlarmType": "MetricAlarm" if is_metric else "CompositeAlarm",
                "Timestamp": at,
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": json.dumps(data),
            }
        )

    def describe_alarm_history(
        self,
        context: RequestContext,
        alarm_name: str | None = None,
        alarm_contributor_id: str | None = None,
        alarm_types: list[str] | None = None,
        history_item_type: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        max_records: int | None = None,
        next_token: str | None = None,
        scan_by: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Newest first, unless asked otherwise."""
        wanted = [
            item
            for item in self.get_store(context.account_id, context.region).histories
            if (not alarm_name or item["AlarmName"] == alarm_name)
            and (item["AlarmType"] in (alarm_types or ["MetricAlarm"]))
            and (not history_item_type or item["HistoryItemType"] == history_item_type)
            and (not start_date or item["Timestamp"] >= start_date)
            and (not end_date or item["Timestamp"] <= end_date)
        ]
        if scan_by != "TimestampAscending":
            wanted.reverse()
        start = int(next_token) if next_token and next_token.isdecimal() else 0
        end = start + (max_records or 100)
        answer: dict[str, Any] = {"AlarmHistoryItems": wanted[start:end]}
        if end < len(wanted):
            answer["NextToken"] = str(end)
        return answer

    # For the alarm clock

    def evaluated(self, alarm: Any, state: str, reason: str, reason_data: Mapping[str, Any]) -> None:
        """What an evaluation came to. The reason is renewed even where the state stays."""
        with self._state_lock:
            if alarm.alarm["StateValue"] == state:
                alarm.alarm |= {"StateReason": reason, "StateReasonData": json.dumps(reason_data)}
                return
        self._set_state(alarm, state, reason, reason_data)

    def metric_alarms(self) -> list[Any]:
        """All metric alarms of all accounts and regions."""
        return [
            alarm
            for account in list(cloudwatch_stores.values())
            for store in list(account.values())
            for alarm in list(store.alarms.values())
            if isinstance(alarm, LocalStackMetricAlarm)
        ]

    def is_there(self, alarm: Any) -> bool:
        """Whether nobody has deleted it or put another in its place."""
        return self.get_store(alarm.account_id, alarm.region).alarms.get(alarm.alarm["AlarmArn"]) is alarm

    def position(self) -> Position:
        """The newest row of each table of metrics."""
        database = self.cloudwatch_database
        with (
            database.DATABASE_LOCK,
            closing(sqlite3.connect(database.METRICS_DB_READ_ONLY, uri=True)) as connection,
        ):
            return tuple(
                connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
                for table in (database.TABLE_SINGLE_METRICS, database.TABLE_AGGREGATED_METRICS)
            )

    def samples(
        self, alarm: Any, start: datetime, end: datetime, ticks: Sequence[Position] = ()
    ) -> list[Sample]:
        """The alarm's metric from ``start`` up to ``end``, in the alarms' time.

        That is the time of each sample and a minute more for each of the ``ticks`` before it was put.
        """
        described = alarm.alarm
        database = self.cloudwatch_database
        where = (
            "FROM {} WHERE account_id = ? AND region = ? AND namespace = ? AND metric_name = ? "
            "AND dimensions IS ? AND timestamp >= ? AND timestamp < ?"
        )
        values = (
            alarm.account_id,
            alarm.region,
            described["Namespace"],
            described["MetricName"],
            database._get_ordered_dimensions_with_separator(described.get("Dimensions")),
            int((start - MINUTE * len(ticks)).timestamp()),
            int(end.timestamp()),
        )
        with (
            database.DATABASE_LOCK,
            closing(sqlite3.connect(database.METRICS_DB_READ_ONLY, uri=True)) as connection,
        ):
            single = connection.execute(
                "SELECT id, timestamp, unit, value " + where.format(database.TABLE_SINGLE_METRICS), values
            ).fetchall()
            sets = connection.execute(
                "SELECT id, timestamp, unit, sample_count, sum, min, max "
                + where.format(database.TABLE_AGGREGATED_METRICS),
                values,
            ).fetchall()
        singles_at, sets_at = ([position[table] for position in ticks] for table in (0, 1))

        def time(at: int, row: int, positions: list[int]) -> datetime:
            return datetime.fromtimestamp(at, UTC) + MINUTE * bisect_left(positions, row)

        found = [Sample(time(at, row, singles_at), value, unit=unit) for row, at, unit, value in single]
        found += [
            Sample.statistic_set(
                time(at, row, sets_at), count=count, sum=total, minimum=least, maximum=most, unit=unit
            )
            for row, at, unit, count, total, least, most in sets
        ]
        return [sample for sample in found if start <= sample.time < end]
