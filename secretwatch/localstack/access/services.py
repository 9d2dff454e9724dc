"""May an AWS service do what it was set up to do, by the policies that LocalStack keeps and does not look at?

Here: which action, resource and condition keys a service's call stands for, and where LocalStack's stores
have the policy that decides. What a policy means is decided in ``policy``. Each function answers None where
the service may, and otherwise why not. Nothing is asked over HTTP: these run for every delivery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError
from localstack.services.kms.models import kms_stores
from localstack.services.s3.models import s3_stores
from localstack.services.sqs.models import sqs_stores
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends

from secretwatch.cloudtrail import log_stream_name, logs_folder
from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.localstack.cloudtrail.trails import Trail
from secretwatch.policy import MalformedPolicy, Policy, Principal, Request, authorize, services
from secretwatch.policy.services import CLOUDTRAIL

# The boundary whose policy is gone.
_NOTHING = Policy.parse({"Statement": {"Effect": "Allow", "Action": "none:None", "Resource": "*"}})


class KeyNotFound(Exception):
    """No such key, alias or region."""


# Buckets


def bucket_of(name: str, region: str, account_id: str) -> Any | None:
    """LocalStack's bucket of that name, whoever owns it."""
    owner = s3_stores[account_id][region].global_bucket_map.get(name)
    return s3_stores[owner][region].buckets.get(name) if owner else None


def bucket_refusal(trail: Trail, key: str | None = None) -> str | None:
    """Why CloudTrail may not read the bucket's ACL, or put its files there.

    key: the object to be put; without it, it is asked for the places where all files of the trail will go.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    if bucket is None:
        return f"the bucket {trail.s3_bucket_name} does not exist"
    arn = f"arn:{trail.partition}:s3:::{trail.s3_bucket_name}"
    context = _context(trail) | {"aws:SecureTransport": True}
    asked = [] if key else [("s3:GetBucketAcl", arn, context)]
    context = context | {"s3:x-amz-acl": "bucket-owner-full-control"} | _encryption(trail)
    asked += [("s3:PutObject", f"{arn}/{name}", context) for name in ([key] if key else _places(trail))]
    return _first_refusal(
        bucket.policy,
        [Request(Principal.of(CLOUDTRAIL), *each, bucket.bucket_account_id) for each in asked],
    )


def _places(trail: Trail) -> list[str]:
    """An organization's trail needs its own account's folder too, by AWS's page: it may become an account's.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    kinds = ["CloudTrail"] + ["CloudTrail-Digest"] * trail.log_file_validation_enabled
    folders = [logs_folder(trail.s3_key_prefix, trail.account_id)]
    if trail.organization_id:
        folders.append(logs_folder(trail.s3_key_prefix, trail.account_id, trail.organization_id))
    return [f"{folder}{kind}/{trail.home_region}/" for folder in folders for kind in kinds]


def _encryption(trail: Trail) -> dict[str, str]:
    if not trail.kms_key_id:
        return {"s3:x-amz-server-side-encryption": "AES256"}
    return {
        "s3:x-amz-server-side-encryption": "aws:kms",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": trail.kms_key_id,
    }


# Keys


def key_of(identifier: str, region: str, account_id: str) -> Any:
    """LocalStack's key by its id, ARN, alias or alias' ARN; raises KeyNotFound."""
    name = identifier
    if identifier.startswith("arn:"):
        parts = identifier.split(":", 5)
        if len(parts) != 6 or parts[2] != "kms":
            raise KeyNotFound(identifier)
        region, account_id, name = parts[3], parts[4], parts[5].removeprefix("key/")
    store = kms_stores[account_id][region]
    if name.startswith("alias/"):
        alias = store.aliases.get(name)
        name = alias.metadata["TargetKeyId"] if alias else ""
    if name not in store.keys:
        raise KeyNotFound(identifier)
    return store.keys[name]


