"""How CloudTrail writes the calls of EC2: as no other service's.

There are two generations. Calls that EC2 had before mid-2015 are written with the names of its old SOAP
interface: `instancesSet.items[].instanceId`, `filterSet.items[].valueSet.items[].value`, `groupDescription`,
and an answer with `requestId` and, where the answer's XML has a `return`, `_return`. Later ones are written
as their request and answer were sent, turned from XML into JSON: `CreateFlowLogsRequest.ResourceId.content`,
`CreateFlowLogsResponse.flowLogIdSet.item`, the position in a list as `tag`, what is empty as `""`.

Both are derived from the service's model, whose names are those of the wire. Shapes come in as objects with
botocore's attributes, as in `parameters.py`. The exceptions that the model does not show are tables below,
all of them observed in recorded events, but where it is said.

Sources: recorded events of DataDog/stratus-red-team and of Panther's and Cloud Custodian's test data, and
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/using-cloudtrail.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from secretwatch.cloudtrail.redaction import Treatment, treatment
from secretwatch.cloudtrail.writer import Writer

EVENT_SOURCE = "ec2.amazonaws.com"
REMOVED = "<sensitiveDataRemoved>"
DRY_RUN_CODE = "DryRunOperation"
DRY_RUN_MESSAGE = "Request would have succeeded, but DryRun flag is set."

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"

# AWS does not say which call is of which generation. The model gives `DryRun` of the first one's a name of
# the wire, `dryRun`, and all recorded calls agree with that; these are older, and had no DryRun then.
_OLD_WITHOUT_DRY_RUN = {
    "AssignPrivateIpAddresses",
    "CancelExportTask",
    "CancelReservedInstancesListing",
    "CreateInstanceExportTask",
    "CreateReservedInstancesListing",
    "DescribeExportTasks",
    "DescribeReservedInstancesListings",
    "DescribeReservedInstancesModifications",
    "DisableVgwRoutePropagation",
    "EnableVgwRoutePropagation",
    "ModifyReservedInstances",
    "ModifySubnetAttribute",
    "ModifyVpcAttribute",
    "UnassignPrivateIpAddresses",
}

# Names of requests of the first generation, by call and member; "*" is every call's.
_NAMES = {
    ("*", "AllocationIds"): "allocationIdsSet",
    ("*", "BlockDeviceMappings"): "blockDeviceMapping",
    ("*", "ExecutableUsers"): "executableBySet",
    ("*", "GroupIds"): "groupSet",
    ("*", "Groups"): "groupSet",
    ("*", "IcmpTypeCode"): "icmpTypeCode",
    ("*", "ImageIds"): "imagesSet",
    ("*", "InstanceIds"): "instancesSet",
    ("*", "NetworkInterfaceIds"): "networkInterfaceIdSet",
    ("*", "OwnerIds"): "ownersSet",
    ("*", "Owners"): "ownersSet",
    ("*", "PrivateIpAddresses"): "privateIpAddressesSet",
    ("*", "PublicIps"): "publicIpsSet",
    ("*", "Resources"): "resourcesSet",
    ("*", "SecurityGroupIds"): "groupSet",
    ("*", "SecurityGroups"): "groupSet",
    ("*", "ZoneIds"): "availabilityZoneIdSet",
    ("*", "ZoneNames"): "availabilityZoneSet",
    ("CreateNetworkAclEntry", "Protocol"): "aclProtocol",
    ("DeleteNetworkAclEntry", "Protocol"): "aclProtocol",
    ("ReplaceNetworkAclEntry", "Protocol"): "aclProtocol",
    ("DescribePlacementGroups", "GroupIds"): "placementGroupIdSet",
    ("DescribePlacementGroups", "GroupNames"): "placementGroupSet",
    ("DescribeSecurityGroups", "GroupIds"): "securityGroupIdSet",
    ("DescribeSecurityGroups", "GroupNames"): "securityGroupSet",
    ("ModifyImageAttribute", "Attribute"): "attributeType",
    ("ModifySnapshotAttribute", "Attribute"): "attributeType",
}
# What the entry of a list of plain values is called in the first generation.
_ENTRIES = {
    "ExecutableUsers": "user",
    "GroupIds": "groupId",
    "GroupNames": "groupName",
    "Groups": "groupId",
    "NetworkInterfaceIds": "networkInterfaceId",
    "OwnerIds": "owner",
    "Owners": "owner",
    "PrivateIpAddresses": "privateIpAddress",
    "Resources": "resourceId",
    "SecurityGroupIds": "groupId",
    "SecurityGroups": "groupName",
    "Values": "value",
}
# Shown empty where the caller left them out; so are all lists of a Describe call, and those of a rule.
_SHOWN_EMPTY = {
    "AuthorizeSecurityGroupEgress": ("ipPermissions",),
    "AuthorizeSecurityGroupIngress": ("ipPermissions",),
    "CreateNetworkAclEntry": ("icmpTypeCode", "portRange"),
    "ReplaceNetworkAclEntry": ("icmpTypeCode", "portRange"),
    "RevokeSecurityGroupEgress": ("ipPermissions",),
    "RevokeSecurityGroupIngress": ("ipPermissions",),
    "RunInstances": ("blockDeviceMapping",),
}
_WHOLE = ("IpPermission",)  # structures whose lists are always shown
# The answer's XML has a `return` that the model leaves out.
_RETURNING = {"AssociateAddress", "CreateSecurityGroup"}
# An answer's empty lists are shown, as `{}`, but for these.
_LEFT_OUT_EMPTY = {("SecurityGroupRule", "Tags")}


def request_parameters(
    operation_name: str, shape: Any, parameters: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The request as CloudTrail shows it, or None when nothing was sent."""
    if shape is None or not _is_old(operation_name, shape):
        return {f"{operation_name}Request": _new_request(shape, parameters) or ""}
    shown = _old_request(operation_name, shape, parameters)
    if operation_name.startswith("Describe"):
        for key in _old_members(operation_name, shape)[1]:
            shown.setdefault(key, {})
    for name in _SHOWN_EMPTY.get(operation_name, ()):
        shown.setdefault(name, {})
    if operation_name == "RunInstances":
        _as_run(shown)
    elif operation_name in ("ModifyImageAttribute", "ModifySnapshotAttribute"):
        _with_attribute_type(operation_name, shape, parameters, shown)
    return shown or None


