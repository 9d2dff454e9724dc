"""Cloud Control's GetResource, for the resources that a watch is built on: trails and topics.

Properties are those of the CloudFormation types, and only those that are set.
https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.aws.connect import connect_to

from secretwatch.localstack.gateway.constraints import validation_message, violations

_NOT_FOUND = ("TrailNotFoundException", "NotFound", "NotFoundException")
_INVALID = ("InvalidTrailNameException", "CloudTrailARNInvalidException", "InvalidParameter")


class _NoSuchResource(Exception):
    """Nothing can have that identifier."""


class CloudControlProvider:
    """LocalStack's provider for the service ``cloudcontrol``."""

    service = "cloudcontrol"

    @handler("GetResource", expand=False)
    def get_resource(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        found = list(violations(context.operation.input_shape, request))
        if found:
            raise _refusal("ValidationException", validation_message(found))
        type_name, identifier = request["TypeName"], request["Identifier"]
        read = _READERS.get(type_name)
        if read is None:
            if type_name.startswith("AWS::"):
                # AWS has more types than are here; all that AWS has and cannot be read answer so.
                raise _refusal(
                    "UnsupportedActionException", f"Resource type {type_name} does not support READ action"
                )
            raise _refusal("TypeNotFoundException", f"The type '{type_name}' cannot be found.")
        clients = connect_to(aws_access_key_id=context.account_id, region_name=context.region)
        not_found = _refusal(
            "ResourceNotFoundException",
            f"Resource of type '{type_name}' with identifier '{identifier}' was not found.",
        )
        try:
            properties = read(clients, identifier)
        except _NoSuchResource:
            raise not_found from None
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code in _NOT_FOUND:
                raise not_found from error
            if code in _INVALID:
                raise _refusal("InvalidRequestException", message) from error
            raise _refusal("GeneralServiceException", message) from error
        set_ = {name: value for name, value in properties.items() if value is not None}
        return {
            "TypeName": type_name,
            "ResourceDescription": {"Identifier": identifier, "Properties": json.dumps(set_)},
        }


def _trail(clients: Any, identifier: str) -> dict[str, Any]:
    """Identifier: the trail's name, and nothing else: it is the type's primary identifier.

    https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
    AWS does not say what an ARN is answered: here that nothing has such a name, as no name has colons.
    """
    if identifier.startswith("arn:"):
        raise _NoSuchResource
    cloudtrail = clients.cloudtrail
    trail = cloudtrail.get_trail(Name=identifier)["Trail"]
    arn = trail["TrailARN"]
    selectors = cloudtrail.get_event_selectors(TrailName=arn)
    (tags,) = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    return {
        "AdvancedEventSelectors": selectors.get("AdvancedEventSelectors"),
        "Arn": arn,
        "CloudWatchLogsLogGroupArn": trail.get("CloudWatchLogsLogGroupArn"),
        "CloudWatchLogsRoleArn": trail.get("CloudWatchLogsRoleArn"),
        "EnableLogFileValidation": trail["LogFileValidationEnabled"],
        "EventSelectors": selectors.get("EventSelectors"),
        "IncludeGlobalServiceEvents": trail["IncludeGlobalServiceEvents"],
        "IsLogging": cloudtrail.get_trail_status(Name=arn)["IsLogging"],
        "IsMultiRegionTrail": trail["IsMultiRegionTrail"],
        "IsOrganizationTrail": trail["IsOrganizationTrail"],
        "KMSKeyId": trail.get("KmsKeyId"),
        "S3BucketName": trail["S3BucketName"],
        "S3KeyPrefix": trail.get("S3KeyPrefix"),
        "SnsTopicArn": trail.get("SnsTopicARN"),
        "SnsTopicName": trail.get("SnsTopicName"),
        "Tags": tags["TagsList"],
        "TrailName": trail["Name"],
    }


def _topic(clients: Any, identifier: str) -> dict[str, Any]:
    """Identifier: the topic's ARN."""
    sns = clients.sns
    attributes = sns.get_topic_attributes(TopicArn=identifier)["Attributes"]
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=identifier)["Subscriptions"]
    is_fifo = attributes.get("FifoTopic") == "true"
    return {
        "DisplayName": attributes.get("DisplayName") or None,
        "FifoTopic": True if is_fifo else None,
        "KmsMasterKeyId": attributes.get("KmsMasterKeyId") or None,
        "Subscription": [
            {"Endpoint": each["Endpoint"], "Protocol": each["Protocol"]} for each in subscriptions
        ],
        "Tags": sns.list_tags_for_resource(ResourceArn=identifier)["Tags"],
        "TopicArn": attributes["TopicArn"],
        "TopicName": attributes["TopicArn"].rpartition(":")[2],
    }


_READERS: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "AWS::CloudTrail::Trail": _trail,
    "AWS::SNS::Topic": _topic,
}


def _refusal(code: str, message: str) -> CommonServiceException:
    return CommonServiceException(code=code, message=message, status_code=400, sender_fault=True)
