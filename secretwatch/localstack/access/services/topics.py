"""Topics: their policy, and the key of an encrypted one."""

from __future__ import annotations

from typing import Any

from localstack.services.kms.models import kms_stores
from moto.sns.models import sns_backends

from secretwatch.localstack.access.services.keys import KeyNotFound, key_of
from secretwatch.localstack.access.services.stored import first_refusal
from secretwatch.policy import services


def topic_refusal(service: str, topic_arn: str, source_arn: str) -> str | None:
    """Why a service may not publish to the topic by the topic's policy; also where there is no such topic.

    source_arn: the alarm, trail or rule on whose behalf it does.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    topic = topic_of(topic_arn)
    if topic is None:
        return f"the topic {topic_arn} does not exist"
    return first_refusal(topic.policy, services.publishing(service, topic_arn, source_arn))


def topic_key_refusal(service: str, topic_arn: str, source_arn: str) -> str | None:
    """Why a service may not use the key of an encrypted topic. None for a topic without a key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    topic = topic_of(topic_arn)
    identifier = topic.kms_master_key_id if topic else None
    if not identifier:
        return None
    region, account_id = topic_arn.split(":")[3:5]
    if _is_managed_by_aws(identifier, region, account_id):
        return "the topic is encrypted with alias/aws/sns, AWS's own key, whose policy lets no service use it"
    try:
        key = key_of(identifier, region, account_id)
    except KeyNotFound:
        return f"the topic's key {identifier} does not exist"
    arn = key.metadata["Arn"]
    if not key.metadata["Enabled"]:
        return f"the topic's key {arn} is {key.metadata['KeyState']}"
    return first_refusal(key.policy, services.using_topic_key(service, topic_arn, source_arn, arn))


def _is_managed_by_aws(identifier: str, region: str, account_id: str) -> bool:
    if identifier.endswith("alias/aws/sns"):
        return True
    own = kms_stores[account_id][region].aliases.get("alias/aws/sns")
    return bool(own) and identifier.rpartition("/")[2] == own.metadata["TargetKeyId"]


def topic_of(arn: str) -> Any | None:
    parts = arn.split(":")
    return sns_backends[parts[4]][parts[3]].topics.get(arn) if len(parts) == 6 else None


def topic_policy(arn: str) -> str | None:
    topic = topic_of(arn)
    return topic.policy if topic else None


def topic_key(arn: str) -> Any | None:
    """LocalStack's key of an encrypted topic; None for a topic without one. Raises KeyNotFound."""
    topic = topic_of(arn)
    identifier = topic.kms_master_key_id if topic else None
    region, account_id = arn.split(":")[3:5]
    return key_of(identifier, region, account_id) if identifier else None
