"""Trails: as GetTrail, GetTrailStatus and GetEventSelectors answer them, in one thing.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from secretwatch.cloudtrail import SelectedBy
from secretwatch.cloudtrail.selectors import EXCLUDABLE
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    members,
    same_key,
    text,
)

_SETTINGS = (
    *("S3BucketName", "S3KeyPrefix", "SnsTopicName", "IncludeGlobalServiceEvents", "IsMultiRegionTrail"),
    *("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId", "IsOrganizationTrail"),
)
ALL_MANAGEMENT = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]


def look(looking: Looking, ids: list[str]) -> None:
    for arn in ids:
        home = arn.split(":")[3]
        looking.ask.ahead("cloudtrail", "GetTrail", arn, home, Name=arn)
        looking.ask.ahead("cloudtrail", "GetTrailStatus", arn, home, Name=arn)
        looking.ask.ahead("cloudtrail", "GetEventSelectors", arn, home, TrailName=arn)
    for arn in ids:
        home = arn.split(":")[3]
        asked = looking.ask("cloudtrail", "GetTrail", arn, home, Name=arn)
        if asked.unknown and (listed := _listed(looking, arn)):
            found = listed  # who may only list trails knows the most of it
        else:
            looking.note("trail", arn, asked, None)
            if not asked.ok:
                continue
            found = dict(asked.answer["Trail"])
        status = looking.ask("cloudtrail", "GetTrailStatus", arn, home, Name=arn)
        if status.ok:
            found["Status"] = {
                name: each for name, each in status.answer.items() if name != "ResponseMetadata"
            }
            found["IsLogging"] = bool(status.answer.get("IsLogging"))
        elif status.unknown:
            looking.account.unknown[Ref("trail status", arn)] = status
        selectors = looking.ask("cloudtrail", "GetEventSelectors", arn, home, TrailName=arn)
        if selectors.ok:
            found["EventSelectors"] = selectors.answer.get("EventSelectors") or []
            found["AdvancedEventSelectors"] = selectors.answer.get("AdvancedEventSelectors") or []
        elif selectors.unknown:
            looking.account.unknown[Ref("selectors", arn)] = selectors
        looking.account.put("trail", arn, found)


def _listed(looking: Looking, arn: str) -> Thing | None:
    asked = looking.ask("cloudtrail", "DescribeTrails", includeShadowTrails=True)
    trails = (asked.answer or {}).get("trailList", []) if asked.ok else []
    return next((dict(each) for each in trails if each["TrailARN"] == arn), None)


def group_of(trail: Mapping[str, Any]) -> str | None:
    """The name of the log group that a trail delivers to."""
    arn = trail.get("CloudWatchLogsLogGroupArn")
    return next(iter(str(arn).split(":", 7)[6:7]), None) if arn else None


def complete(selector: Mapping[str, Any]) -> dict[str, Any]:
    """A selector with the members that AWS may leave out."""
    return {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
        **selector,
    }


def start(arn: str) -> Call:
    return Call("cloudtrail", "StartLogging", {"Name": arn})


def select(arn: str, trail: Mapping[str, Any], needed: Iterable[str] = ()) -> Call:
    """All management events, and the data events that it selects as it is.

    needed: sources that have to come; others that are left out stay so.
    """
    data = [
        each for selector in trail.get("EventSelectors") or () for each in selector.get("DataResources") or ()
    ]
    selector: dict[str, Any] = {**ALL_MANAGEMENT[0]}
    # What is left out for its mass stays so, but for what is watched.
    left_out = {
        source
        for each in trail.get("EventSelectors") or ()
        for source in each.get("ExcludeManagementEventSources") or ()
        if source != "secretsmanager.amazonaws.com"
    }
    if left_out and len(trail["EventSelectors"]) == 1:
        selector["ExcludeManagementEventSources"] = sorted(left_out - {*needed})
    if data:
        selector["DataResources"] = data
    # Only others' data events need the advanced form: Terraform's provider cannot take the basic one back
    # from it. AWS replaces the one form by the other.
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    if others := [each for each in trail.get("AdvancedEventSelectors") or () if not _is_management(each)]:
        field = {"Field": "eventCategory", "Equals": ["Management"]}
        wanted = [{"Name": "Management events", "FieldSelectors": [field]}, *others]
        return Call("cloudtrail", "PutEventSelectors", {"TrailName": arn, "AdvancedEventSelectors": wanted})
    return Call("cloudtrail", "PutEventSelectors", {"TrailName": arn, "EventSelectors": [selector]})


def _is_management(selector: Mapping[str, Any]) -> bool:
    return any(
        each.get("Field") == "eventCategory" and "Management" in (each.get("Equals") or ())
        for each in selector.get("FieldSelectors") or ()
    )


def update(arn: str, **changes: Any) -> Call:
    return Call("cloudtrail", "UpdateTrail", {"Name": arn, **changes})


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    if live is None:
        params = {name: wanted[name] for name in _SETTINGS if wanted.get(name) not in (None, "", False)}
        params["Name"] = id.rsplit("/", 1)[-1]
        if wanted.get("LogFileValidationEnabled"):
            params["EnableLogFileValidation"] = True
        steps.append(Call("cloudtrail", "CreateTrail", params))
        live = {"IsLogging": False}
    else:
        changes = {
            name: wanted.get(name) if wanted.get(name) is not None else ""
            for name in _SETTINGS
            if KIND.decisive[name](wanted.get(name)) != KIND.decisive[name](live.get(name))
        }
        if bool(wanted.get("LogFileValidationEnabled")) != bool(live.get("LogFileValidationEnabled")):
            changes["EnableLogFileValidation"] = bool(wanted.get("LogFileValidationEnabled"))
        if changes:
            steps.append(update(id, **changes))
    name = "EventSelectors" if wanted.get("EventSelectors") else "AdvancedEventSelectors"
    if wanted.get(name) and not _selects_all(account, wanted, live):
        # Data events that others have it record stay.
        is_all = wanted[name] == [complete(each) for each in ALL_MANAGEMENT]
        put = Call("cloudtrail", "PutEventSelectors", {"TrailName": id, name: wanted[name]})
        steps.append(select(id, live, EXCLUDABLE) if is_all and live.get("TrailARN") else put)
    if wanted.get("IsLogging") and not live.get("IsLogging"):
        steps.append(start(id))
    return steps


def _basic(value: Any) -> Any:
    return members([complete(each) for each in value or ()])


_SOURCES = ("secretsmanager", "kms", "rdsdata", "iam", "cloudtrail", "sts")


def _selects_all(account: Account, wanted: Thing, live: Thing) -> bool:
    """Whether it selects whatever was meant to be: management events as tried, data events as written."""
    meant, there = _chooser(wanted), _chooser(live)
    for source in _SOURCES:
        for reads in (True, False):
            event = {
                "eventSource": f"{source}.amazonaws.com",
                "eventName": "GetSecretValue" if reads else "PutSecretValue",
                "eventCategory": "Management",
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "readOnly": reads,
                "userIdentity": {"type": "AssumedRole", "arn": account.arn("iam", "role/x", region="")},
            }
            if meant(event) and not there(event):
                return False
    missing = [each for each in _data(wanted) if each not in _data(live)]
    advanced = [each["FieldSelectors"] for each in live.get("AdvancedEventSelectors") or ()]
    return not missing and all(
        each["FieldSelectors"] in advanced
        for each in wanted.get("AdvancedEventSelectors") or ()
        if not _is_management(each)
    )


def _chooser(trail: Mapping[str, Any]) -> SelectedBy:
    """Without selectors a trail records all management events."""
    basic, advanced = trail.get("EventSelectors") or [], trail.get("AdvancedEventSelectors") or []
    return SelectedBy([complete(each) for each in basic or ([] if advanced else ALL_MANAGEMENT)], advanced)


def _data(trail: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Type and value of each data event that a basic selector names."""
    return [
        (data["Type"], value)
        for selector in trail.get("EventSelectors") or ()
        for data in selector.get("DataResources") or ()
        for value in data["Values"]
    ]


