"""Cloud Control's GetResource: what Terraform's checks read of a trail and of a topic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sinks import ACCOUNT, REGION, Sinks, all_sinks, client

ROOT = """
variable "trail" {}
variable "topic" {}

data "aws_cloudcontrolapi_resource" "trail" {
  identifier = var.trail
  type_name  = "AWS::CloudTrail::Trail"
}

data "aws_cloudcontrolapi_resource" "topic" {
  identifier = var.topic
  type_name  = "AWS::SNS::Topic"
}

output "trail" {
  value = jsondecode(data.aws_cloudcontrolapi_resource.trail.properties)
}

output "topic" {
  value = jsondecode(data.aws_cloudcontrolapi_resource.topic.properties)
}
"""


@pytest.fixture
def sinks(aws: dict[str, str]) -> Iterator[Sinks]:
    with all_sinks("control") as made:
        yield made


def properties(type_name: str, identifier: str) -> dict[str, Any]:
    answer = client("cloudcontrol").get_resource(TypeName=type_name, Identifier=identifier)
    assert answer["TypeName"] == type_name
    assert answer["ResourceDescription"]["Identifier"] == identifier
    found: dict[str, Any] = json.loads(answer["ResourceDescription"]["Properties"])
    return found


def refused(type_name: str, identifier: str) -> str:
    with pytest.raises(ClientError) as error:
        properties(type_name, identifier)
    return str(error.value.response["Error"]["Code"])


def test_a_trail(sinks: Sinks) -> None:
    sinks.create(TagsList=[{"Key": "team", "Value": "payments"}])
    expected = {
        "Arn": sinks.trail_arn,
        "CloudWatchLogsLogGroupArn": sinks.group,
        "CloudWatchLogsRoleArn": sinks.role,
        "EnableLogFileValidation": True,
        "EventSelectors": [
            {
                "DataResources": [],
                "ExcludeManagementEventSources": [],
                "IncludeManagementEvents": True,
                "ReadWriteType": "All",
            }
        ],
        "IncludeGlobalServiceEvents": True,
        "IsLogging": False,
        "IsMultiRegionTrail": False,
        "IsOrganizationTrail": False,
        "KMSKeyId": sinks.key,
        "S3BucketName": sinks.bucket,
        "SnsTopicArn": sinks.topic,
        "SnsTopicName": sinks.name,
        "Tags": [{"Key": "team", "Value": "payments"}],
        "TrailName": sinks.name,
    }
    assert properties("AWS::CloudTrail::Trail", sinks.name) == expected
    # Its name is its identifier; its ARN is none.
    assert refused("AWS::CloudTrail::Trail", sinks.trail_arn) == "ResourceNotFoundException"


def test_what_is_not_set_is_not_there(sinks: Sinks) -> None:
    sinks.create(KmsKeyId=None, SnsTopicName=None, CloudWatchLogsLogGroupArn=None, CloudWatchLogsRoleArn=None)
    fields = [
        {"Field": "eventCategory", "Equals": ["Management"]},
        {"Field": "readOnly", "Equals": ["true"]},
    ]
    sinks.cloudtrail.put_event_selectors(
        TrailName=sinks.name, AdvancedEventSelectors=[{"Name": "reads", "FieldSelectors": fields}]
    )
    found = properties("AWS::CloudTrail::Trail", sinks.name)
    assert found["AdvancedEventSelectors"] == [{"Name": "reads", "FieldSelectors": fields}]
    assert not {"CloudWatchLogsLogGroupArn", "EventSelectors", "KMSKeyId", "SnsTopicName"} & found.keys()


def test_a_topic(sinks: Sinks) -> None:
    expected = {"Subscription": [], "Tags": [], "TopicArn": sinks.topic, "TopicName": sinks.name}
    assert properties("AWS::SNS::Topic", sinks.topic) == expected
    sinks.sns.set_topic_attributes(
        TopicArn=sinks.topic, AttributeName="KmsMasterKeyId", AttributeValue=sinks.key
    )
    sinks.sns.subscribe(TopicArn=sinks.topic, Protocol="email", Endpoint="ops@example.com")
    assert properties("AWS::SNS::Topic", sinks.topic) == expected | {
        "KmsMasterKeyId": sinks.key,
        "Subscription": [{"Endpoint": "ops@example.com", "Protocol": "email"}],
    }


@pytest.mark.parametrize(
    ("type_name", "identifier", "code"),
    [
        ("AWS::CloudTrail::Trail", "nobody", "ResourceNotFoundException"),
        (
            "AWS::CloudTrail::Trail",
            f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/nobody",
            "ResourceNotFoundException",
        ),
        ("AWS::CloudTrail::Trail", "no", "InvalidRequestException"),
        ("AWS::SNS::Topic", f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody", "ResourceNotFoundException"),
        ("AWS::SNS::Topic", "nobody", "InvalidRequestException"),
        ("AWS::S3::Bucket", "bucket", "UnsupportedActionException"),
        ("Own::Small::Thing", "thing", "TypeNotFoundException"),
        ("Not a type", "thing", "ValidationException"),
    ],
)
def test_what_is_not_there(aws: dict[str, str], type_name: str, identifier: str, code: str) -> None:
    assert refused(type_name, identifier) == code


def test_terraform_reads_them(sinks: Sinks, terraform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sinks.create()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("TF_VAR_trail", sinks.name)
    monkeypatch.setenv("TF_VAR_topic", sinks.topic)
    root = terraform.new_root("cloud-control", ROOT)
    terraform.run(root, "apply", "-auto-approve")
    found = json.loads(terraform.run(root, "output", "-json"))
    assert found["trail"]["value"]["KMSKeyId"] == sinks.key
    assert found["topic"]["value"]["TopicName"] == sinks.name
