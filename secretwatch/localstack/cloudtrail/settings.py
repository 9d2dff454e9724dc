"""What CreateTrail and UpdateTrail refuse: names that are none, and sinks that CloudTrail may not use.

Here: the order of the checks, AWS's error codes and, where they are known, its messages. Terraform's provider
tries again on some of them ("Access denied."), since a role's policies take a while to reach CloudTrail.
Not here: whether a policy allows something (``access/services``).
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from __future__ import annotations

import ipaddress
import re

from localstack.aws.api import CommonServiceException

from secretwatch.localstack.access.services.buckets import bucket_of, bucket_refusal
from secretwatch.localstack.access.services.keys import KeyNotFound, default_key_of, key_of, trail_key_refusal
from secretwatch.localstack.access.services.log_groups import log_group_of, logs_refusal
from secretwatch.localstack.access.services.roles import trust_refusal
from secretwatch.localstack.access.services.topics import topic_key_refusal, topic_refusal
from secretwatch.localstack.cloudtrail.trails import Trail
from secretwatch.localstack.organizations import provider as organizations
from secretwatch.policy.services import CLOUDTRAIL

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_KEY_ID = re.compile(r"(?:alias/)?[A-Za-z0-9:/_-]+")
_PREFIX_LENGTH = 200
_NO_LOG_GROUP = "CloudTrail cannot validate the specified log group ARN."


def refusal(code: str, message: str) -> CommonServiceException:
    """An error as CloudTrail answers it."""
    return CommonServiceException(code=code, message=message, status_code=400, sender_fault=True)


def check_name(name: str) -> None:
    """Raises InvalidTrailNameException."""
    length = f"Specified name length: {len(name)} characters."
    if len(name) < 3:
        wrong = f"Trail name too short. Minimum allowed length: 3 characters. {length}"
    elif len(name) > 128:
        wrong = f"Trail name too long. Maximum allowed length: 128 characters. {length}"
    elif not re.match(r"[A-Za-z0-9]", name):
        wrong = "Trail name must starts with a letter or number."
    elif not re.search(r"[A-Za-z0-9]\Z", name):
        wrong = "Trail name must ends with a letter or number."
    elif not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        wrong = (
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )
    elif re.search(r"[._-]{2}", name):
        wrong = "Trail name can not have adjacent periods, underscores or dashes."
    elif _is_address(name):
        wrong = "Trail name can not be an IP address."
    else:
        return
    raise refusal("InvalidTrailNameException", wrong)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def check(trail: Trail, caller: str, *, gives_logs: bool) -> None:
    """Refuse settings that AWS refuses; sets the organization's id, and the key's ARN for its name.

    caller: the account that makes or changes the trail: the trail's own, or a delegated administrator's.
    gives_logs: whether the request names a log group or a role.
    """
    if trail.is_multi_region_trail and not trail.include_global_service_events:
        raise refusal(
            "InvalidParameterCombinationException", "Multi-Region trail must include global service events."
        )
    trail.organization_id = None
    if trail.is_organization_trail:
        trail.organization_id = organization_managed_by(
            trail.account_id, "NotOrganizationMasterAccountException"
        ).id
    _check_forms(trail)
    _check_bucket_and_key(trail, caller)
    _check_topic(trail)
    _check_logs(trail, caller if gives_logs else None)


def organization_managed_by(account_id: str, otherwise: str) -> organizations.Organization:
    """The organization of the account, which manages it and may use CloudTrail for it.

    otherwise: the error's code for a member; CloudTrail has two.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    organization = organizations.organization(account_id)
    if organization is None:
        raise refusal("OrganizationsNotInUseException", "The account is not a member of an organization.")
    if organization.management_account_id != account_id:
        raise refusal(otherwise, "The account is not the management account of its organization.")
    if organization.feature_set != "ALL":
        raise refusal(
            "OrganizationNotInAllFeaturesModeException",
            "The organization does not have all features enabled.",
        )
    if CLOUDTRAIL not in organization.trusted_services:
        raise refusal(
            "CloudTrailAccessNotEnabledException",
            "Trusted access is not enabled between CloudTrail and AWS Organizations.",
        )
    return organization


