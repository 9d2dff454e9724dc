"""Names of services and calls, over every operation there is."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
from apis import SESSION, local_services, model, operations, words

from secretwatch.cloudtrail import event_category, event_name, event_source, is_read_only

# Amazon S3 User Guide, "Amazon S3 CloudTrail events": bucket-level actions, by their event names.
S3_BUCKET_LEVEL = words(
    """
    CreateBucket CreateBucketMetadataConfiguration CreateBucketMetadataTableConfiguration DeleteBucket
    DeleteBucketAnalyticsConfiguration DeleteBucketCors DeleteBucketEncryption
    DeleteBucketIntelligentTieringConfiguration DeleteBucketInventoryConfiguration DeleteBucketLifecycle
    DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration DeleteBucketMetricsConfiguration
    DeleteBucketOwnershipControls DeleteBucketPolicy DeleteBucketPublicAccessBlock DeleteBucketReplication
    DeleteBucketTagging GetAccelerateConfiguration GetBucketAcl GetBucketAnalyticsConfiguration GetBucketCors
    GetBucketEncryption GetBucketIntelligentTieringConfiguration GetBucketInventoryConfiguration
    GetBucketLifecycle GetBucketLocation GetBucketLogging GetBucketMetadataConfiguration
    GetBucketMetadataTableConfiguration GetBucketMetricsConfiguration GetBucketNotification
    GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
    GetBucketPublicAccessBlock GetBucketReplication GetBucketRequestPayment GetBucketTagging
    GetBucketVersioning GetBucketWebsite ListBuckets PutAccelerateConfiguration PutBucketAcl
    PutBucketAnalyticsConfiguration PutBucketCors PutBucketEncryption
    PutBucketIntelligentTieringConfiguration PutBucketInventoryConfiguration PutBucketLifecycle
    PutBucketLogging PutBucketMetricsConfiguration PutBucketNotification PutBucketObjectLockConfiguration
    PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketReplication
    PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
    UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
    """
)
# The same page: the data events of AWS::S3::Object that the pinned models have.
S3_OBJECT_LEVEL = words(
    """
    AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject
    DeleteObjectTagging DeleteObjects GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold
    GetObjectRetention GetObjectTagging GetObjectTorrent HeadBucket HeadObject ListObjectVersions ListObjects
    ListParts PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging RestoreObject
    SelectObjectContent UploadPart UploadPartCopy
    """
)
# Operations that the page does not list for buckets in general; the API's names stand.
S3_UNLISTED = {
    "CreateSession",
    "DeleteBucketWebsite",
    "GetBucketAbac",
    "ListBucketAnalyticsConfigurations",
    "ListBucketIntelligentTieringConfigurations",
    "ListBucketInventoryConfigurations",
    "ListBucketMetricsConfigurations",
    "ListDirectoryBuckets",
    "ListMultipartUploads",
    "PutBucketAbac",
    "RenameObject",
    "WriteGetObjectResponse",
}
# Lambda Developer Guide, "Logging Lambda API calls using CloudTrail": event names where it gives one.
LAMBDA_LISTED = words(
    """
    AddPermission20150331v2 CreateAlias20150331 CreateEventSourceMapping20150331 CreateFunction20150331
    CreateFunctionUrlConfig DeleteAlias20150331 DeleteCodeSigningConfig DeleteEventSourceMapping20150331
    DeleteFunction20150331 DeleteFunctionConcurrency20171031 DeleteFunctionUrlConfig
    DeleteProvisionedConcurrencyConfig GetAlias20150331 GetFunction20150331v2 GetFunctionUrlConfig
    ListFunctionUrlConfigs PublishLayerVersion20181031 PublishVersion20150331 PutFunctionCodeSigningConfig
    PutFunctionConcurrency20171031 PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig
    PutRuntimeManagementConfig RemovePermission20150331v2 TagResource20170331v2 UntagResource20170331v2
    UpdateAlias20150331 UpdateCodeSigningConfig UpdateEventSourceMapping20150331 UpdateFunctionCode20150331v2
    UpdateFunctionConfiguration20150331v2 UpdateFunctionEventInvokeConfig UpdateFunctionUrlConfig
    """
)
EVENT_NAME = re.compile(r"[A-Z][A-Za-z0-9_]+")


def named(service: str) -> dict[str, list[str]]:
    """Event name → the operations that have it."""
    names = defaultdict(list)
    for operation in model(service).operation_names:
        names[event_name(service, operation)].append(operation)
    return names


def test_every_service_has_a_source() -> None:
    for service in local_services():
        source = event_source(model(service).signing_name)
        assert re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", source), (service, source)


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("cloudwatch", "monitoring"),
        ("ecr", "ecr"),
        ("ses", "ses"),
        ("sesv2", "ses"),
        ("stepfunctions", "states"),
        ("bedrock-runtime", "bedrock"),
        ("dynamodbstreams", "dynamodb"),
        ("s3control", "s3"),
        ("opensearch", "es"),
        ("sagemaker", "sagemaker"),
        ("sso", "sso"),
        ("rds-data", "rdsdata"),
        ("application-autoscaling", "autoscaling"),
        ("resourcegroupstaggingapi", "tagging"),
        ("cloudcontrol", "cloudcontrolapi"),
        ("secretsmanager", "secretsmanager"),
    ],
)
def test_the_source_is_not_the_host(service: str, source: str) -> None:
    assert event_source(model(service).signing_name) == f"{source}.amazonaws.com"


def test_every_operation_has_a_name_a_kind_and_a_source() -> None:
    seen = 0
    for service, operation in operations(local_services()):
        source = event_source(operation.service_model.signing_name)
        name = event_name(service, operation.name)
        assert EVENT_NAME.fullmatch(name), (service, operation.name)
        assert event_category(source, name)[0] in ("Management", "Data")
        assert is_read_only(source, name) in (True, False)
        seen += 1
    assert seen > 2_500


def test_two_operations_share_a_name_only_where_one_replaced_the_other() -> None:
    shared = {
        (service, name): sorted(each)
        for service in local_services()
        for name, each in named(service).items()
        if len(each) > 1
    }
    assert shared == {
        ("s3", "GetBucketLifecycle"): ["GetBucketLifecycle", "GetBucketLifecycleConfiguration"],
        ("s3", "GetBucketNotification"): ["GetBucketNotification", "GetBucketNotificationConfiguration"],
        ("s3", "ListObjects"): ["ListObjects", "ListObjectsV2"],
        ("s3", "PutBucketLifecycle"): ["PutBucketLifecycle", "PutBucketLifecycleConfiguration"],
        ("s3", "PutBucketNotification"): ["PutBucketNotification", "PutBucketNotificationConfiguration"],
    }


def test_s3_has_the_names_of_its_page_and_no_others() -> None:
    assert set(named("s3")) == S3_BUCKET_LEVEL | S3_OBJECT_LEVEL | S3_UNLISTED


def test_s3_calls_are_data_events_where_its_page_says_so() -> None:
    kinds = {name: event_category("s3.amazonaws.com", name)[0] for name in named("s3")}
    assert {name for name in S3_BUCKET_LEVEL if kinds[name] != "Management"} == set()
    assert {name for name in S3_OBJECT_LEVEL if kinds[name] != "Data"} == set()


def test_the_accounts_access_block_is_not_a_buckets() -> None:
    for verb in ("Delete", "Get", "Put"):
        assert event_name("s3control", f"{verb}PublicAccessBlock") == f"{verb}AccountPublicAccessBlock"
        assert event_name("s3", f"{verb}PublicAccessBlock") == f"{verb}BucketPublicAccessBlock"


def test_lambda_has_the_names_of_its_page() -> None:
    assert set(named("lambda")) >= LAMBDA_LISTED


def test_a_date_in_a_name_is_the_version_of_the_api_that_the_path_has() -> None:
    """The path of a Lambda call carries the version that came with it; a name's date is the same."""
    for operation in model("lambda").operation_names:
        name = event_name("lambda", operation)
        if dated := re.fullmatch(re.escape(operation) + r"(\d{4})(\d{2})(\d{2})(v2)?", name):
            path = model("lambda").operation_model(operation).http["requestUri"]
            assert path.startswith(f"/{'-'.join(dated.groups()[:3])}/"), (operation, path)


def test_reads_are_what_is_asked_for_by_get() -> None:
    """Services with paths say it a second time: by the method. Names and methods agree."""
    for service, operation in operations(local_services()):
        if not operation.metadata["protocol"].startswith("rest"):
            continue
        name = event_name(service, operation.name)
        read = is_read_only(event_source(operation.service_model.signing_name), name)
        if operation.http["method"] in ("GET", "HEAD"):
            assert read, (service, operation.name)
        elif operation.http["method"] in ("PUT", "DELETE", "PATCH"):
            assert not read, (service, operation.name)


@pytest.mark.later
def test_only_secrets_manager_has_calls_that_end_in_get_secret_value() -> None:
    """The module's filters of hundreds of secrets name no event source."""
    found = {
        (service, operation)
        for service in SESSION.get_available_services()
        for operation in SESSION.get_service_model(service).operation_names
        if operation.endswith("GetSecretValue")
    }
    assert found == {("secretsmanager", "GetSecretValue"), ("secretsmanager", "BatchGetSecretValue")}