def _selectors(value: Any) -> list[dict[str, Any]]:
    return [
        complete(
            {
                "ReadWriteType": each.get("read_write_type") or "All",
                "IncludeManagementEvents": each.get("include_management_events") is not False,
                "ExcludeManagementEventSources": list(each.get("exclude_management_event_sources") or ()),
                "DataResources": [
                    {"Type": data["type"], "Values": data["values"]}
                    for data in each.get("data_resource") or ()
                ],
            }
        )
        for each in value or ()
    ]


_FIELDS = (
    *(("equals", "Equals"), ("starts_with", "StartsWith"), ("ends_with", "EndsWith")),
    *(("not_equals", "NotEquals"), ("not_starts_with", "NotStartsWith"), ("not_ends_with", "NotEndsWith")),
)


def _advanced(value: Any) -> list[dict[str, Any]]:
    return [
        {
            "Name": each.get("name") or "",
            "FieldSelectors": [
                {"Field": field["field"]}
                | {member: list(field[name]) for name, member in _FIELDS if field.get(name)}
                for field in each.get("field_selector") or ()
            ],
        }
        for each in value or ()
    ]


def _topic_name(value: Any) -> Any:
    """Of the trail's own account by name alone, as CloudTrail answers it."""
    return str(value).rsplit(":", 1)[-1] if value else None