def _check_forms(trail: Trail) -> None:
    """What is wrong whatever else exists."""
    if not _BUCKET_NAME.fullmatch(trail.s3_bucket_name or ""):
        raise refusal("InvalidS3BucketNameException", f"Invalid S3 bucket name: {trail.s3_bucket_name}")
    prefix = trail.s3_key_prefix or ""
    if len(prefix) > _PREFIX_LENGTH:
        raise refusal(
            "InvalidS3PrefixException",
            f"S3 prefix is longer than maximum length. Maximum allowed length: {_PREFIX_LENGTH} characters. "
            f"Specified prefix length: {len(prefix)} characters.",
        )
    if trail.sns_topic_arn:
        parts = trail.sns_topic_arn.split(":")
        if len(parts) != 6 or parts[2] != "sns" or not _TOPIC_NAME.fullmatch(parts[5]):
            raise refusal("InvalidSnsTopicNameException", f"Invalid SNS topic name: {trail.sns_topic_name}")
    group, role = trail.cloud_watch_logs_log_group_arn, trail.cloud_watch_logs_role_arn
    if group and not role:
        raise refusal(
            "InvalidCloudWatchLogsRoleArnException", "You must specify a role ARN as well as a log group."
        )
    if role and not group:
        raise refusal(
            "InvalidCloudWatchLogsLogGroupArnException", "You must specify a log group as well as a role ARN."
        )


def _check_bucket_and_key(trail: Trail, caller: str) -> None:
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    if bucket is None:
        raise refusal("S3BucketDoesNotExistException", f"S3 bucket {trail.s3_bucket_name} does not exist!")
    if trail.kms_key_id:
        trail.kms_key_id = _key_arn(trail, trail.kms_key_id, bucket.bucket_region, caller)
    if bucket_refusal(trail):
        raise refusal(
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {trail.s3_bucket_name}",
        )
    if trail_key_refusal(trail):
        raise refusal(
            "InsufficientEncryptionPolicyException",
            f"Insufficient permissions to access S3 bucket {trail.s3_bucket_name} or KMS key "
            f"{trail.kms_key_id or default_key_of(trail)}.",
        )


def _key_arn(trail: Trail, identifier: str, bucket_region: str, caller: str) -> str:
    """The key's ARN. Whose key a delegated administrator's alias or id is, AWS does not say: here its own."""
    if not _KEY_ID.fullmatch(identifier):
        raise refusal("InvalidKmsKeyIdException", f"Invalid KMS key: {identifier}")
    try:
        key = key_of(identifier, trail.home_region, caller).metadata
    except KeyNotFound:
        raise refusal("KmsKeyNotFoundException", f"KMS key {identifier} does not exist.") from None
    arn = str(key["Arn"])
    if arn.split(":")[3] != bucket_region:
        raise refusal(
            "KmsKeyNotFoundException",
            f"KMS key {arn} is not in {bucket_region}, the region of bucket {trail.s3_bucket_name}.",
        )
    if not key["Enabled"]:
        raise refusal("KmsException", f"KMS key {arn} is not enabled: its state is {key['KeyState']}.")
    return arn


def _check_topic(trail: Trail) -> None:
    topic_arn = trail.sns_topic_arn
    if topic_arn and (
        topic_refusal(CLOUDTRAIL, topic_arn, trail.arn) or topic_key_refusal(CLOUDTRAIL, topic_arn, trail.arn)
    ):
        raise refusal(
            "InsufficientSnsTopicPolicyException",
            "SNS Topic does not exist or the topic policy is incorrect!",
        )


def _check_logs(trail: Trail, given_by: str | None) -> None:
    """A log group and a role of the account that names them, which need not be the one that owns the trail.

    given_by: None where the request names neither. AWS does not say what becomes of a delegated
    administrator's when the management account changes something else: here they stay.
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """
    group, role = trail.cloud_watch_logs_log_group_arn, trail.cloud_watch_logs_role_arn
    if not group or not role:
        return
    account_id = given_by or group.split(":")[4]
    where = f"arn:{trail.partition}:logs:{trail.home_region}:{account_id}:log-group:"
    if not group.startswith(where) or not group.endswith(":*") or log_group_of(group) is None:
        raise refusal("InvalidCloudWatchLogsLogGroupArnException", _NO_LOG_GROUP)
    if not role.startswith(f"arn:{trail.partition}:iam::{account_id}:role/"):
        raise refusal(
            "InvalidCloudWatchLogsRoleArnException", "CloudTrail cannot validate the specified role ARN."
        )
    if trust_refusal(role):
        raise refusal(
            "InvalidCloudWatchLogsRoleArnException",
            "Access denied. Verify in IAM that the role has adequate trust relationships.",
        )
    if logs_refusal(trail):
        raise refusal(
            "InvalidCloudWatchLogsLogGroupArnException",
            "Access denied. Verify in IAM that the role has adequate permissions.",
        )