def response_elements(
    operation_name: str,
    input_shape: Any,
    output_shape: Any,
    response: Mapping[str, Any],
    request_id: str,
) -> dict[str, Any]:
    """The answer to a write as CloudTrail shows it."""
    if input_shape is None or not _is_old(operation_name, input_shape):
        answer: dict[str, Any] = {"xmlns": _NAMESPACE, "requestId": request_id}
        answer |= {"return": True} if output_shape is None else _new_response(output_shape, response)
        return {f"{operation_name}Response": answer}
    shown: dict[str, Any] = {"requestId": request_id}
    if output_shape is None or operation_name in _RETURNING:
        shown["_return"] = True
    if output_shape is not None:
        shown |= _old_response(output_shape, response)
        if "return" in shown:
            shown["_return"] = shown.pop("return")
    return shown


def _is_old(operation_name: str, shape: Any) -> bool:
    dry_run = shape.members.get("DryRun")
    named = dry_run is not None and dry_run.serialization.get("name") == "dryRun"
    return named or operation_name in _OLD_WITHOUT_DRY_RUN


class Ec2Requests(Writer):
    """The writer of EC2's requests; answers need the request's shape, too: `response_elements`."""

    def __call__(
        self, operation: str, shape: Any, values: Mapping[str, Any], _request_id: str
    ) -> dict[str, Any] | None:
        return request_parameters(operation, shape, values)


# The first generation


def _old_name(operation_name: str, name: str, member: Any) -> str:
    found = _NAMES.get((operation_name, name)) or _NAMES.get(("*", name))
    if found:
        return found
    wire = member.serialization.get("name") or name
    lower: str = wire[:1].lower() + wire[1:]
    if member.type_name == "list" and name.endswith("s") and not wire.endswith("s"):
        # The wire names an entry, SOAP the whole: vpcSet for VpcId.1, filterSet for Filter.1.
        return f"{lower.removesuffix('Id').removesuffix('Name')}Set"
    return lower


class _Member(NamedTuple):
    key: str
    shape: Any
    is_hidden: bool


@cache
def _old_members(operation_name: str, shape: Any) -> tuple[dict[str, _Member], tuple[str, ...]]:
    """What is known of a request's structure, for every call: its members, and the keys of its lists."""
    members = {
        name: _Member(_old_name(operation_name, name, member), member, _is_hidden(name, member))
        for name, member in shape.members.items()
    }
    return members, tuple(each.key for each in members.values() if each.shape.type_name == "list")