def trail_key_refusal(trail: Trail) -> str | None:
    """Why CloudTrail may not encrypt the trail's files with its key, or its bucket's where it has none.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    That page asks for kms:DescribeKey too; it is said that AWS does without. Where the bucket has a Bucket
    Key, kms:Decrypt is needed as well.
    """
    if not trail.kms_key_id:
        return _default_key_refusal(trail)
    try:
        key = key_of(trail.kms_key_id, trail.home_region, trail.account_id)
    except KeyNotFound:
        return f"the key {trail.kms_key_id} does not exist"
    context = _context(trail)
    encrypting = context | {
        "kms:EncryptionContext:aws:cloudtrail:arn": trail.arn,
        "kms:EncryptionContextKeys": ["aws:cloudtrail:arn", "aws:s3:arn"],
    }
    arn = key.metadata["Arn"]
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    requests = [
        Request(Principal.of(CLOUDTRAIL), "kms:GenerateDataKey", arn, encrypting),
        Request(Principal.of(CLOUDTRAIL), "kms:DescribeKey", arn, context),
    ]
    if bucket and _has_bucket_key(bucket):
        requests.append(Request(Principal.of(CLOUDTRAIL), "kms:Decrypt", arn, encrypting))
    return _first_refusal(key.policy, requests)


def default_key_of(trail: Trail) -> str | None:
    """The key that the trail's bucket encrypts with by default, as it was set; None for S3's own."""
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    default = (_encryption_rule(bucket).get("ApplyServerSideEncryptionByDefault") or {}) if bucket else {}
    key: str | None = default.get("KMSMasterKeyID")
    return key if str(default.get("SSEAlgorithm", "")).startswith("aws:kms") else None


def _default_key_refusal(trail: Trail) -> str | None:
    """AWS does not say it of a bucket without a Bucket Key: its key is taken to be asked for as well."""
    identifier = default_key_of(trail)
    if not identifier or identifier.endswith("alias/aws/s3"):
        return None
    bucket: Any = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    try:
        key = key_of(identifier, bucket.bucket_region, bucket.bucket_account_id)
    except KeyNotFound:
        return f"the bucket's default key {identifier} does not exist"
    arn = key.metadata["Arn"]
    if not key.metadata["Enabled"]:
        return f"the bucket's default key {arn} is {key.metadata['KeyState']}"
    bucket_arn = f"arn:{trail.partition}:s3:::{trail.s3_bucket_name}"
    asked = services.using_bucket_key(trail.arn, bucket_arn, arn, has_bucket_key=_has_bucket_key(bucket))
    return _first_refusal(key.policy, asked)


def _encryption_rule(bucket: Any) -> Mapping[str, Any]:
    return bucket.encryption_rule or {}


def _has_bucket_key(bucket: Any) -> bool:
    return bool(_encryption_rule(bucket).get("BucketKeyEnabled"))


def log_group_key_refusal(key: Any, group_arn: str) -> str | None:
    """Why CloudWatch Logs may not use LocalStack's key for the log group (its ARN without `:*`)."""
    return _first_refusal(key.policy, services.encrypting_log_events(group_arn, key.metadata["Arn"]))


# Topics


def topic_refusal(service: str, topic_arn: str, source_arn: str) -> str | None:
    """Why a service may not publish to the topic by the topic's policy; also where there is no such topic.

    source_arn: the alarm, trail or rule on whose behalf it does.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    topic = _topic(topic_arn)
    if topic is None:
        return f"the topic {topic_arn} does not exist"
    return _first_refusal(topic.policy, services.publishing(service, topic_arn, source_arn))


def topic_key_refusal(service: str, topic_arn: str, source_arn: str) -> str | None:
    """Why a service may not use the key of an encrypted topic. None for a topic without a key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    topic = _topic(topic_arn)
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
    return _first_refusal(key.policy, services.using_topic_key(service, topic_arn, source_arn, arn))


