"""The CloudTrail API: trails, selectors, status, tags, event history.

Answers have the exact members that AWS sends; the AWS provider for Terraform crashes on others.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.connect import connect_to
from localstack.services.plugins import ServiceLifecycleHook

from secretwatch.cloudtrail import (
    DEFAULT_EVENT_SELECTORS,
    Event,
    InvalidEventSelectors,
    InvalidInsightSelectors,
    normalise_advanced_event_selectors,
    normalise_event_selectors,
    normalise_insight_selectors,
)
from secretwatch.localstack.cloudtrail.delivery import tell_lost
from secretwatch.localstack.cloudtrail.digests import SIGNING_KEYS
from secretwatch.localstack.cloudtrail.settings import check, check_name, refusal
from secretwatch.localstack.cloudtrail.trails import Trail, Trails, set_time
from secretwatch.localstack.organizations import delegation
from secretwatch.localstack.organizations import provider as organizations

_TRAIL_ARN = re.compile(r"arn:[^:]+:cloudtrail:[^:]+:\d{12}:trail/[^/]+")
_TRAILS_PER_REGION = 5
_LOOKUP_PAGE = 50
_LOOKUP_KEYS = (
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
)

# request member -> attribute of Trail; UpdateTrail changes only what is sent, "" takes it away
_MEMBERS = {
    "S3BucketName": "s3_bucket_name",
    "S3KeyPrefix": "s3_key_prefix",
    "SnsTopicName": "sns_topic_name",
    "IncludeGlobalServiceEvents": "include_global_service_events",
    "IsMultiRegionTrail": "is_multi_region_trail",
    "EnableLogFileValidation": "log_file_validation_enabled",
    "CloudWatchLogsLogGroupArn": "cloud_watch_logs_log_group_arn",
    "CloudWatchLogsRoleArn": "cloud_watch_logs_role_arn",
    "KmsKeyId": "kms_key_id",
    "IsOrganizationTrail": "is_organization_trail",
}


class CloudTrailProvider(ServiceLifecycleHook):
    """LocalStack's provider for the service ``cloudtrail``."""

    service = "cloudtrail"

    def __init__(self, trails: Trails, deliver: Callable[[], None]) -> None:
        self._trails = trails
        self._deliver = deliver

    def on_before_state_reset(self) -> None:
        self._trails.clear()

    def accept_state_visitor(self, visitor: Any) -> None:
        """Trails live as long as the process."""

    # Trails

    @handler("CreateTrail", expand=False)
    def create_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        check_name(name)
        multi_region = bool(request.get("IsMultiRegionTrail"))
        owner = _owner(context, request)
        self._refuse_taken_name(context, owner, name, multi_region)
        self._refuse_too_many(context, owner, multi_region)
        trail = Trail(
            name=name,
            account_id=owner,
            home_region=context.region,
            partition=context.partition,
            s3_bucket_name=request.get("S3BucketName") or "",
        )
        trail.tags = _tags(request.get("TagsList") or [])
        self._apply(context, trail, request)
        self._trails.add(trail)
        return _settings(trail)

    @handler("UpdateTrail", expand=False)
    def update_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._at_home(context, request["Name"])
        if request.get("IsOrganizationTrail") is False and trail.account_id != context.account_id:
            # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
            raise refusal(
                "NotOrganizationMasterAccountException",
                f"Only the management account can make {trail.arn} a trail of its own account.",
            )
        if request.get("IsMultiRegionTrail") and not trail.is_multi_region_trail:
            self._refuse_taken_name(context, trail.account_id, trail.name, True, but=trail)
        self._apply(context, trail, request)
        return _settings(trail)

    @handler("DeleteTrail", expand=False)
    def delete_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._at_home(context, request["Name"])
        self._deliver()  # what it has recorded
        if waiting := self._trails.remove(trail):
            tell_lost(trail, waiting)
        return {}

    @handler("GetTrail", expand=False)
    def get_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Trail": _description(self._find(context, request["Name"]))}

    @handler("DescribeTrails", expand=False)
    def describe_trails(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        names = request.get("trailNameList") or []
        for name in names:
            _check_name_or_arn(name)
        if names:
            found = [self._trails.find(name, context.account_id, context.region) for name in names]
            return {"trailList": [_description(trail) for trail in found if trail]}
        shadows = request.get("includeShadowTrails")
        return {
            "trailList": [
                _description(trail)
                for trail in self._trails.over(context.account_id)
                if (trail.account_id == context.account_id and trail.home_region == context.region)
                or (trail.is_in(context.region) and shadows is not False)
            ]
        }

    @handler("ListTrails", expand=False)
    def list_trails(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "Trails": [
                {"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.home_region}
                for trail in self._trails.over(context.account_id)
                if trail.is_in(context.region)
            ]
        }

    # Logging

    @handler("StartLogging", expand=False)
    def start_logging(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._at_home(context, request["Name"])
        if not trail.is_logging:
            self._trails.start(trail)
            set_time(trail, "StartLoggingTime", datetime.now(UTC))
        return {}

    @handler("StopLogging", expand=False)
    def stop_logging(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._at_home(context, request["Name"])
        if trail.is_logging:
            self._trails.stop(trail, context.request_id)
            set_time(trail, "StopLoggingTime", datetime.now(UTC))
        return {}

    @handler("GetTrailStatus", expand=False)
    def get_trail_status(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._find(context, request["Name"])
        texts = {
            "LatestDeliveryAttemptTime": "",
            "LatestNotificationAttemptTime": "",
            "LatestNotificationAttemptSucceeded": "",
            "LatestDeliveryAttemptSucceeded": "",
            "TimeLoggingStarted": "",
            "TimeLoggingStopped": "",
        }
        return {"IsLogging": trail.is_logging, **texts, **trail.status}

    @handler("ListPublicKeys", expand=False)
    def list_public_keys(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC)
        start, end = request.get("StartTime") or now, request.get("EndTime") or now
        if start > end:
            raise refusal("InvalidTimeRangeException", "StartTime is after EndTime.")
        return {
            "PublicKeyList": [
                {
                    "Value": key.public,
                    "ValidityStartTime": key.validity_start,
                    "ValidityEndTime": key.validity_end,
                    "Fingerprint": key.fingerprint,
                }
                for key in SIGNING_KEYS.valid_between(context.region, start, end, now)
            ]
        }

    # Selectors

    @handler("GetEventSelectors", expand=False)
    def get_event_selectors(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        return _selectors(self._find(context, request["TrailName"]))

    @handler("PutEventSelectors", expand=False)
    def put_event_selectors(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._at_home(context, request["TrailName"])
        basic, advanced = request.get("EventSelectors"), request.get("AdvancedEventSelectors")
        if bool(basic) == bool(advanced):
            raise refusal(
                "InvalidEventSelectorsException", "Give either EventSelectors or AdvancedEventSelectors."
            )
        try:
            if basic:
                trail.event_selectors = normalise_event_selectors(basic)
                trail.advanced_event_selectors = []
            else:
                trail.advanced_event_selectors = normalise_advanced_event_selectors(advanced or [])
                trail.event_selectors = []
        except InvalidEventSelectors as error:
            raise refusal("InvalidEventSelectorsException", str(error)) from error
        trail.has_custom_event_selectors = trail.event_selectors != DEFAULT_EVENT_SELECTORS
        return _selectors(trail)

    @handler("GetInsightSelectors", expand=False)
    def get_insight_selectors(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._find(context, _trail_with_insights(request))
        if not trail.insight_selectors:
            raise refusal(
                "InsightNotEnabledException",
                f"Trail {trail.name} does not have Insights enabled. Edit the trail settings to enable "
                "Insights, and then try the operation again.",
            )
        return {"TrailARN": trail.arn, "InsightSelectors": trail.insight_selectors}

    @handler("PutInsightSelectors", expand=False)
    def put_insight_selectors(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        """Kept, and without effect: the local cloud has no insights. No selectors turn them off."""
        trail = self._at_home(context, _trail_with_insights(request))
        try:
            wanted = normalise_insight_selectors(
                request.get("InsightSelectors") or [], trail.event_selectors, trail.advanced_event_selectors
            )
        except InvalidInsightSelectors as error:
            raise refusal("InvalidInsightSelectorsException", str(error)) from error
        trail.insight_selectors = wanted
        return {"TrailARN": trail.arn, "InsightSelectors": wanted}

    # Tags

    @handler("AddTags", expand=False)
    def add_tags(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._tagged(context, request["ResourceId"])
        trail.tags = _tags(request["TagsList"], trail.tags)
        return {}

    @handler("RemoveTags", expand=False)
    def remove_tags(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = self._tagged(context, request["ResourceId"])
        gone = {tag["Key"] for tag in request["TagsList"]}
        trail.tags = {key: value for key, value in trail.tags.items() if key not in gone}
        return {}

    @handler("ListTags", expand=False)
    def list_tags(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "ResourceTagList": [
                {
                    "ResourceId": arn,
                    "TagsList": [
                        {"Key": key, "Value": value} for key, value in self._tagged(context, arn).tags.items()
                    ],
                }
                for arn in request["ResourceIdList"]
            ]
        }

    # Delegated administrators of an organization

    @handler("RegisterOrganizationDelegatedAdmin", expand=False)
    def register_organization_delegated_admin(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        delegation.register(context.account_id, request["MemberAccountId"])
        return {}

    @handler("DeregisterOrganizationDelegatedAdmin", expand=False)
    def deregister_organization_delegated_admin(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        delegation.deregister(context.account_id, request["DelegatedAdminAccountId"])
        return {}

    # Event history

    @handler("LookupEvents", expand=False)
    def lookup_events(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        category = request.get("EventCategory")
        if category not in (None, "insight"):
            raise refusal("InvalidEventCategoryException", f"An event category is insight, not {category}.")
        if category == "insight":
            return {"Events": []}  # no trail here has Insights
        wanted = _lookup_filter(request)
        size = request.get("MaxResults") or _LOOKUP_PAGE
        if not 1 <= size <= _LOOKUP_PAGE:
            raise refusal(
                "InvalidMaxResultsException", f"MaxResults is from 1 to {_LOOKUP_PAGE}, not {size}."
            )
        after = _decode_token(request.get("NextToken"))
        page: list[dict[str, Any]] = []
        more = False
        skipping = after is not None
        for event in self._trails.history(context.account_id, context.region):
            if skipping:
                skipping = event["eventID"] != after
                continue
            if not wanted(event):
                continue
            if len(page) == size:
                more = True
                break
            page.append(_looked_up(event))
        if skipping:
            raise refusal("InvalidNextTokenException", "The NextToken is not one that LookupEvents gave.")
        answer: dict[str, Any] = {"Events": page}
        if more:
            answer["NextToken"] = base64.b64encode(page[-1]["EventId"].encode()).decode()
        return answer

    # How a trail is found and changed

    def _refuse_taken_name(
        self, context: RequestContext, owner: str, name: str, multi_region: bool, but: Trail | None = None
    ) -> None:
        """A multi-region trail is seen in every region: its name is taken there, and it needs it there.

        AWS does not say what UpdateTrail answers where a trail that becomes multi-region meets another of its
        name: the error of CreateTrail is taken.
        """
        for trail in self._trails.of(owner):
            meets = multi_region or trail.is_in(context.region)
            if trail is not but and trail.name == name and meets:
                raise refusal(
                    "TrailAlreadyExistsException",
                    f"Trail {name} already exists for customer: {owner}",
                )

    def _refuse_too_many(self, context: RequestContext, owner: str, multi_region: bool) -> None:
        """A multi-region trail counts as one in every region.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
        """
        mine = self._trails.of(owner)
        regions = {trail.home_region for trail in mine} if multi_region else set()
        for region in sorted(regions | {context.region}):
            if sum(trail.is_in(region) for trail in mine) >= _TRAILS_PER_REGION:
                raise refusal(
                    "MaximumNumberOfTrailsExceededException",
                    f"User: {owner} already has {_TRAILS_PER_REGION} trails in {region}.",
                )

    def _find(self, context: RequestContext, name_or_arn: str) -> Trail:
        _check_name_or_arn(name_or_arn)
        trail = self._trails.find(name_or_arn, context.account_id, context.region)
        if trail is None or not self._trails.is_over(trail, context.account_id):
            where = f"arn:{context.partition}:cloudtrail:{context.region}:{context.account_id}"
            arn = name_or_arn if name_or_arn.startswith("arn:") else f"{where}:trail/{name_or_arn}"
            raise refusal(
                "TrailNotFoundException", f"Unknown trail: {arn} for the user: {context.account_id}"
            )
        return trail

    def _at_home(self, context: RequestContext, name_or_arn: str) -> Trail:
        """A trail is changed only by its account, or one to which that has delegated it, in its home region.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
        """
        trail = self._find(context, name_or_arn)
        if not _administers(context, trail.account_id):
            raise refusal(
                "NotOrganizationMasterAccountException",
                f"Trail {trail.arn} can be changed only by the management account of the organization, or a "
                "delegated administrator.",
            )
        if trail.home_region != context.region:
            raise refusal(
                "InvalidHomeRegionException",
                f"Operation should be called from trail's home region: {trail.home_region}",
            )
        return trail

    def _tagged(self, context: RequestContext, arn: str) -> Trail:
        """Tags are read and changed in the trail's home region, by its ARN and by those who may change it.

        What another member of the organization is answered stands in public reports. AWS does not say which
        words ResourceNotFoundException has.
        """
        if not _TRAIL_ARN.fullmatch(arn):
            raise refusal("CloudTrailARNInvalidException", f"Invalid ARN: {arn}")
        check_name(arn.partition("/")[2])
        if arn.split(":")[3] != context.region:
            raise refusal(
                "CloudTrailARNInvalidException",
                f"Region in ARN is wrong, you can only access resources in region {context.region}.",
            )
        if not _administers(context, arn.split(":")[4]):
            raise refusal(
                "CloudTrailARNInvalidException",
                "AccountID in ARN is wrong, you can only access resources with AccountID "
                f"{context.account_id}.",
            )
        trail = self._trails.find(arn, context.account_id, context.region)
        if trail is None or not self._trails.is_over(trail, context.account_id):
            raise refusal("ResourceNotFoundException", f"The resource {arn} is not found.")
        return trail

    def _apply(self, context: RequestContext, trail: Trail, request: Mapping[str, Any]) -> None:
        """Check the request's settings as a whole, then set them: a refused request changes nothing."""
        changes: dict[str, Any] = {
            attribute: (request[member] if request[member] != "" else None)
            for member, attribute in _MEMBERS.items()
            if request.get(member) is not None
        }
        logs = ("cloud_watch_logs_log_group_arn", "cloud_watch_logs_role_arn")
        if any(name in changes for name in logs) and not any(changes.get(name) for name in logs):
            # Taking one of the two away takes both away.
            changes |= dict.fromkeys(logs)
        changes["organization_id"] = None  # `check` says which
        wanted = replace(trail, **changes)
        check(wanted, context.account_id, gives_logs=any(changes.get(name) for name in logs))
        for attribute in changes:
            setattr(trail, attribute, getattr(wanted, attribute))
        if trail.sns_topic_arn:
            # Also each time when something else is changed: AWS tries the topic out.
            topic = trail.sns_topic_arn.split(":")
            sns = connect_to(aws_access_key_id=topic[4], region_name=topic[3]).sns
            sns.publish(TopicArn=trail.sns_topic_arn, Message="CloudTrail validation message.")


def _owner(context: RequestContext, request: Mapping[str, Any]) -> str:
    """Whose a new trail is: an organization's is its management account's, also if another may make it."""
    account_id: str = context.account_id
    found = organizations.organization(account_id) if request.get("IsOrganizationTrail") else None
    return (
        found.management_account_id if found and account_id in found.delegated_administrators else account_id
    )


def _administers(context: RequestContext, owner: str) -> bool:
    """Whether the caller may change the owner's trails, of which another sees those of an organization."""
    return context.account_id == owner or organizations.is_delegated(context.account_id, by=owner)


def _trail_with_insights(request: Mapping[str, Any]) -> str:
    if request.get("EventDataStore") or request.get("InsightsDestination"):
        if request.get("TrailName"):
            raise refusal(
                "InvalidParameterCombinationException", "Give either TrailName or an event data store."
            )
        raise refusal("UnsupportedOperationException", "The local cloud has no event data stores.")
    if not request.get("TrailName"):
        raise refusal("InvalidParameterCombinationException", "TrailName is missing.")
    return str(request["TrailName"])


def _check_name_or_arn(name_or_arn: str) -> None:
    """Raises CloudTrailARNInvalidException or InvalidTrailNameException."""
    if not name_or_arn.startswith("arn:"):
        check_name(name_or_arn)
    elif not _TRAIL_ARN.fullmatch(name_or_arn):
        raise refusal("CloudTrailARNInvalidException", f"Invalid ARN: {name_or_arn}")


def _tags(tags: list[dict[str, Any]], present: Mapping[str, str] | None = None) -> dict[str, str]:
    """The trail's tags once these are added to those that it has; ``tagging`` refuses wrong ones before."""
    return {**(present or {}), **{tag["Key"]: tag.get("Value") or "" for tag in tags}}


def _settings(trail: Trail) -> dict[str, Any]:
    """The answer of CreateTrail and UpdateTrail: what is set, and nothing for what is not."""
    answer = {
        "Name": trail.name,
        "S3BucketName": trail.s3_bucket_name,
        "S3KeyPrefix": trail.s3_key_prefix,
        # Its bare name, whatever was sent: seen in public reports, also of a topic of another region.
        "SnsTopicName": trail.sns_topic_arn.rpartition(":")[2] if trail.sns_topic_arn else None,
        "SnsTopicARN": trail.sns_topic_arn,
        "IncludeGlobalServiceEvents": trail.include_global_service_events,
        "IsMultiRegionTrail": trail.is_multi_region_trail,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.log_file_validation_enabled,
        "CloudWatchLogsLogGroupArn": trail.cloud_watch_logs_log_group_arn,
        "CloudWatchLogsRoleArn": trail.cloud_watch_logs_role_arn,
        "KmsKeyId": trail.kms_key_id,
        "IsOrganizationTrail": trail.is_organization_trail,
    }
    return {name: value for name, value in answer.items() if value is not None}


def _description(trail: Trail) -> dict[str, Any]:
    return _settings(trail) | {
        "HomeRegion": trail.home_region,
        "HasCustomEventSelectors": trail.has_custom_event_selectors,
        "HasInsightSelectors": bool(trail.insight_selectors),
    }


def _selectors(trail: Trail) -> dict[str, Any]:
    if trail.advanced_event_selectors:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors}
    return {"TrailARN": trail.arn, "EventSelectors": trail.event_selectors}


def _lookup_filter(request: Mapping[str, Any]) -> Callable[[Event], bool]:
    start, end = request.get("StartTime"), request.get("EndTime")
    if start and end and start > end:
        raise refusal("InvalidTimeRangeException", "StartTime is after EndTime.")
    attributes = request.get("LookupAttributes") or []
    for name in (attribute.get("AttributeKey") for attribute in attributes):
        if name not in _LOOKUP_KEYS:
            raise refusal(
                "InvalidLookupAttributesException",
                f"A lookup attribute is one of {', '.join(_LOOKUP_KEYS)}, not {name}.",
            )
    if len(attributes) > 1:
        raise refusal("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    earliest = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if start else ""
    latest = f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if end else "9999"
    key, value = (attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]) if attributes else ("", "")

    def wanted(event: Event) -> bool:
        return earliest <= event["eventTime"] <= latest and (not key or value in _lookup_values(event, key))

    return wanted


def _lookup_values(event: Event, key: str) -> list[str]:
    identity = event["userIdentity"]
    if key == "ReadOnly":
        return ["true" if event["readOnly"] else "false"]
    if key == "ResourceType":
        return [resource["ResourceType"] for resource in _looked_up_resources(event)]
    if key == "ResourceName":
        return [resource["ResourceName"] for resource in _looked_up_resources(event)]
    return [
        {
            "EventId": event["eventID"],
            "EventName": event["eventName"],
            "EventSource": event["eventSource"],
            "Username": _username(identity) or "",
            "AccessKeyId": identity.get("accessKeyId", ""),
        }.get(key, "")
    ]


def _username(identity: Mapping[str, Any]) -> str | None:
    """A user's name or a session's; None where an AWS service called."""
    if identity["type"] in ("AssumedRole", "FederatedUser"):
        return str(identity["arn"].rpartition("/")[2])
    return "root" if identity["type"] == "Root" else identity.get("userName")


# What a request names, as the event history shows it.
_RESOURCE_PARAMETERS = {
    ("secretsmanager.amazonaws.com", "secretId"): "AWS::SecretsManager::Secret",
    ("s3.amazonaws.com", "bucketName"): "AWS::S3::Bucket",
    ("cloudtrail.amazonaws.com", "name"): "AWS::CloudTrail::Trail",
    ("cloudtrail.amazonaws.com", "trailName"): "AWS::CloudTrail::Trail",
    ("iam.amazonaws.com", "roleName"): "AWS::IAM::Role",
    ("iam.amazonaws.com", "userName"): "AWS::IAM::User",
    ("iam.amazonaws.com", "policyArn"): "AWS::IAM::Policy",
    ("kms.amazonaws.com", "keyId"): "AWS::KMS::Key",
    ("sns.amazonaws.com", "topicArn"): "AWS::SNS::Topic",
    ("logs.amazonaws.com", "logGroupName"): "AWS::Logs::LogGroup",
    ("monitoring.amazonaws.com", "alarmName"): "AWS::CloudWatch::Alarm",
    ("lambda.amazonaws.com", "functionName"): "AWS::Lambda::Function",
    ("sts.amazonaws.com", "roleArn"): "AWS::IAM::Role",
}


def _looked_up_resources(event: Event) -> list[dict[str, str]]:
    source = event["eventSource"]
    return [
        {"ResourceType": _RESOURCE_PARAMETERS[source, name], "ResourceName": value}
        for name, value in (event["requestParameters"] or {}).items()
        if (source, name) in _RESOURCE_PARAMETERS and isinstance(value, str)
    ]


def _looked_up(event: Event) -> dict[str, Any]:
    identity = event["userIdentity"]
    found = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "true" if event["readOnly"] else "false",
        "AccessKeyId": identity.get("accessKeyId"),
        "EventTime": datetime.strptime(event["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        "EventSource": event["eventSource"],
        "Username": _username(identity),
        "Resources": _looked_up_resources(event),
        "CloudTrailEvent": json.dumps(event, separators=(",", ":")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _decode_token(token: str | None) -> str | None:
    if not token:
        return None
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError as error:
        raise refusal(
            "InvalidNextTokenException", "The NextToken is not one that LookupEvents gave."
        ) from error
