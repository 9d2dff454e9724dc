"""Queues, by their policy."""

from __future__ import annotations

from typing import Any

from localstack.services.sqs.models import sqs_stores

from secretwatch.localstack.access.services.stored import account_of, first_refusal
from secretwatch.policy import Principal, Request


def queue_refusal(service: str, queue_arn: str, source_arn: str) -> str | None:
    """Why a service may not send to the queue by the queue's policy; also where there is no such queue.

    source_arn: the rule on whose behalf it does.
    """
    queue = _queue(queue_arn)
    if queue is None:
        return f"the queue {queue_arn} does not exist"
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": account_of(source_arn)}
    policy = queue.attributes.get("Policy")
    return first_refusal(policy, [Request(Principal.of(service), "sqs:SendMessage", queue_arn, context)])


def _queue(arn: str) -> Any | None:
    parts = arn.split(":")
    return sqs_stores[parts[4]][parts[3]].queues.get(parts[5]) if len(parts) == 6 else None


def queue_policy(arn: str) -> str | None:
    queue = _queue(arn)
    return queue.attributes.get("Policy") if queue else None
