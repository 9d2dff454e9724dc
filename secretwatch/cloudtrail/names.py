"""What CloudTrail calls a service and an operation, where that is not what the API calls them.

``eventSource`` is the service's signing name, ``eventName`` the operation's name in the API, but for the rows
here.
"""

from __future__ import annotations

from functools import cache

# Signing name → name in events. Each with the page of AWS, or the kind of record, that says so.
_SOURCES = {
    # Application Auto Scaling User Guide, "Log API calls using AWS CloudTrail".
    "application-autoscaling": "autoscaling",
    # IAM Identity Center User Guide, "Logging API calls with AWS CloudTrail": GetRoleCredentials and others.
    "awsssoportal": "sso",
    # CloudTrail API Reference, EventSelector: ExcludeManagementEventSources names it so.
    "rds-data": "rdsdata",
}

# API operation → event name.
_NAMES: dict[str, dict[str, str]] = {
    # Amazon S3 User Guide, "Amazon S3 CloudTrail events": bucket-level actions, and data events.
    "s3": {
        "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
        "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
        "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
        "GetBucketNotificationConfiguration": "GetBucketNotification",
        "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
        # The page lists no ListObjectsV2 for buckets; records of `aws s3 ls` say ListObjects (observed).
        "ListObjectsV2": "ListObjects",
        "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
        "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
        "PutBucketNotificationConfiguration": "PutBucketNotification",
        "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
        "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    },
    # The same page: account-level actions.
    "s3control": {
        "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
        "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
        "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    },
    # Lambda Developer Guide, "Logging Lambda API calls using CloudTrail": its list gives the names of writes,
    # and GetFunction20150331v2 as an example of reads. The other reads, layers and tags are the names that
    # Lambda's own interface has for them: what the page lists agrees with these throughout.
    "lambda": {
        "AddLayerVersionPermission": "AddLayerVersionPermission20181031",
        "AddPermission": "AddPermission20150331v2",
        "CreateAlias": "CreateAlias20150331",
        "CreateEventSourceMapping": "CreateEventSourceMapping20150331",
        "CreateFunction": "CreateFunction20150331",
        "DeleteAlias": "DeleteAlias20150331",
        "DeleteEventSourceMapping": "DeleteEventSourceMapping20150331",
        "DeleteFunction": "DeleteFunction20150331",
        "DeleteFunctionConcurrency": "DeleteFunctionConcurrency20171031",
        "DeleteLayerVersion": "DeleteLayerVersion20181031",
        "GetAccountSettings": "GetAccountSettings20160819",
        "GetAlias": "GetAlias20150331",
        "GetEventSourceMapping": "GetEventSourceMapping20150331",
        "GetFunction": "GetFunction20150331v2",
        "GetFunctionConfiguration": "GetFunctionConfiguration20150331v2",
        "GetLayerVersion": "GetLayerVersion20181031",
        "GetLayerVersionByArn": "GetLayerVersionByArn20181031",
        "GetLayerVersionPolicy": "GetLayerVersionPolicy20181031",
        "GetPolicy": "GetPolicy20150331v2",
        "ListAliases": "ListAliases20150331",
        "ListEventSourceMappings": "ListEventSourceMappings20150331",
        "ListFunctions": "ListFunctions20150331",
        "ListLayerVersions": "ListLayerVersions20181031",
        "ListLayers": "ListLayers20181031",
        "ListTags": "ListTags20170331",
        "ListVersionsByFunction": "ListVersionsByFunction20150331",
        "PublishLayerVersion": "PublishLayerVersion20181031",
        "PublishVersion": "PublishVersion20150331",
        "PutFunctionConcurrency": "PutFunctionConcurrency20171031",
        "RemoveLayerVersionPermission": "RemoveLayerVersionPermission20181031",
        "RemovePermission": "RemovePermission20150331v2",
        "TagResource": "TagResource20170331v2",
        "UntagResource": "UntagResource20170331v2",
        "UpdateAlias": "UpdateAlias20150331",
        "UpdateEventSourceMapping": "UpdateEventSourceMapping20150331",
        "UpdateFunctionCode": "UpdateFunctionCode20150331v2",
        "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
    },
}

RENAMED = frozenset(name for names in _NAMES.values() for name in names.values())
"""Names in events that no service's model has."""


@cache
def event_source(signing_name: str) -> str:
    """``secretsmanager.amazonaws.com`` for a service's signing name (botocore's ``signing_name``)."""
    name = signing_name.lower()
    return f"{_SOURCES.get(name, name)}.amazonaws.com"


def event_name(service: str, operation: str) -> str:
    """The call's name in events; ``service`` is botocore's name of it (``s3control``), not its source."""
    return _NAMES.get(service, {}).get(operation, operation)
