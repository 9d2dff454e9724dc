"""What delivery asks: a refusal is the error that the service would have got."""

from __future__ import annotations

from botocore.exceptions import ClientError

from secretwatch.localstack.access.services.buckets import bucket_refusal
from secretwatch.localstack.access.services.keys import KeyNotFound, key_of, trail_key_refusal
from secretwatch.localstack.access.services.log_groups import log_group_key_refusal, logs_refusal
from secretwatch.localstack.access.services.roles import trust_refusal
from secretwatch.localstack.access.services.topics import topic_key_refusal, topic_of, topic_refusal
from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.localstack.cloudtrail.trails import Trail


def require_bucket(trail: Trail, key: str) -> None:
    """Raises ClientError (AccessDenied) where CloudTrail may not put this object, or not use the key."""
    _raise("AccessDenied", "PutObject", bucket_refusal(trail, key) or trail_key_refusal(trail))


def require_logs(trail: Trail, account_id: str) -> None:
    """Raises ClientError (AccessDenied) where the trail's role may not write the account's events."""
    role_arn = trail.cloud_watch_logs_role_arn
    refused = (trust_refusal(role_arn) if role_arn else None) or logs_refusal(trail, account_id)
    _raise("AccessDenied", "PutLogEvents", refused)


def require_group_key(group_arn: str, key_id: str | None) -> None:
    """Raises ClientError (AccessDenied) where CloudWatch Logs may not use the log group's key now.

    AWS says that what is encrypted can then no longer be read, and not whether anything new is taken in: here
    it is not. group_arn: without ``:*``; key_id: the group's, if it has one.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    if not key_id:
        return
    region, account_id = group_arn.split(":")[3:5]
    refusal: str | None
    try:
        key = key_of(key_id, region, account_id)
    except KeyNotFound:
        refusal = f"the log group's key {key_id} does not exist"
    else:
        state = key.metadata["KeyState"]
        disabled = None if key.metadata["Enabled"] else f"the log group's key {key_id} is {state}"
        refusal = disabled or log_group_key_refusal(key, group_arn)
    _raise("AccessDenied", "PutLogEvents", refusal)


def require_publish(service: str, topic_arn: str, source_arn: str) -> None:
    """Raises ClientError where the service may not publish to the topic, and notes that AWS drops this.

    Its code is NotFound, AuthorizationError (the topic's policy) or KMSAccessDenied (the key and its policy).
    """
    by_policy = "AuthorizationError" if topic_of(topic_arn) else "NotFound"
    for code, refusal in (
        (by_policy, topic_refusal(service, topic_arn, source_arn)),
        ("KMSAccessDenied", topic_key_refusal(service, topic_arn, source_arn)),
    ):
        if refusal:
            DROPS.add(service=service, target=topic_arn, reason=f"{source_arn}: {refusal}")
            _raise(code, "Publish", refusal)


def _raise(code: str, operation: str, refusal: str | None) -> None:
    if refusal:
        raise ClientError({"Error": {"Code": code, "Message": refusal}}, operation)
