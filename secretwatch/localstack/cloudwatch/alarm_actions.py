"""What an alarm does when its state changes, and what its history says came of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to
from localstack.services.cloudwatch.models import LocalStackMetricAlarm
from localstack.services.cloudwatch.provider_v2 import (
    create_message_response_update_composite_alarm_state_sns,
    create_message_response_update_state_lambda,
)
from localstack.utils.aws import arns

from secretwatch.alarm import notification
from secretwatch.localstack.access.services.delivering import require_publish
from secretwatch.localstack.cloudwatch.alarm_mutes import MutedActions
from secretwatch.localstack.cloudwatch.composite_alarms import ACTIONS
from secretwatch.localstack.regions import region_name
from secretwatch.policy.services import CLOUDWATCH

LOG = logging.getLogger(__name__)

_SAID_OF_TOPICS = {
    "AuthorizationError": "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {}",
    "KMSAccessDenied": "CloudWatch Alarms does not have authorization to access the SNS topic encryption "
    "key.",
}
"""What an alarm's history says of the topic, by the refusal's code."""


class AlarmActions:
    """Part of LocalStack's provider for CloudWatch."""

    get_store: Callable[[str, str], Any]
    _remember: Callable[[Any, Any, str, str, Mapping[str, Any]], None]

    def run_muted(self, alarm: Any, muted: MutedActions) -> None:
        store = self.get_store(alarm.account_id, alarm.region)
        if isinstance(alarm, LocalStackMetricAlarm):
            for action in list(alarm.alarm.get(ACTIONS[muted.state]) or []):
                self._run(alarm, action, muted.old_state, muted.old_reason, muted.old_time, store)
        else:
            context = RequestContext(None)
            context.account_id, context.region = alarm.account_id, alarm.region
            self._run_composite_alarm_actions(context, alarm, muted.old_state, alarm)

    def _run(
        self, alarm: Any, action: str, old_state: str, old_reason: str, old_time: datetime, store: Any
    ) -> None:
        target = arns.parse_arn(action)
        if target["service"] == "sns":
            name = region_name(alarm.region)
            self._publish(
                store,
                alarm,
                action,
                notification.sns_message(alarm.alarm, old_state, alarm.account_id, name),
            )
        elif target["service"] == "lambda":
            client = connect_to(region_name=target["region"], aws_access_key_id=target["account"]).lambda_
            message = create_message_response_update_state_lambda(alarm, old_state, old_reason, old_time)
            invoke = partial(client.invoke, FunctionName=arns.lambda_function_name(action), Payload=message)
            self._execute(store, alarm, action, invoke)
        else:
            LOG.warning("an alarm's action on %s is not emulated: %s", target["service"], action)

    def _run_composite_alarm_actions(
        self, context: RequestContext, composite_alarm: Any, old_state_value: str, triggering_alarm: Any
    ) -> None:
        described = composite_alarm.alarm
        store = self.get_store(composite_alarm.account_id, composite_alarm.region)
        for action in described[ACTIONS[described["StateValue"]]]:
            if arns.parse_arn(action)["service"] != "sns":
                LOG.warning("a composite alarm's action is not emulated: %s", action)
                continue
            message = create_message_response_update_composite_alarm_state_sns(
                composite_alarm, triggering_alarm, old_state_value
            )
            self._publish(store, composite_alarm, action, message)

    def _publish(self, store: Any, alarm: Any, topic_arn: str, message: str) -> None:
        """To a topic that lets CloudWatch; AWS tells of others only in the alarm's history."""
        target = arns.parse_arn(topic_arn)
        sns = connect_to(region_name=target["region"], aws_access_key_id=target["account"]).sns
        subject = notification.subject(alarm.alarm, region_name(alarm.region))

        def publish() -> None:
            require_publish(CLOUDWATCH, topic_arn, alarm.alarm["AlarmArn"])
            sns.publish(TopicArn=topic_arn, Subject=subject, Message=message)

        self._execute(store, alarm, topic_arn, publish)

    def _execute(self, store: Any, alarm: Any, action: str, execute: Callable[[], object]) -> None:
        """Run an action; what came of it is in the alarm's history, as on AWS."""
        error, summary = None, f"Successfully executed action {action}"
        try:
            execute()
        except ClientError as failure:
            answer = failure.response["Error"]
            said = _SAID_OF_TOPICS.get(answer["Code"])
            error = said.format(action) if said else answer["Message"]
            summary = f'Failed to execute action {action}. Received error: "{error}"'
            LOG.warning("alarm %s: %s", alarm.alarm["AlarmName"], summary)
        data = {
            "actionState": "Failed" if error else "Succeeded",
            "stateUpdateTimestamp": round(alarm.alarm["StateUpdatedTimestamp"].timestamp() * 1000),
            "notificationResource": action,
            "publishedMessage": None,
            "error": error,
        }
        self._remember(store, alarm, "Action", summary, data)
