"""A trail as the API shows it: exactly the members that AWS sends."""

from __future__ import annotations

from typing import Any

from secretwatch.localstack.cloudtrail.trails import Trail


def settings(trail: Trail) -> dict[str, Any]:
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


def description(trail: Trail) -> dict[str, Any]:
    return settings(trail) | {
        "HomeRegion": trail.home_region,
        "HasCustomEventSelectors": trail.has_custom_event_selectors,
        "HasInsightSelectors": bool(trail.insight_selectors),
    }


def selectors(trail: Trail) -> dict[str, Any]:
    if trail.advanced_event_selectors:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors}
    return {"TrailARN": trail.arn, "EventSelectors": trail.event_selectors}
