"""CloudTrail, CloudWatch, CloudWatch Logs, Cloud Control and the Resource Groups Tagging API."""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.policy.actions.table import ANY, Ask, Parameters, Service, Where, on, passing, same, values

_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference"

_TRAIL = "arn:{partition}:cloudtrail:{region}:{account}:trail/{Name}"
_SERVICE_ROLE = (
    "arn:{partition}:iam::{account}:role/aws-service-role/"
    + "cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"
)
_STORE = "arn:{partition}:cloudtrail:{region}:{account}:eventdatastore/{EventDataStore}"


def _for_an_organization(when: str) -> tuple[Ask, ...]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html"""
    return (
        Ask("organizations:ListAWSServiceAccessForOrganization", "*", when=when),
        Ask("iam:GetRole", _SERVICE_ROLE, when=when),
        Ask(
            "iam:CreateServiceLinkedRole",
            _SERVICE_ROLE,
            when=when,
            keys={"iam:AWSServiceName": "cloudtrail.amazonaws.com"},
        ),
    )


_OF_AN_ORGANIZATION = _for_an_organization("IsOrganizationTrail")


def _delegating(action: str) -> Ask:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator-permissions.html"""
    return Ask(action, ANY, keys={"organizations:ServicePrincipal": "cloudtrail.amazonaws.com"})


_LOGS_ROLE = passing("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com")

CLOUDTRAIL = Service(
    "cloudtrail",
    f"{_REFERENCE}/list_awscloudtrail.html",
    named=(
        ("EventDataStore", _STORE),
        ("Channel", "arn:{partition}:cloudtrail:{region}:{account}:channel/{Channel}"),
        ("DashboardId", "arn:{partition}:cloudtrail:{region}:{account}:dashboard/{DashboardId}"),
        ("Name", _TRAIL),
        ("TrailName", _TRAIL.replace("Name", "TrailName")),
        ("ResourceId", "{ResourceId}"),
        ("ResourceIdList", "{ResourceIdList[]}"),
        ("ResourceArn", "{ResourceArn}"),
    ),
    operations={
        "CreateTrail": (
            Ask("CreateTrail", _TRAIL),
            Ask("AddTags", _TRAIL, when="TagsList"),
            _LOGS_ROLE,
            *_OF_AN_ORGANIZATION,
        ),
        "UpdateTrail": (Ask("UpdateTrail", _TRAIL), _LOGS_ROLE, *_OF_AN_ORGANIZATION),
        **on(
            "CreateChannel CreateDashboard CreateEventDataStore GenerateQuery StartQuery"
            " ListInsightsData GetQueryResults DescribeQuery CancelQuery ListQueries"
            " StartDashboardRefresh",
            ANY,
        ),
        **on(
            "DescribeTrails GetImport ListChannels ListDashboards ListEventDataStores ListImportFailures"
            " ListImports ListPublicKeys ListTrails LookupEvents StartImport StopImport"
            " SearchSampleQueries ListInsightsMetricData",
            "*",
        ),
        # AWS's page speaks of both together. What has to do with the service-linked role is taken to be for
        # the first: only that has an error for who lacks it.
        "RegisterOrganizationDelegatedAdmin": (
            Ask("RegisterOrganizationDelegatedAdmin", "*"),
            _delegating("organizations:RegisterDelegatedAdministrator"),
            *_for_an_organization("MemberAccountId"),
        ),
        "DeregisterOrganizationDelegatedAdmin": (
            Ask("DeregisterOrganizationDelegatedAdmin", "*"),
            _delegating("organizations:DeregisterDelegatedAdministrator"),
            Ask("organizations:ListAWSServiceAccessForOrganization", "*"),
        ),
    },
)


def _alarm(parameter: str) -> str:
    return "arn:{partition}:cloudwatch:{region}:{account}:alarm:{%s}" % parameter  # noqa: UP031