def _is_managed_by_aws(identifier: str, region: str, account_id: str) -> bool:
    if identifier.endswith("alias/aws/sns"):
        return True
    own = kms_stores[account_id][region].aliases.get("alias/aws/sns")
    return bool(own) and identifier.rpartition("/")[2] == own.metadata["TargetKeyId"]


def _topic(arn: str) -> Any | None:
    parts = arn.split(":")
    return sns_backends[parts[4]][parts[3]].topics.get(arn) if len(parts) == 6 else None


# Queues


def queue_refusal(service: str, queue_arn: str, source_arn: str) -> str | None:
    """Why a service may not send to the queue by the queue's policy; also where there is no such queue.

    source_arn: the rule on whose behalf it does.
    """
    queue = _queue(queue_arn)
    if queue is None:
        return f"the queue {queue_arn} does not exist"
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": _account(source_arn)}
    policy = queue.attributes.get("Policy")
    return _first_refusal(policy, [Request(Principal.of(service), "sqs:SendMessage", queue_arn, context)])


def _queue(arn: str) -> Any | None:
    parts = arn.split(":")
    return sqs_stores[parts[4]][parts[3]].queues.get(parts[5]) if len(parts) == 6 else None


# Roles and log groups


def log_group_of(arn: str) -> Any | None:
    """LocalStack's log group by ``arn:...:log-group:NAME:*``."""
    parts = arn.split(":")
    return logs_backends[parts[4]][parts[3]].groups.get(parts[6]) if len(parts) == 8 else None


def trust_refusal(role_arn: str) -> str | None:
    """Why CloudTrail may not assume the role. AWS documents no condition key that CloudTrail sends here."""
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    return _first_refusal(document_of(role.assume_role_policy_document), services.assuming(role_arn))


def logs_refusal(trail: Trail, account_id: str | None = None) -> str | None:
    """Why the trail's role may not write to the trail's stream for the account's events.

    account_id: the trail's own, if none is named; an organization's trail has others too.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    role_arn, group_arn = trail.cloud_watch_logs_role_arn, trail.cloud_watch_logs_log_group_arn
    if not role_arn or not group_arn:
        return None
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    stream = log_stream_name(account_id or trail.account_id, trail.home_region, trail.organization_id)
    for request in services.writing_log_events(role.arn, group_arn, stream):
        try:
            decision = authorize(
                request, identity_policies=attached_policies(role), permissions_boundary=boundary_of(role)
            )
        except MalformedPolicy as error:
            return f"a policy of {role_arn} cannot be read: {error}"
        if not decision.allowed:
            return decision.reason
    return None


def role_of(arn: str) -> Any | None:
    """moto's role by its ARN."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    roles = iam_backends[parts[4]][parts[1]].roles.values()
    return next((role for role in roles if role.arn == arn), None)


# Roles that EventBridge assumes to reach a target


