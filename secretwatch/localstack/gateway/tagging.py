"""Tags are refused as each service refuses them, before LocalStack sees them.

Here: where a request has tags, and which tags its resource has already. Not here: what is refused
(``secretwatch.tags``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.connect import connect_to

from secretwatch.tags import TAG_RULES, Tag, refusal

# Members that hold the tags to set; where they lie deeper, the structure that has them comes first. Not:
# TagKeys, nor the tags of objects (S3's Tagging of PutObjectTagging has a limit of its own).
_MEMBERS = (("Tags",), ("TagsList",), ("tags",), ("CreateBucketConfiguration", "Tags"), ("Tagging", "TagSet"))
_NOT = {("cloudtrail", "RemoveTags"), ("s3", "PutObjectTagging"), ("s3", "PutObject")}
_RULES_OF = {"s3control": "s3"}

_STATUS = {"LimitExceeded": 409}


class TagChecks:
    """A request handler that refuses the tags that a request would set."""

    def concerns(self, service: str, operation: Any) -> bool:
        rules = _RULES_OF.get(service, service)
        return rules in TAG_RULES and _path(service, operation.name, operation.input_shape) is not None

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        assert context.service is not None
        assert context.operation is not None
        service, operation = context.service.service_name, context.operation.name
        rules = _RULES_OF.get(service, service)
        path = _path(service, operation, context.operation.input_shape) or ()
        tags = list(_tags(context.service_request or {}, path))
        if not tags:
            return
        present = _present(context) if operation.startswith(("Add", "Tag")) else ()
        if wrong := refusal(rules, tags, present):
            raise CommonServiceException(
                code=wrong.code,
                message=wrong.message,
                status_code=_STATUS.get(wrong.code, 400),
                sender_fault=True,
            )


# Botocore's shapes have no hash of their own: the operation's name stands for its shape.
_paths: dict[tuple[str, str], tuple[str, ...] | None] = {}


def _path(service: str, operation: str, shape: Any) -> tuple[str, ...] | None:
    """Where the operation's request has tags; None where it has none."""
    key = service, operation
    if key not in _paths:
        _paths[key] = None if key in _NOT else _found(shape)
    return _paths[key]


def _found(shape: Any) -> tuple[str, ...] | None:
    for path in _MEMBERS:
        member = shape
        for name in path:
            member = (getattr(member, "members", None) or {}).get(name)
        if member is not None and member.type_name in ("list", "map"):
            return path
    return None


def _tags(request: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[Tag]:
    found: Any = request
    for name in path:
        found = (found or {}).get(name)
    if isinstance(found, Mapping):
        return [(str(key), str(value or "")) for key, value in found.items()]
    return [
        (str(tag.get("Key") or tag.get("TagKey") or ""), str(tag.get("Value") or tag.get("TagValue") or ""))
        for tag in found or []
    ]


# The tags that a resource has

_Reader = Callable[[Any, Mapping[str, Any]], Any]

_READERS: dict[tuple[str, str], _Reader] = {
    ("cloudtrail", "AddTags"): lambda clients, request: clients.cloudtrail.list_tags(
        ResourceIdList=[request["ResourceId"]]
    )["ResourceTagList"][0]["TagsList"],
    ("cloudwatch", "TagResource"): lambda clients, request: clients.cloudwatch.list_tags_for_resource(
        ResourceARN=request["ResourceARN"]
    )["Tags"],
    ("events", "TagResource"): lambda clients, request: clients.events.list_tags_for_resource(
        ResourceARN=request["ResourceARN"]
    )["Tags"],
    ("iam", "TagPolicy"): lambda clients, request: clients.iam.list_policy_tags(
        PolicyArn=request["PolicyArn"]
    )["Tags"],
    ("iam", "TagRole"): lambda clients, request: clients.iam.list_role_tags(RoleName=request["RoleName"])[
        "Tags"
    ],
    ("iam", "TagUser"): lambda clients, request: clients.iam.list_user_tags(UserName=request["UserName"])[
        "Tags"
    ],
    ("kms", "TagResource"): lambda clients, request: clients.kms.list_resource_tags(KeyId=request["KeyId"])[
        "Tags"
    ],
    ("logs", "TagLogGroup"): lambda clients, request: clients.logs.list_tags_log_group(
        logGroupName=request["logGroupName"]
    )["tags"],
    ("logs", "TagResource"): lambda clients, request: clients.logs.list_tags_for_resource(
        resourceArn=request["resourceArn"]
    )["tags"],
    ("secretsmanager", "TagResource"): lambda clients, request: clients.secretsmanager.describe_secret(
        SecretId=request["SecretId"]
    ).get("Tags"),
    ("sns", "TagResource"): lambda clients, request: clients.sns.list_tags_for_resource(
        ResourceArn=request["ResourceArn"]
    )["Tags"],
}


def _present(context: RequestContext) -> set[str]:
    """The keys of the tags that the request's resource has; none where there is no such resource."""
    reader = _READERS.get((context.service.service_name, context.operation.name))
    if reader is None:
        return set()
    clients = connect_to(aws_access_key_id=context.account_id, region_name=context.region)
    try:
        found = reader(clients, context.service_request or {})
    except (ClientError, KeyError, IndexError):
        return set()
    return {key for key, _ in _tags({"Tags": found}, ("Tags",))}
