"""EC2's calls as CloudTrail writes them. What is expected is what recorded events show, as facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from secretwatch.cloudtrail import ec2

MODEL = botocore.session.get_session().get_service_model("ec2")
WORLD = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
NAME = {"Key": "Name", "Value": "x"}


def request(name: str, **parameters: Any) -> Any:
    return ec2.request_parameters(name, MODEL.operation_model(name).input_shape, parameters)


def answer(name: str, **response: Any) -> Any:
    operation = MODEL.operation_model(name)
    return ec2.response_elements(name, operation.input_shape, operation.output_shape, response, "r-1")


REQUESTS = [
    (
        "AuthorizeSecurityGroupIngress",
        {"GroupId": "sg-1", "IpPermissions": [WORLD]},
        {
            "groupId": "sg-1",
            "ipPermissions": {
                "items": [
                    {
                        "ipProtocol": "tcp",
                        "fromPort": 22,
                        "toPort": 22,
                        "groups": {},
                        "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                        "ipv6Ranges": {},
                        "prefixListIds": {},
                    }
                ]
            },
        },
    ),
    (
        "AuthorizeSecurityGroupIngress",
        {"GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"},
        {
            "groupId": "sg-1",
            "ipProtocol": "tcp",
            "fromPort": 22,
            "toPort": 22,
            "cidrIp": "0.0.0.0/0",
            "ipPermissions": {},
        },
    ),
    (
        "CreateSecurityGroup",
        {"GroupName": "web", "Description": "for the web", "VpcId": "vpc-1"},
        {"groupName": "web", "groupDescription": "for the web", "vpcId": "vpc-1"},
    ),
    (
        "CreateNetworkAclEntry",
        {
            **{"NetworkAclId": "acl-1", "RuleNumber": 12, "Protocol": "6", "RuleAction": "allow"},
            **{"Egress": False, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 700, "To": 702}},
        },
        {
            **{"networkAclId": "acl-1", "ruleNumber": 12, "aclProtocol": "6", "ruleAction": "allow"},
            **{"egress": False, "cidrBlock": "0.0.0.0/0", "portRange": {"from": 700, "to": 702}},
            "icmpTypeCode": {},
        },
    ),
    ("DescribeInstances", {}, {"filterSet": {}, "instancesSet": {}}),
    (
        "DescribeInstances",
        {"InstanceIds": ["i-1"], "Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]},
        {
            "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": "vpc-1"}]}}]},
            "instancesSet": {"items": [{"instanceId": "i-1"}]},
        },
    ),
    (
        "DescribeSecurityGroups",
        {"GroupIds": ["sg-1"]},
        {
            "securityGroupIdSet": {"items": [{"groupId": "sg-1"}]},
            "securityGroupSet": {},
            "filterSet": {},
        },
    ),
    (
        "StopInstances",
        {"InstanceIds": ["i-1"], "Force": True},
        {"instancesSet": {"items": [{"instanceId": "i-1"}]}, "force": True},
    ),
    (
        "RunInstances",
        {
            **{"ImageId": "ami-1", "MinCount": 1, "MaxCount": 10, "InstanceType": "p2.xlarge"},
            **{"SubnetId": "subnet-1", "UserData": "aGVsbG8="},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [NAME]}],
        },
        {
            "blockDeviceMapping": {},
            "disableApiTermination": False,
            "instanceType": "p2.xlarge",
            "instancesSet": {"items": [{"imageId": "ami-1", "maxCount": 10, "minCount": 1}]},
            "monitoring": {"enabled": False},
            "subnetId": "subnet-1",
            "tagSpecificationSet": {
                "items": [{"resourceType": "instance", "tags": [{"key": "Name", "value": "x"}]}]
            },
            "userData": "<sensitiveDataRemoved>",
        },
    ),
    (
        "CreateTags",
        {"Resources": ["vpc-1"], "Tags": [NAME]},
        {
            "resourcesSet": {"items": [{"resourceId": "vpc-1"}]},
            "tagSet": {"items": [{"key": "Name", "value": "x"}]},
        },
    ),
    (
        "ModifyInstanceAttribute",
        {"InstanceId": "i-1", "UserData": {"Value": "aGVsbG8="}},
        {"instanceId": "i-1", "userData": "<sensitiveDataRemoved>"},
    ),
    (
        "ModifyImageAttribute",
        {"ImageId": "ami-1", "LaunchPermission": {"Add": [{"UserId": "111122223333"}]}},
        {
            "attributeType": "launchPermission",
            "imageId": "ami-1",
            "launchPermission": {"add": {"items": [{"userId": "111122223333"}]}},
        },
    ),
    (
        "ModifySnapshotAttribute",
        {"SnapshotId": "snap-1", "CreateVolumePermission": {"Add": [{"UserId": "111122223333"}]}},
        {
            "attributeType": "CREATE_VOLUME_PERMISSION",
            "snapshotId": "snap-1",
            "createVolumePermission": {"add": {"items": [{"userId": "111122223333"}]}},
        },
    ),
    (
        "ModifyVpcAttribute",
        {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": True}},
        {"vpcId": "vpc-1", "enableDnsSupport": {"value": True}},
    ),
    (
        "CreateNatGateway",
        {"AllocationId": "eipalloc-1", "SubnetId": "subnet-1"},
        {"CreateNatGatewayRequest": {"AllocationId": "eipalloc-1", "SubnetId": "subnet-1"}},
    ),
    (
        "DeleteFlowLogs",
        {"FlowLogIds": ["fl-1"]},
        {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-1", "tag": 1}}},
    ),
    (
        "DeleteFlowLogs",
        {"FlowLogIds": ["fl-1", "fl-2"]},
        {
            "DeleteFlowLogsRequest": {
                "FlowLogId": [{"content": "fl-1", "tag": 1}, {"content": "fl-2", "tag": 2}]
            }
        },
    ),
    ("EnableSerialConsoleAccess", {}, {"EnableSerialConsoleAccessRequest": ""}),
]


@pytest.mark.parametrize(("name", "parameters", "expected"), REQUESTS)
def test_a_request(name: str, parameters: dict[str, Any], expected: dict[str, Any]) -> None:
    assert request(name, **parameters) == expected


ANSWERS = [
    ("DeleteVpc", {}, {"_return": True, "requestId": "r-1"}),
    (
        "CreateSecurityGroup",
        {"GroupId": "sg-1"},
        {"_return": True, "groupId": "sg-1", "requestId": "r-1"},
    ),
    (
        "AuthorizeSecurityGroupIngress",
        {"Return": True, "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "IsEgress": False}]},
        {
            "_return": True,
            "requestId": "r-1",
            "securityGroupRuleSet": {"items": [{"securityGroupRuleId": "sgr-1", "isEgress": False}]},
        },
    ),
    (
        "StopInstances",
        {"StoppingInstances": [{"InstanceId": "i-1", "CurrentState": {"Code": 64, "Name": "stopping"}}]},
        {
            "instancesSet": {
                "items": [{"currentState": {"code": 64, "name": "stopping"}, "instanceId": "i-1"}]
            },
            "requestId": "r-1",
        },
    ),
    (
        "CreateVolume",
        {"VolumeId": "vol-1", "CreateTime": datetime(2017, 1, 3, 18, 34, 29, tzinfo=UTC)},
        {"volumeId": "vol-1", "createTime": 1483468469000, "requestId": "r-1"},
    ),
    (
        "DeleteFlowLogs",
        {"Unsuccessful": []},
        {"unsuccessful": ""},
    ),
    (
        "CreateNatGateway",
        {
            "NatGateway": {
                "CreateTime": datetime(2018, 7, 16, 8, 47, 50, tzinfo=UTC),
                "NatGatewayAddresses": [{"AllocationId": "eipalloc-1"}],
            }
        },
        {
            "natGateway": {
                "createTime": "2018-07-16T08:47:50.000Z",
                "natGatewayAddressSet": {"item": {"allocationId": "eipalloc-1"}},
            }
        },
    ),
    ("EnableSerialConsoleAccess", {"SerialConsoleAccessEnabled": True}, {"serialConsoleAccessEnabled": True}),
]


@pytest.mark.parametrize(("name", "response", "expected"), ANSWERS)
def test_an_answer(name: str, response: dict[str, Any], expected: dict[str, Any]) -> None:
    if name in ("CreateNatGateway", "DeleteFlowLogs", "EnableSerialConsoleAccess"):
        xmlns = "http://ec2.amazonaws.com/doc/2016-11-15/"
        expected = {f"{name}Response": {"xmlns": xmlns, "requestId": "r-1", **expected}}
    assert answer(name, **response) == expected


def sample(shape: Any, depth: int = 0) -> Any:
    """A value of the shape in which every member is set."""
    kind = shape.type_name
    if kind == "structure":
        return (
            {name: sample(member, depth + 1) for name, member in shape.members.items()} if depth < 3 else {}
        )
    if kind == "list":
        return [sample(shape.member, depth + 1)] * 2
    by_kind = {
        "blob": b"\x00\xff",
        "boolean": True,
        "timestamp": datetime(2026, 11, 26, tzinfo=UTC),
    }
    return by_kind.get(kind, 7 if kind in ("integer", "long", "float", "double") else "text")


def lists_in(value: Any, key: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every JSON array, and the key under which it stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from lists_in(each, name)
    elif isinstance(value, list):
        yield key, value
        for each in value:
            yield from lists_in(each, key)


def test_every_call_can_be_written() -> None:
    for name in MODEL.operation_names:
        operation = MODEL.operation_model(name)
        shapes = operation.input_shape, operation.output_shape
        asked = ec2.request_parameters(name, shapes[0], sample(shapes[0]))
        answered = ec2.response_elements(name, *shapes, sample(shapes[1]) if shapes[1] else {}, "r-1")
        json.dumps([asked, answered])
        assert asked is not None
        if f"{name}Request" in asked:
            assert list(answered) == [f"{name}Response"]
            assert answered[f"{name}Response"]["requestId"] == "r-1"
            assert all(each["tag"] for _, entries in lists_in(asked) for each in entries), name
        else:
            assert answered["requestId"] == "r-1"
            assert {key for key, _ in lists_in(asked)} <= {"items", "tags"}, name
            assert all(key[:1].islower() for key in asked), name


def test_secrets_are_removed() -> None:
    assert answer("CreateKeyPair", KeyName="k", KeyMaterial="-----BEGIN")["keyMaterial"] == ec2.REMOVED
