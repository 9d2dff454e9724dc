"""What kind of event an API call is: read or write, management or data, global or regional.

CloudTrail knows this for each API; the service models that are published do not say it. So it is derived
from the event's name, with the exceptions that CloudTrail's own logs and AWS's pages show. Names are those in
events (``names``).

Follows
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

import re
from functools import lru_cache

# The first word says it: "Check…" reads, "Checkpoint…" does not.
_READS = re.compile(
    r"(?:Batch)?(?:Check|Count|Describe|Detect|Discover|Download|Estimate|Filter|Get|Head|Is|List|Lookup|Preview|Query"
    r"|Read|Retrieve|Scan|Search|Select|Simulate|Test|Validate|Verify|View)(?=[A-Z0-9]|$)"
)

# Named as writes, logged as reads.
_ALSO_READ = {
    # Recorded with readOnly (observed), as management events: Bedrock User Guide, "Monitor API calls".
    "bedrock.amazonaws.com": {
        "Converse",
        "ConverseStream",
        "InvokeModel",
        "InvokeModelWithResponseStream",
    },
    # AWS KMS Developer Guide, "Examples of AWS KMS log entries".
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
    # Amazon S3 User Guide, "CloudTrail log file examples for directory buckets".
    "s3.amazonaws.com": {"CreateSession"},
    # Observed for AssumeRole; IAM User Guide, "Logging IAM and AWS STS API calls", has the others.
    "sts.amazonaws.com": {
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "DecodeAuthorizationMessage",
    },
}
# Named as reads, logged as writes.
_NOT_READ = {
    # Verify… that changes what is verified, Test… that does what is tested. AWS does not say how CloudTrail
    # has them; all other operations of these names only answer.
    "cognito-idp.amazonaws.com": {"VerifySoftwareToken", "VerifyUserAttribute"},
    "elasticache.amazonaws.com": {"TestFailover", "TestMigration"},
    "iam.amazonaws.com": {"GenerateCredentialReport"},
    "lightsail.amazonaws.com": {"TestAlarm"},
    "ses.amazonaws.com": {
        "VerifyDomainDkim",
        "VerifyDomainIdentity",
        "VerifyEmailAddress",
        "VerifyEmailIdentity",
    },
    "sns.amazonaws.com": {"VerifySMSSandboxPhoneNumber"},
    # Observed for GetFederationToken. AWS does not say for the others that hand out credentials.
    "sts.amazonaws.com": {"GetFederationToken", "GetSessionToken"},
}
# Reads whose answer stands in the event (observed): the new session's key is how it is traced.
_ANSWERED_READS = {
    "sts.amazonaws.com": {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"},
}

# Data-plane operations, and the resource type by which a selector names them. AWS CloudTrail User Guide,
# "Logging data events", and the page it links to for each service.
_DATA_EVENTS: dict[str, tuple[str, set[str]]] = {
    "s3.amazonaws.com": (
        "AWS::S3::Object",
        {
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "CreateSession",
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
            "HeadBucket",
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
            "RenameObject",
            "RestoreObject",
            "SelectObjectContent",
            "UpdateObjectEncryption",
            "UploadPart",
            "UploadPartCopy",
            "WriteGetObjectResponse",
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
            # Of streams, whose type is AWS::DynamoDB::Stream.
            "GetRecords",
            "GetShardIterator",
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


@lru_cache(maxsize=4096)
def is_read_only(event_source: str, event_name: str) -> bool:
    """Whether CloudTrail marks the call ``readOnly``.

    ``event_source`` is the service's name in events (``secretsmanager.amazonaws.com``).
    """
    if event_name in _NOT_READ.get(event_source, ()):
        return False
    return bool(_READS.match(event_name)) or event_name in _ALSO_READ.get(event_source, ())


def shows_answer(event_source: str, event_name: str) -> bool:
    """Whether the event of a successful call carries ``responseElements``."""
    return not is_read_only(event_source, event_name) or event_name in _ANSWERED_READS.get(event_source, ())


def event_category(event_source: str, event_name: str) -> tuple[str, str | None]:
    """``("Management", None)``, or ``("Data", resource type)`` for a call on the data plane."""
    resource_type, names = _DATA_EVENTS.get(event_source, ("", set()))
    if event_name in names:
        return "Data", resource_type
    return "Management", None


def is_global_service(event_source: str) -> bool:
    """Whether the service's events belong to no region: they are recorded in the partition's own."""
    return event_source in _GLOBAL_SERVICES