def service_trust_refusal(role_arn: str, service: str, source_arn: str) -> str | None:
    """Why a service may not assume the role on behalf of a rule or state machine (source_arn).

    A trust policy may also name the service's principal of the region (``states.eu-west-1.amazonaws.com``).
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    region = source_arn.split(":")[3]
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": _account(source_arn)}
    trust = document_of(role.assume_role_policy_document)
    of_region = service.replace(".", f".{region}.", 1)
    refused = [
        _first_refusal(trust, [Request(Principal.of(each), "sts:AssumeRole", role.arn, context)])
        for each in (service, of_region)
    ]
    return refused[0] if all(refused) else None


def action_refusal(role_arn: str, action: str, resource: str, about: Mapping[str, Any]) -> str | None:
    """Why a role may not do this by its own policies and its boundary; for actions that are no API's call.

    about: the condition keys.
    """
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    request = Request(Principal.of(role_arn, issuer=role_arn), action, resource, about)
    try:
        decision = authorize(
            request, identity_policies=attached_policies(role), permissions_boundary=boundary_of(role)
        )
    except MalformedPolicy as error:
        return f"a policy of {role_arn} cannot be read: {error}"
    return None if decision.allowed else decision.reason


def target_refusal(
    role_arn: str, rule_arn: str, action: str, target_arn: str, policy: str | None
) -> str | None:
    """Why a rule's target role may not act on the target, by its trust, its own and the target's policy.

    policy: the target's; in the role's own account the role's policies are enough.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
    """
    if refused := service_trust_refusal(role_arn, services.EVENTS, rule_arn):
        return refused
    role: Any = role_of(role_arn)
    _, partition, _, _, account_id, name = role.arn.split(":", 5)
    session = f"arn:{partition}:sts::{account_id}:assumed-role/{name.rsplit('/', 1)[-1]}/EventBridge"
    # Not at the start: few have rules with such targets.
    from secretwatch.localstack.organizations.provider import organization_of

    caller: dict[str, Any] = {}
    if organization_id := organization_of(account_id):
        caller["aws:PrincipalOrgID"] = organization_id
    request = Request(Principal.of(session, issuer=role.arn), action, target_arn, caller)
    try:
        decision = authorize(
            request,
            identity_policies=attached_policies(role),
            resource_policy=parsed(policy) if policy else None,
        )
    except MalformedPolicy as error:
        return f"a policy of {role_arn} or {target_arn} cannot be read: {error}"
    return None if decision.allowed else decision.reason


def topic_policy(arn: str) -> str | None:
    topic = _topic(arn)
    return topic.policy if topic else None


def queue_policy(arn: str) -> str | None:
    queue = _queue(arn)
    return queue.attributes.get("Policy") if queue else None


def topic_key(arn: str) -> Any | None:
    """LocalStack's key of an encrypted topic; None for a topic without one. Raises KeyNotFound."""
    topic = _topic(arn)
    identifier = topic.kms_master_key_id if topic else None
    region, account_id = arn.split(":")[3:5]
    return key_of(identifier, region, account_id) if identifier else None


# What delivery asks: a refusal is the error that the service would have got


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
    by_policy = "AuthorizationError" if _topic(topic_arn) else "NotFound"
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


def _context(trail: Trail) -> dict[str, Any]:
    return {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account_id}


def attached_policies(holder: Any) -> list[Policy]:
    """The policies of a user, a group or a role of moto's, inline and managed. Raises MalformedPolicy."""
    managed = (default_version(policy) for policy in holder.managed_policies.values())
    return [parsed(document_of(each)) for each in (*holder.policies.values(), *managed)]


def default_version(policy: Any) -> str:
    """The document of a managed policy of moto's that is in force."""
    found = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return str(found.document)


def boundary_of(role: Any) -> Policy | None:
    """The permissions boundary of a role of moto's; one whose policy is gone lets nothing through."""
    arn = getattr(role, "permissions_boundary_arn", None)
    if not arn:
        return None
    parts = role.arn.split(":")
    policy = iam_backends[parts[4]][parts[1]].managed_policies.get(arn)
    return parsed(default_version(policy)) if policy else _NOTHING


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _first_refusal(policy: str | None, requests: list[Request]) -> str | None:
    """The reason of the first of the requests that the resource's policy does not allow."""
    try:
        for request in requests:
            decision = authorize(request, resource_policy=parsed(policy) if policy else None)
            if not decision.allowed:
                return decision.reason
    except MalformedPolicy as error:
        return f"the policy of {requests[0].resource} cannot be read: {error}"
    return None


def document_of(stored: str | Mapping[str, Any]) -> str:
    """IAM documents are stored as text, some of them percent-encoded."""
    if not isinstance(stored, str):
        return json.dumps(stored)
    return stored if stored.lstrip().startswith("{") else unquote(stored)


@lru_cache(maxsize=4096)
def parsed(text: str) -> Policy:
    """A policy from its text, which is read once. Raises MalformedPolicy."""
    return Policy.parse(text)
