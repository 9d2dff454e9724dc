"""Operations of AWS's that the pinned botocore does not know yet: their shapes, for LocalStack to read and
write.

Written from AWS's API reference; `extend` adds them to a service's description where it lacks them,
`extend_session` to what the clients of a boto3.Session will know.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
"""

from __future__ import annotations

from typing import Any


def _text(least: int, most: int) -> dict[str, Any]:
    return {"type": "string", "min": least, "max": most}


def _structure(required: str = "", **members: str) -> dict[str, Any]:
    """A structure with these members (name=shape), some of them required (names with blanks between)."""
    shape: dict[str, Any] = {
        "type": "structure",
        "members": {name: {"shape": each} for name, each in members.items()},
    }
    return shape | ({"required": required.split()} if required else {})


_RULE = {
    "Name": "Name",
    "AlarmMuteRuleArn": "Arn",
    "Description": "AlarmDescription",
    "Rule": "Rule",
    "MuteTargets": "MuteTargets",
    "StartDate": "Timestamp",
    "ExpireDate": "Timestamp",
    "Status": "AlarmMuteRuleStatus",
    "LastUpdatedTimestamp": "Timestamp",
    "MuteType": "MuteType",
}

SHAPES: dict[str, dict[str, Any]] = {
    "Name": _text(1, 255),
    "Arn": _text(1, 1600),
    "Expression": _text(1, 256),
    "Duration": _text(1, 50),
    "Timezone": _text(1, 50),
    "MuteType": {"type": "string"},
    "AlarmMuteRuleStatus": {"type": "string", "enum": ["SCHEDULED", "ACTIVE", "EXPIRED"]},
    "AlarmMuteRuleStatuses": {"type": "list", "member": {"shape": "AlarmMuteRuleStatus"}},
    "MuteTargetAlarmNameList": {"type": "list", "member": {"shape": "Name"}, "max": 100},
    "MuteTargets": _structure("AlarmNames", AlarmNames="MuteTargetAlarmNameList"),
    "Schedule": _structure(
        "Expression Duration", Expression="Expression", Duration="Duration", Timezone="Timezone"
    ),
    "Rule": _structure("Schedule", Schedule="Schedule"),
    "PutAlarmMuteRuleInput": _structure(
        "Name Rule",
        Name="Name",
        Description="AlarmDescription",
        Rule="Rule",
        MuteTargets="MuteTargets",
        Tags="TagList",
        StartDate="Timestamp",
        ExpireDate="Timestamp",
    ),
    "GetAlarmMuteRuleInput": _structure("AlarmMuteRuleName", AlarmMuteRuleName="Name"),
    "GetAlarmMuteRuleOutput": _structure(**_RULE),
    "DeleteAlarmMuteRuleInput": _structure("AlarmMuteRuleName", AlarmMuteRuleName="Name"),
    "AlarmMuteRuleSummary": _structure(
        AlarmMuteRuleArn="Arn",
        ExpireDate="Timestamp",
        Status="AlarmMuteRuleStatus",
        MuteType="MuteType",
        LastUpdatedTimestamp="Timestamp",
    ),
    "AlarmMuteRuleSummaries": {"type": "list", "member": {"shape": "AlarmMuteRuleSummary"}},
    "ListAlarmMuteRulesInput": _structure(
        AlarmName="Name", Statuses="AlarmMuteRuleStatuses", MaxRecords="MaxRecords", NextToken="NextToken"
    ),
    "ListAlarmMuteRulesOutput": _structure(
        AlarmMuteRuleSummaries="AlarmMuteRuleSummaries", NextToken="NextToken"
    ),
}

# The operation, whether it answers anything, and its errors.
_OPERATIONS = {
    "PutAlarmMuteRule": (False, ["LimitExceededFault"]),
    "GetAlarmMuteRule": (True, ["ResourceNotFoundException"]),
    "ListAlarmMuteRules": (True, ["InvalidNextToken", "ResourceNotFoundException"]),
    "DeleteAlarmMuteRule": (False, list[str]()),
}


def extend(description: dict[str, Any]) -> None:
    """Add to a description of CloudWatch, as botocore loads it, what it lacks of the above."""
    for name, shape in SHAPES.items():
        description["shapes"].setdefault(name, shape)
    for name, (answers, errors) in _OPERATIONS.items():
        operation: dict[str, Any] = {
            "name": name,
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": f"{name}Input"},
            "errors": [{"shape": error} for error in errors],
        }
        if answers:
            operation["output"] = {"shape": f"{name}Output", "resultWrapper": f"{name}Result"}
        description["operations"].setdefault(name, operation)


def extend_session(session: Any) -> None:
    """`extend` what the clients of a boto3.Session will know, or of a session around one; others are left."""
    inner = session
    while inner is not None and not hasattr(inner, "get_component"):
        inner = getattr(inner, "_session", None)
    if inner is not None:
        extend(inner.get_component("data_loader").load_service_model("cloudwatch", "service-2"))
