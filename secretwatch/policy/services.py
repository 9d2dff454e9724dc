"""What AWS's services ask for when they act on behalf of a trail, an alarm or a rule.

Here: the requests, with the condition keys that each service sends, that the policies of a bucket, key, topic
or role have to allow. Not here: where those policies are read, and what they mean.
"""

from __future__ import annotations

from typing import Any

from secretwatch.partition import of_region
from secretwatch.policy.request import Principal, Request

CLOUDTRAIL = "cloudtrail.amazonaws.com"
CLOUDWATCH = "cloudwatch.amazonaws.com"
EVENTS = "events.amazonaws.com"
SNS = "sns.amazonaws.com"
STATES = "states.amazonaws.com"


def publishing(service: str, topic_arn: str, source_arn: str) -> list[Request]:
    """A service publishes to a topic; source_arn: the alarm, trail or rule.

    EventBridge takes no Condition: a statement with one lets nothing through. Which keys it sends is not
    said: a denial that holds with the rule's own, or without any, is taken to hold.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    """
    account_id = source_arn.split(":")[4]
    context: dict[str, Any] = {"aws:SourceArn": source_arn, "aws:SourceAccount": account_id}
    if service == EVENTS:
        return [
            Request(Principal.of(service), "sns:Publish", topic_arn, sent, takes_conditions=False)
            for sent in ({}, context)
        ]
    if service == CLOUDWATCH:
        # The condition of a topic's default policy: alarms pass it, CloudTrail and EventBridge do not.
        context["aws:SourceOwner"] = account_id
    return [Request(Principal.of(service), "sns:Publish", topic_arn, context)]


def sending(topic_arn: str, queue_arn: str) -> list[Request]:
    """A topic sends to a queue that is subscribed.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    context: dict[str, Any] = {"aws:SourceArn": topic_arn, "aws:SourceAccount": topic_arn.split(":")[4]}
    return [Request(Principal.of(SNS), "sqs:SendMessage", queue_arn, context)]


def using_topic_key(service: str, topic_arn: str, source_arn: str, key_arn: str) -> list[Request]:
    """A service publishes to a topic that is encrypted with this key.

    For EventBridge conditions in a key's policy are documented as not supported: messages drop silently.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    region = topic_arn.split(":")[3]
    context: dict[str, Any] = {
        "kms:EncryptionContext:aws:sns:topicArn": topic_arn,
        "kms:EncryptionContextKeys": ["aws:sns:topicArn"],
        "kms:ViaService": f"sns.{region}.{of_region(region).dns_suffix}",
    }
    source = {"aws:SourceArn": source_arn, "aws:SourceAccount": source_arn.split(":")[4]}
    # Whether EventBridge sends these, too, is not said.
    contexts = [context, context | source] if service == EVENTS else [context | source]
    actions = ("kms:GenerateDataKey", "kms:Decrypt")
    return [
        Request(Principal.of(service), action, key_arn, sent, takes_conditions=service != EVENTS)
        for action in actions
        for sent in contexts
    ]


def storing_log_files(
    trail_arn: str, bucket: str, *, prefix: str | None = None, key_arn: str | None = None
) -> list[Request]:
    """A trail puts its log files into its bucket, for which it reads the bucket's ACL first.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    _, partition, _, region, account_id, _ = trail_arn.split(":", 5)
    arn = f"arn:{partition}:s3:::{bucket}"
    reading: dict[str, Any] = _of_trail(trail_arn) | {"aws:SecureTransport": True}
    encryption = (
        {
            "s3:x-amz-server-side-encryption": "aws:kms",
            "s3:x-amz-server-side-encryption-aws-kms-key-id": key_arn,
        }
        if key_arn
        else {"s3:x-amz-server-side-encryption": "AES256"}
    )
    writing = reading | {"s3:x-amz-acl": "bucket-owner-full-control"} | encryption
    place = f"{arn}/{f'{prefix}/' if prefix else ''}AWSLogs/{account_id}/CloudTrail/{region}/"
    return [
        Request(Principal.of(CLOUDTRAIL), "s3:GetBucketAcl", arn, reading, account_id),
        Request(Principal.of(CLOUDTRAIL), "s3:PutObject", place, writing, account_id),
    ]


def using_trail_key(trail_arn: str, key_arn: str) -> list[Request]:
    """A trail encrypts its log files.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    context = _of_trail(trail_arn) | {
        "kms:EncryptionContext:aws:cloudtrail:arn": trail_arn,
        "kms:EncryptionContextKeys": ["aws:cloudtrail:arn", "aws:s3:arn"],
    }
    return [Request(Principal.of(CLOUDTRAIL), "kms:GenerateDataKey", key_arn, context)]