def _old_request(operation_name: str, shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    members, lists = _old_members(operation_name, shape)
    for name, item in value.items():
        member = members.get(name)
        if item is None or member is None:
            continue
        kind = member.shape.type_name
        if member.is_hidden:
            shown[member.key] = REMOVED
        elif kind == "list":
            entries = [_old_entry(operation_name, name, member.shape, each) for each in item]
            if shape.name == "TagSpecification" and name == "Tags":
                shown["tags"] = entries  # the one list without `items`
            else:
                shown[member.key] = {"items": entries} if entries else {}
        elif kind == "structure":
            shown[member.key] = _old_request(operation_name, member.shape, item)
        else:
            shown[member.key] = _scalar(member.shape, item)
    if shape.name in _WHOLE:
        for key in lists:
            shown.setdefault(key, {})
    return shown


def _old_entry(operation_name: str, name: str, member: Any, value: Any) -> Any:
    inner = member.member
    if inner.type_name == "structure":
        return _old_request(operation_name, inner, value)
    if inner.type_name == "list":
        return {"items": [_old_entry(operation_name, name, inner, each) for each in value]}
    wire = member.serialization.get("name") or name
    called = _ENTRIES.get(name) or wire[:1].lower() + wire[1:]
    return {called: _scalar(inner, value)}


def _as_run(shown: dict[str, Any]) -> None:
    """RunInstances names what is run in `instancesSet`, and says what is off."""
    names = ("imageId", "minCount", "maxCount", "keyName")
    shown["instancesSet"] = {"items": [{name: shown.pop(name) for name in names if name in shown}]}
    shown.setdefault("monitoring", {"enabled": False})
    shown.setdefault("disableApiTermination", False)


def _with_attribute_type(
    operation_name: str, shape: Any, parameters: Mapping[str, Any], shown: dict[str, Any]
) -> None:
    """Who gives no Attribute means the one that is sent; a snapshot's are in upper case."""
    changed = (name for name in shape.members if isinstance(parameters.get(name), Mapping))
    attribute = parameters.get("Attribute") or next(changed, "")
    attribute = attribute[:1].lower() + attribute[1:]
    if operation_name == "ModifySnapshotAttribute":
        attribute = "".join(f"_{each}" if each.isupper() else each for each in attribute).upper()
    if attribute:
        shown["attributeType"] = attribute


def _old_response(shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, member in shape.members.items():
        item = value.get(name)
        if item is None or (not item and (shape.name, name) in _LEFT_OUT_EMPTY):
            continue
        key = member.serialization.get("name") or name
        if _is_hidden(name, member):
            shown[key] = REMOVED
        elif member.type_name == "list":
            inner = member.member
            entries = [
                _old_response(inner, each) if inner.type_name == "structure" else _scalar(inner, each)
                for each in item
            ]
            shown[key] = {"items": entries} if entries else {}
        elif member.type_name == "structure":
            shown[key] = _old_response(member, item)
        elif member.type_name == "timestamp" and isinstance(item, datetime):
            shown[key] = int(_utc(item).timestamp() * 1000)
        else:
            shown[key] = _scalar(member, item)
    return shown


# The second generation


def _new_request(shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, member in (shape.members if shape is not None else {}).items():
        item = value.get(name)
        if item is None:
            continue
        wire = member.serialization.get("name") or name
        key = member.serialization.get("queryName") or wire[:1].upper() + wire[1:]
        if _is_hidden(name, member):
            shown[key] = REMOVED
        elif member.type_name == "list":
            shown[key] = _one_or_many(
                {**_new_request(member.member, each), "tag": at}
                if member.member.type_name == "structure"
                else {"content": _scalar(member.member, each), "tag": at}
                for at, each in enumerate(item, 1)
            )
        elif member.type_name == "structure":
            shown[key] = _new_request(member, item) or ""
        else:
            shown[key] = _scalar(member, item)
    return shown


def _new_response(shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, member in shape.members.items():
        item = value.get(name)
        if item is None:
            continue
        key = member.serialization.get("name") or name
        if _is_hidden(name, member):
            shown[key] = REMOVED
        elif member.type_name == "list":
            inner = member.member
            entries = _one_or_many(
                _new_response(inner, each) if inner.type_name == "structure" else _scalar(inner, each)
                for each in item
            )
            shown[key] = {inner.serialization.get("name") or "item": entries} if item else ""
        elif member.type_name == "structure":
            shown[key] = _new_response(member, item) or ""
        else:
            shown[key] = _scalar(member, item)
    return shown


def _one_or_many(entries: Iterable[Any]) -> Any:
    # An element that stands once is not an array, when XML is turned into JSON.
    made = list(entries)
    return made[0] if len(made) == 1 else made or ""


# Both


def _scalar(shape: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{_utc(value):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    if shape.type_name == "blob":
        return base64.b64encode(value.encode() if isinstance(value, str) else bytes(value)).decode()
    return value if isinstance(value, bool | int | float | str) else str(value)


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@cache
def _is_hidden(name: str, shape: Any) -> bool:
    # In the first generation's tables UserData is a structure at times.
    return name == "UserData" or treatment(EVENT_SOURCE, name, shape) is Treatment.HIDE
