"""What kind of event an API call is: read or write, management or data, global or regional.

CloudTrail knows this for each API; the service models that are published do not say it. So it is
derived from the operation's name, with the exceptions that CloudTrail's own logs show.

Follows
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

_READ_PREFIXES = (
    "BatchGet",
    "Check",
    "Describe",
    "Detect",
    "Discover",
    "Download",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Preview",
    "Query",
    "Retrieve",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "Validate",
    "Verify",
    "View",
)

# Named as writes, logged as reads.
_ALSO_READ = {
    "kms.amazonaws.com": {
        "Decrypt",
        "DeriveSharedSecret",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GenerateRandom",
        "ReEncrypt",
        "Sign",
    },
    "logs.amazonaws.com": {"StartQuery", "StopQuery"},
    "sts.amazonaws.com": {
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "DecodeAuthorizationMessage",
    },
}
# Named as reads, logged as writes.
_NOT_READ = {"iam.amazonaws.com": {"GenerateCredentialReport"}}

# Data-plane operations, and the resource type by which a selector names them.
_DATA_EVENTS: dict[str, tuple[str, set[str]]] = {
    "s3.amazonaws.com": (
        "AWS::S3::Object",
        {
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "DeleteObject",
            "DeleteObjects",
            "DeleteObjectTagging",
            "GetObject",
            "GetObjectAcl",
            "GetObjectAttributes",
            "GetObjectLegalHold",
            "GetObjectRetention",
            "GetObjectTagging",
            "GetObjectTorrent",
            "HeadObject",
            "ListObjectVersions",
            "ListObjects",
            "ListObjectsV2",
            "ListParts",
            "PostObject",
            "PutObject",
            "PutObjectAcl",
            "PutObjectLegalHold",
            "PutObjectRetention",
            "PutObjectTagging",
            "RestoreObject",
            "SelectObjectContent",
            "UploadPart",
            "UploadPartCopy",
        },
    ),
    "lambda.amazonaws.com": ("AWS::Lambda::Function", {"Invoke", "InvokeAsync", "InvokeWithResponseStream"}),
    "dynamodb.amazonaws.com": (
        "AWS::DynamoDB::Table",
        {
            "BatchExecuteStatement",
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "ExecuteStatement",
            "ExecuteTransaction",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "TransactGetItems",
            "TransactWriteItems",
            "UpdateItem",
        },
    ),
    "sns.amazonaws.com": ("AWS::SNS::Topic", {"Publish", "PublishBatch"}),
    "sqs.amazonaws.com": (
        "AWS::SQS::Queue",
        {
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "DeleteMessageBatch",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        },
    ),
    "monitoring.amazonaws.com": (
        "AWS::CloudWatch::Metric",
        {"GetMetricData", "GetMetricStatistics", "GetMetricWidgetImage", "ListMetrics", "PutMetricData"},
    ),
    "logs.amazonaws.com": (
        "AWS::Logs::LogGroup",
        {"FilterLogEvents", "GetLogEvents", "GetLogRecord", "PutLogEvents", "StartLiveTail"},
    ),
    "events.amazonaws.com": ("AWS::Events::EventBus", {"PutEvents"}),
    "kinesis.amazonaws.com": (
        "AWS::Kinesis::Stream",
        {"GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard"},
    ),
    "firehose.amazonaws.com": ("AWS::KinesisFirehose::DeliveryStream", {"PutRecord", "PutRecordBatch"}),
    "states.amazonaws.com": (
        "AWS::StepFunctions::StateMachine",
        {"InvokeHTTPEndpoint", "StartSyncExecution"},
    ),
}

_GLOBAL_SERVICES = {
    "cloudfront.amazonaws.com",
    "iam.amazonaws.com",
    "organizations.amazonaws.com",
    "route53.amazonaws.com",
}


def is_read_only(event_source: str, event_name: str) -> bool:
    """Whether CloudTrail marks the call ``readOnly``.

    ``event_source`` is the service's name in events (``secretsmanager.amazonaws.com``).
    """
    if event_name in _NOT_READ.get(event_source, ()):
        return False
    return event_name.startswith(_READ_PREFIXES) or event_name in _ALSO_READ.get(event_source, ())


def event_category(event_source: str, event_name: str) -> tuple[str, str | None]:
    """``("Management", None)``, or ``("Data", resource type)`` for a call on the data plane."""
    resource_type, names = _DATA_EVENTS.get(event_source, ("", set()))
    if event_name in names:
        return "Data", resource_type
    return "Management", None


def is_global_service(event_source: str) -> bool:
    """Whether the service's events belong to no region: they are recorded in us-east-1."""
    return event_source in _GLOBAL_SERVICES