def encrypting_log_events(log_group_arn: str, key_arn: str) -> list[Request]:
    """CloudWatch Logs encrypts the events of a log group (its ARN without `:*`).

    AWS does not say which of the documented actions it needs when a key is associated: here encryption,
    decryption and data keys.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    _, _, _, region, account_id, _ = log_group_arn.split(":", 5)
    suffix = of_region(region).dns_suffix
    context = {
        "aws:SourceAccount": account_id,
        "aws:SourceArn": log_group_arn,
        "kms:EncryptionContext:aws:logs:arn": log_group_arn,
        "kms:EncryptionContextKeys": ["aws:logs:arn"],
    }
    return [
        Request(Principal.of(f"logs.{region}.{suffix}"), action, key_arn, context)
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
    ]


def using_bus_key(bus_arn: str, key_arn: str) -> list[Request]:
    """EventBridge reads and writes what it keeps of a bus that is encrypted with this key, its rules too.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
    """
    context: dict[str, Any] = {
        "aws:SourceAccount": bus_arn.split(":")[4],
        "aws:SourceArn": bus_arn,
        "kms:EncryptionContext:aws:events:event-bus:arn": bus_arn,
        "kms:EncryptionContextKeys": ["aws:events:event-bus:arn"],
    }
    return [
        Request(Principal.of(EVENTS), action, key_arn, context)
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    ]


def running_encrypted(state_machine_arn: str, caller: Principal, key_arn: str) -> list[Request]:
    """Step Functions runs a state machine that is encrypted with this key, as its role.

    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    region = key_arn.split(":")[3]
    context: dict[str, Any] = {
        "kms:EncryptionContext:aws:states:stateMachineArn": state_machine_arn,
        "kms:EncryptionContextKeys": ["aws:states:stateMachineArn"],
        "kms:ViaService": f"states.{region}.{of_region(region).dns_suffix}",
    }
    return [Request(caller, action, key_arn, context) for action in ("kms:Decrypt", "kms:GenerateDataKey")]


def using_bucket_key(trail_arn: str, bucket_arn: str, key_arn: str, *, has_bucket_key: bool) -> list[Request]:
    """A trail without a key of its own writes to a bucket that encrypts with this key by default.

    has_bucket_key: the bucket has an S3 Bucket Key, for which kms:Decrypt is needed as well.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail-update-trail.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    region = key_arn.split(":")[3]
    place = bucket_arn if has_bucket_key else f"{bucket_arn}/AWSLogs/"
    context = _of_trail(trail_arn) | {
        "kms:EncryptionContext:aws:s3:arn": place,
        "kms:EncryptionContextKeys": ["aws:s3:arn"],
        "kms:ViaService": f"s3.{region}.{of_region(region).dns_suffix}",
    }
    principal = Principal.of(CLOUDTRAIL)
    actions = ["kms:GenerateDataKey"] + ["kms:Decrypt"] * has_bucket_key
    return [Request(principal, action, key_arn, context) for action in actions] + [
        Request(principal, "kms:DescribeKey", key_arn, _of_trail(trail_arn))
    ]


def assuming(role_arn: str) -> list[Request]:
    """CloudTrail assumes the role that writes to a log group. It sends no documented condition key."""
    return [Request(Principal.of(CLOUDTRAIL), "sts:AssumeRole", role_arn)]


def writing_log_events(role_arn: str, log_group_arn: str, stream: str) -> list[Request]:
    """That role writes to a trail's stream. log_group_arn: with or without its ending `:*`.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    _, partition, _, _, account_id, name = role_arn.split(":", 5)
    session = f"arn:{partition}:sts::{account_id}:assumed-role/{name.rsplit('/', 1)[-1]}/CloudTrail"
    resource = f"{log_group_arn.removesuffix(':*')}:log-stream:{stream}"
    return [
        Request(Principal.of(session, issuer=role_arn), action, resource)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    ]


def _of_trail(trail_arn: str) -> dict[str, Any]:
    return {"aws:SourceArn": trail_arn, "aws:SourceAccount": trail_arn.split(":")[4]}
