"""The CloudTrail API: trails, selectors, status, tags, event history.

Answers have the exact members that AWS sends; the AWS provider for Terraform crashes on others.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.connect import connect_to
from localstack.services.plugins import ServiceLifecycleHook

from secretwatch.cloudtrail import (
    DEFAULT_EVENT_SELECTORS,
    InvalidEventSelectors,
    InvalidInsightSelectors,
    normalise_advanced_event_selectors,
    normalise_event_selectors,
    normalise_insight_selectors,
)
from secretwatch.localstack.cloudtrail.delivery import tell_lost
from secretwatch.localstack.cloudtrail.descriptions import description, selectors, settings
from secretwatch.localstack.cloudtrail.digests import SIGNING_KEYS
from secretwatch.localstack.cloudtrail.finding import (
    at_home,
    check_name_or_arn,
    find,
    refuse_taken_name,
    refuse_too_many,
    tagged,
)
from secretwatch.localstack.cloudtrail.lookups import events_for
from secretwatch.localstack.cloudtrail.settings import check, check_name, refusal
from secretwatch.localstack.cloudtrail.trails import Trail, Trails, set_time
from secretwatch.localstack.organizations import delegation
from secretwatch.localstack.organizations import provider as organizations

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
        refuse_taken_name(self._trails, context, owner, name, multi_region)
        refuse_too_many(self._trails, context, owner, multi_region)
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
        return settings(trail)

    @handler("UpdateTrail", expand=False)
    def update_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = at_home(self._trails, context, request["Name"])
        if request.get("IsOrganizationTrail") is False and trail.account_id != context.account_id:
            # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
            raise refusal(
                "NotOrganizationMasterAccountException",
                f"Only the management account can make {trail.arn} a trail of its own account.",
            )
        if request.get("IsMultiRegionTrail") and not trail.is_multi_region_trail:
            refuse_taken_name(self._trails, context, trail.account_id, trail.name, True, but=trail)
        self._apply(context, trail, request)
        return settings(trail)

    @handler("DeleteTrail", expand=False)
    def delete_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = at_home(self._trails, context, request["Name"])
        self._deliver()  # what it has recorded
        if waiting := self._trails.remove(trail):
            tell_lost(trail, waiting)
        return {}

    @handler("GetTrail", expand=False)
    def get_trail(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Trail": description(find(self._trails, context, request["Name"]))}

    @handler("DescribeTrails", expand=False)
    def describe_trails(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        names = request.get("trailNameList") or []
        for name in names:
            check_name_or_arn(name)
        if names:
            found = [self._trails.find(name, context.account_id, context.region) for name in names]
            return {"trailList": [description(trail) for trail in found if trail]}
        shadows = request.get("includeShadowTrails")
        return {
            "trailList": [
                description(trail)
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
        trail = at_home(self._trails, context, request["Name"])
        if not trail.is_logging:
            self._trails.start(trail)
            set_time(trail, "StartLoggingTime", datetime.now(UTC))
        return {}

    @handler("StopLogging", expand=False)
    def stop_logging(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = at_home(self._trails, context, request["Name"])
        if trail.is_logging:
            self._trails.stop(trail, context.request_id)
            set_time(trail, "StopLoggingTime", datetime.now(UTC))
        return {}

    @handler("GetTrailStatus", expand=False)
    def get_trail_status(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = find(self._trails, context, request["Name"])
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
        return selectors(find(self._trails, context, request["TrailName"]))

    @handler("PutEventSelectors", expand=False)
    def put_event_selectors(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = at_home(self._trails, context, request["TrailName"])
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
        return selectors(trail)

    @handler("GetInsightSelectors", expand=False)
    def get_insight_selectors(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = find(self._trails, context, _trail_with_insights(request))
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
        trail = at_home(self._trails, context, _trail_with_insights(request))
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
        trail = tagged(self._trails, context, request["ResourceId"])
        trail.tags = _tags(request["TagsList"], trail.tags)
        return {}

    @handler("RemoveTags", expand=False)
    def remove_tags(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        trail = tagged(self._trails, context, request["ResourceId"])
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
                        {"Key": key, "Value": value}
                        for key, value in tagged(self._trails, context, arn).tags.items()
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
        return events_for(request, self._trails.history(context.account_id, context.region))

    # How a trail is changed

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


def _tags(tags: list[dict[str, Any]], present: Mapping[str, str] | None = None) -> dict[str, str]:
    """The trail's tags once these are added to those that it has; ``tagging`` refuses wrong ones before."""
    return {**(present or {}), **{tag["Key"]: tag.get("Value") or "" for tag in tags}}