KIND = Kind(
    "trail",
    "trail",
    look,
    {
        "AdvancedEventSelectors": lambda value: members([each.get("FieldSelectors") for each in value or ()]),
        "CloudWatchLogsLogGroupArn": lambda value: str(value).removesuffix(":*") if value else None,
        "CloudWatchLogsRoleArn": text,
        "EventSelectors": _basic,
        "IncludeGlobalServiceEvents": bool,
        "IsLogging": bool,
        "IsMultiRegionTrail": bool,
        "IsOrganizationTrail": bool,
        "KmsKeyId": text,
        "LogFileValidationEnabled": bool,
        "S3BucketName": text,
        "S3KeyPrefix": text,
        "SnsTopicName": _topic_name,
    },
    restore,
    label=lambda id: id.rsplit("/", 1)[-1],
    enough={
        "AdvancedEventSelectors": _selects_all,
        "EventSelectors": _selects_all,
        "KmsKeyId": same_key("KmsKeyId"),
        # Somebody is told of its files, who was not to be: of no fewer.
        "SnsTopicName": lambda account, wanted, live: not wanted.get("SnsTopicName"),
    },
    resources={
        "aws_cloudtrail": Resource(
            "trail",
            lambda values: str(values["arn"]),
            {
                **META,
                "advanced_event_selector": Of("AdvancedEventSelectors", _advanced),
                "cloud_watch_logs_group_arn": Of("CloudWatchLogsLogGroupArn"),
                "cloud_watch_logs_role_arn": Of("CloudWatchLogsRoleArn"),
                "enable_log_file_validation": Of("LogFileValidationEnabled"),
                "enable_logging": Of("IsLogging", lambda value: value is not False),
                "event_selector": Of("EventSelectors", _selectors),
                "home_region": Harmless("cannot be changed"),
                "include_global_service_events": Of("IncludeGlobalServiceEvents"),
                "insight_selector": Harmless("tells of other things"),
                "is_multi_region_trail": Of("IsMultiRegionTrail"),
                "is_organization_trail": Of("IsOrganizationTrail"),
                "kms_key_id": Of("KmsKeyId"),
                "name": Of("Name"),
                "s3_bucket_name": Of("S3BucketName"),
                "s3_key_prefix": Of("S3KeyPrefix"),
                "sns_topic_arn": Harmless("as its name"),
                "sns_topic_name": Of("SnsTopicName"),
            },
        )
    },
)


def _create(account: Account, params: Mapping[str, Any]) -> None:
    arn = account.arn("cloudtrail", f"trail/{params['Name']}")
    made = {name: each for name, each in params.items() if name != "EnableLogFileValidation"}
    made["LogFileValidationEnabled"] = bool(params.get("EnableLogFileValidation"))
    fresh = {
        "TrailARN": arn,
        "HomeRegion": account.region,
        "IncludeGlobalServiceEvents": True,
        "IsLogging": False,
    }
    account.put("trail", arn, {**fresh, "EventSelectors": [dict(each) for each in ALL_MANAGEMENT], **made})


def _arn(account: Account, name: str) -> str:
    """A call names a trail by its ARN, or at home by its name."""
    if name.startswith("arn:"):
        return name
    return next((id for id, each in account.all("trail") if each.get("Name") == name), name)


def _update(account: Account, params: Mapping[str, Any]) -> None:
    changes = {name: each for name, each in params.items() if name not in ("Name", "EnableLogFileValidation")}
    if "EnableLogFileValidation" in params:
        changes["LogFileValidationEnabled"] = params["EnableLogFileValidation"]
    arn = _arn(account, params["Name"])
    trail = account.get("trail", arn) or {}
    if status := trail.get("Status"):
        # Whether it delivers now has to be seen.
        changes["Status"] = {name: each for name, each in status.items() if not name.endswith("Error")}
    account.change("trail", arn, **changes)


def _start(account: Account, params: Mapping[str, Any]) -> None:
    account.change("trail", _arn(account, params["Name"]), IsLogging=True)


def _select(account: Account, params: Mapping[str, Any]) -> None:
    chosen = {name: params.get(name) or [] for name in ("EventSelectors", "AdvancedEventSelectors")}
    account.change("trail", _arn(account, params["TrailName"]), **chosen)


EFFECTS: dict[tuple[str, str], Effect] = {
    ("cloudtrail", "CreateTrail"): _create,
    ("cloudtrail", "UpdateTrail"): _update,
    ("cloudtrail", "StartLogging"): _start,
    ("cloudtrail", "PutEventSelectors"): _select,
}
