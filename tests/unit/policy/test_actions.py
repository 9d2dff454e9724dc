"""The table of calls and permissions: every operation of LocalStack's services, by their models."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.spec import load_service
from localstack.services.plugins import SERVICE_PLUGINS

from secretwatch.policy import Principal, Request, authorize
from secretwatch.policy.actions import ANY, SERVICES, Need, Where, needs, permissions, prefix_of, request_tags

WHERE = Where("aws", "us-east-1", "111122223333", "ann")
CONNECTION_SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:events!connection/c/*"
ANN = Principal.of("arn:aws:iam::111122223333:user/ann")
# Of a later botocore than the pinned one.
NEW = {"cloudwatch": {"ListAlarmMuteRules", "PutAlarmMuteRule"}}


def parameters_of(shape: Any, *, depth: int = 0) -> Any:
    """Parameters with everything given that a shape has, each text another one."""
    if shape is None or depth > 4:
        return {}
    match shape.type_name:
        case "structure":
            return {name: parameters_of(one, depth=depth + 1) for name, one in shape.members.items()}
        case "list":
            return [parameters_of(shape.member, depth=depth + 1)]
        case "map":
            return {"k": parameters_of(shape.value, depth=depth + 1)}
        case "boolean":
            return True
        case "integer" | "long" | "float" | "double":
            return 1
    return f"{shape.name}-x"


@cache
def operations() -> list[tuple[str, str]]:
    """Not while tests are collected, which each worker does: it reads the models of all services."""
    return [
        (service, operation)
        for service in SERVICE_PLUGINS.list_available()
        for operation in load_service(service).operation_names
    ]


def all_needs(service: str, operation: str) -> list[Need]:
    shape = load_service(service).operation_model(operation).input_shape
    return needs(service, operation, parameters_of(shape), WHERE)


def may(need: Need, *statements: dict[str, Any]) -> bool:
    request = Request(ANN, need.action, need.resource, dict(need.context), "111122223333")
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    key = {
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}
    }
    return authorize(request, identity_policies=[policy], resource_policy=key).allowed


def literally(resource: str) -> str:
    return resource.replace("*", "${*}").replace("?", "${?}") if resource != "*" else resource


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_need_is_met_by_exactly_its_action_and_resource(service: str) -> None:
    for operation in load_service(service).operation_names:
        found = all_needs(service, operation)
        assert found or (service, operation) in NEEDS_NONE, operation
        for need in found:
            where = "arn:aws:s3:::any" if need.resource == ANY else literally(need.resource)
            exact = {"Effect": "Allow", "Action": need.action, "Resource": where}
            assert may(need, exact), (operation, need)
            assert not may(need, exact | {"Action": f"{need.action}X"}), operation
            assert not may(need, {"Effect": "Allow", "NotAction": need.action, "Resource": "*"}), operation
            if need.resource not in (ANY, "*"):
                assert not may(need, exact | {"Resource": f"{where}X"}), operation
            assert not may(need, exact, {"Effect": "Deny", "Action": need.action, "Resource": "*"}), operation


NEEDS_NONE = {
    ("sts", "GetCallerIdentity"),
    ("sts", "GetSessionToken"),
    ("sts", "AssumeRoleWithSAML"),
    ("sts", "AssumeRoleWithWebIdentity"),
}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_needs_are_the_same_where_nobody_asks_for_condition_keys(service: str) -> None:
    """These are remembered by the parameters that decide: no other one may."""
    for operation in load_service(service).operation_names:
        shape = load_service(service).operation_model(operation).input_shape
        members = shape.members.items() if shape else ()
        texts = {name: f"{name}-x" for name, member in members if member.type_name == "string"}
        asked = [parameters_of(shape), {}, texts]
        for name in texts:
            others = {other: text for other, text in texts.items() if other != name}
            asked += [others, {name: "x"}, texts | {name: "another"}, texts | {name: f"arn:aws:{name}"}]
        for parameters in asked:
            found = [need._replace(context={}) for need in needs(service, operation, parameters, WHERE)]
            without = [
                need._replace(context={}) for need in needs(service, operation, parameters, WHERE, keys=False)
            ]
            assert without == found, (operation, parameters)


def test_only_calls_that_aws_lets_everybody_make_need_nothing() -> None:
    assert {call for call in operations() if not permissions(*call)} == NEEDS_NONE


def test_rows_are_about_operations_that_there_are() -> None:
    for service, known in SERVICES.items():
        there = set(load_service(service).operation_names) | NEW.get(service, set())
        assert set(known.operations) <= there, service


def test_resources_are_arns_of_the_callers_partition_and_account() -> None:
    tabled = (call for call in operations() if call[0] in SERVICES)
    for service, operation in tabled:
        for need in all_needs(service, operation):
            if need.resource.startswith("arn:"):
                _, partition, _, region, account, rest = need.resource.split(":", 5)
                assert partition == "aws", need
                assert region in ("", "us-east-1"), need
                assert account in ("", "111122223333") or operation == "AssumeRoot", need
                assert rest or operation == "ListQueues", need
                assert "{" not in rest, need


def test_a_call_that_nobody_has_looked_up_needs_its_own_action_on_anything() -> None:
    (need,) = needs(
        "acm", "DeleteCertificate", {"CertificateArn": "arn:aws:acm:us-east-1:1:certificate/x"}, WHERE
    )
    assert (need.action, need.resource) == ("acm:DeleteCertificate", ANY)
    assert may(need, {"Effect": "Allow", "Action": "acm:*", "Resource": "arn:aws:acm:*:*:certificate/x"})
    assert not may(need, {"Effect": "Allow", "Action": "acm:Get*", "Resource": "*"})


NAMES = [
    ("s3", "HeadBucket", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "home/"}, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "HeadObject", {"Bucket": "b", "Key": "a/k"}, ["s3:GetObject arn:aws:s3:::b/a/k"]),
    (
        "s3",
        "GetObject",
        {"Bucket": "b", "Key": "k", "VersionId": "1"},
        ["s3:GetObjectVersion arn:aws:s3:::b/k"],
    ),
    ("s3", "PutPublicAccessBlock", {"Bucket": "b"}, ["s3:PutBucketPublicAccessBlock arn:aws:s3:::b"]),
    (
        "s3",
        "PutBucketLifecycleConfiguration",
        {"Bucket": "b"},
        ["s3:PutLifecycleConfiguration arn:aws:s3:::b"],
    ),
    (
        "s3",
        "CopyObject",
        {"Bucket": "b", "Key": "k", "CopySource": "from/a/k?versionId=2"},
        ["s3:GetObject arn:aws:s3:::from/a/k", "s3:PutObject arn:aws:s3:::b/k"],
    ),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l"}]}},
        ["s3:DeleteObject arn:aws:s3:::b/k", "s3:DeleteObject arn:aws:s3:::b/l"],
    ),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l", "VersionId": "1"}]}},
        [
            "s3:DeleteObject arn:aws:s3:::b/k",
            "s3:DeleteObject arn:aws:s3:::b/l",
            "s3:DeleteObjectVersion arn:aws:s3:::b/l",
        ],
    ),
    ("s3", "CreateBucket", {"Bucket": "b", "ACL": "private"}, ["s3:CreateBucket arn:aws:s3:::b"]),
    (
        "s3",
        "CreateBucket",
        {"Bucket": "b", "ACL": "public-read"},
        ["s3:CreateBucket arn:aws:s3:::b", "s3:PutBucketAcl arn:aws:s3:::b"],
    ),
    (
        "lambda",
        "Invoke",
        {"FunctionName": "222233334444:function:f", "Qualifier": "live"},
        ["lambda:InvokeFunction arn:aws:lambda:us-east-1:222233334444:function:f:live"],
    ),
    (
        "events",
        "PutTargets",
        {
            "Rule": "r",
            "EventBusName": "app",
            "Targets": [{"Arn": "a", "RoleArn": "arn:aws:iam::111122223333:role/t"}],
        },
        [
            "events:PutTargets arn:aws:events:us-east-1:111122223333:rule/app/r",
            "iam:PassRole arn:aws:iam::111122223333:role/t",
        ],
    ),
    (
        "events",
        "CreateConnection",
        {"Name": "c"},
        [
            "events:CreateConnection arn:aws:events:us-east-1:111122223333:connection/c",
            *(
                f"secretsmanager:{each} {CONNECTION_SECRET}"
                for each in ("CreateSecret", "GetSecretValue", "PutSecretValue")
            ),
            "iam:CreateServiceLinkedRole arn:aws:iam::111122223333:role/aws-service-role/"
            "apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations",
        ],
    ),
    (
        "events",
        "DeleteConnection",
        {"Name": "c"},
        [
            "events:DeleteConnection arn:aws:events:us-east-1:111122223333:connection/c",
            f"secretsmanager:DeleteSecret {CONNECTION_SECRET}",
        ],
    ),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/222233334444/q"},
        ["sqs:SendMessage arn:aws:sqs:us-east-1:222233334444:q"],
    ),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "g", "logStreamName": "s"},
        ["logs:PutLogEvents arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s"],
    ),
    (
        "logs",
        "TagResource",
        {"resourceArn": "arn:aws:logs:us-east-1:111122223333:log-group:g:*", "tags": {"a": "b"}},
        ["logs:TagResource arn:aws:logs:us-east-1:111122223333:log-group:g"],
    ),
    (
        "iam",
        "CreateRole",
        {"RoleName": "r", "Path": "/app/", "Tags": [{"Key": "a", "Value": "b"}]},
        [
            "iam:CreateRole arn:aws:iam::111122223333:role/app/r",
            "iam:TagRole arn:aws:iam::111122223333:role/app/r",
        ],
    ),
    ("iam", "CreateAccessKey", {}, ["iam:CreateAccessKey arn:aws:iam::111122223333:user/ann"]),
    ("ec2", "DescribeVpcs", {}, ["ec2:DescribeVpcs *"]),
    (
        "sns",
        "Unsubscribe",
        {"SubscriptionArn": "arn:aws:sns:us-east-1:111122223333:t:0b5d"},
        ["sns:Unsubscribe arn:aws:sns:us-east-1:111122223333:t"],
    ),
    (
        "ec2",
        "TerminateInstances",
        {"InstanceIds": ["i-1", "i-2"]},
        [
            "ec2:TerminateInstances arn:aws:ec2:us-east-1:111122223333:instance/i-1",
            "ec2:TerminateInstances arn:aws:ec2:us-east-1:111122223333:instance/i-2",
        ],
    ),
    (
        "kms",
        "ReEncrypt",
        {"SourceKeyId": "a", "DestinationKeyId": "b"},
        [
            "kms:ReEncryptFrom arn:aws:kms:us-east-1:111122223333:key/a",
            "kms:ReEncryptTo arn:aws:kms:us-east-1:111122223333:key/b",
        ],
    ),
    (
        "cloudcontrol",
        "GetResource",
        {"TypeName": "AWS::CloudTrail::Trail", "Identifier": "t"},
        [
            "cloudformation:GetResource *",
            *(
                f"cloudtrail:{action} arn:aws:cloudtrail:us-east-1:111122223333:trail/t"
                for action in (
                    "GetTrail",
                    "GetTrailStatus",
                    "ListTags",
                    "GetEventSelectors",
                    "GetInsightSelectors",
                )
            ),
        ],
    ),
    (
        "dynamodb",
        "BatchExecuteStatement",
        {"Statements": [{"Statement": 'SELECT * FROM "a"'}, {"Statement": "insert into b value {}"}]},
        [
            "dynamodb:PartiQLInsert arn:aws:dynamodb:us-east-1:111122223333:table/b",
            "dynamodb:PartiQLSelect arn:aws:dynamodb:us-east-1:111122223333:table/a",
        ],
    ),
    ("stepfunctions", "ListStateMachines", {}, [f"states:ListStateMachines {ANY}"]),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "expected"), NAMES)
def test_what_a_call_needs(service: str, operation: str, parameters: Any, expected: list[str]) -> None:
    found = [f"{need.action} {need.resource}" for need in needs(service, operation, parameters, WHERE)]
    assert found == expected


def test_prefixes_are_those_of_iam() -> None:
    assert prefix_of("stepfunctions") == "states"
    assert prefix_of("opensearch") == "es"
    assert prefix_of("acm") == "acm"


TAGS = st.dictionaries(st.text(min_size=1), st.text(), min_size=1)


@given(TAGS)
def test_tags_are_found_in_every_form_that_services_have(tags: dict[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    for parameters in (
        {"Tags": listed},
        {"Tags": tags},
        {"tags": tags},
        {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        {"Tags": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]},
        {"TagSpecifications": [{"ResourceType": "vpc", "Tags": listed}]},
        {"Tagging": {"TagSet": listed}},
    ):
        assert request_tags(parameters) == tags
    assert request_tags({"TagKeys": list(tags)}) == dict.fromkeys(tags)


def test_condition_keys_come_from_the_parameters() -> None:
    (need,) = needs("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "home/", "MaxKeys": 5}, WHERE)
    assert need.context == {"s3:prefix": "home/", "s3:max-keys": 5}
    (need,) = needs("kms", "Decrypt", {"KeyId": "k", "EncryptionContext": {"app": "a"}}, WHERE)
    assert need.context == {"kms:EncryptionContextKeys": ["app"], "kms:EncryptionContext:app": "a"}
    first, *_ = needs("sns", "CreateTopic", {"Name": "t", "Tags": [{"Key": "a", "Value": "b"}]}, WHERE)
    assert first.context == {"aws:TagKeys": ["a"], "aws:RequestTag/a": "b"}
