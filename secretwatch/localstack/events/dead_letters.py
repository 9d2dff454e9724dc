"""What becomes of an event that EventBridge could not bring to a rule's target.

It is counted, and put into the target's dead-letter queue if there is one whose policy lets EventBridge.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.services.events.utils import to_json_str
from localstack.utils.aws.arns import sqs_queue_url_for_arn

from secretwatch.localstack.access.services.queues import queue_refusal
from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.localstack.cloudwatch.service_metrics import METRICS
from secretwatch.policy.services import EVENTS

_ERROR_CODES = {
    "AccessDenied": "NO_PERMISSIONS",
    "AccessDeniedException": "NO_PERMISSIONS",
    "AuthorizationError": "NO_PERMISSIONS",
    "KMSAccessDenied": "NO_PERMISSIONS",
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "NotFound": "NO_RESOURCE",
    "QueueDoesNotExist": "NO_RESOURCE",
    "ResourceNotFoundException": "NO_RESOURCE",
}


def count_invocation(sender: Any, metric: str) -> None:
    """A metric of AWS/Events for the rule of LocalStack's target sender."""
    path = sender.rule_arn.partition(":rule/")[2]
    bus = path.rpartition("/")[0] or "default"
    count_of_rule(sender.account_id, sender.region, bus, sender.rule_name, metric)


def count_of_rule(account_id: str, region: str, bus: str, rule: str, metric: str) -> None:
    """One more in a metric of AWS/Events; that of a rule of another bus than the default one names both."""
    METRICS.add(
        "AWS/Events",
        metric,
        1,
        account_id=account_id,
        region=region,
        dimension=("RuleName", rule),
        more_dimensions=() if bus == "default" else (("EventBusName", bus),),
    )


def invocation_failed(sender: Any, event: Mapping[str, Any], error: Exception) -> None:
    """The event, as it came to the rule, could not be sent; nothing here is tried again."""
    count_invocation(sender, "FailedInvocations")
    queue_arn = (sender.target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    if refusal := queue_refusal(EVENTS, queue_arn, sender.rule_arn):
        count_invocation(sender, "InvocationsFailedToBeSentToDlq")
        DROPS.add(service=EVENTS, target=queue_arn, reason=f"{sender.rule_arn}: {refusal}")
        return
    answer = error.response["Error"] if isinstance(error, ClientError) else {}
    attributes = {
        "RULE_ARN": sender.rule_arn,
        "TARGET_ARN": sender.target["Arn"],
        "ERROR_CODE": _ERROR_CODES.get(answer.get("Code", ""), "UNKNOWN"),
        "ERROR_MESSAGE": answer.get("Message") or str(error) or type(error).__name__,
    }
    parts = queue_arn.split(":")
    connect_to(aws_access_key_id=parts[4], region_name=parts[3]).sqs.send_message(
        QueueUrl=sqs_queue_url_for_arn(queue_arn),
        MessageBody=to_json_str(event),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )
    count_invocation(sender, "InvocationsSentToDlq")