_MUTE_RULE = "arn:{partition}:cloudwatch:{region}:{account}:alarm-mute-rule:{Name}"
_DASHBOARD = "arn:{partition}:cloudwatch::{account}:dashboard/{DashboardName}"
_INSIGHT = "arn:{partition}:cloudwatch:{region}:{account}:insight-rule/{RuleName}"
_STREAM = "arn:{partition}:cloudwatch:{region}:{account}:metric-stream/{Name}"

CLOUDWATCH = Service(
    "cloudwatch",
    f"{_REFERENCE}/list_amazoncloudwatch.html",
    named=(
        ("AlarmName", _alarm("AlarmName")),
        ("AlarmNames", _alarm("AlarmNames[]")),
        ("AlarmMuteRuleName", _MUTE_RULE.replace("Name", "AlarmMuteRuleName")),
        ("DashboardName", _DASHBOARD),
        ("DashboardNames", _DASHBOARD.replace("DashboardName", "DashboardNames[]")),
        ("ResourceARN", "{ResourceARN}"),
    ),
    operations={
        # Without names they are about all alarms, which the reference's resource type covers by `alarm:*`.
        **on("DescribeAlarms", _alarm("AlarmNames[]")),
        **on("DescribeAlarmHistory", _alarm("AlarmName")),
        **on("ListAlarmMuteRules", _MUTE_RULE),
        **on("ListManagedInsightRules", "*"),
        **same(
            "PutMetricAlarm PutCompositeAlarm",
            Ask("", _alarm("AlarmName")),
            Ask("TagResource", _alarm("AlarmName"), when="Tags"),
        ),
        "PutAlarmMuteRule": (
            Ask("PutAlarmMuteRule", _MUTE_RULE),
            Ask("PutAlarmMuteRule", _alarm("MuteTargets.AlarmNames[]"), when="MuteTargets.AlarmNames"),
            Ask("TagResource", _MUTE_RULE, when="Tags"),
        ),
        **on("PutInsightRule GetInsightRuleReport", _INSIGHT),
        **on(
            "DeleteInsightRules DisableInsightRules EnableInsightRules",
            _INSIGHT.replace("RuleName", "RuleNames[]"),
        ),
        **on("DeleteMetricStream GetMetricStream", _STREAM),
        "PutMetricStream": (
            Ask("PutMetricStream", _STREAM),
            passing("RoleArn", "streams.metrics.cloudwatch.amazonaws.com"),
        ),
        **on("StartMetricStreams StopMetricStreams", _STREAM.replace("Name", "Names[]")),
    },
    keys={"cloudwatch:namespace": "Namespace", "cloudwatch:AlarmActions": "AlarmActions[]"},
)


def _log_group(parameters: Parameters, where: Where) -> Sequence[str]:
    """A log group by name or ARN; the ARN that policies name ends with `:*`, which this matches.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html; the form with
    `:log-stream:` stands in the messages of refused calls (observed).
    """
    for parameter in ("logGroupName", "logGroupIdentifier", "logGroupNames[]", "logGroupIdentifiers[]"):
        if given := values(parameters, parameter):
            return [_group_arn(str(each), where) for each in given]
    return [_group_arn("", where)]


def _group_arn(name: str, where: Where) -> str:
    if name.startswith("arn:"):
        return f"{name.removesuffix(':*')}:log-stream:"
    return f"arn:{where.partition}:logs:{where.region}:{where.account}:log-group:{name}:log-stream:"


def _log_stream(parameters: Parameters, where: Where) -> Sequence[str]:
    streams = values(parameters, "logStreamName") or [""]
    return [f"{_log_group(parameters, where)[0]}{streams[0]}"]


def _tagged(parameters: Parameters, _where: Where) -> Sequence[str]:
    # The ARN of a log group to be tagged has no `:*`: the same page.
    return [str(each).removesuffix(":*") for each in values(parameters, "resourceArn")] or ["*"]


