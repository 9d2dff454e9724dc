"""S3 and DynamoDB."""

from __future__ import annotations

import re
from collections.abc import Sequence

from secretwatch.policy.actions.table import (
    ANY,
    Ask,
    Parameters,
    Resource,
    Service,
    Where,
    arns,
    on,
    passing,
    same,
    values,
)

_BUCKET = "arn:{partition}:s3:::{Bucket}"
_OBJECT = "arn:{partition}:s3:::{Bucket}/{Key}"


def _bucket(operations: str, action: str) -> dict[str, tuple[Ask, ...]]:
    return same(operations, Ask(action, _BUCKET))


def _version(operations: str, plain: str, of_version: str) -> dict[str, tuple[Ask, ...]]:
    """With a VersionId another action is asked for, not an additional one."""
    return same(operations, Ask(f"{plain}|{of_version}", _OBJECT))


def _source(parameters: Parameters, where: Where) -> Sequence[str]:
    source = parameters.get("CopySource")
    if isinstance(source, dict):
        place = f"{source.get('Bucket')}/{source.get('Key')}"
    else:
        place = str(source or "*").partition("?versionId=")[0].removeprefix("/")
    return [place if place.startswith("arn:") else f"arn:{where.partition}:s3:::{place}"]


def _versions(parameters: Parameters, where: Where) -> Sequence[str]:
    """The objects of which a version is to be deleted."""
    bucket = (values(parameters, "Bucket") or ["*"])[0]
    objects = (each for each in values(parameters, "Delete.Objects[]") if each.get("VersionId"))
    return [f"arn:{where.partition}:s3:::{bucket}/{each.get('Key', '*')}" for each in objects]