def _new_group(parameters: Parameters, where: Where) -> Sequence[str]:
    return [_log_group(parameters, where)[0].removesuffix(":log-stream:")]


_DESTINATION = "arn:{partition}:logs:{region}:{account}:destination:{destinationName}"

LOGS = Service(
    "logs",
    f"{_REFERENCE}/list_amazoncloudwatchlogs.html",
    named=(
        ("resourceArn", _tagged),
        ("destinationName", _DESTINATION),
        ("logGroupName", _log_group),
        ("logGroupIdentifier", _log_group),
    ),
    operations={
        **on("DescribeLogGroups DescribeMetricFilters StartQuery StartLiveTail", _log_group),
        **on("CreateLogStream PutLogEvents GetLogEvents DeleteLogStream", _log_stream),
        # GetLogGroupFields and the like name a group; these have no resource in the reference.
        **on(
            "GetLogFields DescribeDestinations DescribeQueries DescribeFieldIndexes"
            " DescribeIndexPolicies PutIndexPolicy DeleteIndexPolicy PutAccountPolicy"
            " DeleteAccountPolicy DescribeAccountPolicies PutQueryDefinition ListLogGroups"
            " AssociateSourceToS3TableIntegration PutResourcePolicy DeleteResourcePolicy"
            " DescribeResourcePolicies TestMetricFilter TestTransformer ListLogGroupsForQuery"
            " ListAggregateLogGroupSummaries",
            "*",
        ),
        "CreateLogGroup": (Ask("CreateLogGroup"), Ask("TagResource", _new_group, when="tags")),
        "PutDestination": (Ask("PutDestination"), passing("roleArn", "logs.amazonaws.com")),
        "PutSubscriptionFilter": (Ask("PutSubscriptionFilter"), passing("roleArn", "logs.amazonaws.com")),
        **on(
            "CreateDelivery DeleteDelivery GetDelivery UpdateDeliveryConfiguration PutDeliverySource"
            " PutDeliveryDestination PutDeliveryDestinationPolicy DeleteDeliveryDestination"
            " GetDeliverySource DeleteDeliveryDestinationPolicy DeleteDeliverySource"
            " GetDeliveryDestination UpdateAnomaly GetDeliveryDestinationPolicy CreateLogAnomalyDetector"
            " DeleteLogAnomalyDetector GetLogRecord GetLogAnomalyDetector UpdateLogAnomalyDetector"
            " GetQueryResults CreateExportTask CreateScheduledQuery DeleteScheduledQuery"
            " GetScheduledQuery GetScheduledQueryHistory UpdateScheduledQuery ListAnomalies"
            " ListLogAnomalyDetectors",
            ANY,
        ),
    },
)

# What a resource's handler calls with the caller's permissions; by the handlers' published schemas.
# https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/security.html
_READS = {
    "AWS::CloudTrail::Trail": (
        "cloudtrail:GetTrail",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:ListTags",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetInsightSelectors",
    ),
    "AWS::SNS::Topic": (
        "sns:GetTopicAttributes",
        "sns:ListTagsForResource",
        "sns:ListSubscriptionsByTopic",
        "sns:GetDataProtectionPolicy",
    ),
}
HANDLERS = {
    "AWS::CloudTrail::Trail": "arn:{partition}:cloudtrail:{region}:{account}:trail/{Identifier}",
    "AWS::SNS::Topic": "{Identifier}",
}


def handler_asks(type_name: str) -> tuple[Ask, ...]:
    """What reading a resource of that type needs beside cloudformation:GetResource."""
    return tuple(Ask(action, HANDLERS[type_name]) for action in _READS.get(type_name, ()))


CLOUDCONTROL = Service("cloudformation", f"{_REFERENCE}/list_awscloudformation.html")

TAGGING = Service("tag", f"{_REFERENCE}/list_amazonresourcegrouptaggingapi.html")