def _not_private(parameters: Parameters, where: Where) -> Sequence[str]:
    """The bucket that gets an ACL; `private` is what it has without."""
    private = parameters.get("ACL") == "private"
    return [] if private else arns(_BUCKET, parameters, where)


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3 = Service(
    "s3",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
    named=(("Key", _OBJECT), ("Bucket", _BUCKET)),
    operations={
        "ListBuckets": (Ask("ListAllMyBuckets", "*"),),
        "ListDirectoryBuckets": (Ask("s3express:ListAllMyDirectoryBuckets", "*"),),
        **_bucket("HeadBucket ListObjects ListObjectsV2", "ListBucket"),
        **_bucket("ListObjectVersions", "ListBucketVersions"),
        **_bucket("ListMultipartUploads", "ListBucketMultipartUploads"),
        **_bucket("GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
        **_bucket("PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
        **_bucket(
            "GetBucketAnalyticsConfiguration ListBucketAnalyticsConfigurations", "GetAnalyticsConfiguration"
        ),
        **_bucket(
            "PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"
        ),
        **_bucket("GetBucketCors", "GetBucketCORS"),
        **_bucket("PutBucketCors DeleteBucketCors", "PutBucketCORS"),
        **_bucket("GetBucketEncryption", "GetEncryptionConfiguration"),
        **_bucket("PutBucketEncryption DeleteBucketEncryption", "PutEncryptionConfiguration"),
        **_bucket(
            "GetBucketIntelligentTieringConfiguration ListBucketIntelligentTieringConfigurations",
            "GetIntelligentTieringConfiguration",
        ),
        **_bucket(
            "PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration",
            "PutIntelligentTieringConfiguration",
        ),
        **_bucket(
            "GetBucketInventoryConfiguration ListBucketInventoryConfigurations", "GetInventoryConfiguration"
        ),
        **_bucket(
            "PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration", "PutInventoryConfiguration"
        ),
        **_bucket("GetBucketLifecycle GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
        **_bucket(
            "PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle",
            "PutLifecycleConfiguration",
        ),
        **_bucket("GetBucketMetricsConfiguration ListBucketMetricsConfigurations", "GetMetricsConfiguration"),
        **_bucket(
            "PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration", "PutMetricsConfiguration"
        ),
        **_bucket("GetBucketNotification GetBucketNotificationConfiguration", "GetBucketNotification"),
        **_bucket("PutBucketNotification PutBucketNotificationConfiguration", "PutBucketNotification"),
        **_bucket("DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
        **_bucket("GetBucketReplication", "GetReplicationConfiguration"),
        **_bucket("DeleteBucketReplication", "PutReplicationConfiguration"),
        "PutBucketReplication": (
            Ask("PutReplicationConfiguration", _BUCKET),
            passing("ReplicationConfiguration.Role", "s3.amazonaws.com"),
        ),
        **_bucket("DeleteBucketTagging", "PutBucketTagging"),
        **_bucket("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
        **_bucket("PutPublicAccessBlock DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
        **_bucket("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
        **_bucket("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
        # Metadata tables' newer operations keep the older action's name.
        **_bucket(
            "CreateBucketMetadataConfiguration CreateBucketMetadataTableConfiguration",
            "CreateBucketMetadataTableConfiguration",
        ),
        **_bucket(
            "DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration",
            "DeleteBucketMetadataTableConfiguration",
        ),
        **_bucket(
            "GetBucketMetadataConfiguration GetBucketMetadataTableConfiguration",
            "GetBucketMetadataTableConfiguration",
        ),
        **_version("GetObject HeadObject SelectObjectContent", "GetObject", "GetObjectVersion"),
        **_version("GetObjectAcl", "GetObjectAcl", "GetObjectVersionAcl"),
        **_version("PutObjectAcl", "PutObjectAcl", "PutObjectVersionAcl"),
        **_version("GetObjectTagging", "GetObjectTagging", "GetObjectVersionTagging"),
        **_version("PutObjectTagging", "PutObjectTagging", "PutObjectVersionTagging"),
        **_version("DeleteObjectTagging", "DeleteObjectTagging", "DeleteObjectVersionTagging"),
        **_version("DeleteObject", "DeleteObject", "DeleteObjectVersion"),
        "GetObjectAttributes": (
            Ask("GetObject|GetObjectVersion", _OBJECT),
            Ask("GetObjectAttributes|GetObjectVersionAttributes", _OBJECT),
        ),
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html: what may not be deleted
        # stands among the answer's Errors; here the whole call is refused.
        "DeleteObjects": (
            Ask("DeleteObject", "arn:{partition}:s3:::{Bucket}/{Delete.Objects[].Key}"),
            Ask("DeleteObjectVersion", _versions),
        ),
        "PutObject": (
            Ask("PutObject", _OBJECT),
            Ask("PutObjectAcl", _OBJECT, when="ACL"),
            Ask("PutObjectTagging", _OBJECT, when="Tagging"),
        ),
        "PostObject": (Ask("PutObject", _OBJECT),),
        "CreateMultipartUpload": (
            Ask("PutObject", _OBJECT),
            Ask("PutObjectAcl", _OBJECT, when="ACL"),
            Ask("PutObjectTagging", _OBJECT, when="Tagging"),
        ),
        **same("UploadPart CompleteMultipartUpload", Ask("PutObject", _OBJECT)),
        **same("ListParts", Ask("ListMultipartUploadParts", _OBJECT)),
        **same("CopyObject UploadPartCopy", Ask("GetObject", _source), Ask("PutObject", _OBJECT)),
        "RenameObject": (Ask("s3express:CreateSession", "*"),),
        "CreateSession": (Ask("s3express:CreateSession", "*"),),
        "WriteGetObjectResponse": (Ask("s3-object-lambda:WriteGetObjectResponse", ANY),),
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        "CreateBucket": (
            Ask("CreateBucket", _BUCKET),
            Ask("PutBucketAcl", _not_private, when="ACL"),
            Ask("PutBucketObjectLockConfiguration", _BUCKET, when="ObjectLockEnabledForBucket"),
            Ask("PutBucketVersioning", _BUCKET, when="ObjectLockEnabledForBucket"),
            Ask("PutBucketOwnershipControls", _BUCKET, when="ObjectOwnership"),
        ),
    },
    keys={
        "s3:prefix": "Prefix",
        "s3:delimiter": "Delimiter",
        "s3:max-keys": "MaxKeys",
        "s3:VersionId": "VersionId",
        "s3:x-amz-acl": "ACL",
        "s3:x-amz-server-side-encryption": "ServerSideEncryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
        "s3:x-amz-storage-class": "StorageClass",
        "s3:x-amz-copy-source": "CopySource",
        "s3:x-amz-metadata-directive": "MetadataDirective",
        "s3:x-amz-object-ownership": "ObjectOwnership",
        "s3:locationconstraint": "CreateBucketConfiguration.LocationConstraint",
        "s3:object-lock-mode": "ObjectLockMode",
    },
)

S3CONTROL = Service(
    "s3",
    S3.source,
    otherwise=ANY,
    operations={
        "GetPublicAccessBlock": (Ask("GetAccountPublicAccessBlock", "*"),),
        **same("PutPublicAccessBlock DeletePublicAccessBlock", Ask("PutAccountPublicAccessBlock", "*")),
        # The same operations for buckets on S3 itself are recognised by their ARN.
        **same("ListTagsForResource TagResource UntagResource", Ask("", "{ResourceArn}")),
    },
)


_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/{TableName}"
_INDEX = "arn:{partition}:dynamodb:{region}:{account}:table/{TableName}/index/{IndexName}"
_STREAM = "{StreamArn}"
_VERBS = ("delete", "insert", "select", "update")
_ITEMS = ("ConditionCheck", "Delete", "Get", "Put", "Update")


def _tables(parameters: Parameters, where: Where) -> Sequence[str]:
    names = parameters.get("RequestItems") or {}
    start = f"arn:{where.partition}:dynamodb:{where.region}:{where.account}:table/"
    return [name if name.startswith("arn:") else start + name for name in names]


def _table_or_index(parameters: Parameters, where: Where) -> Sequence[str]:
    table = str((values(parameters, "TableName") or ["*"])[0])
    if not table.startswith("arn:"):
        table = f"arn:{where.partition}:dynamodb:{where.region}:{where.account}:table/{table}"
    index = values(parameters, "IndexName")
    return [f"{table}/index/{index[0]}" if index else table]


_PARTIQL = re.compile(
    r"\s*(?:(insert)\s+into|(update)|(delete)\s+from|select\b.*?\bfrom)?\s*\"?([\w.-]*)", re.I | re.S
)


def _partiql(kind: str) -> Resource:
    """The tables of the statements of one kind.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
    """

    def resource(parameters: Parameters, where: Where) -> Sequence[str]:
        start = f"arn:{where.partition}:dynamodb:{where.region}:{where.account}:table/"
        tables = []
        for path in ("Statement", "Statements[].Statement", "TransactStatements[].Statement"):
            for statement in values(parameters, path):
                found = _PARTIQL.match(str(statement))
                verb = next((each for each in found.groups()[:3] if each), "select") if found else "select"
                if verb.lower() == kind:
                    tables.append(start + ((found[4] if found else "") or "*"))
        return tables

    return resource


def _item(kind: str) -> Ask:
    action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
    path = f"TransactItems[].{kind}.TableName"
    table = "arn:{partition}:dynamodb:{region}:{account}:table/{%s}" % path  # noqa: UP031
    return Ask(action, table, when=path)


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
DYNAMODB = Service(
    "dynamodb",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
    named=(("TableName", _TABLE), ("TableArn", "{TableArn}"), ("ResourceArn", "{ResourceArn}")),
    otherwise=ANY,
    operations={
        "CreateTable": (Ask("CreateTable", _TABLE), Ask("TagResource", _TABLE, when="Tags")),
        # On an index, the index alone: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html
        **on("Query Scan", _table_or_index),
        **on("BatchGetItem BatchWriteItem", _tables),
        **same("TransactGetItems TransactWriteItems", *(_item(kind) for kind in _ITEMS)),
        **on(
            "DescribeLimits DescribeEndpoints ListBackups ListExports ListGlobalTables ListImports"
            " ListContributorInsights",
            "*",
        ),
        # In the messages of refused calls (observed); the reference gives it no resource.
        **on("ListTables", "arn:{partition}:dynamodb:{region}:{account}:table/*"),
        **same(
            "ExecuteStatement BatchExecuteStatement ExecuteTransaction",
            *(Ask(f"PartiQL{kind.capitalize()}", _partiql(kind)) for kind in _VERBS),
        ),
    },
)


DYNAMODBSTREAMS = Service(
    "dynamodb",
    DYNAMODB.source,
    named=(("StreamArn", _STREAM),),
    otherwise=ANY,
    operations={**on("ListStreams", "*")},
)
